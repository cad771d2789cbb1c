"""The inspector: a title, facts by name, sections of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.tui.draw.clip import middle, width, wrap
from app.tui.draw.picture import Line


class Told(Protocol):
    """What can be inspected."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def pairs(self) -> Sequence[tuple[str, str, str]]:
        """(name, value, style)."""

    @property
    def sections(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """(heading, lines of (text, style))."""


def inspector(told: Told, cells: int) -> tuple[Line, ...]:
    """The lines, each at most ``cells`` cells wide."""
    room = max(cells - 2, 4)
    lines: list[Line] = [((f" {part}", "title"),) for part in wrap(told.title, room)]
    lines.append(())
    label = min(max((len(name) for name, _, _ in told.pairs), default=0), 12)
    for name, value, style in told.pairs:
        space = max(room - label - 2, 4)
        short = middle(value, space) if value.startswith("sha256:") else value
        parts = wrap(short, space) if width(short) > space else [short]
        lines.append(((f" {name:<{label}.{label}}  ", "muted"), (parts[0], style)))
        lines += [((" " * (label + 3), ""), (part, style)) for part in parts[1:]]
    for heading, rows in told.sections:
        lines += [(), ((f" {heading}", "heading"),)]
        for text, style in rows:
            lines += [((f"  {part}", style),) for part in wrap(text, room - 1)]
    return tuple(lines)
