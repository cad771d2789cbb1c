"""Scoring in production: one answer per day, from the fixings known on that day and none later.

A parent process talks to it in JSON lines, one request and one answer each:

    {"open": {"panel": "panel.csv", "models": {"v1": "model.json"}, "mandates": "mandates.json"}}
    {"load": {"name": "v2", "model": "model.json"}}
    {"score": "2008-10-01", "models": ["v1", "v2"], "accounts": ["M0001"]}

``score`` without ``models`` means all that are loaded, without ``accounts`` none of them; with accounts come the features as
the feature view has them (``expected_features``), and those that a model was served otherwise. Outcomes arrive late: with a day
come the error of the forecast made five days before, the loss of the one made the day before, and no others. A request that
cannot be served is answered with {"error": "…"}; the process ends with its input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from fxvol import har, measures, panel

_SPAN = measures.LOOKBACK + measures.HORIZON
"""Fixings that a day's answer rests on: those of the forecast whose five days end today."""


class Scorer:
    """Scores days of a panel with any number of models, beside each other."""

    def __init__(self, rates: panel.Panel, mandates: dict[str, Any] | None = None) -> None:
        self._panel = rates
        self._place = {day: index for index, day in enumerate(rates.days)}
        self._models: dict[str, har.Har] = {}
        accounts = [] if mandates is None else mandates["accounts"]
        if mandates is not None and tuple(mandates["currencies"]) != rates.currencies:
            raise ValueError("the mandates' currencies are not the panel's")
        self._accounts = {each["id"]: index for index, each in enumerate(accounts)}
        self._weights = np.array([each["weights"] for each in accounts]).reshape(len(accounts), len(rates.currencies))
        self._book = np.full((1, len(rates.currencies)), 1 / len(rates.currencies))
        self._correlations: dict[float, np.ndarray] = {}
        self._view: tuple[measures.Measures, np.ndarray] | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The mandates' names."""
        return tuple(self._accounts)

    @property
    def days(self) -> tuple[str, ...]:
        """The days with fixings, ascending."""
        return self._panel.days

    def load(self, name: str, model: har.Har) -> None:
        """Serve ``model`` as ``name``.

        Raises:
            ValueError: it was trained on other currencies than the panel's.
        """
        if model.currencies != self._panel.currencies:
            raise ValueError(f"model {name} was trained on {', '.join(model.currencies)}")
        if model.decay is not None and model.decay not in self._correlations:
            self._correlations[model.decay] = har.correlations(measures.returns(self._panel.rates), model.decay)
        self._models[name] = model

    def score(self, day: str, models: Sequence[str] | None = None, accounts: Sequence[str] = ()) -> dict[str, Any]:
        """All that is known on ``day``: features, forecasts, and the outcomes that have come in with it.

        Volatilities are annual, returns and deviations daily, all as fractions. ``log_error`` is log realised minus log
        forecast. A loss is QLIKE, log σ² + x²/σ² (Patton 2011, without the term that no forecast changes).

        Raises:
            KeyError: no such model or account.
            ValueError: the day has no fixing, or too few before it.
        """
        found, last = self._measured(day)
        chosen = self._weights[[self._accounts[each] for each in accounts]] if accounts else None
        names = list(self._models) if models is None else list(models)
        return {
            "day": day,
            "features": _features(found, -1),
            **({} if chosen is None else {"expected_features": _features(self._feature_view()[0], last)}),
            "models": {name: self._model(self._models[name], found, last, chosen) for name in names},
        }

    def _feature_view(self) -> tuple[measures.Measures, np.ndarray]:
        """The measures and regressors of every day, computed as the feature view computes them: over the whole panel."""
        if self._view is None:
            whole = measures.measure(self._panel.rates)
            self._view = whole, whole.regressors()
        return self._view

    def _measured(self, day: str) -> tuple[measures.Measures, int]:
        last = self._place.get(day)
        if last is None:
            raise ValueError(f"{day} has no fixing")
        if last + 1 < _SPAN:
            raise ValueError(f"{day} has {last} fixings before it; {_SPAN - 1} are needed")
        return measures.measure(self._panel.rates[last + 1 - _SPAN : last + 1]), last

    def _model(self, model: har.Har, found: measures.Measures, last: int, weights: np.ndarray | None) -> dict[str, Any]:
        x, end = (found.regressors(), -1) if not model.lag else (self._feature_view()[1], last - model.lag)
        now, before, due = (model.predict(x[row]) for row in (end, end - 1, end - measures.HORIZON))
        volatility, previous = model.volatility(now), model.volatility(before)
        today, yesterday = self._correlation(model, last), self._correlation(model, last - 1)
        gains, days = found.gains[-1], self._panel.days
        expected = previous**2 / measures.DAYS_PER_YEAR
        profit = float((self._book @ gains)[0])
        at_risk = model.multiplier * float(np.sqrt(model.variance(volatility, self._book, today)[0]))
        at_risk_due = model.multiplier * float(np.sqrt(model.variance(previous, self._book, yesterday)[0]))
        answer: dict[str, Any] = {
            "prediction": now.tolist(),
            "volatility": volatility.tolist(),
            "label": {
                "forecast_day": days[last - measures.HORIZON],
                "log_error": (measures.log_volatility(found.rows["rv5"][-1]) - due).tolist(),
            },
            "loss": {"forecast_day": days[last - 1], "qlike": (np.log(expected) + gains**2 / expected).tolist()},
            "book": {
                "value_at_risk": at_risk,
                "forecast_day": days[last - 1],
                "value_at_risk_due": at_risk_due,
                "profit": profit,
                "exception": profit < -at_risk_due,
            },
        }
        if model.lag:
            answer["features"] = _features(self._feature_view()[0], last - model.lag)
        if weights is not None:
            variance = model.variance(previous, weights, yesterday)
            answer["accounts"] = {
                "deviation": np.sqrt(model.variance(volatility, weights, today)).tolist(),
                "forecast_day": days[last - 1],
                "loss": (np.log(variance) + (weights @ gains) ** 2 / variance).tolist(),
            }
        return answer

    def _correlation(self, model: har.Har, day: int) -> np.ndarray:
        """The correlation that a model goes by on a day: frozen, or as of that day."""
        return model.correlation if model.decay is None else self._correlations[model.decay][day]


def _features(found: measures.Measures, row: int) -> dict[str, Any]:
    """The features of one day, by name."""
    return {
        **{name: found.rows[name][row].tolist() for name in measures.ROW_MEASURES},
        **{name: float(found.days[name][row]) for name in measures.DAY_MEASURES},
    }


class Service:
    """Answers requests one by one; holds the Scorer that ``open`` made."""

    def __init__(self) -> None:
        self._scorer: Scorer | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request, as the module says."""
        if "open" in request:
            return self._open(request["open"])
        scorer = self._scorer
        if scorer is None:
            raise ValueError("nothing is open yet; send an open request first")
        if "load" in request:
            scorer.load(request["load"]["name"], har.load(Path(request["load"]["model"])))
            return {"loaded": request["load"]["name"]}
        if "score" in request:
            return scorer.score(request["score"], request.get("models"), request.get("accounts", ()))
        raise ValueError(f"unknown request {sorted(request)}")

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        rates = panel.read(Path(request["panel"]))
        mandates = request.get("mandates")
        scorer = Scorer(rates, None if mandates is None else json.loads(Path(mandates).read_text(encoding="utf-8")))
        for name, path in request["models"].items():
            scorer.load(name, har.load(Path(path)))
        self._scorer = scorer
        return {"days": list(rates.days), "currencies": list(rates.currencies), "accounts": list(scorer.accounts)}


def serve(requests: Iterable[str], answers: TextIO) -> None:
    """Answer JSON lines until the input ends."""
    service = Service()
    for line in requests:
        try:
            answer = service.answer(json.loads(line))
        except (ValueError, KeyError, TypeError, OSError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


def main() -> None:
    """Serve on standard input and output."""
    serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
