"""The lock of a project's dependencies: which file says what is to be installed, and its digest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.store.objects import Objects

NAMES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "conda-lock.yml",
    "requirements.lock",
    "requirements.txt",
)
"""The files that lock dependencies, in the order in which they are looked for; the last only where nothing better is."""

_MAX_BYTES = 8 << 20


def recorded(objects: Objects, folders: Sequence[Path], root: Path) -> dict[str, Any]:
    """The lock that a run's code goes with, kept in the store: the first that is found in its folders, else the workspace's.

    Args:
        objects: where its bytes go.
        folders: the folders with the code.
        root: the workspace's folder.

    Returns:
        ``{"lock": {"file": …, "sha256": …}}``, the file's name as the run's parameters have it; empty where there is none.
    """
    for folder in dict.fromkeys([*folders, root]):
        for name in NAMES:
            path = folder / name
            if path.is_file() and path.stat().st_size <= _MAX_BYTES:
                return {"lock": {"file": name, "sha256": objects.put_file(path).digest}}
    return {}
