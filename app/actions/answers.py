"""What an action gives back: one document, the lines that say the same in words, and the exit code.

A line is a ``str``; some of its parts may carry a role (``good``, ``bad``, …) that a terminal paints. What is recorded by
others enters a line through :func:`say` or :func:`table` alone, which make it safe to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ledger.errors import InputError
from ledger.format.text import visible

GLYPHS = {
    "good": "✓",
    "bad": "✗",
    "warn": "!",
    "open": "○",
    "live": "●",
    "quiet": "·",
}
"""One glyph for each role that a state can have. A state is drawn as glyph and word and colour; any one is enough."""

_OWN_SIGNS = dict.fromkeys(map(ord, (*GLYPHS.values(), *"—…├└│─")), "+")

ROLES = (*GLYPHS, "title", "dim")


class Mark(NamedTuple):
    """A part of a line with a role; ``text`` is recorded text until it is drawn."""

    role: str
    text: str


class Line(str):
    """One line of plain text that knows which parts of it have which role: ``(start, stop, role)``."""

    __slots__ = ("spans",)
    spans: tuple[tuple[int, int, str], ...]

    def __new__(cls, text: str, spans: tuple[tuple[int, int, str], ...] = ()) -> Line:
        line = super().__new__(cls, text)
        line.spans = spans
        return line


class Answer(NamedTuple):
    """``document`` is what ``--json`` prints, ``lines`` what a person reads, ``code`` 0 or, for a finding, 1.

    ``raw`` is text that goes to standard output exactly as it is (a signed note), in place of the lines. ``opens`` is a
    workspace's folder: in a terminal, the dashboard opens on it next.
    """

    document: dict[str, Any]
    lines: Sequence[str] = ()
    code: int = 0
    raw: str | None = None
    opens: Path | None = None


def state(role: str, word: str) -> Mark:
    """A state: its role's glyph, then its word."""
    return Mark(role, f"{GLYPHS[role]} {word}")


def title(text: str) -> Line:
    """A heading."""
    return say(Mark("title", text))


def say(*parts: str | Mark) -> Line:
    """One line out of plain and marked parts, every one made safe to draw."""
    text = ""
    spans = []
    for part in parts:
        role, words = part if isinstance(part, Mark) else ("", part)
        shown = _drawn(words)
        if role:
            spans.append((len(text), len(text) + len(shown), role))
        text += shown
    return Line(text, tuple(spans))


Cell = str | int | float | Mark | None


def table(rows: Iterable[Sequence[Cell]], head: Sequence[str] = (), *, indent: str = "") -> list[str]:
    """Rows as aligned columns, under ``head`` where given. Numbers stand to the right; ``None`` is shown as a dash."""
    body = [[_cell(cell) for cell in row] for row in rows]
    if not body:
        return []
    right = [all(row[n].role in ("number", "none") for row in body) for n in range(len(body[0]))]
    lines = ([[Mark("dim", name) for name in head]] if head else []) + body
    widths = [max(width(row[n].text) for row in lines) for n in range(len(right))]
    return [_row(row, widths, right, indent) for row in lines]


def _row(cells: Sequence[Mark], widths: Sequence[int], right: Sequence[bool], indent: str) -> Line:
    parts: list[str | Mark] = [indent]
    while cells and not cells[-1].text:
        cells = cells[:-1]
    for n, cell in enumerate(cells):
        padding = " " * (widths[n] - width(cell.text))
        drawn = cell if cell.role in ROLES else cell.text
        last = n == len(cells) - 1
        parts += [padding, drawn] if right[n] else [drawn, "" if last else padding]
        parts.append("" if last else "  ")
    return say(*parts)


def _drawn(words: str) -> str:
    """Text made safe; what is ASCII but for our own signs, as most lines are, is known to be."""
    if words.isascii() and words.isprintable():
        return words
    plain = words.translate(_OWN_SIGNS)
    return words if plain.isascii() and plain.isprintable() else visible(words)


def _cell(cell: Cell) -> Mark:
    if isinstance(cell, Mark):
        return Mark(cell.role, _drawn(cell.text))
    if cell is None:
        return Mark("none", "—")
    if isinstance(cell, str):
        return Mark("", _drawn(cell))
    return Mark("number", number(cell))


def fields(rows: Sequence[tuple[str, Any]]) -> list[str]:
    """Named facts under each other; those that are ``None`` are left out."""
    return table([(Mark("dim", name), item) for name, item in rows if item is not None], indent="  ")


def number(value: float) -> str:
    """A number as people read it: thousands apart, at most six significant digits behind the point."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    columns = 0
    for character in text:
        if category(character) not in ("Mn", "Me", "Cf"):
            columns += 2 if east_asian_width(character) in "WF" else 1
    return columns


def counted(n: int, noun: str, plural: str = "") -> str:
    """``1 event``, ``2 events``, ``1,000 events``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def earlier(shown: int, total: int, noun: str) -> list[str]:
    """What the first line of a listing says where it holds the newest alone: how many there are before, and how to see them."""
    if shown >= total:
        return []
    return [say(Mark("dim", f"{counted(total - shown, f'earlier {noun}')}; -n 0 lists all {total:,}"))]


def at_most(count: int) -> int:
    """How many a listing shall show, 0 for all.

    Raises:
        InputError: less than none.
    """
    if count < 0:
        raise InputError(f"-n {count}: a count is 0 (for all) or more")
    return count


def folded(text: str, room: int = 100) -> str:
    """What people wrote, as one line of a list: white space as single spaces, its end left off where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[: room - 1]}…"


def moment(at: str) -> str:
    """A recorded time as people read it, to the second, in UTC: ``2008-09-17 18:00:00``."""
    return at[:19].replace("T", " ")
