"""The inbox: what needs my signature, on which evidence, under which rule; and signing it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.tui import signing
from app.tui.draw.inbox import sections
from app.tui.draw.request import request as drawn
from app.tui.keys import Key, doing
from app.tui.messages import Failed, Opened
from app.tui.queries import approvals
from app.tui.queries.approvals import Asked, Inbox
from app.tui.screens.page import Page
from app.tui.signing import Drafted
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper
from app.tui.widgets.signpanel import SignPanel

if TYPE_CHECKING:
    from ledger.format.dsse import Envelope


RECORDING = ("do('request')", "do('approvals withdraw')", "do('approvals changes')")


class ApprovalsPage(Page):
    """Requests on the left, the one under the cursor on the right, what will be signed below it."""

    NAME = "Approvals"
    CSS_PATH = "approvals.tcss"
    KEYS = (
        Key(registry.get("approve").key, "approve", registry.get("approve").summary, "approve"),
        Key(registry.get("reject").key, "reject", registry.get("reject").summary, "reject"),
        doing("approvals changes", "changes"),
        Key("d", "compare", "what differs between what serves now and what is asked for", "diff"),
        doing("gate", "gate"),
        doing("request", "ask"),
        doing("approvals withdraw", "withdraw"),
        Key("J,space", "scroll(4)", "the request further down", "scroll", "J K"),
        Key("K", "scroll(-4)", "the request further up"),
        Key("enter,l", "lineage", "the lineage of what is asked for", "lineage", "⏎"),
        Key("e", "event", "the event that asked, in the audit", "event"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._inbox: Inbox | None = None
        self._wanted: int | None = None

    def body(self) -> ComposeResult:
        """The inbox and the request."""
        yield Lister(id="inbox", classes="pane")
        with Vertical(id="right"):
            yield Paper(id="request", classes="pane")
            yield SignPanel()

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#inbox").border_title = "Inbox"
        self.query_one("#request").border_title = "Request"

    def open(self, ref: str) -> None:
        """Put the cursor on a request."""
        number = ref.partition("/")[2]
        self._wanted = int(number) if number.isdecimal() else None
        self.load()

    def load(self) -> None:
        """All requests as of the playhead."""
        if self.is_mounted:
            app = self.dashboard
            self.ask_both("inbox", partial(approvals.load, me=app.me, why_nobody=app.why_nobody), self._show)

    def _show(self, inbox: Inbox, before: Inbox | None) -> None:
        self._inbox = inbox
        choose, self._wanted = self._wanted, None
        self.query_one(Lister).show(
            sections(inbox, self.glyphs), choose, None if before is None else sections(before, self.glyphs)
        )
        if self.asked is None:
            self.query_one("#request", Paper).show(lambda *_: ((("  no request was ever made", "muted"),),))
        else:
            self._tell()

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        value = self.query_one(Lister).value
        return f"request/{value}" if isinstance(value, int) else ""

    @property
    def asked(self) -> Asked | None:
        """The request under the cursor."""
        value = self.query_one(Lister).value
        return self._inbox.get(value) if self._inbox is not None and isinstance(value, int) else None

    def on_lister_moved(self) -> None:
        """Another request is under the cursor."""
        panel = self.query_one(SignPanel)
        drafted = panel.drafted
        if drafted is not None and self.asked is not None and drafted.draft.request.seq != self.asked.seq:
            panel.close()
        self._tell()

    def _tell(self) -> None:
        asked = self.asked
        if asked is not None:
            paper = self.query_one("#request", Paper)
            paper.border_title = f"Request {asked.seq:,}"
            paper.show(lambda cells, _: drawn(asked, cells, self.glyphs))
        self.rekey()

    def given(self, name: str) -> dict[str, str]:
        """The request under the cursor, and what it asks for."""
        asked = self.asked
        if asked is None or name == "request":
            return {}
        if name == "artifact diff":
            return {"first": asked.before, "second": asked.subject}
        if name == "gate":
            return {"ref": asked.subject, "to": asked.transition}
        return {"request": str(asked.seq)}

    def why_not(self, action: str) -> str:
        """Why the request cannot be decided on by the one who looks."""
        if action == "compare" and (self.asked is None or not self.asked.before):
            return "nothing serves now that it could be compared with"
        if action == "do('approvals changes')" and self.asked is not None and self.asked.state != "open":
            return f"request {self.asked.seq:,} is {self.asked.state} already"
        if action in RECORDING and not self.dashboard.moment.live:
            return "that would be recorded now, and the screen shows the past; L returns to live"
        if action not in ("approve", "reject"):
            return ""
        asked = self.asked
        if asked is None:
            return "there is no request"
        if not self.dashboard.moment.live:
            return "you look at the past; L returns to live"
        if self.dashboard.signing.pending is not None:
            return "a signed decision waits already; u takes it back"
        if asked.state != "open":
            return f"request {asked.seq:,} is {asked.state} already"
        return asked.why_not

    def action_approve(self) -> None:
        """Draft an approval and show its bytes."""
        if not self.barred("approve"):
            self._as_role("approve")

    def action_reject(self) -> None:
        """Ask for the reason, then draft a rejection and show its bytes."""
        if not self.barred("reject"):
            self._as_role("reject")

    def _as_role(self, verdict: str) -> None:
        asked = self.asked
        assert asked is not None
        if len(asked.my_roles) == 1:
            self._with_reason(verdict, asked.my_roles[0])
            return
        from app.tui.screens.prompt import Choice, ChoiceScreen

        choices = [Choice(str(n), role) for n, role in enumerate(asked.my_roles, start=1)]
        roles = {choice.key: choice.says for choice in choices}
        self.app.push_screen(
            ChoiceScreen("In which role?", f"to {verdict} {asked.subject}", [*choices, Choice("escape", "leave")]),
            lambda key: self._with_reason(verdict, roles[key]) if key else None,
        )

    def _with_reason(self, verdict: str, role: str) -> None:
        if verdict == "approve":
            self._draft(verdict, role, "")
            return
        from app.tui.screens.prompt import PromptScreen

        prompt = PromptScreen(
            "Reject", "why? The requester reads it; it is signed with your decision",
            check=lambda text: "" if text.strip() else "a rejection needs a reason",
        )  # fmt: skip
        self.app.push_screen(prompt, lambda reason: self._draft(verdict, role, reason) if reason else None)

    def _draft(self, verdict: str, role: str, reason: str) -> None:
        asked = self.asked
        assert asked is not None

        def job() -> Drafted:
            with self.dashboard.acting() as context:
                return signing.draft(context, asked.seq, verdict, role, reason)

        self.add_class("-signing")
        self.work("sign", job, self.query_one(SignPanel).propose)

    def on_sign_panel_confirmed(self, event: SignPanel.Confirmed) -> None:
        """Sign what was shown; it waits before it is appended."""
        drafted = event.drafted

        def job() -> Envelope:
            with self.dashboard.acting() as context:
                return signing.sign(context, drafted)

        self.work("sign", job, partial(self._signed, drafted))

    def _signed(self, drafted: Drafted, envelope: Envelope) -> None:
        if self.query_one(SignPanel).drafted is not drafted:
            return
        self.dashboard.signing.hold(drafted, envelope)
        self.query_one(Lister).focus()
        self.reframe()

    def on_failed(self, message: Failed) -> None:
        """A failure while something is proposed is said where one looks."""
        panel = self.query_one(SignPanel)
        if panel.drafted is not None and self.dashboard.signing.pending is None:
            panel.refuse(message.text)
        super().on_failed(message)

    def reframe(self) -> None:
        """The frame, and how long a signed decision still waits."""
        super().reframe()
        if not self.is_mounted:
            return
        panel, pending = self.query_one(SignPanel), self.dashboard.signing.pending
        if pending is not None and panel.has_class("-waits"):
            panel.tick()
        elif pending is not None:
            panel.wait(pending)
        elif panel.has_class("-waits"):
            panel.close()
        self.set_class(panel.open, "-signing")

    def leave(self) -> bool:
        """Close what is proposed; nothing was signed."""
        panel = self.query_one(SignPanel)
        if panel.drafted is None or panel.has_class("-waits"):
            return False
        panel.close()
        self.remove_class("-signing")
        self.query_one(Lister).focus()
        self.notice("nothing was signed")
        return True

    def action_scroll(self, rows: int) -> None:
        """Scroll the request."""
        self.query_one("#request", Paper).scroll_relative(y=rows, animate=False)

    def action_compare(self) -> None:
        """What differs, as the command line says it."""
        if not self.barred("compare"):
            self.action_do("artifact diff")

    def action_lineage(self) -> None:
        """What the version came from."""
        if self.asked is not None:
            self.app.post_message(Opened(self.asked.subject))

    def action_event(self) -> None:
        """The event that asked."""
        if self.asked is not None:
            self.app.post_message(Opened(f"event/{self.asked.seq}"))
