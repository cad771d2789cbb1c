"""Measuring two things against each other fairly, and saying what came out.

One measurement of A, one of B, one of A, … : whatever else the machine does meanwhile meets both. What is reported is
the median of the rounds' ratios, and the quartiles beside it; the absolute figures stand next to them.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

Measurement = Callable[[], float]
"""Does the work once and returns what it cost: seconds, bytes, …"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured, round by round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The values that a quarter lie below, and a quarter above."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def over(self, other: Sample) -> Sample:
        """Round by round, this divided by the other; both must come out of one :func:`alternate`."""
        return Sample(tuple(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report.

    ``ratio`` is held against ``bar``, and ``stretch`` where there is one; ``at_least`` turns the comparison round, for
    figures where more is better. Without a bar it is only shown. ``absolute`` says the plain figures in words.
    """

    what: str
    ratio: Sample
    absolute: str
    workload: str
    bar: float | None = None
    stretch: float | None = None
    at_least: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def missed(self) -> bool:
        """Whether the bar was not reached."""
        return self.bar is not None and not self._reaches(self.bar)

    def _reaches(self, limit: float) -> bool:
        return self.ratio.median >= limit if self.at_least else self.ratio.median <= limit

    def row(self) -> tuple[str, str, str, str]:
        """What, the ratio with its quartiles, the verdict, the absolute figures."""
        low, high = self.ratio.quartiles
        return (
            self.what,
            f"{_number(self.ratio.median)} ({_number(low)}–{_number(high)})",
            self._verdict(),
            self.absolute,
        )

    def _verdict(self) -> str:
        sign = "≥" if self.at_least else "≤"
        limits = (("bar", self.bar), ("stretch", self.stretch))
        told = [
            f"{name} {sign} {limit:g} {'met' if self._reaches(limit) else 'missed'}"
            for name, limit in limits
            if limit is not None
        ]
        return ", ".join(told) or "no bar"


def timed(work: Callable[[], object]) -> Measurement:
    """A measurement of the seconds that ``work`` takes."""

    def measure() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return measure


def alternate(works: Mapping[str, Measurement], *, rounds: int = 15, warmup: int = 1) -> dict[str, Sample]:
    """Measure each in turn, ``rounds`` times over, after ``warmup`` rounds that do not count.

    The order is turned round every other round, so that none always comes after the same neighbour.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(-warmup, rounds):
        for name in list(works)[:: -1 if turn % 2 else 1]:
            cost = works[name]()
            if turn >= 0:
                found[name].append(cost)
    return {name: Sample(tuple(costs)) for name, costs in found.items()}


def report(title: str, figures: Iterable[Figure], out: TextIO | None = None) -> int:
    """Print the figures as a table with their workloads; returns 1 where a bar was missed, else 0."""
    stream = sys.stdout if out is None else out
    shown = list(figures)
    print(f"\n{title}", file=stream)
    for figure, line in zip(shown, _aligned([figure.row() for figure in shown]), strict=True):
        print(f"  {line}", file=stream)
        for note in (f"{figure.workload}; {len(figure.ratio.values)} rounds", *figure.notes):
            print(f"      {note}", file=stream)
    stream.flush()
    return int(any(figure.missed for figure in shown))


def seconds(value: float) -> str:
    """A duration in words: ``61 ms``, ``1.24 s``."""
    if value < 1e-3:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def against(mine: Sample, theirs: Sample, say: Callable[[float], str] = seconds) -> str:
    """Two medians in words: ``61 ms against 15 ms``."""
    return f"{say(mine.median)} against {say(theirs.median)}"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
