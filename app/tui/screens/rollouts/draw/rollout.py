"""A rollout whole: its traffic, the evidence against what decides, its gates, its verdicts day by day."""

from __future__ import annotations

from dataclasses import replace
from math import log10
from typing import TYPE_CHECKING

from app.tui.draw import plot
from app.tui.draw.bars import bar, sparkline
from app.tui.draw.clip import fit, width, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.refs import short
from app.tui.draw.tables import Column, table

if TYPE_CHECKING:
    from app.tui.screens.rollouts.queries.rollouts import Course, Evaluation, Gate

GATES = (
    Column("", least=7),
    Column("gate", least=10),
    Column("value", "right", least=7),
    Column("limit", "right", least=5),
    Column("by day", least=8, most=24, rank=1),
)
VERDICTS = {
    "promote": "ok", "widen": "ok", "start": "info", "hold": "muted", "roll_back": "bad", "inconclusive": "warn",
}  # fmt: skip


def standing(course: Course, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """What is on the way where, how much of the traffic it has, how far the evidence is, and each gate."""
    found, room = course.rollout, max(cells - 3, 10)
    over = f", instead of {short(course.champion)}" if course.champion else ""
    lines: list[Line] = [
        ((f" {short(found.subject)}", "title"), (f" in {found.environment}{over}", "strong")),
        *_status(course, room, glyphs),
    ]
    told = f"serves again since {found.since}: {found.again}" if found.again else ""
    if course.undone is not None:
        told = f"rolled back on {course.undone.day} {course.undone.reason}; event {course.undone.seq:,}"
    lines += [((f" {part}", "warn"),) for part in wrap(told, room) if part]
    lines += [
        (),
        _share("traffic", found.slice, 1.0, f"{found.slice:.0%}", room, glyphs, "bar"),
    ]
    if course.better and course.promote_at:
        lines.append(_evidence("better", course.better[-1][1], course.promote_at, room, glyphs, "ok"))
    if course.worse and course.roll_back_at:
        lines.append(_evidence("worse", course.worse[-1][1], course.roll_back_at, room, glyphs, "bad"))
    least, most = course.bounds
    if course.evaluations and isinstance(most, int):
        days = len(course.evaluations)
        told = f"{days} of {most}" + (f", from {least} on" if isinstance(least, int) and days < least else "")
        lines.append(_share("days", days, most, told, room, glyphs, "bar"))
    if course.gates:
        lines += [(), ((" GATES", "heading"), ("  as they were evaluated last", "muted"))]
        # Where there is room for the names, they go before the curves.
        columns = [replace(each, least=20) if each.title == "gate" and room > 50 else each for each in GATES]
        lines += [
            (("  ", ""), *line) for line in table(columns, [_gate(each, glyphs, room) for each in course.gates], room)
        ]
    if course.plan:
        lines += [(), ((" FIXED BEFORE THE START", "heading"),)]
        for name, told in course.plan:
            first, *rest = wrap(told, max(room - 21, 8))
            lines.append(((f"  {fit(name, 18)}  ", "muted"), (first, "")))
            lines += [((" " * 22, ""), (part, "")) for part in rest]
    return tuple(fitted(line, cells) for line in lines)


def _status(course: Course, room: int, glyphs: Glyphs) -> list[Line]:
    """How it stands since when, and how it began; in two lines where one has no room."""
    found = course.rollout
    glyph, style = sign(found.status, glyphs)
    dated = found.status != "under way" and not found.again and course.undone is None
    since = f" since {found.since}" if dated else ""
    head: Run = (f" {glyph} {found.status}{since}", style)
    began: Run = (f"  {found.strategy}, started {found.began}, event {found.seq:,}", "muted")
    return [(head, began)] if width(head[0] + began[0]) <= room + 2 else [(head,), (began,)]


def verdicts(course: Course, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """What was decided, the newest first; days on which nothing changed are told together."""
    if not course.verdicts:
        return ((("  its gates were not evaluated yet", "muted"),),)
    lines: list[Line] = []
    words = max(len(each.decision) for each in course.verdicts)
    for first, last, count in _stretches(course.verdicts):
        until = last.day[5:] if first.day[:4] == last.day[:4] else last.day
        days = first.day if count == 1 else f"{first.day} … {until}, {count} days"
        head: Run = (
            f" {_verdict(last.decision, glyphs)} {fit(last.decision.replace('_', ' '), words)}  ",
            VERDICTS.get(last.decision, ""),
        )
        lines.append(
            (
                head,
                *bar(last.slice, 1.0, 8 if cells >= 48 else 0, glyphs),
                (f" {last.slice:>4.0%}", "strong"),
                (f"  {days}", ""),
            )
        )
        told = f"{last.reason}{'; ' if last.reason else ''}event {last.seq:,}"
        lines += [((f"   {part}", "muted"),) for part in wrap(told, max(cells - 5, 8)) if part]
    return tuple(fitted(line, cells) for line in lines)


EVIDENCE, LOSSES, SAVED = "evidence", "losses", "saved"
_OWN = (EVIDENCE, LOSSES, SAVED)
"""Curves that are no guard-rail's."""


def views(course: Course) -> tuple[str, ...]:
    """What can be shown as curves: the evidence, the loss that was saved, and each guard-rail whose value moved; the
    evidence has its own curves, and days only count up."""
    evidence = (EVIDENCE,) if any(value is not None for _, value in (*course.better, *course.worse)) else ()
    losses = (LOSSES,) if any(value is not None for _, value in course.old) else ()
    saved = (SAVED,) if any(value is not None for _, value in course.saved) else ()
    rails = (each for each in course.gates if each.threshold is not None and len({v for _, v in each.days}) > 1)
    told = (each.name for each in rails if not each.name.startswith(_OWN) and not each.name.endswith("days"))
    return (*evidence, *losses, *saved, *told)


def curves(course: Course, which: str, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """``evidence``: both curves on a logarithmic scale, with what decides; ``losses``: each day's mean loss of both on the
    same accounts; ``saved``: the paired loss saved so far; else the guard-rail of that name, with its limit."""
    if which == LOSSES:
        paired = plot.Plot(course.new, None, above=None, beside=course.old, names=("new", "old"))
        return plot.draw(paired, cells, rows, glyphs)
    if which == SAVED:
        return plot.draw(plot.Plot(course.saved, 0.0, above=False), cells, rows, glyphs)
    rail = _rail(course, which)
    if rail is not None:
        return plot.draw(plot.Plot(rail.days, rail.threshold, above=None), cells, rows, glyphs)
    limit = None if course.promote_at is None else log10(course.promote_at)
    shown = plot.Plot(
        _logs(course.better), limit, above=None, beside=_logs(course.worse), powers=True, names=("better", "worse")
    )
    return plot.draw(shown, cells, rows, glyphs)


def _rail(course: Course, which: str) -> Gate | None:
    """The guard-rail of that name; what a gate is called never hides the other two curves."""
    return None if which in _OWN else next((each for each in course.gates if each.name == which), None)


def entitled(which: str) -> str:
    """What :func:`curves` shows, as a title."""
    told = {
        EVIDENCE: "Evidence, day by day",
        LOSSES: "Old and new on the same accounts",
        SAVED: "What the new one saved, summed",
    }
    return told.get(which, f"Guard-rail: {which}")


def legend(course: Course, which: str, glyphs: Glyphs = UNICODE) -> Line:
    """What the curves of :func:`curves` are."""
    dash = "╌" if glyphs.name == "unicode" else "-"
    if which == LOSSES:
        return (
            (f" {glyphs.dot} new", "series"), (f"  {glyphs.dot} old", "series.beside"),
            ("   mean loss of each day, lower is better", "muted"),
        )  # fmt: skip
    if which == SAVED:
        return (
            (f" {glyphs.dot} paired loss saved since the start, summed", "series"),
            ("   below 0: it costs", "series.bad"),
        )
    rail = _rail(course, which)
    if rail is not None:
        return ((f" {glyphs.dot} by day", "series"), (f"  {dash} limit {rail.threshold:.4g}", "threshold"))
    decides = f"  {dash} decides at {course.promote_at:.3g}" if course.promote_at else ""
    return (
        (f" {glyphs.dot} better", "series"), (f"  {glyphs.dot} worse", "series.beside"), (decides, "threshold"),
        ("   logarithmic", "muted"),
    )  # fmt: skip


def _logs(points: tuple[tuple[str, float | None], ...]) -> tuple[tuple[str, float | None], ...]:
    return tuple((day, log10(value) if value is not None and value > 0 else None) for day, value in points)


def _stretches(evaluations: tuple[Evaluation, ...]) -> list[tuple[Evaluation, Evaluation, int]]:
    """Consecutive evaluations with one decision, reason and slice: their first, their last, how many; newest first."""
    found: list[tuple[Evaluation, Evaluation, int]] = []
    for each in evaluations:
        same = found and (found[-1][1].decision, found[-1][1].reason, found[-1][1].slice) == (
            each.decision, each.reason, each.slice,
        )  # fmt: skip
        if same:
            found[-1] = (found[-1][0], each, found[-1][2] + 1)
        else:
            found.append((each, each, 1))
    return found[::-1]


def _share(name: str, done: float, total: float, told: str, room: int, glyphs: Glyphs, style: str) -> Line:
    width = max(min(room - 33, 40), 6)
    return ((f"  {fit(name, 8)} ", "muted"), *bar(done, total, width, glyphs, style), (f"  {told}", ""))


def _evidence(name: str, value: float | None, decides: float, room: int, glyphs: Glyphs, style: str) -> Line:
    """The bar is logarithmic: evidence multiplies from day to day, and at 1 nothing is known."""
    if value is None:
        return ((f"  {fit(name, 8)} ", "muted"), ("no evidence recorded", "warn"))
    share = max(log10(max(value, 1.0)) / log10(decides), 0.0) if decides > 1 else 1.0
    return _share(name, share, 1.0, f"{value:.3g} of {decides:.3g} to decide", room, glyphs, style)


def _gate(each: Gate, glyphs: Glyphs, room: int) -> tuple[Run, ...]:
    return (
        _held(each, glyphs),
        (each.name, ""),
        ("—" if each.value is None else f"{each.value:.4g}", "strong"),
        ("—" if each.threshold is None else f"{each.threshold:.4g}", "muted"),
        (sparkline([value for _, value in each.days[-24 if room > 70 else -8 :]], glyphs), "spark"),
    )


def _held(each: Gate, glyphs: Glyphs) -> Run:
    """What a gate says: evidence and days are reached or not, and guard-rails hold or stop."""
    if each.state not in ("pass", "stop", "fail"):
        return f"{glyphs.warn} {each.state}", "warn"
    if not each.name.startswith("evidence") and not each.name.endswith("days"):
        return (f"{glyphs.ok} holds", "ok") if each.state == "pass" else (f"{glyphs.bad} stops", "bad")
    # The evidence that it is worse passes as long as it is not reached.
    against = "rollback" in each.name
    if (each.state == "pass") == against:
        return f"{glyphs.other} not reached", "muted" if against else "wait"
    return (f"{glyphs.bad} reached", "bad") if against else (f"{glyphs.ok} reached", "ok")


def _verdict(decision: str, glyphs: Glyphs) -> str:
    signs = {"promote": glyphs.ok, "widen": glyphs.up, "roll_back": glyphs.bad, "inconclusive": glyphs.warn}
    return signs.get(decision, glyphs.dot)


def sign(status: str, glyphs: Glyphs = UNICODE) -> Run:
    """A rollout's status as a glyph, and the style it is drawn in."""
    glyph = {"live": glyphs.ok, "under way": glyphs.impact, "rolled back": glyphs.bad}.get(status, glyphs.other)
    return glyph, {"live": "ok", "under way": "info", "rolled back": "bad", "inconclusive": "warn"}.get(status, "muted")
