"""Checks of what cells say: words that may stand there, and keys that stand there once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.monitoring.quality.finding import Finding
from app.monitoring.quality.table import Table

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Values:
    """What the cells of some columns may say; missing ones are another check's business.

    ``allowed``: these words and no others. ``pattern``: a regular expression (Python's ``re``) that the whole cell matches.
    ``longest``: so many characters at most; 0 is no limit.
    """

    columns: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    longest: int = 0

    def __post_init__(self) -> None:
        if not self.columns or not (self.allowed or self.pattern or self.longest > 0):
            raise ValueError("it needs columns and one of allowed, pattern, longest: it could never find anything")
        try:
            re.compile(self.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: a column with cells that say something else, and one that is absent."""
        pattern = re.compile(self.pattern)
        for name in self.columns:
            if name not in table.words:
                whole = table.span(0, -1) if table.rows else ("", "")
                yield Finding("block", (name,), *whole, None, None, f"there is no column {name}")
                continue
            known = [(place, each) for place, each in enumerate(table.words[name]) if each is not None]
            wrong = [(place, why) for place, each in known if (why := self._against(each, pattern))]
            if wrong:
                (place, why), last = wrong[0], wrong[-1][0]
                cell = str(table.words[name][place])
                shown = cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…"
                message = (
                    f"{name} says {shown!r} {table.spot(place)}, which {why}; {len(wrong)} of {len(known)} cells do"
                )
                yield Finding("block", (name,), *table.span(place, last), float(len(wrong)), 0.0, message)

    def _against(self, cell: str, pattern: re.Pattern[str]) -> str:
        """What speaks against a cell, in words; nothing where nothing does."""
        if self.allowed and cell not in self.allowed:
            return f"is none of {', '.join(self.allowed[:5])}{', …' if len(self.allowed) > 5 else ''}"
        if self.pattern and not pattern.fullmatch(cell):
            return f"does not match {self.pattern}"
        return f"is longer than {self.longest} characters" if 0 < self.longest < len(cell) else ""


@dataclass(frozen=True, slots=True)
class Unique:
    """Each key once: the cells of the columns ``keys`` together, or the day where none is named."""

    keys: tuple[str, ...] = ()

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: a day, or keys, that are there twice; a part of a key that is missing, and a column that is absent."""
        if self.keys:
            yield from self._repeated(table)
            return
        days, counts = np.unique(np.array(table.days), return_counts=True)
        for day, count in zip(days[counts > 1], counts[counts > 1], strict=True):
            yield Finding("block", (), str(day), str(day), float(count), 1.0, f"{day} is there {count} times")

    def _repeated(self, table: Table) -> Iterator[Finding]:
        absent = [each for each in self.keys if each not in table.words and each != table.day]
        whole = table.span(0, -1) if table.rows else ("", "")
        if absent:
            yield Finding("block", (absent[0],), *whole, None, None, f"there is no column {absent[0]}")
            return
        parts = [table.days if each == table.day else table.words[each] for each in self.keys]
        rows = list(zip(*parts, strict=True))
        named = " and ".join(self.keys)
        lacking = [place for place, row in enumerate(rows) if None in row]
        if lacking:
            message = f"a key of {named} is missing {table.spot(lacking[0])}; in {len(lacking)} of {len(rows)} rows"
            yield Finding("block", self.keys, *table.span(lacking[0], lacking[-1]), float(len(lacking)), 0.0, message)
        counts = Counter(row for row in rows if None not in row)
        twice = {row: count for row, count in counts.items() if count > 1}
        if twice:
            places = [place for place, row in enumerate(rows) if row in twice]
            row, count = next(iter(twice.items()))
            shown = ", ".join(str(each)[:_SHOWN] for each in row)
            more = f"; {len(twice)} keys are" if len(twice) > 1 else ""
            message = f"{named} {shown} is there {count} times, first {table.spot(places[0])}{more}"
            numbers = (float(len(twice)), 0.0)
            yield Finding("block", self.keys, *table.span(places[0], places[-1]), *numbers, message)
