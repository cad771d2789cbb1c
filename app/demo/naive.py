"""What the usual rules would have cried in the months in which the declared monitor was silent; computed, recorded and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.demo import beats, cast
from app.demo.stage import Stage
from app.monitoring import statistics
from ledger.events.checks import CheckExecuted
from ledger.projections import alerts, checks

if TYPE_CHECKING:
    from app.actions.watching import Watch

CHECK = "usual-drift-rules"
_PSI = 0.25
_LEAST_DAYS = 15
"""A month with fewer days, such as the one of going live, is not compared."""


def told(stage: Stage, watch: Watch, monitor: str) -> None:
    """At the drift monitor's first alarm: how often others would have cried in the whole months before it. Done once."""
    first = next((each for each in alerts.listed(stage.view) if each.monitor == monitor and not each.injected), None)
    if first is None or any(each.check == CHECK for each in checks.executed(stage.view)):
        return
    months = _calm(watch, (first.day or "")[:7])
    if not months:
        return
    reference = {name: np.sort(values.reshape(-1)) for name, values in watch.reference.arrays().items()}
    names = [name for name in watch.monitors[monitor].declaration.options["features"] if name in reference]
    series = watch.series.arrays()
    psi = ks = 0
    for where in months.values():
        windows = {name: np.sort(series[name][where].reshape(-1)) for name in names}
        ks += _any_ks(reference, windows)
        psi += _half_psi(reference, windows)
    value = {"months": len(months), "declared": 0, "ks_benjamini_hochberg": ks, "psi": psi}
    fact = CheckExecuted(
        check=CHECK,
        kind="comparison",
        passed=True,
        value=value,
        threshold={"psi": _PSI, "false_discoveries": 0.05},
        inputs={"months": sorted(months), "features": names},
    )
    stage.record(cast.MONITOR, fact, subject=beats.version(stage, first.subject).ref, cause=first.seq)
    stage.say(
        f"until then {monitor} was silent in {len(months)} whole months; KS tests with Benjamini-Hochberg would have "
        f"alarmed in {ks} of them, PSI above {_PSI:g} on half of the features in {psi}"
    )


def _calm(watch: Watch, until: str) -> dict[str, slice]:
    """Where the days of each whole month stand that was watched before the month ``until``."""
    days = watch.series.days
    first = next((place for place, day in enumerate(days) if day >= watch.live_since), len(days))
    found: dict[str, slice] = {}
    for month in sorted({day[:7] for day in days[first:] if day[:7] < until}):
        places = [place for place, day in enumerate(days) if place >= first and day.startswith(month)]
        if len(places) >= _LEAST_DAYS:
            found[month] = slice(places[0], places[-1] + 1)
    return found


def _any_ks(reference: dict[str, npt.NDArray[np.float64]], windows: dict[str, npt.NDArray[np.float64]]) -> bool:
    """Whether any feature's test rejects, rows taken for independent and the false discoveries controlled."""
    found = [
        statistics.ks_probability(statistics.ks(reference[name], own), len(reference[name]), len(own))
        for name, own in windows.items()
    ]
    return any(statistics.benjamini_hochberg(found).rejected)


def _half_psi(reference: dict[str, npt.NDArray[np.float64]], windows: dict[str, npt.NDArray[np.float64]]) -> bool:
    """Whether half of the features lie above the usual limit, over the reference's deciles."""
    above = 0
    for name, own in windows.items():
        edges = statistics.decile_edges(reference[name])
        found = statistics.psi(statistics.shares(reference[name], edges), statistics.shares(own, edges))
        above += found > _PSI
    return 2 * above >= len(windows)
