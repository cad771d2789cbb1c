"""What a criterion needs to be set before any evidence can prove it, and is not: a time within which something is answered."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import AllOf, Match, Pair, Proof
from ledger.rules.policy import ALERT


def unset(index: Index, project: str, proof: Proof, t: int) -> str:
    """The transition for which no time to answer is set as of the time ``t``, though the proof rests on one; empty where
    none is wanting, or one is set for something that could be answered."""
    for each in _pairs(proof):
        if each.within is None:
            wanted = _transitions(index, project, each.first, t)
            if wanted and not any(_set(index, project, one, t) for one in wanted):
                return wanted[0]
    return ""


def _pairs(proof: Proof) -> Iterator[Pair]:
    if isinstance(proof, Pair):
        yield proof
    elif isinstance(proof, AllOf):
        for part in proof.parts:
            yield from _pairs(part)


def _transitions(index: Index, project: str, first: Match, t: int) -> list[str]:
    """What the first events are about: alerts, or the transitions that were asked for."""
    if "alert.raised" in first.types:
        return [ALERT]
    asked = [each for type_ in first.types for each in index.in_project(type_, project) if each.t <= t]
    return list(dict.fromkeys(str(each.value.get("transition")) for each in reversed(asked)))


def _set(index: Index, project: str, transition: str, t: int) -> bool:
    said = (*index.in_project("sla.set", project), *index.grouped("sla.set", "project").get(None, ()))
    return any(each.t <= t and each.value.get("transition") == transition for each in said)
