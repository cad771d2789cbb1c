"""The risk–capability matrix, and one risk or target whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.tui.draw.clip import clip, fit, width, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.maturity import level
from app.tui.draw.picture import Line, Run, fitted, measure

if TYPE_CHECKING:
    from app.tui.screens.risks.queries.risks import Aim, Danger, Register, Step

GRAVE, SERIOUS = 15, 8
"""From which priority (1 to 25) a risk is grave, or serious."""


def grave(priority: int) -> str:
    """The style of a priority."""
    return "alert" if priority >= GRAVE else "warn" if priority >= SERIOUS else "ok"


def sign(priority: int, glyphs: Glyphs) -> str:
    """The one sign of a priority, wherever it is shown."""
    return {"alert": glyphs.alert, "warn": glyphs.warn, "ok": glyphs.other}[grave(priority)]


def word(priority: int) -> str:
    """The priority in a word, beside its sign."""
    return {"alert": "grave", "warn": "serious", "ok": "slight"}[grave(priority)]


LEAST, MOST = 11, 18
"""Cells of a column of the matrix."""


def matrix(found: Register, cells: int, glyphs: Glyphs = UNICODE, chosen: str = "") -> tuple[Line, ...]:
    """Areas down, capabilities across; in each cell the gravest priority, and how many risks there are or whose it is.

    Capabilities that answer no risk are left out where there is no room; the cell of the chosen risk is in brackets.
    """
    alive = [each for each in found.risks if not each.closed]
    used = [name for name in found.capabilities if any(each.capability == name for each in alive)]
    names = list(dict.fromkeys([*used, *(name for name in found.capabilities if name)]))
    label = max((len(area) for area in found.areas), default=4) + 2
    size = min(max((cells - label) // max(len(used), 4), LEAST), MOST)
    names = names[: max((cells - label) // size, 1)]
    tracks = "".join(fit(f" {name.partition('.')[0]}", size) for name in names)
    heads = "".join(fit(f" {name.partition('.')[2] or name or '(none)'}", size) for name in names)
    lines: list[Line] = [fitted(((" " * label, ""), (told, "muted")), cells) for told in (tracks, heads)]
    for area in found.areas:
        runs: list[Run] = [(fit(f" {area}", label), "muted")]
        for name in names:
            here = [each for each in alive if (each.area, each.capability) == (area, name)]
            runs.append(_cell(here, size, any(each.ref == chosen for each in here), glyphs))
        lines.append(fitted(tuple(runs), cells))
    left = len(used) - len([name for name in names if name in used])
    if left:
        lines.append(fitted(((f" {left} more with risks, where there is room", "warn"),), cells))
    return tuple(lines)


def _cell(here: list[Danger], size: int, chosen: bool, glyphs: Glyphs) -> Run:
    if not here:
        return (fit(f"   {glyphs.dot}", size), "faint")
    most = max(each.priority for each in here)
    told = f"{sign(most, glyphs)} {most}"
    more = f"×{len(here)}" if len(here) > 1 else f" {here[0].owner}" if here[0].owner else ""
    told += clip(more, size - width(told) - 3, glyphs.ellipsis)
    return (fit(f"[{told}]" if chosen else f" {told}", size), grave(most))


def risk(each: Danger, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """One risk: how grave, why, who owns it, what answers it."""
    room = max(cells - 3, 10)
    raised = f", raised from {each.recorded}" if each.likelihood != each.recorded else ""
    lines: list[Line] = [
        ((f" {each.name}", "title"), (f"  {each.project}", "muted"), (f"  event {each.seq:,}", "muted"))
    ]
    lines += [((f" {part}", ""),) for part in wrap(each.title, room) if part]
    standing = f"{sign(each.priority, glyphs)} {each.priority} {word(each.priority)}"
    told = f"likelihood {each.likelihood}{raised} × impact {each.impact}"
    first, *rest = wrap(told, max(room - width(standing) - 3, 8))
    lines += [(), ((f" {standing}  ", grave(each.priority)), (first, ""))]
    lines += [((" " * (width(standing) + 3) + part, ""),) for part in rest]
    if each.closed:
        lines += [((f" {part}", "ok"),) for part in wrap(f"{glyphs.ok} closed: {each.closed}", room)]
    for flag in each.flags:
        lines += [
            ((f" {glyphs.warn if n == 0 else ' '} {part}", "warn"),) for n, part in enumerate(wrap(flag, room - 3))
        ]
    pairs = (
        ("area", each.area), ("answered by", each.capability or "nothing"), ("owner", each.owner or "nobody"),
        ("recorded", each.day), ("depends on", ", ".join(each.depends)), ("of", ", ".join(each.objects)),
    )  # fmt: skip
    lines.append(())
    for name, told in pairs:
        parts = wrap(told, max(room - 14, 8)) if told else []
        lines += [((f" {fit(name if n == 0 else '', 11)}  ", "muted"), (part, "")) for n, part in enumerate(parts)]
    return tuple(fitted(line, cells) for line in lines)


def target(each: Aim, cells: int, glyphs: Glyphs = UNICODE, needs: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """One target: from where to where until when, signed by whom, its criteria, those first that are open, each with what
    it ``needs``."""
    room = max(cells - 3, 10)
    now, aim = level(each.now, glyphs), level(each.level, glyphs)
    signed: Run = (f" {glyphs.wait} nobody has signed it", "wait")
    if each.signer:
        signed = (f" {glyphs.ok} signed by {each.signer}", "ok")
    due: Run = (f" by {each.due}", "bad" if each.late else "strong")
    lines: list[Line] = [
        ((f" {each.project}, {each.track.upper()}", "title"), (f"  event {each.seq:,}", "muted")),
        ((" ", ""), now, (f" {glyphs.arrow} ", "muted"), aim, due, ("  it is late" if each.late else "", "bad")),
        (signed, (f"   owned by {each.owner or 'nobody'}", "muted")),
        (),
        ((" CRITERIA", "heading"), (f"  {len(each.criteria) - len(each.open)} of {len(each.criteria)} held", "muted")),
    ]
    for name in sorted(each.criteria, key=lambda name: name not in each.open):
        sign, style = (glyphs.other, "warn") if name in each.open else (glyphs.ok, "ok")
        first, *rest = wrap((needs or {}).get(name, ""), max(room - 9, 8))
        lines.append(((f"  {sign} {fit(name, 5)} ", style), (first, "" if name in each.open else "muted")))
        lines += [((" " * 10, ""), (part, "" if name in each.open else "muted")) for part in rest]
    return tuple(fitted(line, cells) for line in lines)


def plan(steps: tuple[Step, ...], cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The milestones by their days: reached when, to come, or slipping; projects are named where there are several."""
    if not steps:
        return ((("  no target is set, so there is no plan", "muted"),),)
    several = len({each.project for each in steps}) > 1
    lines: list[Line] = []
    for each in steps:
        day, due = each.due, ""
        if each.reached:
            state: Run = (f" {glyphs.ok} reached ", "ok")
            day, due = each.reached, f"  due {each.due}"
        elif each.late:
            state = (f" {glyphs.bad} {each.late} d late ", "bad")
        else:
            state = (f" {glyphs.other} to come ", "muted")
        what = f"{f'{each.project} ' if several else ''}{each.track.upper()} L{each.level}"
        line: Line = (state, (f"{day}  ", "strong"), (what, ""))
        for more in (f"  {each.owner}", due):  # what has no room is said elsewhere
            line = (*line, (more, "muted")) if measure(line) + width(more) <= cells else line
        lines.append(line)
        rest = "after " + ", ".join(each.after) if each.after and not each.reached else ""
        rest += ("; " if rest and each.open else "") + ("open: " + ", ".join(each.open) if each.open else "")
        lines += [((f"     {part}", "muted"),) for part in wrap(rest, max(cells - 7, 8)) if part]
    return tuple(fitted(line, cells) for line in lines)
