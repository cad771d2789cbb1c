"""The shape of a Merkle tree (RFC 6962, section 2.1) as index arithmetic; nothing here hashes.

A node is ``(level, index)``: the root of the perfect subtree over leaves ``[index << level, (index + 1) << level)``;
level 0 holds the leaves. Such a node never changes once its last leaf is there, so nodes can be stored. A range of
leaves whose hash is wanted is described by the nodes that cover it, left to right.
"""

from __future__ import annotations

from ledger.format.errors import FormatError

Node = tuple[int, int]
Span = tuple[int, int]


def completed(leaf: int) -> list[Node]:
    """Return the inner nodes that appending leaf number ``leaf`` completes, lowest first."""
    nodes = []
    level = 0
    while leaf >> level & 1:
        level += 1
        nodes.append((level, leaf >> level))
    return nodes


def cover(start: int, end: int) -> list[Node]:
    """Return the fewest nodes that together are leaves ``[start, end)``, left to right; none for an empty range."""
    nodes = []
    while start < end:
        # The largest perfect subtree that begins here: bounded by the alignment of its start, and by what is left.
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def peaks(size: int) -> list[Node]:
    """Return the nodes that together are the tree of ``size`` leaves: one for each set bit, left to right."""
    return cover(0, size)


def inclusion(index: int, size: int) -> list[Span]:
    """Return the ranges of leaves whose hashes prove leaf ``index`` in a tree of ``size`` leaves, in proof order.

    RFC 6962, section 2.1.1: PATH(m, D[n]), unrolled.

    :raises FormatError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise FormatError(f"inclusion: no leaf {index} in a tree of {size}")
    start, end = 0, size
    spans = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency(old: int, new: int) -> list[Span]:
    """Return the ranges of leaves whose hashes prove that the tree of ``new`` leaves continues the one of ``old``.

    RFC 6962, section 2.1.2: SUBPROOF(m, D[n], true), unrolled. Empty where the sizes are equal, and from the empty
    tree, which every tree continues.

    :raises FormatError: unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise FormatError(f"consistency: no way from a tree of {old} to one of {new}")
    if old == 0:
        return []
    start, end = 0, new
    spans = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:  # otherwise what remains is the old tree itself, whose root the verifier has
        spans.append((start, end))
    return spans[::-1]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``, where RFC 6962 splits a tree of more than one leaf."""
    return 1 << (size - 1).bit_length() - 1
