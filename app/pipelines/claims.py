"""Claims: what only one process may do at a time, such as a pipeline in an environment, or one of its steps.

The kernel ends a claim with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import InputError, LedgerError

FOLDER = "claims"


class Claimed(InputError):
    """Another process is doing it."""


@contextmanager
def claimed(ledger: Path, what: str, actor: str, since: str) -> Iterator[None]:
    """Hold a claim for the block.

    Args:
        ledger: the ledger's file; claims lie in a folder beside it.
        what: what is claimed, in words: it names the claim, and stands in the error.
        actor: who claims it, for others to read.
        since: when, for others to read.

    Raises:
        Claimed: another process holds it; the message says who.
        LedgerError: the folder takes no file.
    """
    path = ledger.parent / FOLDER / hashlib.sha256(what.encode()).hexdigest()[:32]
    try:
        path.parent.mkdir(exist_ok=True)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
    except OSError as error:
        raise LedgerError(f"cannot claim {what} in {path.parent}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Claimed(f"{what} is being run {_holder(path)}; wait for it, or end it") from None
        file.truncate(0)
        file.write(json.dumps({"actor": actor, "pid": os.getpid(), "host": socket.gethostname(), "since": since}))
        file.flush()
        yield


def is_claimed(ledger: Path, what: str) -> bool:
    """Whether a process holds this claim now."""
    path = ledger.parent / FOLDER / hashlib.sha256(what.encode()).hexdigest()[:32]
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _holder(path: Path) -> str:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"by {found['actor']} (process {found['pid']} on {found['host']}, since {found['since'][:19]})"
    except (OSError, ValueError, KeyError, TypeError):
        return "by another process"
