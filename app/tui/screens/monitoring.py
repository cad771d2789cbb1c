"""Alerts by urgency and monitors; the series behind them, with what happened meanwhile."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.actions import registry
from app.tui.draw import plot
from app.tui.draw.clip import titled, wrap
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.picture import Line
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.keys import Key, doing
from app.tui.messages import Noticed, Opened
from app.tui.queries import monitoring
from app.tui.queries.monitoring import Alarm, Board, Series, Watch
from app.tui.screens.page import Page
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

ALARMS = (Column("", least=8), Column("", least=10), Column("", "right", least=10, rank=1))
WATCHES = (Column("", least=8, most=12), Column("", least=13), Column("", "right", least=10, rank=1))


class MonitoringPage(Page):
    """The list left, the plot and its words right."""

    NAME = "Monitoring"
    CSS_PATH = "monitoring.tcss"
    KEYS = (
        Key(registry.get("alerts ack").key, "acknowledge", registry.get("alerts ack").summary, "acknowledge"),
        doing("alerts resolve", "resolve"),
        doing("alerts silence", "silence"),
        doing("drill drift", "drill"),
        doing("retrain", "retrain"),
        Key("enter,l", "lineage", "the lineage of what is watched", "lineage", "⏎"),
        Key("plus,equals_sign", "zoom(2)", "a shorter span, up to the newest value", "span", "+ -"),
        Key("minus", "zoom(0.5)", "a longer span"),
        Key("e", "event", "the event that raised it, in the audit", "event"),
        Key("J,space", "scroll(3)", "the words further down"),
        Key("K", "scroll(-3)", "the words further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._series: Series | None = None
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
        self._board = board
        choose, self._wanted = self._wanted, None
        self.query_one(Lister).show(
            sections(board, self.glyphs), choose, None if before is None else sections(before, self.glyphs)
        )
        if not board.alarms and not board.watches:
            self.query_one("#plot", Paper).show(lambda *_: ((("  no monitor is declared yet", "muted"),),))

    @property
    def chosen(self) -> Alarm | Watch | None:
        """What the cursor stands on."""
        value, board = self.query_one(Lister).value, self._board
        if board is None or not isinstance(value, str):
            return None
        for alarm in board.alarms:
            if f"alert/{alarm.alert}" == value:
                return alarm
        return next((watch for watch in board.watches if watch_ref(watch) == value), None)

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
        paper.show(lambda cells, rows: plot.draw(plotted(series, self._share), cells - 1, rows, self.glyphs))
        chosen = self.chosen
        self.query_one("#words", Paper).show(lambda cells, _: words(chosen, series, cells, self.glyphs))

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
            return "that would be recorded now, and the screen shows the past; L returns to live"
        if action == "do('alerts resolve')" and (not isinstance(chosen, Alarm) or chosen.state == "resolved"):
            return "the cursor stands on no alert that is open"
        if action == "acknowledge":
            if not isinstance(chosen, Alarm):
                return "the cursor stands on no alert"
            if chosen.state != "raised":
                return f"{chosen.alert} is {chosen.state} already"
            if not self.dashboard.moment.live:
                return "you look at the past; L returns to live"
            if self.dashboard.me is None:
                return self.dashboard.why_nobody
        if action == "event" and not isinstance(chosen, Alarm):
            return "the cursor stands on no alert"
        return ""

    def action_acknowledge(self) -> None:
        """Ask for a note; recorded with it."""
        chosen = self.chosen
        if self.barred("acknowledge") or not isinstance(chosen, Alarm):
            return
        from app.tui.screens.prompt import PromptScreen

        says = f"records that {self.dashboard.me} has seen {chosen.alert}. What will you do? (a note, may be left out)"
        self.app.push_screen(PromptScreen("Acknowledge", says), partial(self._acknowledge, chosen.alert))

    def _acknowledge(self, alert: str, note: str | None) -> None:
        if note is None:
            return

        def job() -> str:
            with self.dashboard.acting(writes=True) as context:
                answer = registry.get("alerts ack").load()(context, alert=alert, note=note.strip() or None)
            return str(answer.document["event"]["sentence"])

        self.work("acknowledge", job, lambda said: self.on_noticed(Noticed(f"recorded: {said}", "ok")))

    def action_zoom(self, factor: float) -> None:
        """Show a shorter or longer end of the series."""
        self._share = min(max(self._share / factor, 1 / 64), 1.0)
        self.query_one("#plot", Paper).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll the words."""
        self.query_one("#words", Paper).scroll_relative(y=rows, animate=False)

    def action_lineage(self) -> None:
        """What is watched, in its lineage."""
        chosen = self.chosen
        if chosen is None:
            return
        if chosen.subject.partition("/")[0] == "monitor":
            self.notice(f"{chosen.subject} watches a series, not one version; its project is {chosen.project}", "warn")
        else:
            self.app.post_message(Opened(chosen.subject))

    def action_event(self) -> None:
        """The event that raised the alert."""
        chosen = self.chosen
        if not self.barred("event") and isinstance(chosen, Alarm):
            self.app.post_message(Opened(f"event/{chosen.seq}"))


def watch_ref(watch: Watch) -> str:
    """How a monitor is named in the list."""
    return f"monitor/{watch.project}/{watch.monitor}"


STATES = {"raised": ("alert", "alert"), "acknowledged": ("warn", "warn"), "resolved": ("ok", "ok")}


def sections(board: Board, glyphs: Glyphs) -> list[Section]:
    """The list: what is open, what is watched, what is over."""

    def row(alarm: Alarm) -> Row:
        sign = {"raised": glyphs.alert, "acknowledged": glyphs.warn}.get(alarm.state, glyphs.ok)
        style = STATES.get(alarm.state, ("", ""))[1]
        name = alarm.alert.removesuffix(alarm.day).rstrip("-") or alarm.alert
        cells = ((f"{sign} {'drill' if alarm.injected else alarm.severity}", style), (name, ""), (alarm.day, "muted"))
        return Row(cells, f"alert/{alarm.alert}")

    open_alarms = tuple(row(each) for each in board.alarms if each.state != "resolved")
    closed = tuple(row(each) for each in board.alarms if each.state == "resolved")
    watches = tuple(
        Row(
            (
                _standing(each, glyphs),
                (each.monitor, "" if each.accepted else "muted"),
                (each.project, "muted"),
            ),
            watch_ref(each),
        )
        for each in board.watches
    )
    return [
        Section(
            "OPEN ALERTS", ALARMS, open_alarms, empty="no alert is open", style="alert" if open_alarms else "heading"
        ),
        Section("MONITORS", WATCHES, watches, empty="none is declared"),
        Section("RESOLVED", ALARMS, closed, empty="none"),
    ]


def _standing(watch: Watch, glyphs: Glyphs) -> tuple[str, str]:
    if not watch.accepted:
        return f"{glyphs.bad} refused", "muted"
    if not watch.seen:
        return f"{glyphs.other} silent", "warn"
    return (f"{glyphs.alert} breach", "alert") if watch.breached else (f"{glyphs.ok} ok", "ok")


def plotted(series: Series, share: float) -> plot.Plot:
    """The newest ``share`` of the series as a plot."""
    points = series.points[-max(int(len(series.points) * share), 8) :]
    marks = tuple(plot.Mark(day, what, text) for day, what, text in series.marks)
    return plot.Plot(points, series.threshold, marks)


def words(chosen: Alarm | Watch | None, series: Series, cells: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Under the plot: what its signs mean, the alert or monitor in words, what was marked last."""
    signs = plot.signs(glyphs)
    limit = "" if series.threshold is None else f"threshold {series.threshold:.6g}"
    over = f"   {series.breaches:,} of {len(series.points):,} values beyond it"
    lines: list[Line] = [
        (
            (f" {signs['alert']} alert", "mark.alert"), (f"  {signs['deploy']} live", "mark.deploy"),
            (f"  {signs['approve']} promoted", "mark.approve"), (f"  {signs['retrain']} retraining", "mark.retrain"),
        ),
        ((f" {'╌' if glyphs.name == 'unicode' else '-'} {limit or 'no threshold'}", "threshold"), (over, "muted")),
        (),
    ]  # fmt: skip
    room = max(cells - 3, 8)
    if isinstance(chosen, Alarm):
        style = STATES.get(chosen.state, ("", ""))[1]
        drill = ", a drill" if chosen.injected else ""
        lines.append(
            ((f" {chosen.alert}", "title"), (f"  {chosen.state}", style), (f"  {chosen.severity}{drill}", "muted"))
        )
        lines += [((f" {part}", ""),) for part in wrap(chosen.message, room)]
        lines.append(
            ((f" value {chosen.value} against {chosen.threshold}, on {chosen.day}, event {chosen.seq:,}", "muted"),)
        )
        for change in chosen.changes:
            said = f" {change.state} by {change.actor}, {change.at[:16].replace('T', ' ')}"
            lines.append(((said, STATES.get(change.state, ("", ""))[1]),))
            lines += [((f"   {part}", ""),) for part in wrap(change.note, room - 2) if part]
    elif isinstance(chosen, Watch):
        state = _standing(chosen, glyphs)
        lines.append(((f" {chosen.monitor}", "title"), (f"  {state[0]}", state[1])))
        if not chosen.accepted:
            lines += [
                ((f" refused: {part}" if n == 0 else f" {part}", "warn"),)
                for n, part in enumerate(wrap(chosen.reason, room - 9))
            ]
        last = "nothing seen yet" if chosen.last is None else f"last {chosen.last:.6g} on {chosen.last_day}"
        for said in (f"{last}; it watches {chosen.subject}", f"threshold {chosen.threshold}"):
            lines += [((f" {part}", "muted"),) for part in wrap(said, room)]
    lines += [(), ((" MARKED", "heading"),)] if series.marks else []
    for day, what, text in reversed(series.marks[-12:]):
        lines.append(((f" {day}  ", "muted"), (f"{signs.get(what, '·')} ", f"mark.{what}"), (text, "")))
    return tuple(lines)
