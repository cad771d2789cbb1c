"""Pipelines done: what runs and what is reused, side by side, through failures, kills and damage; the history is true."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import ledger
from app.pipelines import executors, runtime
from ledger.format import canonical
from tests.app.pipelines.works import Works, copy

ROOT = Path(__file__).parents[3]
ALL_OK = dict.fromkeys(("features", "train", "rival", "package"), "ok")
REUSED = dict.fromkeys(ALL_OK, "reused")


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """The workspace whose pipeline has never run."""
    return copy("fresh", tmp_path_factory, tmp_path, monkeypatch)


@pytest.fixture
def works(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """The workspace whose pipeline has run once."""
    return copy("run", tmp_path_factory, tmp_path, monkeypatch)


def test_a_first_run_is_recorded_from_its_trigger_to_its_end(works: Works) -> None:
    (begun,) = works.events("pipeline.triggered")
    (done,) = works.events("pipeline.completed")
    assert (begun["cause"], begun["team"], begun["_subject"]) == ("manual", "quant", "pipeline/fx/fx")
    assert (done["status"], done["stages"], done["_cause"]) == ("ok", ["features", "train", "package"], begun["_seq"])
    assert {each["step"]: each["status"] for each in done["steps"]} == ALL_OK
    runs = works.events("run.started")
    assert {each["_cause"] for each in runs} == {begun["_seq"]}
    assert {each["parameters"]["step"]["step"] for each in runs} == set(ALL_OK)
    assert all(each["team"] == "quant" for each in runs)
    assert works.ok("verify").code == 0


def test_with_nothing_to_do_nothing_is_recorded(works: Works) -> None:
    size = works.size
    assert works.statuses() == REUSED
    assert works.size == size
    assert "nothing to do" in works.ok("--as", "ada", "pipeline", "run").out
    assert "nothing to do" in works.ok("--as", "ada", "pipeline", "status").out
    assert works.size == size


def test_a_cause_is_recorded_even_where_nothing_is_to_do(works: Works) -> None:
    assert works.statuses("--cause", "push", "--ref", "4f2a91c") == REUSED
    done = works.events("pipeline.completed")[-1]
    assert (done["cause"], done["stages"]) == ("push", ["features", "train", "package"])
    assert works.events("pipeline.triggered")[-1]["ref"] == "4f2a91c"


def test_changed_data_runs_all_that_came_from_it(works: Works) -> None:
    works.give("1.3")
    assert works.why("features") == ["data changed: dataset/fx/rates@1 → @2"]
    assert works.why("train") == ["after features"]
    assert works.statuses() == ALL_OK


def test_a_changed_parameter_runs_its_step_and_those_after_it(works: Works) -> None:
    assert works.why("train", "--set", "alpha=0.2") == ["config changed: alpha 0.1 → 0.2"]
    works.edit("pipelines/fx.yaml", "{alpha: 0.1}", "{alpha: 0.2}")
    assert works.why("train") == ["config changed: alpha 0.1 → 0.2"]
    assert works.why("rival") == []
    done = works.run()
    assert {name: each["status"] for name, each in done.items()} == {
        "features": "reused",
        "train": "ok",
        "rival": "reused",
        "package": "ok",
    }
    assert done["train"]["outputs"][0]["ref"] == "model/fx/fx@2"
    assert done["package"]["reasons"] == ["data changed: model/fx/fx@1 → @2"]


def test_what_is_put_back_is_found_again(works: Works) -> None:
    works.edit("pipelines/fx.yaml", "{alpha: 0.1}", "{alpha: 0.2}")
    works.run()
    works.edit("pipelines/fx.yaml", "{alpha: 0.2}", "{alpha: 0.1}")
    size = works.size
    done = works.run()
    assert {name: each["status"] for name, each in done.items()} == REUSED
    assert done["train"]["outputs"][0]["ref"] == "model/fx/fx@1"
    assert works.size == size


def test_changed_code_is_told_by_its_files(works: Works) -> None:
    works.write("src/new.py", "x = 1\n")
    assert works.why("features") == ["code changed: new.py (new)"]
    works.edit("src/work.py", "import json, os", "import os, json")
    assert works.why("features") == ["code changed: new.py (new), work.py"]
    works.edit("specs/rival.yaml", '"model"]', '"model", "x"]')
    works.edit("src/work.py", "import os, json", "import json, os")
    (works.root / "src/new.py").unlink()
    assert works.why("rival") == ['code changed: ["python","work.py","model"] → ["python","work.py","model","x"]']


def test_a_changed_seed(works: Works) -> None:
    works.edit("specs/train.yaml", "seed: 7", "seed: 8")
    assert works.why("train") == ["seed changed: 7 → 8"]


def test_a_changed_runtime(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    now = canonical.decode(runtime.encoded())
    now["dependencies"] = [{"name": "numpy", "version": "99.0"}]
    monkeypatch.setattr(runtime, "encoded", lambda: canonical.encode(now))
    (why,) = works.why("features")
    assert why.startswith("runtime changed: ")


def test_a_step_whose_timeout_changes_is_as_it_was(works: Works) -> None:
    works.edit("specs/train.yaml", "seed: 7", "seed: 7\ntimeout: 99")
    assert works.statuses() == REUSED


def test_everything_anew(works: Works) -> None:
    assert works.statuses("--force") == ALL_OK
    assert works.json("artifact", "show", "model/fx/fx")["artifact"]["version"] == 1  # the same bytes


@pytest.mark.parametrize("harm", ["gone", "other bytes", "cut off"])
def test_a_stored_result_that_is_not_sound_is_made_anew(works: Works, harm: str) -> None:
    path = works.stored("model/fx/fx")
    good = path.read_bytes()
    path.chmod(0o644)
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(len(good)) if harm == "other bytes" else good[:3])
    (why,) = works.why("train")
    assert why.startswith("the stored bytes of model/fx/fx@1, which run/")
    done = works.run()
    assert (done["train"]["status"], done["rival"]["status"]) == ("ok", "reused")
    assert path.read_bytes() == good
    assert works.ok("artifact", "check").code == 0
    assert works.statuses() == REUSED


def test_a_retired_result_is_not_reused(works: Works) -> None:
    from ledger.events.artifacts import ArtifactRetired

    with ledger.open(works.ledger) as book:
        book.record(ArtifactRetired("model/fx/rival@1", "it was wrong"), actor="ada", project="fx")
    assert works.why("rival")[0].endswith("was retired: it was wrong")


def test_a_failure_stops_what_needs_it_and_nothing_else(fresh: Works) -> None:
    fresh.edit("specs/train.yaml", "fail: false", "fail: true")
    said = fresh("--as", "ada", "pipeline", "run", "--processes", "1")
    assert said.code == 1
    assert "it was told to fail" in said.out
    (done,) = fresh.events("pipeline.completed")
    assert {each["step"]: each["status"] for each in done["steps"]} == {
        "features": "ok",
        "train": "failed",
        "rival": "ok",
        "package": "skipped",
    }
    assert (done["status"], done["stages"]) == ("failed", ["features", "train"])
    assert done["reason"].startswith("train failed: exit code 1: it was told to fail")
    assert fresh.why("train")[0].startswith("its last run, run/")
    fresh.edit("specs/train.yaml", "fail: true", "fail: false")
    assert fresh.statuses() == {**REUSED, "train": "ok", "package": "ok"}


@pytest.mark.parametrize(
    ("code", "more", "said"),
    [
        ("import time; time.sleep(60)", "timeout: 0.3", "longer than its timeout of 0.3 s"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "", "killed by SIGSEGV"),
        (
            "import time; open('x', 'wb').write(b'x' * (8 << 20)); time.sleep(60)",
            "limit: 2",
            "more than its limit of 2 MiB",
        ),
        ("pass", "", "output 'table' was not written"),
    ],
)
def test_a_step_that_goes_wrong_says_how(fresh: Works, code: str, more: str, said: str) -> None:
    fresh.write("src/work.py", code)
    with (fresh.root / "specs/features.yaml").open("a") as file:
        file.write(f"{more}\n")
    done = fresh.run(code=1)
    assert done["features"]["status"] == "failed"
    assert said in done["features"]["reason"]
    assert said in fresh.events("run.completed")[-1]["reason"]


def test_one_process_and_two_give_equal_digests(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does any other executor, in the same place."""
    found, two = [], executors.made
    for n, make in enumerate((executors.Serial, lambda: two(2), lambda: ThreadPoolExecutor(3))):
        works = copy("fresh", tmp_path_factory, tmp_path / str(n), monkeypatch)
        monkeypatch.setattr(executors, "made", lambda processes, make=make: make())
        said = works.ok("--as", "ada", "pipeline", "run", "--json").document["executions"][0]
        found.append({each["step"]: [out["sha256"] for out in each["outputs"]] for each in said["steps"]})
        assert all(found[-1].values())
    assert found[0] == found[1] == found[2]


def test_two_environments_side_by_side_are_compared_on_record(fresh: Works) -> None:
    words = ("--as", "ada", "pipeline", "compare", "--env", "dev", "--env", "staging")
    found = fresh.json(*words)
    assert found["equal"]
    assert {each["step"]: each["equal"] for each in found["steps"]} == dict.fromkeys(ALL_OK, True)
    events = fresh.events("run.reproduced")
    assert len(events) == 4
    assert all(each["equal"] and each["environments"] == ["dev", "staging"] for each in events)
    assert {each["environment"] for each in fresh.events("pipeline.completed")} == {"dev", "staging"}
    size = fresh.size
    assert fresh.json(*words)["equal"]
    assert fresh.size == size


def test_environments_that_differ_say_in_what(fresh: Works) -> None:
    fresh.edit("pipelines/fx.yaml", "staging: {}", "staging: {alpha: 0.5}")
    said = fresh("--as", "ada", "pipeline", "compare", "--env", "dev", "--env", "staging", "--json")
    assert (said.code, said.document["equal"]) == (1, False)
    steps = {each["step"]: each for each in said.document["steps"]}
    assert [name for name, each in steps.items() if not each["equal"]] == ["train", "package"]
    assert steps["train"]["apart"] == ["config"]
    assert [each["equal"] for each in fresh.events("run.reproduced")] == [True, False, True, False]


def test_an_environment_s_results_are_its_own(works: Works) -> None:
    assert works.statuses("--env", "dev") == ALL_OK
    assert works.statuses("--env", "dev") == REUSED
    said = works("--as", "ada", "pipeline", "run", "--env", "moon")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "there is no environment 'moon'" in said.err


# Processes that die, and those that come too late


def started(works: Works, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "-C", str(works.root), "--as", "ada", "pipeline", "run", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def wait_for(works: Works, child: subprocess.Popen[str], job: str) -> None:
    """Until a run of this job has begun."""
    limit = time.monotonic() + 180
    while not any(each["job"] == job for each in works.events("run.started")):
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_killed_pipeline_is_gone_on_with(fresh: Works, processes: str) -> None:
    fresh.edit("specs/train.yaml", "wait: 0", "wait: 120")
    child = started(fresh, "--processes", processes)
    try:
        wait_for(fresh, child, "train")
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=180)
    fresh.edit("specs/train.yaml", "wait: 120", "wait: 0")
    said = fresh("--as", "ada", "pipeline", "run", "--processes", "1", "--json")
    (execution,) = said.document["executions"]
    assert execution["closed"] >= 1
    statuses = {each["step"]: each["status"] for each in execution["steps"]}
    assert (statuses["features"], statuses["train"], statuses["package"]) == ("reused", "ok", "ok")
    first, second = fresh.events("pipeline.completed")
    assert (first["status"], first["reason"]) == ("interrupted", "its process ended without recording how")
    assert {"step": "features", "status": "ok"}.items() <= next(
        each for each in first["steps"] if each["step"] == "features"
    ).items()
    assert second["status"] == "ok"
    ended = {each["run"]: each["status"] for each in fresh.events("run.completed")}
    assert sorted(set(ended.values())) == ["interrupted", "ok"]
    assert len(ended) == len(fresh.events("run.started"))
    assert fresh.ok("verify").code == 0


def test_ctrl_c_is_an_interruption_on_record(fresh: Works) -> None:
    fresh.edit("specs/train.yaml", "wait: 0", "wait: 120")
    child = started(fresh, "--processes", "2")
    try:
        wait_for(fresh, child, "train")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=180)
    finally:
        child.kill()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    (done,) = fresh.events("pipeline.completed")
    assert done["status"] == "interrupted"
    statuses = {each["step"]: each["status"] for each in done["steps"]}
    assert (statuses["train"], statuses["package"]) == ("interrupted", "skipped")
    assert "interrupted" in out


def test_a_second_run_says_who_is_at_it_and_records_nothing(fresh: Works) -> None:
    fresh.edit("specs/train.yaml", "wait: 0", "wait: 120")
    child = started(fresh, "--processes", "1")
    try:
        wait_for(fresh, child, "train")
        size = fresh.size
        said = fresh("--as", "lea", "pipeline", "run")
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert f"the pipeline fx of fx is being run by ada (process {child.pid} on" in said.err
        assert fresh.size == size
        # Another pipeline with the same step meets it at the step.
        fresh.write("pipelines/other.yaml", "pipeline: other\nsteps:\n  train: {train: ../specs/train.yaml}\n")
        met = fresh("--as", "lea", "pipeline", "run", "other", "--processes", "1", "--json")
        assert met.code == 1
        (step,) = met.document["executions"][0]["steps"]
        assert (step["status"], step["run"]) == ("failed", None)
        assert "the step train of fx is being run by ada" in step["reason"]
    finally:
        child.kill()
        child.communicate(timeout=180)


def test_a_worker_that_is_lost_is_a_failure(fresh: Works) -> None:
    """As when the system kills it for its memory."""
    code = "import os, signal; os.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(60)\n"
    fresh.write("src/work.py", code)
    fresh.edit("specs/rival.yaml", "inputs: {table: feature_view/table}\n", "")
    said = fresh("--as", "ada", "pipeline", "run", "--processes", "2", "--json")
    assert said.code == 1
    reason = said.document["executions"][0]["steps"][0]["reason"]
    assert "the process that did it was lost" in reason
    assert {each["status"] for each in fresh.events("run.completed")} == {"failed"}
    assert len(fresh.events("run.completed")) == len(fresh.events("run.started")) == 2
    assert fresh.events("pipeline.completed")[-1]["status"] == "failed"


@pytest.mark.slow
def test_killed_at_any_moment_the_history_stays_true(fresh: Works) -> None:
    """Thirty kills at random moments: every run has an end, the record verifies, and in the end all is done once more."""
    chance = random.Random(11)
    for name in ("features", "train", "rival"):
        fresh.edit(f"specs/{name}.yaml", "wait: 0", "wait: 0.4")
    for turn in range(30):
        fresh.edit(
            "pipelines/fx.yaml", f"parameters: {{alpha: {turn - 1 if turn else 0.1}}}", f"parameters: {{alpha: {turn}}}"
        )
        child = started(fresh, "--processes", chance.choice("12"))
        with suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=chance.uniform(0.2, 6.0))
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=180)
        assert fresh.ok("verify").code == 0
    assert set(fresh.statuses().values()) <= {"ok", "reused"}
    assert fresh.statuses() == REUSED
    ended = [each["run"] for each in fresh.events("run.completed")]
    assert sorted(ended) == sorted(each["run"] for each in fresh.events("run.started"))
    finished = [each["execution"] for each in fresh.events("pipeline.completed")]
    assert sorted(finished) == sorted(each["execution"] for each in fresh.events("pipeline.triggered"))
