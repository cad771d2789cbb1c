"""The judge that teams know from Spinnaker: Kayenta's, by its published rules (``NetflixACAJudge``), as an alternative gate.

Each metric's canary is held against its baseline. It is High or Low where the whole rank-sum interval of their shift lies
beyond a quarter of the shift's own estimate *and* the effect is as large as allowed. Groups of metrics score the share that
passes; the score is their weighted mean; a failed critical metric, or half of the metrics without data, makes it zero.

It takes rows for independent and has no protection from being looked at repeatedly: with daily looks its errors add up, which
the paired e-process does not do. So it decides once, at the end of its time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.rollout import ranks
from ledger.errors import InputError

RULE = "kayenta/netflix-aca/1"
TOLERANCE, CONFIDENCE = 0.25, 0.98
"""Hard-coded in Kayenta's judge."""
NO_DATA_LIMIT = 50.0
LEAST_POINTS = 50
"""Spinnaker's advice for the number of points in each sample."""

Label = Literal["Pass", "High", "Low", "Nodata", "NodataFailMetric", "Error"]
Floats = npt.NDArray[np.float64]
_DIRECTIONS = {"increase": (True, False), "decrease": (False, True), "either": (True, True)}
_MEASURES = {"meanRatio": 1.0, "cles": 0.5}


@dataclass(frozen=True, slots=True)
class Setting:
    """How one metric is judged; the defaults are Kayenta's.

    ``direction``: increase, decrease or either, the one that is bad. ``measure``: meanRatio or cles. ``allowed`` and
    ``critical_at``: the effects (of a decrease, of an increase) from which on it counts, and is critical. ``outliers``: the
    factor of the fences beyond which points are removed, ``None`` to keep all.
    """

    direction: str = "either"
    nan_strategy: str = "remove"
    critical: bool = False
    must_have_data: bool = False
    measure: str = "meanRatio"
    allowed: tuple[float, float] | None = None
    critical_at: tuple[float, float] | None = None
    tolerance: float = TOLERANCE
    confidence: float = CONFIDENCE
    outliers: float | None = None

    def __post_init__(self) -> None:
        if self.direction.lower() not in _DIRECTIONS:
            raise InputError(f"a metric's direction is increase, decrease or either, not {self.direction!r}")
        if self.nan_strategy.lower() not in ("remove", "replace", "none"):
            raise InputError(f"a metric's nanStrategy is remove or replace, not {self.nan_strategy!r}")
        if self.measure not in _MEASURES:
            raise InputError(f"an effect is measured by {' or '.join(_MEASURES)}, not by {self.measure!r}")
        if not (0 < self.confidence < 1 and self.tolerance >= 0):
            raise InputError("a metric needs a confidence between 0 and 1 and a tolerance that is not negative")

    def limits(self, given: tuple[float, float] | None) -> tuple[float, float]:
        """Thresholds of an effect, or the measure's own where none are given."""
        return given or (_MEASURES[self.measure],) * 2


@dataclass(frozen=True, slots=True)
class Classification:
    """What came of one metric. ``deviation`` is the effect; NaN where a mean is zero, which counts as beyond any threshold."""

    label: Label
    reason: str
    deviation: float
    critical: bool
    interval: tuple[float, float] | None = None
    estimate: float | None = None

    def document(self) -> dict[str, Any]:
        """As JSON-able data; a deviation that is no number is null."""
        return {
            "classification": self.label,
            "reason": self.reason,
            "deviation": self.deviation if math.isfinite(self.deviation) else None,
            "critical": self.critical,
            "interval": None if self.interval is None else list(self.interval),
            "estimate": self.estimate,
        }


def classify(control: npt.ArrayLike, experiment: npt.ArrayLike, setting: Setting | None = None) -> Classification:
    """Hold an experiment's points against a control's.

    Args:
        control, experiment: the points, in any order; NaN is missing, and removed or taken for zero as the setting says.
        setting: how; Kayenta's defaults where ``None``.
    """
    how = setting or Setting()
    base, other = (_cleaned(each, how) for each in (control, experiment))
    if not len(base) or not len(other):
        return _without_data(how)
    if len(base) == len(other) and (np.sort(base) == np.sort(other)).all():
        return Classification("Pass", "the canary's data are identical to the baseline's", 1.0, False)
    if len(np.unique(np.concatenate([base, other]))) == 1:
        return Classification("Pass", "", 1.0, False)
    effect = _effect(base, other, how.measure)
    try:
        low, high, estimate = _interval(base, other, how.confidence)
    except ValueError as error:
        return Classification("Error", f"the metric could not be classified: {error}", effect, how.critical)
    return _judged(how, effect, low, high, estimate)


def mean_inequality(
    control: npt.ArrayLike, experiment: npt.ArrayLike, setting: Setting | None = None
) -> Classification:
    """Kayenta's simplest classifier: whose mean is larger; meant for comparison alone."""
    how = setting or Setting()
    base, other = (_cleaned(each, how) for each in (control, experiment))
    if not len(base) or not len(other):
        return _without_data(how)
    mine, theirs = float(other.mean()), float(base.mean())
    ratio = mine / theirs if theirs else math.nan
    upward, downward = _DIRECTIONS[how.direction.lower()]
    if upward and mine > theirs:
        return Classification("High", "the canary's mean is greater than the baseline's", ratio, how.critical)
    if downward and mine < theirs:
        return Classification("Low", "the canary's mean is less than the baseline's", ratio, how.critical)
    return Classification("Pass", "", 1.0, False)


def _without_data(how: Setting) -> Classification:
    if how.nan_strategy.lower() == "replace":
        return Classification("Pass", "", 1.0, False)
    label: Label = "NodataFailMetric" if how.must_have_data and not how.critical else "Nodata"
    return Classification(label, "missing data", 1.0, label == "Nodata" and how.critical)


def _interval(base: Floats, other: Floats, confidence: float) -> tuple[float, float, float]:
    """The shift's interval and estimate; of two constants it is their difference, which Kayenta finds by adding noise."""
    if len(np.unique(base)) == len(np.unique(other)) == 1:
        gap = float(other[0] - base[0])
        return gap, gap, gap
    return ranks.shift(other, base, confidence)


def _judged(how: Setting, effect: float, low: float, high: float, estimate: float) -> Classification:
    upward, downward = _DIRECTIONS[how.direction.lower()]
    bound = how.tolerance * abs(estimate)
    least, most = how.limits(how.allowed)
    label: Label = "Pass"
    if upward and low > bound and not effect < most:
        label = "High"
    elif downward and high < -bound and not effect > least:
        label = "Low"
    lower, upper = how.limits(how.critical_at)
    beyond = (label == "High" and not effect < upper) or (label == "Low" and not effect > lower)
    critical = how.critical and beyond
    reason = "" if label == "Pass" else f"the metric was classified as {label}{' (critical)' if critical else ''}"
    return Classification(label, reason, effect, critical, (low, high), estimate)


def _effect(base: Floats, other: Floats, measure: str) -> float:
    if measure == "cles":
        return ranks.common_language(other, base)
    theirs, mine = float(base.mean()), float(other.mean())
    return mine / theirs if theirs and mine else math.nan


def _cleaned(values: npt.ArrayLike, how: Setting) -> Floats:
    """Points without missing values and, where asked for, without outliers.

    Raises:
        InputError: a value is infinite; Kayenta has no rule for those.
    """
    given = np.asarray(values, dtype=np.float64).reshape(-1)
    missing = np.isnan(given)
    points: Floats = np.where(missing, 0.0, given) if how.nan_strategy.lower() == "replace" else given[~missing]
    if np.isinf(points).any():
        raise InputError("a metric holds an infinite value; it is no measurement")
    if how.outliers is None or not len(points):
        return points
    first, lower, upper, last = np.percentile(points, [1, 25, 75, 99])
    reach = how.outliers * (upper - lower)
    kept: Floats = points[(points >= min(first, lower - reach)) & (points <= max(last, upper + reach))]
    return kept


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a judgement: its points, the groups that it counts in, and whether it is only shown (``muted``)."""

    name: str
    control: Sequence[float]
    experiment: Sequence[float]
    groups: tuple[str, ...] = ("all",)
    setting: Setting = field(default_factory=Setting)
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The score from 0 to 100, what it means, each group's score (``None`` without data), each metric's classification."""

    score: float
    verdict: Literal["Pass", "Marginal", "Fail"]
    reason: str
    groups: Mapping[str, float | None]
    metrics: Mapping[str, Classification]

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "rule": RULE,
            "score": self.score,
            "verdict": self.verdict,
            "reason": self.reason,
            "groups": dict(self.groups),
            "metrics": {name: each.document() for name, each in self.metrics.items()},
        }


def judge(
    metrics: Sequence[Metric],
    *,
    weights: Mapping[str, float] | None = None,
    pass_at: float = 95.0,
    marginal_at: float = 75.0,
) -> Judgement:
    """Judge a canary by its metrics.

    Args:
        metrics: what was measured, each name once.
        weights: of groups, in per cent; groups without share what is left.
        pass_at, marginal_at: the scores from which on it passes, or is marginal.

    Raises:
        InputError: there are no metrics, two share a name, or the weights exceed 100.
    """
    names = [each.name for each in metrics]
    if not names or len(set(names)) < len(names):
        raise InputError("a judgement needs metrics, each with a name of its own")
    if sum((weights or {}).values()) > 100 or any(not each >= 0 for each in (weights or {}).values()):
        raise InputError("the weights of groups are not negative, and come to 100 at most")
    found = {each.name: classify(each.control, each.experiment, each.setting) for each in metrics}
    counted = [each for each in metrics if not each.muted]
    groups = {
        name: group_score([found[each.name].label for each in counted if name in each.groups])
        for name in dict.fromkeys(name for each in counted for name in each.groups)
    }
    score, reason = summary([found[each.name] for each in counted], groups, weights or {})
    verdict: Literal["Pass", "Marginal", "Fail"] = (
        "Pass" if score >= pass_at else "Marginal" if score >= marginal_at else "Fail"
    )
    return Judgement(score, verdict, reason, groups, found)


def group_score(labels: Sequence[str]) -> float | None:
    """The share of a group's metrics that pass, in per cent; ``None`` where none of them has data."""
    counted = [each for each in labels if each in ("Pass", "High", "Low", "NodataFailMetric")]
    return 100.0 * counted.count("Pass") / len(counted) if counted else None


def summary(
    found: Sequence[Classification], groups: Mapping[str, float | None], weights: Mapping[str, float]
) -> tuple[float, str]:
    """The score of all groups, and why it is zero where a rule made it so. A group without data neither helps nor hurts."""
    critical = next((each for each in found if each.critical), None)
    if critical is not None:
        return 0.0, f"a critical metric failed: {critical.reason}"
    without = sum(each.label == "Nodata" for each in found)
    if not found or 100 * without / len(found) >= NO_DATA_LIMIT:
        return 0.0, f"{NO_DATA_LIMIT:g} % or more of the metrics have no data"
    free = [name for name in groups if name not in weights]
    left = (100 - sum(weights.values())) / len(free) if free else 0.0
    total = sum((100.0 if score is None else score) * weights.get(name, left) / 100 for name, score in groups.items())
    return round(total, 2), ""
