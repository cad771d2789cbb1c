"""Alerts and monitors as a list, a series as a plot, and what they say in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from app.tui.draw import plot
from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.picture import Line
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.draw.timeline import aged
from app.tui.screens.monitoring.queries.monitoring import Alarm, Board, Series, Watch

ALARMS = (Column("", least=8), Column("", least=10), Column("", "right", least=4, rank=1))
DATED = (*ALARMS[:2], Column("", "right", least=10, rank=1))
WATCHES = (Column("", least=8, most=12), Column("", least=13), Column("", "right", least=10, rank=1))
STATES = {"raised": ("alert", "alert"), "acknowledged": ("warn", "warn"), "resolved": ("ok", "ok")}


def sections(board: Board, glyphs: Glyphs, marked: Collection[str] = (), *, dated: bool = False) -> list[Section]:
    """The list: what is open, with its age, what is watched, what is over, with its day.

    ``marked`` are alerts by their names; ``dated``: what is open bears its day too, which stays.
    """

    def row(alarm: Alarm) -> Row:
        sign = {"raised": glyphs.alert, "acknowledged": glyphs.warn}.get(alarm.state, glyphs.ok)
        style = STATES.get(alarm.state, ("", ""))[1]
        if alarm.injected and alarm.state != "resolved":
            sign, style = glyphs.other, "info"
        # The data's day stays in the name where the alert was raised on another one, which its age counts from.
        late = alarm.at[:10] not in ("", alarm.day)
        name = alarm.alert if late else alarm.alert.removesuffix(alarm.day).rstrip("-") or alarm.alert
        state = f"{sign} {'drill' if alarm.injected else alarm.severity}"
        if alarm.alert in marked:
            state, style = f"{glyphs.impact} marked", "focus"
        when = alarm.day if dated or alarm.state == "resolved" else _when(alarm, board.today)
        return Row(((state, style), (name, ""), (when, "muted")), f"alert/{alarm.alert}")

    open_alarms = tuple(row(each) for each in board.alarms if each.state != "resolved")
    closed = tuple(row(each) for each in board.alarms if each.state == "resolved")
    watches = tuple(
        Row(
            (
                _standing(each, glyphs),
                (each.monitor, "" if each.accepted else "muted"),
                (each.project, "muted"),
            ),
            each.ref,
        )
        for each in board.watches
    )
    return [
        Section(
            "OPEN ALERTS",
            DATED if dated else ALARMS,
            open_alarms,
            empty="no alert is open",
            style="alert" if open_alarms else "heading",
        ),
        Section("MONITORS", WATCHES, watches, empty="none is declared"),
        Section("RESOLVED", DATED, closed, empty="none"),
    ]


def _when(alarm: Alarm, today: str) -> str:
    """How long ago an alert was raised, by the ledger's clock; the data's day where that cannot be said."""
    raised = alarm.at[:10] or alarm.day
    try:
        return aged((date.fromisoformat(today) - date.fromisoformat(raised)).days)
    except ValueError:
        return alarm.day


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
        if chosen.at and chosen.at[:10] != chosen.day:
            lines.append(((f" raised {chosen.at[:16].replace('T', ' ')}, about the data of {chosen.day}", "muted"),))
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
    lines += [(), ((" EVENTS", "heading"),)] if series.marks else []
    for day, what, text in reversed(series.marks[-12:]):
        lines.append(((f" {day}  ", "muted"), (f"{signs.get(what, '·')} ", f"mark.{what}"), (text, "")))
    return tuple(lines)
