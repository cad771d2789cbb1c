"""The tree above the events: derived again, and held against the stored nodes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

from ledger.audit.scan import BLOCK, BLOCK_LEVEL, Scan, compare_nodes
from ledger.format import proof
from ledger.format import tree as trees
from ledger.format.hashes import node_hash

Node = tuple[int, int]
Hash = bytes | None


class Tree:
    """The tree of what was recorded, as far as the rows tell: differing stored nodes are set right by what they cover."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        noted: Scan,
        size: int,
        leaf: Callable[[int], Hash] | None = None,
        blocks: Iterable[int] = (),
    ) -> None:
        """Compare what a scan left: the blocks in which something does not fit, and the nodes above all blocks.

        Args:
            connection: the ledger.
            noted: the scan, which takes up the differing nodes.
            size: how many events the log had.
            leaf: what an event hashed to when it was recorded, ``None`` where nothing tells; by default what is stored.
            blocks: the blocks, by number, that the scan left.
        """
        self._connection = connection
        self._noted = noted
        self.size = size
        self.leaf = leaf or (lambda seq: self._hash("SELECT hash FROM events WHERE seq = ?", seq))
        for block in sorted(blocks):
            self._compare_block(block)
        self._climb()

    @property
    def wrong(self) -> dict[Node, bytes]:
        """The stored nodes that differ from the recomputed ones, or are absent, with what they should be."""
        return self._noted.wrong

    def node(self, level: int, index: int) -> Hash:
        """A node, recomputed where its stored hash differs."""
        if level == 0:
            return self.leaf(index)
        return self.wrong.get((level, index)) or self.stored(level, index)

    def stored(self, level: int, index: int) -> Hash:
        """A node as it is stored, right or wrong; ``None`` where it is absent or cannot be read."""
        return self._hash("SELECT hash FROM nodes WHERE level = ? AND idx = ?", level, index)

    def root(self, size: int) -> Hash:
        """The root over the first ``size`` events; ``None`` where a part of it is not known."""
        peaks = [self.node(level, index) for level, index in trees.peaks(size)]
        known = [peak for peak in peaks if peak is not None]
        return proof.Frontier(size, known).root() if len(known) == len(peaks) else None

    def _compare_block(self, block: int) -> None:
        first = block * BLOCK
        hashes: Sequence[Hash] = [self.leaf(seq) for seq in range(first, min(first + BLOCK, self.size))]
        for level in range(1, BLOCK_LEVEL + 1):
            hashes = list(_parents(hashes))
            if hashes:
                compare_nodes(self._connection, self._noted, level, first >> level, hashes)
        if hashes and hashes[0] is not None:
            self._noted.tops[block] = hashes[0]

    def _climb(self) -> None:
        first = self._noted.start // BLOCK
        tops = [self._top(block) for block in range(first, self.size // BLOCK)]
        level = BLOCK_LEVEL
        while len(tops) > 1 or (tops and first):
            if first & 1:
                first -= 1
                tops.insert(0, self.stored(level, first))
            tops = list(_parents(tops))
            first >>= 1
            level += 1
            compare_nodes(self._connection, self._noted, level, first, tops)

    def _top(self, block: int) -> Hash:
        return self._noted.tops.get(block) or self.stored(BLOCK_LEVEL, block)

    def _hash(self, query: str, *place: int) -> Hash:
        try:
            row = self._connection.execute(query, place).fetchone()
        except (sqlite3.DatabaseError, OverflowError):
            return None
        return row[0] if row is not None and isinstance(row[0], bytes) else None


def _parents(hashes: Sequence[Hash]) -> Iterator[Hash]:
    for left, right in zip(hashes[::2], hashes[1::2], strict=False):
        yield None if left is None or right is None else node_hash(left, right)
