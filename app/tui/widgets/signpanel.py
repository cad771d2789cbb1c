"""YOU WILL SIGN: the exact bytes, their hash, the last four of it to type, and ten seconds to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from app.tui.draw import bars
from app.tui.draw.clip import titled
from app.tui.draw.glyphs import UNICODE
from app.tui.draw.picture import Line
from app.tui.draw.request import seal, statement
from app.tui.signing import HELD_SECONDS, Drafted, Pending
from app.tui.widgets.paper import Paper

TYPED = 4


class SignPanel(Vertical):
    """Hidden until there is something to sign."""

    DEFAULT_CSS = """
    SignPanel { display: none; height: auto; max-height: 75%; border: round $warning; border-title-color: $warning;
                border-title-style: bold; background: $surface; }
    SignPanel.-open { display: block; }
    SignPanel #bytes { height: auto; }
    SignPanel #seal { height: 2; }
    SignPanel #typed { border: none; height: 1; width: 100%; padding: 0 1; background: $panel; }
    SignPanel #left { height: 2; }
    SignPanel.-waits #typed, SignPanel.-waits #bytes, SignPanel.-waits #seal { display: none; }
    """

    BINDINGS: ClassVar[list[Any]] = [
        ("pagedown", "bytes(6)", "the bytes further down"),
        ("pageup", "bytes(-6)", "the bytes further up"),
    ]

    @dataclass
    class Confirmed(Message):
        """The signer typed the end of the hash."""

        drafted: Drafted

    def __init__(self) -> None:
        super().__init__(id="sign")
        self.drafted: Drafted | None = None
        self._pending: Pending | None = None

    def compose(self) -> ComposeResult:
        """Bytes, the line to type in, what is left to do."""
        yield Paper(id="bytes")
        yield Paper(id="seal")
        yield Input(id="typed", max_length=TYPED, placeholder=f"type the last {TYPED} of the hash to sign")
        yield Paper(id="left")

    def propose(self, drafted: Drafted) -> None:
        """Show what would be signed, and ask."""
        self.drafted, self._pending = drafted, None
        verdict = drafted.draft.decision.verdict
        self.border_title = titled(f"You will sign: {verdict} {drafted.draft.request.subject}, as {drafted.draft.role}")
        self.add_class("-open")
        self.remove_class("-waits")
        typed = self.query_one("#typed", Input)
        typed.value = ""
        key = "ed25519, a demo key: anybody may use it" if drafted.demo_key else "ed25519"
        paper, below = self.query_one("#bytes", Paper), self.query_one("#seal", Paper)
        paper.show(lambda cells, _: statement(drafted.statement, cells))
        below.show(lambda cells, _: seal(drafted.fingerprint, drafted.signer, key, cells))
        self.call_after_refresh(self._measure)
        self._say((((" ⏎ signs these bytes; pgup pgdn show them all; esc leaves, nothing is signed", "muted"),),))
        typed.focus()

    def _measure(self) -> None:
        """The bytes take the lines that they need, as far as the terminal has them; the hash always shows."""
        if self.drafted is None:
            return
        most = max(self.app.size.height - 16, 4)
        self.query_one("#seal").styles.height = 2 if self.size.width >= 76 else 3
        self.query_one("#bytes").styles.height = min(len(statement(self.drafted.statement, self.size.width)), most)

    def on_resize(self) -> None:
        """Another width, another height."""
        self._measure()

    def action_bytes(self, rows: int) -> None:
        """Scroll the bytes."""
        self.query_one("#bytes", Paper).scroll_relative(y=rows, animate=False)

    def wait(self, pending: Pending) -> None:
        """Show how long the signed decision can still be taken back."""
        self._pending = pending
        self.border_title = titled(f"Signed: {pending.words}")
        self.add_class("-open", "-waits")
        self.tick()

    def tick(self) -> None:
        """Count down."""
        if self._pending is not None:
            left = self._pending.left
            glyphs = getattr(self.app, "glyphs", UNICODE)
            bar = bars.bar(left, HELD_SECONDS, 20, glyphs, "warn")
            self._say(
                (
                    ((f" appends in {left:>2.0f} s  ", "warn"), *bar, ("   u", "key"), (" takes it back", "")),
                    ((" not recorded until then; afterwards only another event can answer it", "muted"),),
                )
            )

    def close(self) -> None:
        """Nothing to sign any more."""
        self.drafted, self._pending = None, None
        self.remove_class("-open", "-waits")

    @property
    def open(self) -> bool:
        """Whether something is proposed or waits."""
        return self.has_class("-open")

    def _say(self, lines: tuple[Line, ...]) -> None:
        self.query_one("#left", Paper).show(lambda *_: lines)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The end of the hash: right, or said to be wrong."""
        event.stop()
        if self.drafted is None:
            return
        if event.value.strip().lower() == self.drafted.fingerprint[-TYPED:]:
            self.post_message(self.Confirmed(self.drafted))
        else:
            event.input.value = ""
            self._say((((" that is not the hash's end; nothing was signed. Compare, and type again", "bad"),),))

    def refuse(self, words: str) -> None:
        """Signing failed; it can be tried again."""
        self._say((((f" {words}", "bad"),),))
