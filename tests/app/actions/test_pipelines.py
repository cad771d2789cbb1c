"""The commands of pipelines: standard steps on record, templates shared by teams, gates for any CI, delivery per team."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ledger
from app.pipelines import executors
from ledger.events.alerts import AlertRaised
from ledger.events.deployments import DeploymentRolledBack
from tests.app.pipelines.works import Works, copy

CHECKS = """
checks:
  - {check: schema, kind: schema, subject: dataset/fx/table, columns: [USD]}
  - {check: positive, kind: ranges, subject: dataset/fx/table, above: 0.0}
"""

WHOLE = """
pipeline: whole
team: quant
steps:
  check: {data_check: dataset/table}
  unit: {test: [python, -c, "import work"], code: ../lib, check: unit}
  features: {run: ../specs/features.yaml, needs: [check, unit]}
  train: {train: ../specs/train.yaml, expect: {mae: {most: 2, least: 0}}}
  package: {package: train.model}
  gate: {gate: train.model, to: staging}
  promote: {promote: train.model, to: staging, needs: [gate, package]}
"""


@pytest.fixture
def works(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """A workspace with a pipeline of every standard step."""
    monkeypatch.setattr(executors, "default_processes", lambda: 1)
    found = copy("fresh", tmp_path_factory, tmp_path, monkeypatch)
    found.write("lib/work.py", "x = 1\n")
    found.write("checks.yaml", CHECKS)
    found.write("pipelines/whole.yaml", WHOLE)
    table(found, 1.1)
    return found


def table(works: Works, *rates: float) -> None:
    works.write("table.csv", "Date,USD,\n" + "".join(f"2008-09-{n + 1:02},{rate},\n" for n, rate in enumerate(rates)))
    works.ok("--as", "ada", "artifact", "register", "table.csv", "--kind", "dataset", "--name", "table")


def statuses(works: Works, *words: str, code: int = 0) -> dict[str, str]:
    return works.statuses("whole", *words, code=code)


STAGES = ["data_check", "test", "features", "train", "package", "gate", "promote"]


def test_every_standard_step_leaves_its_evidence(works: Works) -> None:
    assert set(statuses(works).values()) == {"ok"}
    (done,) = works.events("pipeline.completed")
    assert sorted(done["stages"]) == sorted(STAGES)
    kinds = {each["kind"]: each for each in works.events("check.executed")}
    assert set(kinds) == {"schema", "quality", "unit", "performance"}
    assert kinds["unit"]["passed"]
    assert kinds["unit"]["_subject"] == "code/fx/lib@1"
    assert (kinds["performance"]["value"], kinds["performance"]["_subject"]) == (1.0, "model/fx/fx@1")
    configured = {each["check"]: each for each in works.events("check.configured")}
    first = configured["train-mae"]
    assert first["threshold"] == {"most": 2, "least": 0}
    assert first["_seq"] < next(each["_seq"] for each in works.events("run.started") if each["job"] == "train")
    (gate,), (moved,) = works.events("gate.evaluated"), works.events("promotion.recorded")
    assert gate["decision"] == "allow"
    assert (moved["from_stage"], moved["to_stage"], moved["gate"]) == ("candidate", "staging", gate["_seq"])
    assert all(each.get("code") for each in works.events("run.started"))
    size = works.size
    assert set(statuses(works).values()) == {"reused"}
    assert works.size == size
    verified = works.json("verify")
    assert (verified["ok"], verified["complete"]) == (True, True)


def test_a_package_holds_what_running_the_version_takes(works: Works, tmp_path: Path) -> None:
    statuses(works)
    works.ok("artifact", "restore", "document/fx/fx-package", "-o", "package")
    folder = works.root / "package"
    assert {each.name for each in folder.iterdir()} == {"fx", "config.json", "runtime.json", "package.json"}
    manifest = json.loads((folder / "package.json").read_text())
    assert (manifest["kind"], manifest["name"], manifest["made_by"]["seed"]) == ("model", "fx/fx", 7)
    assert str(tmp_path) not in (folder / "package.json").read_text()


def test_bad_data_blocks_all_that_comes_after(works: Works) -> None:
    table(works, 1.1, -3.0)
    assert statuses(works, code=1) == {
        "check": "failed",
        "unit": "ok",
        **dict.fromkeys(["features", "train", "package", "gate", "promote"], "skipped"),
    }
    run = works.events("run.completed")[0]
    assert "does not pass positive" in run["reason"]
    table(works, 1.2)
    assert set(statuses(works).values()) == {"ok", "reused"}


def test_checks_that_are_set_up_otherwise_run_again(works: Works) -> None:
    statuses(works)
    works.edit("checks.yaml", "above: 0.0", "above: 0.5")
    (why,) = works.why("check", "--pipeline", "whole")
    assert why.startswith("config changed: checks ")


def test_a_test_that_fails_blocks_and_is_on_record(works: Works) -> None:
    works.write("lib/work.py", "raise SystemExit('1 failed')")
    assert statuses(works, code=1)["features"] == "skipped"
    (found,) = [each for each in works.events("check.executed") if each["kind"] == "unit"]
    assert (found["passed"], found["value"]) == (False, 1)


def test_an_expectation_may_be_about_bias(works: Works) -> None:
    works.edit("pipelines/whole.yaml", "least: 0", "least: 0, kind: bias")
    works.run("whole")
    (set_before,) = [each for each in works.events("check.configured") if each["kind"] == "bias"]
    (found,) = [each for each in works.events("check.executed") if each["kind"] == "bias"]
    assert found["passed"]
    assert found["threshold"] == set_before["threshold"] == {"most": 2, "least": 0}


def test_a_metric_that_is_not_as_expected_stops_the_pipeline(works: Works) -> None:
    works.edit("specs/train.yaml", "mae: 1.0", "mae: 2.5")
    done = works.run("whole", code=1)
    assert done["train"]["reason"] == "mae is 2.5, and at most 2 is expected"
    assert done["package"]["status"] == "skipped"
    assert not next(each for each in works.events("check.executed") if each["kind"] == "performance")["passed"]
    works.edit("pipelines/whole.yaml", "most: 2", "most: 3")
    done = works.run("whole")
    assert (done["train"]["status"], done["promote"]["status"]) == ("reused", "ok")
    verdicts = [each["passed"] for each in works.events("check.executed") if each["kind"] == "performance"]
    assert verdicts == [False, True]


def test_production_waits_for_its_approvals(works: Works) -> None:
    works.edit("pipelines/whole.yaml", "{gate: train.model, to: staging}", "{gate: train.model, to: prod}")
    done = works.run("whole", code=1)
    assert done["gate"]["reason"].startswith("model/fx/fx@1 may not go to prod: nobody has asked")
    assert done["promote"]["reason"] == "gate did not pass"
    (gate,) = works.events("gate.evaluated")
    assert gate["decision"] == "deny"
    works.run("whole", code=1)
    assert len(works.events("gate.evaluated")) == 1  # the same verdict is no news


TEMPLATE = """
template: standard
version: 1
parameters: {spec: {type: path}, alpha: 0.1}
steps:
  features: {run: ../specs/features.yaml}
  train: {train: "${spec}", set: {alpha: "${alpha}"}}
"""


def test_a_template_that_two_teams_share(works: Works) -> None:
    works.write("pipelines/standard.yaml", TEMPLATE)
    for team, spec in (("quant", "train"), ("risk", "rival")):
        works.write(
            f"pipelines/{team}.yaml",
            f"pipeline: {team}\nteam: {team}\ntemplate: standard.yaml\nparameters: {{spec: ../specs/{spec}.yaml}}\n",
        )
        works.run(team)
        works.run(team)
    adopted = works.events("template.adopted")
    assert [(each["template"], each["version"], each["team"]) for each in adopted] == [
        ("standard", 1, "quant"),
        ("standard", 1, "risk"),
    ]
    assert {(each["team"], each["template"]) for each in works.events("pipeline.completed")} == {
        ("quant", "standard@1"),
        ("risk", "standard@1"),
    }
    works.edit("pipelines/standard.yaml", "alpha: 0.1", "alpha: 0.2")
    size = works.size
    said = works("--as", "ada", "pipeline", "run", "quant")
    assert (said.code, works.size) == (2, size)
    assert "a template that changes gets a new version" in said.err
    works.edit("pipelines/standard.yaml", "version: 1", "version: 2")
    assert works.run("quant")["train"]["status"] == "ok"
    assert [each["version"] for each in works.events("template.adopted")] == [1, 1, 2]


def test_bad_input_changes_nothing(works: Works) -> None:
    size = works.size
    for words, text in (
        (("run",), "which pipeline? There are fx, whole"),
        (("run", "fy"), "there is no pipeline 'fy'"),
        (("run", "fx", "--processes", "0"), "--processes 0: between 1 and 256"),
        (("run", "fx", "--set", "beta=1"), "the pipeline has no parameter 'beta'"),
        (("run", "fx", "--cause", "whim"), "whim"),
        (("why", "trian", "--pipeline", "fx"), "has no step 'trian'; did you mean 'train'?"),
        (("graph", "fx", "--mermaid", "--dot"), "give either --mermaid or --dot"),
        (("compare", "fx", "--env", "dev"), "give --env twice"),
        (("compare", "fx", "--env", "dev", "--env", "dev"), "give --env twice"),
    ):
        said = works("--as", "ada", "pipeline", *words)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said
        assert text in said.err
    assert works.size == size


def test_the_documents_are_as_documented(works: Works) -> None:
    from app.actions import registry

    works.run("fx", "--env", "dev")
    commands: dict[str, tuple[str, ...]] = {
        "pipeline list": (),
        "pipeline run": ("fx",),
        "pipeline status": ("fx", "--env", "dev"),
        "pipeline why": ("train", "--pipeline", "fx"),
        "pipeline graph": ("fx", "--dot"),
        "pipeline history": (),
        "pipeline compare": ("fx", "--env", "dev", "--env", "staging"),
        "delivery": (),
        "gate": ("model/fx/fx", "--to", "staging", "--record"),
        "agent": ("--status",),
    }
    for name, words in commands.items():
        document = works.json("--as", "ada", *name.split(), *words)
        assert document.keys() == {each.partition(":")[0] for each in registry.get(name).gives.split()}, name


def test_graphs(works: Works) -> None:
    plain = works.ok("pipeline", "graph", "fx").out
    assert "train  train  ← features" in plain
    assert "features  features  ← dataset/rates" in plain
    mermaid = works.ok("pipeline", "graph", "fx", "--mermaid").out
    assert mermaid.startswith("flowchart LR\n")
    assert '[("dataset/rates")]' in mermaid
    assert works.ok("pipeline", "graph", "fx", "--dot").out.startswith("digraph")


# Gates


def test_a_gate_is_recorded_where_it_is_asked_for_and_news(works: Works) -> None:
    works.run("fx")
    size = works.size
    assert works("--as", "ci", "gate", "model/fx/fx", "--to", "prod").code == 1
    assert works.size == size
    said = works("--as", "ci", "gate", "model/fx/fx", "--to", "prod", "--record", "--json")
    assert (said.code, works.size) == (1, size + 1)
    (event,) = works.events("gate.evaluated")
    assert (said.document["recorded"], event["decision"]) == (event["_seq"], "deny")
    assert works("--as", "ci", "gate", "model/fx/fx", "--to", "prod", "--record").code == 1
    assert works.size == size + 1
    assert works.ok("--as", "ci", "gate", "model/fx/fx", "--to", "staging", "--record", "--json").document["allowed"]
    assert works.ok("verify").code == 0


# Delivery


def test_delivery_per_team_as_of_a_moment(works: Works) -> None:
    works.run("fx")
    nothing = works.json("delivery", "--to", "staging")["teams"]
    assert [(each["team"], each["deployments"], each["pipelines"]) for each in nothing] == [("quant", 0, 1)]
    works.ok("--as", "ada", "deploy", "model/fx/fx", "--to", "staging")
    before = works.size - 1
    deployment = works.json("overview")["live"][0]
    with ledger.open(works.ledger) as book:
        alert = AlertRaised("a1", "m", "high", "it fails", False)
        book.record(alert, subject=deployment["subject"], actor="svc", project="fx")
        back = DeploymentRolledBack(deployment["deployment"], "model/fx/fx@0", False, "it failed")
        book.record(back, subject=deployment["subject"], actor="ada", project="fx")
    (found,) = works.json("delivery", "--to", "staging")["teams"]
    assert (found["deployments"], found["changes"], found["failures"], found["failure_rate"]) == (1, 1, 1, 1.0)
    assert found["per_week"] == pytest.approx(7 / 90)
    assert found["lead"] > 0
    assert 0 <= found["restore"] <= found["lead"]
    (then,) = works.json("delivery", "--to", "staging", "--at", str(before))["teams"]
    assert (then["deployments"], then["failures"], then["restore"]) == (1, 0, None)
    assert works.json("delivery", "--team", "risk", "--to", "staging")["teams"] == []
    assert "1 of 1 (100%)" in works.ok("delivery", "--to", "staging").out


def test_days_that_are_none(works: Works) -> None:
    said = works("delivery", "--days", "0")
    assert (said.code, said.err) == (2, "assay: --days 0: between 1 and 36500\n")
