"""What an action gets: where it works, whose doing it is, the ledger once it asks for it, and a way to say how far it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from app.workspace import Workspace
from ledger.errors import AssayError, InputError, KeyUnavailable

if TYPE_CHECKING:
    from app.actions.identity import Identity
    from ledger.audit.watching import Watch
    from ledger.format.keys import SigningKey
    from ledger.keystore import Keystore
    from ledger.ledger import Ledger
    from ledger.projections.view import View

Progress = Callable[[int, int | None, str], None]
"""Told how many of how many are done (``None``: unknown), and what is being done."""


Narrate = Callable[[str], None]
"""Told a sentence about what has just happened, where a long work has something to tell."""

_DIGITS = 15


def unheard(done: int, total: int | None, text: str) -> None:
    """The progress that nobody watches."""


def untold(sentence: str) -> None:
    """The sentences that nobody reads."""


class Context:
    """One invocation of one action. Everything is found, opened and asked for when it is first needed.

    Args:
        ledger: another ledger's file than the workspace's; ``ASSAY_LEDGER`` where ``None``.
        actor: who acts, where named.
        at: as of which event or moment to look, as the user spelled it; ``None`` is now.
        writes: open the ledger for writing.
        progress: told how far a long work is.
        narrate: told what has happened in it, sentence by sentence.
        start: where to look for the workspace from.
        environ: the environment's variables.
    """

    watch: Watch | None = None
    """Told closely how far a verification is, where somebody wants to draw it."""

    def __init__(
        self,
        *,
        ledger: str | None = None,
        actor: str | None = None,
        at: str | None = None,
        writes: bool = False,
        progress: Progress = unheard,
        narrate: Narrate = untold,
        start: Path | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.named_ledger = ledger or environ.get("ASSAY_LEDGER") or None
        self.named_actor = actor
        self.at = at
        self.writes = writes
        self.progress = progress
        self.narrate = narrate
        self.start = start or Path()
        self.environ = environ
        self.unsigned: Exception | None = None
        self._ledger: Ledger | None = None
        self._size = 0

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Sign what was recorded, and close the ledger, where it was opened."""
        if self._ledger is not None:
            self.sign_off()
            self._ledger.close()
            self._ledger = None

    def sign_off(self) -> None:
        """Sign a checkpoint where anything was recorded since the last time; ``unsigned`` says why, where that cannot be.

        What was recorded stays recorded: who holds no key of the ledger appends all the same.
        """
        if self._ledger is None or not self._ledger.writable or (size := self._ledger.size) == self._size:
            return
        self._size = size
        try:
            self._ledger.checkpoint()
            self.unsigned = None
        except (AssayError, OSError) as error:
            self.unsigned = error

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace that this is in.

        Raises:
            InputError: it is in none.
        """
        return Workspace.find(self.start)

    @cached_property
    def workspace_or_none(self) -> Workspace | None:
        """The workspace, or ``None`` where this is in none."""
        try:
            return self.workspace
        except InputError:
            return None

    @cached_property
    def ledger_path(self) -> Path:
        """The ledger's file: the one named, else the workspace's.

        Raises:
            InputError: none is named, and this is in no workspace; or what is named is no file's path.
        """
        if self.named_ledger is None:
            return self.workspace.ledger_path
        if "://" in self.named_ledger:
            raise InputError(f"{self.named_ledger} is not a file: this Assay opens ledgers in SQLite files alone")
        return self.start / self.named_ledger

    @property
    def ledger_path_or_none(self) -> Path | None:
        """The ledger's file, or ``None`` where there is none to speak of."""
        try:
            return self.ledger_path
        except InputError:
            return None

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened for writing where the action writes, else read-only.

        Raises:
            InputError: there is none.
            LedgerError: its file cannot serve.
        """
        if self._ledger is None:
            import ledger.ledger as ledgers

            self._ledger = self.with_store(ledgers.open(self.ledger_path, read_only=not self.writes))
            self._size = self._ledger.size if self.writes else 0
        return self._ledger

    def with_store(self, ledger: Ledger) -> Ledger:
        """An opened ledger, with the object store that the workspace declares where the ledger is its own.

        ``assay.toml`` is read when the first object is asked for.
        """
        if self.named_ledger is None:
            from ledger.store.objects import Objects

            ledger.objects = Objects(lambda: self.workspace.objects)
        return ledger

    @cached_property
    def view(self) -> View:
        """The ledger as of the moment that was asked for, or now.

        Raises:
            InputError: the moment cannot be read, or lies before the ledger's first event or beyond its last.
        """
        view = self.as_of(self.at)
        if view.at < 0:
            first = next(self.ledger.events(0, 1)).event.at
            raise InputError(f"{self.at} is before the first event ({first[:10]}, {first[11:19]} UTC)")
        return view

    def as_of(self, moment: str | None) -> View:
        """The ledger as of a moment as a user spells it, or now.

        Raises:
            InputError: the moment cannot be read, or lies beyond the ledger.
        """
        at = moment.removeprefix("seq:") if moment is not None else None
        if at is None or not at.isdecimal():
            return self.ledger.view(at)
        if len(at) > _DIGITS:
            raise InputError(f"there is no event {at[:_DIGITS]}…; the log holds 0 to {self.ledger.size - 1}")
        return self.ledger.view(int(at))

    @cached_property
    def identity(self) -> Identity:
        """Who acts, and why it is they.

        Raises:
            InputError: nobody is named anywhere.
        """
        from app.actions.identity import identify

        return identify(self.named_actor, self.environ, self.workspace_or_none)

    @property
    def actor(self) -> str:
        """The name of who acts."""
        return self.identity.name

    @cached_property
    def keystore(self) -> Keystore:
        """The secret keys that go with the ledger: a demo's beside it, else the user's."""
        from ledger.keystore import Keystore

        return Keystore.for_ledger(self.ledger_path)

    def unlock(self, name: str, file: str | None = None) -> SigningKey:
        """A key of ``name`` to sign with: one that is enrolled and lies here, else one that the user's ssh-agent holds.

        Its passphrase is read from a file or asked for, where it has one.

        Args:
            name: who signs.
            file: a key's file to sign with instead; for a public key's file, the agent's.

        Raises:
            KeyUnavailable: there is no such key, the passphrase is wrong, or nobody can be asked.
        """
        from ledger.keystore import open_file
        from ledger.projections import people

        agent = self.environ.get("SSH_AUTH_SOCK")
        if file is not None:
            return open_file(self.start / file, name, self.passphrase, agent=agent)
        return self.keystore.unlock(name, self.passphrase, among=people.keys(self.ledger.view(), name), agent=agent)

    def passphrase(self, name: str, *, new: bool = False) -> bytes:
        """The passphrase of a person's key, from the file that ASSAY_PASSPHRASE_FILE names, else asked for.

        Args:
            name: whose key.
            new: the key is about to be made: ask twice.

        Raises:
            KeyUnavailable: the file cannot be read or is empty, or there is no terminal to ask in.
        """
        file = self.environ.get("ASSAY_PASSPHRASE_FILE")
        if file:
            return _first_line(Path(file))
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            what = f"a new key of {name} takes a passphrase" if new else f"the key of {name} has a passphrase"
            raise KeyUnavailable(
                f"{what}; name a file that holds it in ASSAY_PASSPHRASE_FILE, or run this in a terminal to be asked"
            )
        return _asked(name, new=new)


def _first_line(file: Path) -> bytes:
    try:
        line = file.read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise KeyUnavailable(f"the passphrase file {file} cannot be read: {error.strerror}") from None
    if not line:
        raise KeyUnavailable(f"the passphrase file {file} is empty; its first line is the passphrase")
    return line


def _asked(name: str, *, new: bool) -> bytes:
    from getpass import getpass

    try:
        word = getpass(f"{'New passphrase' if new else 'Passphrase'} of {name}'s key: ", stream=sys.stderr)
        if new and getpass("Again: ", stream=sys.stderr) != word:
            raise KeyUnavailable("the two passphrases differ; nothing was made")
    except EOFError:
        raise KeyUnavailable("no passphrase was given; nothing was made or signed") from None
    if not word:
        raise KeyUnavailable("an empty passphrase protects nothing; nothing was made or signed")
    return word.encode()
