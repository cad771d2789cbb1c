from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger
from app.pipelines import spec as specs
from app.pipelines.execution import execute
from app.pipelines.place import Material
from app.pipelines.runner import RunResult, run_spec
from app.workspace import Workspace
from ledger.errors import InputError
from ledger.events.artifacts import ArtifactRegistered
from ledger.format import canonical
from ledger.lifecycle import abandoned, close_abandoned
from ledger.projections import artifacts, lineage, runs
from ledger.store.objects import DIRECTORY_MEDIA_TYPE
from tests.ledger.story import PROJECT, Story

TRAIN = """
def train(inputs, outputs, config, seed):
    rates = [float(x) for x in inputs["rates"].read_text().split()]
    outputs["model"].write_text(str(sum(rates) * config["factor"] + seed))
    return {"rows": len(rates)}
"""

DOCUMENT: dict[str, Any] = {
    "job": "train",
    "callable": "training:train",
    "config": {"factor": 2},
    "seed": 7,
    "inputs": {"rates": "dataset/fx-hedging/rates"},
    "outputs": {"model": {"artifact": "model/fx-vol", "media_type": "text/plain"}},
}


class Desk:
    """A workspace with a ledger, a dataset and a project."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.ledger = Story.begin(root / ".assay").ledger
        (root / "project").mkdir()
        self.write("training.py", TRAIN)
        self.register("rates", b"1 2 6")

    def write(self, name: str, text: str) -> None:
        (self.workspace.root / "project" / name).write_text(textwrap.dedent(text))

    def register(self, name: str, data: bytes) -> None:
        before = artifacts.latest(self.ledger.view(), "dataset", PROJECT, name)
        stored = self.ledger.objects.put_bytes(data)
        version = before.version + 1 if before else 1
        fact = ArtifactRegistered("dataset", name, version, stored.digest, stored.size)
        self.ledger.record(fact, actor="ada", project=PROJECT)

    def run(self, **changes: Any) -> RunResult:
        arguments = {key: changes.pop(key) for key in ("cause", "at", "team", "trigger", "stop") if key in changes}
        document = {"code": ["project"], **DOCUMENT, **changes}
        document = {key: value for key, value in document.items() if value is not None}
        spec = specs.from_document(document, self.workspace.root)
        return run_spec(self.ledger, self.workspace, spec, actor="svc:trainer", project=PROJECT, **arguments)

    def recorded(self, result: RunResult) -> runs.Run:
        found = runs.get(self.ledger.view(), result.run)
        assert found is not None
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.ledger.close()


def types(desk: Desk, start: int) -> list[str]:
    return [f"{each.event.type} {each.event.subject.partition('/')[0]}" for each in desk.ledger.events(start)]


def test_all_that_a_run_was_is_in_the_record(desk: Desk) -> None:
    before = desk.ledger.size
    result = desk.run(at="2008-03-25T09:00:00Z", team="quant", trigger="manual", cause=1)
    assert types(desk, before) == [
        "artifact.registered code",
        "artifact.registered config",
        "artifact.registered runtime",
        "run.started run",
        "artifact.registered model",
        "run.completed run",
    ]
    assert (result.status, result.outputs, result.metrics) == (
        "ok", {"model": "model/fx-hedging/fx-vol@1"}, {"rows": 3.0},
    )  # fmt: skip
    found = desk.recorded(result)
    objects = desk.ledger.objects
    assert (found.seed, found.commit, found.dirty, found.actor, found.project) == (
        7,
        None,
        None,
        "svc:trainer",
        PROJECT,
    )
    assert found.inputs == (("dataset/fx-hedging/rates@1", artifacts.resolve(desk.ledger.view(), "rates").digest),)
    assert found.started_at.startswith("2008-03-25T09:00:0")
    assert result.started.event.cause == 1
    assert (result.started.event.value["team"], result.started.event.value["trigger"]) == ("quant", "manual")
    assert {each.event.cause for each in result.recorded} == {result.started.seq}
    assert found.code is not None
    assert [each.name for each in objects.entries(found.code)] == ["training.py"]
    assert found.config is not None
    assert canonical.decode(objects.read(found.config)) == {"factor": 2}
    assert found.runtime is not None
    assert "python" in canonical.decode(objects.read(found.runtime))
    again = specs.from_document(canonical.decode(objects.read(found.parameters["spec"])), desk.workspace.root)
    exact = {"inputs": {"rates": "dataset/fx-hedging/rates@1"}}
    assert again.document() == {"code": ["project"], "job_type": "training", **DOCUMENT, **exact}
    model = artifacts.resolve(desk.ledger.view(), "fx-vol")
    assert objects.read(model.digest) == b"25.0"
    assert (model.run, model.facts) == (result.run, {"media_type": "text/plain"})
    upstream = lineage.graph(desk.ledger.view(), model.ref, down=0).nodes
    assert "dataset/fx-hedging/rates@1" in upstream


def test_twice_the_same_is_one_digest_and_one_version(desk: Desk) -> None:
    first = desk.run()
    size = desk.ledger.size
    second = desk.run()
    assert types(desk, size) == ["run.started run", "run.completed run"]
    assert first.outputs == second.outputs
    assert desk.recorded(first).outputs == desk.recorded(second).outputs
    assert first.run != second.run


def test_the_record_and_the_store_are_enough_to_run_it_again(desk: Desk) -> None:
    first = desk.recorded(desk.run())
    desk.register("rates", b"9 9 9")
    shutil.rmtree(desk.workspace.root / "project")
    view, objects = desk.ledger.view(), desk.ledger.objects
    spec = specs.from_document(canonical.decode(objects.read(first.parameters["spec"])), Path())
    given = {name: artifacts.resolve(view, ref) for name, ref in spec.inputs.items()}
    assert first.code is not None
    again = execute(
        spec,
        objects,
        code=Material(first.code, directory=True),
        paths=tuple(first.parameters["paths"]),
        inputs={name: Material(each.digest) for name, each in given.items()},
    )
    assert [each.digest for each in again.outputs.values()] == [digest for _, digest in first.outputs]
    assert again.metrics == first.metrics


def test_what_changed_makes_a_new_version_and_only_that(desk: Desk) -> None:
    desk.run()
    size = desk.ledger.size
    assert desk.run(config={"factor": 3}).outputs == {"model": "model/fx-hedging/fx-vol@2"}
    assert types(desk, size)[0] == "artifact.registered config"
    size = desk.ledger.size
    desk.write("training.py", TRAIN + "# changed")
    assert desk.run(config={"factor": 3}).outputs == {"model": "model/fx-hedging/fx-vol@2"}
    assert types(desk, size)[:2] == ["artifact.registered code", "run.started run"]
    desk.register("rates", b"1 2 7")
    found = desk.recorded(desk.run(config={"factor": 3}))
    assert found.inputs[0][0] == "dataset/fx-hedging/rates@2"


def test_what_ran_is_what_is_stored_whatever_happens_to_the_folder_meanwhile(desk: Desk) -> None:
    project = desk.workspace.root / "project"
    desk.write("training.py", f"""
    import pathlib, time
    pathlib.Path({str(project)!r}, "late.py").write_text("VALUE = 'late'")
    def train(inputs, outputs, config, seed):
        try:
            import late
        except ModuleNotFoundError:
            outputs["model"].write_text("not there")
    """)  # fmt: skip
    assert desk.run().status == "ok"
    assert desk.ledger.objects.read(artifacts.resolve(desk.ledger.view(), "fx-vol").digest) == b"not there"


def test_a_failure_is_recorded_as_one_with_its_log(desk: Desk) -> None:
    desk.write("training.py", "def train(*_):\n    print('reading')\n    raise ValueError('no rates for CHF')")
    result = desk.run()
    found = desk.recorded(result)
    assert (found.status, found.reason, found.exit_code, found.outputs) == (
        "failed", "ValueError: no rates for CHF", 1, (),
    )  # fmt: skip
    assert found.log is not None
    assert desk.ledger.objects.read(found.log).startswith(b"reading\n")
    assert artifacts.versions(desk.ledger.view(), kind="model") == []


def test_a_timeout_a_missing_output_and_a_signal_are_failures(desk: Desk) -> None:
    for command, said in [
        (["sleep", "60"], "timeout of 0.5 s"),
        (["true"], "output 'model' was not written"),
        (["python", "-c", "import os; os.kill(os.getpid(), 9)"], "killed by SIGKILL"),
    ]:
        result = desk.run(callable=None, command=command, timeout=0.5 if command[0] == "sleep" else 60)
        assert (result.status, desk.recorded(result).status) == ("failed", "failed")
        assert result.reason is not None
        assert said in result.reason


def test_an_interruption_is_recorded_as_one(desk: Desk) -> None:
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    result = desk.run(callable=None, command=["sleep", "60"])
    assert (result.status, desk.recorded(result).status) == ("interrupted", "interrupted")
    stop = threading.Event()
    stop.set()
    assert desk.run(callable=None, command=["sleep", "60"], stop=stop.is_set).status == "interrupted"
    assert runs.unfinished(desk.ledger.view()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"inputs": {"rates": "dataset/fx-hedging/raets"}},
            "no artifact is called .*; the nearest: dataset/fx-hedging/rates",
        ),
        ({"code": ["projekt"]}, "projekt does not exist"),
        ({"outputs": {"a": {"artifact": "model/m"}, "b": {"artifact": "model/fx-hedging/m"}}}, "the same artifact"),
    ],
)
def test_what_cannot_be_run_is_said_and_not_recorded(desk: Desk, changes: dict[str, Any], said: str) -> None:
    size = desk.ledger.size
    with pytest.raises(InputError, match=said):
        desk.run(**changes)
    assert desk.ledger.size == size


def test_an_input_damaged_in_the_store_is_a_recorded_failure(desk: Desk) -> None:
    path = desk.ledger.objects.path(artifacts.resolve(desk.ledger.view(), "rates").digest)
    path.chmod(0o644)
    path.write_bytes(b"1 2 7")
    result = desk.run()
    assert result.status == "failed"
    assert result.reason is not None
    assert "is damaged" in result.reason
    path.unlink()
    with pytest.raises(InputError, match="are not in"):
        desk.run()


def test_without_a_named_folder_the_workspace_is_the_code(desk: Desk) -> None:
    (desk.workspace.root / "training.py").write_text(TRAIN)
    found = desk.recorded(desk.run(code=None))
    assert found.code is not None
    assert [each.name for each in desk.ledger.objects.entries(found.code)] == ["project/training.py", "training.py"]


def test_a_folder_made_by_one_run_is_read_by_the_next(desk: Desk) -> None:
    desk.write("training.py", """
    def split(inputs, outputs, config, seed):
        outputs["parts"].mkdir()
        for n, word in enumerate(inputs["rates"].read_text().split()):
            (outputs["parts"] / str(n)).write_text(word)
    def join(inputs, outputs, config, seed):
        outputs["joined"].write_text("+".join(p.read_text() for p in sorted(inputs["parts"].iterdir())))
    """)  # fmt: skip
    desk.run(callable="training:split", outputs={"parts": {"artifact": "dataset/parts"}})
    parts = artifacts.resolve(desk.ledger.view(), "parts")
    assert parts.facts["media_type"] == DIRECTORY_MEDIA_TYPE
    desk.run(callable="training:join", inputs={"parts": "parts"}, outputs={"joined": {"artifact": "dataset/joined"}})
    assert desk.ledger.objects.read(artifacts.resolve(desk.ledger.view(), "joined").digest) == b"1+2+6"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_and_a_dirty_trees_patch_are_named(desk: Desk) -> None:
    project = desk.workspace.root / "project"
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "1"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    clean = desk.recorded(desk.run())
    assert clean.commit is not None
    assert (len(clean.commit), clean.dirty, "patch" in clean.parameters) == (40, False, False)
    desk.write("training.py", TRAIN + "# changed")
    dirty = desk.recorded(desk.run())
    assert (dirty.commit, dirty.dirty) == (clean.commit, True)
    assert b"+# changed" in desk.ledger.objects.read(dirty.parameters["patch"])


def test_two_runs_of_one_step_at_once_both_tell_the_truth(desk: Desk) -> None:
    path, keys = desk.ledger.path, desk.ledger.keystore.folder
    results: list[RunResult] = []

    def work(factor: int) -> None:
        with ledger.open(path, keys=keys) as own:
            spec = specs.from_document(
                {**DOCUMENT, "code": ["project"], "config": {"factor": factor}}, desk.workspace.root
            )
            results.append(run_spec(own, desk.workspace, spec, actor="svc:trainer", project=PROJECT))

    threads = [threading.Thread(target=work, args=(factor,)) for factor in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.status for each in results} == {"ok"}
    assert {each.outputs["model"] for each in results} == {"model/fx-hedging/fx-vol@1", "model/fx-hedging/fx-vol@2"}
    assert len(artifacts.versions(desk.ledger.view(), kind="code")) == 1


KILLED = """
import sys
from pathlib import Path
import ledger
from app.pipelines import runner, spec
from app.workspace import Workspace
root = Path(sys.argv[1])
document = {"job": "long", "command": ["sleep", "60"], "code": ["project"]}
with ledger.open(root / ".assay" / "ledger.db") as opened:
    runner.run_spec(opened, Workspace(root), spec.from_document(document, root), actor="ada", project="fx-hedging")
"""


def test_a_killed_runners_run_is_closed_as_interrupted(desk: Desk) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(desk.workspace.root)]) as other:
        until = time.monotonic() + 20
        while not runs.unfinished(desk.ledger.view()):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert abandoned(desk.ledger) == []
        other.kill()
    (closed,) = close_abandoned(desk.ledger, actor="svc:agent")
    assert closed.event.value["status"] == "interrupted"
    assert runs.unfinished(desk.ledger.view()) == []
    desk.run()


def test_the_samples_training_gives_one_digest_twice(tmp_path: Path) -> None:
    samples = Path(__file__).parents[3] / "sample_data"
    source = samples / "project"
    desk = Desk(tmp_path)
    shutil.rmtree(tmp_path / "project")
    shutil.copytree(source, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    desk.register("ecb-rates", (samples / "eurofxref-hist.zip").read_bytes())

    def run(name: str) -> RunResult:
        spec = specs.read(tmp_path / "project" / "specs" / f"{name}.yaml")
        result = run_spec(desk.ledger, desk.workspace, spec, actor="svc:trainer", project=PROJECT)
        assert result.reason is None
        return result

    run("ingest")
    run("features")
    first, second = run("train"), run("train")
    assert first.outputs == second.outputs == {"model": f"model/{PROJECT}/fx-vol@1"}
    assert first.metrics == second.metrics != {}
    desk.ledger.close()
