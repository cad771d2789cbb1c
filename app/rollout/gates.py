"""The gates of a canary. Each looks at one thing and says pass, stop, or unknown; unknown never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

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
    name = "prediction ratio"
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
    name = "feature parity"
    if not expected or served is None:
        return Check(name, "unknown", None, limit, {"reason": "parity was not measured"})
    missing = sorted(set(expected) - set(served))
    if missing:
        return Check(name, "stop", 1.0, limit, {"reason": f"features are not served: {', '.join(missing)}"})
    wrong: dict[str, float] = {}
    for each, values in expected.items():
        left, right = np.asarray(values, dtype=np.float64), np.asarray(served[each], dtype=np.float64)
        if left.shape != right.shape or not left.size:
            return Check(
                name, "stop", 1.0, limit, {"reason": f"{each} is served for {right.size} units, not {left.size}"}
            )
        same = np.isclose(right, left, rtol=tolerance, atol=tolerance, equal_nan=False)
        wrong[each] = float(1 - same.mean())
    value = float(np.mean(list(wrong.values())))
    detail = {"mismatch": {each: share for each, share in wrong.items() if share}}
    return Check(name, "stop" if value > limit else "pass", value, limit, detail if detail["mismatch"] else {})


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
    base, other = np.asarray(champion, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    if not base.size or base.shape != other.shape:
        return f"{base.size} accounts from the champion, {other.size} from the candidate"
    if not (np.isfinite(base).all() and np.isfinite(other).all()):
        bad = int((~(np.isfinite(base) & np.isfinite(other))).sum())
        return f"{bad} accounts without a finite value"
    return base, other
