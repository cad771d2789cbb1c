"""Any action of the command line: its arguments as a form, its answer as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input

from app.tui.deciding import LOOKS
from app.tui.draw.clip import safe, wrap
from app.tui.draw.picture import Line
from app.tui.fields import filled_in, hint, needed
from app.tui.messages import Failed, Progressed
from app.tui.screens.modal import Box, Note
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from app.actions.answers import Answer
    from app.actions.registry import Action
    from app.actions.reviews import Review
    from app.tui.app import Dashboard

ROLES = {"good": "ok", "bad": "bad", "warn": "warn", "open": "wait", "live": "ok", "quiet": "muted", "title": "title",
         "dim": "muted"}  # fmt: skip


class ActionScreen(Box[None]):
    """Fill in, press ``enter``, read. What it writes, it says before; what cannot be taken back, it asks to confirm."""

    BINDINGS: ClassVar[list[Any]] = [
        ("pagedown", "scroll(10)", "further down"),
        ("pageup", "scroll(-10)", "further up"),
        ("f1", "explain", "what it does, and examples"),
    ]
    DEFAULT_CSS = """
    ActionScreen #box { width: 110; height: 90%; }
    ActionScreen #form { height: auto; max-height: 50%; }
    ActionScreen #answer { height: 1fr; margin: 1 0 0 0; }
    """

    def __init__(self, action: Action, given: Mapping[str, str] | None = None) -> None:
        """``given`` fills in what is known already, by the arguments' names."""
        super().__init__(f"assay {action.name}", "tab next   F1 help   pgup pgdn scroll   esc leaves")
        self._action = action
        self._given = given or {}
        self._lines: tuple[Line, ...] = ()
        self._busy = False
        self._left = False
        self._reviewed: tuple[dict[str, Any], str] | None = None
        """What was shown of what it will do: for which arguments, and which word confirms it."""

    def inside(self) -> ComposeResult:
        """The summary, a line per argument, the answer."""
        writes = "  It records events; they cannot be undone." if self._action.writes else ""
        ended = "" if self._action.summary.endswith(("?", "!", ".")) else "."
        yield Note(f"{self._action.summary}{ended}{writes}", "warn" if writes else "muted")
        with VerticalScroll(id="form"):
            for argument in self._action.arguments:
                yield Note(f"{argument.name.replace('_', ' ')}: {argument.help} ({hint(argument)})", "muted")
                filled = self._given.get(argument.name, "")
                yield Input(filled, id=f"arg-{argument.name}", placeholder=hint(argument), select_on_focus=False)
        yield Input("", id="confirm", disabled=True)
        yield Note(self._asks, "key", id="state")
        yield Paper(id="answer")

    @property
    def _asks(self) -> str:
        return "⏎ shows what it will do, and asks" if self._action.confirms else "⏎ runs it"

    def on_mount(self) -> None:
        """What needs nothing to be filled in and records nothing is done at once."""
        asks = any(needed(each) and each.name not in self._given for each in self._action.arguments)
        if not asks and not self._action.writes:
            self._run()
        self.query_one("#form").can_focus = False
        self.query_one("#confirm").display = False
        first = self._first()
        if first is not None:
            first.focus()

    def _first(self) -> Input | None:
        """The first field that has to be filled in, else the first empty one, else the first."""
        fields = [(each, self.query_one(f"#arg-{each.name}", Input)) for each in self._action.arguments]
        empty = [(each, field) for each, field in fields if not field.value]
        ranked = [*(field for each, field in empty if needed(each)), *(field for _, field in [*empty, *fields])]
        return ranked[0] if ranked else None

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Do it, or show what it would do first."""
        if message.input.id == "confirm":
            self._confirm(message.value)
        else:
            self._run()

    def on_input_changed(self, message: Input.Changed) -> None:
        """What was shown holds for what was filled in then."""
        if message.input.id != "confirm" and self._reviewed is not None and not self._busy:
            self._unconfirmed()

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
                argument.name: filled
                for argument in self._action.arguments
                if (filled := filled_in(argument, self.query_one(f"#arg-{argument.name}", Input).value)) is not None
            }
        except ValueError as error:
            state.say(str(error), "warn")
            return
        self._do(self._review if self._action.confirms else self._work, arguments)

    def _do(self, work: Callable[[dict[str, Any]], None], arguments: dict[str, Any]) -> None:
        self._busy = True
        self.query_one("#state", Note).say("working …", "info")
        self.run_worker(partial(work, arguments), thread=True, exit_on_error=False)

    def _review(self, arguments: dict[str, Any]) -> None:
        app = cast("Dashboard", self.app)
        try:
            with app.acting(cancelled=lambda: self._left) as context:
                review = self._action.review()(context, **arguments)
        except Exception as error:
            from app.tui.screens.page import in_one_line

            self.post_message(Failed(in_one_line(error)))
            return
        app.call_from_thread(self._show_review, arguments, review)

    def _show_review(self, arguments: dict[str, Any], review: Review) -> None:
        """What it will do, and a field for the word that confirms it."""
        self._busy = False
        self._reviewed = (arguments, review.word)
        self._lines = ((("THIS WILL BE DONE", "heading"),), *(((f"  {safe(each)}", ""),) for each in review.lines))
        self.query_one("#answer", Paper).show(lambda cells, rows: tuple(_broken(self._lines, cells)))
        field = self.query_one("#confirm", Input)
        field.disabled, field.display = False, True
        field.value, field.placeholder = "", f"type {safe(review.word)}"
        self.query_one("#state", Note).say(
            f"type {safe(review.word)} and ⏎ to do it; esc leaves, nothing is done", "warn"
        )
        field.focus()

    def _confirm(self, typed: str) -> None:
        if self._busy or self._reviewed is None:
            return
        arguments, word = self._reviewed
        if typed.strip() != word:
            self.query_one("#state", Note).say(f"that is not {safe(word)}; nothing was done", "warn")
            return
        self._unconfirmed()
        self._do(self._work, arguments)

    def _unconfirmed(self) -> None:
        """Ask anew: it is to be shown what it will do before it is done."""
        self._reviewed = None
        field = self.query_one("#confirm", Input)
        if field.has_focus:
            first = self._first()
            if first is not None:
                first.focus()
        field.display, field.disabled = False, True
        self.query_one("#state", Note).say(self._asks, "key")

    def action_explain(self) -> None:
        """What it does and examples of it, where its answer will stand."""
        told = [self._action.description or self._action.summary, ""]
        told += [f"  {each.command}: {each.says}" for each in self._action.examples]
        lines: tuple[Line, ...] = tuple(((each, "muted"),) for each in told)
        self.query_one("#answer", Paper).show(lambda cells, rows: tuple(_broken(lines, cells)))

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
