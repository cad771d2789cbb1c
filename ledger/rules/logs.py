"""Which name and key a ledger signs its checkpoints with, and from which size on (FORMAT §4): by position, never by clock.

Event 0 names the first. ``ledger.key_rotated`` at ``seq`` is itself still covered by the key before it, which so vouches
for its successor: the new key signs from size ``seq + 2``. ``ledger.continued`` at ``seq`` parts from the log that it was
copied from: its key and origin sign from size ``seq + 1``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ledger.format import checkpoint as checkpoints
from ledger.format import note as notes
from ledger.format.checkpoint import SignedCheckpoint
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.note import Ed25519Verifier, Verifier
from ledger.projections import View

_ROTATED, _CONTINUED = "ledger.key_rotated", "ledger.continued"
SUCCESSIONS = (_ROTATED, _CONTINUED)
"""The event types that change a ledger's key."""


class LogKey(NamedTuple):
    """A ledger's key: ``since`` is the smallest size of a checkpoint that it signs, ``seq`` the event that names it."""

    since: int
    verifier: VerifierKey
    seq: int = 0

    @property
    def origin(self) -> str:
        """The ledger's name while this key is valid."""
        return self.verifier.name


def log_keys(view: View) -> tuple[LogKey, ...]:
    """The ledger's keys as of the view, in the order in which they follow one another; empty before the first event.

    Raises:
        FormatError: an event that names a key cannot be read.
    """
    row = view.row("SELECT body FROM events WHERE seq = 0 AND seq <= :at")
    if row is None:
        return ()
    found = [LogKey(1, _key(_value(row[0])))]
    since = 0
    while True:
        # The events about one origin are few and found by the index on subjects.
        rows = view.rows(
            "SELECT seq, type, body FROM events WHERE subject = :subject AND seq > :since AND seq <= :at "
            "AND type IN (:rotated, :continued) ORDER BY seq",
            {"subject": f"ledger/{found[-1].origin}", "since": since, "rotated": _ROTATED, "continued": _CONTINUED},
        )
        for seq, type_, body in rows:
            continued = type_ == _CONTINUED
            found.append(LogKey(seq + (1 if continued else 2), _key(_value(body)), seq))
            if continued:
                since = seq
                break
        else:
            return tuple(found)


def key_at(keys: Sequence[LogKey], size: int) -> VerifierKey:
    """The key that signs a checkpoint of ``size`` events.

    Raises:
        FormatError: there is none: the log is empty.
    """
    valid = [each.verifier for each in keys if each.since <= max(size, 1)]
    if not valid:
        raise FormatError("a log without events has no key")
    return valid[-1]


def open_signed(keys: Sequence[LogKey], message: bytes, witnesses: Sequence[Verifier] = ()) -> SignedCheckpoint:
    """The checkpoint in a note that is signed with the key that is the log's at its size.

    Raises:
        FormatError: it is malformed, or not signed by that key.
    """
    size = checkpoints.parse_body(notes.parse(message).text).size
    return checkpoints.open_checkpoint(message, Ed25519Verifier(key_at(keys, size)), witnesses)


def origin(view: View) -> str:
    """The ledger's origin as of the view; empty before the first event."""
    keys = log_keys(view)
    return keys[-1].origin if keys else ""


def _value(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)["value"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"an event that names the ledger's key cannot be read: {error}") from None
    return value if isinstance(value, dict) else {}


def _key(value: dict[str, Any]) -> VerifierKey:
    return _parsed(str(value.get("key", "")))


@lru_cache(maxsize=16)
def _parsed(text: str) -> VerifierKey:
    """A key from its text: every decision asks for the log's, and there are few."""
    return VerifierKey.parse(text)
