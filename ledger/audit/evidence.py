"""What speaks of an event: its bytes, its stored hash, the ``prev`` of the event after it, and the tree above it.

Where they disagree, the odd one out was touched. An event is looked up by the place that it claims for itself, which
is where it lies unless rows were moved.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.format.hashes import node_hash

COLUMNS = ("type", "subject", "project", "actor", "at", "cause")

_ROW = "SELECT hash, body, type, subject, project, actor, at, cause FROM events WHERE seq = ?"


class Place:
    """What is stored at one place. ``columns`` are those of ``COLUMNS``, text as bytes; ``hash`` and ``body`` are bytes."""

    def __init__(self, seq: int, stored: bytes, body: bytes, columns: tuple[Any, ...]) -> None:
        self.seq = seq
        self.hash = stored
        self.body = body
        self.columns = columns

    @cached_property
    def computed(self) -> bytes:
        """The leaf hash that the bytes give."""
        return sha256(b"\x00" + self.body).digest()

    @property
    def intact(self) -> bool:
        """Whether the bytes give the stored hash."""
        return self.computed == self.hash

    @cached_property
    def members(self) -> dict[str, Any] | None:
        """What the bytes say, or ``None`` where they are no JSON object."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def own(self) -> int | None:
        """The seq that the event claims for itself."""
        seq = (self.members or {}).get("seq")
        return seq if type(seq) is int else None

    @property
    def prev(self) -> bytes | None:
        """The hash that the event names as its predecessor's."""
        prev = (self.members or {}).get("prev")
        try:
            return bytes.fromhex(prev) if isinstance(prev, str) else None
        except ValueError:
            return None


class Leaf(NamedTuple):
    """What the event at a place hashed to when it was recorded, as far as it can be known.

    ``fixed`` says that something beside the row itself vouches for it: the event after it, or the tree.
    """

    hash: bytes | None
    fixed: bool


class Evidence:
    """Reads places and weighs what speaks of them."""

    def __init__(
        self, connection: sqlite3.Connection, moved: Mapping[int, int] | None = None, absent: Container[int] = ()
    ) -> None:
        """Args: an open ledger whose text factory is ``bytes``; where each moved event lies; seqs that no row claims."""
        self._connection = connection
        self._moved = moved or {}
        self._taken = set(self._moved.values())
        self._absent = absent
        self._kept: dict[int, Place | None] = {}
        self._leaves: dict[int, Leaf] = {}

    def rearranged(self, moved: Mapping[int, int], absent: Container[int]) -> Evidence:
        """The same, for events that lie elsewhere or nowhere."""
        return Evidence(self._connection, moved, absent)

    def lying(self, place: int) -> Place | None:
        """What is stored at a place."""
        if place not in self._kept:
            if len(self._kept) > _KEPT:
                self._kept.clear()
            self._kept[place] = self._read(place)
        return self._kept[place]

    def event(self, seq: int) -> Place | None:
        """The event that claims ``seq``, wherever it lies; ``None`` where none does."""
        if seq in self._moved:
            return self.lying(self._moved[seq])
        return None if seq in self._taken or seq in self._absent else self.lying(seq)

    def leaf(self, seq: int) -> Leaf:
        """What event ``seq`` hashed to when it was recorded."""
        if seq not in self._leaves:
            if len(self._leaves) > _KEPT:
                self._leaves.clear()
            self._leaves[seq] = self._weigh(seq)
        return self._leaves[seq]

    def parent(self, seq: int) -> bytes | None:
        """The stored node above a leaf and its sibling."""
        return self.node(1, seq >> 1)

    def node(self, level: int, index: int) -> bytes | None:
        """A stored node, or ``None`` where it is absent or cannot be read."""
        try:
            sql = "SELECT hash FROM nodes WHERE level = ? AND idx = ?"
            row = self._connection.execute(sql, (level, index)).fetchone()
        except sqlite3.DatabaseError:
            return None
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    def _weigh(self, seq: int) -> Leaf:
        named = self._named_by_next(seq)
        if named is not None and self._confirmed(seq + 1):
            return Leaf(named, True)
        parent = self.parent(seq)
        if parent is not None:
            for mine in self._candidates(seq):
                for other in self._candidates(seq ^ 1):
                    pair = (other, mine) if seq & 1 else (mine, other)
                    if node_hash(*pair) == parent:
                        return Leaf(mine, True)
        row = self.event(seq)
        if row is None:
            return Leaf(named, False)
        if row.intact or named == row.computed:
            return Leaf(row.computed, False)
        return Leaf(row.hash if named == row.hash else None, False)

    def _named_by_next(self, seq: int) -> bytes | None:
        following = self.event(seq + 1)
        return None if following is None else following.prev

    def _confirmed(self, seq: int) -> bool:
        """Whether the event after ``seq`` names the hash of its bytes, so that they are as they were recorded."""
        row = self.event(seq)
        return row is not None and self._named_by_next(seq) == row.computed

    def _candidates(self, seq: int) -> list[bytes]:
        row = self.event(seq)
        said = [self._named_by_next(seq), *([row.computed, row.hash] if row is not None else [])]
        return list(dict.fromkeys(each for each in said if each is not None))

    def _read(self, place: int) -> Place | None:
        try:
            row = self._connection.execute(_ROW, (place,)).fetchone()
        except (sqlite3.DatabaseError, OverflowError):
            return None
        if row is None:
            return None
        return Place(place, _bytes(row[0]), _bytes(row[1]), tuple(row[2:]))


_KEPT = 100_000


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
