"""Reading a policy's document: what may stand where, and what contradicts itself. Errors name the place in the document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger.errors import InputError
from ledger.rules.policy import (
    ACTS,
    ALERT,
    All,
    Approvals,
    AtLeast,
    Automatic,
    Checks,
    Condition,
    CriteriaMet,
    Documents,
    Owned,
    Policy,
    Reproduced,
    Rule,
    Waivable,
)

Place = tuple[str | int, ...]

TIERS = ("tier_1", "tier_2", "tier_3")
KINDS = ("dataset", "feature_view", "model", "code", "config", "runtime", "document", "policy")
RACI = ("responsible", "accountable", "consulted", "informed")
CHECKED = ("version", "inputs", "model")
CHECK_KINDS = (
    *("schema", "quality", "freshness", "parity", "drift", "bias", "slice", "performance", "baseline", "staleness"),
    *("latency", "load", "cost", "business", "unit", "integration", "lint", "dependency", "secret", "dry_run"),
    *("signature", "restore", "explain", "privacy", "outliers"),
)
NAME = r"[A-Za-z0-9][A-Za-z0-9._:-]*"
DURATION = r"[1-9][0-9]{0,4}[mhdw]"

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MOST = 200
_DEEPEST = 12


class PolicyError(InputError):
    """What is wrong with a policy, and at which place of its document (keys and indices)."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def parse(document: Any) -> Policy:
    """The policy that a document states.

    Raises:
        PolicyError: something is missing, unknown, or contradicts itself; ``place`` says where.
    """
    data = _mapping(
        document, (), ("policy", "title", "transitions", "access", "grants_signed"), ("policy", "transitions")
    )
    name = _word(data["policy"], ("policy",), "a policy's name")
    entries = _list(data["transitions"], ("transitions",), "transitions")
    rules = tuple(_rule(each, ("transitions", n)) for n, each in enumerate(entries))
    _distinct(rules)
    return Policy(
        name=name,
        version=1,
        rules=rules,
        document=document,
        access=_access(data.get("access", {})),
        grants_signed=_flag(data, "grants_signed", ()),
        title=_text(data.get("title", ""), ("title",), "title", empty=True),
    )


def seconds(text: Any, place: Place = ()) -> int:
    """The seconds of a time such as ``90m``, ``36h``, ``2d``, ``1w``.

    Raises:
        PolicyError: it is none.
    """
    if not isinstance(text, str) or not re.fullmatch(DURATION, text, re.ASCII):
        raise PolicyError(place, f"{text!r} is no time; write 90m, 36h, 2d or 1w")
    return int(text[:-1]) * _SECONDS[text[-1]]


def _rule(item: Any, place: Place) -> Rule:
    known = (
        *("to", "from", "kinds", "tiers", "require", "unapproved_slice", "author_may_sign", "requester_may_sign"),
        *("peers_may_sign", "runs_signed", "sla", "expires", "notify", "automation", "exceptions"),
    )
    data = _mapping(item, place, known, ("to",))
    to = _words(data["to"], (*place, "to"), "to")
    came_from = _words(data["from"], (*place, "from"), "from") if "from" in data else ()
    both = set(to) & set(came_from)
    if both:
        raise PolicyError((*place, "from"), f"a transition leads from {sorted(both)[0]} to itself")
    rule = Rule(
        to=to,
        came_from=came_from,
        kinds=_among(data, "kinds", place, KINDS) or ("model",),
        tiers=_among(data, "tiers", place, TIERS),
        require=_condition(data["require"], (*place, "require"), 0) if "require" in data else None,
        unapproved_slice=_share(data.get("unapproved_slice", 0), (*place, "unapproved_slice")),
        author_may_sign=_flag(data, "author_may_sign", place),
        requester_may_sign=_flag(data, "requester_may_sign", place),
        peers_may_sign=_flag(data, "peers_may_sign", place),
        runs_signed=_flag(data, "runs_signed", place),
        sla=seconds(data["sla"], (*place, "sla")) if "sla" in data else None,
        expires=seconds(data["expires"], (*place, "expires")) if "expires" in data else None,
        notify=_words(data["notify"], (*place, "notify"), "notify") if "notify" in data else (),
        automation=_automation(data["automation"], (*place, "automation")) if "automation" in data else None,
        exceptions=_exceptions(data["exceptions"], (*place, "exceptions")) if "exceptions" in data else None,
        place=place,
    )
    _consistent(rule, place)
    return rule


def _consistent(rule: Rule, place: Place) -> None:
    asks = list(_leaves(rule.require, Approvals))
    if rule.sla is not None and rule == Rule(to=(ALERT,), kinds=rule.kinds, sla=rule.sla, place=place):
        # Nothing goes there: it is where a policy says within which time an alert is acknowledged.
        return
    if rule.sla is not None and rule.expires is not None and rule.sla > rule.expires:
        raise PolicyError((*place, "sla"), "an answer would be due after the request has expired")
    if not asks:
        for name, wanted in (("sla", rule.sla), ("expires", rule.expires), ("automation", rule.automation)):
            if wanted is not None:
                raise PolicyError((*place, name), f"{name} is about approvals, and this transition requires none")
    if rule.require is None and not rule.came_from and not rule.runs_signed:
        raise PolicyError(place, "this transition requires nothing; give it require, from or runs_signed")


def _condition(item: Any, place: Place, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise PolicyError(place, "conditions are nested too deeply")
    if not isinstance(item, dict) or len(item) != 1:
        raise PolicyError(place, f"a condition has exactly one of {', '.join(_READERS)}")
    ((word, value),) = item.items()
    if word not in _READERS:
        raise PolicyError((*place, word), f"unknown condition {word!r}{_hint(word, tuple(_READERS))}")
    return _READERS[word](value, (*place, word), depth)


def _parts(value: Any, place: Place, depth: int) -> tuple[Condition, ...]:
    items = _list(value, place, "a list of conditions")
    return tuple(_condition(each, (*place, n), depth + 1) for n, each in enumerate(items))


def _all(value: Any, place: Place, depth: int) -> Condition:
    return All(_parts(value, place, depth))


def _any(value: Any, place: Place, depth: int) -> Condition:
    return AtLeast(1, _parts(value, place, depth))


def _at_least(value: Any, place: Place, depth: int) -> Condition:
    data = _mapping(value, place, ("count", "of"), ("count", "of"))
    parts = _parts(data["of"], (*place, "of"), depth)
    count = _count(data["count"], (*place, "count"))
    if count > len(parts):
        raise PolicyError((*place, "count"), f"at least {count} of {len(parts)} can never hold")
    return AtLeast(count, parts)


def _approvals(value: Any, place: Place, depth: int) -> Condition:
    data = _mapping(value, place, ("count", "roles", "within"), ("count",))
    roles = _words(data["roles"], (*place, "roles"), "roles") if "roles" in data else ()
    return Approvals(_count(data["count"], (*place, "count")), roles, _within(data, place))


def _check(value: Any, place: Place, depth: int) -> Condition:
    data = _mapping(value, place, ("kinds", "name", "within", "on"), ())
    if ("kinds" in data) == ("name" in data):
        raise PolicyError(place, "a check is named by kinds or by name, by one of them")
    on = data.get("on", "version")
    if on not in CHECKED:
        raise PolicyError((*place, "on"), f"{on!r} is nothing that is checked{_hint(on, CHECKED)}")
    name = _word(data["name"], (*place, "name"), "a check's name") if "name" in data else ""
    return Checks(_among(data, "kinds", place, CHECK_KINDS), name, _within(data, place), on)


def _criteria(value: Any, place: Place, depth: int) -> Condition:
    if value != "met":
        raise PolicyError(place, f"criteria are met, and nothing else: write met, not {value!r}")
    return CriteriaMet()


def _document(value: Any, place: Place, depth: int) -> Condition:
    return Documents(_word(value, place, "a kind of document, such as model_card"))


def _owner(value: Any, place: Place, depth: int) -> Condition:
    if value not in RACI:
        raise PolicyError(place, f"{value!r} is no RACI role{_hint(value, RACI)}")
    return Owned(value)


def _reproduced(value: Any, place: Place, depth: int) -> Condition:
    return Reproduced(_within(_mapping(value, place, ("within",), ()), place))


_READERS: dict[str, Callable[[Any, Place, int], Condition]] = {
    "all": _all,
    "any": _any,
    "at_least": _at_least,
    "approvals": _approvals,
    "check": _check,
    "criteria": _criteria,
    "document": _document,
    "owner": _owner,
    "reproduced": _reproduced,
}


def _automation(value: Any, place: Place) -> Automatic:
    data = _mapping(value, place, ("identities", "when"), ("identities", "when"))
    when = _condition(data["when"], (*place, "when"), 0)
    if any(True for _ in _leaves(when, Approvals)):
        raise PolicyError((*place, "when"), "an automation approves by checks and criteria, not by approvals")
    return Automatic(_words(data["identities"], (*place, "identities"), "identities"), when)


def _exceptions(value: Any, place: Place) -> Waivable:
    data = _mapping(value, place, ("roles", "at_most"), ("roles", "at_most"))
    roles = _words(data["roles"], (*place, "roles"), "roles")
    return Waivable(roles, seconds(data["at_most"], (*place, "at_most")))


def _access(value: Any) -> dict[str, tuple[str, ...]]:
    data = _mapping(value, ("access",), tuple(ACTS), ())
    return {act: _words(roles, ("access", act), f"access.{act}") for act, roles in data.items()}


def _distinct(rules: Sequence[Rule]) -> None:
    """Refuse two rules that say the same of the same, and two that contradict each other on who may sign."""
    for n, rule in enumerate(rules):
        for other in rules[:n]:
            same = set(rule.to) & set(other.to) and (rule.kinds, rule.tiers) == (other.kinds, other.tiers)
            if same and rule._replace(place=()) == other._replace(place=()):
                raise PolicyError(rule.place, f"this transition is the same as number {rules.index(other) + 1}")


def leaves(condition: Condition | None) -> list[Condition]:
    """The conditions that are not made of others, in order."""
    return list(_leaves(condition, None))


def _leaves(condition: Condition | None, wanted: type | None) -> Any:
    if isinstance(condition, All | AtLeast):
        for each in condition.of:
            yield from _leaves(each, wanted)
    elif condition is not None and (wanted is None or isinstance(condition, wanted)):
        yield condition


def _mapping(item: Any, place: Place, known: tuple[str, ...], needed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise PolicyError(place, f"{_spot(place)} must be a mapping with {', '.join(known)}")
    for key in item:
        if key not in known:
            raise PolicyError((*place, key), f"unknown key {key!r}{_hint(key, known)}")
    for key in needed:
        if key not in item:
            raise PolicyError(place, f"{_spot(place)} lacks {key!r}")
    return item


def _list(item: Any, place: Place, what: str) -> list[Any]:
    if not isinstance(item, list) or not item:
        raise PolicyError(place, f"{what} must be a list that is not empty: an empty one proves nothing")
    if len(item) > _MOST:
        raise PolicyError(place, f"{what} holds {len(item)} entries; {_MOST} is the most")
    return item


def _words(item: Any, place: Place, what: str) -> tuple[str, ...]:
    if isinstance(item, str):
        item = [item]
    found = tuple(_word(each, place, f"a name in {what}") for each in _list(item, place, what))
    if len(set(found)) < len(found):
        raise PolicyError(place, f"{what} names one twice")
    return found


def _word(item: Any, place: Place, what: str) -> str:
    if not isinstance(item, str) or not re.fullmatch(NAME, item, re.ASCII):
        raise PolicyError(place, f"{item!r} cannot be {what}; use letters, digits and . _ : -")
    return item


def _text(item: Any, place: Place, what: str, *, empty: bool = False) -> str:
    if not isinstance(item, str) or not (item or empty):
        raise PolicyError(place, f"{what} must be a text")
    return item


def _among(data: Mapping[str, Any], key: str, place: Place, known: tuple[str, ...]) -> tuple[str, ...]:
    if key not in data:
        return ()
    found = _words(data[key], (*place, key), key)
    for word in found:
        if word not in known:
            raise PolicyError((*place, key), f"{key} names {word!r}, which is not known{_hint(word, known)}")
    return found


def _count(item: Any, place: Place) -> int:
    if isinstance(item, bool) or not isinstance(item, int) or not 1 <= item <= 100:
        raise PolicyError(place, f"a count is a whole number from 1 to 100, not {item!r}")
    return item


def _share(item: Any, place: Place) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float) or not 0 <= item <= 1:
        raise PolicyError(place, f"a share of the accounts lies from 0 to 1, not {item!r}")
    return float(item)


def _flag(data: Mapping[str, Any], key: str, place: Place) -> bool:
    item = data.get(key, False)
    if not isinstance(item, bool):
        raise PolicyError((*place, key), f"{key} is true or false, not {item!r}")
    return item


def _within(data: Mapping[str, Any], place: Place) -> int | None:
    return seconds(data["within"], (*place, "within")) if "within" in data else None


def _spot(place: Place) -> str:
    return ".".join(str(each) for each in place) or "a policy"


def _hint(word: Any, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(word), known, 1, 0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
