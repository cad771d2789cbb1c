"""Checks of a table's shape: columns, types, ranges, missing values, what speaks of persons, age."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.monitoring.quality.finding import Finding
from app.monitoring.quality.table import KINDS, Table

PERSONAL = ("name", "surname", "email", "mail", "phone", "address", "birth", "iban", "passport", "ssn", "gender")
"""Words in a column's name by which it may be about persons."""
_NAMED = {"number": "a number", "truth": "true or false", "day": "a day or time", "text": "text"}


def _span(table: Table) -> tuple[str, str]:
    return (table.days[0], table.days[-1]) if table.days else ("", "")


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that there must be. ``exact``: and no others. ``types``: what each holds; numbers where nothing is said."""

    columns: tuple[str, ...]
    exact: bool = False
    types: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, kind in (self.types or {}).items():
            if kind not in KINDS:
                raise ValueError(f"{name}: {kind!r} is no type; known are {', '.join(KINDS)}")

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: an absent column, cells that are not of their column's type; flagged: a column that is new."""
        first, last = _span(table)
        wanted = dict(self.types or {})
        needed = list(dict.fromkeys([*self.columns, *wanted]))
        for name in needed:
            if name not in table.words and name != table.day:
                yield Finding("block", (name,), first, last, None, None, f"there is no column {name}")
        for name in table.words:
            kind = wanted.get(name, "number")
            count = table.unlike(name, kind)
            if count:
                message = f"{name} has {count} cells that are neither {_NAMED[kind]} nor missing"
                yield Finding("block", (name,), first, last, float(count), 0.0, message)
        if self.exact:
            for name in table.words:
                if name not in needed:
                    yield Finding("flag", (name,), first, last, None, None, f"the column {name} is new")


@dataclass(frozen=True, slots=True)
class Range:
    """Values above ``above`` and at most ``most``, and finite; of these columns, or of all where none is named."""

    above: float = 0.0
    most: float = math.inf
    columns: tuple[str, ...] = ()

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: any value outside, and a column that is named and absent, or holds no numbers."""
        for name in self.columns or table.columns:
            values = table.columns.get(name)
            if values is None:
                what = f"{name} holds no numbers" if name in table.words else f"there is no column {name}"
                yield Finding("block", (name,), *_span(table), None, None, what)
                continue
            wrong = np.flatnonzero(np.isinf(values) | (values <= self.above) | (values > self.most))
            if len(wrong):
                first, last = table.span(int(wrong[0]), int(wrong[-1]))
                message = f"{name} has {len(wrong)} values outside {self.above:g} to {self.most:g}, first {values[wrong[0]]:g}"
                yield Finding("block", (name,), first, last, float(values[wrong[0]]), self.above, message)


@dataclass(frozen=True, slots=True)
class Nulls:
    """Columns that may be missing in a share of the rows only; an empty table is a finding as well."""

    columns: tuple[str, ...]
    share: float = 0.0

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: more is missing, or there is nothing at all."""
        first, last = _span(table)
        if not table.rows:
            yield Finding("block", (), first, last, 0.0, 1.0, "the table has no rows")
            return
        of = "days" if table.days else "rows"
        for name in self.columns:
            if name not in table.words:
                yield Finding("block", (name,), first, last, 1.0, self.share, f"there is no column {name}")
                continue
            values = table.columns.get(name)
            missing = float((table.missing(name) if values is None or table.text[name] else np.isnan(values)).mean())
            if missing > self.share:
                message = f"{name} is missing on {missing:.2%} of the {of}; {self.share:.2%} are let pass"
                yield Finding("block", (name,), first, last, missing, self.share, message)


@dataclass(frozen=True, slots=True)
class Privacy:
    """No column that speaks of persons by its name, and no free text, in which a person could be named.

    ``personal``: words that tell by a column's name. ``allowed``: columns that were looked at and may be there.
    """

    personal: tuple[str, ...] = PERSONAL
    allowed: tuple[str, ...] = ()

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: such a column that is not allowed."""
        first, last = _span(table)
        for name in table.words:
            if name in self.allowed:
                continue
            words = {word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
            told = sorted(word for word in self.personal if word.lower() in words)
            if told:
                message = f"{name} may be about persons, by the word {told[0]} in its name: take it out, or allow it"
                yield Finding("block", (name,), first, last, None, None, message)
            elif table.kinds[name] == "text" or table.text.get(name):
                count = float(table.unlike(name, "number"))
                message = f"{name} has {count:g} cells of text, which may name persons: take it out, or allow it"
                yield Finding("block", (name,), first, last, count, 0.0, message)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last row is at most ``days`` calendar days older than ``today``, which is handed in: no clock is read here."""

    days: int
    today: str = ""

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: older; or nothing to be fresh, or no day to be fresh on."""
        if not table.days or not self.today:
            what = "the table has no rows" if not table.days else "no day was given to judge the table's age by"
            yield Finding("block", (), "", "", None, float(self.days), what)
            return
        last = table.days[-1]
        age = (date.fromisoformat(self.today) - date.fromisoformat(last)).days
        if age > self.days:
            message = f"the last row is of {last}, {age} days before {self.today}; {self.days} are let pass"
            yield Finding("block", (), last, last, float(age), float(self.days), message)
