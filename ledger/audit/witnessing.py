"""A witness: it cosigns a log's checkpoint only if that continues the last one it saw (C2SP tlog-witness, in files).

For each log it keeps, on disk and before any cosignature leaves, the size and root it saw last; they never go back.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ledger import keyfiles
from ledger.audit import misbehaviour, trust
from ledger.errors import LedgerError, Refused
from ledger.format import addcheckpoint, cosignature, note
from ledger.format.addcheckpoint import AddCheckpoint
from ledger.format.checkpoint import Checkpoint, SignedCheckpoint, parse_body
from ledger.format.cosignature import Ed25519Cosigner
from ledger.format.errors import FormatError
from ledger.format.keys import SecretKey, VerifierKey


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log that a witness watches: its keys, and what was seen of it last; size 0 and no note before the first.

    ``root`` is in hex; ``time`` is that of the last cosignature, seconds since 1970.
    """

    origin: str
    keys: tuple[str, ...]
    size: int = 0
    root: str = ""
    time: int = 0
    note: str = ""


class Forked(Refused):
    """The log signed what contradicts the witness's memory; ``proof`` shows it to anyone."""

    def __init__(self, message: str, proof: Path) -> None:
        super().__init__(message)
        self.proof = proof


class Witness:
    """A witness's identity and memory."""

    def __init__(self, name: str, secret: SecretKey, folder: Path) -> None:
        """Args: its name, its key, and the folder of its memory, made when first needed."""
        self.name = name
        self.key = VerifierKey(name, cosignature.ED25519, secret.public.raw)
        self.folder = folder
        self._secret = secret

    def logs(self) -> list[KnownLog]:
        """The logs that it watches, by origin."""
        return sorted((self._read(path) for path in self.folder.glob("*.log")), key=lambda known: known.origin)

    def trust(self, key: VerifierKey) -> KnownLog:
        """Watch the log whose verifier key this is; a log that has a new key is told again.

        Raises:
            LedgerError: the memory cannot be read or written.
        """
        with self._held(key.name):
            known = self._known(key.name) or KnownLog(key.name, ())
            if str(key) not in known.keys:
                known = replace(known, keys=(*known.keys, str(key)))
                self._write(known)
            return known

    def cosign(self, request: bytes, time: int) -> bytes:
        """The note of a request's checkpoint with this witness's cosignature added.

        What was seen is on the disk before this returns.

        Args:
            request: the body of a C2SP tlog-witness ``add-checkpoint`` request.
            time: now, in seconds since 1970.

        Raises:
            Refused: the log is unknown, did not sign this, or it does not continue what was seen last; the message says
                what to do. ``Forked`` where the log contradicts itself: a proof is kept.
        """
        try:
            asked = addcheckpoint.parse(request)
            origin = parse_body(note.parse(asked.checkpoint).text).origin
        except FormatError as error:
            raise Refused(f"this is no request for a cosignature: {error}") from None
        with self._held(origin):
            known = self._known(origin)
            if known is None:
                raise Refused(f"{self.name} does not watch the log {origin}; `assay witness trust VKEY` begins to")
            signed = _opened(known, asked)
            self._require_continuation(known, asked, signed)
            seen = signed.checkpoint
            moment = max(time, known.time)
            self._write(
                replace(known, size=seen.size, root=seen.root.hex(), time=moment, note=asked.checkpoint.decode())
            )
            kept = (*signed.note.verified, *signed.note.unknown)
            return note.sign(signed.note.text, [Ed25519Cosigner(self.name, self._secret, moment)], kept)

    def _require_continuation(self, known: KnownLog, asked: AddCheckpoint, signed: SignedCheckpoint) -> None:
        seen = signed.checkpoint
        if seen.size == known.size and seen.root.hex() != known.root:
            raise self._forked(known, asked)
        if asked.old > seen.size:
            raise Refused(f"the request's old size, {asked.old}, is above its checkpoint's, {seen.size}")
        if seen.size < known.size:
            raise Refused(
                f"{self.name} has seen {known.size} events of {known.origin} already, this checkpoint covers {seen.size}: "
                "it is an older one, or the log was cut"
            )
        if asked.old != known.size:
            raise Refused(
                f"{self.name} last saw {known.size} events of {known.origin}, the request begins at {asked.old}; "
                f"make it with `assay witness request --old {known.size}`"
            )
        self._require_proof(known, asked, seen)

    def _require_proof(self, known: KnownLog, asked: AddCheckpoint, seen: Checkpoint) -> None:
        try:
            addcheckpoint.verify(asked, bytes.fromhex(known.root), seen)
        except FormatError as error:
            raise Refused(
                f"it is not shown that the {seen.size} events continue the {known.size} that {self.name} saw: {error}. "
                "A log that cannot show it has rewritten its history"
            ) from None

    def _forked(self, known: KnownLog, asked: AddCheckpoint) -> Forked:
        place = self._place(known.origin).with_suffix(f".{known.size}{misbehaviour.SUFFIX}")
        policy = trust.trusted(trust.parse_keys(known.keys))
        data = misbehaviour.make(known.note.encode(), asked.checkpoint, policy)
        if data is not None:
            keyfiles.replace(place, data)
        return Forked(
            f"the log {known.origin} signed two roots of size {known.size}: it has been forked. The proof, which anyone can "
            f"check, is in {place}",
            place,
        )

    @contextmanager
    def _held(self, origin: str) -> Iterator[None]:
        """One process at a time compares and remembers, so that a slow one cannot put the memory back."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._place(origin).with_suffix(".lock")
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError(f"the witness's memory in {self.folder} cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _known(self, origin: str) -> KnownLog | None:
        path = self._place(origin)
        return self._read(path) if path.exists() else None

    def _read(self, path: Path) -> KnownLog:
        try:
            members = json.loads(path.read_text(encoding="utf-8"))
            known = KnownLog(**{**members, "keys": tuple(members["keys"])})
            if not (isinstance(known.size, int) and isinstance(known.time, int)) or len(bytes.fromhex(known.root)) % 32:
                raise ValueError("no size and root")
            return known
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerError(
                f"{path} does not say what {self.name} saw last ({error}); restore it, for without it nothing is cosigned"
            ) from None

    def _write(self, known: KnownLog) -> None:
        members = {field: getattr(known, field) for field in KnownLog.__slots__}
        try:
            keyfiles.replace(self._place(known.origin), json.dumps(members, indent=1).encode() + b"\n")
        except OSError as error:
            raise LedgerError(f"the witness's memory in {self.folder} cannot be written: {error.strerror}") from None

    def _place(self, origin: str) -> Path:
        # An origin may be longer than a file's name; the file itself says whose it is.
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.log"


def _opened(known: KnownLog, asked: AddCheckpoint) -> SignedCheckpoint:
    try:
        return trust.trusted(trust.parse_keys(known.keys)).open_checkpoint(asked.checkpoint)
    except FormatError as error:
        raise Refused(f"the log {known.origin} did not sign this checkpoint: {error}") from None
