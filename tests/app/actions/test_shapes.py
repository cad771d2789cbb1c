"""The documents that ``--json`` prints have the shapes that are documented, member by member."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions import registry
from app.actions.registry.shapes import SHAPES, member
from tests.app.cli.test_flow import READING
from tests.app.story import ORIGIN, RUN, Shell, request_number

MORE_MEMBERS = {"show", "verify"}
"""These add members by what they show or were asked to do."""


def _hold(document: dict[str, Any], words: str, where: str, *, exact: bool = True) -> None:
    wanted = {member(word)[0] for word in words.split()}
    assert (document.keys() == wanted) if exact else (wanted <= document.keys()), where
    for word in words.split():
        name, shape, many = member(word)
        if not shape or document[name] is None:
            continue
        for n, each in enumerate(document[name] if many else [document[name]]):
            _hold(each, SHAPES[shape], f"{where}.{name}[{n}]")


@pytest.mark.parametrize("name", READING)
def test_reading(shell: Shell, name: str) -> None:
    document = shell.json(*name.split(), *READING[name])
    _hold(document, registry.get(name).gives, name, exact=name not in MORE_MEMBERS)


@pytest.mark.parametrize("ref", ["fx-vol@1", RUN, "drift", "jon", "0"])
def test_showing(shell: Shell, ref: str) -> None:
    document = shell.json("show", ref)
    wanted = {"what", "ref", "at"}
    assert wanted <= document.keys()
    for name in SHAPES:
        if name in document and name != "event":
            _hold(document[name], SHAPES[name], f"show {ref}.{name}")
    for event in document.get("history", []):
        _hold(event, SHAPES["event"], f"show {ref}.history")


def test_writing_and_proving(shell: Shell) -> None:
    number = request_number(shell)
    (shell.root / "new.csv").write_text("a\n")
    commands: list[tuple[str, tuple[str, ...]]] = [
        ("people add", ("--as", "ada", "people", "add", "zoe", "--role", "auditor")),
        ("artifact register", ("--as", "lea", "artifact", "register", "new.csv", "--kind", "dataset")),
        ("request", ("--as", "lea", "request", "fx-vol@2")),
        ("approve", ("--as", "jon", "approve", number, "--yes")),
        ("approve", ("--as", "mia", "approve", number, "--yes")),
        ("deploy", ("--as", "lea", "deploy", "fx-vol@1", "--to", "prod")),
        ("gate", ("gate", "fx-vol@1", "--to", "prod")),
        ("alerts ack", ("--as", "mia", "alerts", "ack", "drift")),
        ("checkpoint", ("checkpoint",)),
        ("artifact restore", ("artifact", "restore", "ecb-rates", "-o", "back.csv")),
        ("rebuild", ("rebuild",)),
        ("verify", ("verify",)),
        ("completion", ("completion", "bash")),
    ]
    for name, words in commands:
        _hold(shell.json(*words), registry.get(name).gives, name)
    deployment = shell.json("overview")["live"][0]["ref"]
    _hold(shell.json("show", deployment)["deployment"], SHAPES["deployment"], "show deployment")
    rejected = shell.json("approvals")["requests"][0]["seq"]
    _hold(
        shell.json("--as", "jon", "reject", str(rejected), "--reason", "no", "--yes"),
        registry.get("reject").gives,
        "reject",
    )


def test_beginning_and_errors(empty: Shell) -> None:
    _hold(empty.json("--as", "ada", "init", "--origin", ORIGIN), registry.get("init").gives, "init")
    said = empty("show", "nothing", "--json")
    assert said.code == 2
    assert said.document.keys() == {"error", "code", "missing"}
    assert said.err == f"assay: {said.document['error']}\n"
