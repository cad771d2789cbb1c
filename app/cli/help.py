"""Help: the commands by use, and each with its arguments and examples. All of it comes from the registry."""

from __future__ import annotations

from app.actions import registry
from app.actions.registry.types import Action, Argument
from app.cli.arguments import AT, COMMON, common

WIDTH = 100
FIRST_STEPS = (
    ("assay demo", "build a worked example on real market data, and open it"),
    ("assay", "open the dashboard of the workspace you are in"),
    ("assay verify", "check that nobody touched the record"),
)
BOUND = {
    "run": "4 Registry", "artifact register": "4 Registry", "artifact alias": "4 Registry", "artifact retire": "4 Registry",
    "gate": "5 Approvals", "request": "5 Approvals", "approve": "5 Approvals",
    "reject": "5 Approvals", "approvals withdraw": "5 Approvals", "approvals changes": "5 Approvals",
    "canary start": "6 Rollouts",
    "canary run": "6 Rollouts", "canary promote": "6 Rollouts", "rollback": "6 Rollouts", "deploy": "6 Rollouts",
    "drill rollback": "6 Rollouts", "alerts ack": "7 Monitoring", "alerts resolve": "7 Monitoring",
    "alerts silence": "7 Monitoring", "drill drift": "7 Monitoring", "retrain": "7 Monitoring",
    "risk add": "8 Risks", "risk close": "8 Risks", "target set": "8 Risks",
    "target sign": "8 Risks",
    "verify": "9 Audit", "checkpoint": "9 Audit",
}  # fmt: skip
"""The commands whose key a screen of the dashboard binds, and which; every other is found with ^p, by its name."""
EXIT_CODES = "Exit codes: 0 done or intact, 1 a finding or a refusal, 2 a usage or input error."


def version() -> str:
    """``assay 0.1.0``."""
    from importlib.metadata import version as installed

    return f"assay {installed('assay')}"


def topic(words: tuple[str, ...], *, paint: bool) -> str:
    """The help on some words: on everything where there are none, on a command, or on a family of commands."""
    action, _ = registry.match(words)
    if action is not None:
        return _action(action, _Pen(paint))
    if words:
        return _family(words[0], _Pen(paint))
    return _everything(_Pen(paint))


def usage(action: Action) -> str:
    """``assay log [-n N] [--type TYPE]… [--json] …``, an action's own arguments only."""
    return " ".join(["assay", action.name, *(_usage(argument) for argument in action.arguments)])


class _Pen:
    def __init__(self, paint: bool) -> None:
        self._paint = paint

    def title(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._paint else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._paint else text


def _everything(pen: _Pen) -> str:
    lines = [
        "Assay records how machine learning was made, decided and run, so that anyone can check it.",
        "",
        pen.title("Begin"),
        *_columns(FIRST_STEPS),
    ]
    for group in registry.GROUPS:
        rows = [(action.name, action.summary) for action in registry.grouped(group)]
        lines += ["", pen.title(registry.GROUP_TITLES[group]), *_columns(rows)]
    lines += ["", pen.title("Every command takes"), *_columns([told(each) for each in (*COMMON, AT)])]
    lines += ["", "`assay COMMAND --help` has arguments and examples.", EXIT_CODES]
    return "\n".join(lines)


def _family(word: str, pen: _Pen) -> str:
    actions = registry.family(word)
    lines = [pen.title(f"assay {word}"), *_columns([(each.name, each.summary) for each in actions])]
    examples = [(each.command, each.says) for action in actions for each in action.examples[:1]]
    return "\n".join([*lines, "", pen.title("Examples"), *_columns(examples)])


def _action(action: Action, pen: _Pen) -> str:
    lines = [*(pen.title(line) for line in _wrapped(usage(action), "    ")), "", sentence(action.summary)]
    if action.description:
        lines += ["", *_wrapped(action.description)]
    if action.arguments:
        lines += ["", pen.title("Arguments"), *_columns([told(each) for each in action.arguments])]
    lines += ["", pen.title("Besides"), *_columns([told(each) for each in common(action)])]
    lines += ["", pen.title("Examples"), *_columns([(each.command, each.says) for each in action.examples])]
    relatives = [each for each in registry.family(action.words[0]) if each is not action]
    if relatives:
        lines += ["", pen.title("See also"), *_columns([(each.name, each.summary) for each in relatives])]
    if action.name != "completion":
        lines += ["", pen.dim(f"In the dashboard: {_where(action)}^p and its name.")]
    return "\n".join(lines)


def _where(action: Action) -> str:
    return f"{action.key} on {BOUND[action.name]}, or " if action.name in BOUND else ""


def sentence(text: str) -> str:
    """A summary as a sentence of its own."""
    return f"{text[0].upper()}{text[1:]}."


def _usage(argument: Argument) -> str:
    if argument.kind == "flag":
        return f"[{argument.flags[0]}]"
    value = "|".join(argument.choices) if argument.choices and not argument.flags else argument.shown
    if not argument.flags:
        return {"one": value, "optional": f"[{value}]", "many": f"[{value}…]", "some": f"{value}…"}[argument.arity]
    text = f"{argument.flags[0]} {value}"
    if argument.required:
        return text
    return f"[{text}]…" if argument.arity == "many" else f"[{text}]"


def told(argument: Argument) -> tuple[str, str]:
    """An argument as help shows it: how it is written, and what it means."""
    name = ", ".join(argument.flags) if argument.flags else argument.shown
    if argument.flags and argument.kind != "flag":
        name += f" {argument.shown}"
    notes = [f"one of {', '.join(argument.choices)}"] if argument.choices else []
    if argument.default not in (None, "", ()) and argument.kind != "flag":
        notes.append(f"default {argument.default}")
    return name, argument.help + (f" ({'; '.join(notes)})" if notes else "")


def _columns(rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    import textwrap

    left = min(34, max((len(name) for name, _ in rows), default=0)) + 2
    lines = []
    for name, says in rows:
        wrapped = textwrap.wrap(says, WIDTH - left - 2)
        if len(name) > left - 2:
            lines.append(f"  {name}")
            lines += [f"  {'':<{left}}{text}" for text in wrapped]
        else:
            lines.append(f"  {name:<{left}}{wrapped[0] if wrapped else ''}")
            lines += [f"  {'':<{left}}{text}" for text in wrapped[1:]]
    return lines


def _wrapped(text: str, hanging: str = "") -> list[str]:
    import textwrap

    return textwrap.wrap(text, WIDTH, subsequent_indent=hanging, break_on_hyphens=False)
