"""The gates of a canary. Each looks at one thing and says pass, stop, or unknown; unknown never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.rollout import kayenta
from app.rollout.exceptions import ExceptionProcess

RATIO, QUALITY, PARITY = "prediction ratio", "data quality", "feature parity"
LATENCY, COST = "latency", "cost"
WORSE, BETTER, JUDGE = "evidence towards rollback", "evidence towards promotion", "Kayenta's judge"
EXCEPTIONS = "value-at-risk exceptions"
GUARDS = (RATIO, QUALITY, PARITY, LATENCY, COST, EXCEPTIONS)
"""The gates that must be open for anything to be widened or promoted, in the order in which they are looked at."""
LEAST_ANSWERS = 50
"""Fewer answers of a day are too few to compare their latency or cost."""

State = Literal["pass", "stop", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """One gate's finding: what it measured, against what, and why."""

    name: str
    state: State
    value: float | None
    threshold: float
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the gate is open; unknown is not."""
        return self.state == "pass"

    def document(self) -> dict[str, Any]:
        """As JSON-able data; ``value`` is absent where it is unknown."""
        found: dict[str, Any] = {"name": self.name, "passed": self.passed, "threshold": self.threshold}
        if self.value is not None:
            found["value"] = self.value
        return found | {"state": self.state} | dict(self.detail)


def prediction_ratio(champion: Sequence[float] | None, candidate: Sequence[float] | None, limit: float) -> Check:
    """The median |log(candidate / champion)| of the accounts' forecasts; needs no outcomes, and finds a wrong unit at once.

    Args:
        champion, candidate: a positive forecast per account, the same accounts in the same order; ``None`` where there is none.
        limit: above it, the gate stops.
    """
    name = RATIO
    pair = _pair(champion, candidate)
    if isinstance(pair, str):
        return Check(name, "unknown", None, limit, {"reason": pair})
    base, other = pair
    if (base <= 0).any() or (other <= 0).any():
        return Check(name, "unknown", None, limit, {"reason": "a forecast is not positive"})
    value = float(np.median(np.abs(np.log(other / base))))
    return Check(name, "stop" if value > limit else "pass", value, limit, {"accounts": len(base)})


def parity(
    expected: Mapping[str, npt.ArrayLike] | None,
    served: Mapping[str, npt.ArrayLike] | None,
    limit: float,
    tolerance: float = 1e-9,
) -> Check:
    """The share of served feature values that differ from what the feature view gives.

    Args:
        expected, served: per feature its values, the same units in the same order; ``None`` where not measured.
        limit: a share above it stops.
        tolerance: relative, and absolute for values near zero.
    """
    name = PARITY
    if not expected or served is None:
        return Check(name, "unknown", None, limit, {"reason": "parity was not measured"})
    missing = sorted(set(expected) - set(served))
    if missing:
        return Check(name, "stop", 1.0, limit, {"reason": f"features are not served: {', '.join(missing)}"})
    wrong: dict[str, float] = {}
    for each, values in expected.items():
        left, right = _floats(values), _floats(served[each])
        if left.shape != right.shape or not left.size:
            return Check(
                name, "stop", 1.0, limit, {"reason": f"{each} is served for {right.size} units, not {left.size}"}
            )
        same = np.isclose(right, left, rtol=tolerance, atol=tolerance, equal_nan=False)
        wrong[each] = float(1 - same.mean())
    value = float(np.mean(list(wrong.values())))
    detail = {"mismatch": {each: share for each, share in wrong.items() if share}}
    return Check(name, "stop" if value > limit else "pass", value, limit, detail if detail["mismatch"] else {})


def quality(served: Mapping[str, npt.ArrayLike] | None, limit: float | None) -> Check | None:
    """The share of a day's feature values that are missing or not finite; ``None`` where no limit asks for it.

    Args:
        served: per feature its values, NaN or ``None`` where missing; ``None`` where nothing is known of them.
        limit: a share above it stops.
    """
    if limit is None:
        return None
    if not served:
        return Check(QUALITY, "unknown", None, limit, {"reason": "no features were seen"})
    bad: dict[str, float] = {}
    for name, values in served.items():
        numbers = _floats(values)
        bad[name] = float(1 - np.isfinite(numbers).mean()) if numbers.size else 1.0
    value = max(bad.values())
    detail = {"missing": {name: share for name, share in bad.items() if share}}
    return Check(QUALITY, "stop" if value > limit else "pass", value, limit, detail if detail["missing"] else {})


def operation(name: str, champion: Sequence[float] | None, candidate: Sequence[float] | None, limit: float) -> Check:
    """What the candidate's answers take or cost against the champion's: the ratio of their 95 % points.

    It stops where the ratio is above the limit and Kayenta's rank-sum rule calls the candidate's answers High by as much: one
    slow answer is none of its doing.

    Args:
        name: latency or cost.
        champion, candidate: one number for each answer of the day, positive; the two need not be as many.
        limit: the largest ratio.
    """
    if champion is None or candidate is None:
        which = "champion" if champion is None else "candidate"
        return Check(name, "unknown", None, limit, {"reason": f"no {name} of the {which} was measured"})
    base, other = (_floats(each).reshape(-1) for each in (champion, candidate))
    if not (np.isfinite(base).all() and np.isfinite(other).all()):
        return Check(name, "unknown", None, limit, {"reason": f"a {name} is no finite number"})
    if min(len(base), len(other)) < LEAST_ANSWERS:
        few = f"{len(base)} and {len(other)} answers; {LEAST_ANSWERS} of each are needed"
        return Check(name, "unknown", None, limit, {"reason": few})
    low, high = float(np.quantile(base, 0.95)), float(np.quantile(other, 0.95))
    if low <= 0:
        return Check(name, "unknown", None, limit, {"reason": f"the champion's {name} is not positive"})
    value = high / low
    rule = kayenta.Setting(direction="increase", allowed=(1.0, limit))
    found = kayenta.classify(base, other, rule) if value > limit else None
    detail: dict[str, Any] = {"p95": [low, high], "answers": [len(base), len(other)]}
    if found is not None:
        detail["classification"] = found.label
    return Check(name, "stop" if found is not None and found.label == "High" else "pass", value, limit, detail)


def judged(points: Sequence[tuple[float, float]], *, due: bool) -> Check:
    """What Kayenta's judge says of the days' mean losses, champion's and candidate's, once it is due.

    A loss may be negative, so that the effect is the share of pairs of days on which the candidate lost more.
    """
    threshold = 0.5
    if not due:
        return Check(JUDGE, "unknown", None, threshold, {"reason": "it judges once, on the last day"})
    if len(points) < kayenta.LEAST_POINTS:
        few = f"{len(points)} days with losses; {kayenta.LEAST_POINTS} are needed"
        return Check(JUDGE, "unknown", None, threshold, {"reason": few})
    base, other = zip(*points, strict=True)
    found = kayenta.classify(base, other, kayenta.Setting(direction="increase", measure="cles", must_have_data=True))
    states: dict[str, State] = {"Pass": "pass", "High": "stop"}
    return Check(JUDGE, states.get(found.label, "unknown"), found.deviation, threshold, found.document())


def exceptions(process: ExceptionProcess, exceeded: bool | None, threshold: float) -> Check:
    """Whether the candidate's value-at-risk is exceeded more often than it promises, by the evidence of all its days."""
    detail = {"exceptions": process.exceptions, "days": process.days}
    if process.value >= threshold:
        return Check(EXCEPTIONS, "stop", process.value, threshold, detail)
    if exceeded is None:
        why = {"reason": "whether the value-at-risk was exceeded is not known"}
        return Check(EXCEPTIONS, "unknown", process.value, threshold, detail | why)
    return Check(EXCEPTIONS, "pass", process.value, threshold, detail)


def mean_difference(champion: Sequence[float] | None, candidate: Sequence[float] | None) -> tuple[float | None, str]:
    """Champion's mean loss less the candidate's over the accounts, or ``None`` and the reason why there is none."""
    pair = _pair(champion, candidate)
    if isinstance(pair, str):
        return None, pair
    return float((pair[0] - pair[1]).mean()), ""


def _pair(
    champion: Sequence[float] | None, candidate: Sequence[float] | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | str:
    if champion is None or candidate is None:
        return f"nothing from the {'champion' if champion is None else 'candidate'}"
    base, other = _floats(champion), _floats(candidate)
    if not base.size or base.shape != other.shape:
        return f"{base.size} accounts from the champion, {other.size} from the candidate"
    if not (np.isfinite(base).all() and np.isfinite(other).all()):
        bad = int((~(np.isfinite(base) & np.isfinite(other))).sum())
        return f"{bad} accounts without a finite value"
    return base, other


def _floats(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Values as numbers; where one is no number at all, the whole of them count as missing."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full(np.shape(np.asarray(values, dtype=object)), np.nan)
