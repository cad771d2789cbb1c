"""Training: pooled least squares, the window's correlation, and the quantile that turns a forecast into value-at-risk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fxvol import features, har, measures, panel

_AS_TRAINED = {"scale": 1, "lag": 0}


def train(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Fit a model on a window of days.

    Inputs: ``features``, ``panel``. Outputs: ``model``, JSON. Config: ``window`` {first, last}; ``embargo``, days left out
    before the window's end, so that no target reaches beyond it; ``correlation`` {method: window}, frozen, or
    {method: ewma, decay}, which follows the days (a decay beside ``window`` is not used); ``value_at_risk`` {level};
    ``serving`` {scale, lag}, told to whoever serves it, and kept where it is not {1, 0}. Nothing is random: the seed is taken
    and not used.

    Raises:
        ValueError: the window lacks features, targets, or a currency that moves.
    """
    table = features.read(inputs["features"])
    rates = panel.read(inputs["panel"]).until(str(config["window"]["last"]))
    where = table.window(str(config["window"]["first"]), str(config["window"]["last"]))
    fitted = slice(where.start, where.stop - int(config["embargo"]))
    if fitted.stop - fitted.start < 2 * measures.MONTH:
        raise ValueError(f"the window {config['window']} holds {fitted.stop - fitted.start} days of features: too few")
    x, target = table.x[fitted].reshape(-1, 4), table.target[fitted].reshape(-1)
    if not (np.isfinite(x).all() and np.isfinite(target).all()):
        raise ValueError(f"the window {config['window']} holds an open or undefined target")
    coefficients, *_ = np.linalg.lstsq(x, target, rcond=None)
    residuals = target - x @ coefficients
    gains = measures.returns(rates.rates)
    days = slice(rates.days.index(table.days[where.start]), rates.days.index(table.days[where.stop - 1]) + 1)
    _require_movement(gains[days], rates.currencies)
    daily = _correlations(gains, days, config["correlation"])
    asked = config["correlation"]
    rule = {key: asked[key] for key in (("method",) if asked["method"] == "window" else ("method", "decay"))}
    decay = rule.get("decay")
    model = har.Har(rates.currencies, coefficients, float(residuals.var()), daily[-1], 1.0, decay)
    multiplier = _multiplier(model, table.x[where], gains[days], daily, float(config["value_at_risk"]["level"]))
    explained = 1 - float(residuals.var() / target.var())
    serving = {**_AS_TRAINED, **config.get("serving", {})}
    har.dump(
        {
            "kind": "pooled HAR of log realised volatility, five days ahead",
            "currencies": list(rates.currencies),
            "coefficients": dict(zip(("intercept", *features.REGRESSORS), coefficients.tolist(), strict=True)),
            "residual_variance": model.residual_variance,
            "r_squared": explained,
            "rows": len(target),
            "window": {
                "first": table.days[where.start],
                "last": table.days[where.stop - 1],
                "days": where.stop - where.start,
                "embargo": int(config["embargo"]),
            },
            "static_volatility": gains[days].std(axis=0) * np.sqrt(measures.DAYS_PER_YEAR),
            "correlation": {**rule, "matrix": model.correlation},
            "value_at_risk": {**config["value_at_risk"], "multiplier": multiplier},
            **({} if serving == _AS_TRAINED else {"serving": serving}),
        },
        outputs["model"],
    )
    error = np.abs(model.volatility(x @ coefficients) - (np.exp(target) - measures.FLOOR)).mean()
    names = ("coefficient_intercept", *(f"coefficient_{name}" for name in features.REGRESSORS))
    return {
        "rows": float(len(target)),
        "window_rows": float((where.stop - where.start) * len(rates.currencies)),
        "r_squared": explained,
        "error_points": 100 * float(error),
        "multiplier": multiplier,
        **dict(zip(names, coefficients.tolist(), strict=True)),
    }


def _require_movement(gains: np.ndarray, currencies: tuple[str, ...]) -> None:
    """A currency that hardly moves is pegged: its volatility is a policy, not something to forecast."""
    for code, own in zip(currencies, gains.T, strict=True):
        still, spread = float((own == 0).mean()), float(own.std())
        if still > 0.5 or spread < 0.0005:
            raise ValueError(
                f"{code} hardly moves ({still:.0%} of its returns are zero, deviation {spread:.3%} a day): a peg, and none "
                "of this model's currencies"
            )


def _correlations(gains: np.ndarray, days: slice, config: dict[str, Any]) -> np.ndarray:
    """The correlation as of each day of the window: the window's own throughout, or one that follows the days."""
    if config["method"] == "window":
        whole = np.corrcoef(gains[days].T)
        return np.broadcast_to(whole, (days.stop - days.start, *whole.shape))
    if config["method"] != "ewma":
        raise ValueError(f"correlation method {config['method']!r} is neither window nor ewma")
    return har.correlations(gains[: days.stop], float(config["decay"]))[days]


def _multiplier(model: har.Har, x: np.ndarray, gains: np.ndarray, correlations: np.ndarray, level: float) -> float:
    """The level's quantile of the equally weighted book's loss, in forecast standard deviations, within the window."""
    weights = np.full(len(model.currencies), 1 / len(model.currencies))
    forecast = model.volatility(model.predict(x))
    days = zip(forecast[:-1], correlations[:-1], strict=True)
    deviation = np.sqrt([float(model.variance(volatility, weights, matrix)) for volatility, matrix in days])
    return -float(np.quantile((gains[1:] @ weights) / deviation, 1 - level))
