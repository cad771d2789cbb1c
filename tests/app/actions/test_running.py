"""``assay run``: a specification's file becomes a run in the record, whatever becomes of it."""

from __future__ import annotations

import pytest

from tests.app.story import PROJECT, Shell

SPEC = """
job: summarise
job_type: report
command: [python, summarise.py, "{inputs.rates}", "{outputs.summary}", "{config}", "{metrics}"]
code: code
config: {scale: 1}
seed: 7
inputs: {rates: dataset/fx-hedging/ecb-rates}
outputs: {summary: {artifact: document/fx-hedging/summary, media_type: text/plain}}
"""

CODE = """
import json, sys, pathlib
rates, summary, config, metrics = sys.argv[1:]
scale = json.loads(pathlib.Path(config).read_text())["scale"] if pathlib.Path(config).exists() else json.loads(config)["scale"]
text = pathlib.Path(rates).read_text()
if scale < 0:
    print("cannot go on")
    sys.exit(3)
pathlib.Path(summary).write_text(f"{len(text)} bytes, scale {scale}")
pathlib.Path(metrics).write_text(json.dumps({"bytes": len(text), "scale": scale}))
"""


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """The story's workspace, with a specification."""
    (shell.root / "code").mkdir()
    (shell.root / "code" / "summarise.py").write_text(CODE)
    (shell.root / "summarise.yaml").write_text(SPEC)
    return shell


def test_a_run_is_recorded_with_what_it_made(ready: Shell) -> None:
    answer = ready.json("--as", "lea", "run", "summarise.yaml")
    run = answer["run"]
    assert (run["status"], run["job"], run["actor"], run["seed"]) == ("ok", "summarise", "lea", 7)
    assert run["metrics"]["scale"] == 1
    assert [each["ref"] for each in run["outputs"]] == [f"document/{PROJECT}/summary@1"]
    assert answer.keys() == {"run", "runs", "experiment"}
    ready.ok("artifact", "restore", "summary", "-o", "summary.txt")
    assert (ready.root / "summary.txt").read_text().endswith("scale 1")
    assert f"run/{run['run']}" in ready.ok("lineage", "summary", "--up").out
    assert ready.json("verify")["ok"]


def test_a_value_of_the_configuration_is_set(ready: Shell) -> None:
    said = ready.ok("--as", "lea", "run", "summarise.yaml", "--set", "scale=3").out
    assert f"document/{PROJECT}/summary@1" in said
    assert "metric scale 3" in " ".join(said.split())


def test_a_failed_run_is_recorded_as_failed_with_its_reason(ready: Shell) -> None:
    said = ready("--as", "lea", "run", "summarise.yaml", "--set", "scale=-1")
    assert said.code == 1
    assert "✗ failed" in said.out
    assert "cannot go on" in said.out
    (run,) = ready.json("runs", "--job", "summarise")["runs"]
    assert (run["status"], run["exit_code"], run["outputs"]) == ("failed", 3, [])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "absent.yaml"), "absent.yaml"),
        (("run", "summarise.yaml", "--set", "scael=3"), "'scael'"),
        (("run", "summarise.yaml", "--set", "scale"), "key=value"),
        (("run", "code"), "code"),
    ],
)
def test_a_specification_that_cannot_be_run_records_nothing(ready: Shell, words: tuple[str, ...], says: str) -> None:
    before = ready.json("verify")["head"]
    said = ready("--as", "lea", *words)
    assert said.code == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert ready.json("verify")["head"] == before


def test_what_ran_can_be_made_a_container_of(ready: Shell) -> None:
    said = ready.ok("--as", "lea", "run", "summarise.yaml", "--make-container", "container").out
    assert "requirements.lock" in said
    (run,) = ready.json("runs", "--job", "summarise")["runs"]
    assert run["runtime"] in (ready.root / "container" / "Containerfile").read_text()
    failed = ready("--as", "lea", "run", "summarise.yaml", "--set", "scale=-1", "--make-container", "other")
    assert failed.code == 1
    assert not (ready.root / "other").exists()
    assert ready("--as", "lea", "run", "summarise.yaml", "--make-container", "summarise.yaml").code == 2


def test_an_image_that_is_not_here_is_one_line_and_nothing_recorded(
    ready: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_CONTAINER", "no-such-engine")
    (ready.root / "summarise.yaml").write_text(SPEC + "image: localhost/training:1\n")
    said = ready("--as", "lea", "run", "summarise.yaml")
    assert said.code == 2
    assert (
        said.err
        == "assay: a specification with an image needs a container engine, and there is no no-such-engine on the PATH\n"
    )
    assert ready.json("runs", "--job", "summarise")["runs"] == []


def test_the_lock_of_the_dependencies_is_recorded_by_digest(ready: Shell) -> None:
    from ledger.format.hashes import digest

    def run() -> dict[str, object]:
        found: dict[str, object] = ready.json("--as", "lea", "run", "summarise.yaml")["run"]["parameters"]
        return found

    assert "lock" not in run()
    (ready.root / "requirements.txt").write_text("numpy==2.4.0\n")
    assert run()["lock"] == {"file": "requirements.txt", "sha256": digest(b"numpy==2.4.0\n")}
    (ready.root / "code" / "uv.lock").write_text("version = 1\n")
    assert run()["lock"] == {"file": "uv.lock", "sha256": digest(b"version = 1\n")}


def test_the_seed_from_the_command_line_and_the_series_of_a_run(ready: Shell) -> None:
    code = CODE + "\nimport os\nwith open(os.environ['ASSAY_SERIES'], 'w') as file:\n"
    code += "    for n in range(3): print(json.dumps({'loss': 3 - n}), file=file)\n"
    (ready.root / "code" / "summarise.py").write_text(code)
    run = ready.json("--as", "lea", "run", "summarise.yaml", "--set", "seed=11")["run"]
    assert (run["seed"], run["metrics"]["loss"]) == (11, 1.0)
    said = ready.ok("runs", "show", run["run"]).out
    assert "series" in said
    assert "3 → 1, between 1 and 3" in said
