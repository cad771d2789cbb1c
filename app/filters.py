"""The filter language of the command line and the dashboard: ``type:approval actor:ada -subject:model/ at>2008-09-15 cap``.

A filter is terms between blanks, all of which must hold. A term is a word (or words in double quotes), looked for
anywhere; or a field, a sign and a value: ``field:a,b`` is a or b, and ``at`` and ``seq`` take ``<``, ``<=``, ``>`` and
``>=`` too. A minus before a term turns it round. In words A to Z are as a to z; fields' values are exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ledger.errors import InputError

EVENT_FIELDS = ("type", "subject", "project", "actor", "at", "seq", "cause")
"""What an event has."""

ROW_FIELDS = ("kind", "project", "name", "version", "state")
"""What a row of a list has."""

_ORDERED = ("at", "seq")
_TERM = re.compile(r'(-?)(?:([a-z_]+)(:|>=|<=|>|<))?("[^"]*"|[^\s"]+|$)')
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""What SQLite's ``lower`` does, so that a word means the same in a list as in the database."""

_SIGNS = {">": "greater", ">=": "greater or the same", "<": "less", "<=": "less or the same"}


class Term(NamedTuple):
    """One condition: ``field`` is empty for a word; ``values`` are alternatives."""

    negated: bool
    field: str
    sign: str
    values: tuple[str, ...]


class Filter(NamedTuple):
    """Conditions that must all hold; none of them is a filter that lets all pass."""

    terms: tuple[Term, ...] = ()

    def events(self) -> tuple[list[str], dict[str, Any]]:
        """The same as SQL conditions over the table of events, and their parameters."""
        conditions: list[str] = []
        values: dict[str, Any] = {}
        for n, term in enumerate(self.terms):
            parts = [_event(term, value, f"f{n}_{m}", values) for m, value in enumerate(term.values)]
            joined = f"({' OR '.join(parts)})"
            # IS TRUE, so that what an event has no value for is neither the one nor lost from its opposite.
            conditions.append(f"NOT ({joined} IS TRUE)" if term.negated else f"{joined} IS TRUE")
        return conditions, values

    def fits(self, facts: Mapping[str, str], text: str) -> bool:
        """Whether a row with these fields and this text passes."""
        return all(_row(term, facts, text.translate(_LOWER)) != term.negated for term in self.terms)


def parse(text: str, fields: tuple[str, ...]) -> Filter:
    """A filter over these fields.

    Raises:
        InputError: an unknown field, a field without a value, a comparison of what has no order.
    """
    terms, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None or found.end() == at:
            raise InputError(f"the filter cannot be read at {text[at:]!r}; quotes must be closed")
        minus, field, sign, value = found.groups()
        if field and field not in fields:
            raise InputError(f"a filter knows no field {field!r}; there are {', '.join(fields)}")
        if not value:
            raise InputError(f"the filter ends where {'a value of ' + field if field else 'a word'} should be")
        if field and sign != ":" and field not in _ORDERED:
            raise InputError(f"{field} is not {_SIGNS[sign]} than anything; {field}:{value} is what it is")
        if field == "seq" and not all(part.isdecimal() for part in value.split(",")):
            raise InputError(f"seq is the number of an event, not {value}")
        words = (value.strip('"'),) if value.startswith('"') or not field else tuple(filter(None, value.split(",")))
        if not words:
            raise InputError(f"the filter has no value of {field} in {found.group()!r}")
        terms.append(Term(bool(minus), field or "", sign or "", words))
        at = found.end()
        while at < len(text) and text[at].isspace():
            at += 1
    return Filter(tuple(terms))


def _event(term: Term, value: str, name: str, values: dict[str, Any]) -> str:
    """One alternative as a condition; its values are bound."""
    values[name] = value
    if not term.field:
        values[name] = value.translate(_LOWER)
        return f"instr(lower(CAST(body AS TEXT)), :{name}) > 0"
    if term.sign != ":":
        values[name] = int(value) if term.field == "seq" else value
        # A day means all of it: what is after it begins on the next.
        column = f"substr(at, 1, {len(value)})" if term.field == "at" else term.field
        return f"{column} {term.sign} :{name}"
    if term.field in ("seq", "cause"):
        return f"{term.field} = CAST(:{name} AS INTEGER)"
    if term.field in ("subject", "at"):
        values[f"{name}_end"] = f"{value}\U0010ffff"
        return f"{term.field} >= :{name} AND {term.field} < :{name}_end"
    if term.field == "type":
        values[f"{name}_all"] = f"{value.rstrip('.')}."
        values[f"{name}_end"] = f"{value.rstrip('.')}/"
        return f"(type = :{name} OR type >= :{name}_all AND type < :{name}_end)"
    return f"{term.field} = :{name}"


def _row(term: Term, facts: Mapping[str, str], text: str) -> bool:
    if not term.field:
        return any(value.translate(_LOWER) in text for value in term.values)
    has = facts.get(term.field, "")
    return any(has == value or (term.field == "state" and value in has.split()) for value in term.values)
