"""What the styles' names look like: our dark theme, and its light twin. Every colour of text reaches 4.5:1 (WCAG 2.2,
1.4.3).

A state is never told by colour alone: the drawings put a sign and a word beside it, so ``NO_COLOR`` loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.style import Style
    from textual.theme import Theme


@dataclass(frozen=True)
class Palette:
    """Surfaces, and the colour of each named style; a name with a dot falls back on what stands before the dot."""

    name: str
    dark: bool
    background: str
    panel: str
    raised: str
    border: str
    text: str
    accent: str
    colours: dict[str, str] = field(hash=False)

    def colour(self, style: str) -> str:
        """The colour of a style's text."""
        while style:
            if style in self.colours:
                return self.colours[style]
            style = style.rpartition(".")[0]
        return self.text


BOLD = frozenset(
    {"focus", "alert", "bad", "strong", "title", "playhead", "live", "past", "key", "impact", "series.bad"}
)
"""Styles that are bold as well, so that they stand out without colour."""

DARK = Palette(
    name="assay-dark", dark=True, background="#0f131b", panel="#141a25", raised="#24304a", border="#3b4a66",
    text="#d8dee9", accent="#63c7ff",
    colours={
        "muted": "#97a5bd", "faint": "#8593ab", "strong": "#f2f5fa", "title": "#63c7ff", "heading": "#97a5bd",
        "key": "#63c7ff", "link": "#63c7ff",
        "focus": "#63c7ff", "impact": "#ffb454", "alert": "#ff8080", "other": "#d8dee9",
        "ok": "#7fdc95", "warn": "#ffd166", "bad": "#ff8080", "info": "#8fb4ff", "wait": "#c99bf0",
        "edge": "#8593ab", "edge.near": "#d8dee9", "edge.hot": "#ffb454", "axis": "#8593ab",
        "kind": "#b4c0d4", "kind.dataset": "#8fb4ff", "kind.feature_view": "#58d8c4", "kind.run": "#c99bf0",
        "kind.code": "#d3a6ff", "kind.config": "#d3a6ff", "kind.runtime": "#d3a6ff", "kind.model": "#ffd166",
        "kind.deployment": "#7fdc95", "kind.approval": "#7fdc95", "kind.document": "#b4c0d4",
        "spark": "#58d8c4", "spark.later": "#8593ab", "playhead": "#ffb454", "live": "#7fdc95", "past": "#ffb454",
        "bar": "#63c7ff", "bar.rest": "#8593ab",
        "level.0": "#ff9d7a", "level.1": "#ffb454", "level.2": "#ffd166", "level.3": "#8fd0ff", "level.4": "#7fdc95",
        "series": "#63c7ff", "series.bad": "#ff8080", "series.beside": "#c99bf0", "threshold": "#ffd166",
        "mark.alert": "#ff8080", "mark.deploy": "#7fdc95", "mark.approve": "#c99bf0", "mark.retrain": "#ffb454",
    },
)  # fmt: skip

LIGHT = Palette(
    name="assay-light", dark=False, background="#f4f2ec", panel="#fbfaf6", raised="#d9e4f0", border="#a9a596",
    text="#1f2733", accent="#00568f",
    colours={
        "muted": "#4e5a6b", "faint": "#56616f", "strong": "#0a0f16", "title": "#00568f", "heading": "#4e5a6b",
        "key": "#00568f", "link": "#00568f",
        "focus": "#00568f", "impact": "#7d4200", "alert": "#a3211a", "other": "#1f2733",
        "ok": "#155c31", "warn": "#664b00", "bad": "#a3211a", "info": "#2546a8", "wait": "#692691",
        "edge": "#56616f", "edge.near": "#1f2733", "edge.hot": "#7d4200", "axis": "#56616f",
        "kind": "#3c4859", "kind.dataset": "#2546a8", "kind.feature_view": "#00574f", "kind.run": "#692691",
        "kind.code": "#5b1e80", "kind.config": "#5b1e80", "kind.runtime": "#5b1e80", "kind.model": "#664b00",
        "kind.deployment": "#155c31", "kind.approval": "#155c31", "kind.document": "#3c4859",
        "spark": "#00574f", "spark.later": "#56616f", "playhead": "#7d4200", "live": "#155c31", "past": "#7d4200",
        "bar": "#00568f", "bar.rest": "#56616f",
        "level.0": "#a3211a", "level.1": "#7d4200", "level.2": "#664b00", "level.3": "#00568f", "level.4": "#155c31",
        "series": "#00568f", "series.bad": "#a3211a", "series.beside": "#692691", "threshold": "#664b00",
        "mark.alert": "#a3211a", "mark.deploy": "#155c31", "mark.approve": "#692691", "mark.retrain": "#7d4200",
    },
)  # fmt: skip

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}


def nearest(name: str, *, dark: bool) -> str:
    """The palette that drawings use under a theme: its own, or under one of the toolkit's ours of the same darkness."""
    return name if name in PALETTES else (DARK if dark else LIGHT).name


@lru_cache(maxsize=1024)
def style(name: str, palette: str = DARK.name, *, selected: bool = False) -> Style:
    """The terminal style of a name; ``selected`` puts it on the raised surface, in reverse video where colours are
    off."""
    from rich.style import Style

    chosen = PALETTES[palette]
    return Style(
        color=chosen.colour(name),
        bgcolor=chosen.raised if selected else None,
        bold=name in BOLD or selected or None,
    )


def textual_theme(palette: Palette) -> Theme:
    """The same palette as a theme of the widget toolkit."""
    from textual.theme import Theme

    return Theme(
        name=palette.name,
        primary=palette.accent,
        secondary=palette.colour("info"),
        accent=palette.accent,
        foreground=palette.text,
        background=palette.background,
        surface=palette.panel,
        panel=palette.raised,
        success=palette.colour("ok"),
        warning=palette.colour("warn"),
        error=palette.colour("bad"),
        dark=palette.dark,
        variables={
            "border": palette.border,
            "border-blurred": palette.border,
            "block-cursor-background": palette.raised,
            "block-cursor-foreground": palette.colour("strong"),
            "input-cursor-background": palette.accent,
            "input-selection-background": palette.raised,
            "scrollbar": palette.border,
            "scrollbar-background": palette.background,
            "scrollbar-hover": palette.accent,
            "scrollbar-active": palette.accent,
            "footer-key-foreground": palette.accent,
            "muted": palette.colour("muted"),
        },
    )
