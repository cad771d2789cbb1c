"""What monitors are set by: the monitored features and the forecast errors of a window that the model knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fxvol import features, har


def reference(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Write one row per day and currency of a window.

    Inputs: ``features``, ``model``. Outputs: ``reference``, a CSV with ``date``, ``currency``, the monitored features (the
    model's prediction among them) and ``log_error``, log realised minus log forecast, empty while its label is open.
    Config: ``window`` {first, last}.
    """
    table = features.read(inputs["features"])
    model = har.load(inputs["model"])
    where = table.window(str(config["window"]["first"]), str(config["window"]["last"]))
    predicted = model.predict(table.x[where])
    error = table.target[where] - predicted
    columns = {**{name: each[where] for name, each in table.measured.items()}, "prediction": predicted}
    form = ",".join(["%.10g"] * len(columns))
    block = np.stack(list(columns.values()), axis=-1).tolist()
    with outputs["reference"].open("w", newline="", encoding="utf-8") as stream:
        stream.write(",".join(["date", "currency", *columns, "log_error"]) + "\n")
        for day, rows, errors in zip(table.days[where], block, error.tolist(), strict=True):
            for code, row, own in zip(table.currencies, rows, errors, strict=True):
                label = "" if np.isnan(own) else f"{own:.10g}"
                stream.write(f"{day},{code},{form % tuple(row)},{label}\n")
    return {"rows": float(error.size), "days": float(len(error)), "open_labels": float(np.isnan(error).sum())}
