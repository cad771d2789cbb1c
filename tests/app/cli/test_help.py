"""Help: grouped, with examples, for every command; and the written reference is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions import registry
from app.cli.docs import reference
from app.cli.help import BOUND, WIDTH
from tests.app.story import Shell

ROOT = Path(__file__).parents[3]
FAMILIES = sorted({action.words[0] for action in registry.ACTIONS if len(action.words) > 1})


def test_help_lists_every_command_by_use(empty: Shell) -> None:
    said = empty.ok("--help").out
    for group in registry.GROUPS:
        assert f"\n{registry.GROUP_TITLES[group]}\n" in said
    for action in registry.ACTIONS:
        assert f"  {action.name} " in said
        assert action.summary in " ".join(said.split())
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) <= WIDTH + 2
    assert empty.ok("help").out == empty.ok("-h").out == said


@pytest.mark.parametrize("name", [action.name for action in registry.ACTIONS])
def test_every_command_has_help_with_its_arguments_and_examples(empty: Shell, name: str) -> None:
    action = registry.get(name)
    said = empty.ok(*name.split(), "--help").out
    flat = " ".join(said.split())
    for argument in action.arguments:
        assert (argument.flags[0] if argument.flags else argument.shown) in said
        assert argument.help in flat
    for example in action.examples:
        assert example.command in said
        assert example.says in flat
    assert ("--at SEQ|TIME" in said) == action.at
    assert "--json" in said
    assert max(map(len, said.splitlines())) <= WIDTH + 2
    assert empty.ok("help", *name.split()).out == said


@pytest.mark.parametrize("word", FAMILIES)
def test_a_family_of_commands_has_help(empty: Shell, word: str) -> None:
    said = empty.ok(word, "--help").out
    for action in registry.family(word):
        assert action.name in said


def test_a_key_is_named_where_the_dashboard_binds_it_alone() -> None:
    from app.tui.screens.catalogue import CATALOGUE

    bound = {
        action.name: f"{entry.key} {entry.name}"
        for entry in CATALOGUE
        for key in entry.make().KEYS
        for action in registry.ACTIONS
        if action.key in key.keys.split(",") and action.summary == key.help
    }
    assert bound == BOUND


def test_the_palette_offers_what_help_says_it_does(empty: Shell) -> None:
    assert "In the dashboard: a on 5 Approvals, or ^p and its name." in empty.ok("approve", "--help").out
    assert "In the dashboard: ^p and its name." in empty.ok("backup", "--help").out
    assert "In the dashboard" not in empty.ok("completion", "--help").out


def test_version(empty: Shell) -> None:
    assert empty.ok("--version").out.startswith("assay 0.")


def test_the_reference_is_current() -> None:
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == reference(), "run: python -m app.cli.docs > docs/commands.md"
