"""Signed notes (C2SP signed-note v1.0.0): a text, a blank line, and signature lines that anyone may add to.

A verifier knows some keys. Signatures of keys that it does not know are passed over; one that it knows and that fails
condemns the whole note; a note without any that it knows says nothing. What is written here opens with Go's
``sumdb/note``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from ledger.format import b64
from ledger.format.errors import FormatError
from ledger.format.keys import ED25519, PublicKey, SecretKey, VerifierKey, is_key_name
from ledger.format.text import visible

MAX_SIGNATURES = 100
"""More are refused (the specification asks for at least 16; Go's limit is 100)."""

_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_MIN_BLOB = 5  # four bytes of key id and at least one of signature


class NoteError(FormatError):
    """A note is malformed, or what is known of its keys does not vouch for it."""


class Verifier(Protocol):
    """Checks the signatures of one key."""

    @property
    def name(self) -> str:
        """The key's name."""

    @property
    def key_id(self) -> bytes:
        """The key's id, 4 bytes."""

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether this key made the signature (without the key id) over the note's text."""


class Signer(Protocol):
    """Makes the signatures of one key."""

    @property
    def name(self) -> str:
        """The key's name."""

    @property
    def key_id(self) -> bytes:
        """The key's id, 4 bytes."""

    def sign(self, text: bytes) -> bytes:
        """Return the signature (without the key id) over the note's text."""


class Signature(NamedTuple):
    """One signature line: the key's name, its 4-byte id, and what the key wrote."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64.encode(self.key_id + self.signature)}\n"


class Note(NamedTuple):
    """A note taken apart: its text with the final newline, and its signatures, verified or of unknown keys."""

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]

    def vouched_by(self, verifier: Verifier) -> bool:
        """Return whether this verifier's key is among those that were verified."""
        return any(s.name == verifier.name and s.key_id == verifier.key_id for s in self.verified)


class Ed25519Verifier:
    """Verifies plain Ed25519 signatures (type 0x01): over the text, the final newline included."""

    def __init__(self, key: VerifierKey) -> None:
        """Take a verifier key of type 0x01.

        :raises NoteError: ``unknown verifier algorithm``, or a key of the wrong length.
        """
        if key.type != ED25519:
            raise NoteError(f"unknown verifier algorithm: type 0x{key.type:02x}, want 0x{ED25519:02x}")
        self.key = key
        self.name = key.name
        self.key_id = key.id
        self._public = PublicKey(key.public)

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether the key signed the text."""
        return self._public.verify(signature, text)


class Ed25519Signer:
    """Makes plain Ed25519 signatures (type 0x01)."""

    def __init__(self, name: str, secret: SecretKey) -> None:
        """Take the name that the signatures bear, and the key.

        :raises KeyFormatError: if a signature cannot bear this name.
        """
        self.key = VerifierKey.ed25519(name, secret.public)
        self.name = name
        self.key_id = self.key.id
        self._secret = secret

    def sign(self, text: bytes) -> bytes:
        """Return the 64-byte signature of the text."""
        return self._secret.sign(text)


def sign(text: str, signers: Iterable[Signer], signatures: Iterable[Signature] = ()) -> bytes:
    """Return a note of this text: the given signatures, but for those that a signer makes anew, then the signers'.

    :raises NoteError: if the text does not end in a newline, or holds what a note may not.
    """
    if not text.endswith("\n"):
        raise NoteError("malformed note: the text does not end in a newline")
    try:
        message = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NoteError("malformed note: a lone surrogate has no UTF-8") from error
    if _CONTROL.search(text):
        raise NoteError("malformed note: a control character")
    made = []
    for signer in signers:
        if not is_key_name(signer.name):
            raise NoteError("invalid signer: a name is not empty and holds no space, control character or plus")
        made.append(Signature(signer.name, signer.key_id, signer.sign(message)))
    anew = {(s.name, s.key_id) for s in made}
    kept = [s for s in signatures if (s.name, s.key_id) not in anew]
    if not kept and not made:
        raise NoteError("malformed note: no signature")
    return message + b"\n" + "".join(str(s) for s in [*kept, *made]).encode("utf-8")


def parse(message: bytes) -> Note:
    """Return a note taken apart, no signature verified: all are ``unknown``.

    :raises NoteError: ``malformed note``, and how.
    """
    try:
        whole = message.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError(f"malformed note: not UTF-8 at byte {error.start}") from error
    if _CONTROL.search(whole):
        raise NoteError("malformed note: a control character")
    split = whole.rfind("\n\n")
    if split < 0:
        raise NoteError("malformed note: no blank line before the signatures")
    text, block = whole[: split + 1], whole[split + 2 :]
    if not block.endswith("\n"):
        raise NoteError("malformed note: no signature, or the last one has no newline")
    lines = block[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"malformed note: {len(lines)} signatures, more than {MAX_SIGNATURES}")
    return Note(text, (), tuple(_parse_line(line) for line in lines))


def open_note(message: bytes, verifiers: Sequence[Verifier]) -> Note:
    """Return a note that at least one of the verifiers vouches for, and none contradicts.

    Each key is listed once among the verified, with its first signature; each unknown signature once.

    :raises NoteError: ``malformed note``, ``ambiguous key``, ``invalid signature for key`` or ``note has no verifiable
        signatures``.
    """
    known: dict[tuple[str, bytes], list[Verifier]] = {}
    for verifier in verifiers:
        known.setdefault((verifier.name, verifier.key_id), []).append(verifier)
    note = parse(message)
    text = note.text.encode("utf-8")
    verified: dict[tuple[str, bytes], Signature] = {}
    unknown: dict[Signature, None] = {}
    for signature in note.unknown:
        key = (signature.name, signature.key_id)
        candidates = known.get(key, [])
        if not candidates:
            unknown[signature] = None
            continue
        if len(candidates) > 1:
            raise NoteError(f"ambiguous key {_shown(signature)}")
        if not candidates[0].verify(text, signature.signature):
            raise NoteError(f"invalid signature for key {_shown(signature)}")
        verified.setdefault(key, signature)
    if not verified:
        raise NoteError("note has no verifiable signatures")
    return Note(note.text, tuple(verified.values()), tuple(unknown))


def _parse_line(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError("malformed note: a signature line begins with an em dash and a space")
    name, _, encoded = line[len(_DASH) :].partition(" ")
    if not is_key_name(name):
        raise NoteError("malformed note: a signature without a proper name")
    try:
        blob = b64.decode(encoded)
    except FormatError as error:
        raise NoteError("malformed note: a signature is not standard padded base64") from error
    if len(blob) < _MIN_BLOB:
        raise NoteError("malformed note: a signature is too short")
    return Signature(name, blob[:4], blob[4:])


def _shown(signature: Signature) -> str:
    return f"{visible(signature.name)}+{signature.key_id.hex()}"
