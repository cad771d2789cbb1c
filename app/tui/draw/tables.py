"""Rows in columns: each column as wide as it needs, cut where the room ends, left off where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.tui.draw.clip import fit, middle, safe, width
from app.tui.draw.picture import Line, Picture, Run, fitted

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, how its cells stand, the least and greatest width, and its rank: the highest is left off first (0
    never). ``grows``: it takes the room that nobody needs. ``tail``: what is too long is cut in its middle, and so many
    cells of its end stay.
    """

    title: str
    align: Literal["left", "right"] = "left"
    least: int = 4
    most: int = 60
    rank: int = 0
    grows: bool = False
    tail: int = 0

    def fit(self, text: str, size: int) -> str:
        """A cell's text in ``size`` cells."""
        return fit(middle(text, size, tail=self.tail) if self.tail else text, size, self.align)


def widths(columns: Sequence[Column], rows: Sequence[Sequence[Run]], cells: int) -> list[int]:
    """How wide each column is drawn (0: left off): what it needs, then shrunk from the widest down until all fit."""
    wanted = []
    for index, column in enumerate(columns):
        need = max([width(column.title), *(width(safe(row[index][0])) for row in rows)])
        wanted.append(min(max(need, 1), column.most))
    while True:
        shown = [index for index, size in enumerate(wanted) if size]
        over = sum(wanted) + GAP * (len(shown) - 1) - cells
        if over <= 0 or not shown:
            growing = next((index for index in shown if columns[index].grows), None)
            if growing is not None:
                wanted[growing] -= over
            return wanted
        room = [index for index in shown if wanted[index] > columns[index].least]
        if room and sum(min(wanted[i], columns[i].least) for i in shown) + GAP * (len(shown) - 1) <= cells:
            widest = max(room, key=lambda index: (wanted[index] - columns[index].least, index))
            wanted[widest] -= 1
            continue
        out = max(shown, key=lambda index: (columns[index].rank, index))
        if columns[out].rank == 0:
            return wanted
        wanted[out] = 0


def table(columns: Sequence[Column], rows: Sequence[Sequence[Run]], cells: int, *, heading: bool = True) -> Picture:
    """A heading line and one line per row, each exactly ``cells`` cells wide."""
    sizes = widths(columns, rows, cells)
    lines = [fitted(_row(columns, [(c.title, "heading") for c in columns], sizes), cells)] if heading else []
    lines.extend(fitted(_row(columns, row, sizes), cells) for row in rows)
    return tuple(lines)


def _row(columns: Sequence[Column], row: Sequence[Run], sizes: Sequence[int]) -> Line:
    runs: list[Run] = []
    for column, (text, style), size in zip(columns, row, sizes, strict=True):
        if not size:
            continue
        if runs:
            runs.append((" " * GAP, ""))
        runs.append((column.fit(text, size), style))
    return tuple(runs)


def pairs(items: Sequence[tuple[str, Run]], cells: int, label: int = 0) -> Picture:
    """``label  value`` lines: the labels in one column, muted."""
    size = label or max((width(name) for name, _ in items), default=0)
    return tuple(fitted(((fit(name, size), "muted"), ("  ", ""), value), cells) for name, value in items)
