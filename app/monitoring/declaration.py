"""A monitor as the workspace declares it: plain data, checked, before anything is calibrated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from ledger.errors import InputError

KINDS = {
    "drift": "drift",
    "performance": "performance",
    "basel": "basel",
    "business": "basel",
    "bias": "bias",
    "latency": "limited",
    "cost": "limited",
    "freshness": "limited",
    "quality": "completeness",
    "parity": "completeness",
    "change": "changes",
}
"""The kinds of monitors, each with the module that sets it up."""
SEVERITIES = ("info", "warning", "critical")
_COMMON = ("monitor", "kind", "subject", "window", "severity", "route", "clear_after")
_MORE = ("raise_after", "acknowledge_within", "escalate_to")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is watched, over how many days, and who is told.

    ``raise_after``: how many breached days in a row begin an alarm; ``clear_after``: how many quiet ones end it.
    ``acknowledge_within``: ``4h`` or ``2d``, after which an alert that nobody has acknowledged goes to the route
    ``escalate_to``. ``options`` are the keys that the kind adds.
    """

    monitor: str
    kind: str
    subject: str
    window: int
    severity: str
    route: str
    clear_after: int
    raise_after: int = 1
    acknowledge_within: str = ""
    escalate_to: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON-able data, in the form that ``read`` takes."""
        usual = {"raise_after": 1, "acknowledge_within": "", "escalate_to": ""}
        more = {key: getattr(self, key) for key in _MORE if getattr(self, key) != usual[key]}
        return {key: getattr(self, key) for key in _COMMON} | more | dict(self.options)

    @property
    def patience(self) -> timedelta | None:
        """How long an alert may wait to be acknowledged; ``None`` for ever."""
        found = _SPAN.fullmatch(self.acknowledge_within)
        if found is None:
            return None
        return timedelta(**{"hours" if found[2] == "h" else "days": int(found[1])})

    def only(self, known: Iterable[str]) -> None:
        """Refuse options that the kind does not know.

        Raises:
            InputError: there is one.
        """
        for key in self.options:
            if key not in known:
                raise self.error(f"{key!r} is no setting of a {self.kind} monitor; known are {', '.join(known)}")

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        """An option that is a number in (low, high].

        Raises:
            InputError: it is absent without a default, no number, or out of range.
        """
        value = self.options.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(f"{key} must be a number, not {value!r}")
        if not low < value <= high:
            raise self.error(f"{key} must lie above {low:g} and at or below {high:g}, not {value!r}")
        return float(value)

    def whole(self, key: str, *, low: int, high: int = 1_000_000, default: int | None = None) -> int:
        """An option that is a whole number in [low, high].

        Raises:
            InputError: it is absent without a default, no whole number, or out of range.
        """
        value = self.options.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.error(f"{key} must be a whole number from {low} to {high}, not {value!r}")
        return value

    def text(self, key: str) -> str:
        """An option that is a text.

        Raises:
            InputError: it is absent, or no text.
        """
        value = self.options.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(f"{key} must be a text, not {value!r}")
        return value

    def error(self, message: str) -> InputError:
        """An error that names the monitor."""
        return InputError(f"monitor {self.monitor}: {message}")


def read(data: Any, source: str, places: Sequence[str] = ()) -> tuple[Declaration, ...]:
    """The monitors of a declaration file's content.

    Args:
        data: ``{"monitors": [{"monitor": …, "kind": …, …}, …]}``.
        source: the file's name, for errors.
        places: where each monitor stands in it, for errors; the file's name alone where there are none.

    Raises:
        InputError: the content is of another form, a monitor lacks a key, or two have one name.
    """
    items = data.get("monitors") if isinstance(data, Mapping) else None
    if not isinstance(items, list) or not items:
        raise InputError(f"{source}: monitors: must be a list of at least one monitor")
    found = tuple(_read(item, place) for item, place in zip_longest(items, places[: len(items)], fillvalue=source))
    names = [each.monitor for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{source}: two monitors are called {name!r}")
    return found


def _read(item: Any, source: str) -> Declaration:
    name = item.get("monitor") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InputError(f"{source}: every monitor begins with monitor: and its name")
    missing = [key for key in _COMMON if key not in item]
    if missing:
        raise InputError(f"{source}: monitor {name} lacks {missing[0]}:")
    texts = {key: item[key] for key in ("monitor", "kind", "subject", "severity", "route")}
    for key, value in texts.items():
        if not isinstance(value, str) or not value:
            raise InputError(f"{source}: monitor {name}: {key} must be a text, not {value!r}")
    if item["kind"] not in KINDS:
        raise InputError(f"{source}: monitor {name}: {item['kind']!r} is no kind; known are {', '.join(KINDS)}")
    if item["severity"] not in SEVERITIES:
        raise InputError(f"{source}: monitor {name}: severity is one of {', '.join(SEVERITIES)}")
    days = {key: item[key] for key in ("window", "clear_after")}
    for key, value in days.items():
        if type(value) is not int or not 1 <= value <= 100_000:
            raise InputError(f"{source}: monitor {name}: {key} must be a number of days, not {value!r}")
    more = _more(item, name, source)
    options = {key: value for key, value in item.items() if key not in (*_COMMON, *_MORE)}
    return Declaration(**texts, **days, **more, options=options)


def _more(item: Mapping[str, Any], name: str, source: str) -> dict[str, Any]:
    """What a monitor may say besides, checked."""
    found = {key: item[key] for key in _MORE if key in item}
    after = found.get("raise_after", 1)
    if type(after) is not int or not 1 <= after <= 1000:
        raise InputError(f"{source}: monitor {name}: raise_after must be a number of days, not {after!r}")
    for key in ("acknowledge_within", "escalate_to"):
        if key in found and (not isinstance(found[key], str) or not found[key]):
            raise InputError(f"{source}: monitor {name}: {key} must be a text, not {found[key]!r}")
    within = found.get("acknowledge_within")
    if within is not None and not _SPAN.fullmatch(within):
        raise InputError(f"{source}: monitor {name}: acknowledge_within is a span such as 4h or 2d, not {within!r}")
    if ("escalate_to" in found) != (within is not None):
        raise InputError(f"{source}: monitor {name}: acknowledge_within and escalate_to belong together")
    return found
