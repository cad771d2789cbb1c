"""From the panel to one row per day and currency: the model's features, what is monitored, and the target."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fxvol import measures, panel

REGRESSORS = ("log_rv1", "log_rv5", "log_rv22")
COLUMNS = ("date", "currency", *REGRESSORS, *measures.ROW_MEASURES, *measures.DAY_MEASURES, "target")


def features(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Write the features of every day from ``since`` on.

    Inputs: ``panel``. Outputs: ``features``, a CSV with the columns COLUMNS; ``target`` (log realised volatility of the
    next five days, + .005) is empty while its five days are not over. Config: ``since``.
    """
    rates = panel.read(inputs["panel"])
    found = measures.measure(rates.rates)
    logs = found.regressors()[..., 1:]
    target = measures.log_volatility(measures.future_volatility(rates.rates))
    start = max(rates.window(str(config["since"]), rates.days[-1]).start, measures.LOOKBACK - 1)
    shape = rates.rates.shape
    columns = [*np.moveaxis(logs, -1, 0), *(found.rows[name] for name in measures.ROW_MEASURES)]
    columns += [np.broadcast_to(found.days[name][:, None], shape) for name in measures.DAY_MEASURES]
    table = np.stack([*columns, target], axis=-1)
    form = ",".join(["%.10g"] * (table.shape[-1] - 1))
    with outputs["features"].open("w", newline="", encoding="utf-8") as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for day, block in zip(rates.days[start:], table[start:].tolist(), strict=True):
            for code, row in zip(rates.currencies, block, strict=True):
                *known, label = row
                open_or_known = "" if np.isnan(label) else f"{label:.10g}"
                stream.write(f"{day},{code},{form % tuple(known)},{open_or_known}\n")
    rows = (len(rates.days) - start) * len(rates.currencies)
    open_labels = int(np.isnan(target[start:]).sum())
    return {"rows": float(rows), "days": float(len(rates.days) - start), "open_labels": float(open_labels)}


@dataclass(frozen=True)
class Table:
    """Features read back, all over (days, currencies).

    ``x`` has the four regressors as its last axis; ``target`` is NaN where its label is open; ``measured`` holds the
    monitored measures by name.
    """

    days: tuple[str, ...]
    currencies: tuple[str, ...]
    x: np.ndarray
    target: np.ndarray
    measured: dict[str, np.ndarray]

    def window(self, first: str, last: str) -> slice:
        """Where the days from ``first`` to ``last`` (both included) stand."""
        days = np.array(self.days)
        return slice(int(np.searchsorted(days, first)), int(np.searchsorted(days, last, side="right")))


def read(path: Path) -> Table:
    """Read a features CSV.

    Raises:
        ValueError: the columns are others, or a day lacks a currency.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        lines = csv.reader(stream)
        header = tuple(next(lines))
        if header != COLUMNS:
            raise ValueError(f"{path.name}: the columns are {', '.join(header)}, not {', '.join(COLUMNS)}")
        rows = list(lines)
    currencies = tuple(dict.fromkeys(row[1] for row in rows))
    days = tuple(dict.fromkeys(row[0] for row in rows))
    shape = (len(days), len(currencies))
    if len(rows) != len(days) * len(currencies):
        raise ValueError(f"{path.name}: a day lacks a currency")
    values = np.array([[float(text or "nan") for text in row[2:]] for row in rows]).reshape(*shape, len(COLUMNS) - 2)
    named = dict(zip(COLUMNS[2:], np.moveaxis(values, -1, 0), strict=True))
    x = np.stack([np.ones(shape), *(named[name] for name in REGRESSORS)], axis=-1)
    measured = {name: named[name] for name in (*measures.ROW_MEASURES, *measures.DAY_MEASURES)}
    return Table(days, currencies, x, named["target"], measured)
