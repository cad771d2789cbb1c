"""The fast way through a log: every body hashed, every link, column and tree node compared, block by block.

A block in which everything fits costs a few list comparisons. Where something does not fit, the scan only notes the
place; :mod:`ledger.audit.diagnosis` finds out what happened there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from ledger.format.event import ZERO_PREV, prefix
from ledger.format.proof import Frontier

BLOCK_LEVEL = 12
BLOCK = 1 << BLOCK_LEVEL
"""Events looked at together: a power of two, so that a block is one subtree."""

_ROWS = "SELECT seq, hash, body, type, subject, project, actor, at, cause FROM events WHERE seq >= ? AND seq < ? ORDER BY seq"

StoredRow = tuple[int, bytes, bytes, str, str, str | None, str, str, int | None]


class Scan:
    """What a scan noted: suspicious places, wrong tree nodes ``(level, index)``, unreadable places, the tree's edge."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.suspects: list[int] = []
        self.nodes: list[tuple[int, int]] = []
        self.unreadable: list[tuple[int, str]] = []
        self.frontier = Frontier()
        self.head = b"\x00" * 32
        self.events = 0
        self.compared_nodes = 0
        self.roots: dict[int, bytes] = {}


def scan(
    connection: sqlite3.Connection,
    size: int,
    sizes: Sequence[int] = (),
    progress: Callable[[int], None] | None = None,
) -> Scan:
    """Go through the first ``size`` places of the log.

    Args:
        connection: an open ledger.
        size: how many places there are: one more than the largest ``seq``.
        sizes: tree sizes whose recomputed roots are wanted, such as those of checkpoints.
        progress: told now and then how many places are done.
    """
    found = Scan(size)
    wanted = sorted({each for each in sizes if 0 < each <= size})
    last_at = ""
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        try:
            rows: list[StoredRow] = connection.execute(_ROWS, (start, stop)).fetchall()
        except sqlite3.DatabaseError as error:
            rows = _readable(connection, start, stop, found, error)
        leaves = [sha256(b"\x00" + row[2]).digest() for row in rows]
        found.events += len(rows)
        last_at = _compare_events(found, rows, leaves, start, stop, last_at)
        # Where a row is absent the tree goes on with what its neighbours fix, so that one gap is not many findings.
        stored = {row[0]: leaf for row, leaf in zip(rows, leaves, strict=True)}
        filled = leaves if len(rows) == stop - start else [stored.get(seq, b"\x00" * 32) for seq in range(start, stop)]
        _compare_nodes(connection, found, filled, start)
        _grow(connection, found, filled, start, wanted)
        if rows:
            found.head = rows[-1][1]
        if progress is not None:
            progress(stop)
    return found


def _compare_events(
    found: Scan, rows: Sequence[StoredRow], leaves: Sequence[bytes], start: int, stop: int, last_at: str
) -> str:
    """Note every place in the block where hash, link, column or time does not fit; return the block's last ``at``."""
    previous = ZERO_PREV if start == 0 else found.head.hex()
    complete = len(rows) == stop - start
    for row, leaf in zip(rows, leaves, strict=True):
        seq, stored, body, type_, subject, project, actor, at, cause = row
        head = prefix(seq, type_, subject, project, actor, at, cause, previous)
        fits = leaf == stored and body.startswith(head) and at >= last_at
        if not fits or (cause is not None and cause >= seq):
            found.suspects.append(seq)
        previous = stored.hex()
        last_at = at
    if not complete:
        present = {row[0] for row in rows}
        gaps = [seq for seq in range(start, stop) if seq not in present]
        after = [seq + 1 for seq in gaps if seq + 1 not in present or seq + 1 >= stop]
        found.suspects.extend(gaps)
        found.suspects.extend(seq for seq in after if seq in present)
        found.suspects.sort()
    return last_at


def _compare_nodes(connection: sqlite3.Connection, found: Scan, leaves: Sequence[bytes], start: int) -> None:
    """Recompute the complete subtrees inside a block, compare each with its stored node."""
    hashes = list(leaves)
    level, first = 0, start
    while len(hashes) > 1:
        level, first = level + 1, first >> 1
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in _pairs(hashes)]
        _compare_level(connection, found, level, first, hashes)


def _compare_level(
    connection: sqlite3.Connection, found: Scan, level: int, first: int, hashes: Sequence[bytes]
) -> None:
    try:
        rows = connection.execute(
            "SELECT idx, hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx",
            (level, first, first + len(hashes)),
        ).fetchall()
    except sqlite3.DatabaseError as error:
        found.unreadable.append((first << level, f"nodes of level {level}: {error}"))
        return
    found.compared_nodes += len(rows)
    if [row[1] for row in rows] != hashes:
        stored = dict(rows)
        found.nodes.extend((level, first + n) for n, node in enumerate(hashes) if stored.get(first + n) != node)


def _grow(connection: sqlite3.Connection, found: Scan, leaves: Sequence[bytes], start: int, wanted: list[int]) -> None:
    """Add a block to the tree's right edge, keep the roots asked for, and compare the nodes above the blocks."""
    for n, leaf in enumerate(leaves):
        for level, index, node in found.frontier.append(leaf):
            if level > BLOCK_LEVEL:
                _compare_level(connection, found, level, index, [node])
        if wanted and wanted[0] == start + n + 1:
            found.roots[wanted.pop(0)] = found.frontier.root()


def _pairs(hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(hashes[::2], hashes[1::2], strict=False)


def _readable(
    connection: sqlite3.Connection, start: int, stop: int, found: Scan, error: sqlite3.DatabaseError
) -> list[StoredRow]:
    """Read a damaged block row by row; note the first place that cannot be read."""
    rows: list[StoredRow] = []
    noted = False
    for seq in range(start, stop):
        try:
            rows.extend(connection.execute(_ROWS, (seq, seq + 1)).fetchall())
        except sqlite3.DatabaseError as failed:
            if not noted:
                found.unreadable.append((seq, str(failed or error)))
                noted = True
    return rows
