"""The log, event by event; and whether all of it is intact, told as it is checked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.filters import EVENT_FIELDS
from app.tui.draw.picture import Picture
from app.tui.keys import Key, doing
from app.tui.queries import log
from app.tui.queries.log import Entry, Whole
from app.tui.screens.audit.chainpane import ChainPane
from app.tui.screens.audit.charted import Charted
from app.tui.screens.audit.draw.breaks import finding
from app.tui.screens.audit.draw.event import event as drawn
from app.tui.screens.audit.eventlog import EventLog
from app.tui.screens.audit.queries import breaks
from app.tui.screens.audit.queries.breaks import Break
from app.tui.screens.page import PAST
from app.tui.widgets.paper import Paper


class AuditPage(Charted):
    """The log left; above it the chain's map once it is verified; right the event or the finding under the cursor."""

    NAME = "Audit"
    CSS_PATH = "page.tcss"
    FIELDS = EVENT_FIELDS
    EXPORTS: ClassVar[dict[str, tuple[str, str]]] = {
        "c": ("the events shown, CSV", ".csv"), "r": ("the verification's sealed report, JSON", ".json"),
    }  # fmt: skip
    KEYS = (
        Key(registry.get("verify").key, "verify", registry.get("verify").summary, "verify"),
        Key("tab", "switch", "from the log to the map of the chain, and back", "map"),
        Key("j,down", "row(1)", "one event down; on the map, one line", "move", "h j k l"),
        Key("k,up", "row(-1)", "one event up; on the map, one line"),
        Key("l,right", "cell(1)", "on the map, one cell to the right"),
        Key("h,left", "cell(-1)", "on the map, one cell to the left"),
        Key("n", "finding(1)", "to the next finding", "finding", "n p"),
        Key("p,N", "finding(-1)", "to the finding before"),
        Key("F", "break", "to the first break that was found"),
        Key("enter,o", "bytes", "the event's exact bytes and both hashes; on the map, to the cell's first break", "bytes", "⏎"),
        Key("b", "bracket", "the events between the checkpoints on both sides, and what these say", "bracket"),
        Key("r", "range", "map and log of a range of events alone; an empty one shows all", "range"),
        Key("plus,equals_sign", "zoom(1)", "the map closer, around its cursor", "zoom", "+ -"),
        Key("minus", "zoom(-1)", "the map from further away"),
        Key("space", "pause", "halt a verification, or let it go on", "pause"),
        doing("checkpoint", "checkpoint"),
        Key("B", "do('bundle')", registry.get("bundle").summary, "bundle"),
        Key("S", "seek", "to an event by its number", "seek"),
        Key("J", "scroll(4)", "the right pane further down"),
        Key("K", "scroll(-4)", "the right pane further up"),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._whole: Whole | None = None
        self._break: Break | None = None
        self._number: int | None = None

    def body(self) -> ComposeResult:
        """Map, log, event."""
        with Vertical(id="left"):
            yield ChainPane(id="map", classes="pane")
            with Vertical(id="log-pane", classes="pane"):
                yield EventLog(id="log")
        yield Paper(id="event", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#log-pane").border_title = "Log"
        self.query_one("#event").border_title = "Event"
        self.query_one("#map").border_title = "Verification"
        self.log_pane.focus()

    def open(self, ref: str) -> None:
        """Put the cursor on an event."""
        number = ref.partition("/")[2]
        self.wanted = int(number) if number.isdecimal() else None
        self.load()

    def load(self) -> None:
        """The log up to the playhead, and of it the range that is shown; pages come as they come into sight."""
        known = self.dashboard.standing
        if not self.is_mounted or known is None:
            return
        since = self.dashboard.moment.since
        start, stop = self.shown or (0, known.at + 1)
        stop = min(stop, known.at + 1)
        if self.narrowed.terms:
            self.ask("fitting", partial(log.fitting, narrowed=self.narrowed), partial(self._list, known.at + 1))
        elif since is not None:
            self._list(known.at + 1, range(max(since + 1, start), stop))
        else:
            self._list(known.at + 1, None if self.shown is None else range(start, stop))

    def _list(self, size: int, seqs: Sequence[int] | None) -> None:
        view, since = self.log_pane, self.dashboard.moment.since
        if self.shown is not None and seqs is not None and not isinstance(seqs, range):
            seqs = seqs[bisect_left(seqs, self.shown[0]) : bisect_left(seqs, self.shown[1])]
        whole = self.shown is None and self.wanted is None
        view.show(size, follow=whole and (view.size_shown == 0 or not self.dashboard.moment.live), seqs=seqs)
        title = "Log"
        if self.shown is not None:
            title = f"Log: events {self.shown[0]:,} to {self.shown[1] - 1:,}"
        if not isinstance(seqs, range | None):
            title = f"{title}{',' if self.shown else ':'} {len(seqs):,} of {size:,} events"
        elif since is not None and self.shown is None and seqs is not None:
            title = f"Log: the {len(seqs):,} events since event {since:,}"
        self.query_one("#log-pane").border_title = title
        if self.wanted is not None:
            view.go(self.wanted)
            self.wanted = None

    def exporting(self, suffix: str) -> Callable[[], str]:
        """The events that are listed, with their envelopes and sentences; or the sealed report."""
        if suffix == ".json":
            return self.report()
        listed, at = self.log_pane.listed, self.dashboard.moment.at
        return lambda: self.dashboard.gateway.ask(partial(log.table, seqs=listed), at)

    def narrow(self) -> None:
        """The log is narrowed by the database, not by the list."""
        self.load()

    def on_event_log_lacks(self, event: EventLog.Lacks) -> None:
        """A page came into sight."""
        seqs = self.log_pane.seqs(event.page)
        self.ask(f"page {event.page}", partial(log.entries, seqs=seqs), partial(self._supply, event.page))

    def _supply(self, page: int, rows: tuple[Entry, ...]) -> None:
        self.log_pane.supply(page, rows)

    def on_event_log_moved(self, event: EventLog.Moved) -> None:
        """Another event is under the cursor: what was found at it is told, else the event."""
        at = [number for number, each in enumerate(self.findings) if each["seq"] == event.seq]
        if at:
            self._tell(self._number if self._number in at else at[0])
        else:
            self._number = None
            self.ask("event", partial(log.whole, seq=event.seq), self._show)

    def _tell(self, number: int) -> None:
        """Tell of a finding in the right pane; its event's bytes stand ready."""
        assert self._run is not None
        assert self._run.document is not None
        self._number = number
        size, findings, places = self._run.document["size"], self.findings, frozenset(self._run.places)
        seq = findings[number]["seq"]

        def both(view: Any) -> tuple[Break, Whole | None]:
            told = breaks.load(view, findings, number, size, places)
            return told, None if seq is None else breaks.seen(view, seq)

        self.ask("event", both, lambda told: self._told(*told), at=None)

    def _told(self, told: Break, whole: Whole | None) -> None:
        self._break, self._whole = told, whole
        self._redraw()

    def _show(self, whole: Whole) -> None:
        self._break, self._whole = None, whole
        self._redraw()

    def _redraw(self) -> None:
        """The right pane: a finding in words, or an event; over the whole width always the event."""
        told, whole, pane = self._break, self._whole, self.query_one("#event", Paper)
        narrow = self.has_class("-narrow")
        if told is not None and (whole is None or narrow or not self.has_class("-whole")):
            first = told.seq is not None and told.seq == min(self.broken)
            pane.border_title = "First break" if first else "What was found"
            pane.border_subtitle = "" if whole is None or narrow else "⏎ raw bytes, both hashes"
            below = whole if narrow and whole is not None and whole.hash else None

            def both(cells: int, _: int) -> Picture:
                event = () if below is None else drawn(below, [], cells, self.glyphs)
                return (*finding(told, cells, self.glyphs), (), *event)

            pane.show(both)
        elif whole is not None:
            pane.border_title, pane.border_subtitle = f"Event {whole.entry.seq:,}", ""
            found = [f"{each['kind']}: {each['detail']}" for each in self.findings if each["seq"] == whole.entry.seq]
            pane.show(lambda cells, _: drawn(whole, found, cells, self.glyphs))
        pane.scroll_home(animate=False)

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        cursor = self.log_pane.cursor
        return f"event/{cursor}" if cursor >= 0 else ""

    def why_not(self, action: str) -> str:
        """The map wants a verification, going to a finding wants one."""
        if action.startswith(("break", "finding")):
            why = self.without_verdict()
            some = self.broken if action == "break" else self.findings
            return why or ("" if some else f"nothing was found{' at any event' if self.findings else ''}")
        if action == "pause" and not self.running:
            return "no verification is under way"
        if action.startswith(("switch", "zoom")) and not self.has_class("-verified"):
            return "the map comes with a verification; v verifies"
        if action.startswith("cell") and not self.on_map:
            return "that moves on the map; tab goes there" if self.has_class("-verified") else self.why_not("switch")
        if action.startswith("do(") and not self.dashboard.moment.live:
            return PAST
        if action == "verify" and self.running:
            return "it is under way; esc stops it"
        return ""

    def suspected(self) -> None:
        """Mark where something does not fit, as soon as that is seen."""
        self.log_pane.mark(frozenset(self.broken))

    def found(self, document: dict[str, Any]) -> None:
        """Mark what was found, and go to the first of it."""
        self.log_pane.mark(frozenset(self.broken))
        if document["ok"]:
            self.notice(f"intact: {document['size']:,} events verified", "ok")
            return
        count = len(document["findings"])
        words = "⏎ tells it in words" if self.has_class("-narrow") else "n and p go from one to the next"
        self.notice(f"not intact: {count:,} finding{'' if count == 1 else 's'}; {words}", "bad")
        self._visit(0)

    def leave(self) -> bool:
        """Stop a verification; else show all events again; else close the event, the map."""
        if super().leave():
            return True
        if self.has_class("-whole"):
            self.action_bytes()
        elif self.shown is not None:
            self.limit(None)
        elif self.has_class("-verified"):
            self.log_pane.focus()
            self.remove_class("-verified")
        else:
            return False
        return True

    def action_row(self, rows: int) -> None:
        """Move in the log, or on the map."""
        if self.on_map:
            self.query_one(ChainPane).move(down=rows)
        else:
            self.log_pane.move(rows)

    def action_break(self) -> None:
        """To the first event that something was found at."""
        if not self.barred("break"):
            self._visit(next(n for n, each in enumerate(self.findings) if each["seq"] is not None))

    def action_finding(self, step: int) -> None:
        """To the next finding, or the one before; after the last comes the first."""
        if self.barred("finding"):
            return
        number, here = self._number, self.log_pane.cursor
        if number is None:
            later = [n for n, each in enumerate(self.findings) if each["seq"] is None or each["seq"] > here]
            number = (later[0] if later else len(self.findings)) - (1 if step > 0 else 0)
        self._visit((number + step) % len(self.findings))

    def _visit(self, number: int) -> None:
        """Tell of a finding, the cursor on its event where it has one."""
        seq = self.findings[number]["seq"]
        self._number = number
        if seq is not None and self.shown is not None and not self.shown[0] <= seq < self.shown[1]:
            self.wanted = seq
            self.limit(None)
        elif seq is not None:
            self.log_pane.go(seq)
        self._tell(number)

    def action_bytes(self) -> None:
        """The event alone, over the whole width; from the map, to the cell's first break or first event."""
        if self.on_map:
            first, stop = self.query_one(ChainPane).cell
            broken = [seq for seq in self.broken if first <= seq < stop]
            self.log_pane.go(broken[0] if broken else first)
            self.action_switch()
            return
        self.toggle_class("-whole")
        self._redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll the right pane."""
        self.query_one("#event", Paper).scroll_relative(y=rows, animate=False)
