"""A finding in words: what is broken, which hashes say so, what is still whole, what depends on it, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run
from app.tui.draw.refs import short

if TYPE_CHECKING:
    from app.tui.screens.audit.queries.breaks import Break, Dependent
    from app.tui.screens.audit.queries.stories import Bracket

LABEL = 12
"""Cells that the names of what is told take."""


def finding(told: Break, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each at most ``cells`` cells wide."""
    room = max(cells - 2, 10)
    lines: list[Line] = [
        ((f" {glyphs.bad} {told.kind.upper()}", "bad"), (f"   finding {told.number + 1:,} of {told.of:,}", "muted")),
        *(((f" {part}", "strong"),) for part in wrap(told.story.what, room)),
        *(((f" {part}", ""),) for part in wrap(told.story.means, room)),
        (),
    ]
    if told.seq is not None:
        lines += _where(told, room)
        lines += _hashes(told, room, glyphs)
        lines += _around(told, room, glyphs)
        lines += _depends(told, room)
        lines += [(), ((" CHECKPOINTS", "heading"),)]
        for side, seal in zip(("before", "after"), told.seals, strict=True):
            lines += _seal(side, seal, room, glyphs)
        lines.append(())
    lines += [((" WHAT TO DO", "heading"),), *_text(told.story.next, room)]
    return (*lines, (), ((" IN FULL", "heading"),), *_text(told.detail, room, "muted"))


def _where(told: Break, room: int) -> list[Line]:
    entry, lines = told.entry, [_named("seq", f"{told.seq:,}", "strong")]
    if entry is None or not entry.at:
        if told.subject:
            lines += _long("was about", short(told.subject), room)
        return lines
    for name, value in (("type", entry.type), ("by", entry.actor), ("at", entry.at[:16].replace("T", " "))):
        lines += _long(name, value, room)
    return lines + (_long("about", short(told.subject), room) if told.subject else [])


def _hashes(told: Break, room: int, glyphs: Glyphs) -> list[Line]:
    hashes = told.hashes
    if not hashes.stored:
        return [(), _hash("next.prev", hashes.named, room)] if hashes.named else []
    fits: Run = (f" {glyphs.ok}", "ok")
    differs: Run = (f" {glyphs.bad} differs", "bad")
    lines: list[Line] = [(), _hash("stored", hashes.stored, room)]
    lines.append(_hash("recomputed", hashes.recomputed, room, fits if hashes.recomputed == hashes.stored else differs))
    if hashes.named:
        lines.append(_hash("next.prev", hashes.named, room, fits if hashes.named == hashes.stored else differs))
    return lines


def _around(told: Break, room: int, glyphs: Glyphs) -> list[Line]:
    assert told.seq is not None
    if told.before is None:
        before: Run = ("it is the first event", "muted")
    else:
        before = (f"event {told.seq - 1:,}  {glyphs.ok if told.before else glyphs.bad}", "ok" if told.before else "bad")
    lines: list[Line] = [(), ((f" {'before it':<{LABEL}}", "muted"), before)]
    if not told.after:
        return [*lines, *_long("after it", "no event", room)]
    still = f"{told.after:,} event{' still fits' if told.after == 1 else 's still link to each other'}"
    upto = "" if told.until is None else f", up to the next break at {told.until:,}"
    return [*lines, *_long("after it", still + upto, room)]


def _depends(told: Break, room: int) -> list[Line]:
    if told.depends is None:
        return _long("the event", "itself is sound", room)
    lines: list[Line] = [(), ((" DEPENDS ON IT", "heading"),)]
    if not told.depends:
        return [*lines, ((" nothing that is recorded names it", "muted"),)]
    return [*lines, *(line for each in told.depends for line in _dependent(each, room))]


def _dependent(each: Dependent, room: int) -> list[Line]:
    names = ", ".join(short(name) for name in each.names)
    more = each.count - len(each.names)
    if names:
        names = f": {names}" + (f" and {more:,} more" if more > 0 else "")
    parts = wrap(f"{each.count:,} {each.what}{names}", room - 2)
    return [((f"  {part}", ""),) for part in parts]


def _seal(side: str, seal: Bracket | None, room: int, glyphs: Glyphs) -> list[Line]:
    name = f" {side:<{LABEL}}"
    if seal is None:
        return [((name, "muted"), ("none", "muted"))]
    if not seal.signed:
        said: Run = (f"{glyphs.bad} not signed by the ledger's key", "bad")
    elif seal.gone:
        said = (f"{glyphs.ok} signed {glyphs.bad} {seal.gone:,} of them gone", "bad")
    elif seal.agrees is None:
        said = (f"{glyphs.warn} signed; there is no tree to compare", "warn")
    elif seal.agrees:
        said = (f"{glyphs.ok} signed {glyphs.ok} agrees", "ok")
    else:
        said = (f"{glyphs.ok} signed {glyphs.bad} another tree", "bad")
    lines: list[Line] = [((name, "muted"), (f"{seal.size:,} events", ""))]
    return [*lines, *(((" " * (LABEL + 1), ""), (part, said[1])) for part in wrap(said[0], room - LABEL))]


def _named(name: str, value: str, style: str = "") -> Line:
    return ((f" {name:<{LABEL}}", "muted"), (value, style))


def _long(name: str, value: str, room: int) -> list[Line]:
    parts = wrap(value, max(room - LABEL, 8))
    return [_named(name if n == 0 else "", part) for n, part in enumerate(parts)]


def _hash(name: str, value: str, room: int, said: Run = ("", "")) -> Line:
    shown = value if room >= LABEL + 64 + 12 else f"{value[:8]}…{value[-8:]}"
    return (*_named(name, shown or "—"), said)


def _text(text: str, room: int, style: str = "") -> list[Line]:
    return [((f" {part}", style),) for part in wrap(text, room)]
