"""Any action of the command line: its arguments as a form, its answer as text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input

from app.tui.deciding import LOOKS
from app.tui.draw.clip import safe, wrap
from app.tui.draw.picture import Line
from app.tui.messages import Failed, Progressed
from app.tui.screens.modal import Box, Note
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from app.actions.answers import Answer
    from app.actions.registry import Action, Argument
    from app.tui.app import Dashboard

ROLES = {"good": "ok", "bad": "bad", "warn": "warn", "open": "wait", "live": "ok", "quiet": "muted", "title": "title",
         "dim": "muted"}  # fmt: skip


class ActionScreen(Box[None]):
    """Fill in, press ``enter``, read. What it writes, it says before."""

    BINDINGS: ClassVar[list[Any]] = [
        ("pagedown", "scroll(10)", "further down"),
        ("pageup", "scroll(-10)", "further up"),
    ]
    DEFAULT_CSS = """
    ActionScreen #box { width: 110; height: 90%; }
    ActionScreen #form { height: auto; max-height: 50%; }
    ActionScreen #answer { height: 1fr; margin: 1 0 0 0; }
    """

    def __init__(self, action: Action, given: Mapping[str, str] | None = None) -> None:
        """``given`` fills in what is known already, by the arguments' names."""
        super().__init__(f"assay {action.name}", "⏎ does it   tab next   pgup pgdn scroll   esc leaves")
        self._action = action
        self._given = given or {}
        self._lines: tuple[Line, ...] = ()
        self._busy = False
        self._left = False

    def inside(self) -> ComposeResult:
        """The summary, a line per argument, the answer."""
        writes = "  It records events; they cannot be undone." if self._action.writes else ""
        yield Note(f"{self._action.summary}.{writes}", "warn" if writes else "muted")
        with VerticalScroll(id="form"):
            for argument in self._action.arguments:
                yield Note(f"{argument.name.replace('_', ' ')}: {argument.help}", "muted")
                filled = self._given.get(argument.name, "")
                yield Input(filled, id=f"arg-{argument.name}", placeholder=_hint(argument))
        yield Note("⏎ runs it", "key", id="state")
        yield Paper(id="answer")

    def on_mount(self) -> None:
        """What needs nothing to be filled in and records nothing is done at once."""
        asks = any(
            ((not a.flags and a.arity in ("one", "some")) or a.required) and a.name not in self._given
            for a in self._action.arguments
        )
        if not asks and not self._action.writes:
            self._run()
        self.query_one("#form").can_focus = False
        first = self.query(Input)
        if first:
            first.first().focus()

    def on_input_submitted(self) -> None:
        """Do it."""
        self._run()

    def key_enter(self) -> None:
        """Do it where there is nothing to fill in."""
        if not self._action.arguments:
            self._run()

    def action_scroll(self, rows: int) -> None:
        """Scroll the answer."""
        self.query_one("#answer", Paper).scroll_relative(y=rows, animate=False)

    def action_close(self) -> None:
        """Leave; what is under way is given up."""
        self._left = True
        super().action_close()

    def _run(self) -> None:
        if self._busy:
            return
        state = self.query_one("#state", Note)
        if not cast("Dashboard", self.app).may(self._action.name):
            state.say(LOOKS, "warn")
            return
        try:
            arguments = {
                argument.name: value
                for argument in self._action.arguments
                if (value := _value(argument, self.query_one(f"#arg-{argument.name}", Input).value)) is not None
            }
        except ValueError as error:
            state.say(str(error), "warn")
            return
        self._busy = True
        state.say("working …", "info")
        self.run_worker(partial(self._work, arguments), thread=True, exit_on_error=False)

    def _work(self, arguments: dict[str, Any]) -> None:
        app = cast("Dashboard", self.app)
        at = app.moment.at if self._action.at else None
        try:
            with app.acting(
                at=at, writes=self._action.writes, tell=self._told, cancelled=lambda: self._left
            ) as context:
                answer = self._action.load()(context, **arguments)
        except Exception as error:
            from app.tui.screens.page import in_one_line

            self.post_message(Failed(in_one_line(error)))
            return
        app.call_from_thread(self._answered, answer)

    def _told(self, what: str, done: int, total: int) -> None:
        self.post_message(Progressed(what, done, total))

    def on_progressed(self, message: Progressed) -> None:
        """Say how far it is."""
        share = f" {message.done:,} of {message.total:,}" if message.total else f" {message.done:,}"
        self.query_one("#state", Note).say(message.what + share, "info")

    def on_failed(self, message: Failed) -> None:
        """Say what is wrong; it can be tried again."""
        message.stop()
        self._busy = False
        self.query_one("#state", Note).say(message.text, "bad")

    def _answered(self, answer: Answer) -> None:
        self._busy = False
        self.query_one("#state", Note).say(
            "done" if answer.code == 0 else "done, with findings", "ok" if answer.code == 0 else "warn"
        )
        text = answer.raw.splitlines() if answer.raw is not None else list(answer.lines)
        self._lines = tuple(line for each in text for line in spoken(each))
        self.query_one("#answer", Paper).show(lambda cells, rows: tuple(_broken(self._lines, cells)))


def _hint(argument: Argument) -> str:
    if argument.kind == "flag":
        return "yes or no"
    if argument.choices:
        return " or ".join(argument.choices)
    needed = argument.required or (not argument.flags and argument.arity in ("one", "some"))
    several = ", several by commas" if argument.arity in ("many", "some") else ""
    return f"{argument.shown}{several}" + ("" if needed else " (may be left out)")


def _value(argument: Argument, text: str) -> Any:
    """What was typed as the action's argument; None where it is left out.

    Raises:
        ValueError: it is needed, or is of another kind; in words.
    """
    text = text.strip()
    needed = argument.required or (not argument.flags and argument.arity in ("one", "some"))
    if argument.name == "yes" and argument.kind == "flag":
        return True
    if not text:
        if needed:
            raise ValueError(f"{argument.name.replace('_', ' ')} is needed: {argument.help}")
        return None
    if argument.arity in ("many", "some"):
        return [part.strip() for part in text.split(",") if part.strip()]
    if argument.kind == "flag":
        return text.lower() in ("yes", "y", "true", "1")
    try:
        if argument.kind == "integer":
            return int(text)
        if argument.kind == "number":
            return float(text)
    except ValueError:
        raise ValueError(f"{argument.name} is a number, not {safe(text)!r}") from None
    if argument.choices and text not in argument.choices:
        raise ValueError(f"{argument.name} is one of {', '.join(argument.choices)}")
    return text


def spoken(text: str) -> list[Line]:
    """An answer's line, with the roles of its parts as styles."""
    spans = getattr(text, "spans", ())
    runs: list[tuple[str, str]] = []
    at = 0
    for start, stop, role in spans:
        runs += [(text[at:start], ""), (text[start:stop], ROLES.get(role, ""))]
        at = stop
    runs.append((text[at:], ""))
    return [tuple((part, style) for part, style in runs if part)]


def _broken(lines: tuple[Line, ...], cells: int) -> list[Line]:
    from app.tui.draw.picture import measure

    found: list[Line] = []
    for line in lines:
        if measure(line) <= cells:
            found.append(line)
            continue
        whole = "".join(text for text, _ in line)
        style = line[0][1] if len(line) == 1 else ""
        found += [((part, style),) for part in wrap(whole, cells)]
    return found
