"""The log, event by event; and whether all of it is intact, told as it is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.filters import EVENT_FIELDS
from app.tui.draw.event import event as drawn
from app.tui.draw.verdict import Verdict, verdict
from app.tui.keys import Key, doing
from app.tui.messages import Failed, Progressed
from app.tui.queries import log
from app.tui.queries.log import Entry, Whole
from app.tui.screens.page import Page
from app.tui.sealing import sealed
from app.tui.verifying import Run
from app.tui.widgets.eventlog import EventLog
from app.tui.widgets.paper import Paper
from ledger.errors import InputError


class AuditPage(Page):
    """The log left; above it the chain's map once it is verified; the event under the cursor right."""

    NAME = "Audit"
    CSS_PATH = "audit.tcss"
    FIELDS = EVENT_FIELDS
    EXPORTS: ClassVar[dict[str, tuple[str, str]]] = {
        "c": ("the events shown, CSV", ".csv"), "r": ("the verification's sealed report, JSON", ".json"),
    }  # fmt: skip
    KEYS = (
        Key(registry.get("verify").key, "verify", registry.get("verify").summary, "verify"),
        Key("j,down", "row(1)", "one event down", "move", "j k"),
        Key("k,up", "row(-1)", "one event up"),
        Key("b", "break", "to the first break that was found", "break"),
        Key("n", "finding(1)", "to the next finding", "finding", "n N"),
        Key("N,p", "finding(-1)", "to the finding before"),
        Key("enter,o", "bytes", "the exact bytes and both hashes of the event, whole", "bytes", "⏎"),
        doing("checkpoint", "checkpoint"),
        Key("B", "do('bundle')", registry.get("bundle").summary, "bundle"),
        Key("S", "seek", "to an event by its number", "seek"),
        Key("space", "pause", "halt a verification, or let it go on", "pause"),
        Key("J", "scroll(4)", "the event further down"),
        Key("K", "scroll(-4)", "the event further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._whole: Whole | None = None
        self._wanted: int | None = None

    def body(self) -> ComposeResult:
        """Map, log, event."""
        with Vertical(id="left"):
            yield Paper(id="map", classes="pane")
            with Vertical(id="log-pane", classes="pane"):
                yield EventLog(id="log")
        yield Paper(id="event", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#log-pane").border_title = "Log"
        self.query_one("#event").border_title = "Event"
        self.query_one("#map").border_title = "Verification"
        self.query_one("#log").focus()

    def open(self, ref: str) -> None:
        """Put the cursor on an event."""
        number = ref.partition("/")[2]
        self._wanted = int(number) if number.isdecimal() else None
        self.load()

    def load(self) -> None:
        """The log up to the playhead; pages come as they come into sight."""
        known = self.dashboard.standing
        if not self.is_mounted or known is None:
            return
        since = self.dashboard.moment.since
        if since is not None and not self.narrowed.terms:
            self._list(known.at + 1, range(since + 1, known.at + 1))
        elif self.narrowed.terms:
            self.ask("fitting", partial(log.fitting, narrowed=self.narrowed), partial(self._list, known.at + 1))
        else:
            self._list(known.at + 1, None)

    def _list(self, size: int, seqs: Sequence[int] | None) -> None:
        view = self.query_one(EventLog)
        follow = view.size_shown == 0 or not self.dashboard.moment.live
        view.show(size, follow=follow, seqs=seqs)
        pane = self.query_one("#log-pane")
        if isinstance(seqs, range):
            pane.border_title = f"Log: the {len(seqs):,} events since event {seqs.start - 1:,}"
        elif seqs is not None:
            pane.border_title = f"Log: {len(seqs):,} of {size:,} events"
        else:
            pane.border_title = "Log"
        if self._wanted is not None:
            view.go(self._wanted)
            self._wanted = None

    def exporting(self, suffix: str) -> Callable[[], str]:
        """The events that are listed, with their envelopes and sentences."""
        if suffix == ".json":
            return self._report
        listed, at = self.query_one(EventLog).listed, self.dashboard.moment.at
        return lambda: self.dashboard.gateway.ask(partial(log.table, seqs=listed), at)

    def _report(self) -> str:
        if self._run is None or self._run.document is None:
            raise InputError("nothing was verified yet; v verifies")
        return sealed(self._run.document)

    def narrow(self) -> None:
        """The log is narrowed by the database, not by the list."""
        self.load()

    def on_event_log_lacks(self, event: EventLog.Lacks) -> None:
        """A page came into sight."""
        seqs = self.query_one(EventLog).seqs(event.page)
        self.ask(f"page {event.page}", partial(log.entries, seqs=seqs), partial(self._supply, event.page))

    def _supply(self, page: int, rows: tuple[Entry, ...]) -> None:
        self.query_one(EventLog).supply(page, rows)

    def on_event_log_moved(self, event: EventLog.Moved) -> None:
        """Another event is under the cursor."""
        self.ask("event", partial(log.whole, seq=event.seq), self._tell)

    def _tell(self, whole: Whole) -> None:
        self._whole = whole
        self.query_one("#event").border_title = f"Event {whole.entry.seq:,}"
        found = self._findings_at(whole.entry.seq)
        self.query_one("#event", Paper).show(lambda cells, _: drawn(whole, found, cells, self.glyphs))

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What the last verification found."""
        run = self._run
        return list(run.document["findings"]) if run is not None and run.document is not None else []

    def _findings_at(self, seq: int) -> list[str]:
        return [f"{each['kind']}: {each['detail']}" for each in self.findings if each["seq"] == seq]

    @property
    def running(self) -> bool:
        """Whether a verification is under way."""
        return self._run is not None and not self._run.ended

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        cursor = self.query_one(EventLog).cursor
        return f"event/{cursor}" if cursor >= 0 else ""

    def why_not(self, action: str) -> str:
        """Going to a finding needs one."""
        if action.startswith(("break", "finding")) and not any(each["seq"] is not None for each in self.findings):
            if self._run is None:
                return "nothing was verified yet; v verifies"
            return "the verification is under way" if self.running else "nothing was found at any event"
        if action == "pause" and not self.running:
            return "no verification is under way"
        if action.startswith("do(") and not self.dashboard.moment.live:
            return "that would be done as of now, and the screen shows the past; L returns to live"
        if action == "verify" and self.running:
            return "it is under way; esc stops it"
        return ""

    def action_verify(self) -> None:
        """Verify the whole ledger on a worker; the map tells how far it is."""
        if self.barred("verify"):
            return
        run = self._run = Run()
        self.add_class("-verified")
        self._paint()

        def job() -> dict[str, Any]:
            with self.dashboard.acting(tell=self._told, cancelled=run.halted) as context:
                return dict(registry.get("verify").load()(context).document)

        self.work("verify", job, partial(self._verified, run))
        self.rekey()

    def action_pause(self) -> None:
        """Halt the verification, or let it go on."""
        if not self.barred("pause") and self._run is not None:
            self._run.paused = not self._run.paused
            self.notice("paused; space goes on, esc stops it" if self._run.paused else "it goes on")

    def _told(self, what: str, done: int, total: int) -> None:
        self.post_message(Progressed(what, done, total))

    def on_progressed(self, message: Progressed) -> None:
        """Paint how far it is."""
        if self._run is not None and self.running:
            self._run.stages[message.what.removeprefix("verifying ")] = (message.done, message.total)
            self._paint()

    def _verified(self, run: Run, document: dict[str, Any]) -> None:
        run.ended, run.document = monotonic(), document
        broken = frozenset(each["seq"] for each in document["findings"] if each["seq"] is not None)
        self.query_one(EventLog).mark(broken)
        self._paint()
        self.dashboard.verified(document["size"], document["ok"])
        if document["ok"]:
            self.notice(f"intact: {document['size']:,} events verified", "ok")
        else:
            self.notice(f"not intact: {len(document['findings'])} found; b goes to the first", "bad")
            self.action_break()
        self.rekey()

    def on_failed(self, message: Failed) -> None:
        """A verification that failed or was left is over."""
        run = self._run
        if run is not None and self.running and (run.left or self._tickets.get("verify")):
            run.ended = monotonic()
            run.failed = message.text
            if run.left:
                message = Failed("stopped: nothing is known of the rest")
            self._paint()
        super().on_failed(message)
        self.rekey()

    def _paint(self) -> None:
        run = self._run
        if run is None:
            return
        known = self.dashboard.standing
        size = run.document["size"] if run.document else known.size if known else 0
        told = Verdict(
            size=size,
            stages=tuple((name, done, total) for name, (done, total) in run.stages.items()),
            seconds=run.seconds,
            running=self.running,
            left=run.left,
            failed=run.failed,
            document=run.document,
        )
        self.query_one("#map", Paper).show(lambda cells, rows: verdict(told, cells, rows, self.glyphs))

    def leave(self) -> bool:
        """Stop a verification under way; else close its map."""
        if self.running and self._run is not None:
            self._run.left = True
        elif self.has_class("-verified"):
            self.remove_class("-verified")
        else:
            return False
        return True

    def action_row(self, rows: int) -> None:
        """Move in the log, whatever has the focus."""
        self.query_one(EventLog).move(rows)

    def action_break(self) -> None:
        """To the first event that something was found at."""
        if not self.barred("break"):
            self.query_one(EventLog).go(min(each["seq"] for each in self.findings if each["seq"] is not None))

    def action_finding(self, step: int) -> None:
        """To the next finding, or the one before."""
        if self.barred("finding"):
            return
        seqs = sorted({each["seq"] for each in self.findings if each["seq"] is not None})
        here = self.query_one(EventLog).cursor
        later = [seq for seq in seqs if (seq > here if step > 0 else seq < here)]
        target = (later[0] if step > 0 else later[-1]) if later else (seqs[0] if step > 0 else seqs[-1])
        self.query_one(EventLog).go(target)

    def action_bytes(self) -> None:
        """The event alone, over the whole width."""
        self.toggle_class("-whole")

    def action_seek(self) -> None:
        """Ask for an event's number."""
        from app.tui.screens.prompt import PromptScreen

        size = self.query_one(EventLog).size_shown
        self.app.push_screen(PromptScreen("Seek", f"an event's number, 0 to {size - 1:,}", check=_number), self._seek)

    def _seek(self, text: str | None) -> None:
        if text:
            self.query_one(EventLog).go(int(text.strip().replace(",", "")))

    def action_scroll(self, rows: int) -> None:
        """Scroll the event."""
        self.query_one("#event", Paper).scroll_relative(y=rows, animate=False)


def _number(text: str) -> str:
    words = text.strip().replace(",", "")
    return "" if words.isdecimal() and len(words) < 16 else "a number, such as 1042"
