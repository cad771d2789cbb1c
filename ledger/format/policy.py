"""Trust policies (C2SP tlog-policy): which logs are accepted, and whose cosignatures are enough.

Lines: ``log <vkey> [<url>]``, ``witness <name> <vkey> [<url>]``, ``group <name> all|any|<k> <name>…`` and exactly one
``quorum <name>|none``. A name is defined before it is used, and is a member once, so each witness counts in one way
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ledger.format import checkpoint, cosignature, keys
from ledger.format.checkpoint import SignedCheckpoint
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.note import Ed25519Verifier, Note, Verifier, open_note

NONE = "none"

_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COSIGNATURES = (cosignature.ED25519, cosignature.ML_DSA_44)


class PolicyError(FormatError):
    """A policy is malformed, or a checkpoint does not meet it."""


class LogEntry(NamedTuple):
    """A log that is accepted; its key's name is its origin."""

    key: VerifierKey
    url: str | None


class WitnessEntry(NamedTuple):
    """A witness, by the name that the policy gives it."""

    name: str
    key: VerifierKey
    url: str | None


class Group(NamedTuple):
    """A group cosigns where at least ``threshold`` of its members (witnesses or groups) do."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Policy(NamedTuple):
    """A policy taken apart; groups in the order of their definition. ``quorum`` is a name, or ``none``."""

    logs: tuple[LogEntry, ...]
    witnesses: tuple[WitnessEntry, ...]
    groups: tuple[Group, ...]
    quorum: str

    def satisfied(self, cosigned: Iterable[str]) -> bool:
        """Return whether cosignatures of these witnesses, by the policy's names, make a quorum."""
        if self.quorum == NONE:
            return True
        holding = set(cosigned) & {witness.name for witness in self.witnesses}
        for group in self.groups:  # a member is defined before its group, so one pass settles all
            if sum(member in holding for member in group.members) >= group.threshold:
                holding.add(group.name)
        return self.quorum in holding

    def cosigners(self, note: Note) -> frozenset[str]:
        """Return the policy's names of the witnesses whose cosignatures were verified in an opened note."""
        verified = {(signature.name, signature.key_id) for signature in note.verified}
        return frozenset(w.name for w in self.witnesses if (w.key.name, w.key.id) in verified)

    def open_checkpoint(self, message: bytes) -> SignedCheckpoint:
        """Return a checkpoint that one of the logs signed and a quorum of the witnesses cosigned.

        :raises NoteError: if a signature of a known key fails, or none is known.
        :raises CheckpointError: if it is malformed, or of a log that did not sign it.
        :raises PolicyError: if no log of the policy signed it, or the quorum is not met.
        """
        logs = [_log_verifier(log.key) for log in self.logs]
        witnesses = [cosignature.cosignature_verifier(witness.key) for witness in self.witnesses]
        opened = open_note(message, [*logs, *witnesses])
        log = next((verifier for verifier in logs if opened.vouched_by(verifier)), None)
        if log is None:
            raise PolicyError("policy: the checkpoint is signed by none of its logs")
        signed = checkpoint.open_checkpoint(message, log, witnesses)
        present = self.cosigners(signed.note)
        if not self.satisfied(present):
            raise PolicyError(f"policy: quorum {self.quorum} is not met; cosigned by {_listed(present)}")
        return signed


def parse(data: bytes) -> Policy:
    """Return the policy in a file. Bytes above 0x7F are opaque; names are kept as they are (``surrogateescape``).

    :raises PolicyError: naming the line and what is wrong with it.
    """
    text = data.decode("utf-8", "surrogateescape").replace("\t", " ")
    if _FORBIDDEN.search(text):
        raise PolicyError("policy: a control character other than tab and newline")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        items = [item for item in line.split(" ") if item]
        if not items or items[0].startswith("#"):
            continue
        try:
            reader.read(items)
        except FormatError as error:
            raise PolicyError(f"policy: line {number}: {error}") from error
    if reader.quorum is None:
        raise PolicyError("policy: no quorum line")
    return Policy(tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum)


class _Reader:
    """Collects the lines of a policy; each is refused by itself."""

    def __init__(self) -> None:
        self.logs: list[LogEntry] = []
        self.witnesses: list[WitnessEntry] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._defined: set[str] = set()
        self._members: set[str] = set()

    def read(self, items: list[str]) -> None:
        match items:
            case ["log", key, *url] if len(url) <= 1:
                self._log(key, url)
            case ["witness", name, key, *url] if len(url) <= 1:
                self._witness(name, key, url)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise PolicyError("want log, witness, group or quorum with its items")

    def _log(self, key: str, url: list[str]) -> None:
        parsed = VerifierKey.parse(key)
        if parsed.type not in (keys.ED25519, cosignature.ML_DSA_44):
            raise PolicyError(f"a log does not sign by type 0x{parsed.type:02x}")
        if any(log.key.public == parsed.public for log in self.logs):
            raise PolicyError("a log with this key stands above")
        self.logs.append(LogEntry(parsed, url[0] if url else None))

    def _witness(self, name: str, key: str, url: list[str]) -> None:
        self._define(name)
        parsed = VerifierKey.parse(key)
        if parsed.type not in _COSIGNATURES:
            raise PolicyError(f"a witness does not sign by type 0x{parsed.type:02x}")
        if any(witness.key.public == parsed.public for witness in self.witnesses):
            raise PolicyError("a witness with this key stands above")
        self.witnesses.append(WitnessEntry(name, parsed, url[0] if url else None))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            if member not in self._defined:
                raise PolicyError(f"{member!a} is not defined above")
            if member in self._members:
                raise PolicyError(f"{member!a} is a member already")
            self._members.add(member)
        self._define(name)
        if threshold in ("all", "any"):
            count = len(members) if threshold == "all" else 1
        elif _NUMBER.fullmatch(threshold) and int(threshold) <= len(members):
            count = int(threshold)
        else:
            raise PolicyError(f"a threshold is all, any or a number from 1 to {len(members)}")
        self.groups.append(Group(name, count, tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise PolicyError("a second quorum")
        if name != NONE and name not in self._defined:
            raise PolicyError(f"{name!a} is not defined above")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NONE or name in self._defined:
            raise PolicyError(f"{name!a} is taken")
        self._defined.add(name)


def _log_verifier(key: VerifierKey) -> Verifier:
    return Ed25519Verifier(key) if key.type == keys.ED25519 else cosignature.cosignature_verifier(key)


def _listed(present: frozenset[str]) -> str:
    return ", ".join(ascii(name)[1:-1] for name in sorted(present)) or "none of its witnesses"
