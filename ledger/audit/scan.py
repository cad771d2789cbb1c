"""The fast way through a log: every body hashed, every link, column and tree node compared, block by block.

A block in which everything fits costs a few list comparisons. Where something does not fit, the scan only notes the
place; :mod:`ledger.audit.diagnosis` finds out what happened there.

The connection's text factory must be ``bytes``: columns are compared as they are stored.
"""

from __future__ import annotations

import sqlite3
from binascii import hexlify
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import count, repeat
from typing import Any, NamedTuple

from ledger.audit.watching import Tell, Told
from ledger.format.event import MAX_BYTES, ZERO_PREV

BLOCK_LEVEL = 12
BLOCK = 1 << BLOCK_LEVEL
"""Events looked at together: a power of two, so that a block is one subtree."""

MOST_EVENTS = 1 << 62
"""No log is longer; a row at a place from here on was put there to confuse."""

_PART = 128
"""Events whose bytes are fetched as one value, which is faster than a value for each."""

# No canonical JSON holds a line feed. Each body comes with the 0x00 before it that it is hashed with.
_CHAIN = (
    "SELECT count(body), sum(length(hash) = 32), group_concat(hash, ''), group_concat(body, x'0A00') "
    "FROM events WHERE seq >= ? AND seq < ?"
)
_HASHES = "SELECT hash FROM events WHERE seq >= ? AND seq < ? ORDER BY seq"
_WHOLE = (
    "SELECT hash, body, type, subject, project, actor, at, cause FROM events WHERE seq >= ? AND seq < ? ORDER BY seq"
)
_NODES = "SELECT hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"

LONGEST = 1 << 24
"""No value is read that is longer, in bytes: more than the bodies of one part can be together."""

PREFIX = (
    b'{"actor":"%b","at":"%b","cause":%b,"prev":"%b","project":%b,"seq":%d,"subject":"%b","type":"%b","v":1,"value":'
)
"""``ledger.format.event.prefix`` for columns that are bytes; a test holds the two equal."""

_BETWEEN = tuple(PREFIX.replace(b"%d", b"%b").split(b"%b"))


class Scan:
    """What a scan of the places ``[start, stop)`` noted.

    ``suspects`` are places whose row does not fit, ``gaps`` ranges without rows, ``unreadable`` ranges that the file does
    not give out, with the reason, ``unreadable_nodes`` the first leaf below nodes that it does not give out. ``dirty`` are
    the blocks (by number) that hold any of these: their nodes are not compared yet. ``wrong`` maps nodes ``(level,
    index)`` whose stored hash differs, or is absent, to the recomputed one. ``tops`` holds the root of each complete block
    that was compared.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop
        self.suspects: list[int] = []
        self.gaps: list[tuple[int, int]] = []
        self.unreadable: list[tuple[int, int, str]] = []
        self.unreadable_nodes: list[tuple[int, str]] = []
        self.dirty: set[int] = set()
        self.wrong: dict[tuple[int, int], bytes] = {}
        self.tops: dict[int, bytes] = {}
        self.events = 0
        self.nodes = 0

    @property
    def clean(self) -> bool:
        """Whether every event fits."""
        return not (self.suspects or self.gaps or self.unreadable)

    def absorb(self, other: Scan) -> None:
        """Add what was noted of the places that follow."""
        self.stop = other.stop
        self.suspects += other.suspects
        self.gaps += other.gaps
        self.unreadable += other.unreadable
        self.unreadable_nodes += other.unreadable_nodes
        self.dirty |= other.dirty
        self.wrong.update(other.wrong)
        self.tops.update(other.tops)
        self.events += other.events
        self.nodes += other.nodes


class Depth(NamedTuple):
    """How closely to look: ``columns`` too, and the bodies by ``canonical`` where that is given."""

    columns: bool = True
    canonical: Callable[[Sequence[bytes]], bool] | None = None


def depth_of(columns: bool, strict: bool) -> Depth:
    """How closely to look: at the columns, and strictly, which includes them, at the canonical form."""
    if not strict:
        return Depth(columns)
    from ledger.format.canonical import are_canonical

    return Depth(True, are_canonical)


class _Last(NamedTuple):
    """What a row must follow: the stored hash (``None`` where it is not known) and ``at`` of the row before it."""

    hash: bytes | None
    at: bytes = b""


def scan(
    connection: sqlite3.Connection,
    start: int,
    stop: int,
    depth: Depth,
    progress: Tell | None = None,
) -> Scan:
    """Go through the places ``[start, stop)``.

    Args:
        connection: an open ledger, ``text_factory`` set to ``bytes``.
        start: where to begin; what comes before in its block is taken as it is stored.
        stop: one more than the last place.
        depth: how closely to look.
        progress: told now and then how many places are done, and at which something does not fit.
    """
    found = Scan(start, stop)
    last = _before(connection, start)
    first = start - start % BLOCK
    while first < stop:
        known = len(found.suspects), len(found.gaps), len(found.unreadable)
        begin, end = max(first, start), min(first + BLOCK, stop)
        read = _read(connection, first, begin, end, last, depth)
        if read is not None:
            leaves, last = read
            found.events += end - begin
            _compare_block(connection, found, first, leaves)
        elif _next(connection, begin) >= end:
            after = min(_next(connection, end), stop)
            end = max(end, after - after % BLOCK)
            found.gaps.append((begin, end))
            last = _Last(None)
        else:
            found.dirty.add(first // BLOCK)
            last = _note_misfits(connection, found, begin, end, last, depth)
        if progress is not None:
            progress(Told(end - start, _places(found, *known)))
        first = end
    return found


def _places(found: Scan, suspects: int, gaps: int, unreadable: int) -> list[int]:
    """Where something does not fit, beyond what was known already."""
    absent = [start for start, _ in found.gaps[gaps:]]
    return [*found.suspects[suspects:], *absent, *(start for start, _, _ in found.unreadable[unreadable:])]


def outliers(connection: sqlite3.Connection) -> tuple[list[int], list[int]]:
    """The places of rows where none can be: before event 0, and beyond any log."""
    found: list[list[int]] = []
    for where, place in (("seq < ?", 0), ("seq >= ?", MOST_EVENTS)):
        try:
            query = f"SELECT seq FROM events WHERE {where} ORDER BY seq LIMIT ?"
            found.append([row[0] for row in connection.execute(query, (place, BLOCK))])
        except sqlite3.DatabaseError:
            found.append([])
    return found[0], found[1]


def _read(
    connection: sqlite3.Connection, first: int, begin: int, end: int, last: _Last, depth: Depth
) -> tuple[list[bytes], _Last] | None:
    """The leaf hashes of a block of which the places from ``begin`` on are to be looked at, if all of them fit.

    A part at a time, so that what is read is still in the processor's cache when it is hashed and compared.

    Returns:
        The hashes from ``first`` on, and what the next block must follow; ``None`` where something does not fit, is not
        there, or cannot be read.
    """
    if begin and last.hash is None:
        return None
    look = _whole if depth.columns else _chained
    try:
        leaves = [row[0] for row in connection.execute(_HASHES, (first, begin))] if first < begin else []
        if len(leaves) != begin - first:
            return None
        for start in range(begin, end, _PART):
            part, last = look(connection, start, min(start + _PART, end), last, depth)
            if part is None:
                return None
            leaves += part
    except (sqlite3.DatabaseError, TypeError):
        return None
    return leaves, last


def _whole(
    connection: sqlite3.Connection, begin: int, end: int, last: _Last, depth: Depth
) -> tuple[list[bytes] | None, _Last]:
    """The leaf hashes of whole rows, if all of them fit, and what the next must follow."""
    rows = connection.execute(_WHOLE, (begin, end)).fetchall()
    leaves = _fitting(rows, begin, last, depth) if len(rows) == end - begin else None
    return leaves, _Last(rows[-1][0], rows[-1][6]) if leaves else last


def _chained(
    connection: sqlite3.Connection, begin: int, end: int, last: _Last, depth: Depth
) -> tuple[list[bytes] | None, _Last]:
    """The leaf hashes of bodies, if all are there, give their hashes and follow one another."""
    bodies, whole, stored, joined = connection.execute(_CHAIN, (begin, end)).fetchone()
    messages = (b"\x00" + joined).split(b"\n")
    if not bodies == whole == len(messages) == end - begin:
        return None, last
    leaves = [sha256(message).digest() for message in messages]
    if b"".join(leaves) != stored:
        return None, last
    # The first such mark in a body is the one: no member before ``prev`` can hold a quotation mark.
    places = map(bytes.find, messages, repeat(b'"prev":"'))
    named = b"".join([message[at + 8 : at + 72] for message, at in zip(messages, places, strict=True)])
    before = ZERO_PREV.encode() if last.hash is None else hexlify(last.hash)
    return leaves if named == before + hexlify(stored[:-32]) else None, _Last(leaves[-1])


def _next(connection: sqlite3.Connection, place: int) -> int:
    """The first place from ``place`` on that has a row; ``place`` itself where that cannot be known."""
    try:
        row = connection.execute("SELECT min(seq) FROM events WHERE seq >= ?", (place,)).fetchone()
    except sqlite3.DatabaseError:
        return place
    return place if row[0] is None else int(row[0])


def _fitting(rows: Sequence[tuple[Any, ...]], begin: int, last: _Last, depth: Depth) -> list[bytes] | None:
    """The leaf hashes of consecutive whole rows from place ``begin`` on, if all of them fit; else ``None``."""
    try:
        leaves = [sha256(b"\x00" + row[1]).digest() for row in rows]
        if leaves != [row[0] for row in rows] or (begin and last.hash is None):
            return None
        _, bodies, types, subjects, projects, actors, ats, causes = zip(*rows, strict=True)
        before = [ZERO_PREV.encode() if last.hash is None else hexlify(last.hash), *map(hexlify, leaves[:-1])]
        heads = _heads(begin, (actors, ats, causes, before, projects, subjects, types))
        if not all(map(bytes.startswith, bodies, heads)) or max(map(len, bodies)) > MAX_BYTES:
            return None
        if ats[0] < last.at or list(ats) != sorted(ats):
            return None
        if not (depth.canonical is None or depth.canonical(bodies)):
            return None
    except (TypeError, ValueError):
        return None  # a value of another type than its column's
    return leaves


def _heads(begin: int, columns: tuple[Sequence[Any], ...]) -> Iterator[bytes]:
    """What each body must begin with, rebuilt from its columns; a cause that does not come before matches nothing.

    Args:
        begin: the first row's place.
        columns: actors, times, causes, the hashes in hex of the events before, projects, subjects, types.
    """
    actors, ats, causes, before, projects, subjects, types = columns
    named = [b"null" if cause is None else _cause(cause, seq) for seq, cause in enumerate(causes, begin)]
    quoted = [b"null" if project is None else b'"%b"' % project for project in projects]
    seqs = map(b"%d".__mod__, count(begin))
    values = (actors, ats, named, before, quoted, seqs, subjects, types)
    pieces = (each for pair in zip(map(repeat, _BETWEEN), values, strict=False) for each in pair)
    return map(b"".join, zip(*pieces, repeat(_BETWEEN[-1]), strict=False))


def _cause(cause: Any, seq: int) -> bytes:
    return b"%d" % cause if type(cause) is int and cause < seq else b"later"


def _note_misfits(
    connection: sqlite3.Connection, found: Scan, begin: int, end: int, last: _Last, depth: Depth
) -> _Last:
    """Go through places one by one and note what does not fit; return what the next block must follow."""
    expected = begin
    for seq, *row in _readable(connection, found, begin, end):
        if seq > expected:
            found.gaps.append((expected, seq))
            last = _Last(None)
        expected = seq + 1
        found.events += 1
        if _fitting([tuple(row)], seq, last, depth) is None:
            found.suspects.append(seq)
        sound = isinstance(row[0], bytes) and isinstance(row[6], bytes)
        last = _Last(row[0], row[6]) if sound else _Last(None)
    if expected < end:
        found.gaps.append((expected, end))
        last = _Last(None)
    return last


def _readable(connection: sqlite3.Connection, found: Scan, begin: int, end: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a block with their places; where the file is damaged, those that it still gives out."""
    numbered = _WHOLE.replace("hash", "seq, hash", 1)
    try:
        yield from connection.execute(numbered, (begin, end)).fetchall()
        return
    except sqlite3.DatabaseError as error:
        said = str(error)
    first: int | None = None
    for seq in range(begin, end):
        try:
            rows = connection.execute(numbered, (seq, seq + 1)).fetchall()
        except sqlite3.DatabaseError as error:
            first, said = seq if first is None else first, str(error)
            continue
        if first is not None:
            found.unreadable.append((first, seq, said))
            first = None
        yield from rows
    if first is not None:
        found.unreadable.append((first, end, said))


def _compare_block(connection: sqlite3.Connection, found: Scan, first: int, leaves: Sequence[bytes]) -> None:
    """Recompute the complete subtrees inside a block from all its leaves, and compare each with its stored node."""
    hashes = leaves
    for level in range(1, BLOCK_LEVEL + 1):
        hashes = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=False)
        ]
        if not hashes:
            return
        compare_nodes(connection, found, level, first >> level, hashes)
    found.tops[first // BLOCK] = hashes[0]


def compare_nodes(
    connection: sqlite3.Connection, found: Scan, level: int, first: int, hashes: Sequence[bytes | None]
) -> None:
    """Hold stored nodes of one level, from index ``first`` on, against recomputed ones; ``None`` is not known."""
    try:
        rows = connection.execute(_NODES, (level, first, first + len(hashes))).fetchall()
        found.nodes += len(rows)
        if [row[0] for row in rows] == hashes:
            return
        numbered = _NODES.replace("hash", "idx, hash", 1)
        stored = dict(connection.execute(numbered, (level, first, first + len(hashes))).fetchall())
    except sqlite3.DatabaseError as error:
        found.unreadable_nodes.append((first << level, f"nodes of level {level}: {error}"))
        return
    for index, node in enumerate(hashes, first):
        if node is not None and stored.get(index) != node:
            found.wrong[level, index] = node


def _before(connection: sqlite3.Connection, start: int) -> _Last:
    """The row before a place, as it is stored."""
    if start == 0:
        return _Last(None)
    try:
        row = connection.execute("SELECT hash, at FROM events WHERE seq = ?", (start - 1,)).fetchone()
    except sqlite3.DatabaseError:
        row = None
    sound = row is not None and isinstance(row[0], bytes) and isinstance(row[1], bytes)
    return _Last(row[0], row[1]) if sound else _Last(None)
