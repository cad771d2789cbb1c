"""Versions compared over a fixed time: who is better, by how much, with an interval that respects dependent days.

The unit is the day: an arm's value of a day is the mean over its accounts. Arms are held against the first; the interval of
each difference comes from resampling blocks of consecutive days (Künsch 1989), at a confidence that the arms share
(Bonferroni). Where arms have accounts of their own, those differ from each other before anything is served: the differences
of the days before the start are taken off, and resampled too.

Unlike a canary's evidence this must not be looked at before its time is over: it concludes once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError

RULE = "experiment/day-block-bootstrap/1"
NONE = "none"
LEAST_BLOCKS = 3
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much an arm is better than the first, with its interval; positive is better."""

    arm: str
    value: float
    low: float
    high: float

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"arm": self.arm, "lead": self.value, "interval": [self.low, self.high]}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The winner, or ``none``; its lead's interval; each arm's mean; how many days had values of all arms."""

    winner: str
    interval: tuple[float, float] | None
    leads: tuple[Lead, ...]
    means: Mapping[str, float]
    days: int
    reason: str

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "rule": RULE,
            "winner": self.winner,
            "interval": None if self.interval is None else list(self.interval),
            "leads": [each.document() for each in self.leads],
            "means": dict(self.means),
            "days": self.days,
            "reason": self.reason,
        }


def conclude(
    arms: Mapping[str, npt.ArrayLike],
    *,
    before: Mapping[str, npt.ArrayLike] | None = None,
    lower_is_better: bool = True,
    confidence: float = 0.95,
    block: int = 10,
    resamples: int = 4000,
    seed: int = 17,
) -> Outcome:
    """Say which arm is better.

    Args:
        arms: per arm the value of each day, the same days for all, NaN where one is missing; the first is the one to beat.
        before: the same of the days before the start, where the arms' accounts differ.
        lower_is_better: of a loss or a cost; else the higher value wins.
        confidence, block, resamples, seed: of the intervals.

    Raises:
        InputError: there are fewer than two arms, or they differ in length.
    """
    names = list(arms)
    if len(names) < 2:
        raise InputError("an experiment compares two arms at least")
    table = _complete(arms)
    past = None if before is None else _complete(before)
    days = table.shape[1]
    means = {name: float(row.mean()) if days else 0.0 for name, row in zip(names, table, strict=True)}
    least = LEAST_BLOCKS * block
    short = days if past is None else min(days, past.shape[1])
    if short < least:
        return Outcome(NONE, None, (), means, days, f"{short} days with values of every arm; {least} are needed")
    sign = 1.0 if lower_is_better else -1.0
    share = 1 - (1 - confidence) / (len(names) - 1)
    leads = []
    for place in range(1, len(names)):
        value, spread = _mean(sign * (table[0] - table[place]), block, resamples, seed)
        if past is not None:
            usual, noise = _mean(sign * (past[0] - past[place]), block, resamples, seed + 1)
            value, spread = value - usual, spread - noise
        low, high = np.quantile(spread, [(1 - share) / 2, (1 + share) / 2])
        leads.append(Lead(names[place], value, float(low), float(high)))
    return _outcome(names[0], leads, means, days, share)


def _outcome(first: str, leads: list[Lead], means: Mapping[str, float], days: int, share: float) -> Outcome:
    better = [each for each in leads if each.low > 0]
    if better:
        best = max(better, key=lambda each: each.value)
        return Outcome(
            best.arm, (best.low, best.high), tuple(leads), means, days, f"its interval of {share:.1%} is above zero"
        )
    if all(each.high < 0 for each in leads):
        least = max(leads, key=lambda each: each.value)
        told = "every other arm is worse"
        return Outcome(first, (-least.high, -least.low), tuple(leads), means, days, told)
    return Outcome(NONE, None, tuple(leads), means, days, "an interval holds zero")


def _complete(arms: Mapping[str, npt.ArrayLike]) -> Floats:
    """The days on which every arm has a finite value, shape (arms, days)."""
    rows = [np.asarray(each, dtype=np.float64).reshape(-1) for each in arms.values()]
    if len({len(row) for row in rows}) > 1:
        raise InputError("an experiment's arms need values of the same days")
    table = np.array(rows)
    return table[:, np.isfinite(table).all(axis=0)]


def _mean(values: Floats, block: int, resamples: int, seed: int) -> tuple[float, Floats]:
    """The mean of some days and the means of their resamples, blocks of days drawn with replacement."""
    days = len(values)
    starts = np.random.default_rng(seed).integers(0, days - block + 1, (resamples, -(-days // block)))
    sums = np.convolve(values, np.ones(block), "valid")
    rest = days - block * (starts.shape[1] - 1)
    last = np.convolve(values, np.ones(rest), "valid")
    return float(values.mean()), (sums[starts[:, :-1]].sum(axis=1) + last[starts[:, -1]]) / days
