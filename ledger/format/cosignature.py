"""Cosignatures of witnesses (C2SP tlog-cosignature v1.1.0-rc.1): "at this time I saw no larger tree of this log".

Two types: Ed25519 (0x04), which signs the checkpoint's text and not the witness's name, so that each witness needs a
key of its own; and ML-DSA-44 (0x06, FIPS 204), which signs both and outlasts quantum computers, where ``cryptography``
has it.
A signature is the time as u64 big-endian seconds since 1970, followed by the 64 or 2420 bytes of the algorithm.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

from ledger.format import checkpoint
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey as Ed25519PublicKey
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Note, Verifier

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

ED25519 = 0x04
ML_DSA_44 = 0x06

MAX_TIME = 2**63 - 1
ML_DSA_44_PUBLIC_SIZE = 1312
ML_DSA_44_SIGNATURE_SIZE = 2420

_ED25519_SIGNATURE_SIZE = 64
_TIME = struct.Struct(">Q")
_LABEL = b"subtree/v1\n\x00"


class CosignatureError(FormatError):
    """A cosignature or a witness's key is malformed, or the algorithm is not available."""


def ed25519_message(text: bytes, time: int) -> bytes:
    """Return what an Ed25519 cosignature signs: two header lines and the whole text of the checkpoint's note."""
    return b"cosignature/v1\ntime %d\n%b" % (time, text)


def ml_dsa_44_message(text: bytes, name: str, time: int) -> bytes:
    """Return what an ML-DSA-44 cosignature signs: the structure ``cosigned_message``, over leaves 0 to size.

    :raises FormatError: if the text is no checkpoint, or has extension lines, which such a signature does not cover.
    """
    seen = checkpoint.parse_body(text.decode("utf-8"))
    if seen.extensions:
        raise CosignatureError("an ML-DSA-44 cosignature covers no extension lines; the checkpoint has some")
    return b"".join(
        (
            _LABEL,
            _opaque(name),
            _TIME.pack(time),
            _opaque(seen.origin),
            _TIME.pack(0),
            _TIME.pack(seen.size),
            seen.root,
        )
    )


def has_ml_dsa_44() -> bool:
    """Return whether the installed ``cryptography`` offers ML-DSA-44 (from version 48)."""
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:
        return False
    return hasattr(mldsa, "MLDSA44PublicKey")


class Ed25519Cosigner:
    """Makes Ed25519 cosignatures at a given time (seconds since 1970)."""

    def __init__(self, name: str, secret: SecretKey, time: int) -> None:
        """Take the witness's name and key, and the moment of the statement.

        :raises CosignatureError: if the time is not from 0 to 2^63-1.
        """
        self.key = VerifierKey(name, ED25519, secret.public.raw)
        self.name = name
        self.key_id = self.key.id
        self._secret = secret
        self._time = _checked_time(time)

    def sign(self, text: bytes) -> bytes:
        """Return 72 bytes: time and signature.

        :raises FormatError: if the text is no checkpoint: a witness vouches for nothing else.
        """
        checkpoint.parse_body(text.decode("utf-8"))
        return _TIME.pack(self._time) + self._secret.sign(ed25519_message(text, self._time))


class MLDSA44Cosigner:
    """Makes ML-DSA-44 cosignatures at a given time (seconds since 1970)."""

    def __init__(self, name: str, seed: bytes, time: int) -> None:
        """Take the witness's name, the 32-byte seed of its key (FIPS 204, algorithm 1), and the moment.

        :raises CosignatureError: if the algorithm is not available, the seed or the time malformed.
        """
        _need_ml_dsa_44()
        if len(seed) != 32:
            raise CosignatureError(f"ML-DSA-44 seed: {len(seed)} bytes, want 32")
        self._seed = seed
        self.key = VerifierKey(name, ML_DSA_44, self._secret.public_key().public_bytes_raw())
        self.name = name
        self.key_id = self.key.id
        self._time = _checked_time(time)

    def sign(self, text: bytes) -> bytes:
        """Return 2428 bytes: time and signature.

        :raises FormatError: as ``ml_dsa_44_message``.
        """
        return _TIME.pack(self._time) + self._secret.sign(ml_dsa_44_message(text, self.name, self._time))

    @cached_property
    def _secret(self) -> MLDSA44PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        return MLDSA44PrivateKey.from_seed_bytes(self._seed)


class Ed25519CosignatureVerifier:
    """Verifies a witness's Ed25519 cosignatures."""

    def __init__(self, key: VerifierKey) -> None:
        """Take a verifier key of type 0x04.

        :raises FormatError: if it is of another type or length.
        """
        if key.type != ED25519:
            raise CosignatureError(f"unknown verifier algorithm: type 0x{key.type:02x}, want 0x{ED25519:02x}")
        self.key = key
        self.name = key.name
        self.key_id = key.id
        self._public = Ed25519PublicKey(key.public)

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether the witness cosigned this checkpoint."""
        if len(signature) != _TIME.size + _ED25519_SIGNATURE_SIZE:
            return False
        time = timestamp(signature)
        return time <= MAX_TIME and self._public.verify(signature[_TIME.size :], ed25519_message(text, time))


class MLDSA44CosignatureVerifier:
    """Verifies a witness's ML-DSA-44 cosignatures."""

    def __init__(self, key: VerifierKey) -> None:
        """Take a verifier key of type 0x06.

        :raises CosignatureError: if it is of another type or length, or the algorithm is not available.
        """
        if key.type != ML_DSA_44:
            raise CosignatureError(f"unknown verifier algorithm: type 0x{key.type:02x}, want 0x{ML_DSA_44:02x}")
        if len(key.public) != ML_DSA_44_PUBLIC_SIZE:
            raise CosignatureError(f"ML-DSA-44 key: {len(key.public)} bytes, want {ML_DSA_44_PUBLIC_SIZE}")
        _need_ml_dsa_44()
        self.key = key
        self.name = key.name
        self.key_id = key.id

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether the witness cosigned this checkpoint, which must not have extension lines."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        if len(signature) != _TIME.size + ML_DSA_44_SIGNATURE_SIZE or timestamp(signature) > MAX_TIME:
            return False
        try:
            message = ml_dsa_44_message(text, self.name, timestamp(signature))
            MLDSA44PublicKey.from_public_bytes(self.key.public).verify(signature[_TIME.size :], message)
        except (InvalidSignature, ValueError):
            return False
        return True


def cosignature_verifier(key: VerifierKey) -> Verifier:
    """Return the verifier of a witness's key, by its type.

    :raises CosignatureError: if it is of no cosignature type.
    """
    if key.type == ML_DSA_44:
        return MLDSA44CosignatureVerifier(key)
    return Ed25519CosignatureVerifier(key)


def timestamp(signature: bytes) -> int:
    """Return the time in a cosignature (``Signature.signature``), seconds since 1970.

    :raises CosignatureError: if it is too short to hold one.
    """
    if len(signature) < _TIME.size:
        raise CosignatureError(f"cosignature: {len(signature)} bytes hold no time")
    (time,) = _TIME.unpack_from(signature)
    return int(time)


def cosigned_at(note: Note, witness: Verifier) -> int | None:
    """Return when a witness cosigned an opened note, in seconds since 1970, or None if it did not."""
    for signature in note.verified:
        if (signature.name, signature.key_id) == (witness.name, witness.key_id):
            return timestamp(signature.signature)
    return None


def _opaque(text: str) -> bytes:
    data = text.encode("utf-8")
    if not 1 <= len(data) <= 255:
        raise CosignatureError(f"ML-DSA-44 cosignature: a name of {len(data)} bytes, want 1 to 255")
    return bytes([len(data)]) + data


def _checked_time(time: int) -> int:
    if not 0 <= time <= MAX_TIME:
        raise CosignatureError(f"cosignature: time {time}, want 0 to 2^63-1")
    return time


def _need_ml_dsa_44() -> None:
    if not has_ml_dsa_44():
        raise CosignatureError("ML-DSA-44 needs cryptography 48 or newer: pip install --upgrade cryptography")
