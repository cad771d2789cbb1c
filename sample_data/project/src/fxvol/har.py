"""The heterogeneous autoregressive model of volatility (Corsi 2009), pooled over currencies, and the book's risk on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fxvol import measures

DIGITS = 10
"""Significant digits that a model's file keeps: below what differs between one machine's linear algebra and another's."""


@dataclass(frozen=True)
class Har:
    """A trained model.

    ``coefficients``: intercept, log rv1, log rv5, log rv22. ``residual_variance`` is that of the log target.
    ``correlation``: of daily returns, shape (currencies, currencies), where it is frozen; ``decay`` where it follows the days
    by exponential weighting instead. ``multiplier``: value-at-risk in units of the book's forecast standard deviation.
    ``scale`` and ``lag`` are how it is served: what a volatility is multiplied by, and how many fixings old its features are;
    anything but 1 and 0 is a fault of whoever serves it.
    """

    currencies: tuple[str, ...]
    coefficients: np.ndarray
    residual_variance: float
    correlation: np.ndarray
    multiplier: float
    decay: float | None = None
    scale: float = 1.0
    lag: int = 0

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The log of the next five days' volatility (+ .005). ``x``: (…, 4) regressors; added in one fixed order."""
        total = x[..., 0] * self.coefficients[0]
        for index in range(1, len(self.coefficients)):
            total = total + x[..., index] * self.coefficients[index]
        return total

    def volatility(self, prediction: np.ndarray) -> np.ndarray:
        """The annual volatility that a prediction stands for: the root of the expected variance, exp(p + s²) − .005.

        The target is about normal in logs, so E[v²] = exp(2p + 2s²): a median would understate the risk.
        """
        return self.scale * np.maximum(
            np.exp(prediction + self.residual_variance) - measures.FLOOR, measures.FLOOR / 10
        )

    def variance(
        self, volatility: np.ndarray, weights: np.ndarray, correlation: np.ndarray | None = None
    ) -> np.ndarray:
        """Next day's variance of portfolios.

        ``volatility``: (currencies,), ``weights``: (portfolios, currencies); ``correlation``: the day's own, for a model whose
        correlation follows the days.
        """
        matrix = self.correlation if correlation is None else correlation
        exposure = weights * volatility
        return ((exposure @ matrix) * exposure).sum(axis=-1) / measures.DAYS_PER_YEAR


def correlations(gains: np.ndarray, decay: float) -> np.ndarray:
    """Exponentially weighted correlation as of every day, (days, currencies, currencies), each from days up to it alone.

    It starts from the mean of the first month, for which it is NaN.
    """
    level = gains[1 : measures.LOOKBACK].T @ gains[1 : measures.LOOKBACK] / measures.MONTH
    found = np.full((len(gains), *level.shape), np.nan)
    for day in range(measures.LOOKBACK, len(gains)):
        level = decay * level + (1 - decay) * np.outer(gains[day], gains[day])
        deviation = np.sqrt(np.diag(level))
        found[day] = level / np.outer(deviation, deviation)
    return found


def load(path: Path) -> Har:
    """Read a model's file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return Har(
        currencies=tuple(document["currencies"]),
        coefficients=np.array(list(document["coefficients"].values())),
        residual_variance=float(document["residual_variance"]),
        correlation=np.array(document["correlation"]["matrix"]),
        multiplier=float(document["value_at_risk"]["multiplier"]),
        decay=document["correlation"].get("decay"),
        **document.get("serving", {}),
    )


def dump(document: dict[str, Any], path: Path) -> None:
    """Write JSON whose bytes depend on its numbers' first DIGITS significant digits only."""
    text = json.dumps(_rounded(document), indent=1, sort_keys=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    if isinstance(value, np.ndarray):
        return _rounded(value.tolist())
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}")
    return value
