from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger import Ledger, Recorded, lifecycle
from ledger.errors import InputError, Refused
from ledger.events.artifacts import ArtifactRegistered, ArtifactRetired
from ledger.events.runs import RunStarted
from ledger.events.vocabulary import Artifact
from ledger.lifecycle import Ended, Made, abandoned, begin, claimed, close_abandoned, end, new_run, require_input
from ledger.projections import artifacts, runs
from ledger.store.objects import DIRECTORY_MEDIA_TYPE
from tests.ledger.story import PROJECT, Story

MODEL = f"model/{PROJECT}/m"


@pytest.fixture
def opened(fresh: Story) -> Ledger:
    return fresh.ledger


def start(opened: Ledger, *inputs: str, **more: Any) -> Recorded:
    given = [Artifact(each.ref, each.digest) for each in (artifacts.resolve(opened.view(), ref) for ref in inputs)]
    fact = RunStarted(run=new_run(), job="train", job_type="training", inputs=given)
    return begin(opened, fact, actor="ada", project=PROJECT, **more)


def made(opened: Ledger, data: bytes, base: str = MODEL, **facts: Any) -> Made:
    return Made(base, opened.objects.put_bytes(data), facts)


def types(recorded: list[Recorded]) -> list[str]:
    return [each.event.type for each in recorded]


def test_what_a_run_makes_is_registered_with_its_end_in_one_go(opened: Ledger) -> None:
    started = start(opened)
    ended = Ended("ok", [made(opened, b"1", rows=3, media_type="text/csv")], {"error": 0.5}, 0, 1.5)
    refs, recorded = end(opened, started, ended)
    assert refs == {MODEL: f"{MODEL}@1"}
    assert types(recorded) == ["artifact.registered", "run.completed"]
    assert {each.event.cause for each in recorded} == {started.seq}
    assert {each.event.actor for each in recorded} == {"ada"}
    artifact = artifacts.get(opened.view(), f"{MODEL}@1")
    assert artifact is not None
    assert (artifact.run, artifact.facts) == (started.event.value["run"], {"rows": 3, "media_type": "text/csv"})
    run = runs.get(opened.view(), started.event.value["run"])
    assert run is not None
    assert (run.status, run.outputs, run.metrics, run.seconds) == (
        "ok", ((f"{MODEL}@1", artifact.digest),), {"error": 0.5}, 1.5,
    )  # fmt: skip


def test_the_newest_versions_bytes_are_not_registered_again_but_older_ones_are(opened: Ledger) -> None:
    refs = [
        end(opened, start(opened), Ended("ok", [made(opened, data)]))[0][MODEL] for data in (b"1", b"1", b"2", b"1")
    ]
    assert refs == [f"{MODEL}@1", f"{MODEL}@1", f"{MODEL}@2", f"{MODEL}@3"]


def test_a_version_that_the_run_came_from_is_not_its_output(opened: Ledger) -> None:
    end(opened, start(opened), Ended("ok", [made(opened, b"1", f"dataset/{PROJECT}/a")]))
    end(opened, start(opened, "dataset/fx-hedging/a@1"), Ended("ok", [made(opened, b"2", f"dataset/{PROJECT}/b")]))
    direct = start(opened, "dataset/fx-hedging/a@1")
    assert end(opened, direct, Ended("ok", [made(opened, b"1", f"dataset/{PROJECT}/a")]))[0] == {
        f"dataset/{PROJECT}/a": f"dataset/{PROJECT}/a@2"
    }
    afar = start(opened, "dataset/fx-hedging/b@1", "dataset/fx-hedging/a@2")
    refs, _ = end(opened, afar, Ended("ok", [made(opened, b"1", f"dataset/{PROJECT}/a")]))
    assert refs[f"dataset/{PROJECT}/a"] == f"dataset/{PROJECT}/a@3"


def test_directories_and_other_projects_outputs(opened: Ledger, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("1")
    stored = opened.objects.put_directory(tmp_path / "folder")
    refs, recorded = end(
        opened, start(opened), Ended("ok", [Made("dataset/rates/x", stored, {"media_type": "text/x"})])
    )
    assert refs == {"dataset/rates/x": "dataset/rates/x@1"}
    assert recorded[0].event.project == "rates"
    artifact = artifacts.get(opened.view(), "dataset/rates/x@1")
    assert artifact is not None
    assert artifact.facts["media_type"] == DIRECTORY_MEDIA_TYPE
    assert lifecycle.is_directory(artifact)


def test_what_a_run_is_run_with_becomes_a_version_once(opened: Ledger) -> None:
    code = made(opened, b"code", f"code/{PROJECT}/project")
    for _ in range(2):
        fact = RunStarted(run=new_run(), job="train", job_type="training", code=code.stored.digest)
        started = begin(opened, fact, [code], actor="ada", project=PROJECT, at="2008-03-25")
    assert started.event.type == "run.started"
    assert started.event.at >= "2008-03-25"
    assert len(artifacts.versions(opened.view(), kind="code")) == 1


def test_a_refused_output_is_a_recorded_failure(opened: Ledger) -> None:
    started = start(opened)
    before = opened.size
    refs, recorded = end(opened, started, Ended("ok", [made(opened, b"1"), made(opened, b"2", f"modell/{PROJECT}/m")]))
    assert refs == {}
    assert opened.size == before + 1, "nothing of it was registered"
    assert recorded[0].event.value["status"] == "failed"
    assert "no kind of artifact" in recorded[0].event.value["reason"]


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_metrics_that_no_event_can_hold_are_no_reason_to_leave_the_run_open(opened: Ledger, status: Any) -> None:
    started = start(opened)
    metrics = {f"metric-{n:05}": 0.5 for n in range(5000)}
    _, recorded = end(opened, started, Ended(status, [], metrics, reason=None if status == "ok" else "its own reason"))
    value = recorded[0].event.value
    assert (value["status"], "metrics" in value) == ("failed", False)
    assert ("could not be recorded" in value["reason"]) == (status == "ok")


def test_a_run_ends_once(opened: Ledger) -> None:
    started = start(opened)
    end(opened, started, Ended("failed", reason="x"))
    with pytest.raises(Refused, match="has ended before"):
        end(opened, started, Ended("ok"))


def test_writers_that_race_for_a_version_each_get_one(opened: Ledger) -> None:
    path, keys = opened.path, opened.keystore.folder
    refs: list[str] = []

    def work(n: int) -> None:
        with ledger.open(path, keys=keys) as own:
            for k in range(5):
                started = start(own)
                refs.append(end(own, started, Ended("ok", [made(own, b"%d %d" % (n, k))]))[0][MODEL])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refs) == sorted(f"{MODEL}@{n}" for n in range(1, 21))


def test_inputs_must_be_registered_present_and_not_retired(opened: Ledger) -> None:
    for name, stored in [("a", opened.objects.put_bytes(b"1")), ("b", opened.objects.put_bytes(b"2"))]:
        opened.record(ArtifactRegistered("dataset", name, 1, stored.digest, stored.size), actor="ada", project=PROJECT)
    assert require_input(opened, "a").ref == f"dataset/{PROJECT}/a@1"
    with pytest.raises(InputError, match="no artifact is called 'c'"):
        require_input(opened, "c")
    opened.objects.path(artifacts.resolve(opened.view(), "a").digest).unlink()
    with pytest.raises(InputError, match=f"the bytes of dataset/{PROJECT}/a@1 are not in"):
        require_input(opened, "a")
    opened.record(ArtifactRetired(f"dataset/{PROJECT}/b@1", "wrong units"), actor="ada", project=PROJECT)
    with pytest.raises(InputError, match=r"retired \(wrong units\)"):
        require_input(opened, "b")


@pytest.mark.parametrize("text", ["m", "model/", "model/p/m@3", "modell/p/m", "model/p/m/x", "model//m"])
def test_names_that_no_artifact_can_have(text: str) -> None:
    with pytest.raises(InputError):
        lifecycle.artifact_base(text, "p")


def test_a_name_without_project_is_in_the_runs(opened: Ledger) -> None:
    assert lifecycle.artifact_base("model/m", "p") == "model/p/m"
    assert lifecycle.artifact_base("model/q/m", "p") == "model/q/m"
    with pytest.raises(InputError):
        lifecycle.artifact_base("model/m", None)


def test_a_reason_is_one_plain_line() -> None:
    assert lifecycle.one_line("a\n  b\x1b[31m") == "a b\\u{1b}[31m"
    assert len(lifecycle.one_line("x" * 10_000)) == lifecycle.REASON_LIMIT


KILLED = """
import sys
import ledger
from ledger.events.runs import RunStarted
from ledger.lifecycle import begin, claimed, new_run
with ledger.open(sys.argv[1]) as opened:
    run = new_run()
    with claimed(opened, run):
        begin(opened, RunStarted(run=run, job="train", job_type="training"), actor="ada", project="fx-hedging")
        print(run, flush=True)
        sys.stdin.read()
"""


def test_a_killed_run_is_found_and_closed_and_a_living_one_is_left(opened: Ledger) -> None:
    script = [sys.executable, "-c", KILLED, str(opened.path)]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        unmarked = start(opened)
        with claimed(opened, "own") as release:
            assert [each.run for each in runs.unfinished(opened.view())] == [name, unmarked.event.value["run"]]
            assert abandoned(opened) == []
            assert close_abandoned(opened, actor="svc:agent") == []
            os.kill(other.pid, signal.SIGKILL)
            other.wait()
            until = time.monotonic() + 5
            while not abandoned(opened):
                assert time.monotonic() < until
            (closed,) = close_abandoned(opened, actor="svc:agent")
            release()
    run = runs.get(opened.view(), name)
    assert run is not None
    assert (run.status, run.ended_seq, closed.event.actor) == ("interrupted", closed.seq, "svc:agent")
    assert run.reason == "its process ended without recording how"
    assert close_abandoned(opened) == []
    assert [each.run for each in runs.unfinished(opened.view())] == [unmarked.event.value["run"]]
    assert list((opened.path.parent / "running").iterdir()) == []


def test_marks_of_the_dead_are_swept_and_those_of_the_living_stay(opened: Ledger) -> None:
    """A kill between a mark and what is recorded: the run never began, or its end was recorded already."""
    folder = opened.path.parent / "running"
    ended = start(opened)
    with claimed(opened, "never-began"), claimed(opened, ended.event.value["run"]):
        end(opened, ended, Ended("ok"))
        assert close_abandoned(opened) == []
        assert sorted(each.name for each in folder.iterdir()) == sorted(["never-began", ended.event.value["run"]])
    assert close_abandoned(opened) == []
    assert list(folder.iterdir()) == []
