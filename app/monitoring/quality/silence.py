"""Checks of what does not move or is not there: repeated values, gaps, series that ended, series that hardly move."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from app.monitoring.quality.finding import Finding
from app.monitoring.quality.moves import Rebasing, log_moves
from app.monitoring.quality.table import Table


def _still(values: npt.NDArray[np.float64]) -> float:
    """The share of a series' moves that are zero."""
    moves = log_moves(values)
    known = moves[np.isfinite(moves)]
    return float((known == 0).mean()) if len(known) else 0.0


@dataclass(frozen=True, slots=True)
class Stale:
    """The same value over and over.

    ``run``: fixings in a row that are equal. ``jump``: a run that ends in a move (log) of so much was no calm. A series most of
    whose moves are zero (``pegged``) is another check's business.
    """

    run: int = 10
    jump: float = 0.1
    pegged: float = 0.3

    def findings(self, table: Table) -> Iterator[Finding]:
        """A run that ends in a jump or in nothing is quarantined; one that ends calmly is flagged: a policy may hold a rate."""
        for name, values in table.columns.items():
            if _still(values) > self.pegged:
                continue
            known = np.flatnonzero(np.isfinite(values))
            start = 0
            for place in range(1, len(known) + 1):
                if place < len(known) and values[known[place]] == values[known[start]]:
                    continue
                if place - start >= self.run:
                    yield self._found(table, name, known[start:place], known[place] if place < len(known) else None)
                start = place

    def _found(self, table: Table, name: str, run: npt.NDArray[np.intp], after: np.intp | None) -> Finding:
        values = table.columns[name]
        first, last = table.days[run[0]], table.days[run[-1]]
        told = f"{name} stands at {values[run[0]]:g} for {len(run)} fixings to {last}"
        numbers = (float(len(run)), float(self.run))
        if after is None:
            over = run[-1] + 1 < len(table.days)
            why = "and nothing follows" if over else "and still does"
            return Finding(
                "quarantine", (name,), first, last, *numbers, f"{told}, {why}: ask whether the source is alive"
            )
        move = math.log(float(values[after]) / float(values[run[-1]]))
        if abs(move) >= self.jump:
            message = f"{told}, then moves {move:+.0%} (log): the source had stopped, do not use the run"
            return Finding("quarantine", (name,), first, last, *numbers, message)
        return Finding("flag", (name,), first, last, *numbers, f"{told}, then moves on calmly: held on purpose, kept")


@dataclass(frozen=True, slots=True)
class Gap:
    """Days that other series have and one lacks, between its first value and its last. A day that all lack is a holiday.

    ``longest``: so many days missing in a row are let pass.
    """

    longest: int = 0

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked: a gap is never filled forward, and the move across it is no return."""
        for name, values in table.columns.items():
            known = np.flatnonzero(np.isfinite(values))
            for before, after in itertools.pairwise(known.tolist()):
                missing = after - before - 1
                if missing > self.longest:
                    across = math.log(float(values[after]) / float(values[before]))
                    message = (
                        f"{name} lacks {missing} days from {table.days[before + 1]} to {table.days[after - 1]}; "
                        f"filled forward it would move {across:+.0%} in a day (log): do not fill"
                    )
                    first, last = table.days[before + 1], table.days[after - 1]
                    yield Finding("block", (name,), first, last, float(missing), float(self.longest), message)


def absent_weekdays(table: Table) -> tuple[str, ...]:
    """Weekdays between the first day and the last on which no series has a row: the calendar's holidays."""
    if not table.days:
        return ()
    held = set(table.days)
    day, end = date.fromisoformat(table.days[0]), date.fromisoformat(table.days[-1])
    found = []
    while day <= end:
        if day.weekday() < 5 and day.isoformat() not in held:
            found.append(day.isoformat())
        day += timedelta(days=1)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Ended:
    """A series whose values stop before the table does. ``grace``: rows that it may lag behind."""

    grace: int = 2

    def findings(self, table: Table) -> Iterator[Finding]:
        """An end with the year is planned, and flagged; another is blocked, to be retired, unless a successor takes over."""
        replaced = {each.columns[0] for each in Rebasing().findings(table) if len(each.columns) == 2}
        for name, values in table.columns.items():
            known = np.flatnonzero(np.isfinite(values))
            if not len(known) or len(table.days) - 1 - int(known[-1]) <= self.grace or name in replaced:
                continue
            last, following = table.days[known[-1]], table.days[known[-1] + 1]
            behind = float(len(table.days) - 1 - known[-1])
            if last[:4] != following[:4]:
                message = f"{name} ends on {last}, its year's last day: a planned end"
                yield Finding("flag", (name,), last, last, behind, float(self.grace), message)
            else:
                message = f"{name} ends on {last}, in the middle of a year: retire it, nothing may depend on it"
                yield Finding("block", (name,), last, last, behind, float(self.grace), message)


@dataclass(frozen=True, slots=True)
class Movement:
    """A series that hardly moves: a peg. ``still``: share of zero moves; ``deviation``: of daily moves (log)."""

    still: float = 0.5
    deviation: float = 0.0005

    def findings(self, table: Table) -> Iterator[Finding]:
        """Flagged: it may be kept, but no volatility model may learn from it."""
        for name, values in table.columns.items():
            moves = log_moves(values)
            known = moves[np.isfinite(moves)]
            if not len(known):
                continue
            still, spread = float((known == 0).mean()), float(known.std())
            if still > self.still or spread < self.deviation:
                told = f"{name} hardly moves: {still:.0%} of its moves are zero, deviation {spread:.3%} a day"
                days = np.flatnonzero(np.isfinite(values))
                first, last = table.days[days[0]], table.days[days[-1]]
                yield Finding(
                    "flag", (name,), first, last, still, self.still, f"{told}; a peg, not for a volatility model"
                )
