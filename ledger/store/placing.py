"""Putting a finished file in its place so that it lasts: there for good, or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def place(new: Path, path: Path) -> None:
    """Give a finished, synced file its name, where nothing may be yet; its first name stays.

    Raises:
        FileExistsError: there is something already.
        OSError: it cannot be put there, or would not be there after a power cut; nothing is there then.
    """
    os.link(new, path)
    try:
        sync(path.parent)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
