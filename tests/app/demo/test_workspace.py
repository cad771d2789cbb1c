"""By hand, in the demo's workspace: what the README and the help show, in every form that a command has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.actions import registry
from app.actions.registry.loop import LOOP
from tests.app.demo import tellings
from tests.app.story import Shell

README = Path(__file__).parents[3] / "README.md"

READING = [
    "overview",
    "log --type alert.raised",
    "show fx-vol@champion",
    "show feature-drift-2008-09-17",
    "show fx-vol-v2-canary",
    "lineage fx-vol@champion",
    "runs",
    "artifact list --kind model",
    "artifact show fx-vol@2",
    "approvals --all",
    "alerts",
    "monitor",
    "people list",
]
LIVE = ("monitor", "monitor run", "drift", "check run", "retrain", "canary start", "canary run", "canary promote")
EXAMPLES = [each.command for action in LOOP if action.name in LIVE for each in action.examples]
REFUSED = ("assay canary promote",)
"""What the demo's canary does not allow: its gates have not said promote."""
SERVING = ("serve",)
"""What goes on until it is told to stop."""
DRIFTED = ("assay drift",)


@pytest.mark.parametrize("command", READING)
def test_what_reads_says_it_as_words_and_as_a_document_now_and_then(demo: Shell, command: str) -> None:
    words = shlex.split(command)
    before = demo.bytes()
    plain = demo.ok(*words, "--plain")
    assert plain.out == demo.ok(*words).out
    assert "\x1b" not in plain.out
    assert demo.json(*words)
    last = tellings.size(demo.root) - 1
    assert demo.json(*words, "--at", str(last)) == demo.json(*words)
    earlier = demo.json(*words, "--at", "2009-03-01") if "canary" not in command else {}
    assert earlier.get("at", 0) < last
    assert demo.bytes() == before


def test_the_crisis_as_of_its_days(demo: Shell) -> None:
    raised = [each for each in tellings.recorded(demo.root) if each["type"] == "alert.raised"]
    for each in raised:
        found = demo.json("alerts", "--at", str(each["seq"]))["alerts"]
        assert (found[-1]["alert"], found[-1]["state"]) == (each["value"]["alert"], "raised")
    breached = {each["monitor"] for each in demo.json("monitor")["monitors"] if each["breached"]}
    left = {each["monitor"] for each in demo.json("alerts")["alerts"] if each["state"] != "resolved"}
    assert left <= breached, "an alert is over once its monitor is quiet"


@pytest.mark.parametrize("command", [*EXAMPLES, "assay run specs/train.yaml --set window.first=2006-01-02"])
def test_the_examples_of_the_loop_work_here(demo: Shell, command: str) -> None:
    words = shlex.split(command)[1:]
    if words[:2] in (["canary", "run"], ["canary", "promote"]):
        demo.ok("canary", "start", "fx-vol@2", "--maximum-days", "20")
    said = demo(*words)
    assert said.code == int(command.startswith((*REFUSED, *DRIFTED))), said
    assert bool(said.out) != command.startswith(REFUSED)
    assert "this should not happen" not in said.err
    assert demo.json("verify")["ok"]


def test_what_the_readme_shows_works_here(demo: Shell) -> None:
    shown = README.read_text(encoding="utf-8").partition("inside `assay-demo`:")[2]
    block = re.search(r"```sh\n(.*?)```", shown, re.DOTALL)
    assert block is not None
    commands = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    assert len(commands) > 6
    request = str(demo.json("approvals")["requests"][0]["seq"])
    for command in (words[1:] for words in commands if words[1:] and words[1] not in SERVING):
        if command[0] == "approve":
            command = ["approve", request, "--reason", "read", "--yes"]
        said = demo(*command)
        assert said.code == (1 if command[0] == "gate" else 0), (command, said)
        assert registry.match(command)[0] is not None
