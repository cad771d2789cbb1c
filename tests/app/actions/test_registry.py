"""The registry: every action complete, every key its own, nothing heavy in it."""

from __future__ import annotations

import inspect
import shlex
import subprocess
import sys

import pytest

from app.actions import registry
from app.actions.registry.shapes import SHAPES, member
from app.cli.arguments import AT, COMMON, understand

NAMES = [action.name for action in registry.ACTIONS]


def test_names_are_unique_and_of_at_most_two_words() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(1 <= len(name.split()) <= 2 for name in NAMES)


@pytest.mark.parametrize("scope", registry.SCOPES)
def test_keys_are_unique_where_they_work(scope: str) -> None:
    keys = [action.key for action in registry.in_scope(scope)]
    assert len(set(keys)) == len(keys)
    assert all(keys)


def test_no_key_is_one_that_moves_or_rules_every_screen() -> None:
    from app.tui.keys import EVERYWHERE, MOVING

    taken = {key for binding in (*EVERYWHERE, *MOVING) for key in binding.keys.split(",")} | {"h", "l", "g", "space"}
    assert not [action.name for action in registry.ACTIONS if action.key in taken]


def test_every_action_has_its_place() -> None:
    for action in registry.ACTIONS:
        assert action.group in registry.GROUPS, action.name
        assert action.scope in registry.SCOPES, action.name
    assert sorted(each.name for group in registry.GROUPS for each in registry.grouped(group)) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_action_has_help_and_examples_that_parse(name: str) -> None:
    action = registry.get(name)
    assert action.summary
    assert not action.summary.endswith(".")
    assert len(action.summary) <= 90
    assert action.examples
    for example in action.examples:
        assert example.says
        words = shlex.split(example.command.split(">")[0])
        command = next(part for part in (words, shlex.split(words[-1].strip("$()"))) if part[0] == "assay")
        assert understand(command[1:]).action is action, example.command


@pytest.mark.parametrize("name", NAMES)
def test_every_function_takes_exactly_its_arguments(name: str) -> None:
    action = registry.get(name)
    first, *rest = inspect.signature(action.load()).parameters.values()
    assert first.name == "context"
    assert [each.name for each in rest] == sorted(
        (each.name for each in rest), key=[a.name for a in action.arguments].index
    )
    assert {each.name for each in rest} == {argument.name for argument in action.arguments}
    assert all(each.kind is inspect.Parameter.KEYWORD_ONLY for each in rest)
    assert action.load().__doc__


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_well_formed(name: str) -> None:
    action = registry.get(name)
    everything = (*action.arguments, *COMMON, AT)
    names = [argument.name for argument in everything]
    flags = [flag for argument in everything for flag in argument.flags]
    assert len(set(names)) == len(names)
    assert len(set(flags)) == len(flags)
    for argument in action.arguments:
        assert argument.help
        assert argument.flags or argument.kind != "flag"
        assert not (argument.required and not argument.flags)


@pytest.mark.parametrize("name", NAMES)
def test_what_an_action_gives_is_spelled_in_known_shapes(name: str) -> None:
    action = registry.get(name)
    assert action.gives
    for word in action.gives.split():
        assert not member(word)[1] or member(word)[1] in SHAPES, word


def test_a_family_of_commands_stands_in_one_part() -> None:
    homes: dict[str, set[int]] = {}
    for n, part in enumerate(registry._parts()):
        for action in part:
            homes.setdefault(action.words[0], set()).add(n)
    assert all(len(parts) == 1 for parts in homes.values()), homes


def test_a_command_loads_no_more_of_the_registry_than_its_part() -> None:
    code = (
        "import sys; from app.cli.arguments import understand; understand(['verify', '--json']); "
        "print(*(m for m in sys.modules if m.startswith('app.actions.registry.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) == {"app.actions.registry.types", "app.actions.registry.record"}


def test_importing_the_registry_imports_no_action_and_no_ledger() -> None:
    code = "import sys, app.actions.registry; print(*sorted(m for m in sys.modules if m.startswith(('app', 'ledger'))))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert all(name in ("app", "app.actions") or name.startswith("app.actions.registry") for name in loaded), loaded
