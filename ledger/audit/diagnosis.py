"""What happened at a place that does not fit: one finding for one cause.

Four things speak of an event: its bytes, its stored hash, the ``prev`` of the event after it, and the tree above it.
Where they disagree, the odd one out was touched.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.audit.report import Finding
from ledger.audit.scan import Scan
from ledger.format import event as events
from ledger.format.errors import FormatError
from ledger.format.event import ZERO_PREV
from ledger.format.hashes import leaf_hash, node_hash

_COLUMNS = ("type", "subject", "project", "actor", "at", "cause")


class _Place(NamedTuple):
    """What is stored at one place, and what its bytes say of themselves (``None`` where they cannot be parsed)."""

    seq: int
    stored: bytes
    computed: bytes
    columns: dict[str, Any]
    body: bytes
    members: dict[str, Any] | None

    @property
    def hash_fits(self) -> bool:
        return self.stored == self.computed


class Diagnosis:
    """Judges the places that a scan noted."""

    def __init__(self, connection: sqlite3.Connection, noted: Scan) -> None:
        self._connection = connection
        self._noted = noted
        self._findings: dict[int, Finding] = {}
        self._shift: dict[int, int] = {}

    def findings(self) -> list[Finding]:
        """Every finding on events and nodes, in the order of their places."""
        for seq in self._noted.suspects:
            self._judge(seq)
        damaged = [
            Finding("damaged", seq, f"the file cannot be read from here: {what}")
            for seq, what in self._noted.unreadable
        ]
        on_events = [self._findings[seq] for seq in sorted(self._findings)]
        return sorted([*damaged, *self._coalesced(on_events), *self._tree()], key=lambda each: each.seq or 0)

    def _judge(self, seq: int) -> None:
        place = self._place(seq)
        if place is None:
            if not any(at == seq for at, _ in self._noted.unreadable):
                self._add(Finding("missing", seq, "the event is not there"))
            return
        if seq in self._findings:
            return
        if not place.hash_fits:
            self._judge_bytes(place)
        elif place.members is None:
            self._add(Finding("malformed", seq, self._malformation(place)))
        elif place.members.get("seq") != seq:
            self._judge_order(place)
        elif place.members.get("prev") != self._expected_prev(seq):
            self._judge_link(place)
        else:
            self._judge_columns(place)

    def _judge_bytes(self, place: _Place) -> None:
        """The bytes do not give the stored hash: moved from elsewhere, or one of the two was edited."""
        seq = place.seq
        elsewhere = self._connection.execute("SELECT seq FROM events WHERE hash = ?", (place.computed,)).fetchone()
        if elsewhere is not None:
            self._add(Finding("reordered", seq, f"these are the bytes of event {elsewhere[0]}"))
            return
        fixed = self._fixed_by_next(seq)
        if fixed == place.stored or (fixed is None and self._tree_supports(seq, place.stored)):
            what = "the bytes were changed: the stored hash is the one that what follows fixes"
        elif fixed == place.computed or (fixed is None and self._tree_supports(seq, place.computed)):
            what = "the stored hash was changed: the bytes give the hash that what follows fixes"
        else:
            what = "the bytes do not give the stored hash"
        self._add(Finding("edited", seq, f"{what}; stored {place.stored.hex()}, recomputed {place.computed.hex()}"))

    def _judge_order(self, place: _Place) -> None:
        seq = place.seq
        own = place.members.get("seq") if place.members else None
        shift = own - seq if isinstance(own, int) else 0
        partner = self._findings.get(own) if isinstance(own, int) else None
        if partner is not None and partner.kind == "reordered" and self._shift.get(seq + shift) == -shift:
            return  # the other half of a swap that is already told
        self._shift[seq] = shift
        self._add(Finding("reordered", seq, f"here stands event {own}"))

    def _judge_link(self, place: _Place) -> None:
        """The event does not name the hash stored before it: it was edited with its hash, or the one before was."""
        seq = place.seq
        before = self._place(seq - 1) if seq else None
        if seq and (before is None or not before.hash_fits or seq - 1 in self._findings):
            return  # what stands before is already told
        self_fixed = self._fixed_by_next(seq) == place.stored or self._tree_supports(seq, place.stored)
        if seq and self_fixed and not self._tree_supports(seq - 1, before.stored if before else b""):
            self._add(
                Finding("edited", seq - 1, "the event was changed and its hash with it; the next one names another")
            )
        elif place.members is not None and self._inserted(place):
            self._add(Finding("reordered", seq, "the event does not follow the one before it"))
        else:
            self._add(
                Finding("edited", seq, "the event was changed and its hash with it; it no longer names the one before")
            )

    def _inserted(self, place: _Place) -> bool:
        """Whether the event names some other event than the one before as its predecessor."""
        prev = place.members.get("prev") if place.members else None
        if not isinstance(prev, str):
            return False
        try:
            named = bytes.fromhex(prev)
        except ValueError:
            return False
        return self._connection.execute("SELECT 1 FROM events WHERE hash = ?", (named,)).fetchone() is not None

    def _judge_columns(self, place: _Place) -> None:
        seq, members = place.seq, place.members or {}
        wrong = [name for name in _COLUMNS if place.columns[name] != members.get(name)]
        if wrong:
            told = ", ".join(
                f"{name} is {place.columns[name]!r}, the event says {members.get(name)!r}" for name in wrong
            )
            self._add(Finding("columns", seq, told))
            return
        type_, subject, project, actor, at, cause = place.columns.values()
        expected = events.prefix(seq, type_, subject, project, actor, at, cause, str(members.get("prev")))
        if not place.body.startswith(expected) or (isinstance(cause, int) and cause >= seq):
            self._add(Finding("malformed", seq, self._malformation(place)))
            return
        before = self._place(seq - 1) if seq else None
        if before is not None and seq - 1 not in self._findings and before.columns["at"] > place.columns["at"]:
            at, earlier = place.columns["at"], before.columns["at"]
            self._add(Finding("clock", seq, f"it was recorded at {at}, before the event ahead of it ({earlier})"))

    def _tree(self) -> Iterable[Finding]:
        """Wrong nodes that no finding on an event explains."""
        wrong = set(self._noted.nodes)
        told = sorted(self._findings)
        lonely = [node for node in sorted(wrong) if not _covers_any(node, told)]
        spread = [node for node in lonely if node[0] == 1 and self._ancestors_wrong(node, wrong)]
        if spread:
            yield self._unsaid_edit(spread)
            first = spread[0][1]
            lonely = [(level, index) for level, index in lonely if (index + 1) << level <= first << 1]
        for level, index in lonely:
            row = self._connection.execute("SELECT 1 FROM nodes WHERE level = ? AND idx = ?", (level, index)).fetchone()
            what = "differs from the recomputed one" if row else "is missing"
            yield Finding("tree", index << level, f"the stored node {index} of level {level} {what}")

    def _unsaid_edit(self, spread: list[tuple[int, int]]) -> Finding:
        """Every hash and link fits, and yet the tree from one place on is another one: re-chained from there."""
        first = spread[0][1] << 1
        last = self._noted.size - 1
        if first + 1 >= last and self._noted.size <= (spread[0][1] + 1) << 1:
            return Finding(
                "edited", last, "the last event was changed and its hash with it; the tree fixes another hash"
            )
        return Finding(
            "edited",
            first,
            f"event {first} or {first + 1} was changed and all after it chained anew; the stored tree fixes other hashes",
        )

    def _ancestors_wrong(self, node: tuple[int, int], wrong: set[tuple[int, int]]) -> bool:
        """Whether every stored node above is wrong too, as when a leaf changed; a changed node alone leaves them right."""
        level, index = node
        size = self._noted.size
        above = False
        while True:
            level, index = level + 1, index >> 1
            if (index + 1) << level > size:
                break
            above = True
            if (level, index) not in wrong:
                return False
        return above or self._unconfirmed(node)

    def _unconfirmed(self, node: tuple[int, int]) -> bool:
        """Whether a leaf below the node is fixed by no later event: the last one of the log."""
        return (node[1] + 1) << node[0] >= self._noted.size

    def _tree_supports(self, seq: int, leaf: bytes) -> bool:
        """Whether the stored parent of a leaf is what ``leaf`` and its stored sibling give."""
        parent = self._connection.execute("SELECT hash FROM nodes WHERE level = 1 AND idx = ?", (seq >> 1,)).fetchone()
        sibling = self._connection.execute("SELECT hash FROM events WHERE seq = ?", (seq ^ 1,)).fetchone()
        if parent is None or sibling is None:
            return False
        pair = (sibling[0], leaf) if seq & 1 else (leaf, sibling[0])
        return node_hash(*pair) == bytes(parent[0])

    def _expected_prev(self, seq: int) -> str | None:
        if seq == 0:
            return ZERO_PREV
        row = self._connection.execute("SELECT hash FROM events WHERE seq = ?", (seq - 1,)).fetchone()
        return None if row is None else bytes(row[0]).hex()

    def _fixed_by_next(self, seq: int) -> bytes | None:
        following = self._place(seq + 1)
        if following is None or following.members is None or not following.hash_fits:
            return None
        prev = following.members.get("prev")
        try:
            return bytes.fromhex(prev) if isinstance(prev, str) else None
        except ValueError:
            return None

    def _place(self, seq: int) -> _Place | None:
        try:
            row = self._connection.execute(
                "SELECT hash, body, type, subject, project, actor, at, cause FROM events WHERE seq = ?", (seq,)
            ).fetchone()
        except sqlite3.DatabaseError:
            return None
        if row is None:
            return None
        try:
            members = json.loads(row[1])
        except ValueError:
            members = None
        columns = dict(zip(_COLUMNS, row[2:], strict=True))
        whole = members if isinstance(members, dict) else None
        return _Place(seq, row[0], leaf_hash(row[1]), columns, row[1], whole)

    def _malformation(self, place: _Place) -> str:
        try:
            events.decode(place.body)
        except FormatError as error:
            return str(error)
        return "the event's bytes are not laid out as the format prescribes"

    def _add(self, finding: Finding) -> None:
        if finding.seq is not None:
            self._findings.setdefault(finding.seq, finding)

    def _coalesced(self, findings: list[Finding]) -> list[Finding]:
        """Join runs of neighbours that have one cause: a removed range, rows that all moved by the same distance."""
        joined: list[Finding] = []
        count = 0
        for finding in findings:
            last = joined[-1] if joined else None
            if last is not None and self._continues(last, finding, count):
                count += 1
                continue
            if last is not None and count > 1:
                joined[-1] = self._described(last, count)
            joined.append(finding)
            count = 1
        if joined and count > 1:
            joined[-1] = self._described(joined[-1], count)
        return joined

    def _continues(self, first: Finding, finding: Finding, count: int) -> bool:
        if finding.kind != first.kind or finding.seq != (first.seq or 0) + count:
            return False
        if finding.kind == "missing":
            return True
        shift = self._shift.get(first.seq or 0)
        return finding.kind == "reordered" and shift is not None and shift == self._shift.get(finding.seq or 0)

    def _described(self, finding: Finding, count: int) -> Finding:
        first = finding.seq or 0
        if finding.kind == "missing":
            return Finding(
                "missing", first, f"the events {first} to {first + count - 1} are not there ({count} removed)"
            )
        moved = abs(self._shift[first])
        rows = f"{moved} row{'s' if moved != 1 else ''}"
        if self._shift[first] > 0:
            return Finding("missing", first, f"{rows} removed here, and the {count} after renumbered to hide it")
        return Finding("reordered", first, f"{rows} put in before this, and {count} renumbered to make room")


def _covers_any(node: tuple[int, int], places: list[int]) -> bool:
    level, index = node
    low, high = index << level, (index + 1) << level
    return any(low <= place < high for place in places)
