"""What lies on a disk and is about to be stored: a file's size and blocks, a folder's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import InputError

BLOCK = 1 << 20
"""Bytes read at a time: memory stays flat whatever a file's size."""


def size(path: Path) -> int:
    """A regular file's size in bytes; InputError where it is none."""
    try:
        if not path.is_file():
            raise InputError(f"{path} is {'no regular file' if path.exists() else 'not there'}")
        return path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes in blocks; InputError where it cannot be read, so that it is not taken for the store's trouble."""
    try:
        with path.open("rb") as source:
            while block := source.read(BLOCK):
                yield block
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def walk(folder: Path) -> Iterator[str]:
    """The relative paths of all files below a folder, with ``/`` as separator.

    Raises:
        InputError: there is something that is neither a file nor a directory, or a name that is not Unicode.
    """
    waiting = [folder]
    while waiting:
        try:
            found = list(os.scandir(waiting.pop()))
        except OSError as error:
            raise InputError(f"{error.filename} cannot be read: {error.strerror}") from None
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path).relative_to(folder).as_posix()
            else:
                what = "a symbolic link" if entry.is_symlink() else "neither a file nor a directory"
                raise InputError(f"{entry.path} is {what}, which a directory of the store cannot hold")
