"""Merkle roots and proofs (RFC 6962, sections 2.1.1 and 2.1.2), built from stored nodes and verified from nothing.

Building asks for nodes by place: ``node(level, index)`` returns 32 bytes, level 0 being the leaf hashes. Verifying
follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, in the form of transparency-dev/merkle: the length that a proof must
have is computed from the sizes and compared before anything is hashed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hmac import compare_digest

from ledger.format import tree
from ledger.format.errors import FormatError
from ledger.format.hashes import EMPTY_ROOT, HASH_SIZE, node_hash

NodeGetter = Callable[[int, int], bytes]


class ProofError(FormatError):
    """A proof does not hold. ``got`` and ``want`` are the hashes, sizes or lengths that differ, as text."""

    def __init__(self, message: str, got: object, want: object) -> None:
        self.got = got.hex() if isinstance(got, bytes) else str(got)
        self.want = want.hex() if isinstance(want, bytes) else str(want)
        super().__init__(f"{message}: got {self.got}, want {self.want}")


class Frontier:
    """The right edge of a growing tree: all that is needed to append a leaf and to know the root.

    It holds one hash for each set bit of the size: the peaks, left to right.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Continue a tree of ``size`` leaves whose peaks (``tree.peaks(size)``) have these hashes.

        :raises FormatError: if their number or length is wrong.
        """
        if size < 0 or len(peaks) != size.bit_count():
            raise FormatError(f"frontier: {len(peaks)} peaks for a tree of {size}, want {max(size, 0).bit_count()}")
        _check_hashes("frontier", peaks)
        self.size = size
        self._peaks = list(peaks)

    @classmethod
    def load(cls, size: int, node: NodeGetter) -> Frontier:
        """Continue a tree of ``size`` leaves whose nodes are stored."""
        return cls(size, [node(level, index) for level, index in tree.peaks(size)])

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The hashes of ``tree.peaks(size)``."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; return the inner nodes that it completes as ``(level, index, hash)``, lowest first."""
        number = self.size
        nodes = []
        level = 0
        top = leaf
        while number >> level & 1:
            level += 1
            top = node_hash(self._peaks.pop(), top)
            nodes.append((level, number >> level, top))
        self._peaks.append(top)
        self.size = number + 1
        return nodes

    def root(self) -> bytes:
        """Return the root of the tree so far, 32 bytes; of the empty tree, ``EMPTY_ROOT``."""
        return _fold(self._peaks)


def root(size: int, node: NodeGetter) -> bytes:
    """Return the root of the tree of the first ``size`` leaves: MTH(D[n]) of RFC 6962, 32 bytes."""
    return _span_hash((0, size), node)


def inclusion(index: int, size: int, node: NodeGetter) -> list[bytes]:
    """Return the inclusion proof of leaf ``index`` in the tree of ``size`` leaves: PATH(m, D[n]).

    :raises FormatError: unless 0 <= index < size.
    """
    return [_span_hash(span, node) for span in tree.inclusion(index, size)]


def consistency(old: int, new: int, node: NodeGetter) -> list[bytes]:
    """Return the consistency proof between the trees of ``old`` and ``new`` leaves: PROOF(m, D[n]).

    It is empty where the sizes are equal, and from size 0, as witnesses demand (C2SP tlog-witness).

    :raises FormatError: unless 0 <= old <= new.
    """
    return [_span_hash(span, node) for span in tree.consistency(old, new)]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Return if ``leaf`` is the hash of leaf ``index`` of the tree of ``size`` leaves that has this root.

    :raises ProofError: with what was got and wanted; a proof of the wrong length is refused before any hashing.
    """
    _check_hashes("inclusion proof", [leaf, root, *path])
    if index < 0 or index >= size:
        raise ProofError("inclusion proof: no such leaf", index, f"0 to {size - 1}")
    inner, border = _decompose(index, size)
    if len(path) != inner + border:
        raise ProofError("inclusion proof: wrong number of hashes", len(path), inner + border)
    computed = _chain_border(_chain_inner(leaf, path[:inner], index), path[inner:])
    _match("inclusion proof: wrong root", computed, root)


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Return if the tree of ``new`` leaves with ``new_root`` begins with the tree of ``old`` leaves with ``old_root``.

    From size 0 there is nothing to prove, so no proof of it is accepted; equal sizes take an empty proof.

    :raises ProofError: with what was got and wanted; a proof of the wrong length is refused before any hashing.
    """
    _check_hashes("consistency proof", [old_root, new_root, *path])
    if old < 0 or new < old:
        raise ProofError("consistency proof: the newer tree is smaller", new, f"at least {max(old, 0)}")
    if old == new:
        if path:
            raise ProofError("consistency proof: wrong number of hashes", len(path), 0)
        _match("consistency proof: two roots of one size", new_root, old_root)
        return
    if old == 0:
        raise ProofError("consistency proof: the empty tree proves nothing", old, "a size of at least 1")
    inner, border = _decompose(old - 1, new)
    # The walk begins at the last perfect subtree of the old tree: what lies below it is the same in both trees.
    shift = (old & -old).bit_length() - 1
    inner -= shift
    whole = old == 1 << shift
    seed, rest = (old_root, path) if whole else (path[0] if path else b"", path[1:])
    want = inner + border + (not whole)
    if len(path) != want:
        raise ProofError("consistency proof: wrong number of hashes", len(path), want)
    mask = (old - 1) >> shift
    computed_old = _chain_border(_chain_inner_right(seed, rest[:inner], mask), rest[inner:])
    _match("consistency proof: wrong old root", computed_old, old_root)
    computed_new = _chain_border(_chain_inner(seed, rest[:inner], mask), rest[inner:])
    _match("consistency proof: wrong new root", computed_new, new_root)


def _span_hash(span: tree.Span, node: NodeGetter) -> bytes:
    return _fold([node(level, index) for level, index in tree.cover(*span)])


def _fold(peaks: Sequence[bytes]) -> bytes:
    """Join perfect subtrees of falling size, right to left."""
    if not peaks:
        return EMPTY_ROOT
    top = peaks[-1]
    for left in reversed(peaks[:-1]):
        top = node_hash(left, top)
    return top


def _decompose(index: int, size: int) -> tuple[int, int]:
    """Split the way from a leaf to the root: levels below the right border of the tree, and left siblings along it."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _chain_inner(seed: bytes, path: Sequence[bytes], index: int) -> bytes:
    for level, sibling in enumerate(path):
        seed = node_hash(sibling, seed) if index >> level & 1 else node_hash(seed, sibling)
    return seed


def _chain_inner_right(seed: bytes, path: Sequence[bytes], index: int) -> bytes:
    """As ``_chain_inner``, without the siblings to the right: they came after the old tree."""
    for level, sibling in enumerate(path):
        if index >> level & 1:
            seed = node_hash(sibling, seed)
    return seed


def _chain_border(seed: bytes, path: Sequence[bytes]) -> bytes:
    for sibling in path:
        seed = node_hash(sibling, seed)
    return seed


def _check_hashes(what: str, values: Sequence[bytes]) -> None:
    for value in values:
        if len(value) != HASH_SIZE:
            raise ProofError(f"{what}: a hash of the wrong length", len(value), HASH_SIZE)


def _match(message: str, got: bytes, want: bytes) -> None:
    if not compare_digest(got, want):
        raise ProofError(message, got, want)
