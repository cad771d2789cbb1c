"""Checks as a workspace declares them, and their execution on a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Protocol

from app.monitoring.places import Where, within
from app.monitoring.quality import calendar, moves, shape, silence, words
from app.monitoring.quality.finding import Finding, Result
from app.monitoring.quality.table import Table
from ledger.errors import InputError


class Rule(Protocol):
    """What every kind of check does."""

    def findings(self, table: Table) -> Iterator[Finding]:
        """All that it finds in a table."""


KINDS: dict[str, Any] = {
    "schema": shape.Schema,
    "ranges": shape.Range,
    "nulls": shape.Nulls,
    "uniqueness": words.Unique,
    "values": words.Values,
    "privacy": shape.Privacy,
    "freshness": shape.Freshness,
    "calendar": calendar.Calendar,
    "jumps": moves.Jump,
    "rebasing": moves.Rebasing,
    "stale": silence.Stale,
    "gaps": silence.Gap,
    "ended": silence.Ended,
    "movement": silence.Movement,
}
VERSIONS = {"schema": 2, "nulls": 2, "privacy": 2, "uniqueness": 2}
"""Of the rules, 1 where none stands: whoever changes what one finds counts it up, so that every verdict says its rule."""
SERIES = ("jumps", "rebasing", "stale", "gaps", "ended", "movement")
"""The kinds that look at how columns of numbers go on from day to day."""
DATED = ("freshness", "calendar", *SERIES)
"""The kinds that cannot judge rows without days."""

_COMMON = ("check", "kind", "subject", "day")


@dataclass(frozen=True, slots=True)
class Check:
    """A declared check: its name, its kind, the artifact that it is about, and its settings.

    ``day`` names the column that holds the rows' days; empty for the first one.
    """

    check: str
    kind: str
    subject: str
    settings: Mapping[str, Any]
    rule: Rule
    day: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON-able data, in the form that ``read`` takes."""
        return {"check": self.check, "kind": self.kind, "subject": self.subject, **self.declared}

    @property
    def declared(self) -> dict[str, Any]:
        """The settings, and the column of days where one is named."""
        return {**self.settings, **({"day": self.day} if self.day else {})}


def read(data: Any, source: str, where: Where | None = None) -> tuple[Check, ...]:
    """The checks of a declaration file's content.

    Args:
        data: ``{"checks": [{"check": …, "kind": …, "subject": …, <settings>}, …]}``.
        source: the file's name, for errors.
        where: the file and the line of a part of it (keys and indices), for errors; the file's name where none is given.

    Raises:
        InputError: the content is of another form, a kind or a setting is unknown, or two checks have one name.
    """
    spot = where or (lambda place: source)
    items = data.get("checks") if isinstance(data, Mapping) else None
    if not isinstance(items, list) or not items:
        raise InputError(f"{spot(('checks',))}: checks: must be a list of at least one check")
    found: list[Check] = []
    for n, item in enumerate(items):
        made = _read(item, within(spot, "checks", n))
        if any(each.check == made.check for each in found):
            raise InputError(f"{spot(('checks', n))}: two checks are called {made.check!r}")
        found.append(made)
    return tuple(found)


def execute(
    checks: Sequence[Check], table: Table, *, mappings: Sequence[Mapping[str, Any]] = (), today: str = ""
) -> tuple[Result, ...]:
    """Run checks on a table.

    Args:
        checks: as ``read`` gives them.
        table: what is checked; it is not changed. Checks that name another column of days see its rows in that order.
        mappings: redenominations that the data's owner has approved: {source, target, factor, …} each.
        today: the day that freshness is judged on.

    Raises:
        InputError: a check needs days or one row a day, and the table has none; or names a column of days that is none.
    """
    approved = tuple(moves.Redenomination(each["source"], each["target"], float(each["factor"])) for each in mappings)
    results = []
    for check in checks:
        ordered = table.by(check.day) if check.day else table
        _require_days(check, ordered)
        rule = check.rule
        inputs: dict[str, Any] = {
            "rule": f"{check.kind}/{VERSIONS.get(check.kind, 1)}",
            "table": table.sha256,
            "rows": ordered.rows,
            "settings": check.declared,
        }
        if ordered.days:
            inputs["span"] = [ordered.days[0], ordered.days[-1]]
        if isinstance(rule, moves.Rebasing):
            rule = replace(rule, mappings=approved)
            inputs["mappings"] = [dict(each) for each in mappings]
        if isinstance(rule, shape.Freshness):
            rule = replace(rule, today=today)
            inputs["today"] = today
        if isinstance(rule, silence.Gap):
            inputs["holidays"] = len(silence.absent_weekdays(ordered))
        results.append(Result(check.check, check.kind, tuple(rule.findings(ordered)), inputs))
    return tuple(results)


def _require_days(check: Check, table: Table) -> None:
    """Refuse to judge by days what has none, and series where several rows share their days."""
    dated = check.kind in DATED or (isinstance(check.rule, words.Unique) and not check.rule.keys)
    if dated and table.undated:
        known = ", ".join(name for name, kind in table.kinds.items() if kind == "day")
        hint = f"; {known} would do" if known else ", if there is one"
        raise InputError(f"check {check.check}: {table.undated}; name the column that does as day:{hint}")
    if check.kind in SERIES and len(set(table.days)) * 2 <= len(table.days):
        raise InputError(
            f"check {check.check}: {table.name} has several rows for most days; a check of {check.kind} goes from day to day, "
            "and needs a table with one row for each"
        )


def _read(item: Any, where: Where) -> Check:
    name = item.get("check") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InputError(f"{where(())}: every check begins with check: and its name")
    kind, subject = item.get("kind"), item.get("subject")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{where(('kind',))}: check {name}: {kind!r} is no kind; known are {', '.join(KINDS)}")
    if not isinstance(subject, str) or not subject:
        raise InputError(f"{where(('subject',))}: check {name} lacks subject:, the artifact that it is about")
    settings = {key: value for key, value in item.items() if key not in _COMMON}
    known = {each.name: str(each.type) for each in fields(KINDS[kind]) if each.name not in ("mappings", "today")}
    for key, value in settings.items():
        if key not in known:
            what = f"check {name} has no setting {key!r}; known are {', '.join(known) or 'none'}"
            raise InputError(f"{where((key,))}: {what}")
        _require_type(value, known[key], f"{where((key,))}: check {name}: {key}")
    needed = [each.name for each in fields(KINDS[kind]) if each.default is MISSING]
    for key in needed:
        if key not in settings:
            raise InputError(f"{where(())}: check {name} lacks {key}:, which a check of {kind} needs")
    try:
        rule = KINDS[kind](**{key: tuple(each) if isinstance(each, list) else each for key, each in settings.items()})
    except (TypeError, ValueError) as error:
        raise InputError(f"{where(())}: check {name}: {error}") from None
    day = item.get("day", "")
    if not isinstance(day, str) or ("day" in item and not day):
        raise InputError(f"{where(('day',))}: check {name}: day must be the name of a column, not {day!r}")
    return Check(name, kind, subject, settings, rule, day)


def _require_type(value: Any, wanted: str, what: str) -> None:
    """A setting is what its rule's field says: a number that compares, a yes or no, names, or names by name."""
    if wanted in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise InputError(f"{what} must be a number, not {value!r}")
        if wanted == "int" and not float(value).is_integer():
            raise InputError(f"{what} must be a whole number, not {value!r}")
    elif wanted == "bool":
        if not isinstance(value, bool):
            raise InputError(f"{what} must be true or false, not {value!r}")
    elif wanted == "str":
        if not isinstance(value, str):
            raise InputError(f"{what} must be a text, not {value!r}")
    elif wanted.startswith("tuple"):
        _require_names(value, what)
    else:
        _require_mapping(value, wanted, what)


def _require_mapping(value: Any, wanted: str, what: str) -> None:
    to_words = wanted.startswith("Mapping[str, str]")
    if not isinstance(value, Mapping):
        raise InputError(f"{what} must be a mapping of names to {'words' if to_words else 'lists of names'}")
    for each in value.values():
        if not to_words:
            _require_names(each, what)
        elif not isinstance(each, str):
            raise InputError(f"{what} must map names to words, not to {each!r}")


def _require_names(value: Any, what: str) -> None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InputError(f"{what} must be a list of names, not {value!r}")
