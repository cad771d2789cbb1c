"""Drills: rows of a copy of the real stream are altered, and the declared monitors look at it. The stream is not touched.

A drill raises nothing by itself: an alert is due only where a monitor that was quiet on the copy before breaks its threshold
after. A monitor that stays silent is told with the distance that was missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.monitor import Monitor
from app.monitoring.observation import Observation
from ledger.errors import InputError

Scenario = Literal["drift", "quality"]
Outcome = Literal["raised", "silent", "breached before", "inconclusive"]
Floats = npt.NDArray[np.float64]
MEANT: dict[Scenario, tuple[str, ...]] = {"drift": ("drift",), "quality": ("quality", "parity")}
"""The kinds of monitors that a scenario is meant for; the others are looked at too."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one monitor made of the altered copy. ``missing``: how far its value stayed below the threshold."""

    monitor: str
    kind: str
    outcome: Outcome
    before: Observation
    after: Observation

    @property
    def missing(self) -> float | None:
        """The threshold less the value, where the monitor stayed silent and had a value."""
        return None if self.outcome != "silent" or self.after.value is None else self.after.threshold - self.after.value

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "monitor": self.monitor,
            "kind": self.kind,
            "outcome": self.outcome,
            "value": self.after.value,
            "value_before": self.before.value,
            "threshold": self.after.threshold,
            "missing": self.missing,
            "inputs": self.after.inputs,
        }


def altered(
    series: Mapping[str, npt.ArrayLike],
    names: list[str],
    scenario: Scenario,
    *,
    strength: float,
    days: int,
    seed: int = 17,
) -> dict[str, Floats]:
    """A copy of some series with the rows of its last days altered.

    Args:
        series: named arrays of shape (days,) or (days, units); not touched.
        names: which of them are altered.
        scenario: ``drift`` moves values up by ``strength`` of the series' own deviations; ``quality`` takes a share
            ``strength`` of the values away.
        days: how many of the last days.
        seed: of what is taken away.

    Raises:
        InputError: there is nothing to alter, or the strength is out of range.
    """
    if not names:
        raise InputError("no declared monitor looks at a series that could be altered")
    if not strength > 0 or (scenario == "quality" and strength > 1):
        raise InputError(f"a drill's strength is positive, and a share for data quality, not {strength!r}")
    copy = {name: np.array(values, dtype=np.float64) for name, values in series.items()}
    random = np.random.default_rng(seed)
    for name in names:
        rows = copy[name][-days:]
        if scenario == "drift":
            known = copy[name][np.isfinite(copy[name])]
            scale = float(known.std()) if known.size else 0.0
            rows += strength * (scale or 1.0)
        else:
            holes = random.random(rows.shape) < strength
            holes.reshape(-1)[0] = True
            rows[holes] = np.nan
    return copy


def run(
    monitors: Mapping[str, Monitor], series: Mapping[str, npt.ArrayLike], copy: Mapping[str, npt.ArrayLike]
) -> list[Result]:
    """Let monitors look at the stream as it is and at its altered copy."""
    found = []
    for name, each in monitors.items():
        before, after = each.observe(series), each.observe(copy)
        found.append(Result(name, each.declaration.kind, _outcome(before, after), before, after))
    return found


def calm_until(
    monitors: Mapping[str, Monitor], series: Mapping[str, npt.ArrayLike], days: int, scenario: Scenario
) -> int:
    """How many of the stream's days end with its newest day on which all monitors that the scenario is meant for are quiet.

    A drill on days that are breached already would prove nothing. Where no day is quiet, all days count.
    """
    meant = [each for each in monitors.values() if each.declaration.kind in MEANT[scenario]]
    least = max((each.declaration.window for each in meant), default=1)
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in series.items()}
    for end in range(days, least - 1, -1):
        cut = {name: values[:end] for name, values in arrays.items()}
        if all(each.observe(cut).verdict == "quiet" for each in meant):
            return end
    return days


def names_of(monitors: Mapping[str, Monitor], series: Mapping[str, npt.ArrayLike], scenario: Scenario) -> list[str]:
    """The series that a scenario alters: those that its monitors look at, else those of all monitors."""
    asked: dict[str, None] = {}
    for each in monitors.values():
        if each.declaration.kind in MEANT[scenario]:
            options = each.declaration.options
            for key in ("features", "series", "pairs"):
                value = options.get(key, ())
                asked |= dict.fromkeys([value] if isinstance(value, str) else list(value))
    return [name for name in asked if name in series]


def digest(copy: Mapping[str, npt.ArrayLike]) -> str:
    """The digest of an altered copy, as monitors' inputs have theirs."""
    return calibration.digest(copy)


def _outcome(before: Observation, after: Observation) -> Outcome:
    if after.breached:
        return "breached before" if before.breached else "raised"
    return "inconclusive" if after.verdict == "inconclusive" else "silent"
