"""Themes: every style of text is legible on every surface it may stand on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.tui import theme


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", theme.PALETTES.values(), ids=lambda palette: palette.name)
def test_every_style_reaches_the_contrast_on_every_surface(palette: theme.Palette) -> None:
    for name in ["", *palette.colours]:
        for surface in ("background", "panel"):
            assert contrast(palette.colour(name), getattr(palette, surface)) >= 4.5, (name, surface)
    for name in ("", "strong", "muted", "focus", "impact", "alert", "ok", "warn", "bad", "info", "wait", "key", "kind"):
        assert contrast(palette.colour(name), palette.raised) >= 4.5, (name, "raised")


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_both_themes_know_the_same_styles() -> None:
    assert theme.DARK.colours.keys() == theme.LIGHT.colours.keys()


def test_a_dotted_name_falls_back_on_what_stands_before_the_dot() -> None:
    assert theme.DARK.colour("kind.policy") == theme.DARK.colours["kind"]
    assert theme.DARK.colour("no-such-style") == theme.DARK.text


def test_every_style_that_is_drawn_is_known() -> None:
    drawn: set[str] = set()
    for path in (Path(theme.__file__).parent).rglob("*.py"):
        if path.name != "theme.py":
            drawn |= set(
                re.findall(r', "((?:edge|series|spark|kind|bar)(?:\.[a-z]+)?|mark\.[a-z]+)"\)', path.read_text())
            )
    assert drawn
    assert drawn <= set(theme.DARK.colours)
