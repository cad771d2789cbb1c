"""Reading proofs: the forms that a criterion may take, and what each may say."""

from __future__ import annotations

from typing import Any, NamedTuple

from ledger.events import VOCABULARY
from ledger.projections.evidence import TYPES
from ledger.rules.maturity.conditions import LASTING, OPERATORS
from ledger.rules.maturity.model import (
    HAPPENINGS,
    THINGS,
    AllOf,
    Distinct,
    Every,
    Exists,
    Match,
    Nothing,
    Pair,
    Proof,
)
from ledger.rules.maturity.moments import Window, window
from ledger.rules.maturity.pieces import OBSERVED, TOLD
from ledger.rules.maturity.proofs import answerable

KNOWN = frozenset({*TYPES, OBSERVED})
"""The event types that may be evidence."""

_BOUNDS = ("$first_use", "$first_proposal")
_GROUPS = ("name", "feature_view", "template")


class Problem(Exception):
    """Something in a proof that is not known; ``where`` and ``key`` tell the place."""

    def __init__(self, where: Any, key: str, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.key = key


class Reads(NamedTuple):
    """What a proof needs: the event types, and whether its evidence has a subject whose tier may be asked for."""

    types: frozenset[str]
    tiered: bool


def reads(proof: Proof) -> Reads:
    """What a proof needs to be judged."""
    if isinstance(proof, AllOf):
        parts = [reads(part) for part in proof.parts]
        return Reads(frozenset().union(*(part.types for part in parts)), all(part.tiered for part in parts))
    if isinstance(proof, Every):
        return Reads(frozenset(t for match in proof.has for t in match.types), proof.of in THINGS)
    if isinstance(proof, Pair):
        return Reads(frozenset({*proof.first.types, *proof.then.types}), True)
    return Reads(frozenset(proof.match.types), False)


def proof(said: Any) -> Proof:
    """A proof as the model says it.

    Raises:
        Problem: it names a form, a set, an event type, a condition or a key that does not exist.
    """
    if not isinstance(said, dict) or len(said) != 1:
        raise Problem(said, "", f"a proof is exactly one of {', '.join(_FORMS)}")
    form, inner = next(iter(said.items()))
    if form not in _FORMS:
        raise Problem(said, form, f"there is no proof {form!r}; there are {', '.join(_FORMS)}")
    if form == "all_of":
        if not isinstance(inner, list) or not inner:
            raise Problem(said, form, "all_of is a list of proofs that is not empty")
        return AllOf(tuple(proof(each) for each in inner))
    if not isinstance(inner, dict):
        raise Problem(said, form, f"{form} is a mapping")
    _only(inner, _FORMS[form], form)
    made: Proof = _READERS[form](inner)
    return made


_FORMS: dict[str, tuple[str, ...]] = {
    "exists": ("type", "where", "min"),
    "every": ("of", "has"),
    "ratio": ("of", "has", "at_least", "grace"),
    "none": ("type", "where", "violating"),
    "pair": ("first", "then", "within", "min", "at_least"),
    "distinct": ("type", "where", "field", "min", "by"),
    "all_of": (),
}


def _exists(said: dict[str, Any]) -> Exists:
    return Exists(_match(said), _count(said, "min"))


def _every(said: dict[str, Any]) -> Every:
    return Every(_set(said), _has(said))


def _ratio(said: dict[str, Any]) -> Every:
    grace = None
    if "grace" in said:
        grace = window(str(said["grace"]))
        if grace is None or grace.kind != "time" or said.get("of") not in HAPPENINGS:
            raise Problem(said, "grace", "grace is a time such as P30D, for elements that are events")
    return Every(_set(said), _has(said), _share(said, "at_least"), grace)


def _none(said: dict[str, Any]) -> Nothing:
    violating = said.get("violating")
    if not isinstance(violating, dict) or not violating:
        raise Problem(said, "violating", "none needs conditions under `violating`: nothing else would be forbidden")
    _conditions(violating, lasting=True)
    return Nothing(_match(said), violating)


def _pair(said: dict[str, Any]) -> Pair:
    first, then = _inner(said, "first"), _inner(said, "then")
    if not answerable(first.types):
        raise Problem(said["first"], "type", f"{', '.join(first.types)} is answered by nothing that is known")
    within: Window | None = None
    if said.get("within") != "$sla":
        within = window(str(said.get("within")))
        if within is None or within.kind not in ("time", "business"):
            raise Problem(
                said, "within", f"{said.get('within')!r} is no time to answer in; say P30D, PT4H, P2B or $sla"
            )
    share = _share(said, "at_least") if "at_least" in said else 0.0
    return Pair(first, then, within, _count(said, "min"), share)


def _distinct(said: dict[str, Any]) -> Distinct:
    if not isinstance(said.get("field"), str):
        raise Problem(said, "field", "distinct needs a field to count the values of")
    by = said.get("by", "")
    if by and by not in _GROUPS:
        raise Problem(said, "by", f"{by!r} is nothing to group by; say {', '.join(_GROUPS)}")
    return Distinct(_match(said), said["field"], _count(said, "min"), by)


_READERS: dict[str, Any] = {
    "exists": _exists,
    "every": _every,
    "ratio": _ratio,
    "none": _none,
    "pair": _pair,
    "distinct": _distinct,
}


def _inner(said: dict[str, Any], key: str) -> Match:
    inner = said.get(key)
    if not isinstance(inner, dict):
        raise Problem(said, key, f"a pair needs {key}, with a type")
    _only(inner, ("type", "where"), key)
    return _match(inner)


def _set(said: dict[str, Any]) -> str:
    of = said.get("of")
    if of not in THINGS and of not in HAPPENINGS:
        raise Problem(said, "of", f"there is no set {of!r}; there are {', '.join((*THINGS, *HAPPENINGS))}")
    return str(of)


def _has(said: dict[str, Any]) -> tuple[Match, ...]:
    has = said.get("has")
    if not isinstance(has, dict):
        raise Problem(said, "has", "what the elements must have is missing: has, with a type")
    if "any" not in has:
        _only(has, ("type", "where"), "has")
        return (_match(has, joined=True),)
    _only(has, ("any",), "has")
    if not isinstance(has["any"], list) or not has["any"]:
        raise Problem(has, "any", "any is a list that is not empty")
    return tuple(_match(each, joined=True) for each in has["any"])


def _match(said: Any, *, joined: bool = False) -> Match:
    if not isinstance(said, dict):
        raise Problem(said, "", "evidence has a type and conditions")
    types = said.get("type")
    named: list[Any] = types if isinstance(types, list) else [types]
    for each in named:
        if each not in KNOWN:
            detail = "cannot be evidence" if each in VOCABULARY else "does not exist"
            raise Problem(said, "type", f"the event type {each!r} {detail}")
    where = said.get("where") or {}
    if not isinstance(where, dict):
        raise Problem(said, "where", "where is a mapping of fields")
    _conditions(where, joined=joined)
    unknown = [each for each in where if OBSERVED in named and each not in (*TOLD, "actor", "actor_kind", "subject")]
    if unknown:
        raise Problem(where, unknown[0], f"of an observation nothing but {', '.join(TOLD)} can be asked")
    return Match(tuple(named), where)


def _conditions(where: dict[str, Any], *, lasting: bool = False, joined: bool = False) -> None:
    spread = 0
    for name, wanted in where.items():
        if name == "before":
            if wanted not in _BOUNDS or not joined:
                raise Problem(where, name, f"before is {' or '.join(_BOUNDS)}, and stands in `has`")
        elif isinstance(wanted, dict):
            spread += 1
            if list(wanted) != ["$all"] or not isinstance(wanted["$all"], list) or not wanted["$all"] or spread > 1:
                raise Problem(where, name, "a condition in braces is {$all: [...]}, once")
        elif _unknown(wanted, lasting=lasting):
            raise Problem(where, name, f"there is no condition {wanted!r} here; there are {', '.join(OPERATORS)}")


def _unknown(wanted: Any, *, lasting: bool) -> bool:
    operator = isinstance(wanted, str) and wanted.startswith("$")
    return operator and (wanted not in OPERATORS or (wanted in LASTING and not lasting))


def _count(said: dict[str, Any], key: str) -> int:
    count: Any = said.get(key, 1)
    if type(count) is not int or count < 1:
        raise Problem(said, key, f"{key} is a number from 1 on")
    return int(count)


def _share(said: dict[str, Any], key: str) -> float:
    share: Any = said.get(key)
    if type(share) not in (int, float) or not 0 < share <= 1:
        raise Problem(said, key, f"{key} is a share above 0, up to 1")
    return float(share)


def _only(said: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    for key in said:
        if key not in known:
            raise Problem(said, key, f"{what} has no {key!r}; known are {', '.join(known)}")
