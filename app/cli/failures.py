"""What went wrong, as one clear line and an exit code. No traceback reaches a user; ASSAY_DEBUG=1 shows it."""

from __future__ import annotations

import errno
import re
import sqlite3
from pathlib import Path
from typing import NamedTuple

from ledger.errors import AssayError, Refused


class Failure(NamedTuple):
    """An error as a user reads it. ``missing`` is what a rule wants, where it was a refusal."""

    message: str
    code: int
    missing: tuple[dict[str, str], ...] = ()

    @property
    def details(self) -> tuple[str, ...]:
        """A line for each thing that is missing, with the command that supplies it and who may."""
        return tuple(_detail(each) for each in self.missing)

    @property
    def document(self) -> dict[str, object]:
        """What ``--json`` prints in place of an answer."""
        return {"error": self.message, "code": self.code, "missing": list(self.missing)}


_WORD, _LINE = 600, 4_000
"""The longest word and line of an error, in characters: it may repeat what was given, and that may be a file's content."""


def failure(error: BaseException, ledger: Path | None) -> Failure:
    """Say in one line, of a length that can be read, what an exception means.

    Args:
        error: what was raised.
        ledger: the file that was being used, where one was.
    """
    found = _failure(error, ledger)
    return found._replace(message=_readable(found.message))


def _readable(message: str) -> str:
    """A message without the middle of words that are too long to be read, and without its end where it is too long."""
    short = re.sub(rf"\S{{{_WORD},}}", lambda word: f"{word[0][:200]}… ({len(word[0]):,} characters)", message)
    return short if len(short) <= _LINE else f"{short[: _LINE // 2]}… ({len(short):,} characters)"


def _failure(error: BaseException, ledger: Path | None) -> Failure:
    if isinstance(error, Refused):
        missing = tuple(
            {"what": _readable(each.what), "action": _readable(each.action), "who": each.who} for each in error.missing
        )
        return Failure(str(error), error.exit_code, missing)
    if isinstance(error, AssayError):
        return Failure(str(error), error.exit_code)
    if isinstance(error, sqlite3.Error):
        from ledger.store.sqlite import unusable

        return Failure(str(unusable(error, ledger or Path("the ledger"))), 2)
    if isinstance(error, OSError):
        return Failure(_system(error), 2)
    if isinstance(error, MemoryError):
        return Failure("there is not enough memory for this; nothing was recorded", 2)
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return Failure(f"this should not happen: {what}; ASSAY_DEBUG=1 shows where, and is worth a bug report", 2)


def _system(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    said = {
        errno.ENOSPC: f"the disk is full{where and ':' + where}; free some space and try again",
        errno.EDQUOT: f"the disk quota is used up{where and ':' + where}; free some space and try again",
        errno.EACCES: f"you may not use{where or ' that file'}; check its permissions",
        errno.EPERM: f"you may not use{where or ' that file'}; check its permissions",
        errno.EROFS: f"the file system is read-only{where and ':' + where}",
        errno.ENOENT: f"there is no{where or ' such file'}",
        errno.EISDIR: f"a file is needed, and this is a folder:{where}",
        errno.ENOTDIR: f"a folder is needed, and this is a file:{where}",
        errno.EEXIST: f"this exists already:{where}",
        errno.ENAMETOOLONG: f"this name is too long:{where[:80]}",
    }.get(error.errno or 0)
    return said or f"the system refused{where and ':' + where}: {error.strerror or error}"


def _detail(missing: dict[str, str]) -> str:
    action = f"; `assay {missing['action']}`" if missing["action"] else ""
    who = f"; may sign: {missing['who']}" if missing["who"] else ""
    return f"✗ {missing['what']}{action}{who}"
