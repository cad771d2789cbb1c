"""The journal: the only code that writes a ledger's tables, and the plain reading of its events.

It takes a DB-API connection, whoever opened it, and is handed what to do with the events: rules that may refuse them and
folds that fill the projections. Events, tree nodes and projection rows go into one transaction, so there is never one
without the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from ledger.errors import LedgerError
from ledger.format.event import ZERO_PREV, Event, decode, encode, encode_value
from ledger.format.hashes import leaf_hash
from ledger.format.proof import Frontier
from ledger.store.lock import WriterLock
from ledger.store.rows import insert
from ledger.store.sqlite import unusable

_T = TypeVar("_T")


class Draft(NamedTuple):
    """An event before it has its place: ``moment`` is when its writer says it happened, where a clock is simulated."""

    type: str
    subject: str
    project: str | None
    actor: str
    value: dict[str, Any]
    cause: int | None = None
    moment: str | None = None


class Recorded(NamedTuple):
    """An event in its place, with its 32-byte leaf hash and the bytes that were hashed."""

    event: Event
    hash: bytes
    body: bytes

    @property
    def seq(self) -> int:
        """Its position in the log."""
        return self.event.seq


class Semantics(Protocol):
    """What the journal is handed: it knows neither rules nor projections."""

    def guarded(self, event_type: str) -> bool:
        """Whether ``check`` has anything to say of events of this type."""

    def check(self, connection: sqlite3.Connection, event: Event) -> None:
        """Raise Refused where a rule forbids the event; everything before it is visible on the connection."""

    def fold(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Insert the projection rows of the events."""

    def stamp(self, last: str | None, moment: str | None) -> str:
        """The ``at`` of the next event, given the last one's and what the writer handed in."""


class _Tail(NamedTuple):
    """What the next event must know of the last one."""

    seq: int
    hash: bytes
    at: str


_EMPTY = _Tail(-1, bytes.fromhex(ZERO_PREV), "")
_NEAR = 64
"""Where others appended no more than this, their leaves are added to the tree's edge; else it is read from the nodes."""


class Journal:
    """Appends events to a ledger's database."""

    def __init__(self, connection: sqlite3.Connection, path: Path, semantics: Semantics) -> None:
        """Args: an open connection in autocommit mode, the file that it is open on, and what the events mean."""
        self._connection = connection
        self._path = path
        self._semantics = semantics
        self._lock = WriterLock(path)
        self._frontier = Frontier()
        self._tail = _EMPTY

    def append(self, drafts: Sequence[Draft]) -> list[Recorded]:
        """Append all of ``drafts`` or, where one is refused or the disk fails, none. On return they are on the disk.

        Raises:
            Refused: a rule forbids one of them.
            FormatError: one of them is malformed or too long.
            LedgerError: the database cannot be written.
        """
        # What does not depend on the log is done before others have to wait for it.
        ready = [(draft, *encode_value(draft.value)) for draft in drafts]
        return self._transact(partial(self._append, ready))

    def _append(self, ready: Sequence[tuple[Draft, bytes, dict[str, Any]]]) -> list[Recorded]:
        self._catch_up()
        semantics = self._semantics
        recorded: list[Recorded] = []
        written = 0
        seq, leaf, at = self._tail
        for draft, data, value in ready:
            type_, subject, project, actor, _, cause, moment = draft
            guarded = semantics.guarded(type_)
            if guarded and written < len(recorded):
                self._write(recorded[written:])
                written = len(recorded)
            seq, at = seq + 1, semantics.stamp(at or None, moment)
            # The value is what its bytes say, as any later reader will find it: 250.0 is recorded as 250.
            event = Event(seq, type_, subject, project, actor, at, cause, leaf.hex(), value)
            body = encode(event, data)
            leaf = leaf_hash(body)
            if guarded:
                semantics.check(self._connection, event)
            recorded.append(Recorded(event, leaf, body))
        if written < len(recorded):
            self._write(recorded[written:] if written else recorded)
        self._tail = _Tail(seq, leaf, at)
        return recorded

    def checkpoint(self, sign: Callable[[int, bytes], str]) -> str:
        """Store what ``sign`` makes of the log's size and root, durably, before it is handed out.

        Returns:
            The new note, or the stored one where the log has not grown since.
        """

        def work() -> str:
            self._catch_up()
            count = self._frontier.size
            row = self._connection.execute("SELECT note FROM checkpoints WHERE size = ?", (count,)).fetchone()
            if row is not None:
                return str(row[0])
            note = sign(count, self._frontier.root())
            self._connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (count, note))
            return note

        return self._transact(work)

    def keep(self, size: int, note: str) -> None:
        """Store a note that others have signed too, durably, as a row of its own beside those of its size."""
        self._transact(lambda: self._connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, note)))

    def refill(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run ``work``, which fills the projections anew, in one transaction of its own."""
        self._transact(lambda: work(self._connection))

    def close(self) -> None:
        """Let go of the writers' lock; the connection stays open."""
        self._lock.close()

    def _transact(self, work: Callable[[], _T]) -> _T:
        """Do ``work`` in a transaction and commit it; where anything fails, leave the database as it was."""
        self._lock.acquire()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            result = work()
            self._connection.execute("COMMIT")
        except BaseException as error:
            # What is known may be ahead of the disk now: the next append reads it again.
            self._tail, self._frontier = _EMPTY, Frontier()
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise unusable(error, self._path) from error
            raise
        finally:
            self._lock.release()
        return result

    def _catch_up(self) -> None:
        """Know the last event and the tree's right edge, where another process may have appended meanwhile."""
        row = self._connection.execute("SELECT seq, hash, at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        known = self._tail
        if row == known:
            return
        tail = _EMPTY if row is None else _Tail._make(row)
        if 0 <= known.seq < tail.seq <= known.seq + _NEAR:
            rows = self._connection.execute("SELECT hash FROM events WHERE seq >= ? ORDER BY seq", (known.seq,))
            first, *rest = (bytes(row[0]) for row in rows)
            if first == known.hash and len(rest) == tail.seq - known.seq:
                for leaf in rest:
                    self._frontier.append(leaf)
                self._tail = tail
                return
        if row is None:
            self._frontier, self._tail = Frontier(), _EMPTY
            return
        last = next(read(self._connection, tail.seq, tail.seq + 1))
        self._tail = _Tail(last.seq, last.hash, last.event.at)
        self._frontier = Frontier.load(tail.seq + 1, node_getter(self._connection))

    def _write(self, entries: Sequence[Recorded]) -> None:
        """Insert events with the nodes that they complete and the rows that they give."""
        insert(
            self._connection,
            "events",
            [
                (seq, leaf, body, type_, subject, project, actor, at, cause)
                for (seq, type_, subject, project, actor, at, cause, _, _), leaf, body in entries
            ],
        )
        nodes = [node for each in entries for node in self._frontier.append(each.hash)]
        if nodes:
            nodes.sort()  # by level: neighbours in the table come one after the other
            insert(self._connection, "nodes", nodes)
        self._semantics.fold(self._connection, [each.event for each in entries])


def size(connection: sqlite3.Connection) -> int:
    """How many events the log holds."""
    row = connection.execute("SELECT max(seq) FROM events").fetchone()
    return 0 if row[0] is None else int(row[0]) + 1


def read(connection: sqlite3.Connection, start: int = 0, stop: int | None = None) -> Iterator[Recorded]:
    """The events with ``start <= seq < stop``, in order, as their stored bytes say; they are not verified here.

    Raises:
        LedgerError: a stored body cannot be read as an event.
    """
    sql = "SELECT seq, hash, body FROM events WHERE seq >= ? AND seq < ? ORDER BY seq"
    for seq, leaf, body in connection.execute(sql, (start, (1 << 62) if stop is None else stop)):
        try:
            yield Recorded(decode(body), leaf, body)
        except ValueError as error:
            raise LedgerError(
                f"event {seq} cannot be read ({error}); `assay verify` says what happened to it"
            ) from None


def position(connection: sqlite3.Connection, at: str) -> int:
    """The seq of the last event recorded at or before ``at``; -1 where there is none.

    ``at`` never runs backwards in a sound ledger, so this is a binary search and needs no index.
    """
    low, high = 0, size(connection)
    while low < high:
        middle = (low + high) // 2
        row = connection.execute("SELECT at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if row[0] <= at:
            low = middle + 1
        else:
            high = middle
    return low - 1


_UPPER = 8
"""Nodes from this level on are few, and part of most proofs."""
_UPPER_KEPT = 4096


def node_getter(connection: sqlite3.Connection) -> Callable[[int, int], bytes]:
    """Reads stored tree nodes by level and index; level 0 are the events' hashes.

    It remembers upper nodes, which never change once they are there: whoever makes many proofs keeps one getter.
    """

    def read_node(level: int, index: int) -> bytes:
        if level == 0:
            row = connection.execute("SELECT hash FROM events WHERE seq = ?", (index,)).fetchone()
        else:
            row = connection.execute("SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, index)).fetchone()
        if row is None:
            raise LedgerError(f"tree node {index} of level {level} is missing; `assay verify` says what happened")
        return bytes(row[0])

    upper = lru_cache(maxsize=_UPPER_KEPT)(read_node)

    def get(level: int, index: int) -> bytes:
        return upper(level, index) if level >= _UPPER else read_node(level, index)

    return get
