"""The reference of commands, written from the registry: ``python -m app.cli.docs > docs/commands.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from app.actions import registry
from app.actions.registry.shapes import SHAPES, member
from app.actions.registry.types import Action, Argument
from app.cli.arguments import AT, COMMON
from app.cli.help import BOUND, EXIT_CODES, sentence, told, usage

HEAD = """\
# Commands

Written by `python -m app.cli.docs`; a test holds it current. `assay COMMAND --help` says the same in a terminal.

`assay` alone opens the dashboard, where `^p` and a command's name do the same. {exits}
With `--json` a command prints one document, an error too (`error`, `code`, `missing`); fields are only ever added.
Without it, what others recorded is escaped before it is drawn; colour comes on a terminal alone, and never with
`--plain` or `NO_COLOR`. The files that some commands read are described in [specs.md](specs.md).
"""


def reference() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD.format(exits=EXIT_CODES), "## What every command takes\n", _table((*COMMON, AT))]
    parts.append("`--at` belongs to the commands that say so.\n")
    for group in registry.GROUPS:
        parts.append(f"## {registry.GROUP_TITLES[group]}\n")
        parts += [_action(action) for action in registry.grouped(group)]
    parts += ["## Shapes\n", "What the names in the JSON documents above stand for; `[…]` is a list of such.\n"]
    parts.append("\n".join(f"- **{name}**: {_members(words)}" for name, words in sorted(SHAPES.items())) + "\n")
    return "\n".join(parts)


def _action(action: Action) -> str:
    return "\n".join(_lines(action))


def _lines(action: Action) -> Iterator[str]:
    yield f"### {action.name}\n"
    yield f"    {usage(action)}\n"
    about = f" {action.description}" if action.description else ""
    key = f" In the dashboard: `{action.key}` on {BOUND[action.name]}." if action.name in BOUND else ""
    yield f"{sentence(action.summary)}{about}{key}\n"
    if action.arguments:
        yield _table(action.arguments)
    yield f"JSON: {_members(action.gives)}.{' Takes `--at`.' if action.at else ''}\n"
    yield "\n".join(f"- `{example.command}`: {example.says}" for example in action.examples) + "\n"


def _table(arguments: tuple[Argument, ...]) -> str:
    rows = ["| argument | meaning |", "|---|---|"]
    for argument in arguments:
        name, says = told(argument)
        rows.append(f"| `{name}` | {says} |".replace("SEQ|TIME", "SEQ\\|TIME"))
    return "\n".join(rows) + "\n"


def _members(words: str) -> str:
    shown = []
    for word in words.split():
        name, shape, many = member(word)
        kind = "" if not shape else f" [{shape}]" if many else f" {shape}"
        shown.append(f"`{name}`{kind if shape != name or many else ''}")
    return ", ".join(shown)


if __name__ == "__main__":
    sys.stdout.write(reference())
