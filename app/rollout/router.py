"""Which version serves an account: for serving code, from a small file, without a database in the way.

    router = Router(".assay/routes/prod/fx-hedging/fx-vol.json")
    version = router.route("M0001")

The file is written anew, atomically, whenever a deployment changes; a router looks at it about once a second and follows. The
place of an account is that of ``slices``: anyone can recompute it. This module needs the standard library alone.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.errors import InputError

FORMAT = 1
_EVERY_DIGEST = b"\xff" * 33
"""Greater than any digest."""


@dataclass(frozen=True, slots=True)
class Table:
    """Who is served by what.

    Attributes:
        model, environment: what is served, where.
        seq: the last event that it was made from.
        champion: the version that serves.
        candidate: the version that serves the slice, where a canary is under way.
        shadow: a version that scores the slice and serves nobody.
        salt, fraction: how the slice is hashed.
        accounts: the accounts of the slice, where it is no matter of the hash alone; ``None`` where it is.
        arms: of an experiment: the versions and the upper end of each one's part of the places, ascending to 1.
    """

    model: str
    environment: str
    seq: int
    champion: str
    candidate: str | None = None
    shadow: str | None = None
    salt: str = ""
    fraction: float = 0.0
    accounts: tuple[str, ...] | None = None
    arms: tuple[tuple[str, float], ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """As JSON-able data, in the form that ``read`` takes."""
        return {"format": FORMAT, **asdict(self)}


def read(data: bytes, source: str) -> Table:
    """A table from a file's bytes.

    Raises:
        InputError: they are no such table.
    """
    try:
        found = json.loads(data)
        if found.pop("format") != FORMAT:
            raise ValueError("it is of another format")
        accounts = found.pop("accounts")
        arms = tuple((str(version), float(end)) for version, end in found.pop("arms"))
        return Table(**found, accounts=None if accounts is None else tuple(accounts), arms=arms)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{source} is no table of routes: {error}; `assay route` writes it anew") from None


def write(table: Table, path: Path) -> bool:
    """Put a table in a file's place, atomically; whether anything changed.

    Raises:
        InputError: the file cannot be written.
    """
    data = json.dumps(table.document(), ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".routes-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return True


class Router:
    """Routes accounts to versions by the table in a file, which it follows.

    Args:
        path: the file.
        refresh: seconds between two looks at the file.
        clock: monotonic seconds.

    Raises:
        InputError: the file cannot be read, or is no table of routes.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, refresh: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = Path(path)
        self._refresh = refresh
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._due = 0.0
        self._load()

    @property
    def table(self) -> Table:
        """What it goes by now."""
        return self._table

    def route(self, account: str) -> str:
        """The version that serves an account."""
        if self._clock() >= self._due:
            self._load()
        if self._members is not None:
            return self._candidate if account in self._members else self._champion
        if self._parts:
            return self._armed(sha256(self._prefix + account.encode()).digest())
        return self._candidate if sha256(self._prefix + account.encode()).digest() < self._limit else self._champion

    def route_many(self, accounts: Iterable[str]) -> list[str]:
        """The versions that serve some accounts, in their order, all by one table."""
        if self._clock() >= self._due:
            self._load()
        prefix, limit, candidate, champion = self._prefix, self._limit, self._candidate, self._champion
        if self._members is not None:
            members = self._members
            return [candidate if account in members else champion for account in accounts]
        if self._parts:
            return [self._armed(sha256(prefix + account.encode()).digest()) for account in accounts]
        return [candidate if sha256(prefix + account.encode()).digest() < limit else champion for account in accounts]

    def _armed(self, digest: bytes) -> str:
        return next(version for version, end in self._parts if digest < end)

    def _load(self) -> None:
        """Take over what the file says, where it has changed. A file that is away for a moment changes nothing."""
        self._due = self._clock() + self._refresh
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen == self._seen:
                return
            table = read(self._path.read_bytes(), str(self._path))
        except (OSError, InputError) as error:
            if self._seen is not None:
                return
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self._path} cannot be read: {error.strerror}; `assay route` writes it") from None
        self._seen = seen
        self._take(table)

    def _take(self, table: Table) -> None:
        self._table = table
        self._champion = table.champion
        self._candidate = table.candidate or table.champion
        self._prefix = f"{table.salt}:".encode()
        self._limit = bound(table.fraction if table.candidate else 0.0)
        listed = table.accounts is not None and table.candidate is not None
        self._members = frozenset(table.accounts or ()) if listed else None
        self._parts = tuple((version, bound(end)) for version, end in table.arms)


def bound(fraction: float) -> bytes:
    """What an account's digest lies below where its place (``slices.place``) lies below ``fraction``."""
    first = math.ceil(fraction * 2**32)
    return first.to_bytes(4, "big") if first < 2**32 else _EVERY_DIGEST
