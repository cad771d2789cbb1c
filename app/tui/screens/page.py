"""What every screen has in common: the frame around it, asking on a worker, following the ledger and the playhead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Input

from app.filters import ROW_FIELDS, Filter, parse
from app.tui.draw import frame, ruler
from app.tui.draw.glyphs import Glyphs
from app.tui.keys import EVERYWHERE, Key, named
from app.tui.messages import Answered, Failed, Noticed
from app.tui.widgets.frame import Header, KeyLine, RulerBar
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.tui.app import Dashboard
    from ledger.projections.view import View

Given = TypeVar("Given")

PAST = "you look at the past; L returns to live"
"""Why nothing can be done, or asked of what is now."""

LEAST = (60, 16)
"""The smallest terminal, in cells, that a screen can be read in."""


class Page(Screen[None]):
    """A numbered screen. A subclass names itself and its keys, composes its body, and loads and shows its data."""

    NAME: ClassVar[str] = ""
    FIELDS: ClassVar[tuple[str, ...]] = ROW_FIELDS
    """What a filter of the screen may speak of."""
    EXPORTS: ClassVar[dict[str, tuple[str, str]]] = {}
    """What the screen can be exported as beside text and a picture: by key, its name and its file's suffix."""
    KEYS: ClassVar[tuple[Key, ...]] = ()

    DEFAULT_CSS = """
    Page { background: $background; layers: base; }
    Page > #body { height: 1fr; }
    Page > #small { display: none; width: 100%; height: 100%; }
    Page.-small > * { display: none; }
    Page.-small > #small { display: block; }
    Page .pane { border: round $border; border-title-color: $accent; border-title-style: bold; background: $surface;
                 border-subtitle-color: $muted; padding: 0; }
    Page .pane:focus, Page .pane:focus-within { border: round $accent; }
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        cls.BINDINGS = [key.binding(cls.NAME) for key in cls.KEYS]
        super().__init_subclass__(**arguments)

    def __init__(self) -> None:
        super().__init__()
        self._tickets: dict[str, int] = {}
        self._stale = True
        self.filter = ""
        self.narrowed = Filter()

    @property
    def dashboard(self) -> Dashboard:
        """The application, by its own type."""
        return cast("Dashboard", self.app)

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return self.dashboard.glyphs

    def compose(self) -> ComposeResult:
        """Header, body, ruler, keys; and what is said where the terminal is too small for them."""
        yield Header()
        yield Paper(id="small")
        with Container(id="body"):
            yield from self.body()
        yield RulerBar()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        raise NotImplementedError

    def load(self) -> None:
        """Ask for what is shown, as of the playhead."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """What the cursor stands on, as a reference; empty where it stands on nothing that has one."""
        return ""

    def open(self, ref: str) -> None:
        """Put the cursor on what a reference names."""
        raise NotImplementedError

    def arrived(self) -> None:
        """Something was opened here from another screen."""

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now, in words; empty where it can."""
        return ""

    def why(self, action: str) -> str:
        """The same; first of all, whether one only looks."""
        return self.dashboard.bars(action) or self.why_not(action)

    def given(self, name: str) -> dict[str, str]:
        """What the screen knows of an action's arguments, by their names: the form begins with it."""
        return {}

    def action_do(self, name: str) -> None:
        """Open the form of one of the command line's actions, filled in as far as the screen can."""
        if self.barred(f"do({name!r})"):
            return
        from app.actions import registry
        from app.tui.screens.action import ActionScreen

        self.app.push_screen(ActionScreen(registry.get(name), self.given(name)))

    def action_filter(self) -> None:
        """Ask for a filter; an empty one shows all again."""
        from app.tui.screens.prompt import PromptScreen

        says = f"all terms must hold: words, {', '.join(f'{name}:…' for name in self.FIELDS)}; a minus turns one round"
        self.app.push_screen(PromptScreen("Filter", says, value=self.filter, check=self._misread), self.narrow_to)

    def recall_filter(self, text: str) -> None:
        """The filter of last time, where it still can be read."""
        if not self._misread(text):
            self.filter, self.narrowed = text, parse(text, self.FIELDS)
            if self.is_mounted:
                self.narrow()
                self.rekey()

    def pictured(self, suffix: str) -> str:
        """What the terminal shows, as text (``.txt``) or as a picture (``.svg``); but nothing that is being said."""
        self.hush()
        if suffix == ".svg":
            from app.tui.draw.svg import self_contained

            return self_contained(self.app.export_screenshot(title=f"Assay, {self.NAME}"))
        return "\n".join(strip.text.rstrip() for strip in self._compositor.render_strips()) + "\n"

    def exporting(self, suffix: str) -> Callable[[], str]:
        """What makes the file of one of the screen's own kinds; it is called on a worker."""
        raise NotImplementedError

    def _misread(self, text: str) -> str:
        try:
            parse(text, self.FIELDS)
        except InputError as error:
            return str(error)
        return ""

    def narrow_to(self, text: str | None) -> None:
        """Show only what passes a filter from now on."""
        if text is None or text.strip() == self.filter:
            return
        self.filter, self.narrowed = text.strip(), parse(text, self.FIELDS)
        self.narrow()
        self.rekey()
        self.notice(f"only {self.filter}" if self.filter else "no filter")

    def narrow(self) -> None:
        """Narrow the screen's lists."""
        for lister in self.query(Lister):
            lister.narrow(self.narrowed)

    def leave(self) -> bool:
        """Close what is open on the screen; False where there is nothing to close."""
        return False

    def on_mount(self) -> None:
        """Say what is known already, and ask for the rest."""
        self.query_one("#small", Paper).show(_too_small)
        if self.filter:
            self.narrow()
        self.set_class(self.glyphs.name == "ascii", "-ascii")
        self.reframe()

    def on_screen_resume(self) -> None:
        """Shown again: what changed meanwhile is asked for."""
        self.stand_aside(None)
        self.reframe()
        if self._stale:
            self.reload()

    def reload(self) -> None:
        """The ledger or the playhead moved: ask anew, now or when shown."""
        # The toolkit calls current what stands behind the screen in view, too.
        ready = self.dashboard.current is self and self.is_mounted
        self._stale = not ready
        if ready:
            self.load()

    def reframe(self) -> None:
        """Draw the frame from what the application knows."""
        if not self.is_mounted or not self.query(Header):  # what closes loses its lines before it is unmounted
            return
        app = self.dashboard
        self.query_one(Header).show(app.status(), app.tabs(), self.NAME)
        self.query_one(RulerBar).show(app.ruler())
        self.rekey()

    def rekey(self) -> None:
        """Draw the keys anew: what works may have changed."""
        spelled = self.glyphs.name == "ascii"
        keymap = self.app._keymap  # the toolkit tells it nowhere else

        def label(key: Key, screen: str) -> str:
            return key.spelled(spelled, keymap.get(named(screen, key.action), ""))

        shown = tuple((label(key, self.NAME), key.says, not self.why(key.action)) for key in self.KEYS if key.says)
        everywhere = {key.action: key for key in EVERYWHERE if key.says}
        always = tuple((label(everywhere[name], "everywhere"), everywhere[name].says, True) for name in _ALWAYS)
        self.query_one(KeyLine).show(shown, always, self.filter)

    def stand_aside(self, instead: str | None) -> None:
        """The last line shows the keys of what is open above the screen; with ``None`` the screen's own."""
        for line in self.query(KeyLine):
            line.stand_aside(instead)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where text is typed, no key of the screen works."""
        self.stand_aside(TYPING if isinstance(event.widget, Input) else None)

    def on_key(self, event: events.Key) -> None:
        """What was said is over with the next key; a key that nothing is bound to is told."""
        self.hush()
        told = event.is_printable or (event.key[:1] == "f" and event.key[1:].isdecimal())
        if told and event.key not in self.active_bindings:
            self.notice(f"nothing on {event.character or event.key.upper()} here; ? tells the keys")

    def hush(self) -> None:
        """What was said in the last line is said no longer."""
        for line in self.query(KeyLine):
            line.hush()

    def notice(self, text: str, style: str = "info") -> None:
        """Say something in the last line."""
        self.query_one(KeyLine).notice(text, style)

    def barred(self, action: str) -> bool:
        """Whether an action cannot be done now; says why."""
        why = self.why(action)
        if why:
            self.notice(why, "warn")
        return bool(why)

    def ask(self, group: str, query: Callable[[View], Given], then: Callable[[Given], None], at: Any = "shown") -> None:
        """Ask on a worker thread as of the playhead; ``then`` gets the answer here, unless asked again in the group."""
        moment = self.dashboard.moment.at if at == "shown" else at
        self.work(group, partial(self.dashboard.gateway.ask, query, moment), then)

    def ask_both(self, group: str, query: Callable[[View], Given], then: Callable[[Given, Given | None], None]) -> None:
        """As :meth:`ask`; where two moments are compared, ``then`` gets the answer as of the earlier one too."""
        moment, gateway = self.dashboard.moment, self.dashboard.gateway

        def both() -> tuple[Given, Given | None]:
            before = None if moment.since is None else gateway.ask(query, moment.since)
            return gateway.ask(query, moment.at), before

        self.work(group, both, lambda answers: then(*answers))

    def work(self, group: str, job: Callable[[], Given], then: Callable[[Given], None]) -> None:
        """Run any job on a worker thread; its result or its failure comes back as a message."""
        ticket = self._tickets[group] = self._tickets.get(group, 0) + 1

        def run() -> None:
            try:
                data = job()
            except Exception as error:  # a worker's failure is one line, whatever it is
                if self._tickets.get(group) == ticket:
                    self.post_message(Failed(in_one_line(error)))
            else:
                self.post_message(Answered(group, ticket, data, then))

        self.run_worker(run, thread=True, group=group, exit_on_error=False)

    def on_answered(self, message: Answered) -> None:
        """An answer came: hand it on, unless it is stale."""
        message.stop()
        if self._tickets.get(message.group) == message.ticket and self.is_attached:
            message.then(message.data)

    def on_failed(self, message: Failed) -> None:
        """A worker failed: say so, go on."""
        message.stop()
        self.notice(message.text, "bad")

    def on_noticed(self, message: Noticed) -> None:
        """Something to say."""
        message.stop()
        self.notice(message.text, message.style)

    def on_resize(self) -> None:
        """Too small is said, not drawn badly; narrow is a class that the style sheets use."""
        width, height = self.app.size
        self.set_class(width < LEAST[0] or height < LEAST[1], "-small")
        self.set_class(width < 100, "-narrow")
        self.set_class(width < 70, "-slim")
        self.set_class(height < 30, "-short")


TYPING = "⏎ goes on   esc leaves"
"""The last line while text is typed on the screen itself."""

_ALWAYS = ("jump", "filter", "find", "command_palette", "help")


def in_one_line(error: BaseException) -> str:
    """A failure as one line for people: its own words where it was made for them, else its kind too."""
    from ledger.errors import AssayError

    words = " ".join(str(error).split())
    return words if isinstance(error, AssayError) and words else f"{type(error).__name__}: {words or 'no reason given'}"


def _too_small(cells: int, rows: int) -> tuple[tuple[tuple[str, str], ...], ...]:
    words = f"Assay needs {LEAST[0]}×{LEAST[1]}; this terminal is {cells}×{rows}."
    from app.tui.draw.clip import wrap

    return tuple(((line, "warn"),) for line in wrap(words, max(cells, 2), max(rows, 1)))


__all__ = ["Page", "frame", "in_one_line", "ruler"]
