"""SHA-256 as the format uses it: Merkle leaves and nodes (RFC 6962, section 2.1), digests of artifacts, manifests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ledger.format import canonical
from ledger.format.errors import FormatError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

_BLOCK = 1 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def leaf_hash(body: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ body), 32 bytes: an event's identity, and its Merkle leaf."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), 32 bytes: the parent of two nodes of a Merkle tree."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def digest(data: bytes) -> str:
    """Return ``sha256:`` and 64 hex digits: the digest of an artifact's bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def check_digest(text: str) -> str:
    """Return the digest as it is.

    :raises FormatError: if it is not ``sha256:`` and 64 lower-case hex digits.
    """
    if not isinstance(text, str) or not _DIGEST.fullmatch(text):
        raise FormatError(f"not a digest: {text!r}; want sha256: and 64 lower-case hex digits")
    return text


class Digester:
    """Computes a digest over bytes that come in pieces, and counts them."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.size = 0

    def update(self, data: bytes) -> None:
        """Take the next piece."""
        self._sha256.update(data)
        self.size += len(data)

    def digest(self) -> str:
        """Return the digest of all pieces so far."""
        return "sha256:" + self._sha256.hexdigest()


def file_digest(file: str | Path | BinaryIO) -> str:
    """Return the digest of a file's bytes, read in pieces of 1 MiB; an open file is read from where it stands.

    :raises OSError: if it cannot be read.
    """
    if isinstance(file, (str, Path)):
        with Path(file).open("rb") as stream:
            return file_digest(stream)
    digester = Digester()
    while piece := file.read(_BLOCK):
        digester.update(piece)
    return digester.digest()


class ManifestEntry(NamedTuple):
    """One file of a directory: its path relative to it, with ``/``; its digest; its size in bytes."""

    name: str
    digest: str
    size: int


def manifest(entries: Iterable[ManifestEntry]) -> bytes:
    """Return a directory's canonical manifest, whose digest is the directory's: ``[{digest, name, size}]`` by name.

    :raises FormatError: for a name that is empty, absolute, not in its shortest form, leads out, or occurs twice or as
        both a file and a folder; for a malformed digest or size.
    """
    # Python compares strings by code point, which is the order that the format names.
    ordered = sorted(entries)
    names = {entry.name for entry in ordered}
    if len(names) != len(ordered):
        twice = next(a.name for a, b in pairwise(ordered) if a.name == b.name)
        raise FormatError(f"manifest: {twice!r} occurs twice")
    for entry in ordered:
        _check_path(entry.name)
        check_digest(entry.digest)
        if type(entry.size) is not int or entry.size < 0:
            raise FormatError(f"manifest: {entry.name!r} has size {entry.size!r}; want a count of bytes")
        parts = entry.name.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in names:
                raise FormatError(f"manifest: {'/'.join(parts[:depth])!r} is both a file and a folder")
    return canonical.encode([entry._asdict() for entry in ordered])


def _check_path(name: str) -> None:
    """A name has one spelling: parts joined by ``/``, none empty, ``.`` or ``..``; no NUL, which no file system has."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\x00" in name:
        raise FormatError(f"manifest: {name!r} is not a path inside the directory")
