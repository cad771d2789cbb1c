"""Files that a user names to be written: whole or not at all, and never over what Assay itself keeps."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context


def place(context: Context, output: str) -> Path:
    """Where a file that a user names is to be written; asked before anything is done whose outcome it would hold.

    Raises:
        InputError: it is a folder, or its folder is not there, or it is the ledger or something else that Assay keeps.
    """
    if not output or "\x00" in output:
        raise InputError(f"{output!r} cannot be a file's name")
    path = context.start / output
    if path.is_dir():
        raise InputError(f"{output} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} for {path.name}; make it first")
    if _is_kept(context, path.resolve()):
        raise InputError(f"{output} is kept by Assay itself, and is not overwritten; name another file")
    return path


def write(context: Context, output: str, data: bytes | str) -> Path:
    """Write a file that a user names, replacing one that is there, once all of it is on the disk.

    Args:
        context: relative to whose folder it is named.
        output: the file; ``/dev/stdout`` and the like are written to as they are.
        data: its bytes, or its text.

    Raises:
        InputError: as of :func:`place`.
        OSError: it cannot be written; what was there before is there still.
    """
    path = place(context, output)
    content = data.encode() if isinstance(data, str) else data
    if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
        with os.fdopen(_stream(path), "wb") as stream:
            stream.write(content)
        return path
    real = path.resolve()
    draft = real.with_name(f".assay-{os.urandom(8).hex()}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            draft.chmod(real.stat().st_mode & 0o7777)
        draft.replace(real)
    except OSError as error:
        # The draft's name would tell the user nothing.
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def _stream(path: Path) -> int:
    """A device or a pipe, open to be written to; what this process has open goes on where it stands."""
    number = {"/dev/stdout": "1", "/dev/stderr": "2"}.get(str(path), str(path).removeprefix("/dev/fd/"))
    return os.dup(int(number)) if number.isdecimal() else os.open(path, os.O_WRONLY)


def _is_kept(context: Context, real: Path) -> bool:
    """Whether a file is the ledger, lies beside it as part of it, or belongs to the workspace's own."""
    ledger = context.ledger_path_or_none
    if ledger is not None and real.parent == ledger.resolve().parent and real.name.startswith(ledger.name):
        return True
    workspace = context.workspace_or_none
    if workspace is None:
        return False
    return real == workspace.file.resolve() or real.is_relative_to(workspace.ledger_path.parent.resolve())
