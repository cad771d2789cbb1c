"""Evaluation out of time: the model beside a constant volatility and an exponentially weighted one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fxvol import features, har, measures, panel


def evaluate(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Compare forecasts with what came, on days after the training window.

    Inputs: ``model``, ``features``, ``panel``. Outputs: ``report``, JSON. Config: ``window`` {first, last};
    ``baselines`` {ewma_decay}. Days whose five days are not over have an open label: they are counted, not scored.

    Raises:
        ValueError: the window overlaps the model's own, or no label in it is known.
    """
    table = features.read(inputs["features"])
    rates = panel.read(inputs["panel"])
    trained = json.loads(inputs["model"].read_text(encoding="utf-8"))
    model = har.load(inputs["model"])
    first, last = str(config["window"]["first"]), str(config["window"]["last"])
    if first <= trained["window"]["last"]:
        raise ValueError(f"the window begins on {first}, inside the training window up to {trained['window']['last']}")
    where = table.window(first, last)
    known = np.isfinite(table.target[where]).all(axis=1)
    if not known.any():
        raise ValueError(f"no label between {first} and {last} is known yet")
    target = table.target[where][known]
    actual = np.exp(target) - measures.FLOOR
    days = np.searchsorted(np.array(rates.days), np.array(table.days[where])[known])
    gains = measures.returns(rates.rates)
    decay = float(config["baselines"]["ewma_decay"])
    predicted = model.predict(table.x[where][known])
    forecasts = {
        "model": model.volatility(predicted),
        "static": np.broadcast_to(np.array(trained["static_volatility"]), actual.shape),
        "ewma": _ewma(gains, decay)[days],
    }
    scores = {
        name: {"error_points": 100 * float(np.abs(each - actual).mean()), "qlike": _qlike(actual, each)}
        for name, each in forecasts.items()
    }
    bias = float((target - predicted).mean())
    report = {
        "window": {"first": first, "last": last, "days": int(known.sum()), "open_labels": int((~known).sum())},
        "rows": int(known.sum()) * len(rates.currencies),
        "bias": bias,
        "scores": scores,
        "by_currency": {
            code: {"bias": float(own), "error_points": 100 * float(error)}
            for code, own, error in zip(
                rates.currencies,
                (target - predicted).mean(axis=0),
                np.abs(forecasts["model"] - actual).mean(axis=0),
                strict=True,
            )
        },
    }
    har.dump(report, outputs["report"])
    flat = {f"{name}_{key}": value for name, each in scores.items() for key, value in each.items()}
    return {"bias": bias, "days": float(known.sum()), "open_labels": float((~known).sum()), **flat}


def _ewma(gains: np.ndarray, decay: float) -> np.ndarray:
    """Annual volatility by exponential weighting, started at the first month's mean square."""
    level = (gains[1 : measures.LOOKBACK] ** 2).mean(axis=0)
    found = np.full_like(gains, np.nan)
    for day in range(1, len(gains)):
        level = decay * level + (1 - decay) * gains[day] ** 2
        found[day] = level
    return np.sqrt(found * measures.DAYS_PER_YEAR)


def _qlike(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Mean of a/f − log(a/f) − 1 over variances (Patton 2011); a day without any move counts with half a point."""
    ratio = np.maximum(actual, measures.FLOOR) ** 2 / forecast**2
    return float((ratio - np.log(ratio) - 1).mean())
