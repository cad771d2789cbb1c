"""Conditions: whether an event is as a criterion's ``where`` wants it (docs/maturity.md, Conditions)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ledger.rules.maturity import lineage
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.pieces import Evidence, refs
from ledger.rules.maturity.spans import ALWAYS, BEGIN, END, Spans, intersect

_VERSIONED = re.compile(r".*@\d+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ENVELOPE = ("actor", "subject", "project")


def field(index: Index, item: Evidence, name: str) -> Any:
    """What an event says under a name: of its value, or of its envelope."""
    if name == "actor_kind":
        return "automation" if index.automation(item) else "person"
    if name in _ENVELOPE:
        return getattr(item, name)
    return item.value.get(name)


def holds(index: Index, item: Evidence, where: Mapping[str, Any], version: str = "") -> bool:
    """Whether all conditions hold but those that change with time and a ``$all`` over a plain field.

    Args:
        index: what else is known.
        item: the event.
        where: the conditions.
        version: the version that the event may be evidence of, for ``$includes_subject`` and ``before``.
    """
    return all(_one(index, item, name, wanted, version) for name, wanted in where.items())


def _one(index: Index, item: Evidence, name: str, wanted: Any, version: str) -> bool:
    if name == "before":
        return _before(index, item, wanted, version)
    found = field(index, item, name)
    if isinstance(wanted, Mapping):
        return not isinstance(found, list) or all(any(_equal(each, one) for each in found) for one in wanted["$all"])
    if isinstance(wanted, str) and wanted.startswith("$"):
        if wanted in LASTING:
            return True
        return _OPERATORS[wanted](index, item, found, version)
    return _equal(found, wanted)


def shows(index: Index, item: Evidence, name: str, wanted: Any) -> bool:
    """Whether a plain field shows one of the values that a ``$all`` lists."""
    found = field(index, item, name)
    return not isinstance(found, list) and _equal(found, wanted)


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_equal(found, each) for each in wanted)
    if isinstance(wanted, str) and wanted.endswith("*"):
        return isinstance(found, str) and found.startswith(wanted[:-1])
    return type(found) is type(wanted) and bool(found == wanted)


def _before(index: Index, item: Evidence, wanted: str, version: str) -> bool:
    bound = (lineage.first_use if wanted == "$first_use" else lineage.first_proposal)(index, version)
    return bound is not None and item.seq < bound


def _present(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return found is not None and found not in ("", [], {})


def _all_digested(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return (
        isinstance(found, list)
        and bool(found)
        and all(
            isinstance(each, dict)
            and _VERSIONED.fullmatch(str(each.get("ref"))) is not None
            and _DIGEST.fullmatch(str(each.get("sha256"))) is not None
            for each in found
        )
    )


def _any_failed_check(index: Index, item: Evidence, found: Any, version: str) -> bool:
    for ref in refs(found):
        newest: dict[Any, bool] = {}
        for each in index.about("check.executed", ref):
            if each.seq < item.seq and each.value.get("kind") in ("schema", "quality"):
                newest[each.value.get("check")] = each.value.get("passed") is False
        if any(newest.values()):
            return True
    return False


def _any_failed(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return isinstance(found, list) and any(isinstance(each, dict) and each.get("passed") is False for each in found)


def _includes_subject(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return version in refs(found)


def _unregistered(index: Index, item: Evidence, found: Any, version: str) -> bool:
    registered = lineage.registration(index, str(found))
    return registered is None or registered.seq >= item.seq


def _not_author(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return found not in lineage.authors(index, item.subject, item.seq)


def _image(index: Index, item: Evidence, found: Any, version: str) -> bool:
    if not isinstance(found, str):
        return False
    registered = index.of_field("artifact.registered", "sha256", found)
    return any(
        each.seq < item.seq and each.value.get("kind") == "runtime" and each.value.get("name") == "container"
        for each in registered
    )


def _feature_view(index: Index, item: Evidence, found: Any, version: str) -> bool:
    return any(ref.startswith("feature_view/") for ref in refs(found))


def _environments(index: Index, item: Evidence, found: Any, version: str) -> bool:
    named = item.value.get("environments")
    if isinstance(named, list) and len(set(map(str, named))) > 1:
        return True
    runs = [lineage.started(index, str(item.value.get(name))) for name in ("run", "of_run")]
    runtimes = [each.value.get("runtime") for each in runs if each is not None and each.seq < item.seq]
    return len(runtimes) == 2 and runtimes[0] != runtimes[1]


def _no_exception(index: Index, item: Evidence, found: Any, version: str) -> bool:
    for each in index.about("exception.recorded", item.subject):
        if each.seq >= item.seq or each.value.get("transition") != item.value.get("environment"):
            continue
        closed = closing(index, each)
        if _time(each.value.get("expires")) >= item.t and (closed is None or closed.seq >= item.seq):
            return False
    return True


def _time(said: Any) -> int:
    """A recorded time; what is none has always been past."""
    try:
        return micros(str(said))
    except ValueError:
        return BEGIN


def closing(index: Index, item: Evidence) -> Evidence | None:
    """The event that closed an exception, or ``None``."""
    found = index.of_field("exception.closed", "exception", item.value.get("exception"))
    return next((each for each in found if each.seq > item.seq), None)


_OPERATORS: dict[str, Callable[[Index, Evidence, Any, str], bool]] = {
    "$present": _present,
    "$all_digested": _all_digested,
    "$any_failed_check": _any_failed_check,
    "$any_failed": _any_failed,
    "$includes_subject": _includes_subject,
    "$unregistered": _unregistered,
    "$not_author": _not_author,
    "$image": _image,
    "$feature_view": _feature_view,
    "$environments": _environments,
    "$no_exception": _no_exception,
}

LASTING = ("$past", "$unclosed")
"""Conditions whose answer changes with time, not with events alone; they stand in a ``violating`` only."""

OPERATORS = (*_OPERATORS, *LASTING)


def lasting(index: Index, item: Evidence, where: Mapping[str, Any]) -> Spans:
    """For how long the conditions hold that change with time; always, where there are none."""
    spans = ALWAYS
    for name, wanted in where.items():
        if wanted == "$past":
            spans = intersect(spans, [(_time(item.value.get(name)) + 1, END)])
        elif wanted == "$unclosed":
            closed = closing(index, item)
            spans = spans if closed is None else intersect(spans, [(BEGIN, closed.t)])
    return spans


def spread(where: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """The field under a ``$all`` and what it lists, or ``None``."""
    for name, wanted in where.items():
        if isinstance(wanted, Mapping):
            return name, list(wanted["$all"])
    return None
