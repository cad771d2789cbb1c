"""The stage: the demo's workspace and ledger, the present of its story, and everyone's hand on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.actions.context import Context
from app.workspace import Workspace

if TYPE_CHECKING:
    from app.demo.cast import Member
    from app.monitoring.quality.finding import Result
    from ledger.events.vocabulary import Fact
    from ledger.keystore import Keystore
    from ledger.ledger import Entry, Ledger
    from ledger.projections.view import View
    from ledger.store.journal import Recorded

PROJECT = "fx-hedging"


class Narrator(Protocol):
    """Who tells the story to the user."""

    def say(self, words: str) -> None:
        """Something has happened, in plain words."""

    def progress(self, words: str, share: float) -> None:
        """What is going on, and the share of the story that is told, 0 to 1."""


class Stage:
    """Where the story is played. Everything on it goes through the actions and the ledger that any user has."""

    def __init__(self, root: Path, ledger: Ledger, narrator: Narrator) -> None:
        self.workspace = Workspace(root)
        self.ledger = ledger
        self._narrator = narrator
        self.told = 0.0
        self.private: dict[str, Result] = {}
        """What the check of privacy found in tables, by their digests: the same bytes are read once."""

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self.workspace.root

    @property
    def view(self) -> View:
        """The ledger as it stands."""
        return self.ledger.view()

    @property
    def today(self) -> date:
        """The day that the story has reached."""
        return date.fromisoformat(self.ledger.now()[:10])

    def say(self, words: str) -> None:
        """Tell what has happened."""
        self._narrator.say(words)

    def progress(self, words: str, share: float) -> None:
        """Tell what is going on, and the share of the story that is told with it."""
        self.told = share
        self._narrator.progress(words, share)

    def at(self, day: date | str, time: str = "16:00:00") -> None:
        """Let what follows happen on ``day`` at ``time`` (UTC), or a second after what came before, if that is later."""
        self.ledger.moment = f"{day}T{time}.000000Z"

    def as_(self, member: Member) -> Context:
        """The hand of a member: a context for the actions."""
        return _Hand(self, member.name)

    def record(self, member: Member, fact: Fact, *, subject: str | None = None, cause: int | None = None) -> Recorded:
        """Record one event of the project as a member's doing."""
        return self.ledger.record(fact, subject=subject, actor=member.name, project=PROJECT, cause=cause)

    def record_many(self, entries: Sequence[Entry]) -> list[Recorded]:
        """Record several events at once: all, or none."""
        return self.ledger.record_many(entries)


class _Hand(Context):
    """A context whose ledger is the stage's: one opening for the whole story."""

    def __init__(self, stage: Stage, actor: str) -> None:
        super().__init__(actor=actor, writes=True, start=stage.root, environ={})
        self._stage = stage

    @property
    def ledger(self) -> Ledger:
        return self._stage.ledger

    @property
    def view(self) -> View:  # the story goes on: never the view of a moment ago
        return self._stage.view

    @property
    def keystore(self) -> Keystore:
        return self._stage.ledger.keystore

    def close(self) -> None:
        """Leave the stage's ledger open."""
