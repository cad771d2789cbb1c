"""A small workspace with everything in it once, made by the actions themselves, for the tests of actions and commands."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import ledger
from app.cli.main import main
from ledger.events.alerts import AlertRaised
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.runs import Artifact, RunCompleted, RunStarted
from ledger.ledger import Entry

PROJECT = "fx-hedging"
ORIGIN = "example.com/ml-ledger"
RUN = "7c1e55aa"


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Shell:
    """Runs commands in this process, in one workspace's folder, with keys of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *words: str) -> Said:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            code = main(["-C", str(self.root), *words])
        return Said(code, out.getvalue(), err.getvalue())

    def ok(self, *words: str) -> Said:
        """Run a command that must succeed."""
        said = self(*words)
        assert said.code == 0, said
        return said

    def json(self, *words: str) -> dict[str, Any]:
        """Run a command that must succeed, and return its document."""
        return self.ok(*words, "--json").document

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.root / ".assay" / "ledger.db"

    def bytes(self) -> dict[str, bytes]:
        """Every file of the workspace but the locks and SQLite's index of its log, to see that nothing changed."""
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file() and not file.name.endswith((".lock", ".queue", "-shm", "-wal"))
        }


def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home of the test's own: no key, no configuration, a passphrase file."""
    folder.mkdir(parents=True, exist_ok=True)
    word = folder / "passphrase"
    word.write_text("correct horse\n")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("ASSAY_PASSPHRASE_FILE", str(word))
    for name in ("ASSAY_ACTOR", "ASSAY_LEDGER", "ASSAY_DEBUG", "SSH_AUTH_SOCK", "NO_COLOR", "_ARGCOMPLETE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def begun(shell: Shell) -> None:
    """A workspace with people: ada administers, lea trains, jon and mia may approve."""
    shell.root.mkdir(parents=True, exist_ok=True)
    shell.ok("--as", "ada", "init", "--origin", ORIGIN, "--project", PROJECT)
    for name, role in (("lea", "ml_engineer"), ("jon", "risk_officer"), ("mia", "model_owner")):
        shell.ok("--as", "ada", "people", "add", name, "--role", role)


def told(shell: Shell) -> None:
    """The rest of the story: a dataset, a run, a model of two versions, an alert, a request."""
    (shell.root / "rates.csv").write_text("day,usd\n2008-09-17,1.42\n")
    (shell.root / "model").mkdir()
    (shell.root / "model" / "weights.json").write_text('{"beta": [0.1, 0.2]}')
    (shell.root / "fx-vol.json").write_text('{"beta": [0.1, 0.2, 0.3]}')
    as_lea = ("--as", "lea", "artifact", "register")
    shell.ok(*as_lea, "rates.csv", "--kind", "dataset", "--name", "ecb-rates", "--source", "ECB")
    with ledger.open(shell.ledger) as book:
        rates = Artifact(ref=f"dataset/{PROJECT}/ecb-rates@1", sha256=digest(shell, "ecb-rates"))
        model = book.objects.put_file(shell.root / "fx-vol.json")
        name = f"model/{PROJECT}/fx-vol@1"
        started = RunStarted(run=RUN, job="train", job_type="training", inputs=[rates], seed=7, command=["train"])
        registered = ArtifactRegistered(
            kind="model", name="fx-vol", version=1, sha256=model.digest, size=model.size, run=RUN, summary={"r2": 0.47}
        )
        done = RunCompleted(
            run=RUN, status="ok", outputs=[Artifact(ref=name, sha256=model.digest)], metrics={"mae": 1.88, "r2": 0.47}
        )
        book.record_many([Entry(fact, actor="lea", project=PROJECT) for fact in (started, registered, done)])
        alert = AlertRaised(
            alert="drift-2008-09-17",
            monitor="drift",
            severity="high",
            message="4 of 8 features have drifted",
            value=4,
            threshold=4,
            day="2008-09-17",
        )
        book.record(alert, subject=name, actor="svc:monitor", project=PROJECT)
    shell.ok(*as_lea, "model", "--kind", "model", "--name", "fx-vol", "--alias", "challenger")
    shell.ok("--as", "lea", "request", "fx-vol@1", "--evidence", "ecb-rates", "--note", "out of time: 1.88")


def digest(shell: Shell, ref: str) -> str:
    """The digest that a version is registered under."""
    found: str = shell.json("artifact", "show", ref)["artifact"]["sha256"]
    return found


def request_number(shell: Shell) -> str:
    """The number of the only open request."""
    (request,) = shell.json("approvals")["requests"]
    return str(request["seq"])


def copied(source: Path, target: Path) -> Path:
    """A workspace copied as it is."""
    shutil.copytree(source, target, symlinks=True)
    return target
