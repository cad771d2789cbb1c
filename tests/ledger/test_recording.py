from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger import Ledger, lifecycle
from ledger.errors import InputError
from ledger.format import canonical
from ledger.projections import artifacts, runs
from ledger.projections.runs import Run as Recorded
from tests.ledger.story import PROJECT, Story


@pytest.fixture
def opened(fresh: Story) -> Ledger:
    return fresh.ledger


def only_run(opened: Ledger) -> Recorded:
    (run,) = runs.listed(opened.view())
    return run


def dataset(opened: Ledger, tmp_path: Path, name: str = "rates", data: bytes = b"1 2 6") -> str:
    (tmp_path / "given").write_bytes(data)
    with opened.run("ingest", project=PROJECT, actor="ada", job_type="ingest") as run:
        run.output(f"dataset/{name}", tmp_path / "given")
    return run.outputs[f"dataset/{PROJECT}/{name}"]


def test_a_run_from_training_code(opened: Ledger, tmp_path: Path) -> None:
    rates = dataset(opened, tmp_path)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text("x")
    with opened.run(
        "train",
        project=PROJECT,
        actor="ada",
        inputs=[rates],
        config={"window": 22},
        seed=7,
        code=tmp_path / "source",
        runtime="sha256:" + "0" * 64,
        parameters={"note": "first"},
    ) as run:
        running = runs.get(opened.view(), run.run)
        assert running is not None
        assert running.status == "running", "the beginning is recorded before anything is done"
        copy = run.input(rates)
        assert copy.read_bytes() == b"1 2 6"
        assert run.input(rates) == copy
        assert not copy.stat().st_mode & 0o222
        (tmp_path / "model.json").write_text("{}")
        run.metric("error", 1)
        run.metric("error", 0.5)
        digest = run.output(f"model/{PROJECT}/fx-vol", tmp_path / "model.json", media_type="application/json")
        (tmp_path / "model.json").write_text("changed afterwards")
    assert not copy.exists()
    assert run.outputs == {f"model/{PROJECT}/fx-vol": f"model/{PROJECT}/fx-vol@1"}
    found = runs.get(opened.view(), run.run)
    assert found is not None
    assert (found.status, found.metrics, found.seed, found.ref) == ("ok", {"error": 0.5}, 7, run.ref)
    assert [ref for ref, _ in found.inputs] == [rates]
    assert found.outputs == ((f"model/{PROJECT}/fx-vol@1", digest),)
    assert opened.objects.read(digest) == b"{}"
    assert found.config is not None
    assert canonical.decode(opened.objects.read(found.config)) == {"window": 22}
    assert found.code is not None
    assert [each.name for each in opened.objects.entries(found.code)] == ["train.py"]
    (config,) = artifacts.by_digest(opened.view(), found.config)
    assert config.ref == f"config/{PROJECT}/train@1"


def test_an_exception_is_a_failure_and_goes_on(opened: Ledger, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("half")

    def work() -> None:
        with opened.run("train", project=PROJECT, actor="ada") as run:
            run.metric("rows", 3)
            run.output("model/m", tmp_path / "model")
            raise ValueError("no\nrates")

    with pytest.raises(ValueError, match="no\nrates"):
        work()
    found = only_run(opened)
    assert (found.status, found.reason, found.metrics) == ("failed", "ValueError: no rates", {"rows": 3.0})
    assert found.outputs == ()
    assert artifacts.versions(opened.view()) == []


def test_an_output_may_be_bytes_or_a_folder(opened: Ledger, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("1")
    with opened.run("train", project=PROJECT, actor="ada") as run:
        digest = run.output("model/m", b"{}")
        run.output("dataset/d", str(tmp_path / "folder"))
    assert opened.objects.read(digest) == b"{}"
    assert lifecycle.is_directory(artifacts.resolve(opened.view(), "dataset/d"))


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt(), "interrupted"), (SystemExit(), "ok"), (SystemExit(0), "ok"), (SystemExit("no"), "failed")],
)
def test_how_a_block_is_left_decides(opened: Ledger, error: BaseException, status: str) -> None:
    with pytest.raises(type(error)), opened.run("train", project=PROJECT, actor="ada"):
        raise error
    assert only_run(opened).status == status


def test_the_same_bytes_are_one_version(opened: Ledger, tmp_path: Path) -> None:
    assert dataset(opened, tmp_path) == dataset(opened, tmp_path) == f"dataset/{PROJECT}/rates@1"
    assert dataset(opened, tmp_path, data=b"other") == f"dataset/{PROJECT}/rates@2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"inputs": ["dataset/fx-hedging/absent"]}, "no artifact is called"),
        ({"config": {"x": float("nan")}}, "the configuration holds what JSON cannot"),
        ({"config": {"x": {1, 2}}}, "the configuration holds what JSON cannot"),
        ({"code": "no/such/folder"}, "is not there"),
    ],
)
def test_a_run_that_cannot_begin_leaves_nothing(opened: Ledger, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said), opened.run("train", project=PROJECT, actor="ada", **arguments):
        raise AssertionError("it must not begin")
    assert opened.size == 1


def test_what_the_block_asks_wrongly_is_said_at_once(opened: Ledger, tmp_path: Path) -> None:
    rates = dataset(opened, tmp_path)
    with opened.run("train", project=PROJECT, actor="ada") as run:
        with pytest.raises(InputError, match="is no input of run/"):
            run.input(rates)
        with pytest.raises(InputError, match="no finite number"):
            run.metric("loss", float("nan"))
        with pytest.raises(InputError, match="must look like kind/project/name"):
            run.output("m", tmp_path / "given")
        with pytest.raises(InputError, match="is not there"):
            run.output("model/m", tmp_path / "absent")
        run.output("model/m", tmp_path / "given")
        with pytest.raises(InputError, match=r"is an output of run/.* already"):
            run.output(f"model/{PROJECT}/m", tmp_path / "given")
    assert run.outputs == {f"model/{PROJECT}/m": f"model/{PROJECT}/m@1"}


def test_what_cannot_be_recorded_is_a_failure_that_is_told(opened: Ledger) -> None:
    def work() -> None:
        with opened.run("x", project=PROJECT, actor="ada") as run:
            for n in range(5000):
                run.metric(f"metric-{n:05}", 0.5)

    with pytest.raises(InputError, match="could not be recorded"):
        work()
    assert only_run(opened).status == "failed"


def test_trouble_with_the_record_does_not_hide_the_error(opened: Ledger) -> None:
    def work() -> None:
        with opened.run("x", project=PROJECT, actor="ada"):
            opened._journal = None
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        work()
    assert "could not be recorded" in caught.value.__notes__[0]


def test_it_costs_training_code_no_heavy_import() -> None:
    script = "import sys, ledger.recording; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"app", "yaml", "sqlalchemy", "alembic", "numpy", "pandas"} & set(done.stdout.split())


def test_a_metric_over_many_steps_stays_out_of_the_event(opened: Ledger) -> None:
    with opened.run("train", project=PROJECT, actor="ada", experiment="fits") as run:
        for step in range(20_000):
            run.metric("loss", 1 / (step + 1), step=step)
        run.metric("error", 0.5)
    found = only_run(opened)
    assert (found.metrics, found.experiment) == ({"loss": 1 / 20_000, "error": 0.5}, "fits")
    assert found.series is not None
    kept = canonical.decode(opened.objects.read(found.series))
    assert list(kept) == ["loss"]
    assert (len(kept["loss"]), kept["loss"][1]) == (20_000, [1, 0.5])
    assert runs.listed(opened.view(), experiment="fits") == [found]
    assert runs.listed(opened.view(), experiment="others") == []


def test_a_series_is_kept_of_a_run_that_fails(opened: Ledger) -> None:
    def train() -> None:
        with opened.run("train", project=PROJECT, actor="ada") as run:
            run.metric("loss", 1, step=0)
            raise KeyError("day")

    with pytest.raises(KeyError):
        train()
    series = only_run(opened).series
    assert series is not None
    assert canonical.decode(opened.objects.read(series)) == {"loss": [[0, 1]]}


@pytest.mark.parametrize("step", [-1, 1.5, True, 2**53])
def test_a_step_is_a_whole_number(opened: Ledger, step: Any) -> None:
    with (
        pytest.raises(InputError, match="a step is a whole number"),
        opened.run("train", project=PROJECT, actor="ada") as run,
    ):
        run.metric("loss", 1, step=step)
