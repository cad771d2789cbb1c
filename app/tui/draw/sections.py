"""Lists in sections: a heading, then rows in columns; each line knows what it stands for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from app.tui.draw.clip import fit
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.tables import Column, widths


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells, and what it stands for (None: it cannot be chosen)."""

    cells: tuple[Run, ...]
    value: Hashable | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (with a count where wanted), columns, rows, and what is said where there are none."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = "nothing"
    style: str = "heading"
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Drawn:
    """The lines, and what each stands for."""

    lines: tuple[Line, ...] = ()
    values: tuple[Hashable | None, ...] = field(default=())


def draw(sections: Sequence[Section], cells: int) -> Drawn:
    """All sections under each other, a blank line between them, each line exactly ``cells`` cells wide; sections with
    the same columns
    stand in line."""
    together: dict[tuple[Column, ...], list[int]] = {}
    for columns in dict.fromkeys(section.columns for section in sections):
        rows = [row.cells for section in sections if section.columns == columns for row in section.rows]
        together[columns] = widths(columns, rows, cells - 4)
    lines: list[Line] = []
    values: list[Hashable | None] = []

    def add(line: Line, value: Hashable | None = None) -> None:
        lines.append(fitted(line, cells))
        values.append(value)

    for section in sections:
        if lines:
            add(())
        if section.title:
            count = f" ({len(section.rows):,})" if section.counted and section.rows else ""
            add(((f" {section.title}{count}", section.style),))
        if not section.rows:
            add(((f"   {section.empty}", "muted"),))
            continue
        sizes = together[section.columns]
        for row in section.rows:
            add((("   ", ""), *_cells(section.columns, row.cells, sizes)), row.value)
    return Drawn(tuple(lines), tuple(values))


def _cells(columns: Sequence[Column], cells: Sequence[Run], sizes: Sequence[int]) -> Line:
    runs: list[Run] = []
    for column, (text, style), size in zip(columns, cells, sizes, strict=True):
        if size:
            runs += [("  ", "")] if runs else []
            runs.append((fit(text, size, column.align), style))
    return tuple(runs)
