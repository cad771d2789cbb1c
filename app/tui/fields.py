"""The fields of an action's form: in which form each is filled in, and what was typed as the action's argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.tui.draw.clip import safe

if TYPE_CHECKING:
    from app.actions.registry import Argument

FORMATS = {
    "DAY": "a day, such as 2009-05-18", "FILE": "a file's path", "REF": "such as fx-vol@3", "SEQ": "an event's number",
    "WHEN": "a day or an event's number",
}  # fmt: skip
"""What the words for values mean, where that can be shown."""


def hint(argument: Argument) -> str:
    """In which form a field is filled in, and whether it has to be."""
    left_out = "" if needed(argument) else "; may be left out"
    if argument.kind == "flag":
        return "yes or no"
    if argument.choices:
        return " or ".join(argument.choices) + left_out
    several = ", several by commas" if argument.arity in ("many", "some") else ""
    kinds = {"integer": "a whole number", "number": "a number"}
    form = FORMATS.get(argument.shown) or kinds.get(argument.kind) or argument.shown
    return f"{form}{several}{left_out}"


def needed(argument: Argument) -> bool:
    """Whether it cannot be left out."""
    return argument.required or (not argument.flags and argument.arity in ("one", "some"))


def filled_in(argument: Argument, text: str) -> Any:
    """What was typed as the action's argument; None where it is left out.

    Raises:
        ValueError: it is needed, or is of another kind; in words.
    """
    text = text.strip()
    if argument.name == "yes" and argument.kind == "flag":
        return True
    if not text:
        if needed(argument):
            raise ValueError(f"{argument.name.replace('_', ' ')} is needed: {argument.help}")
        return None
    if argument.arity in ("many", "some"):
        return [part.strip() for part in text.split(",") if part.strip()]
    if argument.kind == "flag":
        return text.lower() in ("yes", "y", "true", "1")
    try:
        if argument.kind == "integer":
            return int(text)
        if argument.kind == "number":
            return float(text)
    except ValueError:
        raise ValueError(f"{argument.name} is a number, not {safe(text)!r}") from None
    if argument.choices and text not in argument.choices:
        raise ValueError(f"{argument.name} is one of {', '.join(argument.choices)}")
    return text
