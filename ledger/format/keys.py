"""Ed25519 keys (RFC 8032), and verifier keys: a public key with its name, as one line of text (C2SP signed-note)."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from ledger.format import b64
from ledger.format.errors import FormatError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = 0x01
"""Signature type: Ed25519 over the note's text."""

SEED_SIZE = 32
PUBLIC_SIZE = 32

_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class KeyFormatError(FormatError):
    """A key's bytes or text are malformed."""


class _PublicKey(NamedTuple):
    raw: bytes


class PublicKey(_PublicKey):
    """An Ed25519 public key: 32 bytes."""

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        """Take the key's bytes.

        :raises KeyFormatError: if they are not 32.
        """
        if len(raw) != PUBLIC_SIZE:
            raise KeyFormatError(f"public key: {len(raw)} bytes, want {PUBLIC_SIZE}")
        return super().__new__(cls, raw)

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Return the key that ``str`` wrote.

        :raises KeyFormatError: if it is not the base64 of 32 bytes.
        """
        return cls(b64.decode(text, "public key"))

    def __str__(self) -> str:
        return b64.encode(self.raw)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Return whether this key's owner made the 64-byte signature over exactly this message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey(Protocol):
    """Whatever signs with an Ed25519 key: the key itself, or an agent that holds it."""

    @property
    def public(self) -> PublicKey:
        """The public key that verifies its signatures."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over exactly this message."""


class SecretKey:
    """An Ed25519 secret key. Neither its text form nor an error shows it; ``seed`` does."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32-byte seed (RFC 8032, section 5.1.5).

        :raises KeyFormatError: if it is of another length.
        """
        if len(seed) != SEED_SIZE:
            raise KeyFormatError(f"secret key: {len(seed)} bytes, want {SEED_SIZE}")
        self.seed = seed

    @classmethod
    def generate(cls) -> SecretKey:
        """Return a new key from the operating system's randomness."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> SecretKey:
        """Return the key of a 32-byte seed."""
        return cls(seed)

    def __repr__(self) -> str:
        return f"<SecretKey of {self.public}>"

    @cached_property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature; the same for the same message."""
        return self._key.sign(message)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)


def is_key_name(name: str) -> bool:
    """Return whether a note's signature may bear this name: not empty, no Unicode space, no control, no ``+``."""
    if not name or "+" in name:
        return False
    return not any(character.isspace() or character < " " or "\ud800" <= character <= "\udfff" for character in name)


def key_id(name: str, type_: int, public: bytes) -> bytes:
    """Return the 4 bytes that identify a key in a note: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([type_]) + public).digest()[:4]


class _VerifierKey(NamedTuple):
    name: str
    type: int
    public: bytes


class VerifierKey(_VerifierKey):
    """A named public key of some signature type, ``name+<8 hex digits>+base64(type ‖ public key)``.

    ``public`` holds the key's bytes: 32 for Ed25519 (0x01) and its cosignatures (0x04), 1312 for ML-DSA-44 (0x06).
    """

    __slots__ = ()

    def __new__(cls, name: str, type: int, public: bytes) -> Self:  # noqa: A002  (the field's name)
        """Take the parts.

        :raises KeyFormatError: if a signature cannot bear the name, or there is no type or no key.
        """
        if not is_key_name(name):
            raise KeyFormatError(
                "malformed verifier key: a name is not empty and holds no space, control character or plus"
            )
        if not 0 <= type <= 0xFF or not public:
            raise KeyFormatError("malformed verifier key: no type or no key")
        return super().__new__(cls, name, type, public)

    @classmethod
    def ed25519(cls, name: str, public: PublicKey) -> VerifierKey:
        """Return the verifier key of a log's or person's Ed25519 key."""
        return cls(name, ED25519, public.raw)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key that ``str`` wrote; the type is not interpreted.

        :raises KeyFormatError: ``malformed verifier key`` or ``invalid verifier hash``.
        """
        name, _, rest = text.partition("+")
        shown_id, _, encoded = rest.partition("+")
        if not _KEY_ID.fullmatch(shown_id) or not is_key_name(name):
            raise KeyFormatError("malformed verifier key: want name+<8 hex digits>+<base64>")
        try:
            data = b64.decode(encoded)
        except FormatError as error:
            raise KeyFormatError("malformed verifier key: its last part is not standard padded base64") from error
        if len(data) < 2:
            raise KeyFormatError("malformed verifier key: no type or no key")
        key = cls(name, data[0], data[1:])
        if key.id.hex() != shown_id:
            raise KeyFormatError(f"invalid verifier hash: got {shown_id}, want {key.id.hex()}")
        return key

    @property
    def id(self) -> bytes:
        """The 4-byte key id."""
        return key_id(self.name, self.type, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64.encode(bytes([self.type]) + self.public)}"
