"""Whether a criterion can ever have been held: what has no evidence of its kinds never was, and need not be judged back."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.rules.maturity import sets
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import AllOf, Every, Match, Pair, Proof


def ever(index: Index, proof: Proof) -> bool:
    """False where nothing in the ledger can have proven it; true where that is not easily told."""
    if isinstance(proof, AllOf):
        return any(ever(index, part) for part in proof.parts)
    if isinstance(proof, Every):
        return _any(index, proof.has, sets.KINDS.get(proof.of, ""))
    if isinstance(proof, Pair):
        return _any(index, [proof.first]) and _any(index, [proof.then])
    return _any(index, [proof.match])


def _any(index: Index, matches: Iterable[Match], kind: str = "") -> bool:
    return any(index.any_like(type_, match.where, kind) for match in matches for type_ in match.types)
