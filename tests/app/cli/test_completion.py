"""Completion: what the shell would offer, asked as the shell asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.actions import registry
from app.cli.completion import whole_parser
from tests.app.story import PROJECT, RUN, Shell, request_number


def offered(shell: Shell, line: str) -> list[str]:
    """What may follow ``line``, by argcomplete's protocol: the line in the environment, the answer on descriptor 8."""
    read, write = os.pipe()
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\013",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_SHELL": "fish",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    code = f"import os; os.dup2({write}, 8); from app.cli.main import main; main()"
    subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=shell.root,
        pass_fds=(write,),
        check=True,
        capture_output=True,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        return [word.partition("\t")[0].strip() for word in answer.read().split("\013") if word]


def test_commands_and_their_second_words(shell: Shell) -> None:
    assert {"verify", "log", "artifact"} <= set(offered(shell, "assay "))
    assert offered(shell, "assay ver") == ["verify"]
    assert set(offered(shell, "assay artifact ")) >= {"register", "list", "show", "restore", "check"}
    assert "ack" in offered(shell, "assay alerts a")


def test_options_and_choices(shell: Shell) -> None:
    assert "--checkpoint" in offered(shell, "assay verify --ch")
    assert offered(shell, "assay artifact list --kind mo") == ["model"]
    assert offered(shell, "assay completion f") == ["fish"]


def test_what_the_ledger_holds(shell: Shell) -> None:
    assert f"model/{PROJECT}/fx-vol@1" in offered(shell, "assay show model/")
    assert "fx-vol@challenger" in offered(shell, "assay artifact show fx-vol@c")
    assert offered(shell, "assay runs show 7") == [RUN]
    assert offered(shell, "assay approve ") == [request_number(shell)]
    assert offered(shell, "assay alerts ack dr") == ["drift-2008-09-17"]
    assert set(offered(shell, "assay log --actor ")) == {"ada", "jon", "lea", "mia"}
    assert "run.started" in offered(shell, "assay log --type run.")


def test_no_ledger_is_no_error(empty: Shell) -> None:
    assert offered(empty, "assay show mo") == []


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_shells_code(empty: Shell, name: str) -> None:
    code = empty.ok("completion", name).out
    assert "assay" in code
    assert "_ARGCOMPLETE" in code
    assert code.endswith("\n")


def test_bash_takes_its_code(empty: Shell) -> None:
    code = empty.ok("completion", "bash").out
    checked = subprocess.run(["bash", "-n"], input=code, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_command_is_in_the_parser_that_completes() -> None:
    def words_of(parser: object, before: tuple[str, ...] = ()) -> set[str]:
        found = set()
        for action in parser._actions:  # type: ignore[attr-defined]
            for word, branch in (action.choices or {}).items() if hasattr(action, "_name_parser_map") else ():
                found |= {" ".join((*before, word))} | words_of(branch, (*before, word))
        return found

    assert {action.name for action in registry.ACTIONS} <= words_of(whole_parser())
