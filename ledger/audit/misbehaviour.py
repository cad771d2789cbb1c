"""Proof of misbehaviour: two checkpoints that a log signed, and that no one log can satisfy.

Anyone who holds the log's verifier key can check such a file; nothing in it needs to be believed. Where the two sizes
differ, the newer tree itself shows, by a consistency proof, which root it has at the older size: another than the one
that was signed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledger.errors import LedgerError
from ledger.format import b64, canonical, proof
from ledger.format.checkpoint import Checkpoint, SignedCheckpoint
from ledger.format.errors import FormatError
from ledger.format.policy import Policy
from ledger.store import journal

TYPE = "https://assay.example/misbehaviour/v1"
SUFFIX = ".misbehaviour.json"

_MEMBERS = {"_type", "older", "newer", "root", "proof"}


class MisbehaviourError(FormatError):
    """What is handed in as a proof of misbehaviour is malformed, or proves nothing."""


class Misbehaviour(NamedTuple):
    """Two signed checkpoints of one log, the older's size not above the newer's, that contradict each other.

    ``root`` is the root that the newer tree has at the older's size; the older checkpoint names another.
    """

    older: SignedCheckpoint
    newer: SignedCheckpoint
    root: bytes

    def words(self) -> str:
        """What the proof says, in one sentence."""
        first, second = self.older.checkpoint, self.newer.checkpoint
        return (
            f"the log {first.origin} signed two histories: after {first.size} events the root {first.root.hex()}, and "
            f"{self.root.hex()} in a log of {second.size}"
        )


def make(one: bytes, other: bytes, policy: Policy, node: Callable[[int, int], bytes] | None = None) -> bytes | None:
    """The proof's bytes out of two signed notes; ``None`` where they contradict each other in nothing that can be shown.

    Args:
        one: a signed checkpoint.
        other: another one of the same log.
        policy: the log's keys.
        node: the stored nodes of the log that satisfies the newer one; without them only two roots of one size contradict.

    Raises:
        FormatError: one of the two is not a checkpoint that the log signed.
    """
    first, second = sorted((one, other), key=lambda note: policy.open_checkpoint(note).checkpoint.size)
    older, newer = policy.open_checkpoint(first).checkpoint, policy.open_checkpoint(second).checkpoint
    root, path = newer.root, list[bytes]()
    if older.size < newer.size:
        if node is None:
            return None
        root, path = proof.root(older.size, node), proof.consistency(older.size, newer.size, node)
    document = {
        "_type": TYPE,
        "older": first.decode(),
        "newer": second.decode(),
        "root": b64.encode(root),
        "proof": [b64.encode(each) for each in path],
    }
    data = canonical.encode(document)
    try:
        verify(data, policy)
    except MisbehaviourError:
        return None
    return data


def search(connection: sqlite3.Connection, outside: Sequence[str], policy: Policy) -> bytes | None:
    """A proof out of a ledger's stored checkpoints and those kept elsewhere; ``None`` where they can show none.

    Args:
        connection: an open ledger; its stored nodes show what a newer checkpoint's tree has at an older one's size.
        outside: signed notes kept elsewhere.
        policy: the log's keys.
    """
    stored = [str(row[0]) for row in connection.execute("SELECT note FROM checkpoints ORDER BY size")]
    node = journal.node_getter(connection)
    size = journal.size(connection)
    by_size: dict[int, tuple[Checkpoint, bytes]] = {}
    apart: list[tuple[Checkpoint, bytes]] = []
    newest: bytes | None = None
    for text in (*stored, *outside):
        note = text.encode("utf-8", "surrogatepass")
        try:
            head = policy.open_checkpoint(note).checkpoint
            agrees = head.size <= size and proof.root(head.size, node) == head.root
        except (FormatError, LedgerError):
            continue  # not the log's, or nodes are missing: a finding of its own
        other = by_size.setdefault(head.size, (head, note))
        if other[0].root != head.root:
            return make(other[1], note, policy)
        if not agrees:
            apart.append((head, note))
        elif newest is None or head.size >= policy.open_checkpoint(newest).checkpoint.size:
            newest = note
    for head, note in apart:
        found = None if newest is None or head.size > size else make(note, newest, policy, node)
        if found is not None:
            return found
    return None


def is_misbehaviour(data: bytes) -> bool:
    """Whether a file that begins with these bytes is meant to be a proof of misbehaviour."""
    return data.lstrip().startswith(b"{") and TYPE.encode() in data


def verify(data: bytes, policy: Policy) -> Misbehaviour:
    """The misbehaviour that a file proves to whoever trusts these keys.

    Args:
        data: the file's bytes.
        policy: the log's keys as known from elsewhere; its quorum does not matter here.

    Raises:
        MisbehaviourError: the file is malformed, or proves nothing; the message says why.
    """
    older, newer, root, path = _parse(data, policy)
    first, second = older.checkpoint, newer.checkpoint
    if first.origin != second.origin:
        raise MisbehaviourError(f"two logs, {first.origin} and {second.origin}, may well differ")
    if first.size > second.size or first.size < 1:
        raise MisbehaviourError("the older checkpoint comes first, and covers something")
    if root == first.root:
        raise MisbehaviourError("the two checkpoints agree")
    try:
        proof.verify_consistency(first.size, root, second.size, second.root, path)
    except FormatError as error:
        raise MisbehaviourError(f"it is not shown that the newer tree has another root there: {error}") from None
    return Misbehaviour(older, newer, root)


def _parse(data: bytes, policy: Policy) -> tuple[SignedCheckpoint, SignedCheckpoint, bytes, list[bytes]]:
    try:
        document = canonical.parse(data)
    except FormatError as error:
        raise MisbehaviourError(f"malformed: {error}") from None
    if not isinstance(document, dict) or document.keys() != _MEMBERS or document["_type"] != TYPE:
        raise MisbehaviourError(f"malformed: want an object of {', '.join(sorted(_MEMBERS))}, _type {TYPE}")
    texts = [document["older"], document["newer"], document["root"]]
    listed = document["proof"]
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in (*texts, *listed)):
        raise MisbehaviourError("malformed: older, newer and root are texts, proof a list of them")
    try:
        older, newer = (policy.open_checkpoint(text.encode()) for text in texts[:2])
        return older, newer, b64.decode(texts[2], "root"), [b64.decode(each, "hash") for each in listed]
    except FormatError as error:
        raise MisbehaviourError(str(error)) from None
