"""The code that a run of features runs: the user's, and beside it what calls it, so that the run can be made again from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.features import definition
from ledger.errors import InputError
from ledger.format.hashes import ManifestEntry, manifest
from ledger.store.objects import Objects, Stored

FOLDER = "_assay"
"""Where the package lies beside the user's code, and a folder that modules are imported from."""

_PACKAGE = "assay_features"
MATERIALIZE = f"{_PACKAGE}.compute:materialize"
CHECK = f"{_PACKAGE}.history:check"


def pack(objects: Objects, code: str) -> Stored:
    """Store a directory with a view's code and the package that computes features.

    Args:
        objects: where both come from and go to.
        code: digest of the directory with the user's code.

    Raises:
        LedgerError: the code is not in the store.
        InputError: it has a folder of that name.
    """
    entries = objects.entries(code)
    if any(each.name.startswith(f"{FOLDER}/") for each in entries):
        raise InputError(
            f"the code has a folder {FOLDER}, which stands for what calls it; rename it, and register the view again"
        )
    for file in _files():
        stored = objects.put_file(file)
        entries.append(ManifestEntry(f"{FOLDER}/{_PACKAGE}/{file.name}", stored.digest, stored.size))
    digest = objects.put_bytes(manifest(sorted(entries))).digest
    return Stored(digest, sum(each.size for each in entries), directory=True)


def paths(user: Iterable[str]) -> tuple[str, ...]:
    """The folders that modules are imported from: the user's first."""
    return (*user, FOLDER)


def _files() -> list[Path]:
    return sorted(Path(definition.__file__).parent.glob("*.py"))
