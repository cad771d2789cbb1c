"""RFC 6962 as its sections 2.1, 2.1.1 and 2.1.2 define it, by recursion over the leaves: slow, and plainly right."""

from __future__ import annotations

import hashlib
from functools import cache

Leaves = tuple[bytes, ...]


def split(count: int) -> int:
    k = 1
    while 2 * k < count:
        k *= 2
    return k


@cache
def mth(leaves: Leaves) -> bytes:
    """The Merkle tree hash of leaf inputs."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Leaves) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(start: int, end: int, leaves: Leaves, known: bool = True) -> list[bytes]:
    """RFC 6962's SUBPROOF, widened to a subtree that need not begin at 0 (draft-ietf-plants-merkle-tree-certs)."""
    if start == end:
        return []
    n = len(leaves)
    if start == 0 and end == n:
        return [] if known else [mth(leaves)]
    k = split(n)
    if end <= k:
        return [*subproof(start, end, leaves[:k], known), mth(leaves[k:])]
    if start >= k:
        return [*subproof(start - k, end - k, leaves[k:], known), mth(leaves[:k])]
    return [*subproof(0, end - k, leaves[k:], False), mth(leaves[:k])]
