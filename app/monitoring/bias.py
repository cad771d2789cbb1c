"""Group bias: whether a model errs more for one group than for another, with an interval that respects dependent days.

The gap is the mean of one group's mean error over the days less the other's. Its interval comes from resampling blocks of
consecutive days (moving-block bootstrap, Künsch 1989): errors of neighbouring days share the same five days of labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict
from ledger.errors import Refused

RULE = "bias/group-gap/1"
LEAST_BLOCKS = 30
_OPTIONS = ("series", "groups", "units", "gap", "block", "resamples", "confidence", "seed")


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference of two groups' means, its interval, and each group's mean."""

    value: float
    low: float
    high: float
    between: tuple[str, str]
    means: Mapping[str, float]


def gap(
    groups: Mapping[str, npt.NDArray[np.float64]], *, block: int, resamples: int, confidence: float, seed: int
) -> Gap:
    """The gap between the groups that differ most.

    Args:
        groups: per group the mean error of each day, shape (days,), the same days for all.
        block: days that are resampled together.
        resamples, confidence, seed: of the bootstrap.

    Raises:
        ValueError: there are fewer than two groups, or fewer days than a block.
    """
    means = {name: float(values.mean()) for name, values in groups.items()}
    ordered = sorted(means, key=lambda name: (means[name], name))
    if len(ordered) < 2:
        raise ValueError("a gap needs two groups")
    low_name, high_name = ordered[0], ordered[-1]
    difference = groups[high_name] - groups[low_name]
    days = len(difference)
    if days < block:
        raise ValueError(f"{days} days are fewer than a block of {block}")
    starts = _starts(days, block, resamples, seed)
    # The sum of a sample is that of its blocks, of which the last is cut so that as many days are drawn as there are.
    rest = days - block * (starts.shape[1] - 1)
    whole, last = (np.convolve(difference, np.ones(length), "valid") for length in (block, rest))
    resampled = (whole[starts[:, :-1]].sum(axis=1) + last[starts[:, -1]]) / days
    low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Gap(float(difference.mean()), float(low), float(high), (high_name, low_name), means)


@lru_cache(maxsize=8)
def _starts(days: int, block: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """Where the blocks of each resample begin, shape (resamples, blocks): the same for every window of so many days."""
    starts = np.random.default_rng(seed).integers(0, days - block + 1, (resamples, -(-days // block)))
    starts.setflags(write=False)
    return starts


@dataclass(frozen=True, slots=True)
class BiasMonitor:
    """Alarms where the gap is both material (at least the declared one) and real (its interval excludes zero)."""

    declaration: Declaration
    series: str
    groups: Mapping[str, tuple[int, ...]]
    least: float
    block: int
    resamples: int
    confidence: float
    seed: int

    @property
    def threshold(self) -> float:
        """The gap from which on it alarms."""
        return self.least

    def document(self) -> dict[str, Any]:
        """The rule and its settings."""
        return {
            "rule": RULE,
            "series": self.series,
            "window": self.declaration.window,
            "threshold": self.least,
            "groups": {name: list(places) for name, places in self.groups.items()},
            "block": self.block,
            "resamples": self.resamples,
            "confidence": self.confidence,
            "seed": self.seed,
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Compare the groups over the last days.

        Args:
            series: the declared series, shape (days, units), NaN where a label is open; such days are not counted.

        Raises:
            InputError: the series is not given, or has fewer units than the groups name.
        """
        if self.series not in series:
            raise self.declaration.error(f"there is no series {self.series}; there are {', '.join(series) or 'none'}")
        values = np.asarray(series[self.series], dtype=np.float64)
        most = max(max(places) for places in self.groups.values())
        if values.ndim != 2 or values.shape[1] <= most:
            raise self.declaration.error(f"the series {self.series} needs {most + 1} units, one per column")
        last = values[np.isfinite(values).all(axis=1)][-self.declaration.window :]
        name = self.declaration.monitor
        inputs = calibration.digest({self.series: last})
        if len(last) < LEAST_BLOCKS * self.block:
            reason = f"{len(last)} days with closed labels; {LEAST_BLOCKS} blocks of {self.block} are needed"
            return Observation(name, "bias", None, self.least, "inconclusive", last.size, {"reason": reason}, inputs)
        by_group = {group: last[:, list(places)].mean(axis=1) for group, places in self.groups.items()}
        found = gap(by_group, block=self.block, resamples=self.resamples, confidence=self.confidence, seed=self.seed)
        real = found.low > 0 or found.high < 0
        verdict: Verdict = "breached" if real and found.value >= self.least else "quiet"
        detail = {
            "interval": [found.low, found.high],
            "between": list(found.between),
            "means": dict(found.means),
            "days": len(last),
        }
        return Observation(name, "bias", found.value, self.least, verdict, last.size, detail, inputs)


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> BiasMonitor:
    """Set up a declared bias monitor.

    Args:
        declaration: of kind ``bias``, with ``series``, ``units`` (the columns' names in order), ``groups`` {name: [unit, …]},
            ``gap``, ``block``, ``resamples``, ``confidence`` and ``seed``.
        reference: not used; every kind is configured alike.

    Raises:
        InputError: the declaration is malformed.
        Refused: the window holds too few blocks ever to conclude.
    """
    declaration.only(_OPTIONS)
    units = declaration.options.get("units")
    if not isinstance(units, list) or not all(isinstance(each, str) for each in units):
        raise declaration.error("units must list the names of the series' columns, in order", "units")
    groups = declaration.options.get("groups")
    if not isinstance(groups, Mapping) or len(groups) < 2:
        raise declaration.error("groups must name two groups of units at least", "groups")
    places = {str(name): _places(declaration, units, str(name), members) for name, members in groups.items()}
    block = declaration.whole("block", low=1)
    if declaration.window < LEAST_BLOCKS * block:
        raise Refused(
            f"monitor {declaration.monitor} could never conclude: {declaration.window} days hold "
            f"{declaration.window // block} blocks of {block}, and {LEAST_BLOCKS} are needed"
        )
    return BiasMonitor(
        declaration,
        declaration.text("series"),
        places,
        declaration.number("gap", low=0, high=1e6),
        block,
        declaration.whole("resamples", low=200, high=100_000),
        declaration.number("confidence", low=0.5, high=0.9999),
        declaration.whole("seed", low=0, high=2**32 - 1),
    )


def _places(declaration: Declaration, units: Sequence[str], name: str, members: Any) -> tuple[int, ...]:
    if not isinstance(members, list) or not members:
        raise declaration.error(f"group {name} must list its units", "groups")
    for each in members:
        if each not in units:
            raise declaration.error(f"group {name}: there is no unit {each!r}; units are {', '.join(units)}", "groups")
    return tuple(units.index(each) for each in members)
