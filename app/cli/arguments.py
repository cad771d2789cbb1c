"""From words to an invocation: which action, which options, which arguments; and what was perhaps meant.

Only the invoked action's parser is built. Options that every command takes may stand before the command or after it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

from app.actions import registry
from app.actions.registry.types import Action, Argument
from ledger.errors import InputError

COMMON = (
    Argument("ledger", "another ledger's file than the workspace's", ("--ledger",), kind="path", metavar="PATH"),
    Argument("actor", "who acts", ("--as",), completes="person", metavar="NAME"),
    Argument("start", "as if started in this folder", ("-C",), kind="path", metavar="DIR"),
    Argument("json", "print one JSON document", ("--json",), kind="flag"),
    Argument("plain", "plain text: no colour, no redrawing", ("--plain",), kind="flag"),
)
"""What every command takes."""

AT = Argument("at", "as of an event (42) or a moment (2008-10-01, 2008-10-01T12:00:00Z)", ("--at",), metavar="SEQ|TIME")
"""What every command that looks takes as well."""

_LARGEST = 2**53 - 1
"""The largest number that an event can hold (docs/format.md, section 1)."""

VERSION, HELP = ("--version",), ("-h", "--help")


class Options(NamedTuple):
    """The values of what every command takes."""

    ledger: str | None = None
    actor: str | None = None
    start: str | None = None
    json: bool = False
    plain: bool = False
    at: str | None = None


class Invocation(NamedTuple):
    """A command line understood. ``action`` is ``None`` where no command was named; ``help`` asks for its help.

    ``topic`` are the words that the help was asked about.
    """

    action: Action | None
    options: Options
    arguments: dict[str, Any]
    help: bool = False
    version: bool = False
    topic: tuple[str, ...] = ()


def common(action: Action) -> tuple[Argument, ...]:
    """The arguments that an action takes besides its own."""
    return (*COMMON, AT) if action.at else COMMON


def understand(words: Sequence[str]) -> Invocation:
    """Read a command line, without the program's name.

    Raises:
        InputError: an unknown command, option or choice, with what was perhaps meant; a value that is missing or
            cannot be what it must be.
    """
    leading, rest = _split(words)
    if any(word in VERSION for word in leading):
        return Invocation(None, Options(), {}, version=True)
    if rest[:1] == ["help"]:
        return _help(rest[1:])
    if any(word in HELP for word in leading):
        return _help(rest)
    if not rest:
        return Invocation(None, _options(_parser((*COMMON, AT), "").parse(leading)), {})
    action, taken = registry.match(rest)
    tail = rest[taken:]
    if any(word in HELP for word in _before_dashes(tail)):
        return _help(rest)
    if action is None:
        raise unknown_command(rest)
    parser = _parser((*action.arguments, *common(action)), action.name)
    parser.own = [flag for argument in action.arguments for flag in argument.flags]
    found = parser.parse([*leading, *tail])
    names = {argument.name for argument in action.arguments}
    own = {name: item for name, item in found.items() if name in names}
    return Invocation(action, _options({name: item for name, item in found.items() if name not in names}), own)


def unknown_command(words: Sequence[str]) -> InputError:
    """The error for words that name no action, with the nearest that do."""
    relatives = registry.family(words[0])
    if relatives:
        second = [action.words[1] for action in relatives if len(action.words) > 1]
        if len(words) == 1:
            return InputError(f"`assay {words[0]}` needs one of {', '.join(second)}; `assay {words[0]} --help`")
        hint = closest(words[1], second) or f"; there are {', '.join(second)}"
        return InputError(f"there is no command `assay {words[0]} {words[1]}`{hint}")
    names = sorted({action.words[0] for action in registry.ACTIONS} | {"help"})
    hint = closest(words[0], names)
    return InputError(f"there is no command `assay {words[0]}`{hint or '; `assay --help` lists them'}")


def closest(word: str, known: Iterable[str]) -> str:
    """``; did you mean x, y?`` where some of ``known`` come close to ``word``, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _help(words: Sequence[str]) -> Invocation:
    topic = tuple(word for word in words if not word.startswith("-"))
    action, taken = registry.match(topic)
    if topic and action is None and not (len(topic) == 1 and registry.family(topic[0])):
        raise unknown_command(topic)
    return Invocation(action, Options(), {}, help=True, topic=topic[: taken or 1])


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options before the command, and the rest, which begins with the command."""
    flags = {flag: argument.kind for argument in (*COMMON, AT) for flag in argument.flags}
    known = [*flags, *VERSION, *HELP]
    position = 0
    while position < len(words) and words[position].startswith("-"):
        flag = words[position].partition("=")[0]
        if flag not in known:
            raise InputError(f"there is no option {flag} before a command{closest(flag, known)}; `assay --help`")
        position += 2 if flags.get(words[position], "flag") != "flag" else 1
    return list(words[:position]), list(words[position:])


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


def _options(found: dict[str, Any]) -> Options:
    return Options(**found)


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are ours, with what was perhaps meant."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=f"assay {command}".rstrip(), add_help=False, allow_abbrev=False)
        self.command = command
        self.flags: list[str] = []
        self.own: list[str] = []

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """The values by name.

        Raises:
            InputError: the words do not fit.
        """
        for word in _before_dashes(words):
            flag, sign, value = word.partition("=")
            if sign and value == "--" and flag in self.flags:  # argparse would take it for the end of the options
                self.error(f"argument {flag}: '--' is no value")
        found, extra = self.parse_known_args(list(words))
        for word in extra:
            if word.startswith("-") and word != "-":
                flag = word.partition("=")[0]
                self.error(f"there is no option {flag} for `{self.prog}`{self._meant(flag)}")
        if extra:
            relatives = [each.name for each in registry.family(self.command) if each.name != self.command]
            hint = closest(f"{self.command} {extra[0]}", relatives)
            self.error(f"`{self.prog}` does not take {extra[0]!r}{hint}")
        return vars(found)

    def _meant(self, flag: str) -> str:
        """The command's own options that come close, else those of every command, else the command's own."""
        from difflib import get_close_matches

        for known in (self.own, self.flags):
            names = {each.lstrip("-"): each for each in known if each.startswith("--")}
            close = get_close_matches(flag.lstrip("-"), list(names), n=3, cutoff=0.6)
            if close:
                return f"; did you mean {' or '.join(names[each] for each in close)}?"
        takes = ", ".join(each for each in self.own if each.startswith("--"))
        return f"; it takes {takes}" if takes else ""

    def error(self, message: str) -> NoReturn:
        message = message.replace("the following arguments are required:", f"`{self.prog}` needs")
        help_line = "" if "`assay" in message and "did you mean" in message else f"; `{self.prog} --help`"
        raise InputError(message + help_line)


def _parser(arguments: Sequence[Argument], command: str) -> _Parser:
    parser = _Parser(command)
    add_to(parser, arguments)
    parser.flags = [flag for argument in arguments for flag in argument.flags] + list(HELP)
    return parser


def add_to(parser: argparse.ArgumentParser, arguments: Sequence[Argument]) -> dict[str, argparse.Action]:
    """Add arguments to an argparse parser; what argparse made of each is returned by its name."""
    return {argument.name: _add(parser, argument) for argument in arguments}


def _add(parser: argparse.ArgumentParser, argument: Argument) -> argparse.Action:
    if argument.kind == "flag":
        return parser.add_argument(*argument.flags, dest=argument.name, action="store_true", help=argument.help)
    settings: dict[str, Any] = {
        "type": _converter(argument),
        "metavar": argument.shown,
        "default": argument.default,
        "help": argument.help,
    }
    if argument.flags:
        settings |= {"dest": argument.name, "required": argument.required}
        if argument.arity == "many":
            settings |= {"action": "append", "default": []}
        return parser.add_argument(*argument.flags, **settings)
    settings["nargs"] = {"one": None, "optional": "?", "many": "*", "some": "+"}[argument.arity]
    return parser.add_argument(argument.name, **settings)


def _converter(argument: Argument) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if argument.choices and text not in argument.choices:
            hint = closest(text, argument.choices) or f"; choose from {', '.join(argument.choices)}"
            raise argparse.ArgumentTypeError(f"{text!r} is not one of its choices{hint}")
        if argument.kind in ("integer", "number"):
            return _number(text, whole=argument.kind == "integer")
        return text

    return convert


def _number(text: str, *, whole: bool) -> float:
    try:
        found = int(text) if whole else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {'a whole number' if whole else 'a number'}") from None
    if not -_LARGEST <= found <= _LARGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number that can be counted with")
    return found
