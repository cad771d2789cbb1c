"""Lists in sections: a heading, then rows in columns; each line knows what it stands for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from app.filters import Filter
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.tables import Column, widths


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells, and what it stands for (None: it cannot be chosen)."""

    cells: tuple[Run, ...]
    value: Hashable | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (with a count where wanted), columns, rows, and what is said where there are none.

    ``said`` stands in the place of title and count, where there is more to say.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = "nothing"
    style: str = "heading"
    counted: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The lines, and what each stands for."""

    lines: tuple[Line, ...] = ()
    values: tuple[Hashable | None, ...] = field(default=())


def narrow(section: Section, narrowed: Filter) -> Section:
    """The section with only those rows that stand for something and pass the filter."""

    def passes(row: Row) -> bool:
        words = [text for text, _ in row.cells]
        return narrowed.fits(facts(str(row.value), words), " ".join([*words, str(row.value)]))

    kept = tuple(row for row in section.rows if row.value is not None and passes(row))
    return replace(section, rows=kept, said="", empty="nothing fits the filter" if section.rows else section.empty)


def facts(ref: str, cells: Sequence[str]) -> dict[str, str]:
    """What a filter may ask of a row: what its reference tells, and the words of its first cell as its state."""
    base, _, version = ref.partition("@")
    parts = base.split("/")
    kind, project = parts[0], parts[1] if len(parts) > 2 else ""
    state = cells[0].partition(" ")[2] if cells else ""
    return {"kind": kind, "project": project, "name": parts[-1], "version": version, "state": state}


SIGNS = {"new": ("+", "ok"), "gone": ("-", "bad"), "changed": ("~", "warn")}


SHORT, BOTH = 16, 28
"""Cells' texts up to this length are told as they were and as they are; so much room the first column may take for both."""


def compare(before: Sequence[Section], now: Sequence[Section]) -> list[Section]:
    """What differs between two moments: rows that came, went, or say something else; how many are as they were.

    A row is known by what it stands for, in whichever section it stood; where a row moved from one section to another, it
    has changed.
    """
    stood = {row.value: (section.title, row) for section in before for row in section.rows if row.value is not None}
    stands = {row.value for section in now for row in section.rows}
    found = []
    for section in now:
        rows, same = [], 0
        for row in section.rows:
            was = stood.get(row.value)
            if row.value is None or was == (section.title, row):
                same += row.value is not None
            else:
                rows.append(_signed(row, "new") if was is None else _signed(_turned(was[1], row), "changed"))
        gone = [row for title, row in stood.values() if title == section.title and row.value not in stands]
        rows += [_signed(row, "gone") for row in gone]
        said = f"{same:,} as before" if same else "no difference"
        if rows or same:
            # What it was and what it is stand in one cell.
            first, *rest = section.columns
            wide = max((len(row.cells[0][0]) for row in rows if " -> " in row.cells[0][0]), default=0)
            least = max(first.least, min(wide, BOTH))
            columns = (replace(first, least=least, most=max(first.most, BOTH)), *rest)
            found.append(replace(section, rows=tuple(rows), empty=said, said="", columns=columns))
    return found or [Section("", (Column(""),), empty="no difference")]


def _turned(was: Row, now: Row) -> Row:
    """The row as it is, with what its short cells said before: ``missing -> held``."""

    def cell(before: Run, after: Run) -> Run:
        (old, _), (new, style) = before, after
        if old == new or not old or not new or max(len(old), len(new)) > SHORT:
            return after
        # The sign goes with the word that holds now.
        words = old.partition(" ")[2] if len(old.partition(" ")[0]) == 1 else old
        return f"{words or old} -> {new}", style

    if len(was.cells) != len(now.cells):
        return now
    return replace(now, cells=tuple(cell(*pair) for pair in zip(was.cells, now.cells, strict=True)))


def _signed(row: Row, what: str) -> Row:
    sign, style = SIGNS[what]
    (first, look), *rest = row.cells
    return Row(((f"{sign} {first}", style if what == "gone" else look or style), *rest), row.value)


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
            add(((f" {section.said or section.title + count}", section.style),))
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
            runs.append((column.fit(text, size), style))
    return tuple(runs)
