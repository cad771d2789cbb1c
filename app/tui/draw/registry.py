"""One version or run whole: what is recorded, what it was made from, its figures and how they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.bars import sparkline
from app.tui.draw.clip import fit, middle, width, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.draw.refs import short
from app.tui.draw.tables import Column, table

if TYPE_CHECKING:
    from app.tui.queries.registry import Whole

FIGURES = (
    Column("figure", least=8),
    Column("value", "right", least=6),
    Column("change", "right", least=6, rank=1),
    Column("over time", least=8, most=30, rank=2),
)


def whole(found: Whole, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each exactly ``cells`` cells wide."""
    room = max(cells - 3, 10)
    event = f"  event {found.seq:,}"
    lines: list[Line] = [((f" {middle(found.ref, max(room - len(event), 10))}", "title"), (event, "muted")), ()]
    if found.figures:
        body = []
        for name, value, past in found.figures:
            change = value - past[-2] if len(past) > 1 else None
            body.append(
                (
                    (name, ""),
                    (f"{value:.6g}", "strong"),
                    ("" if change is None else f"{change:+.3g}", "muted"),
                    (sparkline(past[-30:], glyphs) if len(past) > 1 else "", "spark"),
                )
            )
        lines += [(("  ", ""), *line) for line in table(FIGURES, body, min(room, 76))] + [()]
    label = min(max((width(name) for name, _ in found.facts), default=0), 18)
    for name, told in found.facts:
        first, *rest = wrap(
            middle(told, room - label - 4) if told.startswith("sha256:") else told, max(room - label - 4, 8)
        )
        lines.append(((f"  {fit(name, label)}  ", "muted"), (first, "")))
        lines += [((" " * (label + 4), ""), (part, "")) for part in rest]
    for title, names in (("MADE FROM", found.inputs), ("MADE", found.outputs)):
        if names:
            lines += [(), ((f" {title}", "heading"),)]
            for name in names:
                kind = name.partition("/")[0]
                lines.append(
                    (
                        (f"  {glyphs.dot} ", "muted"),
                        (short(name), f"kind.{kind}"),
                        (f"  {kind.replace('_', ' ')}", "muted"),
                    )
                )
    if found.documents:
        lines += [(), ((" DOCUMENTS", "heading"),)]
        lines += [((f"  {fit(kind, 18)}  ", "muted"), (title, "")) for kind, title in found.documents]
    return tuple(fitted(line, cells) for line in lines)
