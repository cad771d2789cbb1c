"""A monitor as the workspace declares it: plain data, checked, before anything is calibrated."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.monitoring.places import Where, within
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
    ``escalate_to``. ``options`` are the keys that the kind adds. ``where`` says where a key of it stands, for errors.
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
    where: Where | None = field(default=None, compare=False, repr=False)

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
                raise self.error(f"{key!r} is no setting of a {self.kind} monitor; known are {', '.join(known)}", key)

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        """An option that is a number in (low, high].

        Raises:
            InputError: it is absent without a default, no number, or out of range.
        """
        value = self.options.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(f"{key} must be a number, not {value!r}", key)
        if not low < value <= high:
            raise self.error(f"{key} must lie above {low:g} and at or below {high:g}, not {value!r}", key)
        return float(value)

    def whole(self, key: str, *, low: int, high: int = 1_000_000, default: int | None = None) -> int:
        """An option that is a whole number in [low, high].

        Raises:
            InputError: it is absent without a default, no whole number, or out of range.
        """
        value = self.options.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.error(f"{key} must be a whole number from {low} to {high}, not {value!r}", key)
        return value

    def text(self, key: str) -> str:
        """An option that is a text.

        Raises:
            InputError: it is absent, or no text.
        """
        value = self.options.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(f"{key} must be a text, not {value!r}", key)
        return value

    def error(self, message: str, key: str = "") -> InputError:
        """An error that names the monitor and, where it was read from a file, the line of it or of its ``key``."""
        return InputError(f"{self.named(key)}: {message}")

    def named(self, key: str = "") -> str:
        """The monitor in words, after the line of it or of its ``key`` where it was read from a file."""
        told = f"monitor {self.monitor}"
        return told if self.where is None else f"{self.where((key,) if key else ())}: {told}"


def read(data: Any, source: str, where: Where | None = None) -> tuple[Declaration, ...]:
    """The monitors of a declaration file's content.

    Args:
        data: ``{"monitors": [{"monitor": …, "kind": …, …}, …]}``.
        source: the file's name, for errors.
        where: the file and the line of a part of it (keys and indices), for errors; the file's name where none is given.

    Raises:
        InputError: the content is of another form, a monitor lacks a key, or two have one name.
    """
    spot = where or (lambda place: source)
    items = data.get("monitors") if isinstance(data, Mapping) else None
    if not isinstance(items, list) or not items:
        raise InputError(f"{spot(('monitors',))}: monitors: must be a list of at least one monitor")
    found: list[Declaration] = []
    for n, item in enumerate(items):
        made = _read(item, within(spot, "monitors", n))
        if any(each.monitor == made.monitor for each in found):
            raise InputError(f"{spot(('monitors', n))}: two monitors are called {made.monitor!r}")
        found.append(made)
    return tuple(found)


def _read(item: Any, where: Where) -> Declaration:
    name = item.get("monitor") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InputError(f"{where(())}: every monitor begins with monitor: and its name")

    def wrong(key: str, message: str) -> InputError:
        return InputError(f"{where((key,) if key else ())}: monitor {name}: {message}")

    missing = [key for key in _COMMON if key not in item]
    if missing:
        raise InputError(f"{where(())}: monitor {name} lacks {missing[0]}:")
    texts = {key: item[key] for key in ("monitor", "kind", "subject", "severity", "route")}
    for key, value in texts.items():
        if not isinstance(value, str) or not value:
            raise wrong(key, f"{key} must be a text, not {value!r}")
    if item["kind"] not in KINDS:
        raise wrong("kind", f"{item['kind']!r} is no kind; known are {', '.join(KINDS)}")
    if item["severity"] not in SEVERITIES:
        raise wrong("severity", f"severity is one of {', '.join(SEVERITIES)}")
    days = {key: item[key] for key in ("window", "clear_after")}
    for key, value in days.items():
        if type(value) is not int or not 1 <= value <= 100_000:
            raise wrong(key, f"{key} must be a number of days, not {value!r}")
    options = {key: value for key, value in item.items() if key not in (*_COMMON, *_MORE)}
    return Declaration(**texts, **days, **_more(item, wrong), options=options, where=where)


def _more(item: Mapping[str, Any], wrong: Callable[[str, str], InputError]) -> dict[str, Any]:
    """What a monitor may say besides, checked."""
    found = {key: item[key] for key in _MORE if key in item}
    after = found.get("raise_after", 1)
    if type(after) is not int or not 1 <= after <= 1000:
        raise wrong("raise_after", f"raise_after must be a number of days, not {after!r}")
    for key in ("acknowledge_within", "escalate_to"):
        if key in found and (not isinstance(found[key], str) or not found[key]):
            raise wrong(key, f"{key} must be a text, not {found[key]!r}")
    within = found.get("acknowledge_within")
    if within is not None and not _SPAN.fullmatch(within):
        raise wrong("acknowledge_within", f"acknowledge_within is a span such as 4h or 2d, not {within!r}")
    if ("escalate_to" in found) != (within is not None):
        raise wrong("escalate_to", "acknowledge_within and escalate_to belong together")
    return found
