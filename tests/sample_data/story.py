"""The demo's project, run as its specifications say, with what it makes kept in one folder. Tests and benchmarks share it."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring.series import Series
from app.pipelines import yamltext
from app.rollout import slices

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"
PROJECT = SAMPLE_DATA / "project"
CODE = PROJECT / "src"
RATES = SAMPLE_DATA / "eurofxref-hist.zip"

if str(CODE) not in sys.path:
    sys.path.insert(0, str(CODE))


def declared(name: str) -> Any:
    """What a YAML file of the project says."""
    path = PROJECT / name
    return yamltext.load(path.read_text(encoding="utf-8"), str(path)).value


def run(spec: str, inputs: dict[str, Path], folder: Path, **config: Any) -> tuple[dict[str, Path], dict[str, float]]:
    """Run a job as its specification says, with some of its configuration replaced; its outputs' paths and metrics."""
    document = declared(f"specs/{spec}.yaml")
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {name: folder / each["path"] for name, each in document["outputs"].items()}
    module, function = document["callable"].split(":")
    settings = {**document["config"], **config}
    metrics = getattr(import_module(module), function)(inputs, outputs, settings, document["seed"])
    return outputs, metrics


@dataclass(frozen=True)
class Trained:
    """A model with what it was made from."""

    panel: Path
    features: Path
    model: Path
    metrics: dict[str, float]


def train(folder: Path, *, until: str, first: str, last: str, rates: Path = RATES, **config: Any) -> Trained:
    """Ingest, features and training, with the rates known on ``until``, for the window from ``first`` to ``last``."""
    panel, _ = run("ingest", {"rates": rates}, folder, until=until)
    features, _ = run("features", panel, folder, since=first)
    window = {"first": first, "last": last}
    model, metrics = run("train", {**panel, **features}, folder, window=window, **config)
    return Trained(panel["panel"], features["features"], model["model"], metrics)


def first_model(folder: Path, rates: Path = RATES) -> Trained:
    """v1, exactly as the specifications stand."""
    panel, _ = run("ingest", {"rates": rates}, folder)
    features, _ = run("features", panel, folder)
    model, metrics = run("train", {**panel, **features}, folder)
    return Trained(panel["panel"], features["features"], model["model"], metrics)


def scorer(folder: Path, models: dict[str, Path], *, rates: Path = RATES, seed: int | None = None) -> Any:
    """A Scorer over the whole panel with some models and the synthetic mandates (of another seed, if one is given)."""
    from fxvol import har, mandates, panel, serving

    paths, _ = run("ingest", {"rates": rates}, folder / "whole", until="9999-12-31")
    document = declared("specs/mandates.yaml")
    made = folder / "mandates.json"
    mandates.make({}, {"mandates": made}, document["config"], document["seed"] if seed is None else seed)
    found = serving.Scorer(panel.read(paths["panel"]), json.loads(made.read_text(encoding="utf-8")))
    for name, path in models.items():
        found.load(name, har.load(path))
    return found


def sizes(folder: Path) -> dict[str, float]:
    """What each mandate manages."""
    document = json.loads((folder / "mandates.json").read_text(encoding="utf-8"))
    return {each["id"]: each["aum_eur"] for each in document["accounts"]}


def series(scored: list[dict[str, Any]], model: str, units: tuple[str, ...]) -> Series:
    """What monitors look at, from the scorer's answers."""
    found = Series(units)
    for record in scored:
        own = record["models"][model]
        found.append(
            record["day"],
            {
                **record["features"],
                "prediction": own["prediction"],
                "log_error": own["label"]["log_error"],
                "exception": float(own["book"]["exception"]),
            },
        )
    return found


def canary_slice(folder: Path) -> slices.Slice:
    """The accounts that the declared canary begins with."""
    plan = declared("rollout.yaml")["canary"]
    return slices.choose(sizes(folder), salt=plan["salt"], fraction=plan["slices"][0], method=plan["method"])


def differences(scored: list[dict[str, Any]], champion: str, candidate: str) -> npt.NDArray[np.float64]:
    """Per day the champion's mean account loss less the candidate's."""
    rows = [
        np.subtract(each["models"][champion]["accounts"]["loss"], each["models"][candidate]["accounts"]["loss"])
        for each in scored
    ]
    return np.array(rows).mean(axis=1)


def place(days: tuple[str, ...], day: str) -> int:
    """The place of the first day on or after ``day``."""
    return int(np.searchsorted(np.array(days), day))


def shaken(path: Path, time: str | tuple[str, ...], factor: float, *, until: str = "9999") -> Path:
    """A copy of the rates that went another way: some years' or months' daily moves are scaled, and it ends with ``until``."""
    with zipfile.ZipFile(RATES) as archive:
        header, *rows = csv.reader(io.StringIO(archive.read("eurofxref-hist.csv").decode()))
    rows = [row for row in reversed(rows) if row[0] <= until]
    for column in range(1, len(header)):
        shift, before = 1.0, None
        for row in rows:
            if column >= len(row) or row[column] in ("", "N/A"):
                before = None
                continue
            value = float(row[column])
            if before is not None and row[0].startswith(time):
                shift *= (value / before) ** (factor - 1)
            before, row[column] = value, f"{value * shift:.10g}"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *reversed(rows)])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("eurofxref-hist.csv", text.getvalue())
    return path
