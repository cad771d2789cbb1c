"""Completion: the shell asks Assay what may follow, and gets commands, options, and what the ledger holds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from app.actions import registry
from app.actions.registry.types import Action, Argument
from app.cli.arguments import AT, COMMON, add_to, common

if TYPE_CHECKING:
    from ledger.projections.view import View

MOST = 200
"""No shell wants more than this many suggestions."""


def complete() -> None:
    """Answer the shell's question, which the environment carries, and end the process."""
    import argcomplete

    argcomplete.autocomplete(whole_parser(), always_complete_options=False)


def whole_parser() -> argparse.ArgumentParser:
    """An argparse parser of every command, for completion alone."""
    parser = argparse.ArgumentParser(prog="assay", add_help=False, allow_abbrev=False)
    _fill(parser, (*COMMON, AT))
    branches: Any = parser.add_subparsers(parser_class=argparse.ArgumentParser)
    for word in dict.fromkeys(action.words[0] for action in registry.ACTIONS):
        family = registry.family(word)
        own = next((action for action in family if len(action.words) == 1), None)
        branch = branches.add_parser(word, add_help=False, help=(own or family[0]).summary)
        twigs = [action for action in family if len(action.words) > 1]
        if own is not None:
            # An argument of its own and a second word cannot share a place in argparse; there are few second words.
            mine = tuple(each for each in own.arguments if each.flags or not twigs)
            _fill(branch, (*mine, *common(own)))
        if twigs:
            _branch(branch, twigs)
    return parser


def suggestions(completes: str, view: View) -> Iterable[str]:
    """What may stand for an argument of this kind, as the ledger knows it."""
    from ledger.projections import alerts, approvals, artifacts, deployments, monitors, people, runs

    sources: dict[str, Callable[[], Iterable[str]]] = {
        "artifact": lambda: _artifacts(view),
        "model": lambda: (ref for ref in _artifacts(view) if ref.startswith("model/")),
        "run": lambda: (run.run for run in runs.listed(view)),
        "request": lambda: (str(each.seq) for each in approvals.requests(view) if not each.rejected),
        "alert": lambda: (alert.alert for alert in alerts.listed(view)),
        "deployment": lambda: (each.deployment for each in deployments.listed(view)),
        "monitor": lambda: (each.monitor for each in monitors.listed(view)),
        "person": lambda: (person.name for person in people.listed(view)),
        "project": lambda: sorted({each.project for each in artifacts.versions(view) if each.project}),
        "event_type": lambda: (row[0] for row in view.rows("SELECT DISTINCT type FROM events WHERE seq <= :at")),
        "ref": lambda: _everything(view),
    }
    return sources[completes]()


def _everything(view: View) -> Iterable[str]:
    from app.actions import references

    yield from _artifacts(view)
    for kind in ("run", "deployment", "alert", "person"):
        yield from references.candidates(view, kind)


def _artifacts(view: View) -> Iterable[str]:
    """Every version's full reference and every alias, and the bare names where no slash is typed."""
    from ledger.projections import artifacts

    versions = artifacts.versions(view)
    moving = {(each.artifact, each.alias) for each in artifacts.aliases(view)}
    yield from sorted({each.name for each in versions})
    yield from sorted(f"{artifact.rpartition('/')[2]}@{alias}" for artifact, alias in moving)
    yield from (each.ref for each in versions)
    yield from sorted(f"{artifact}@{alias}" for artifact, alias in moving)


def _branch(parser: argparse.ArgumentParser, actions: Iterable[Action]) -> None:
    twigs: Any = parser.add_subparsers(parser_class=argparse.ArgumentParser)
    for action in actions:
        _fill(
            twigs.add_parser(action.words[1], add_help=False, help=action.summary), (*action.arguments, *common(action))
        )


def _fill(parser: argparse.ArgumentParser, arguments: tuple[Argument, ...]) -> None:
    made: dict[str, Any] = add_to(parser, arguments)
    for argument in arguments:
        if argument.kind == "path":
            continue
        if argument.choices:
            made[argument.name].choices = argument.choices
        elif argument.completes:
            made[argument.name].completer = _Completer(argument.completes)
        elif argument.kind != "flag":
            made[argument.name].completer = _nothing


class _Completer:
    """Asks the ledger; where there is none to ask, there is nothing to suggest."""

    def __init__(self, completes: str) -> None:
        self._completes = completes

    def __call__(self, prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        from pathlib import Path

        from app.actions.context import Context
        from ledger.errors import AssayError

        start = Path(getattr(parsed_args, "start", None) or ".")
        try:
            with Context(ledger=getattr(parsed_args, "ledger", None), start=start) as context:
                found = (each for each in suggestions(self._completes, context.view) if each.startswith(prefix))
                return list(dict.fromkeys(found))[:MOST]
        except (AssayError, OSError):
            return []


def _nothing(prefix: str, **_: Any) -> list[str]:
    """Free text is nobody's to suggest."""
    return []
