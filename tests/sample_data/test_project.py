"""The demo's user project: its jobs, their determinism, and that serving sees no future."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.pipelines import spec
from tests.sample_data import story


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_specification_reads():
    names = sorted(path.stem for path in (story.PROJECT / "specs").glob("*.yaml"))
    assert names == ["evaluate", "features", "ingest", "mandates", "reference", "train"]
    for name in names:
        assert spec.read(story.PROJECT / "specs" / f"{name}.yaml").job == name


def test_the_project_needs_numpy_alone_and_none_of_our_packages():
    code = (
        f"import sys; sys.path.insert(0, {str(story.CODE)!r})\n"
        "import fxvol.ingest, fxvol.features, fxvol.model, fxvol.evaluate, fxvol.serving, fxvol.mandates, fxvol.reference\n"
        "assert not {'app', 'ledger', 'pandas', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-B", "-c", code], check=True, timeout=60)


def test_v1_is_the_studys_model(v1):
    metrics = v1.metrics
    found = [round(metrics[f"coefficient_{name}"], 3) for name in ("intercept", "log_rv1", "log_rv5", "log_rv22")]
    assert found == [-0.541, 0.015, 0.070, 0.741]
    assert round(metrics["r_squared"], 2) == 0.47
    assert metrics["window_rows"] == 11_565
    assert round(metrics["error_points"], 2) == 2.41


def test_training_twice_gives_the_same_bytes(v1, tmp_path):
    again = story.first_model(tmp_path)
    for name in ("panel", "features", "model"):
        assert digest(getattr(again, name)) == digest(getattr(v1, name))


def test_without_an_approved_mapping_the_panel_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="TRY has no fixing on 1999-01-04; a code that continues another needs an approved mapping"
    ):
        story.run("ingest", {"rates": story.RATES}, tmp_path, mappings=[])


def test_a_peg_is_refused_by_the_volatility_model(tmp_path):
    for peg in ("DKK", "HKD"):
        currencies = ["USD", "JPY", peg]
        panel, _ = story.run("ingest", {"rates": story.RATES}, tmp_path, currencies=currencies, mappings=[])
        features, _ = story.run("features", panel, tmp_path)
        if peg == "DKK":
            with pytest.raises(ValueError, match="DKK hardly moves"):
                story.run("train", {**panel, **features}, tmp_path)
        else:  # pegged to the dollar, it moves against the euro
            story.run("train", {**panel, **features}, tmp_path)


def test_the_gate_counts_open_labels_and_beats_the_constant(v1, tmp_path):
    inputs = {"model": v1.model, "features": v1.features, "panel": v1.panel}
    outputs, metrics = story.run("evaluate", inputs, tmp_path)
    assert (metrics["days"], metrics["open_labels"]) == (121, 5)
    assert metrics["model_error_points"] < metrics["static_error_points"]
    assert metrics["model_qlike"] < metrics["static_qlike"]
    assert json.loads(outputs["report"].read_text())["rows"] == 121 * 15


def test_with_every_label_known_the_gate_has_the_studys_figures(v1, tmp_path):
    """The study's gate used the labels of late June, which close a week into July, after the model went live."""
    later = story.train(tmp_path, until="2007-07-06", first="2004-01-01", last="2006-12-31")
    assert digest(later.model) == digest(v1.model)
    _, metrics = story.run(
        "evaluate", {"model": later.model, "features": later.features, "panel": later.panel}, tmp_path
    )
    assert (round(metrics["bias"], 3), round(metrics["model_error_points"], 2)) == (-0.011, 1.88)


def test_a_gate_inside_the_training_window_is_refused(v1, tmp_path):
    inputs = {"model": v1.model, "features": v1.features, "panel": v1.panel}
    with pytest.raises(ValueError, match="inside the training window"):
        story.run("evaluate", inputs, tmp_path, window={"first": "2006-06-01", "last": "2007-06-29"})


def test_serving_uses_nothing_that_comes_later(v1, whole):
    from fxvol import har, panel, serving

    scorer = story.scorer(whole, {"v1": v1.model})
    rates = panel.read(whole / "whole" / "panel.csv")
    at = rates.days.index("2008-03-25")
    shaken = rates.rates.copy()
    shaken[at + 1 :] *= np.exp(np.random.default_rng(5).normal(0, 0.2, shaken[at + 1 :].shape))
    other = serving.Scorer(panel.Panel(rates.days, rates.currencies, shaken))
    other.load("v1", har.load(v1.model))
    for day in rates.days[at - 10 : at + 1]:
        assert scorer.score(day) == other.score(day)
    assert scorer.score(rates.days[at + 1]) != other.score(rates.days[at + 1])
    alone = serving.Scorer(rates.until("2008-03-25"))
    alone.load("v1", har.load(v1.model))
    assert alone.score("2008-03-25") == scorer.score("2008-03-25")


def test_a_correlation_that_follows_the_days_sees_no_future_either(tmp_path):
    from fxvol import har, measures, panel, serving

    ewma = {"method": "ewma", "decay": 0.97}
    made = story.train(tmp_path, until="2006-12-29", first="2004-01-01", last="2006-12-29", correlation=ewma)
    model = har.load(made.model)
    rates = panel.read(made.panel)
    answers = []
    for seen in (rates, rates.until("2006-06-30")):
        scorer = serving.Scorer(seen)
        scorer.load("v", model)
        answers.append(scorer.score("2006-06-30"))
    assert answers[0] == answers[1]
    last = har.correlations(measures.returns(rates.rates), 0.97)[-1]
    np.testing.assert_allclose(model.correlation, last, rtol=1e-8)
    np.testing.assert_allclose(np.diag(last), 1)


def test_what_is_served_is_what_training_saw(v1, whole):
    from fxvol import features

    scorer = story.scorer(whole, {"v1": v1.model})
    table = features.read(v1.features)
    for row in (0, 100, 500, len(table.days) - 1):
        served = scorer.score(table.days[row])["features"]
        for name in ("rv1", "rv22", "return5", "range22"):
            np.testing.assert_allclose(served[name], table.measured[name][row], rtol=1e-9)


def test_the_service_speaks_json_lines_and_survives_bad_requests(v1, whole):
    story.scorer(whole, {})
    code = f"import sys; sys.path.insert(0, {str(story.CODE)!r}); from fxvol.serving import main; main()"
    requests = [
        {"score": "2008-10-01"},
        {
            "open": {
                "panel": str(whole / "whole" / "panel.csv"),
                "models": {"v1": str(v1.model)},
                "mandates": str(whole / "mandates.json"),
            }
        },
        {"score": "2008-10-01", "accounts": ["M0001", "M0002"]},
        {"score": "2008-10-04"},
        {"score": "2008-10-02", "models": ["v9"]},
        {"dance": 1},
    ]
    text = "".join(json.dumps(each) + "\n" for each in requests) + "not json\n"
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert "send an open request first" in answers[0]["error"]
    assert len(answers[1]["accounts"]) == 500
    assert answers[2] == story.scorer(whole, {"v1": v1.model}).score("2008-10-01", accounts=["M0001", "M0002"])
    assert answers[2]["models"]["v1"]["label"]["forecast_day"] == "2008-09-24"
    assert answers[2]["models"]["v1"]["loss"]["forecast_day"] == "2008-09-30"
    assert "2008-10-04 has no fixing" in answers[3]["error"]
    assert all("error" in each for each in answers[4:])
    assert len(answers) == 7


def test_the_mandates_say_that_they_are_synthetic(whole):
    story.scorer(whole, {})
    document = json.loads((whole / "mandates.json").read_text())
    assert document["synthetic"] is True
    assert len(document["accounts"]) == 500
    assert all(abs(sum(each["weights"]) - 1) < 1e-6 for each in document["accounts"])
