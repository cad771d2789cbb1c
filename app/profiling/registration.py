"""What a table's registration says of it: columns, rows, span; its whole profile is stored beside it, by digest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.profiling.profile import Profile
    from ledger.store.objects import Objects

_NAMES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".pq", ".zip")
_MEDIA_TYPES = ("text/csv", "text/tab-separated-values", "application/vnd.apache.parquet", "application/x-parquet")


def may_be_table(name: str, media_type: str | None = None) -> bool:
    """Whether a file's name or media type says that it may be a table; its bytes have the last word."""
    return name.lower().endswith(_NAMES) or media_type in _MEDIA_TYPES


def facts(
    objects: Objects, digest: str, name: str, progress: Callable[[int], None] | None = None
) -> tuple[dict[str, Any], Profile]:
    """Profile a stored table, store its profile, and say what of it is recorded with its registration.

    Args:
        objects: the store that holds the table, and gets the profile.
        digest: the table.
        name: the file's own name, which tells separators and packing.
        progress: told how many rows are read.

    Returns:
        ``rows``, ``span`` and ``summary`` as fields of ``artifact.registered``, and the profile.

    Raises:
        InputError: it is no table.
        LedgerError: the store fails.
    """
    found = profiled(objects, digest, name, progress)
    kept = objects.put_bytes(found.encoded()).digest
    described: dict[str, Any] = {"rows": found.rows, "summary": {"profile": kept, **found.brief()}}
    if found.span is not None:
        described["span"] = list(found.span)
    return described, found


def profiled(objects: Objects, digest: str, name: str, progress: Callable[[int], None] | None = None) -> Profile:
    """A stored table's profile, computed. Errors as of ``facts``."""
    from app.profiling import profile as profiles
    from app.profiling import sources

    if isinstance(objects.root, Path):
        return profiles.profile(sources.Stored(objects.path(digest), name), progress=progress)
    with tempfile.TemporaryDirectory(prefix="assay-profile-") as folder:
        copy = Path(folder) / "table"
        objects.restore(digest, copy, directory=False, durable=False)
        return profiles.profile(sources.Stored(copy, name), progress=progress)
