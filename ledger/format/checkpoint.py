"""Checkpoints (C2SP tlog-checkpoint v1.0.0): what a log says of itself at one size, as a signed note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Self

from ledger.format import b64, note
from ledger.format.errors import FormatError
from ledger.format.hashes import HASH_SIZE
from ledger.format.keys import SecretKey
from ledger.format.note import Note, Verifier
from ledger.format.text import visible

MAX_SIZE = 2**63 - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class CheckpointError(FormatError):
    """A checkpoint's text is malformed, or its signatures do not make it the log's."""


class _Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]


class Checkpoint(_Checkpoint):
    """A log's name, its number of events, the 32-byte root of its tree at that size, and extension lines if any."""

    __slots__ = ()

    def __new__(cls, origin: str, size: int, root: bytes, extensions: tuple[str, ...] = ()) -> Self:
        """Take the parts.

        :raises CheckpointError: naming the part that no checkpoint has.
        """
        if any(not line or "\n" in line for line in (origin, *extensions)):
            raise CheckpointError("malformed checkpoint: an empty or broken line")
        if not 0 <= size <= MAX_SIZE:
            raise CheckpointError(f"malformed checkpoint: size {size}, want 0 to 2^63-1")
        if len(root) != HASH_SIZE:
            raise CheckpointError(f"malformed checkpoint: a root of {len(root)} bytes, want {HASH_SIZE}")
        return super().__new__(cls, origin, size, root, extensions)

    def body(self) -> str:
        """Return the note's text: origin, size, root, extensions, each on a line."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, b64.encode(self.root), *self.extensions))


class SignedCheckpoint(NamedTuple):
    """A checkpoint, and the note that carried it."""

    checkpoint: Checkpoint
    note: Note


def parse_body(text: str) -> Checkpoint:
    """Return the checkpoint that ``Checkpoint.body`` wrote.

    :raises CheckpointError: ``malformed checkpoint``, and how.
    """
    if not text.endswith("\n"):
        raise CheckpointError("malformed checkpoint: no newline at its end")
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise CheckpointError(f"malformed checkpoint: {len(lines)} lines, want origin, size and root")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise CheckpointError(f"malformed checkpoint: size {ascii(size)[:40]} is not a plain decimal number")
    try:
        raw = b64.decode(root, "root")
    except FormatError as error:
        raise CheckpointError(f"malformed checkpoint: {error}") from error
    return Checkpoint(origin, int(size), raw, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, secret: SecretKey) -> bytes:
    """Return the note by which the log vouches for the checkpoint; its key bears the origin's name.

    The caller sees to it that nothing inconsistent was signed before.

    :raises CheckpointError: below size 1, where there is nothing to vouch for.
    """
    if checkpoint.size < 1:
        raise CheckpointError("no checkpoint is signed of an empty log")
    return note.sign(checkpoint.body(), [note.Ed25519Signer(checkpoint.origin, secret)])


def open_checkpoint(message: bytes, log: Verifier, witnesses: Sequence[Verifier] = ()) -> SignedCheckpoint:
    """Return the checkpoint in a note that the log signed; ``note.verified`` names the witnesses that cosigned it.

    :param log: the log's key; its name is the origin that the checkpoint must have.
    :raises NoteError: as ``note.open_note``; a failing cosignature of a known witness condemns the note too.
    :raises CheckpointError: if the text is malformed, of another log, or has no signature of the log.
    """
    opened = note.open_note(message, [log, *witnesses])
    if not opened.vouched_by(log):
        raise CheckpointError(f"the checkpoint is not signed by the log, {log.name}")
    checkpoint = parse_body(opened.text)
    if checkpoint.origin != log.name:
        raise CheckpointError(f"the checkpoint is of another log: got {visible(checkpoint.origin)}, want {log.name}")
    return SignedCheckpoint(checkpoint, opened)


def log_signature_alone(message: bytes, log: Verifier) -> bytes:
    """Return the note with the log's own signature and no other: what a decision carries.

    :raises NoteError, CheckpointError: as ``open_checkpoint``.
    """
    opened = open_checkpoint(message, log).note
    own = [s for s in opened.verified if (s.name, s.key_id) == (log.name, log.key_id)]
    return note.sign(opened.text, (), own)
