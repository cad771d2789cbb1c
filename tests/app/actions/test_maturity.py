"""Levels, claims and maps by command, on a workspace as its people use it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.actions import registry
from app.actions.registry.shapes import SHAPES
from ledger.rules.maturity import reading
from tests.app.story import PROJECT, Shell


def members(shape: str) -> set[str]:
    return {word.partition(":")[0] for word in SHAPES[shape].split()}


def standing(shell: Shell, *words: str) -> dict[str, Any]:
    (found,) = shell.json("maturity", *words)["projects"]
    return dict(found)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["state"] for each in found["criteria"]}


def test_an_unverified_ledger_has_no_level_and_says_what_to_do(shell: Shell) -> None:
    found = standing(shell)
    assert set(found["levels"].values()) == {"unverified"}
    assert found["overall"] == "unverified"
    said = shell.ok("maturity").out
    assert "assay verify --record" in said
    assert "assay maturity --verify" in said


def test_a_verification_in_hand_or_on_record_gives_levels(shell: Shell) -> None:
    assert set(standing(shell, "--verify")["levels"].values()) == {"unmapped"}
    shell.ok("--as", "ada", "verify", "--record")
    found = standing(shell)
    assert set(found["levels"].values()) == {"unmapped"}
    assert states(found)["C0.4"] == "held"
    assert states(standing(shell, "--at", "seq:3"))["C0.4"] == "missing"
    assert set(standing(shell, "--at", "seq:3")["levels"].values()) == {"unmapped"}


def test_a_damaged_ledger_has_no_level(shell: Shell) -> None:
    data = shell.ledger.read_bytes()
    at = data.index(b'"kind":"dataset"')
    shell.ledger.write_bytes(data[:at] + b'"kind":"dateset"' + data[at + 16 :])
    said = shell("maturity", "--verify", "--json")
    if said.code == 0:
        document = said.document
        assert document["trouble"]
        assert {word for each in document["projects"] for word in each["levels"].values()} == {"unverified"}


def test_the_document_keeps_its_shape(shell: Shell) -> None:
    document = shell.json("maturity")
    assert document.keys() == {"at", "time", "model", "trouble", "projects", "teams"}
    (project,) = document["projects"]
    assert project.keys() == members("project_standing")
    assert all(each.keys() == members("criterion") for each in project["criteria"])
    assert len(project["criteria"]) == len(reading.shipped().criteria)


def test_what_is_done_raises_a_criterion(shell: Shell) -> None:
    before = states(standing(shell))
    assert before["M0.3"] == "missing"
    assert before["D0.4"] == "missing"
    shell.ok("--as", "mia", "inventory", "tier", "fx-vol", "tier_2", "--purpose", "hedging", "--exposure", "EUR 3bn")
    shell.ok("--as", "mia", "risk", "add", "stale", "--capability", "data.tests", "--owner", "mia")
    after = standing(shell)
    assert states(after)["M0.3"] == "held"
    assert states(after)["D0.4"] == "held"
    held = next(each for each in after["criteria"] if each["id"] == "D0.4")
    assert shell.json("show", f"seq:{held['evidence'][0]}")["event"]["type"] == "risk.recorded"
    assert held["lapses"] > held["gained"]


def test_why(shell: Shell) -> None:
    found = shell.json("maturity", "--why", "m0.2")
    assert found["criterion"]["id"] == "M0.2"
    assert found["criterion"]["lacking"] == [f"model/{PROJECT}/fx-vol@1", f"model/{PROJECT}/fx-vol@2"]
    assert found["criterion"]["next"] == f"assay people raci model/{PROJECT}/fx-vol@1 --accountable NAME"
    said = shell.ok("maturity", "--why", "M0.2").out
    assert "Every model has an accountable owner" in said
    assert "without evidence" in said
    wrong = shell("maturity", "--why", "M9.9")
    assert wrong.code == 2
    assert wrong.err.startswith("assay: there is no criterion 'M9.9'; there are D0.1, ")


def test_history_and_all(shell: Shell) -> None:
    found = shell.json("maturity", "--history", "--weeks", "3", "--verify")
    assert len(found["times"]) == 3
    assert found["projects"][0]["levels"][-1] == {"data": "unmapped", "model": "unmapped", "code": "unmapped"}
    assert "data  " in shell.ok("maturity", "--history", "--weeks", "3").out
    assert shell("maturity", "--history", "--weeks", "0").code == 2
    every = shell.ok("maturity", "--all").out
    assert all(each.id in every for each in reading.shipped().criteria)


def test_an_unknown_project_is_refused(shell: Shell) -> None:
    said = shell("maturity", "fx-hedgin")
    assert said.code == 2
    assert f"did you mean '{PROJECT}'?" in said.err


def test_a_claim_stands_beside_the_proof(shell: Shell) -> None:
    shell.ok("--as", "ada", "verify", "--record")
    said = shell.json("--as", "mia", "assess", "data", "L3", "--note", "hopeful")
    assert (said["claimed"], said["derived"]) == ("L3", "unmapped")
    found = standing(shell)
    assert found["levels"]["data"] == "unmapped"
    assert found["claims"]["data"] == {"level": "L3", "by": "mia", "seq": said["event"]["seq"]}
    assert "mia claims L3" in shell.ok("maturity").out
    for words in (("people", "L2"), ("data", "L7"), ("data", "high")):
        assert shell("--as", "mia", "assess", *words).code == 2


def test_the_map_is_signed_by_each_function(shell: Shell) -> None:
    refused = shell("--as", "lea", "assess", "map")
    assert refused.code == 2
    assert "not verified" in refused.err
    made = shell.json("--as", "lea", "assess", "map", "--verify")
    assert made["requests"].keys() == {"data-science", "engineering", "operations"}
    assert made["map"]["levels"] == {"data": "unmapped", "model": "unmapped", "code": "unmapped"}
    assert made["map"]["as_of"]["seq"] < made["requests"]["data-science"]
    for name, role in (("jon", "data-science"), ("mia", "engineering"), ("ada", "operations")):
        shell.ok("--as", "ada", "people", "grant", name, "--role", role)
        shell.ok("--as", name, "approve", str(made["requests"][role]), "--yes")
    items = {each["id"]: each for each in shell.json("guide")["items"]}
    assert items["S1"]["state"] == "met"
    assert set(made["requests"].values()) <= set(items["S1"]["evidence"])


def test_a_review_is_recorded(shell: Shell) -> None:
    shell.ok(
        "--as", "ada", "assess", "review", "--participant", "ada", "--participant", "mia", "--decision", "L0 first"
    )
    assert states(standing(shell))["C4.5"] == "held"
    assert shell("--as", "ada", "assess", "review", "--participant", "ada", "--track", "people").code == 2


def test_a_model_of_the_workspace_s_own(shell: Shell) -> None:
    (shell.root / "maturity.yaml").write_text("extends: assay/maturity-model/1\nwithout: [C4.5]\n")
    document = shell.json("maturity")
    assert document["model"]["source"] == "maturity.yaml"
    assert document["model"]["adopted"] is None
    assert "C4.5" not in states(document["projects"][0])
    made = shell.json("--as", "ada", "maturity", "adopt")
    again = shell.json("--as", "ada", "maturity", "adopt")
    assert again["event"] is None
    assert again["ref"] == made["ref"] == f"policy/{PROJECT}/maturity-model@1"
    assert shell.json("maturity")["model"] == {
        "sha256": made["sha256"],
        "source": "maturity.yaml",
        "adopted": made["ref"],
    }
    shell.ok("artifact", "restore", made["ref"], "-o", "model.json")
    assert reading.rebuilt(json.loads((shell.root / "model.json").read_text()), "copy").digest == made["sha256"]


def test_a_wrong_model_is_one_clear_line(shell: Shell) -> None:
    (shell.root / "maturity.yaml").write_text("extends: assay/maturity-model/1\nwithout: [C9.9]\n")
    for words in (("maturity",), ("guide",), ("risk", "list"), ("plan",)):
        said = shell(*words)
        assert said.code == 2
        assert said.err == "assay: maturity.yaml, line 2: there is no criterion 'C9.9' to leave out\n"


@pytest.mark.parametrize("criterion", reading.shipped().criteria, ids=lambda each: each.id)
def test_the_next_action_is_a_command_that_exists(criterion: Any) -> None:
    """Every ``assay …`` in what to do names a command."""
    words = criterion.do.replace("`", " ").replace(",", " ").split()
    for place, word in enumerate(words):
        if word == "assay":
            action, _ = registry.match(words[place + 1 :])
            assert action is not None, criterion.do


def test_the_guide_and_the_doctor_keep_their_shapes(shell: Shell) -> None:
    guide = shell.json("guide")
    assert [each["page"] for each in guide["items"]].count("steps") == 8
    assert all(each.keys() == members("guide_item") for each in guide["items"])
    one = shell.json("guide", "--page", "readiness")
    assert [each["id"] for each in one["items"]] == [f"R{n}" for n in range(1, 9)]
    said = shell("doctor", "--json")
    assert said.code in (0, 1)
    assert all(each.keys() == members("symptom") for each in said.document["symptoms"])
    assert {each["id"] for each in said.document["symptoms"]} == {f"T{n}" for n in range(1, 9)}
    assert said.code == any(each["state"] == "present" for each in said.document["symptoms"])
    shown = shell("doctor").out
    for each in said.document["symptoms"]:
        assert each["title"] in shown
