"""A verification that the dashboard runs: in its own process, beside it, halted, left, and how far it says it is."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from app.tui.acting import REDRAW_SECONDS, Cancelled
from app.tui.screens.audit import verifying
from app.tui.screens.audit.verifying import Batch, Run
from ledger.audit.watching import STAGES, Step
from ledger.errors import LedgerError
from tests.app import story

GENEROUS = 60.0


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is, another process does it."""
    monkeypatch.setattr(verifying, "MUCH", 1)


@pytest.mark.usefixtures("beside")
def test_another_process_says_the_same(shell: story.Shell) -> None:
    run, alone = Run(), Run()
    document = run.verify(shell.ledger, shell.root, 15, run.hear)
    assert document["ok"]
    assert {name for name, step in run.stages.items() if step.done == step.total} == {*STAGES}
    assert document == alone.verify(shell.ledger, shell.root, 0, alone.hear), "so few are verified by this process"


@pytest.mark.usefixtures("beside")
def test_a_file_that_is_no_ledger_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "none.db").write_bytes(b"x" * 4096)
    with pytest.raises(LedgerError, match=r"none\.db"):
        Run().verify(tmp_path / "none.db", tmp_path, 15, lambda steps: None)


@pytest.mark.usefixtures("beside")
def test_a_process_that_ends_early_is_said_in_a_line(shell: story.Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying.sys, "executable", "/bin/true")
    with pytest.raises(LedgerError, match="v begins anew"):
        Run().verify(shell.ledger, shell.root, 15, lambda steps: None)


@pytest.mark.usefixtures("beside")
def test_another_process_halts_goes_on_and_is_stopped(shell: story.Shell) -> None:
    run, outcome = Run(), []

    def work() -> None:
        try:
            run.verify(shell.ledger, shell.root, 15, lambda steps: None)
        except Cancelled:
            outcome.append("left")

    run.pause()
    worker = threading.Thread(target=work)
    worker.start()
    wait_for(lambda: run._process is not None)
    assert run._process is not None
    above = run._process.pid
    wait_for(lambda: [state(each) for each in children(above)] == ["T"])
    (child,) = children(above)
    assert os.getsid(child) == above != os.getsid(0)
    run.pause()
    wait_for(lambda: state(child) != "T")
    run.pause()
    run.leave()
    worker.join(GENEROUS)
    # It may have been done before it was halted again.
    assert not worker.is_alive()
    assert outcome in (["left"], [])
    wait_for(lambda: not state(above) and state(child) in ("", "Z"))


@pytest.mark.usefixtures("beside")
def test_nothing_goes_on_when_nobody_is_there_to_hear(shell: story.Shell) -> None:
    command = verifying._command(verifying.SUPERVISE, shell.ledger, shell.root)
    above = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert above.stdin is not None
    os.write(above.stdin.fileno(), verifying.HALT)
    wait_for(lambda: [state(each) for each in children(above.pid)] == ["T"])
    (child,) = children(above.pid)
    above.communicate(timeout=GENEROUS)
    wait_for(lambda: state(child) in ("", "Z"))


def children(process: int) -> list[int]:
    """The processes that one has begun."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    return [int(word) for file in files for word in file.read_text(encoding="ascii").split()]


def wait_for(holds: object) -> None:
    """Wait until something holds."""
    assert callable(holds)
    end = time.monotonic() + GENEROUS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def state(process: int) -> str:
    """One letter for what the system says of a process; empty where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def test_steps_are_passed_on_together_and_no_place_is_lost() -> None:
    told: list[list[Step]] = []
    now = [0.0]
    batch = Batch(told.append, clock=lambda: now[0])
    batch.add(Step("events", 1, 9))
    assert told == [[Step("events", 1, 9)]], "a stage that begins is told at once"
    for done in (2, 3, 4):
        batch.add(Step("events", done, 9, places=(done,)))
    assert len(told) == 1
    now[0] = 2 * REDRAW_SECONDS
    batch.add(Step("events", 5, 9))
    assert told[-1] == [Step("events", 5, 9, places=(2, 3, 4))]
    batch.add(Step("events", 9, 9))
    assert told[-1] == [Step("events", 9, 9)], "a stage that ends is told at once"


def test_the_pace_of_the_stage_tells_how_long_it_will_still_take(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(verifying, "monotonic", lambda: now[0])
    run = Run()
    assert run.to_come is None
    run.hear([Step("events", 0, 100)])
    now[0] += 5
    run.hear([Step("events", 50, 100)])
    left = verifying.WEIGHTS["events"] / 2 + verifying.WEIGHTS["meaning"] + verifying.WEIGHTS["structure"]
    assert run.to_come == pytest.approx(left * 10)
    run.pause()
    now[0] += 1_000
    run.pause()
    assert run.seconds == pytest.approx(5), "while it waited does not count"
    assert run.spent("events") == pytest.approx(5)


def test_the_other_process_steps_back(monkeypatch: pytest.MonkeyPatch, shell: story.Shell) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append)
    verifying.work(shell.ledger, shell.root)
    assert asked == [verifying.NICENESS]
