"""What would be if: what can be supposed, what records it, and what would follow."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from app.tui.draw import maturity
from app.tui.draw.clip import fit, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column

if TYPE_CHECKING:
    from app.tui.screens.maturity.queries.whatif import Option, WhatIf

OPTIONS = (
    Column("", least=3, most=3), Column("", least=8, most=9), Column("", least=4, most=8), Column("", least=12, grows=True),
    Column("", "right", least=5, rank=1),
)  # fmt: skip
SAID = "SIMULATED, nothing is recorded"


def options(found: WhatIf, glyphs: Glyphs = UNICODE) -> list[Section]:
    """What can be supposed of the track, by level, the cheapest first; what is supposed has a cross."""
    made = []
    for level in sorted({each.level for each in found.options}):
        rows = tuple(_option(each, found.supposed, glyphs) for each in found.options if each.level == level)
        title = f"BEFORE L{level}, cheapest first" if level >= 0 else "BEFORE ANY LEVEL"
        if level > max(found.goal or 0, 0):
            title = f"BEFORE L{level}, once L{level - 1} is reached"
        if all(each.state == "inapplicable" for each in found.options if each.level == level):
            title += ", one at least: none applies yet"
        made.append(Section(title, OPTIONS, rows, style="title" if level == found.goal else "heading"))
    return made or [Section("", (Column("", most=200),), empty="every criterion of this track is held", counted=False)]


def _option(each: Option, supposed: Collection[str], glyphs: Glyphs) -> Row:
    chosen = each.id in supposed
    sign = {"lapsed": glyphs.bad, "missing": glyphs.other}.get(each.state, glyphs.dot)
    word = maturity.WORDS.get(each.state, each.state)
    share = "" if each.total is None else f"{each.done:,}/{each.total:,}"
    cells: tuple[Run, ...] = (
        ("[x]" if chosen else "[ ]", "past" if chosen else "muted"),
        (f"{sign} {word}", maturity.STATES[each.state]),
        (each.id, "strong"),
        (each.need, "past" if chosen else ""),
        (share, "muted"),
    )
    return Row(cells, each.id)


def option(each: Option, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """One criterion: what it needs, how long its evidence counts, what records it, what else the same event may serve."""
    room = max(cells - 4, 8)
    lines: list[Line] = [((f" {each.id} ", "title"), (part, "")) for part in wrap(each.need, room - len(each.id))[:1]]
    lines += [((f" {part}", ""),) for part in wrap(each.need, room - len(each.id))[1:]]
    by = "; an automation must do it" if each.automated else ""
    lines += [((f" {part}", "muted"),) for part in wrap(f"counts {each.counts}{by}", room)]
    lines += [((" RECORDED FOR REAL BY", "heading"), ("  y copies it", "muted"))]
    lines += _does(each, room)
    if each.alike:
        lines += [((f" {part}", "muted"),) for part in wrap(f"the same may count for {', '.join(each.alike)}", room)]
    return tuple(fitted(line, cells) for line in lines)


def _does(each: Option, room: int) -> list[Line]:
    style = "key" if each.does[0].startswith("assay ") else ""
    lines: list[Line] = [((f"  {part}", style),) for does in each.does for part in wrap(does, room)]
    if each.more:
        lines.append(((f"  … and so for {each.more:,} more", "muted"),))
    return lines


def follows(found: WhatIf, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """What would be: levels, what still stands before the next, targets, milestones, risks, the guide."""
    room = max(cells - 4, 8)
    lines: list[Line] = [((f" {SAID}", "past"),), ((f" as of event {found.at:,}, {found.day}", "muted"),), ()]
    for track, level in found.after.items():
        lines.append(_moved(track.upper(), found.before[track], level, glyphs, chosen=track == found.track))
    lines.append(_moved("overall", *found.overall, glyphs, chosen=False))
    if found.unverified and found.overall[1] is None:
        lines += [
            (),
            *_words("nobody has verified this ledger: without the first line left no level is known", room, "warn"),
        ]
    lines += [()]
    if not found.supposed:
        lines += _words(
            "space supposes that a criterion is held; a, all up to a level. What would follow stands here.",
            room,
            "muted",
        )
    else:
        lines += [((" SUPPOSED", "heading"), (f"  {len(found.supposed)}", "muted"))]
        lines += _words(", ".join(found.supposed), room, "past")
        lines += _consequences(found, room, glyphs)
    if found.ahead is not None:
        lines += [
            (),
            ((f" STILL BEFORE {found.track.upper()} L{found.ahead}", "heading"), (f"  {len(found.open)}", "muted")),
        ]
        lines += [((f"  {glyphs.other} ", "warn"), (f"{id_:<5}", "strong"), (need, "")) for id_, need in found.open]
    return tuple(fitted(line, cells) for line in lines)


def _words(text: str, room: int, style: str) -> list[Line]:
    return [((f"  {part}", style),) for part in wrap(text, room)]


def _moved(name: str, before: int | None, after: int | None, glyphs: Glyphs, *, chosen: bool) -> Line:
    runs: list[Run] = [
        (f" {glyphs.pointer if chosen else ' '} ", "key"),
        (fit(name, 9), "strong"),
        maturity.level(before, glyphs),
    ]
    if before != after:
        up = after is not None and (before is None or after > before)
        sign = glyphs.up if up else glyphs.down
        runs += [
            (f"  {glyphs.arrow}  ", "muted"),
            maturity.level(after, glyphs),
            (f"  {sign} {'rises' if up else 'falls'}", "ok"),
        ]
    return tuple(runs)


def _consequences(found: WhatIf, room: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for aim in found.targets:
        met = aim.after == 0
        lines.append((
            (f"  {glyphs.ok if met else glyphs.other} ", "ok" if met else "info"),
            (f"target {aim.track} L{aim.level} by {aim.due}: ", ""),
            ("met" if met else f"{aim.after} open, of {aim.before}", "ok" if met else "muted"),
        ))  # fmt: skip
    lines += [((f"  {glyphs.ok} ", "ok"), (f"milestone {step}: reached", "")) for step in found.steps]
    for fall in found.risks:
        falls = f"risk {fall.risk} falls from {fall.before} to {fall.after}"
        lines += [((f"  {glyphs.down} ", "ok"), (falls, "")), ((f"    {fall.capability} has its evidence", "muted"),)]
    lines += [((f"  {glyphs.ok} ", "ok"), (f"guide {id_}: ", "strong"), (title, "")) for id_, title in found.met]
    head: Line = ((" FOLLOWS", "heading"),)
    if not lines:
        moved = found.before != found.after
        return [
            (),
            head,
            *_words("no target, risk or step of the guide changes" if moved else "nothing yet", room, "muted"),
        ]
    return [(), head, *lines]
