"""A run again, from the store alone: one test for each culprit, which alters exactly that and expects exactly that name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pipelines import runtime
from app.pipelines.reproduction import Reproduction, reproduce
from app.pipelines.runner import RunResult
from ledger.errors import InputError, LedgerError
from ledger.events.artifacts import ArtifactRetired
from ledger.events.runs import RunReproduced
from ledger.format import canonical
from ledger.projections import artifacts, lineage, runs
from tests.app.pipelines.test_runner import PROJECT, TRAIN, Desk

# What it makes depends on data, code, configuration and seed, and on a package of its runtime.
SENSITIVE = """
import random
try:
    from flavour import FACTOR
except ModuleNotFoundError:
    FACTOR = 1
def train(inputs, outputs, config, seed):
    rates = [float(x) for x in inputs["rates"].read_text().split()]
    value = sum(rates) * config["factor"] * FACTOR + random.random()
    outputs["model"].write_text(f"model\\n{value!r}\\n")
    return {"value": value}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    found.write("training.py", SENSITIVE)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another environment, in which a package makes the result another."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "flavour.py").write_text("FACTOR = 2\n")
    (packages / "flavour-2.0.dist-info").mkdir()
    return folder


def again(desk: Desk, result: RunResult, *exchange: str, other: RunResult | None = None) -> Reproduction:
    return reproduce(
        desk.ledger,
        desk.recorded(result),
        actor="jon",
        exchange=exchange,
        other=desk.recorded(other) if other else None,
        start=desk.workspace.root,
    )


def proven(done: Reproduction) -> RunReproduced:
    assert done.fact is not None
    return done.fact


def test_from_the_store_alone_every_result_is_the_same(desk: Desk) -> None:
    result = desk.run()
    desk.register("rates", b"9 9 9")
    shutil.rmtree(desk.workspace.root / "project")
    (desk.workspace.root / "project").mkdir()
    size = desk.ledger.size
    done = again(desk, result)
    fact = proven(done)
    assert fact == RunReproduced(
        run=done.run.run,
        of_run=result.run,
        equal=True,
        compared=["model/fx-hedging/fx-vol", "metric value"],
        trials=1,
    )
    events = [each.event for each in desk.ledger.events(size)]
    assert [each.type for each in events] == ["run.started", "run.completed", "run.reproduced"]
    assert (events[-1].subject, events[-1].actor, events[-1].cause) == (result.ref, "jon", events[-2].seq)
    first = desk.recorded(result)
    assert (done.run.outputs, done.run.metrics, done.run.inputs) == (first.outputs, first.metrics, first.inputs)
    assert done.run.parameters["reproduces"] == result.run
    assert [each.version for each in artifacts.versions(desk.ledger.view(), kind="model")] == [1]
    assert not (desk.ledger.path.parent / "running" / done.run.run).exists()


def test_an_old_run_is_reproduced_without_a_new_version(desk: Desk) -> None:
    first = desk.run()
    desk.run(seed=8)
    assert proven(again(desk, first)).equal
    assert [each.version for each in artifacts.versions(desk.ledger.view(), kind="model")] == [1, 2]
    desk.ledger.record(ArtifactRetired("dataset/fx-hedging/rates@1", "wrong"), actor="ada", project=PROJECT)
    assert proven(again(desk, first)).equal, "what is retired was used all the same"


def test_a_reproduction_can_be_reproduced(desk: Desk) -> None:
    done = again(desk, desk.run())
    again_done = reproduce(desk.ledger, done.run, actor="jon")
    assert proven(again_done).equal


# One culprit at a time: what was swapped on purpose


def test_the_culprit_is_data(desk: Desk) -> None:
    result = desk.run()
    desk.register("rates", b"1 2 7")
    assert proven(again(desk, result, "data=rates@2")).culprits == ["data"]
    assert proven(again(desk, result, "data=rates=dataset/fx-hedging/rates@2")).culprits == ["data"]


def test_the_culprit_is_code(desk: Desk) -> None:
    result = desk.run()
    desk.write("training.py", SENSITIVE.replace("sum(rates)", "max(rates)"))
    fact = proven(again(desk, result, "code=project"))
    assert (fact.culprits, fact.swapped) == (["code"], {"code": "project"})
    assert [each.where for each in fact.differing] == ["line 2", None]


def test_the_culprit_is_the_configuration(desk: Desk) -> None:
    result = desk.run()
    assert proven(again(desk, result, "config=factor=3")).culprits == ["config"]
    (desk.workspace.root / "other.yaml").write_text("factor: 4\n")
    assert proven(again(desk, result, "config=other.yaml")).culprits == ["config"]
    desk.run(config={"factor": 5})
    assert proven(again(desk, result, "config=config/fx-hedging/train@2")).culprits == ["config"]


def test_the_culprit_is_the_seed(desk: Desk) -> None:
    fact = proven(again(desk, desk.run(), "seed=8"))
    assert (fact.equal, fact.culprits, fact.swapped) == (False, ["seed"], {"seed": "8"})


def test_the_culprit_is_the_runtime(desk: Desk, elsewhere: Path) -> None:
    done = again(desk, desk.run(), f"runtime={elsewhere}")
    assert proven(done).culprits == ["runtime"]
    assert "flavour absent → 2.0" in done.runtime
    assert done.run.runtime is not None
    assert canonical.decode(desk.ledger.objects.read(done.run.runtime))["dependencies"] == [
        {"name": "flavour", "version": "2.0"}
    ]


def test_the_culprit_is_nondeterminism(desk: Desk) -> None:
    desk.write("training.py", SENSITIVE.replace("random.random()", "random.SystemRandom().random()"))
    result = desk.run()
    assert proven(again(desk, result)).culprits == ["nondeterminism"]
    assert proven(again(desk, result, "seed=8")).culprits == ["nondeterminism"], "the seed is not to blame"


def test_the_culprit_is_what_is_not_recorded(desk: Desk) -> None:
    aside = desk.workspace.root / "aside.txt"
    aside.write_text("1")
    desk.write("training.py", SENSITIVE + f"FACTOR = int(open({str(aside)!r}).read())\n")
    result = desk.run()
    assert proven(again(desk, result)).equal
    aside.write_text("2")
    assert proven(again(desk, result)).culprits == ["unrecorded"]


def test_the_runtime_is_to_blame_where_the_run_was_made_in_another(
    desk: Desk, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        described = runtime.encoded_by(elsewhere / "bin" / "python")
        there.setattr(runtime, "encoded", lambda: described)
        there.setattr(sys, "executable", str(elsewhere / "bin" / "python"))
        result = desk.run()
    done = again(desk, result)
    assert proven(done).culprits == ["runtime"]
    assert "flavour 2.0 → absent" in done.runtime
    assert proven(again(desk, result, f"runtime={elsewhere}")).equal, "there it is what it was"


# What of several differences matters


def test_of_several_exchanges_those_that_matter_are_named(desk: Desk) -> None:
    desk.write("training.py", TRAIN)
    result = desk.run()
    desk.write("training.py", TRAIN + "# a comment")
    desk.register("rates", b"2 1 6")
    fact = proven(again(desk, result, "code=project", "seed=8", "data=rates@2"))
    assert (fact.culprits, fact.trials) == (["seed"], 6)
    assert list(fact.swapped) == ["code", "seed", "data"]


def test_two_that_matter_only_together_are_named_together(desk: Desk) -> None:
    desk.write("training.py", """
    def train(inputs, outputs, config, seed):
        outputs["model"].write_text(str(config["factor"] == 3 and seed == 8))
    """)  # fmt: skip
    assert proven(again(desk, desk.run(), "config=factor=3", "seed=8")).culprits == ["config", "seed"]


def test_two_recorded_runs_are_told_apart(desk: Desk) -> None:
    desk.write("training.py", TRAIN)
    first = desk.run()
    desk.write("training.py", TRAIN + "# a comment")
    desk.register("rates", b"1 2 7")
    second = desk.run()
    fact = proven(again(desk, first, other=second))
    assert (fact.equal, fact.culprits, fact.against) == (False, ["data"], second.run)
    assert fact.swapped["data"] == "dataset/fx-hedging/rates@2"
    assert set(fact.swapped) == {"data", "code"}
    assert proven(again(desk, first, other=desk.run(inputs={"rates": "rates@1"}))).equal


# Tolerance, trouble and lineage


def test_a_tolerance_holds_where_it_was_stated_before(desk: Desk) -> None:
    desk.write("training.py", SENSITIVE.replace("random.random()", "random.SystemRandom().random() * 1e-9"))
    strict, loose = desk.run(), desk.run(tolerance=1e-6)
    assert not proven(again(desk, strict)).equal
    fact = proven(again(desk, loose))
    assert (fact.equal, fact.tolerance, fact.differing) == (True, 1e-6, [])


def test_what_was_tried_out_is_no_version_and_has_no_offspring(desk: Desk) -> None:
    desk.write("training.py", TRAIN.replace("+ seed", ""))
    result = desk.run()
    done = again(desk, result, "seed=8")
    assert proven(done).equal
    assert done.run.outputs == ()
    upstream = lineage.graph(desk.ledger.view(), "model/fx-hedging/fx-vol@1", down=0).nodes
    assert done.run.ref not in upstream


def test_code_that_fails_here_is_a_difference_with_its_reason(desk: Desk) -> None:
    result = desk.run()
    desk.write("training.py", "def train(*_):\n    raise ValueError('no rates')")
    done = again(desk, result, "code=project")
    fact = proven(done)
    assert fact.culprits == ["code"]
    assert [(each.name, each.want, each.got, each.where) for each in fact.differing] == [
        ("status", "ok", "failed", "ValueError: no rates")
    ]
    assert done.run.status == "failed"


def test_an_interruption_proves_nothing(desk: Desk) -> None:
    result = desk.run()
    done = reproduce(desk.ledger, desk.recorded(result), actor="jon", stop=lambda: True)
    assert (done.fact, done.recorded, done.run.status) == (None, None, "interrupted")


@pytest.mark.parametrize(
    ("exchange", "said"),
    [
        ("speed=3", "write it as aspect=value"),
        ("sed=3", "did you mean"),
        ("seed=-1", "a whole number"),
        ("seed=7", "had this seed already"),
        ("config=speed=1", "config has no 'speed'"),
        ("config=rates@1", "is a dataset"),
        ("code=nowhere", "nowhere"),
        ("data=rates@9", "rates"),
        ("runtime=nowhere", "no Python interpreter"),
        ("runtime=/bin/true", "no Python interpreter"),
    ],
)
def test_what_cannot_be_exchanged_is_said_and_nothing_recorded(desk: Desk, exchange: str, said: str) -> None:
    result = desk.run()
    size = desk.ledger.size
    with pytest.raises(InputError, match=said):
        again(desk, result, exchange)
    assert desk.ledger.size == size


def test_what_is_not_there_to_run_again_is_said_and_nothing_recorded(desk: Desk) -> None:
    failed = desk.run(callable=None, command=["false"])
    result = desk.run()
    size = desk.ledger.size
    with pytest.raises(InputError, match="is failed; only a run that ended well"):
        again(desk, failed)
    with desk.ledger.run("by-hand", project=PROJECT, actor="ada") as by_hand:
        by_hand.metric("x", 1)
    found = runs.get(desk.ledger.view(), by_hand.run)
    assert found is not None
    with pytest.raises(InputError, match="no specification is recorded"):
        reproduce(desk.ledger, found, actor="jon")
    rates = desk.ledger.objects.path(desk.recorded(result).inputs[0][1])
    rates.chmod(0o644)
    rates.write_bytes(b"3 2 1")
    with_damage = again(desk, result)
    assert with_damage.run.reason is not None
    assert "damaged" in with_damage.run.reason
    rates.unlink()
    size = desk.ledger.size
    with pytest.raises((InputError, LedgerError), match=r"rates@1 .* is not in"):
        again(desk, result)
    assert desk.ledger.size == size
