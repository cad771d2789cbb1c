"""Alerts by urgency and monitors; the series behind them, with what happened meanwhile."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.tui.draw import plot
from app.tui.draw.clip import titled
from app.tui.keys import Key, doing
from app.tui.messages import Noticed, Opened
from app.tui.screens.monitoring.draw import monitoring as draw
from app.tui.screens.monitoring.queries import monitoring
from app.tui.screens.monitoring.queries.monitoring import Alarm, Board, Series, Watch
from app.tui.screens.page import PAST, Page
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper


class MonitoringPage(Page):
    """The list left, the plot and its words right."""

    NAME = "Monitoring"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key(registry.get("alerts ack").key, "acknowledge", registry.get("alerts ack").summary, "acknowledge"),
        doing("alerts resolve", "resolve"),
        doing("alerts silence", "silence"),
        doing("drill drift", "drill"),
        doing("retrain", "retrain"),
        Key("space", "mark", "mark an alert, to acknowledge several at once; esc takes all marks away", "mark"),
        Key("enter,l", "lineage", "the lineage of what is watched", "lineage", "⏎"),
        Key("plus,equals_sign", "zoom(2)", "a shorter span, up to the newest value", "span", "+ -"),
        Key("minus", "zoom(0.5)", "a longer span"),
        Key("e", "event", "the event that raised it, in the audit", "event"),
        Key("J", "scroll(3)", "the words further down"),
        Key("K", "scroll(-3)", "the words further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._before: Board | None = None
        self._series: Series | None = None
        self._marked: set[str] = set()
        self._wanted: str | None = None
        self._share = 1.0

    def body(self) -> ComposeResult:
        """List, plot, words."""
        yield Lister(id="board", classes="pane")
        with Vertical(id="right"):
            yield Paper(id="plot", classes="pane")
            yield Paper(id="words", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#board").border_title = "Alerts and monitors"
        self.query_one("#plot").border_title = "Series"

    def open(self, ref: str) -> None:
        """Put the cursor on an alert or a monitor."""
        self._wanted = ref
        self.load()

    def load(self) -> None:
        """The list as of the playhead."""
        if self.is_mounted:
            self.ask_both("board", monitoring.board, self._show)

    def _show(self, board: Board, before: Board | None) -> None:
        self._board, self._before = board, before
        self._marked &= {each.alert for each in board.alarms if each.state != "resolved"}
        choose, self._wanted = self._wanted, None
        self._list(choose)
        if not board.alarms and not board.watches:
            self.query_one("#plot", Paper).show(lambda *_: ((("  no monitor is declared yet", "muted"),),))
            self.query_one("#words", Paper).show(
                lambda *_: ((("  `assay monitor run` looks at each new day", "muted"),),)
            )

    def _list(self, choose: str | None = None) -> None:
        """The list anew: other alerts, or other marks."""
        if self._board is None:
            return
        lister, before, marked = self.query_one(Lister), self._before, self._marked
        lister.border_subtitle = f"{len(marked)} marked" if marked else ""
        now = draw.sections(self._board, self.glyphs, marked, dated=before is not None)
        lister.show(now, choose, None if before is None else draw.sections(before, self.glyphs, dated=True))

    @property
    def chosen(self) -> Alarm | Watch | None:
        """What the cursor stands on."""
        value, board = self.query_one(Lister).value, self._board
        if board is None or not isinstance(value, str):
            return None
        for alarm in board.alarms:
            if f"alert/{alarm.alert}" == value:
                return alarm
        return next((watch for watch in board.watches if watch.ref == value), None)

    def on_lister_moved(self) -> None:
        """Another alert or monitor is under the cursor: its series is asked for."""
        chosen = self.chosen
        if chosen is not None:
            query = partial(
                monitoring.series, project=chosen.project, monitor=chosen.monitor, tally=self.dashboard.gateway.tally
            )
            self.ask("series", query, self._draw)
        self.rekey()

    def _draw(self, series: Series) -> None:
        self._series = series
        paper = self.query_one("#plot", Paper)
        where = f" of {series.project}" if series.project else ""
        paper.border_title = titled(f"{series.monitor}{where}, {series.kind.replace('_', ' ')}")
        paper.show(lambda cells, rows: plot.draw(draw.plotted(series, self._share), cells - 1, rows, self.glyphs))
        chosen = self.chosen
        self.query_one("#words", Paper).show(lambda cells, _: draw.words(chosen, series, cells, self.glyphs))

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        return str(self.query_one(Lister).value or "")

    def given(self, name: str) -> dict[str, str]:
        """The alert or the monitor under the cursor."""
        chosen = self.chosen
        alert = chosen.alert if isinstance(chosen, Alarm) else ""
        monitor = chosen.monitor if chosen is not None else ""
        known = {
            "alerts resolve": {"alert": alert},
            "alerts silence": {"monitor": monitor},
            "retrain": {"because": alert},
        }
        return {key: value for key, value in known.get(name, {}).items() if value}

    def why_not(self, action: str) -> str:
        """Why the alert cannot be acknowledged, or nothing recorded."""
        chosen = self.chosen
        if action.startswith("do(") and not self.dashboard.moment.live:
            return PAST
        if action == "do('alerts resolve')" and (not isinstance(chosen, Alarm) or chosen.state == "resolved"):
            return "the cursor stands on no alert that is open"
        if action == "mark" and (not isinstance(chosen, Alarm) or chosen.state == "resolved"):
            return "the cursor stands on no alert that is open"
        if action == "acknowledge":
            return self._unacknowledged()
        if action == "event" and not isinstance(chosen, Alarm):
            return "the cursor stands on no alert"
        return ""

    @property
    def _wanting(self) -> list[str]:
        """The marked alerts that nobody acknowledged, else the one under the cursor."""
        chosen = self.chosen
        if self._marked and self._board is not None:
            return [each.alert for each in self._board.alarms if each.alert in self._marked and each.state == "raised"]
        return [chosen.alert] if isinstance(chosen, Alarm) and chosen.state == "raised" else []

    def _unacknowledged(self) -> str:
        """Why nothing can be acknowledged; empty where something can."""
        chosen = self.chosen
        if not self._wanting:
            if self._marked:
                return "the marked alerts are acknowledged already"
            return (
                f"{chosen.alert} is {chosen.state} already"
                if isinstance(chosen, Alarm)
                else "the cursor stands on no alert"
            )
        if not self.dashboard.moment.live:
            return PAST
        return self.dashboard.why_nobody if self.dashboard.me is None else ""

    def action_mark(self) -> None:
        """Mark the alert under the cursor, or take its mark away."""
        chosen = self.chosen
        if not self.barred("mark") and isinstance(chosen, Alarm):
            self._marked ^= {chosen.alert}
            self._list()
            many = len(self._marked)
            self.notice(
                f"{many} marked; a acknowledges {'it' if many == 1 else 'them'}" if many else "no alert is marked"
            )
            self.rekey()

    def leave(self) -> bool:
        """Take the marks away."""
        if not self._marked:
            return False
        self._marked.clear()
        self._list()
        self.notice("no alert is marked")
        return True

    def action_acknowledge(self) -> None:
        """Ask for a note; recorded with it."""
        if self.barred("acknowledge"):
            return
        from app.tui.screens.prompt import PromptScreen

        wanting = self._wanting
        what = wanting[0] if len(wanting) == 1 else f"{len(wanting)} alerts"
        says = f"records that {self.dashboard.me} has seen {what}. What will you do? (a note, may be left out)"
        self.app.push_screen(PromptScreen("Acknowledge", says), partial(self._acknowledge, wanting))

    def _acknowledge(self, alerts: list[str], note: str | None) -> None:
        if note is None:
            return

        def job() -> str:
            action = registry.get("alerts ack").load()
            with self.dashboard.acting(writes=True) as context:
                said = [
                    action(context, alert=each, note=note.strip() or None).document["event"]["sentence"]
                    for each in alerts
                ]
            return str(said[0]) if len(said) == 1 else f"{self.dashboard.me} acknowledged {len(said)} alerts"

        def done(said: str) -> None:
            self._marked.clear()
            self._list()
            self.on_noticed(Noticed(f"recorded: {said}", "ok"))

        self.work("acknowledge", job, done)

    def action_zoom(self, factor: float) -> None:
        """Show a shorter or longer end of the series."""
        self._share = min(max(self._share / factor, 1 / 64), 1.0)
        self.query_one("#plot", Paper).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll the words."""
        self.query_one("#words", Paper).scroll_relative(y=rows, animate=False)

    def action_lineage(self) -> None:
        """What is watched, in its lineage: the version that was looked at last, where a name is watched."""
        chosen, series = self.chosen, self._series
        if chosen is None:
            return
        subject = chosen.subject if "@" in chosen.subject or series is None else series.subject or chosen.subject
        if "@" in subject or subject.partition("/")[0] in ("run", "deployment"):
            self.app.post_message(Opened(subject))
        else:
            self.notice(f"{chosen.subject} watches a series, not one version; its project is {chosen.project}", "warn")

    def action_event(self) -> None:
        """The event that raised the alert."""
        chosen = self.chosen
        if not self.barred("event") and isinstance(chosen, Alarm):
            self.app.post_message(Opened(f"event/{chosen.seq}"))
