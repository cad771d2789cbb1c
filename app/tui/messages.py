"""What is said across threads and widgets. A worker never touches a widget: it posts one of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass
class Answered(Message):
    """A question's answer, for whoever asked it; stale where another was asked in the same group since."""

    group: str
    ticket: int
    data: Any
    then: Callable[[Any], None]


@dataclass
class Failed(Message):
    """A worker's failure in one line. The dashboard says it and goes on."""

    text: str


@dataclass
class Noticed(Message):
    """Something to tell the user in the last line, for a while. ``style`` is ``info``, ``ok``, ``warn`` or ``bad``."""

    text: str
    style: str = "info"


class LedgerChanged(Message):
    """Somebody appended, or the file was replaced."""

    def can_replace(self, message: Message) -> bool:
        """One is enough, however many come."""
        return isinstance(message, LedgerChanged)


@dataclass
class Opened(Message):
    """Open what a reference names: on the screen with this number, else wherever it is shown best."""

    ref: str
    screen: str = ""


@dataclass
class Progressed(Message):
    """How far a long work is."""

    what: str
    done: int
    total: int

    def can_replace(self, message: Message) -> bool:
        """Only the newest matters."""
        return isinstance(message, Progressed) and message.what == self.what


@dataclass
class WentTo(Message):
    """The user pointed at a day on the ruler."""

    day: str
