"""``assay reproduce``: what it says, what it prints for a program, and how it ends."""

from __future__ import annotations

import pytest

from app.actions import registry
from tests.app.actions.test_running import CODE, SPEC
from tests.app.actions.test_shapes import _hold
from tests.app.story import RUN, Shell


@pytest.fixture
def ran(shell: Shell) -> tuple[Shell, str]:
    """The story's workspace, and a run in it."""
    (shell.root / "code").mkdir()
    (shell.root / "code" / "summarise.py").write_text(CODE)
    (shell.root / "summarise.yaml").write_text(SPEC)
    return shell, shell.json("--as", "lea", "run", "summarise.yaml")["run"]["run"]


def test_a_run_that_gives_the_same_again(ran: tuple[Shell, str]) -> None:
    shell, run = ran
    said = shell.ok("--as", "jon", "reproduce", run[:8], "--plain").out
    assert "the same, byte for byte" in said
    assert "document/fx-hedging/summary" in said
    document = shell.json("--as", "jon", "reproduce", run)
    _hold(document, registry.get("reproduce").gives, "reproduce")
    assert (document["of"], document["equal"], document["culprits"]) == (f"run/{run}", True, [])
    assert document["event"]["type"] == "run.reproduced"
    assert "byte for byte" in shell.ok("log", "--subject", f"run/{run}").out
    assert shell.json("verify")["ok"]


def test_a_run_that_gives_something_else_names_why_and_exits_with_1(ran: tuple[Shell, str]) -> None:
    shell, run = ran
    said = shell("--as", "jon", "reproduce", run, "--with", "config=scale=2")
    assert said.code == 1
    words = " ".join(said.out.split())
    assert "✗ the results differ" in words
    assert "culprit config another configuration" in words
    assert "metric scale 1.0 → 2.0" in words
    assert "from line 1" in words
    assert shell.json("verify")["ok"]


def test_two_runs_are_told_apart(ran: tuple[Shell, str]) -> None:
    shell, run = ran
    other = shell.json("--as", "lea", "run", "summarise.yaml", "--set", "scale=3")["run"]["run"]
    said = shell("--as", "jon", "reproduce", run, "--against", other, "--json")
    assert said.code == 1
    assert (said.document["against"], said.document["culprits"]) == (f"run/{other}", ["config"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no-such-run",), "no run begins with 'no-such-run'"),
        ((RUN,), "was not started by `assay run`"),
        (("{run}", "--with", "seed=8", "--against", "{run}"), "either --with"),
        (("{run}", "--with", "weather=8"), "aspect=value"),
    ],
)
def test_bad_input_is_one_line_and_records_nothing(ran: tuple[Shell, str], words: tuple[str, ...], says: str) -> None:
    shell, run = ran
    before = shell.json("verify")["head"]
    said = shell("--as", "jon", "reproduce", *(word.format(run=run) for word in words))
    assert said.code == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert shell.json("verify")["head"] == before
