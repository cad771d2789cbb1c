"""What the demo tells is what was computed: from the record, in order, by those whose part it is, and for any rates."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger
from app.demo import cast, naive, script, setting, story
from app.monitoring import basel
from app.pipelines import yamltext
from tests.app.demo import tellings
from tests.app.demo.tellings import Whole
from tests.app.story import Shell
from tests.sample_data import story as rates

ROOT = Path(__file__).parents[3]
SHARED = ROOT / ".." / "shared" / "DEMO.md"


@pytest.fixture(scope="module")
def events(whole: Whole) -> list[dict[str, Any]]:
    return tellings.recorded(whole.root)


def of(events: list[dict[str, Any]], *types: str) -> list[dict[str, Any]]:
    return [each for each in events if each["type"] in types]


# The beats, in the record


def test_the_redenomination_blocks_until_its_mapping_is_approved(events: list[dict[str, Any]]) -> None:
    checks = [each for each in of(events, "check.executed") if each["value"]["check"] == "redenominations"]
    before, after = checks
    assert before["value"]["verdict"] == "block"
    verdicts = [
        [finding["verdict"] for finding in each["value"]["findings"] if "TRY" in finding["columns"]]
        for each in (before, after)
    ]
    assert verdicts == [["block"], ["flag"]]
    approved = next(each for each in of(events, "approval.granted") if each["subject"].startswith("config/"))
    ingested = next(each for each in of(events, "run.started") if each["value"]["job"] == "ingest")
    assert before["seq"] < approved["seq"] < after["seq"] < ingested["seq"]
    assert approved["actor"] == cast.DATA_OWNER.name


def test_trained_twice_to_one_digest(events: list[dict[str, Any]]) -> None:
    reproduced = of(events, "run.reproduced")[0]["value"]
    outputs = {each["value"]["run"]: each["value"]["outputs"] for each in of(events, "run.completed")}
    assert reproduced["equal"] is True
    assert outputs[reproduced["run"]] == outputs[reproduced["of_run"]] != []


def test_live_only_after_a_criterion_set_before_and_two_signatures(events: list[dict[str, Any]]) -> None:
    model = next(each for each in of(events, "artifact.registered") if each["subject"].startswith("model/"))
    criterion = next(each for each in of(events, "check.configured") if each["subject"].startswith("model/"))
    live = of(events, "deployment.completed")[0]
    signed = [each for each in of(events, "approval.granted") if each["subject"] == model["subject"]]
    assert criterion["seq"] < model["seq"] < signed[0]["seq"] < signed[1]["seq"] < live["seq"]
    assert {each["actor"] for each in signed} == {cast.RISK.name, cast.VALIDATOR.name}
    assert live["subject"] == model["subject"]


def test_the_rule_that_could_never_fire_is_refused(events: list[dict[str, Any]]) -> None:
    (refused,) = of(events, "monitor.refused")
    assert "never fire" in refused["value"]["reason"]
    assert refused["value"]["monitor"] not in {each["value"]["monitor"] for each in of(events, "monitor.observed")}


def trials(events: list[dict[str, Any]], strategy: str) -> list[dict[str, Any]]:
    return [each for each in of(events, "deployment.started") if each["value"]["strategy"] == strategy]


def steps(events: list[dict[str, Any]], started: dict[str, Any]) -> list[dict[str, Any]]:
    name = started["value"]["deployment"]
    return [each for each in of(events, "deployment.step") if each["value"]["deployment"] == name]


def test_the_usual_rules_would_have_cried_in_the_months_in_which_the_declared_one_was_silent(
    whole: Whole, events: list[dict[str, Any]]
) -> None:
    (compared,) = [each for each in of(events, "check.executed") if each["value"]["check"] == naive.CHECK]
    drift = [each for each in of(events, "alert.raised") if each["value"]["monitor"] == "feature-drift"]
    first = next(each for each in drift if not each["value"]["injected"])
    value = compared["value"]["value"]
    months = compared["value"]["inputs"]["months"]
    assert value["months"] == len(months) > 1
    assert all(month < first["value"]["day"][:7] for month in months)
    assert value["declared"] == 0
    assert value["ks_benjamini_hochberg"] == len(months)
    assert value["psi"] <= len(months)
    assert f"would have alarmed in {len(months)} of them" in whole.err


def test_drift_and_bias_together_call_for_a_retraining_by_the_declared_rule(events: list[dict[str, Any]]) -> None:
    notes = {each["value"]["alert"]: each for each in of(events, "alert.acknowledged")}
    raised = {each["seq"]: each for each in of(events, "alert.raised")}
    assert {each["actor"] for each in notes.values()} == {cast.MODEL_OWNER.name}
    assert set(notes) == {each["value"]["alert"] for each in raised.values()}
    by_rule = [each for each in of(events, "retraining.triggered") if each["value"].get("rule")]
    assert [each["value"]["rule"] for each in by_rule] == ["drift-and-bias"] * 2
    assert {each["actor"] for each in by_rule} == {cast.TRAINER.name}
    for each, who in zip(by_rule, (cast.TRAINER, cast.ENGINEER), strict=True):
        alert = raised[each["cause"]]["value"]
        assert each["value"]["ref"] == f"alert/{alert['alert']}"
        assert "the rule calls for a retraining" in notes[alert["alert"]]["value"]["note"]
        runs = [run for run in of(events, "run.started") if run["cause"] == each["seq"]]
        assert [run["value"]["job"] for run in runs][:3] == ["ingest", "features", "train"]
        assert {run["actor"] for run in runs} == {who.name}


def test_the_automatic_candidate_proves_nothing_in_its_time_and_the_champion_stays(
    events: list[dict[str, Any]],
) -> None:
    first = trials(events, "canary")[0]
    plan = first["value"]["plan"]
    assert plan["maximum_days"] == script.AUTOMATIC_DAYS
    found = steps(events, first)
    assert len(found) == plan["maximum_days"]
    assert {each["value"]["decision"] for each in found[:-1]} == {"hold"}
    assert found[-1]["value"]["decision"] == "inconclusive"
    ended = [each for each in of(events, "deployment.completed") if each["subject"] == first["subject"]]
    assert [each["value"]["status"] for each in ended] == ["inconclusive"]


def test_of_three_arms_two_faults_are_stopped_on_the_first_day(events: list[dict[str, Any]]) -> None:
    stale, units = trials(events, "shadow")
    third = trials(events, "canary")[1]
    plans = [each["value"]["plan"] for each in (stale, units, third)]
    assert [plan["arms"] for plan in plans] == [3, 3, 3]
    assert len({plan["first_day"] for plan in plans}) == 1
    gates = [{each["name"]: each for each in steps(events, arm)[0]["value"]["checks"]} for arm in (stale, units, third)]
    assert [each["feature parity"]["passed"] for each in gates] == [False, True, True]
    assert [each["prediction ratio"]["passed"] for each in gates] == [True, False, True]
    assert [len(steps(events, arm)) for arm in (stale, units)] == [1, 1]
    back = {each["subject"]: each for each in of(events, "deployment.rolled_back")}
    assert (back[stale["subject"]]["value"]["cause"], back[stale["subject"]]["actor"]) == ("breach", cast.MONITOR.name)
    assert "unit" in back[units["subject"]]["value"]["cause"]
    assert {each["value"]["to_version"] for each in back.values()} == {plans[0]["champion"]}


def test_the_successor_earns_its_place_and_alerts_end_where_their_monitor_is_quiet(
    events: list[dict[str, Any]],
) -> None:
    started = trials(events, "canary")[1]
    plan = started["value"]["plan"]
    found = steps(events, started)
    assert started["seq"] < found[0]["seq"]
    assert all(each["value"]["decision"] == "hold" for each in found[:-1])
    assert found[-1]["value"]["decision"] == "promote"
    assert len(found) >= plan["minimum_days"]
    assert found[-1]["value"]["evidence"]["promote"] >= plan["arms"] / plan["alpha_promote"]
    ended = next(each for each in of(events, "deployment.completed") if each["subject"] == started["subject"])
    assert ended["value"]["status"] == "ok"
    alias = [each["value"]["version"] for each in of(events, "alias.moved")]
    assert alias == [1, int(started["subject"].rpartition("@")[2])]
    last = {
        each["value"]["monitor"]: each["value"] for each in of(events, "monitor.observed") if each["seq"] < ended["seq"]
    }
    quiet = {name for name, value in last.items() if not value["breached"]}
    raised = [each["value"] for each in of(events, "alert.raised") if each["seq"] < ended["seq"]]
    resolved = {each["value"]["alert"] for each in of(events, "alert.resolved")}
    assert resolved >= {each["alert"] for each in raised if each["monitor"] in quiet}
    newest = {each["monitor"]: each["alert"] for each in raised}
    assert resolved.isdisjoint(newest[name] for name in newest.keys() - quiet)


def test_the_red_zone_is_reached_while_the_answer_is_on_trial(events: list[dict[str, Any]]) -> None:
    (red,) = [each for each in of(events, "alert.raised") if each["value"]["monitor"] == "red-zone"]
    started = trials(events, "canary")[1]
    ended = next(each for each in of(events, "deployment.completed") if each["subject"] == started["subject"])
    assert started["seq"] < red["seq"] < ended["seq"]
    assert red["value"]["value"] == basel.ZONES["red"]
    (note,) = [
        each["value"]["note"]
        for each in of(events, "alert.acknowledged")
        if each["value"]["alert"] == red["value"]["alert"]
    ]
    assert "is under way, and may be the answer" in note


def test_every_day_since_going_live_was_looked_at_by_every_accepted_monitor(events: list[dict[str, Any]]) -> None:
    looks = of(events, "monitor.observed")
    monitors = {each["value"]["monitor"] for each in of(events, "monitor.configured")}
    days = sorted({each["value"]["day"] for each in looks})
    assert len(looks) == len(monitors) * len(days)
    assert days[0] == of(events, "deployment.completed")[0]["at"][:10]
    assert all(each["value"]["day"] == each["at"][:10] for each in looks)


def test_what_stands_before_anything_is_trained(events: list[dict[str, Any]]) -> None:
    trained = next(each for each in of(events, "run.started") if each["value"]["job_type"] == "training")
    for kind in ("policy.adopted", "charter.signed", "criteria.set", "tier.assigned", "risk.recorded", "target.set"):
        assert of(events, kind)[0]["seq"] < trained["seq"], kind
    registered = {each["value"]["risk"]: each["value"] for each in of(events, "risk.recorded")}
    assert all(each["owner"] and each["capability"] for each in registered.values())
    signed = [each for each in of(events, "approval.granted") if each["value"]["transition"] == "target"]
    assert {each["actor"] for each in signed} == {cast.SPONSOR.name}
    assert len(signed) == len(of(events, "target.set"))
    assert len(of(events, "policy.adopted")) == 2, "reviewed after a year, and adopted anew"


def test_a_glass_is_broken_for_three_days_and_closed_with_its_outcome(events: list[dict[str, Any]]) -> None:
    (broken,) = of(events, "exception.recorded")
    (closed,) = of(events, "exception.closed")
    assert broken["actor"] == cast.MODEL_OWNER.name
    assert broken["at"] < closed["at"] < broken["value"]["expires"]
    assert "not used" in closed["value"]["outcome"]


def test_alarms_and_the_way_back_are_tried_and_the_training_repeated(events: list[dict[str, Any]]) -> None:
    drills = {each["value"]["check"]: each["value"] for each in of(events, "check.executed")}
    assert drills["drill-drift"]["passed"]
    assert drills["drill-rollback"]["passed"]
    assert all(each["value"]["equal"] for each in of(events, "run.reproduced"))
    assert len(of(events, "run.reproduced")) == 2
    rang = {each["value"]["alert"] for each in of(events, "alert.raised") if each["value"]["injected"]}
    assert rang
    assert rang <= {each["value"]["alert"] for each in of(events, "alert.resolved")}


def test_levels_climb_as_evidence_comes_and_fall_where_it_lapses(whole: Whole) -> None:
    shell = Shell(whole.root)

    def levels(*at: str) -> dict[str, str]:
        (project,) = shell.json("maturity", *at)["projects"]
        found: dict[str, str] = project["levels"]
        return found

    first, last = levels("--at", "2008-02-15"), levels()
    assert first == {"data": "L0", "model": "L1", "code": "L0"}
    assert last["data"] > first["data"]
    lapsed = shell.ok("maturity", "fx-hedging").out
    assert "lapsed" in lapsed
    verified = [each["at"] for each in tellings.recorded(whole.root) if each["type"] == "ledger.verified"]
    assert len(verified) > 15


def test_one_request_is_left_open_and_the_persona_completes_it(whole: Whole, tmp_path: Path) -> None:
    shutil.copytree(whole.root, tmp_path / "demo")
    shell = Shell(tmp_path / "demo")
    (request,) = shell.json("approvals")["requests"]
    assert f"assay approve {request['seq']}" in whole.out
    version = request["subject"].rpartition("/")[2]
    refused = shell("deploy", version, "--to", "prod")
    assert refused.code == 1
    assert "1 approval missing, by model-validation" in refused.err
    assert shell.json("whoami")["name"] == cast.PERSONA.name
    shell.ok("approve", str(request["seq"]), "--reason", "read", "--yes")
    shell.ok("deploy", version, "--to", "prod")
    assert shell.json("approvals")["requests"] == []
    assert shell.json("artifact", "show", "fx-vol@champion")["artifact"]["ref"] == request["subject"]
    assert shell.json("verify")["ok"]


def test_the_chain_is_verified_and_the_changed_byte_found(whole: Whole, events: list[dict[str, Any]]) -> None:
    report = ledger.verify(whole.root / ".assay" / "ledger.db")
    assert report.ok
    assert not report.incomplete
    assert of(events, "ledger.verified")[-1]["value"]["ok"] is True
    touched = re.search(r"one byte of event (\d+) was changed; verify says: event (\d+), edited", whole.out)
    assert touched is not None
    assert touched[1] == touched[2]
    assert events[int(touched[1])]["type"] == "approval.granted"


@pytest.mark.slow
def test_the_longer_story_has_a_second_chapter_ten_years_later(tmp_path: Path) -> None:
    done = tellings.tell(tmp_path / "demo", quick=False)
    assert done.returncode == 0, done.stderr
    events = tellings.recorded(tmp_path / "demo")
    assert "the demo jumps from" in done.stderr
    later = [each for each in events if each["at"] > f"{script.read(rates.PROJECT, quick=False).later}"]
    third, after = trials(later, "canary")
    promoted = next(each for each in of(later, "deployment.completed") if each["subject"] == third["subject"])
    assert promoted["value"]["status"] == "ok"
    drift = next(each for each in of(later, "alert.raised") if each["value"]["monitor"] == "feature-drift")
    assert drift["seq"] > promoted["seq"]
    (trigger,) = [each for each in of(later, "retraining.triggered") if each["value"].get("rule")]
    assert trigger["cause"] == drift["seq"]
    ended = next(each for each in of(later, "deployment.completed") if each["subject"] == after["subject"])
    assert ended["value"]["status"] == "inconclusive"
    assert [each["value"]["version"] for each in of(events, "alias.moved")][-1] == int(
        third["subject"].rpartition("@")[2]
    )
    assert all(each["value"]["equal"] for each in of(events, "run.reproduced"))
    assert ledger.verify(tmp_path / "demo" / ".assay" / "ledger.db").ok


# What is told


def test_what_is_told_is_what_is_recorded(whole: Whole, events: list[dict[str, Any]]) -> None:
    told = whole.err
    for alert in of(events, "alert.raised"):
        value = alert["value"]
        if value["injected"]:
            continue
        assert f"{value['day']}: {value['severity']} from {value['monitor']}: {value['message']}" in told
    drilled = {each["value"]["alert"] for each in of(events, "alert.raised") if each["value"]["injected"]}
    for note in of(events, "alert.acknowledged"):
        if note["value"]["alert"] in drilled:
            continue
        assert f"{note['actor']} acknowledged" in told
        assert note["value"]["note"] in told
    last = of(events, "deployment.step")[-1]
    day, number = last["value"]["day"], last["value"]["evidence"]["number"]
    assert f"{day}: on day {number} the canary of {last['subject']} says promote" in told
    for model in (
        each["subject"] for each in of(events, "artifact.registered") if each["subject"].startswith("model/")
    ):
        assert model in told
    assert "simulated" in whole.out
    assert "Source: ECB statistics" in whole.out
    assert "(synthetic) accounts" in told


def test_lines_are_plain_where_nobody_looks(whole: Whole) -> None:
    assert "\x1b" not in whole.err + whole.out
    assert "\r" not in whole.err + whole.out
    assert not any(line != line.rstrip() for line in (whole.err + whole.out).splitlines())


# Other rates, another story


class Listener:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.shares: list[float] = []

    def say(self, words: str) -> None:
        self.lines.append(words)

    def progress(self, words: str, share: float) -> None:
        self.shares.append(share)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tells the shorter story on rates that went another way."""

    def tell(*shaking: Any, **how: Any) -> tuple[Path, Listener]:
        sample = tmp_path / "sample_data"
        shutil.copytree(rates.SAMPLE_DATA, sample, ignore=shutil.ignore_patterns("__pycache__"))
        rates.shaken(sample / "eurofxref-hist.zip", *shaking, **how)
        monkeypatch.setattr(setting, "sample_data", lambda: sample)
        listener = Listener()
        told = story.tell(tmp_path / "demo", listener, quick=True)
        assert told.report.ok
        assert not told.tampered.ok
        assert listener.shares == sorted(listener.shares)
        assert listener.shares[-1] == 1
        assert told.request.approvals[0].signer == cast.RISK.name
        return tmp_path / "demo", listener

    return tell


def test_with_another_2008_digests_alarms_and_the_canarys_day_are_others(whole: Whole, other: Any) -> None:
    root, _ = other("2008", 0.97)
    told, expected = tellings.story(root), tellings.story(whole.root)
    raw, first = "dataset/fx-hedging/ecb-rates@1", "model/fx-hedging/fx-vol@1"
    assert told.artifacts[raw] != expected.artifacts[raw]
    assert told.artifacts[first] == expected.artifacts[first], "the first model saw nothing of 2008"
    for later in ("model/fx-hedging/fx-vol@2", "model/fx-hedging/fx-vol@3", "document/fx-hedging/evaluation@2"):
        assert told.artifacts[later] != expected.artifacts[later]
    drift = [[name for name, _ in each.alerts if name.startswith("feature-drift")] for each in (told, expected)]
    assert drift[0] != drift[1]
    assert told.canary[-1] != expected.canary[-1]


@pytest.mark.slow
def test_where_nothing_calls_for_another_model_the_first_stays(other: Any) -> None:
    root, listener = other(("2008", "2009", "2010"), 0.3)
    told = tellings.story(root)
    assert told.canary == []
    assert [cause for cause, _ in told.retrained] == ["refresh"]
    assert any("nothing has earned the live version's place" in line for line in listener.lines)


@pytest.mark.slow
def test_a_canary_without_a_verdict_leaves_the_champion(other: Any) -> None:
    root, listener = other("2008", 0.9)
    told = tellings.story(root)
    assert told.canary[-1][1] == "inconclusive"
    assert [subject for subject, status, _ in told.ended if status == "ok"] == ["model/fx-hedging/fx-vol@1"]
    assert "model/fx-hedging/fx-vol@1 stays in production" in listener.lines
    resolved = [
        what for kind, what, actor in told.decisions if (kind, actor) == ("alert.resolved", cast.MODEL_OWNER.name)
    ]
    assert all("drill" in each for each in resolved)


@pytest.mark.slow
def test_where_the_rates_end_the_story_does_too(other: Any) -> None:
    root, listener = other("2008", 1.0, until="2008-12-15")
    told = tellings.story(root)
    assert told.looks[-1][1] == told.canary[-1][0] == "2008-12-15"
    assert any("the rates end on 2008-12-15: a canary is still under way" in line for line in listener.lines)


# Nothing is written down beforehand

DEFINED = {0.0, 0.005, 0.05, 0.1, 0.25, 0.6, 0.8, 0.9, 0.94}
"""What the study fixes and does not find: nothing, floors, error rates, shares, decays."""


def code() -> list[Path]:
    """The code that computes the story."""
    folders = ("app/demo", "app/monitoring", "app/rollout", "app/pipelines", "sample_data/project/src")
    return [
        *(path for each in folders for path in (ROOT / each).rglob("*.py")),
        *(ROOT / "app" / "actions").glob("*.py"),
    ]


def constants(path: Path) -> Iterator[Any]:
    """The constants of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    yield from (each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and id(each) not in strings)


def leaves(value: Any) -> Iterator[Any]:
    """The plain values in a YAML document."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    else:
        yield value


@pytest.mark.skipif(not SHARED.is_file(), reason="the study is not here")
def test_no_outcome_of_the_study_stands_in_the_code() -> None:
    study = SHARED.read_text(encoding="utf-8")
    dates = set(re.findall(r"\d{4}-\d{2}-\d{2}", study))
    metrics = {float(each) for each in re.findall(r"(?<![\w.-])\d*\.\d+(?![\w-])", study)} - DEFINED
    assert len(dates) > 30
    assert len(metrics) > 25
    declared = [
        (path, list(leaves(yamltext.load(path.read_text(encoding="utf-8"), path.name).value)))
        for path in (ROOT / "sample_data" / "project").rglob("*.yaml")
    ]
    for path, found in [*((path, list(constants(path))) for path in code()), *declared]:
        for value in found:
            if isinstance(value, float):
                assert abs(value) not in metrics, f"{path}: {value}"
            elif isinstance(value, str):
                assert not [each for each in dates if each in value], f"{path}: {value}"


def test_the_document_says_where_it_is_and_what_waits(whole: Whole) -> None:
    done = tellings.tell(whole.root, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["new"] is False
    assert document["workspace"] == str(whole.root)
    assert document["size"] == tellings.size(whole.root)
