"""YOU WILL SIGN: the exact bytes of each statement, its hash, the last four of it to type, and ten seconds to take all
back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from app.tui.draw import statement as draw
from app.tui.draw.clip import clip, titled, to_ascii, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.signing import HELD_SECONDS, Batch, Drafted, Unrecorded
from app.tui.widgets.paper import Paper

TYPED = 4


class SignPanel(Vertical):
    """Hidden until there is something to sign. Each statement is shown, and its hash typed, before any is signed."""

    DEFAULT_CSS = """
    SignPanel { display: none; height: auto; border: round $warning; border-title-color: $warning;
                border-title-style: bold; border-subtitle-color: $muted; background: $surface; }
    SignPanel.-open { display: block; }
    SignPanel #typed { border: none; height: 1; width: 100%; padding: 0 1; background: $panel; }
    SignPanel #left { height: 2; }
    SignPanel.-waits #typed, SignPanel.-waits #bytes, SignPanel.-waits #seal { display: none; }
    SignPanel.-told #typed, SignPanel.-told #bytes, SignPanel.-told #seal { display: none; }
    """

    BINDINGS: ClassVar[list[Any]] = [
        ("pagedown", "bytes(6)", "the bytes further down"),
        ("pageup", "bytes(-6)", "the bytes further up"),
        ("tab,down", "walk(1)", "the next statement"),
        ("shift+tab,up", "walk(-1)", "the statement before"),
    ]

    @dataclass
    class Confirmed(Message):
        """The signer typed the end of every hash."""

        drafts: tuple[Drafted, ...]

    @dataclass
    class Stepped(Message):
        """Another statement is in view: the one on this request."""

        request: int

    def __init__(self) -> None:
        super().__init__(id="sign")
        self.drafts: tuple[Drafted, ...] = ()
        self.here = 0
        self._typed: list[bool] = []
        self._seen: set[int] = set()
        self._batch: Batch | None = None
        self._failed: tuple[Unrecorded, ...] = ()
        self.busy = False
        """Whether all is confirmed, and being signed."""
        self._lines = self._rows = 0
        self._title = ""

    def on_mount(self) -> None:
        """However the bytes are scrolled, by key or by wheel: what was on screen is noted."""
        self.watch(self.query_one("#bytes", Paper), "scroll_y", self._look, init=False)

    def compose(self) -> ComposeResult:
        """Which statements, the bytes of one, its hash, the line to type in, what is left to do."""
        yield Paper(id="steps")
        yield Paper(id="bytes")
        yield Paper(id="seal")
        yield Input(id="typed", max_length=TYPED, placeholder=f"type the last {TYPED} of the hash to sign")
        yield Paper(id="left")

    @property
    def drafted(self) -> Drafted | None:
        """The statement in view."""
        return self.drafts[self.here] if self.drafts else None

    @property
    def glyphs(self) -> Glyphs:
        """The signs that this terminal can show."""
        return getattr(self.app, "glyphs", UNICODE)

    @property
    def open(self) -> bool:
        """Whether something is proposed, waits, or was not recorded."""
        return self.has_class("-open")

    @property
    def proposing(self) -> bool:
        """Whether statements are shown that are not signed."""
        return bool(self.drafts) and not self.has_class("-waits")

    def propose(self, drafts: Sequence[Drafted]) -> None:
        """Show what would be signed, one statement after another, and ask for the end of each hash."""
        self.drafts, self.here, self.busy = tuple(drafts), 0, False
        self._typed, self._seen = [False] * len(drafts), set()
        self._batch, self._failed = None, ()
        self.add_class("-open")
        self.remove_class("-waits", "-told")
        self._view()

    def _view(self) -> None:
        """Show the statement at hand."""
        drafted = self.drafted
        if drafted is None:
            return
        many, last = len(self.drafts), sum(self._typed) == len(self.drafts) - 1
        verdict, asked = drafted.draft.decision.verdict, drafted.draft.request
        count = f" {self.here + 1} of {many}" if many > 1 else ""
        self._head(f"You will sign{count}: {verdict} {asked.subject}, as {drafted.draft.role}")
        field = self.query_one("#typed", Input)
        field.value = ""
        if self._typed[self.here]:
            field.placeholder = "the end of this hash is typed; tab goes on"
        else:
            field.placeholder = f"type the last {TYPED} of the hash to sign"
        key = "ed25519, a demo key: anybody may use it" if drafted.demo_key else "ed25519"
        paper, below = self.query_one("#bytes", Paper), self.query_one("#seal", Paper)
        self._rows = 0
        paper.scroll_to(y=0, animate=False, immediate=True)
        paper.show(lambda cells, _: draw.statement(drafted.statement, cells, self.glyphs))
        below.show(lambda cells, _: draw.seal(drafted.fingerprint, drafted.signer, key, cells))
        if many == 1:
            self._say("enter signs these bytes; pgup pgdn show them all; esc leaves, nothing is signed")
        elif last and not self._typed[self.here]:
            self._say(
                f"enter signs {draw.every(many)}; tab walks, pgup pgdn scroll the bytes; esc leaves, nothing is signed"
            )
        else:
            self._say(
                f"enter takes this hash, the last one signs {draw.every(many)}; tab walks, pgup pgdn scroll the bytes; esc "
                "leaves, nothing is signed"
            )
        self._measure()
        field.focus()
        self.post_message(self.Stepped(drafted.request))

    def _head(self, words: str) -> None:
        """The panel's title, in the terminal's signs and as long as there is room."""
        self._title = words
        cut = clip(words, max(self._space()[1] - 4, 10), self.glyphs.ellipsis)
        self.border_title = titled(to_ascii(cut) if self.glyphs.name == "ascii" else cut)
        self.border_subtitle = ""

    def _measure(self) -> None:
        """The parts take the rows that they need, as far as the terminal has them; the hash always shows."""
        drafted = self.drafted
        if drafted is None or self.has_class("-waits") or self.parent is None:
            return
        rows, cells = self._space()
        lines = len(draw.statement(drafted.statement, cells, self.glyphs))
        room = draw.room(rows, cells, lines, len(self.drafts))
        if lines > room.bytes:
            # A scrollbar takes a cell.
            lines = len(draw.statement(drafted.statement, cells - 1, self.glyphs))
            room = draw.room(rows, cells, lines, len(self.drafts))
        steps = self.query_one("#steps", Paper)
        steps.display = room.steps > 0
        steps.styles.height, self.query_one("#seal").styles.height = max(room.steps, 1), room.seal
        self.query_one("#bytes").styles.height = room.bytes
        steps.show(
            lambda wide, rows: (
                draw.steps(self.drafts, self.here, self._typed, wide, rows, self.glyphs) if self.proposing else ()
            )
        )
        self._lines, self._rows = lines, room.bytes if self.size.width else 0
        self._look()

    def _space(self) -> tuple[int, int]:
        """Rows for the panel and what stands above it; cells inside the panel."""
        page = self.screen.query_one("#body")
        rows = page.size.height or max(self.app.size.height - 4, 1)
        return rows, max((self.size.width or self.app.size.width) - 2 * (self.size.width == 0), 24)

    def _look(self) -> None:
        """Note how far the bytes of the statement in view have been on screen."""
        if not self.proposing or not self._rows:
            return
        top = int(self.query_one("#bytes", Paper).scroll_y)
        below = min(top + self._rows, self._lines)
        if below >= self._lines:
            self._seen.add(self.here)
        self.border_subtitle = f"lines {top + 1} to {below} of {self._lines}" if self._lines > self._rows else ""

    def on_resize(self) -> None:
        """Another width, another height."""
        self._head(self._title)
        self._measure()

    def action_bytes(self, rows: int) -> None:
        """Scroll the bytes."""
        self.query_one("#bytes", Paper).scroll_relative(y=rows, animate=False)

    def action_walk(self, steps: int) -> None:
        """Show the next statement, or the one before."""
        if self.proposing and len(self.drafts) > 1:
            self.here = (self.here + steps) % len(self.drafts)
            self._view()

    def step_to(self, request: int) -> bool:
        """Show the statement on a request; False where there is none."""
        found = next((n for n, each in enumerate(self.drafts) if each.request == request), None)
        if found is None:
            return False
        if found != self.here:
            self.here = found
            self._view()
        return True

    def wait(self, batch: Batch) -> None:
        """Show how long signed decisions can still be taken back."""
        self._batch, self.drafts = batch, tuple(each.drafted for each in batch.signed)
        many = len(self.drafts)
        self._head("Signed" if many == 1 else f"Signed: {many} decisions")
        self.add_class("-open", "-waits")
        self.remove_class("-told")
        self._list(min(many, 6), lambda cells, rows: draw.waiting(self.drafts, cells, rows, self.glyphs))
        self.tick()

    def tell(self, failed: tuple[Unrecorded, ...]) -> None:
        """Show what was signed and could not be appended, until it has been read."""
        if self.has_class("-told") and failed == self._failed:
            return
        self.drafts, self._batch, self._failed = (), None, failed
        self._head("Not recorded")
        self.add_class("-open", "-told")
        self.remove_class("-waits")
        lines = len(draw.unrecorded(failed, max(self._space()[1], 24), self.glyphs))
        self._list(min(lines, 9), lambda cells, _: draw.unrecorded(failed, cells, self.glyphs))
        self._say("nothing of these was recorded; what was signed with them is. esc closes this", "warn")

    def _list(self, rows: int, draw_lines: Any) -> None:
        steps = self.query_one("#steps", Paper)
        steps.display, steps.styles.height = True, rows
        steps.show(draw_lines)

    def tick(self) -> None:
        """Count down."""
        if self._batch is None:
            return
        left, many = self._batch.left, len(self._batch.signed)
        self.query_one("#left", Paper).show(
            lambda cells, _: draw.countdown(left, HELD_SECONDS, many, cells, self.glyphs)
        )

    def close(self) -> None:
        """Nothing to sign any more."""
        self.drafts, self._batch, self._failed, self.busy = (), None, (), False
        self.remove_class("-open", "-waits", "-told")

    def _say(self, words: str, style: str = "muted") -> None:
        self.query_one("#left", Paper).show(
            lambda cells, _: tuple(((f" {line}", style),) for line in wrap(words, max(cells - 2, 10), 2))
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The end of the hash in view: right, or said to be wrong. The last right one signs all of them."""
        event.stop()
        drafted = self.drafted
        if drafted is None or self.busy:
            return
        if event.value.strip().lower() != drafted.fingerprint[-TYPED:]:
            event.input.value = ""
            self._say("that is not the hash's end; nothing was signed. Compare, and type again", "bad")
            return
        if self.here not in self._seen:
            self.action_bytes(self._rows)
            self._say("the bytes go on: read these too, then enter again", "warn")
            return
        self._typed[self.here] = True
        following = [n for n in (*range(self.here, len(self.drafts)), *range(self.here)) if not self._typed[n]]
        if following:
            self.here = following[0]
            self._view()
            return
        self.busy = True
        self.query_one("#steps", Paper).redraw()
        self._say("signing ...", "info")
        self.post_message(self.Confirmed(self.drafts))

    def refuse(self, words: str) -> None:
        """Signing failed; it can be tried again from the statement in view."""
        self.busy = False
        if self.drafts:
            self._typed[self.here] = False
            field = self.query_one("#typed", Input)
            field.value = ""
            field.placeholder = f"type the last {TYPED} of the hash to sign"
            self.query_one("#steps", Paper).redraw()
        self._say(words, "bad")
