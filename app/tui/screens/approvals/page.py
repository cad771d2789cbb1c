"""The inbox: what needs my signature, on which evidence, under which rule; and signing it."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.tui.draw.sections import Section
from app.tui.keys import Key, doing
from app.tui.messages import Opened
from app.tui.screens.approvals.draw import inbox as draw
from app.tui.screens.approvals.draw.request import heading, request
from app.tui.screens.approvals.proposing import Proposing
from app.tui.screens.approvals.queries import approvals
from app.tui.screens.approvals.queries import request as requests
from app.tui.screens.approvals.queries.approvals import Inbox, Item, Settled
from app.tui.screens.approvals.queries.request import Asked
from app.tui.screens.approvals.signpanel import SignPanel
from app.tui.screens.page import PAST
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

RECORDING = ("do('request')", "do('approvals withdraw')", "do('approvals changes')")


class ApprovalsPage(Proposing):
    """Requests on the left, the one under the cursor on the right, what will be signed below it."""

    NAME = "Approvals"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key("space", "mark", "mark a request, to decide on several; esc takes all marks away", "mark"),
        Key(registry.get("approve").key, "approve", registry.get("approve").summary, "approve"),
        Key(registry.get("reject").key, "reject", registry.get("reject").summary, "reject"),
        doing("approvals changes", "changes"),
        Key("d", "compare", "what differs between what serves now and what is asked for", "diff"),
        Key(
            "v", "evidence", "the evidence: what it is, whether its bytes are those recorded, what it says", "evidence"
        ),
        Key("z", "fold", "show all of the long lists; again, the first of each", "fold"),
        doing("gate", "gate"),
        doing("request", "ask"),
        doing("approvals withdraw", "withdraw"),
        Key("J", "scroll(4)", "the request further down", "scroll", "J K"),
        Key("K", "scroll(-4)", "the request further up"),
        Key("enter,l", "lineage", "the lineage of what is asked for", "lineage", "⏎"),
        Key("e", "event", "the event that asked, in the audit", "event"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._inbox = Inbox()
        self._before: Inbox | None = None
        self._asked: Asked | None = None
        self._stale_asked = False
        self._settled: tuple[object, Settled] = (None, Settled())
        self._marked: set[int] = set()
        self._folded = True
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

    @property
    def inbox(self) -> Lister:
        """The list."""
        return self.query_one("#inbox", Lister)

    def open(self, ref: str) -> None:
        """Put the cursor on a request."""
        number = ref.partition("/")[2]
        self._wanted = int(number) if number.isdecimal() else None
        self.load()

    def load(self) -> None:
        """All requests as of the playhead."""
        if self.is_mounted:
            app, tally = self.dashboard, self.dashboard.gateway.tally
            if self._settled[0] is not tally:
                self._settled = (tally, Settled())
            query = partial(approvals.load, me=app.me, why_nobody=app.why_nobody, settled=self._settled[1])
            self.ask_both("inbox", query, self._show)

    def _show(self, inbox: Inbox, before: Inbox | None) -> None:
        self._inbox, self._before = inbox, before
        self._marked &= inbox.by_number.keys()
        choose, self._wanted = self._wanted, None
        self._stale_asked = True
        self._list(choose)
        if self.item is None:
            self.query_one("#request", Paper).show(lambda *_: ((("  no request was ever made", "muted"),),))

    def _list(self, choose: int | None = None) -> None:
        """The list anew: other requests, marks or folds."""
        kept = choose if choose is not None else self.inbox.value
        number = kept if isinstance(kept, int) else None

        def sections(inbox: Inbox, *, folded: bool | None, dated: bool) -> list[Section]:
            return draw.sections(inbox, self.glyphs, self._marked, folded=folded, kept=number, dated=dated)

        if self._before is None:
            # What is folded would be lost on a filter.
            now = sections(self._inbox, folded=None if self.filter else self._folded, dated=False)
            self.inbox.show(now, choose)
        else:
            then = sections(self._before, folded=None, dated=True)
            self.inbox.show(sections(self._inbox, folded=None, dated=True), choose, then)

    def narrow(self) -> None:
        """Narrow the list; all of it."""
        super().narrow()
        self._list()

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        value = self.inbox.value
        return f"request/{value}" if isinstance(value, int) else ""

    @property
    def item(self) -> Item | None:
        """The request under the cursor."""
        value = self.inbox.value
        return self._inbox.get(value) if isinstance(value, int) else None

    @property
    def told(self) -> Item | None:
        """The request that the right pane tells of: the one whose statement is in view, else the one under the cursor."""
        panel = self.query_one(SignPanel)
        drafted = panel.drafted if panel.proposing else None
        return self.item if drafted is None else self._inbox.get(drafted.request)

    @property
    def asked(self) -> Asked | None:
        """The same, whole, once it is known."""
        item = self.told
        return self._asked if item is not None and self._asked is not None and self._asked.seq == item.seq else None

    @property
    def chosen(self) -> tuple[Item, ...]:
        """The marked requests as the list has them, else the one under the cursor."""
        if self._marked:
            return tuple(each for each in self._inbox.by_number.values() if each.seq in self._marked)
        return () if self.item is None else (self.item,)

    def unmark(self) -> None:
        """No request is marked any more."""
        if self._marked:
            self._marked.clear()
            self._list()

    def on_lister_moved(self) -> None:
        """Another request is under the cursor: what is signed must be what one looks at."""
        item, panel = self.item, self.query_one(SignPanel)
        if panel.proposing and panel.drafted is not None and item is not None:
            hidden = not self.inbox.holds(panel.drafted.request)
            if not hidden and not panel.step_to(item.seq):
                panel.close()
                self.notice("nothing was signed")
                self.reframe()
        self._tell()

    def look_at(self, request: int) -> None:
        """Put the cursor on a request that is being decided on, and tell of it."""
        if self.inbox.value != request:
            self._list(request)
        self._tell()

    def _tell(self) -> None:
        """Tell of a request what is known; ask for what is not, or not any more."""
        item, asked = self.told, self.asked
        if item is None:
            self.rekey()
            return
        paper = self.query_one("#request", Paper)
        paper.border_title = f"Request {item.seq:,}"
        if asked is not None:
            paper.show(lambda cells, _: request(asked, cells, self.glyphs))
        else:
            paper.scroll_to(y=0, animate=False)
            paper.show(lambda cells, _: heading(item, cells, self.glyphs))
        if asked is None or self._stale_asked:
            app, self._stale_asked = self.dashboard, False
            query = partial(requests.whole, seq=item.seq, me=app.me, why_nobody=app.why_nobody)
            self.ask("request", query, self._answer)
        self.rekey()

    def _answer(self, asked: Asked | None) -> None:
        if asked is not None:
            self._asked = asked
            self._tell()

    def given(self, name: str) -> dict[str, str]:
        """The request under the cursor, and what it asks for."""
        item = self.item
        if item is None or name == "request":
            return {}
        if name == "artifact diff":
            return {"first": self.asked.before if self.asked else "", "second": item.subject}
        if name == "gate":
            return {"ref": item.subject, "to": item.transition}
        return {"request": str(item.seq)}

    def why_not(self, action: str) -> str:
        """Why the request cannot be decided on by the one who looks."""
        item = self.item
        if action in ("approve", "reject"):
            return self.undecidable()
        if action == "fold":
            return "" if draw.long(self._inbox) else "no list is long"
        if action in RECORDING and not self.dashboard.moment.live:
            return PAST
        if item is None and action in ("mark", "compare", "evidence", "lineage", "event"):
            return "there is no request"
        if action == "compare" and (self.asked is None or not self.asked.before):
            return "nothing serves now that it could be compared with"
        if action == "do('approvals changes')" and item is not None and item.state != "open":
            return f"request {item.seq:,} is {item.state} already"
        return ""

    def leave(self) -> bool:
        """Close what is proposed; else take the marks away."""
        if super().leave():
            return True
        if not self._marked:
            return False
        self.unmark()
        self.notice("no request is marked")
        self.rekey()
        return True

    def action_mark(self) -> None:
        """Mark the request under the cursor, or take its mark away."""
        if self.barred("mark") or self.item is None:
            return
        self._marked ^= {self.item.seq}
        self._list()
        many = len(self._marked)
        self.notice(
            f"{many} marked; a approves, r rejects {'it' if many == 1 else 'them'}" if many else "no request is marked"
        )
        self.rekey()

    def action_fold(self) -> None:
        """Show all of the long lists, or the first of each."""
        if not self.barred("fold"):
            self._folded = not self._folded
            self._list()

    def action_scroll(self, rows: int) -> None:
        """Scroll the request."""
        self.query_one("#request", Paper).scroll_relative(y=rows, animate=False)

    def action_compare(self) -> None:
        """What differs, as the command line says it."""
        if not self.barred("compare"):
            self.action_do("artifact diff")

    def action_evidence(self) -> None:
        """What the request rests on."""
        if self.barred("evidence") or self.item is None:
            return
        from app.tui.screens.approvals.evidence import EvidenceScreen

        self.app.push_screen(EvidenceScreen(self.item.seq, self.item.subject))

    def action_lineage(self) -> None:
        """What the version came from."""
        if not self.barred("lineage") and self.item is not None:
            self.app.post_message(Opened(self.item.subject))

    def action_event(self) -> None:
        """The event that asked."""
        if not self.barred("event") and self.item is not None:
            self.app.post_message(Opened(f"event/{self.item.seq}"))
