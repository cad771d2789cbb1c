"""Settings from outside a specification: values of its configuration replaced, and its seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.pipelines import yamltext
from app.workspace import nearest
from ledger.errors import InputError

SEED = "seed"
"""The key that means the run's seed, where the configuration has none of this name."""


def spoken(setting: str) -> tuple[str, Any]:
    """A setting as the command line gives it, ``key=value`` with one YAML scalar.

    Raises:
        InputError: it is not of that form.
    """
    key, sign, text = setting.partition("=")
    if not sign or not key:
        raise InputError(f"--set {setting}: write it as key=value")
    value = yamltext.load(text, f"--set {key}").value if text else ""
    if isinstance(value, dict | list):
        raise InputError(f"--set {setting}: the value must be a single word, a number or a text")
    return key, value


def replaced(config: Mapping[str, Any], settings: Iterable[tuple[str, Any]], said: str) -> tuple[dict[str, Any], Any]:
    """A configuration with values replaced, ``a.b`` being a nested one; and the seed that was set, or ``None``.

    Args:
        config: is not changed.
        settings: keys and values.
        said: what stands before an error.

    Raises:
        InputError: the configuration has no such key.
    """
    made: dict[str, Any] = _copy(config)
    seed: Any = None
    for key, value in settings:
        if key == SEED and SEED not in made:
            seed = value
            continue
        place = made
        *outer, last = key.split(".")
        for part in outer:
            if not isinstance(place.get(part), dict):
                raise InputError(f"{said}: config has no {key!r}{nearest(part, list(place))}")
            place = place[part]
        if last not in place:
            raise InputError(f"{said}: config has no {key!r}{nearest(last, list(place))}")
        place[last] = _copy(value)
    return made, seed


def _copy(value: Any) -> Any:
    """Plain data, copied through and through."""
    if isinstance(value, Mapping):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value
