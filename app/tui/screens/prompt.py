"""Asking: for a line of text, or for one of a few choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from app.tui.screens.modal import Box, Note


class PromptScreen(Box[str]):
    """Asks for one line. ``check`` says what is wrong with it; empty where nothing is."""

    def __init__(
        self,
        title: str,
        says: str,
        *,
        value: str = "",
        password: bool = False,
        check: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__(title, "⏎ does it   esc leaves")
        self._says = says
        self._value = value
        self._password = password
        self._check = check

    def inside(self) -> ComposeResult:
        """What is asked, and where to type."""
        yield Note(self._says, "muted")
        yield Input(self._value, password=self._password)
        yield Note("", "warn", id="wrong")

    def on_input_changed(self) -> None:
        """Typing on takes the complaint away."""
        self.query_one("#wrong", Note).say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line over, unless something is wrong with it."""
        wrong = self._check(event.value)
        if wrong:
            self.query_one("#wrong", Note).say(wrong, "warn")
        else:
            self.dismiss(event.value)


class Choice(NamedTuple):
    """A key and what it does."""

    key: str
    says: str


class ChoiceScreen(Box[str]):
    """Asks for one of a few keys."""

    def __init__(self, title: str, says: str, choices: Sequence[Choice]) -> None:
        super().__init__(title)
        self._says = says
        self._choices = choices

    def inside(self) -> ComposeResult:
        """What is asked, and the choices."""
        yield Note(self._says, "strong")
        yield Note("")
        for choice in self._choices:
            yield Note(f"{'esc' if choice.key == 'escape' else choice.key:>4}   {choice.says}")

    def on_key(self, event: events.Key) -> None:
        """Take the choice whose key was pressed."""
        if event.key != "escape" and event.key in {choice.key for choice in self._choices}:
            event.stop()
            self.dismiss(event.key)
