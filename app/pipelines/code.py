"""What code a run ran: its source files by digest and, in a git work tree, the commit and what differs from it.

The files themselves go into the store, so that a run can be repeated from there alone. Left out is what is no source:
version control, caches, virtual environments, compiled files, ``.env`` (secrets); within git also what it ignores.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ledger.errors import InputError
from ledger.store.objects import Objects, Stored

MAX_FILES = 20_000
MAX_BYTES = 512 << 20

_SKIPPED = frozenset(
    {
        *(".assay", ".env", ".git", ".hg", ".svn", ".DS_Store", ".idea", ".vscode", ".ipynb_checkpoints"),
        *(".venv", "venv", ".tox", ".nox", ".eggs", "node_modules"),
        *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
    }
)
_SKIPPED_SUFFIXES = (".pyc", ".pyo", ".egg-info")


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a run.

    Attributes:
        stored: the directory of its source files.
        name: what to call it: the folder's name.
        paths: the folders in the order they were named, relative to the stored directory (``.`` is itself).
        commit: of the git work tree it lies in, or ``None`` outside one or before the first commit.
        dirty: whether the files differ from that commit; ``None`` outside git.
        patch: digest of that difference as a git patch, untracked files included; ``None`` where there is none.
        authors: who wrote the commit, and with whom: what stands before the ``@`` of their addresses.
    """

    stored: Stored
    name: str
    paths: tuple[str, ...]
    commit: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    authors: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of the directory of its source files."""
        return self.stored.digest


def capture(objects: Objects, folders: Sequence[Path], leave_out: Iterable[str] = ()) -> Code:
    """Store the source files of some folders, and find out their commit.

    Args:
        objects: where the files go.
        folders: the folders with the code; what they have in common is the root of what is stored.
        leave_out: paths relative to the first of them that a run writes, and which are therefore no source.

    Raises:
        InputError: a folder is absent, without source files or too large, or git cannot read its own work tree.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"the code folder {folder} does not exist")
    roots = list(dict.fromkeys(folder.resolve() for folder in folders))
    root = Path(os.path.commonpath(roots))
    tree = _work_tree(root)
    left_out = frozenset((roots[0].relative_to(root) / path).as_posix() for path in leave_out)
    found = _walked(root, roots) if tree is None else _listed(tree, root, roots)
    listed = sorted(name for name in found if not _is_left_out(name, left_out))
    names = list(_expanded(root, listed))
    _require_modest(root, names)
    stored = objects.put_directory(root, names)
    paths = tuple(PurePosixPath(folder.relative_to(root)).as_posix() for folder in roots)
    code = Code(stored, _name(roots), paths)
    if tree is None:
        return code
    commit = _commit(tree)
    patch = _patch(tree, root, roots, listed, commit)
    kept = objects.put_bytes(patch).digest if patch else None
    return replace(code, commit=commit, dirty=bool(patch), patch=kept, authors=_authors(tree) if commit else ())


def _name(folders: Sequence[Path]) -> str:
    """A name for an artifact, made of the folders' own."""
    spelled = "+".join(folder.name for folder in folders)
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "._-+") else "-" for each in spelled)
    return safe[:80].strip(".-+") or "code"


def _require_modest(root: Path, names: Sequence[str]) -> None:
    size = sum((root / name).lstat().st_size for name in names[: MAX_FILES + 1])
    if not names:
        raise InputError(f"there are no source files in {root}; name the folder with the code as code:")
    if len(names) > MAX_FILES or size > MAX_BYTES:
        raise InputError(
            f"{root} holds more than code ({len(names):,} files, {size >> 20:,} MiB); "
            "name the folders with the code as code:, and data as inputs:"
        )


def _is_left_out(name: str, left_out: frozenset[str]) -> bool:
    path = PurePosixPath(name)
    return name in left_out or any(str(parent) in left_out for parent in path.parents)


def _is_skipped(name: str) -> bool:
    return name in _SKIPPED or name.endswith(_SKIPPED_SUFFIXES)


def _walked(root: Path, folders: Sequence[Path]) -> set[str]:
    """The files below some folders, relative to ``root``, with ``/`` as separator, where no version control tells."""
    return {name for folder in folders for name in _walk(root, folder)}


def _walk(root: Path, folder: Path) -> Iterator[str]:
    try:
        found = list(os.scandir(folder))
    except OSError as error:
        raise InputError(f"the code folder {folder} cannot be read: {error.strerror}") from None
    if any(entry.name == "pyvenv.cfg" for entry in found):
        return
    for entry in found:
        if _is_skipped(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, Path(entry.path))
        else:
            yield Path(entry.path).relative_to(root).as_posix()


# Git


def _listed(tree: Path, root: Path, folders: Sequence[Path]) -> set[str]:
    """What git tracks or would track below some folders, relative to ``root``: files, deleted ones too, and submodules."""
    arguments = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
    found = set()
    for each in _git(tree, *arguments, *map(str, folders)).split(b"\0"):
        relative = (tree / os.fsdecode(each)).relative_to(root) if each else None
        if relative and not any(_is_skipped(part) for part in relative.parts):
            found.add(relative.as_posix())
    return found


def _expanded(root: Path, listed: Iterable[str]) -> Iterator[str]:
    """The files that are there: a deleted one is part of the patch alone, a submodule is a folder of files."""
    for name in listed:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            yield from _walk(root, path)
        elif os.path.lexists(path):
            yield name


def _work_tree(folder: Path) -> Path | None:
    """The root of the git work tree that a folder lies in, or ``None`` where there is none, or no git."""
    if shutil.which("git") is None:
        return None
    done = _run_git(folder, "rev-parse", "--show-toplevel")
    if done.returncode == 0:
        # What the work tree ignores is not of its history.
        ignored = _run_git(folder, "check-ignore", "--quiet", str(folder)).returncode == 0
        return None if ignored else Path(os.fsdecode(done.stdout.rstrip(b"\n")))
    said = os.fsdecode(done.stderr).strip()
    if "not a git repository" in said or "must be run in a work tree" in said:
        return None
    raise InputError(
        f"git cannot read the work tree of {folder}: {said.splitlines()[0] if said else 'no reason given'}"
    )


def _commit(tree: Path) -> str | None:
    """The commit checked out, or ``None`` before the first."""
    done = _run_git(tree, "rev-parse", "--verify", "--quiet", "HEAD")
    return done.stdout.decode().strip() or None if done.returncode == 0 else None


def _authors(tree: Path) -> tuple[str, ...]:
    """Who wrote the commit checked out, by its author and its ``Co-authored-by`` trailers."""
    said = _git(tree, "log", "-1", "--format=<%ae>%n%(trailers:key=Co-authored-by,valueonly)").decode(
        "utf-8", "replace"
    )
    names = re.findall(r"<([A-Za-z0-9._:-]{1,64})@[^<>]*>", said, re.ASCII)
    return tuple(dict.fromkeys(names))


def _patch(tree: Path, root: Path, folders: Sequence[Path], listed: Sequence[str], commit: str | None) -> bytes:
    """What turns the commit's files into those on the disk, empty where nothing does.

    It is computed in an index and an object folder of its own: the user's repository is read, never written.
    """
    with tempfile.TemporaryDirectory(prefix="assay-git-") as scratch:
        index, added = Path(scratch) / "index", Path(scratch) / "objects"
        added.mkdir()
        own = tree / os.fsdecode(_git(tree, "rev-parse", "--git-path", "index").rstrip(b"\n"))
        if own.is_file():
            shutil.copyfile(own, index)  # and not made from the commit: it knows which files need no hashing
        kept = tree / os.fsdecode(_git(tree, "rev-parse", "--git-path", "objects").rstrip(b"\n"))
        apart = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(added),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(kept.resolve()),
            "GIT_LITERAL_PATHSPECS": "1",
        }
        names = b"\0".join(os.fsencode((root / name).relative_to(tree)) for name in listed)
        _git(tree, "add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", env=apart, given=names)
        since = commit or _git(tree, "hash-object", "-t", "tree", "--stdin").decode().strip()
        options = ("--cached", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        return _git(tree, "diff", *options, since, "--", *map(str, folders), env=apart)


def _git(folder: Path, *arguments: str, env: dict[str, str] | None = None, given: bytes = b"") -> bytes:
    done = _run_git(folder, *arguments, env=env, given=given)
    if done.returncode != 0:
        said = os.fsdecode(done.stderr).strip().splitlines()
        raise InputError(f"git {arguments[0]} failed in {folder}: {said[-1] if said else 'no reason given'}")
    return done.stdout


def _run_git(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    # A hook's or a user's GIT_DIR would make git answer about another repository.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    settings = {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(env or {})}
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    return subprocess.run(command, env=inherited | settings, input=given, capture_output=True, check=False)
