"""What the queries answer, on the story's ledger."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger import InputError
from ledger.events.artifacts import AliasMoved, ArtifactRetired
from ledger.events.deployments import DeploymentRolledBack
from ledger.events.monitors import MonitorConfigured
from ledger.format.event import Event
from ledger.format.hashes import digest
from ledger.projections import (
    View,
    alerts,
    approvals,
    artifacts,
    checks,
    deployments,
    documents,
    lineage,
    monitors,
    people,
    runs,
)
from ledger.projections.artifacts import UnknownRef
from tests.ledger.story import PROJECT, Story, secret

DATA, MODEL = f"dataset/{PROJECT}/ecb-rates", f"model/{PROJECT}/fx-vol"


def _payload(document: Any) -> str:
    return b64encode(json.dumps(document).encode()).decode()


@pytest.fixture(scope="module")
def view(told: Path) -> View:
    return ledger.open(told / "ledger.db", read_only=True).view()


def seq_of(view: View, type_: str, nth: int = 0) -> int:
    found = view.rows("SELECT seq FROM events WHERE type = :type ORDER BY seq", {"type": type_})
    return int(found[nth][0])


class TestArtifacts:
    def test_versions(self, view: View) -> None:
        assert [each.ref for each in artifacts.versions(view)] == [
            f"{DATA}@1",
            f"{DATA}@2",
            f"{MODEL}@1",
            f"{MODEL}@2",
        ]
        assert [each.version for each in artifacts.versions(view, kind="model", project=PROJECT, name="fx-vol")] == [
            1,
            2,
        ]
        assert artifacts.versions(view, project="other") == []

    def test_one(self, view: View) -> None:
        found = artifacts.get(view, f"{MODEL}@1")
        assert found is not None
        assert (found.kind, found.project, found.name, found.version) == ("model", PROJECT, "fx-vol", 1)
        assert (found.digest, found.size, found.actor) == (digest(b"weights 2"), 9, "ada")
        assert found.facts == {"rows": 7, "summary": {"mean": 0.5}}
        assert found.base == MODEL
        assert artifacts.by_digest(view, found.digest) == [found]

    @pytest.mark.parametrize(
        ("text", "ref"),
        [
            (f"{MODEL}@1", f"{MODEL}@1"),
            (MODEL, f"{MODEL}@2"),
            (f"{MODEL}@champion", f"{MODEL}@1"),
            ("fx-vol@1", f"{MODEL}@1"),
            ("fx-vol", f"{MODEL}@2"),
            ("model/fx-vol@2", f"{MODEL}@2"),
            ("fx-v", f"{MODEL}@2"),
            ("ecb", f"{DATA}@2"),
            ("dataset/", f"{DATA}@2"),
            (digest(b"weights 2"), f"{MODEL}@1"),
            (digest(b"weights 2")[:20], f"{MODEL}@1"),
        ],
    )
    def test_resolving(self, view: View, text: str, ref: str) -> None:
        assert artifacts.resolve(view, text).ref == ref

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("fx-vool", rf"no artifact is called 'fx-vool'; the nearest: {MODEL}"),
            ("xyzzy", r"no artifact is called 'xyzzy'; `assay artifact list` shows what there is"),
            ("fx-vol@9", rf"{MODEL} has no version or alias '9'; it has {MODEL}@1, {MODEL}@2, {MODEL}@champion"),
            ("fx-vol@best", rf"{MODEL} has no version or alias 'best'"),
            ("sha256:12345", r"no artifacts have a digest that starts with sha256:12345"),
            ("sha256:", r"4 artifacts have a digest that starts with sha256:"),
            ("", "no artifact is called ''"),
        ],
    )
    def test_a_name_of_nothing_or_of_several(self, view: View, text: str, message: str) -> None:
        with pytest.raises(UnknownRef, match=message):
            artifacts.resolve(view, text)

    def test_an_ambiguous_name(self, story: Story) -> None:
        story.register("model", "fx-volume", "x")
        with pytest.raises(UnknownRef, match=rf"'fx-v' is ambiguous; it may be {MODEL}, {MODEL}ume") as caught:
            artifacts.resolve(story.ledger.view(), "fx-v")
        assert caught.value.nearest == [MODEL, f"{MODEL}ume"]

    def test_an_alias_moves_and_its_past_stays(self, story: Story) -> None:
        before = story.ledger.view()
        story.record(AliasMoved(MODEL, "champion", 2), "ada")
        for view, version in ((before, 1), (story.ledger.view(), 2)):
            found = artifacts.aliased(view, MODEL, "champion")
            assert found is not None
            assert found.version == version
        assert [each.version for each in artifacts.aliases(story.ledger.view(), MODEL)] == [1, 2]

    def test_retired(self, story: Story) -> None:
        before = story.ledger.view()
        story.record(ArtifactRetired(f"{MODEL}@1", "superseded"), "hugo")
        assert artifacts.retired(before, f"{MODEL}@1") is None
        assert artifacts.retired(story.ledger.view(), f"{MODEL}@1") == "superseded"


class TestRuns:
    def test_one(self, view: View) -> None:
        first, second = runs.listed(view)
        assert (first.job, first.job_type, first.actor, first.status, first.seed) == (
            "train",
            "training",
            "ada",
            "ok",
            7,
        )
        assert first.inputs == ((f"{DATA}@2", digest(b"EUR/USD 1.1790")),)
        assert first.outputs == ((f"{MODEL}@1", digest(b"weights 2")),)
        assert first.metrics == {"r2": 0.47, "bias": -0.011}
        assert (first.code, first.exit_code, first.seconds) == (digest(b"code"), 0, 1.5)
        assert first.parameters == {"window": 250}
        assert runs.get(view, first.ref) == runs.get(view, first.run) == first
        assert second.seq > first.seq
        assert runs.unfinished(view) == []

    def test_under_way(self, view: View) -> None:
        run = runs.listed(view)[0]
        [then] = runs.listed(View(view.connection, run.seq))
        assert (then.status, then.ended_seq, then.outputs, then.metrics) == ("running", None, (), {})
        assert runs.unfinished(View(view.connection, run.seq)) == [then]

    def test_finding_by_a_prefix(self, view: View) -> None:
        first, second = runs.listed(view)
        for text in (first.run, first.run[:6], first.ref, f"run/{first.run[:5]}"):
            assert runs.find(view, text) == first
        with pytest.raises(InputError, match="more than one run begins with ''"):
            runs.find(view, "run/")
        with pytest.raises(InputError, match=r"no run begins with 'zzz'; `assay runs` lists them"):
            runs.find(view, "zzz")
        assert second.run[:5] != first.run[:5]


class TestLineage:
    def test_from_the_data_to_what_is_live(self, view: View) -> None:
        graph = lineage.graph(view, f"{MODEL}@1")
        run = runs.listed(view)[0]
        assert {name: node.distance for name, node in graph.nodes.items()} == {
            f"{MODEL}@1": 0,
            run.ref: -1,
            f"{DATA}@2": -2,
            "deployment/d1": 1,
        }
        assert {(edge.source, edge.target, edge.role) for edge in graph.edges} == {
            (f"{DATA}@2", run.ref, "input"),
            (run.ref, f"{MODEL}@1", "output"),
            (f"{MODEL}@1", "deployment/d1", "deployed"),
        }
        labels = {name: node.label for name, node in graph.nodes.items()}
        assert labels[f"{MODEL}@1"] == "fx-vol v1"
        assert labels["deployment/d1"] == "d1"
        assert labels[run.ref].startswith("train ")

    def test_what_depends_on_the_data(self, view: View) -> None:
        found = lineage.impact(view, f"{DATA}@2")
        first, second = (run.ref for run in runs.listed(view))
        assert set(found[:2]) == {first, second}
        assert found[2:4] == [f"{MODEL}@1", f"{MODEL}@2"]
        assert found[4:] == ["deployment/d1", "deployment/d2"]

    def test_a_few_steps_only(self, view: View) -> None:
        assert set(lineage.graph(view, f"{DATA}@2", up=0, down=1).nodes) == {
            f"{DATA}@2",
            *(run.ref for run in runs.listed(view)),
        }
        assert lineage.graph(view, "model/nobody/knows@1").edges == ()

    def test_before_it_was(self, view: View) -> None:
        then = View(view.connection, runs.listed(view)[0].seq)
        assert f"{MODEL}@1" not in lineage.graph(then, f"{DATA}@2").nodes


class TestApprovals:
    def test_requests_and_what_became_of_them(self, view: View) -> None:
        first, rejected, second = approvals.requests(view)
        assert [(each.signer, each.role, each.verdict) for each in first.decisions] == [
            ("grace", "risk", "approve"),
            ("vera", "model-validation", "approve"),
        ]
        assert [each.reason for each in first.decisions] == ["sound", "sound"], "signed, in the statement alone"
        assert (first.rejected, rejected.rejected, second.rejected) == (False, True, False)
        assert rejected.decisions[0].reason == "the bias is too large"
        assert first.roles == ("risk", "model-validation")
        assert first.evidence == ({"ref": f"{MODEL}@1", "sha256": first.digest, "title": "the model"},)
        assert approvals.get(view, first.seq) == first
        assert approvals.get(view, first.seq + 1) is None
        assert approvals.requests(view, subject=f"{MODEL}@2") == [rejected, second]
        assert approvals.requests(view, project="other") == []

    @pytest.mark.parametrize(
        ("envelope", "reason"),
        [
            ({"payload": _payload({"predicate": {"reason": "read it"}})}, "read it"),
            ({"payload": _payload({"predicate": {"reason": ""}})}, None),
            ({"payload": _payload({"predicate": {"reason": "\ud800"}})}, None),
            ({"payload": _payload({"predicate": {"reason": 7}})}, None),
            ({"payload": _payload({"predicate": ["reason"]})}, None),
            ({"payload": _payload([])}, None),
            ({"payload": b64encode(b"[" * 200_000).decode()}, None),
            ({"payload": b64encode(b"\xff{").decode()}, None),
            ({"payload": "no base64 \xe4"}, None),
            ({"payload": 7}, None),
            ({}, None),
            ("an envelope", None),
            (None, None),
        ],
    )
    def test_the_reason_of_an_approval_and_no_error_of_what_cannot_be_read(
        self, envelope: Any, reason: str | None
    ) -> None:
        value = {"request": 4, "transition": "prod", "role": "risk", "dsse": envelope}
        at = "2026-01-02T03:04:05.000000Z"
        event = Event(5, "approval.granted", f"{MODEL}@1", PROJECT, "grace", at, 4, "0" * 64, value)
        [(table, row)] = list(approvals.FOLDS["approval.granted"](event, value))
        assert (table, row[7]) == ("decisions", reason)

    def test_a_request_then(self, view: View) -> None:
        request = approvals.requests(view)[0]
        for n in range(3):
            then = approvals.get(View(view.connection, request.seq + n), request.seq)
            assert then is not None
            assert len(then.approvals) == n

    def test_stages(self, view: View) -> None:
        assert approvals.stage(view, f"{MODEL}@1") == "production"
        assert approvals.stage(view, f"{MODEL}@2") == "candidate"
        assert approvals.stage(View(view.connection, approvals.requests(view)[0].seq), f"{MODEL}@1") == "candidate"


class TestDeployments:
    def test_what_is_live(self, view: View) -> None:
        live = deployments.live(view, MODEL, "prod")
        assert live is not None
        assert (live.deployment, live.strategy, live.status) == ("d2", "canary", "ok")
        assert deployments.live(view, MODEL, "staging") is None
        then = deployments.live(View(view.connection, live.seq), MODEL, "prod")
        assert then is not None
        assert then.deployment == "d1"

    def test_steps(self, view: View) -> None:
        [step] = deployments.steps(view, "deployment/d2")
        assert (step.decision, step.slice, step.day, step.evidence) == ("promote", 1.0, "2008-10-01", {"e": 31.5})
        assert step.checks[0]["name"] == "QLIKE"

    def test_rolled_back(self, story: Story) -> None:
        subject = f"{MODEL}@2"
        story.record(DeploymentRolledBack("d2", f"{MODEL}@1", True, "exercise"), "svc:deployer", subject)
        for expected in ("d2", "d1"):
            live = deployments.live(story.ledger.view(), MODEL, "prod")
            assert live is not None
            assert live.deployment == expected
            story.record(DeploymentRolledBack("d2", f"{MODEL}@1", False, "errors"), "svc:deployer", subject)


class TestWatching:
    def test_alerts(self, view: View) -> None:
        [alert] = alerts.listed(view)
        assert (alert.state, alert.severity, alert.value, alert.threshold) == ("resolved", "high", 0.31, 0.25)
        assert [(change.state, change.actor) for change in alert.changes] == [
            ("acknowledged", "hugo"),
            ("resolved", "hugo"),
        ]
        assert alerts.get(view, "alert/a1") == alerts.get(view, "a1") == alert
        assert alerts.listed(view, state="raised") == []
        [then] = alerts.listed(View(view.connection, alert.seq), state="raised")
        assert then.changes == ()

    def test_monitors(self, view: View) -> None:
        flat, drift = monitors.listed(view)
        assert (flat.accepted, flat.facts["reason"]) == (False, "KS is never above 1")
        assert (drift.accepted, drift.facts["severity"]) == (True, "high")
        seen = monitors.observations(view, "drift")
        assert len(seen) == 160
        assert seen[49].breached
        assert seen[1].value == pytest.approx(0.101)

    def test_a_monitor_declared_anew(self, story: Story) -> None:
        model = f"{MODEL}@1"
        story.record(MonitorConfigured("drift", "drift", 0.5, "risk"), "svc:monitor", model)
        found = {each.monitor: each.facts["threshold"] for each in monitors.listed(story.ledger.view())}
        assert found == {"flat": 1.5, "drift": 0.5}

    def test_checks_and_documents(self, view: View) -> None:
        [expected], [executed] = checks.configured(view), checks.executed(view)
        assert expected.threshold == executed.threshold == {"sd": 6}
        assert (executed.passed, executed.verdict, executed.value) == (False, "block", -13.83)
        assert executed.findings[0]["text"] == "Währung ₺ — “new lira”"
        assert checks.executed(view, f"{DATA}@1") == [executed]
        assert checks.executed(view, f"{DATA}@2") == []
        [card] = documents.listed(view, f"{MODEL}@1")
        assert (card.doc_kind, card.title) == ("model_card", "fx-vol")


class TestPeople:
    def test_everybody(self, view: View) -> None:
        people_ = {person.name: person for person in people.listed(view)}
        assert list(people_) == ["ivy", "ada", "grace", "vera", "hugo", "mallory", "svc:monitor", "svc:deployer"]
        assert people_["ivy"].administrator
        assert not people_["ada"].administrator
        assert people_["svc:monitor"].kind == "automation"
        assert people_["mallory"].keys == ()
        assert people_["ada"].keys == (str(secret("ada").public),)

    def test_a_key_is_valid_from_its_enrolment_to_its_revocation(self, view: View) -> None:
        revoked = seq_of(view, "key.revoked")
        enrolled = view.row("SELECT seq FROM events WHERE subject = 'person/mallory' ORDER BY seq")[0]
        key = (str(secret("mallory").public),)
        assert people.keys(View(view.connection, enrolled - 1), "mallory") == ()
        assert people.keys(View(view.connection, enrolled), "mallory") == key
        assert people.keys(View(view.connection, revoked - 1), "mallory") == key
        assert people.keys(View(view.connection, revoked), "mallory") == ()

    def test_roles(self, view: View) -> None:
        assert people.roles(view, "grace", PROJECT) == ("risk",)
        assert people.roles(view, "grace", "other") == ()
        assert people.holders(view, "risk", PROJECT) == ("grace", "mallory")
        [owner] = people.owners(view, f"{MODEL}@1")
        assert (owner.role, owner.principal, owner.team) == ("accountable", "hugo", "portfolio")


def test_the_newest_are_the_last_of_all(view: View) -> None:
    for every, newest, count in (
        (artifacts.versions(view), artifacts.versions(view, newest=3), artifacts.count(view)),
        (runs.listed(view), runs.listed(view, newest=1), runs.count(view)),
    ):
        assert newest == every[-len(newest) :]
        assert count == len(every) > len(newest) > 0
    for each in monitors.listed(view):
        seen = monitors.observations(view, each.monitor, project=each.project)
        assert monitors.observations(view, each.monitor, project=each.project, newest=2) == seen[-2:]
        assert monitors.looks(view).get((each.monitor, each.project), 0) == len(seen)
    by_kind: dict[str, int] = {}
    for version in artifacts.versions(view):
        by_kind[version.kind] = by_kind.get(version.kind, 0) + 1
    assert artifacts.kinds(view) == by_kind


def test_what_the_runs_of_a_name_measured(view: View) -> None:
    found = runs.metrics_of(view, "model", PROJECT, "fx-vol")
    made = [each.run for each in artifacts.versions(view, kind="model", project=PROJECT, name="fx-vol") if each.run]
    assert found == {run: known.metrics for run in made if (known := runs.get(view, run)) and known.ended_seq}
    assert any(found.values())
