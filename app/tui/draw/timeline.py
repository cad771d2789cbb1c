"""Days laid out over cells: evenly, but for long stretches in which there is nothing; those are folded into a few cells.

Order is always kept: a later day never stands left of an earlier one, be it inside a fold. Days are counted as
:meth:`datetime.date.toordinal` does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

SHARE = 5
"""A gap is folded if it would take more than one in so many cells,"""
UNUSUAL = 12
"""if it is that many times as long as the usual step from one day to the next,"""
LEAST = 45
"""and if it is longer than this many days."""
MOST = 3
"""Folds in one picture, the longest gaps first."""
NARROWEST = 2
"""Cells that a stretch with days in it has at least."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days side by side: the first and how many, their first cell and how many; in a ``folded`` one there is nothing."""

    first: int
    days: int
    x: int
    cells: int
    folded: bool = False

    @property
    def last(self) -> int:
        """Its last day."""
        return self.first + self.days - 1


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stretches from left to right, without holes between their days or their cells."""

    stretches: tuple[Stretch, ...]

    @property
    def folds(self) -> tuple[Stretch, ...]:
        """The stretches that are folded."""
        return tuple(each for each in self.stretches if each.folded)

    def stretch(self, day: int) -> Stretch:
        """The stretch of a day; days outside belong to the nearest end."""
        return self.stretches[max(bisect_right(self.stretches, day, key=lambda each: each.first) - 1, 0)]

    def cell(self, day: int) -> int:
        """The cell of a day, where each day has its width; days outside fall on the nearest end."""
        home = self.stretch(day)
        offset = min(max(day - home.first, 0), home.days - 1)
        return home.x + offset * home.cells // home.days

    def dot(self, day: int, dots: int = 1) -> int:
        """Where a day stands among ``dots`` to a cell, where a day is a point: the ends of a stretch are its ends."""
        home = self.stretch(day)
        offset = min(max(day - home.first, 0), home.days - 1)
        return home.x * dots + round(offset / max(home.days - 1, 1) * (home.cells * dots - 1))

    def day(self, x: int) -> int:
        """The first day of a cell, or the day that it is one of the cells of; cells outside count as the nearest end."""
        home = self.stretches[max(bisect_right(self.stretches, x, key=lambda each: each.x) - 1, 0)]
        offset = min(max(x - home.x, 0), home.cells - 1)
        if home.days < home.cells:
            return home.first + ((offset + 1) * home.days - 1) // home.cells
        return home.first - (-offset * home.days // home.cells)


def laid(days: Sequence[int], cells: int, fold: int, x: int = 0) -> Timeline:
    """The days (ascending, each once), the first to the last of them on ``cells`` cells from cell ``x`` on; a fold takes
    ``fold`` of the cells."""
    ends = [(days[0], days[-1])]
    while len(ends) <= MOST:
        room = cells - fold * len(ends)
        gap = _longest(days, ends, cells, fold)
        if gap is None or room < NARROWEST * (len(ends) + 1) * 2:
            break
        at = next(index for index, (first, last) in enumerate(ends) if first <= gap[0] and gap[1] <= last)
        first, last = ends[at]
        ends[at : at + 1] = [(first, gap[0]), (gap[1], last)]
    sizes = shared([last - first + 1 for first, last in ends], cells - fold * (len(ends) - 1))
    stretches: list[Stretch] = []
    for (first, last), size in zip(ends, sizes, strict=True):
        if stretches:
            before = stretches[-1].last + 1
            stretches.append(Stretch(before, first - before, x, fold, True))
            x += fold
        stretches.append(Stretch(first, last - first + 1, x, size))
        x += size
    return Timeline(tuple(stretches))


def _longest(days: Sequence[int], ends: Sequence[tuple[int, int]], cells: int, fold: int) -> tuple[int, int] | None:
    """The longest gap between two days that is not folded yet, as its two days, where it is worth a fold."""
    cuts = {last for _, last in ends}
    open_steps = [(after - day, day) for day, after in pairwise(days) if day not in cuts]
    if not open_steps:
        return None
    length, day = max(open_steps)
    usual = median_low(after - before for before, after in pairwise(days))
    spread = sum(last - first for first, last in ends)
    worth = length * SHARE > spread and length * cells > (fold + 2) * spread
    return (day, day + length) if worth and length > max(LEAST, UNUSUAL * usual) else None


def shared(weights: Sequence[int], cells: int) -> list[int]:
    """``cells`` shared out by weight, each at least :data:`NARROWEST` where there are enough, what is left to the
    largest remainders."""
    if len(weights) == 1:
        return [cells]
    spare = cells - NARROWEST * len(weights)
    total = sum(weights)
    sizes = [NARROWEST + spare * weight // total for weight in weights]
    rests = sorted(range(len(weights)), key=lambda index: -(spare * weights[index] % total))
    for index in rests[: cells - sum(sizes)]:
        sizes[index] += 1
    return sizes


def told(days: int) -> tuple[str, str]:
    """How long that is, in words and in short: ``10 years`` and ``10 y``."""
    for unit, short, length in (("years", "y", 365.25), ("months", "mo", 30.44)):
        if days >= 1.9 * length:
            return f"{round(days / length)} {unit}", f"{round(days / length)} {short}"
    return f"{days} days", f"{days} d"


def aged(days: int) -> str:
    """How many days ago, in at most four characters: ``12d``, ``9w``, ``2y``."""
    for unit, length, most in (("d", 1, 21), ("w", 7, 104)):
        if days < length * most:
            return f"{max(days // length, 0)}{unit}"
    return f"{int(days / 365.25)}y"
