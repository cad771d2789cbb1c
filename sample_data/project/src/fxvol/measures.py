"""What is measured on a panel. Every value of a day uses that day's fixing and earlier ones only.

Sums over a window are added in one fixed order, day by day: a slice of the panel gives the same bits as the whole of it,
so that what is served equals what was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAYS_PER_YEAR = 252
FLOOR = 0.005
"""Added to a volatility before its logarithm is taken: half a volatility point, so that a day without a move counts."""
HORIZON = 5
MONTH = 22
LOOKBACK = MONTH + 1
"""Fixings that the measures of one day need."""

ROW_MEASURES = ("rv1", "rv5", "rv22", "return5", "return22", "range22")
DAY_MEASURES = ("market_volatility", "dispersion")


def returns(rates: np.ndarray) -> np.ndarray:
    """The gain in EUR of holding one unit over a day, −Δlog(rate); shape as ``rates``, the first row NaN."""
    gains = np.full_like(rates, np.nan)
    gains[1:] = -np.diff(np.log(rates), axis=0)
    return gains


def realised(gains: np.ndarray, window: int) -> np.ndarray:
    """Annualised realised volatility over the last ``window`` days; NaN until there are as many returns."""
    squares = gains**2
    total = squares.copy()
    for lag in range(1, window):
        total[lag:] += squares[:-lag]
    total[: window - 1] = np.nan
    return np.sqrt(total / window * DAYS_PER_YEAR)


def log_volatility(volatility: np.ndarray) -> np.ndarray:
    """log(volatility + .005): the scale on which forecasts are made."""
    return np.log(volatility + FLOOR)


def _past_gain(rates: np.ndarray, window: int) -> np.ndarray:
    gains = np.full_like(rates, np.nan)
    gains[window:] = -(np.log(rates[window:]) - np.log(rates[:-window]))
    return gains


def _log_range(rates: np.ndarray, window: int) -> np.ndarray:
    logs = np.log(rates)
    high, low = logs.copy(), logs.copy()
    for lag in range(1, window):
        high[lag:] = np.maximum(high[lag:], logs[:-lag])
        low[lag:] = np.minimum(low[lag:], logs[:-lag])
    width = high - low
    width[: window - 1] = np.nan
    return width


@dataclass(frozen=True)
class Measures:
    """Measures of every day of a panel.

    ``rows`` holds arrays of shape (days, currencies), one per name of ROW_MEASURES; ``days`` arrays of shape (days,), one
    per name of DAY_MEASURES. ``gains`` are the daily returns.
    """

    gains: np.ndarray
    rows: dict[str, np.ndarray]
    days: dict[str, np.ndarray]

    def regressors(self) -> np.ndarray:
        """1, log rv1, log rv5, log rv22: shape (days, currencies, 4)."""
        logs = [log_volatility(self.rows[name]) for name in ("rv1", "rv5", "rv22")]
        return np.stack([np.ones_like(logs[0]), *logs], axis=-1)


def measure(rates: np.ndarray) -> Measures:
    """All measures of a panel, or of the slice of it that ends with the day of interest (LOOKBACK rows at least)."""
    gains = returns(rates)
    rv = {window: realised(gains, window) for window in (1, 5, MONTH)}
    rows = {
        "rv1": rv[1],
        "rv5": rv[5],
        "rv22": rv[MONTH],
        "return5": _past_gain(rates, 5),
        "return22": _past_gain(rates, MONTH),
        "range22": _log_range(rates, MONTH),
    }
    days = {"market_volatility": rv[MONTH].mean(axis=1), "dispersion": gains.std(axis=1)}
    return Measures(gains, rows, days)


def future_volatility(rates: np.ndarray) -> np.ndarray:
    """Realised volatility of the *next* five days: the target. NaN for the last five rows, whose label is still open."""
    ahead = np.full_like(rates, np.nan)
    ahead[:-HORIZON] = realised(returns(rates), HORIZON)[HORIZON:]
    return ahead
