"""The inspector: a title, facts by name, figures with their curves, sections of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.tui.draw.bars import sparkline
from app.tui.draw.clip import fit, middle, width, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted

if TYPE_CHECKING:
    from app.tui.screens.lineage.queries.facts import Facts, Figure

CURVE = 8
"""Cells of a figure's curve."""


def inspector(told: Facts, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each at most ``cells`` cells wide."""
    room = max(cells - 2, 4)
    lines: list[Line] = [((f" {part}", "title"),) for part in wrap(told.title, room)]
    lines += [(), *_pairs(told.pairs, room)]
    for heading, figures in (("WATCHED", told.watched), ("FIGURES", told.figures)):
        if figures:
            lines += [(), ((f" {heading}", "heading"),), *(_figure(each, room, glyphs) for each in figures)]
    for heading, rows in told.sections:
        lines += [(), ((f" {heading}", "heading"),)]
        for sign, text, style in rows:
            said = f"{getattr(glyphs, sign)} {text}" if sign else text
            lines += [((f"  {part}", style),) for part in wrap(said, room - 1)]
    return tuple(lines)


def _pairs(pairs: Sequence[tuple[str, str, str]], room: int) -> list[Line]:
    label = min(max((len(name) for name, _, _ in pairs), default=0), 12)
    space = max(room - label - 2, 4)
    lines: list[Line] = []
    for name, value, style in pairs:
        short = middle(value, space) if value.startswith("sha256:") else value
        parts = wrap(short, space) if width(short) > space else [short]
        lines.append(((f" {fit(name, label)}  ", "muted"), (parts[0], style)))
        lines += [((" " * (label + 3), ""), (part, style)) for part in parts[1:]]
    return lines


def _figure(each: Figure, room: int, glyphs: Glyphs) -> Line:
    """``r_squared  0.489 ▃▂▅▅▅█▁▅``; what is watched bears its state first."""
    sign = {"ok": glyphs.ok, "alert": glyphs.alert}.get(each.state, "")
    value = f"{each.value:.4g}"
    space = max(room - len(value) - CURVE - 3 - 2 * bool(sign), 4)
    name = f"{sign} " * bool(sign) + fit(
        middle(each.name, space, glyphs.ellipsis, tail=max(min(space * 2 // 3, space - 5), 0)), space
    )
    curve = sparkline(each.past[-CURVE:], glyphs) if len(each.past) > 1 else ""
    return fitted(((f"  {name} ", each.state), (value, "strong"), (f" {fit(curve, CURVE)}", "spark")), room + 1)
