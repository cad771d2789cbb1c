"""The object store: what is too large for an event, kept by the digest of its bytes.

A file lies at ``<root>/<first two hex digits>/<the other 62>``, in a folder or in any store that has a URL. A directory is
its manifest (FORMAT §2), kept like any file, and the files that the manifest names; empty directories, permissions and
times are not part of it. An object appears under its name complete, or not at all: it is written beside, then renamed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from ledger.errors import InputError, LedgerError
from ledger.format import canonical
from ledger.format.errors import FormatError
from ledger.format.hashes import Digester, ManifestEntry, check_digest, manifest
from ledger.format.hashes import digest as digest_of
from ledger.store import disk
from ledger.store.disk import BLOCK
from ledger.store.incoming import sync_folder, trouble
from ledger.store.local import Local
from ledger.store.remote import Remote

DIRECTORY_MEDIA_TYPE = "application/vnd.assay.directory+json"
"""How an artifact says that its digest is a directory's manifest, and not a file's that happens to look like one."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put: its digest, and its size in bytes (of a directory: of all its files together)."""

    digest: str
    size: int
    directory: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """An object that is not what its name says.

    ``kind`` is ``absent``, ``truncated`` (shorter than what was put) or ``damaged``; ``detail`` says what was found, and
    ``got`` the digest of the bytes that are there, where they could be read.
    """

    digest: str
    kind: str
    detail: str
    got: str | None = None


class Objects:
    """The objects under one folder or URL. Opening costs nothing; a folder is made when the first object is put.

    Every method that writes raises LedgerError where the disk is full, read-only, or gone, or the store cannot be reached.
    """

    def __init__(self, root: Path | str | Callable[[], Path | str]) -> None:
        """Use the store at ``root``.

        Args:
            root: a folder's path, a URL such as ``s3://bucket/assay`` (``file://`` is a folder), or what says which, asked
                when the store is first needed.
        """
        self._root = root

    @cached_property
    def _place(self) -> Local | Remote:
        root = self._root() if callable(self._root) else self._root
        if isinstance(root, str) and root.startswith("file://"):
            root = unquote(root.removeprefix("file://"))
        return Remote(root) if isinstance(root, str) and "://" in root else Local(Path(root))

    @property
    def root(self) -> Path | str:
        """The folder, or the URL."""
        return self._place.root

    # Putting

    def put_bytes(self, data: bytes) -> Stored:
        """Store ``data``; a second time writes nothing."""
        digest = digest_of(data)
        if not self._holds(digest, len(data)):
            with self._place.incoming() as coming:
                coming.write(data)
                self._place.keep(coming, digest[7:])
        return Stored(digest, len(data))

    def put_file(self, path: Path | str) -> Stored:
        """Store a file's bytes. What is stored is what is hashed as it is copied, even if the file changes meanwhile.

        Raises:
            InputError: the file is absent, unreadable, or no regular file.
        """
        source = Path(path)
        if disk.size(source) <= BLOCK:
            return self.put_bytes(b"".join(disk.blocks(source)))
        # Hashing costs a fraction of writing, and what runs make is often there already.
        known = Digester()
        for block in disk.blocks(source):
            known.update(block)
        if self._holds(known.digest(), known.size):
            return Stored(known.digest(), known.size)
        with self._place.incoming() as coming:
            for block in disk.blocks(source):
                coming.write(block)
            if not self._holds(coming.digest, coming.size):
                self._place.keep(coming, coming.digest[7:])
            return Stored(coming.digest, coming.size)

    def put_directory(self, path: Path | str, names: Iterable[str] | None = None) -> Stored:
        """Store every file below a directory, then its manifest, whose digest is the directory's.

        Args:
            path: the directory.
            names: store only these files, given relative to ``path`` with ``/`` as separator; ``None`` is all of them.

        Raises:
            InputError: the directory is absent, or holds a symbolic link, a device, or a name that is not Unicode.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise InputError(f"{folder} is not a directory")
        entries = []
        for name in sorted(set(disk.walk(folder) if names is None else names)):
            if (folder / name).is_symlink():
                raise InputError(f"{folder / name} is a symbolic link, which a directory of the store cannot hold")
            stored = self.put_file(folder / name)
            entries.append(ManifestEntry(name, stored.digest, stored.size))
        try:
            listing = manifest(entries)
        except FormatError as error:
            raise InputError(f"{folder} cannot be stored as a directory: {error}") from None
        digest = self.put_bytes(listing).digest
        return Stored(digest, sum(entry.size for entry in entries), directory=True)

    # Reading

    def path(self, digest: str) -> Path:
        """Where an object lies in a folder, whether or not it is there.

        Raises:
            InputError: ``digest`` is not ``sha256:`` and 64 lower-case hex digits, or the store is no folder.
        """
        name = _name(digest)
        if isinstance(self._place, Remote):
            raise InputError(f"{self._place.locate(name)} is not a file; restore it to one")
        return self._place.path(name)

    def locate(self, digest: str) -> str:
        """Where an object lies, as a path or a URL. Raises InputError as ``path`` does for a digest that is none."""
        return self._place.locate(_name(digest))

    def has(self, digest: str) -> bool:
        """Whether the object is there; its bytes are not looked at."""
        return self._place.size(_name(digest)) is not None

    def open(self, digest: str) -> BinaryIO:
        """An object's bytes as a stream, not verified: ``restore`` makes a verified copy, ``read`` a verified value.

        Raises:
            LedgerError: the object is absent, or the store cannot be reached.
        """
        try:
            return self._place.open(_name(digest))
        except FileNotFoundError:
            raise LedgerError(
                f"object {digest} is not in {self.root}; restore it from a backup, or register it again"
            ) from None
        except OSError as error:
            raise LedgerError(f"object {digest} cannot be read from {self.root}: {_why(error)}") from None

    def read(self, digest: str) -> bytes:
        """An object's bytes, verified.

        Raises:
            LedgerError: the object is absent, or its bytes give another digest.
        """
        with self.open(digest) as source:
            try:
                data = source.read()
            except OSError as error:
                raise LedgerError(f"object {digest} cannot be read from {self.root}: {_why(error)}") from None
        self._require(digest, digest_of(data))
        return data

    def entries(self, digest: str) -> list[ManifestEntry]:
        """The files of a stored directory, in the order of their names.

        Raises:
            LedgerError: the manifest is absent or damaged.
            InputError: the object is no directory's manifest.
        """
        found = _parse_manifest(self.read(digest))
        if found is None:
            raise InputError(f"object {digest} is a file, not a directory")
        return found

    def is_directory(self, digest: str) -> bool:
        """Whether an object's bytes are a directory's manifest. An artifact's media type says it with certainty."""
        with self.open(digest) as source:
            if source.read(1) != b"[":
                return False
        return _parse_manifest(self.read(digest)) is not None

    def digests(self) -> Iterator[str]:
        """Every object's digest, in ascending order."""
        yield from (f"sha256:{name}" for name in self._place.names())

    def check(self, digest: str, *, directory: bool | None = None, size: int | None = None) -> list[Damage]:
        """Hash an object again, and a directory's files with it; the empty list says that every byte is right.

        Args:
            digest: the object.
            directory: whether it is a directory; ``None`` looks at its bytes.
            size: how many bytes a file had when it was put, where that is known.

        Raises:
            LedgerError: the store cannot be reached: nothing is known then.
        """
        own = self._check_one(digest, None if directory else size)
        if own is not None:
            return [own]
        if directory is None:
            directory = self.is_directory(digest)
        named = sorted({(entry.digest, entry.size) for entry in self.entries(digest)}) if directory else []
        return [damage for each, size in named if (damage := self._check_one(each, size)) is not None]

    # Restoring

    def restore(
        self,
        digest: str,
        target: Path | str,
        *,
        directory: bool | None = None,
        read_only: bool = False,
        durable: bool = True,
    ) -> None:
        """Write an object's verified bytes to ``target``: all of it or nothing, and nothing beside it.

        Args:
            digest: the object.
            target: the path to make; its parent must exist. An empty directory may stand where a directory goes.
            directory: whether the object is a directory; ``None`` looks at its bytes.
            read_only: leave the files without write permission.
            durable: return only when the bytes are on the disk; a copy that is soon thrown away needs no waiting.

        Raises:
            LedgerError: the object or one of its files is absent or damaged, or the target's disk is full.
            InputError: something is at ``target`` already, or its parent is absent.
        """
        goal = Path(target)
        if directory is None:
            directory = self.is_directory(digest)
        if not goal.parent.is_dir():
            raise InputError(f"the folder {goal.parent} does not exist")
        empty = goal.is_dir() and not goal.is_symlink() and not any(goal.iterdir())
        if os.path.lexists(goal) and not (directory and empty):
            raise InputError(f"{goal} exists; name a new path, or move it away first")
        try:
            beside = Path(tempfile.mkdtemp(prefix=f".{goal.name[:40]}.", dir=goal.parent))
            try:
                made = beside / "made"
                if directory:
                    made.mkdir()
                    for entry in self.entries(digest):
                        place = made / entry.name
                        place.parent.mkdir(parents=True, exist_ok=True)
                        self._copy(entry.digest, place, read_only, durable)
                else:
                    self._copy(digest, made, read_only, durable)
                made.rename(goal)
                if durable:
                    sync_folder(goal.parent)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        except OSError as error:
            raise trouble(error, goal) from None

    # Within

    def _copy(self, digest: str, place: Path, read_only: bool, durable: bool) -> None:
        digester = Digester()
        script = False
        with self.open(digest) as source, place.open("xb") as copy:
            while block := _next(source, digest, self.root):
                script = script or (not digester.size and block.startswith(b"#!"))
                digester.update(block)
                copy.write(block)
            self._require(digest, digester.digest())
            # Permissions are no part of a manifest; a file that names its interpreter is meant to be run.
            os.fchmod(copy.fileno(), (0o444 if read_only else 0o644) | (0o111 if script else 0))
            if durable:
                copy.flush()
                os.fsync(copy.fileno())

    def _holds(self, digest: str, size: int) -> bool:
        """Whether the object is there in full length; one of another length is damaged, and is put anew."""
        return self._place.size(digest[7:]) == size

    def _check_one(self, digest: str, size: int | None) -> Damage | None:
        place = self.locate(digest)
        if not self.has(digest):
            return Damage(digest, "absent", f"there is no {place}")
        digester = Digester()
        try:
            with self._place.open(digest[7:]) as source:
                while block := source.read(BLOCK):
                    digester.update(block)
        except OSError as error:
            return Damage(digest, "damaged", f"{place} cannot be read: {_why(error)}")
        got = digester.digest()
        if got == digest:
            return None
        if size is not None and digester.size < size:
            detail = f"{place} holds {digester.size:,} of {size:,} bytes"
            return Damage(digest, "truncated", detail, got)
        return Damage(digest, "damaged", f"the bytes of {place} give {got}", got)

    def _require(self, digest: str, got: str) -> None:
        if got != digest:
            raise LedgerError(
                f"object {digest} is damaged: its bytes give {got}; restore {self.locate(digest)} from a backup"
            )


def _name(digest: str) -> str:
    """A digest's 64 hex digits; InputError where it is none."""
    try:
        check_digest(digest)
    except FormatError as error:
        raise InputError(str(error)) from None
    return digest[7:]


def _next(source: BinaryIO, digest: str, root: Path | str) -> bytes:
    """The next block of an object; the store's trouble in reading it is not taken for the target's in writing."""
    try:
        return source.read(BLOCK)
    except OSError as error:
        raise LedgerError(f"object {digest} cannot be read from {root}: {_why(error)}") from None


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _parse_manifest(data: bytes) -> list[ManifestEntry] | None:
    """The entries of a manifest, or ``None`` where the bytes are not exactly one."""
    try:
        entries = [ManifestEntry(**each) for each in canonical.decode(data)]
        return entries if manifest(entries) == data else None
    except (FormatError, TypeError, AttributeError):
        return None
