"""Asking: for a line of text, or for one of a few choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from app.tui.screens.modal import Box, Note


class PromptScreen(Box[str]):
    """Asks for one line. ``check`` says what is wrong with it; empty where nothing is. ``submit`` takes the line in place of
    leaving with it: it leaves, or says what is :meth:`wrong`."""

    def __init__(
        self,
        title: str,
        says: str,
        *,
        value: str = "",
        password: bool = False,
        check: Callable[[str], str] = lambda _: "",
        submit: Callable[[PromptScreen, str], None] | None = None,
    ) -> None:
        super().__init__(title, "⏎ does it   esc leaves")
        self._says = says
        self._value = value
        self._password = password
        self._check = check
        self._submit = submit

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
            self.wrong(wrong)
        elif self._submit is not None:
            self._submit(self, event.value)
        else:
            self.dismiss(event.value)

    def wrong(self, words: str) -> None:
        """Say what is wrong with the line, which can be mended."""
        if self.is_attached:
            self.query_one("#wrong", Note).say(words, "warn")


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
