"""Comparing two tables, feature by feature: distances, thresholds and p-values side by side, each with its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import statistics
from ledger.errors import InputError

DEFINITIONS = {
    "ks": "sup |F − G|",
    "p_value": "two-sided, for independent rows; Benjamini-Hochberg at 5 % over the features",
    "psi": "Σ (a − e) ln(a/e) over the reference's deciles, shares floored at 1e-4",
    "wasserstein": "∫ |F − G| in standard deviations of the reference",
}
Q = 0.05


def compare(reference: Mapping[str, npt.ArrayLike], current: Mapping[str, npt.ArrayLike]) -> dict[str, dict[str, Any]]:
    """Distances of each feature's two samples.

    Args:
        reference, current: per feature its values, one-dimensional, of any lengths; missing values (NaN) are left out
            and counted.

    Returns:
        Per feature ``ks``, ``p_value``, ``psi``, ``psi_threshold``, ``wasserstein``, ``n``, ``missing`` and ``drifted``:
        rejected by Benjamini-Hochberg, and PSI above its threshold.

    Raises:
        InputError: a feature has no finite value in one of the two.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, values in reference.items():
        before, after = (_finite(each, name) for each in (values, current[name]))
        distance = statistics.ks(before, after)
        edges = statistics.decile_edges(before)
        found[name] = {
            "ks": distance,
            "p_value": statistics.ks_probability(distance, len(before), len(after)),
            "psi": statistics.psi(statistics.shares(before, edges), statistics.shares(after, edges)),
            "psi_threshold": statistics.psi_threshold(len(before), len(after), len(edges) + 1),
            "wasserstein": statistics.wasserstein_scaled(before, after),
            "n": len(after),
            "missing": int(np.asarray(values).size - len(before) + np.asarray(current[name]).size - len(after)),
        }
    rejected = statistics.benjamini_hochberg([each["p_value"] for each in found.values()], Q).rejected
    for each, is_rejected in zip(found.values(), rejected, strict=True):
        each["drifted"] = bool(is_rejected and each["psi"] > each["psi_threshold"])
    return found


def _finite(values: npt.ArrayLike, name: str) -> statistics.Floats:
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    array = array[np.isfinite(array)]
    if not array.size:
        raise InputError(f"{name} has no number in one of the two tables; nothing can be said of its drift")
    return statistics.sample(array)
