"""The agent: duties in rounds, one leader per ledger, and a failure that stops nothing but itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.actions import agent as standing
from app.actions.context import Context
from app.agent import duties, loop
from ledger.errors import InputError
from ledger.events.documents import DocumentAttached
from tests.app.story import Shell

ROOT = Path(__file__).parents[3]
HERE = __name__


def once_only(context: Context, now: datetime) -> list[str]:
    """A duty that has something to do the first time."""
    if any(each.event.type == "document.attached" for each in context.ledger.events()):
        return []
    fact = DocumentAttached("runbook", "sha256:" + "0" * 64)
    context.ledger.record(fact, subject="project/fx-hedging", actor=context.actor)
    return [f"attached at {now:%Y}"]


def broken(context: Context, now: datetime) -> list[str]:
    """A duty with a defect."""
    raise RuntimeError("two\nlines")


def refused(context: Context, now: datetime) -> list[str]:
    """A duty whose declaration is wrong."""
    raise InputError("x.yaml, line 3: what")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The duties of a test, in place of the real ones."""
    found = {name: f"{HERE}:{name}" for name in ("broken", "once_only", "refused")}
    monkeypatch.setattr(duties, "DUTIES", found)
    return found


def test_a_failing_duty_is_told_in_one_line_and_the_others_are_done(shell: Shell, given: dict[str, str]) -> None:
    said = shell("--as", "lea", "agent", "--once")
    assert said.code == 1
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["broken", "once_only", "refused"]
    assert "failed: RuntimeError: two lines" in lines[0]
    assert f"attached at {datetime.now(UTC):%Y}" in lines[1]
    assert "failed: x.yaml, line 3: what" in lines[2]


def test_a_round_done_twice_does_nothing_the_second_time(shell: Shell, given: dict[str, str]) -> None:
    first = shell.json("--as", "lea", "agent", "--once", "--only", "once_only")
    size = len(shell.json("log", "-n", "0")["events"])
    second = shell.json("--as", "lea", "agent", "--once", "--only", "once_only")
    assert (len(first["work"]), second["work"]) == (1, [])
    assert len(shell.json("log", "-n", "0")["events"]) == size
    assert second["last"]["by"] == "lea"


def test_a_duty_that_is_not_known(shell: Shell, given: dict[str, str]) -> None:
    said = shell("--as", "lea", "agent", "--once", "--only", "sleep")
    assert (said.code, said.err) == (
        2,
        "assay: there is no duty 'sleep'; the duties are broken, once_only, refused\n",
    )


def test_when_it_last_ran_is_told(shell: Shell, given: dict[str, str]) -> None:
    assert "it has never run" in shell.ok("agent", "--status").out
    assert "agent" not in shell.ok("overview").out.split("\n\n")[0]
    shell("--as", "lea", "agent", "--once")
    said = shell.ok("agent", "--status").out
    assert "by lea" in said
    assert "RuntimeError" in said
    assert "trouble with broken, refused" in shell.ok("overview").out
    assert shell.json("overview")["agent"]["leader"] is None


def test_one_leader_per_ledger(shell: Shell, given: dict[str, str]) -> None:
    with standing.leading(shell.ledger, "ada"):
        said = shell("--as", "lea", "agent")
        assert said.code == 2
        assert f"the agent of ada (process {os.getpid()} on" in said.err
        once = shell.ok("--as", "lea", "agent", "--once")
        assert "the agent of ada" in once.out
        assert shell.json("agent", "--status")["leader"]["actor"] == "ada"
    assert shell.json("agent", "--status")["leader"] is None
    assert standing.last_round(shell.ledger) is None


def test_the_ledger_says_what_time_it_is(empty: Shell, given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    empty.ok("--as", "ada", "init", "--origin", "example.com/x", "--clock", "simulated")
    with Context(actor="ada", writes=True, start=empty.root) as context:
        context.ledger.moment = "2031-05-06T00:00:00.000000Z"
        context.ledger.record(DocumentAttached("charter", "sha256:" + "0" * 64), subject="project/empty", actor="ada")
        seen: list[datetime] = []
        monkeypatch.setattr(sys.modules[HERE], "broken", lambda context, now: seen.append(now) or [])
        loop.once(context, ["broken"])
    assert seen == [datetime(2031, 5, 6, tzinfo=UTC)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_told_to(shell: Shell, number: int) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "-C", str(shell.root), "--as", "lea", "agent", "--every", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        limit = time.monotonic() + 180
        while standing.last_round(shell.ledger) is None:
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < limit
            time.sleep(0.05)
        child.send_signal(number)
        out, err = child.communicate(timeout=180)
    finally:
        child.kill()
    assert child.returncode == 0, err
    assert "stopped" in out
    assert "Traceback" not in err
    assert standing.leader(shell.ledger) is None
