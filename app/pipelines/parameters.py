"""A pipeline's parameters: typed, with defaults, bound by the pipeline, its environment and the command line, in that order.

What is bound is put in place of ``${name}``: a text that is nothing else becomes the value itself, with its type; inside
a longer text its words are put in. ``$${`` is a plain ``${``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from app.pipelines.yamltext import Document, Place
from app.workspace import nearest
from ledger.errors import InputError

TYPES = ("text", "integer", "number", "boolean", "date", "path", "artifact", "list")
_KEYS = ("type", "default", "about", "choices")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HOLE = re.compile(r"\$\$\{|\$\{([^}]*)\}")


class Parameter(NamedTuple):
    """One parameter. ``default`` counts where ``has_default``; ``choices`` are the values it may have, where any are."""

    name: str
    type: str
    default: Any = None
    has_default: bool = False
    about: str = ""
    choices: tuple[Any, ...] = ()


def declared(document: Document, place: Place = ("parameters",)) -> dict[str, Parameter]:
    """The parameters that a mapping declares: ``name: default``, or ``name: {type, default, about, choices}``.

    Raises:
        InputError: one cannot be a parameter; the line is named.
    """
    item = _at(document, place) or {}
    if not isinstance(item, dict):
        raise document.error(place, "parameters: must be a mapping, name: default or name: {type: …}")
    return {name: _one(document, (*place, name), name, each) for name, each in item.items()}


def _one(document: Document, place: Place, name: str, item: Any) -> Parameter:
    if not _NAME.fullmatch(name):
        raise document.error(place, f"{name!r} cannot be a parameter's name; use letters, digits and _")
    if not isinstance(item, dict):
        if item is None:
            raise document.error(place, f"{name}: give a default, or {{type: …}} where every pipeline must say")
        return Parameter(name, _inferred(item), _checked(document, place, name, _inferred(item), item), True)
    for key in item:
        if key not in _KEYS:
            hint = nearest(key, _KEYS) or f"; known are {', '.join(_KEYS)}"
            raise document.error((*place, key), f"unknown key {key!r}{hint}")
    kind = item.get("type") or (_inferred(item["default"]) if "default" in item else None)
    if kind not in TYPES:
        raise document.error(place, f"{name}: the type must be one of {', '.join(TYPES)}, not {kind!r}")
    choices = item.get("choices", [])
    if not isinstance(choices, list):
        raise document.error((*place, "choices"), f"{name}: choices must be a list of values")
    found = Parameter(name, kind, None, "default" in item, str(item.get("about", "")), tuple(choices))
    if found.has_default:
        found = found._replace(default=_checked(document, (*place, "default"), name, kind, item["default"], choices))
    return found


def given(document: Document, place: Place, known: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values that a mapping gives to known parameters.

    Raises:
        InputError: one is not known, or has another type; the line is named.
    """
    item = _at(document, place) or {}
    if not isinstance(item, dict):
        raise document.error(place, f"{'.'.join(map(str, place))} must be a mapping, name: value")
    found = {}
    for name, each in item.items():
        if name not in known:
            hint = nearest(name, list(known)) or f"; known are {', '.join(known) or 'none'}"
            raise document.error((*place, name), f"there is no parameter {name!r}{hint}")
        one = known[name]
        found[name] = _checked(document, (*place, name), name, one.type, each, one.choices)
    return found


def spoken(words: str, known: Mapping[str, Parameter]) -> tuple[str, Any]:
    """A value as the command line gives it, ``name=value``.

    Raises:
        InputError: it is not of that form, not known, or has another type.
    """
    from app.pipelines import yamltext

    name, sign, text = words.partition("=")
    if not sign or not name:
        raise InputError(f"--set {words}: write it as name=value")
    if name not in known:
        hint = nearest(name, list(known)) or f"; it has {', '.join(known) or 'none'}"
        raise InputError(f"--set {words}: the pipeline has no parameter {name!r}{hint}")
    one = known[name]
    value: Any = text if one.type in ("text", "date", "path", "artifact") else None
    if value is None:
        value = yamltext.load(text, f"--set {name}").value if text else ""
    document = Document({name: value}, f"--set {words}")
    return name, _checked(document, (), name, one.type, value, one.choices)


def bound(known: Mapping[str, Parameter], *layers: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter with its value: the last layer that has one, else the default.

    Raises:
        InputError: one has neither.
    """
    found: dict[str, Any] = {}
    for name, one in known.items():
        values = [layer[name] for layer in layers if name in layer]
        if not values and not one.has_default:
            about = f" ({one.about})" if one.about else ""
            raise InputError(
                f"the parameter {name}{about} has no value; give one under parameters: or with --set {name}=…"
            )
        found[name] = values[-1] if values else one.default
    return found


def filled(document: Document, values: Mapping[str, Any], place: Place = ()) -> Document:
    """A document in which every ``${name}`` is replaced by its value.

    Raises:
        InputError: a name is not a parameter's; the line is named.
    """
    return Document(_filled(document, _at(document, place), place, values), document.source, document.lines)


def _filled(document: Document, item: Any, place: Place, values: Mapping[str, Any]) -> Any:
    if isinstance(item, dict):
        return {key: _filled(document, each, (*place, key), values) for key, each in item.items()}
    if isinstance(item, list):
        return [_filled(document, each, (*place, n), values) for n, each in enumerate(item)]
    if not isinstance(item, str) or "${" not in item:
        return item

    def value(match: re.Match[str]) -> Any:
        name = match[1]
        if name not in values:
            hint = nearest(name, list(values)) or f"; known are {', '.join(values) or 'none'}"
            raise document.error(place, f"${{{name}}} names no parameter{hint}")
        return values[name]

    whole = _HOLE.fullmatch(item)
    if whole and whole[1] is not None:
        return value(whole)
    return _HOLE.sub(lambda match: "${" if match[1] is None else str(value(match)), item)


def _inferred(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, list):
        return "list"
    return "date" if isinstance(value, str) and _is_date(value) else "text"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_TESTS = {
    "text": lambda value: isinstance(value, str),
    "artifact": lambda value: isinstance(value, str) and bool(value),
    "path": lambda value: isinstance(value, str | Path) and bool(str(value)),
    "date": lambda value: isinstance(value, str) and _is_date(value),
    "integer": lambda value: type(value) is int,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
}


def _checked(document: Document, place: Place, name: str, kind: str, value: Any, choices: Any = ()) -> Any:
    if not _TESTS[kind](value):
        article = "an" if kind[0] in "aeiou" else "a"
        form = " such as 2007-06-29" if kind == "date" else ""
        raise document.error(place, f"{name} must be {article} {kind}{form}, not {value!r}")
    if choices and value not in choices:
        raise document.error(place, f"{name} must be one of {', '.join(map(str, choices))}, not {value!r}")
    return value


def _at(document: Document, place: Place) -> Any:
    item = document.value
    for key in place:
        item = item.get(key) if isinstance(item, dict) else None
    return item
