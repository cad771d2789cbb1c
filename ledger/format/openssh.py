"""Ed25519 keys as OpenSSH writes them: the public line, the blob inside it, and the head of a private key's file.

Sources: RFC 4253, section 6.6 (blobs), RFC 8709 (Ed25519), and OpenSSH's PROTOCOL.key (private keys).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from ledger.format import b64
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey

ED25519 = "ssh-ed25519"
PRIVATE_MARK = b"-----BEGIN OPENSSH PRIVATE KEY-----"

_MAGIC = b"openssh-key-v1\x00"
_PRIVATE = re.compile(rb"-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END OPENSSH PRIVATE KEY-----")


class OpenSSHError(FormatError):
    """What should be an OpenSSH key is malformed, or of another kind than Ed25519."""


@dataclass(frozen=True, slots=True)
class PrivateHead:
    """What a private key's file says without its passphrase."""

    public: PublicKey
    encrypted: bool


def string(data: bytes) -> bytes:
    """A ``string`` of SSH: its length as u32 big-endian, then its bytes (RFC 4251, section 5)."""
    return struct.pack(">I", len(data)) + data


def take(data: bytes) -> tuple[bytes, bytes]:
    """The first ``string`` of some bytes, and the rest.

    :raises OpenSSHError: if they end within it.
    """
    if len(data) < 4:
        raise OpenSSHError("OpenSSH: ends within a length")
    end = 4 + int.from_bytes(data[:4], "big")
    if end > len(data):
        raise OpenSSHError("OpenSSH: ends within a string")
    return data[4:end], data[end:]


def public_blob(public: PublicKey) -> bytes:
    """A public key's blob: what stands in base64 on its line, and what an agent knows it by."""
    return string(ED25519.encode()) + string(public.raw)


def parse_blob(blob: bytes) -> PublicKey:
    """The key in a blob.

    :raises OpenSSHError: if it is malformed or no Ed25519 key.
    """
    kind, rest = take(blob)
    if kind != ED25519.encode():
        raise OpenSSHError(f"OpenSSH: a key of the kind {ascii(kind.decode('ascii', 'replace'))[:40]}, want {ED25519}")
    raw, rest = take(rest)
    if rest or len(raw) != 32:
        raise OpenSSHError(f"OpenSSH: an Ed25519 key of {len(raw)} bytes, want 32")
    return PublicKey(raw)


def parse_public(line: str) -> PublicKey:
    """The key on a line as it stands in ``id_ed25519.pub``: kind, base64, perhaps a comment.

    :raises OpenSSHError: if it is malformed or no Ed25519 key.
    """
    parts = line.split(None, 2)
    if len(parts) < 2 or parts[0] != ED25519:
        raise OpenSSHError(f"OpenSSH: a public key's line is {ED25519}, base64, and a comment")
    try:
        blob = b64.decode(parts[1], "OpenSSH key")
    except FormatError as error:
        raise OpenSSHError(str(error)) from error
    return parse_blob(blob)


def public_line(public: PublicKey, comment: str = "") -> str:
    """The line that :func:`parse_public` reads."""
    return f"{ED25519} {b64.encode(public_blob(public))} {comment}".rstrip()


def is_private(data: bytes) -> bool:
    """Whether these bytes hold a private key in OpenSSH's own form."""
    return PRIVATE_MARK in data


def parse_private_head(data: bytes) -> PrivateHead:
    """The public half in a private key's file, and whether the other half is encrypted.

    :raises OpenSSHError: if it is malformed, holds several keys, or no Ed25519 key.
    """
    found = _PRIVATE.search(data)
    if not found:
        raise OpenSSHError("OpenSSH: not a private key")
    try:
        rest = b64.decode(b"".join(found[1].split()).decode("ascii"), "OpenSSH key")
    except FormatError as error:
        raise OpenSSHError(str(error)) from error
    if not rest.startswith(_MAGIC):
        raise OpenSSHError("OpenSSH: a private key of an unknown version")
    cipher, rest = take(rest[len(_MAGIC) :])
    _, rest = take(rest)
    _, rest = take(rest)
    if rest[:4] != b"\x00\x00\x00\x01":
        raise OpenSSHError("OpenSSH: want exactly one private key in a file")
    blob, _ = take(rest[4:])
    return PrivateHead(parse_blob(blob), cipher != b"none")
