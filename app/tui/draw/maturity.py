"""Levels as glyph, digit and colour; and one criterion whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.tui.queries.maturity import Cell, Item, Project, Why

Each = TypeVar("Each")
STATES = {"held": "ok", "lapsed": "bad", "missing": "warn", "inapplicable": "muted"}
WORDS = {"inapplicable": "n/a"}
_SHADES = {"unicode": (" ", "·", "░", "▒", "▓", "█"), "ascii": (" ", ".", ":", "+", "*", "#")}


NAMES = ("known", "versioned", "checked", "gated", "self-correcting")
"""What the levels are called for short."""


def level(found: int | None, glyphs: Glyphs = UNICODE) -> Run:
    """``▓▓▓ 3``: shade, digit and colour say the same; ``—`` below L0, ``?`` where nothing is verified."""
    if found is None:
        return ("  ? ?", "muted")
    return (f"{shade(found, glyphs)} {'—' if found < 0 else found}", f"level.{max(found, 0)}")


def shade(found: int, glyphs: Glyphs = UNICODE) -> str:
    """A level's shade, three cells."""
    return _SHADES[glyphs.name][found + 1] * 3


def cell(found: Cell, glyphs: Glyphs = UNICODE, *, chosen: bool = False, before: Cell | None = None) -> Run:
    """A level with its change in thirty days, or with the level ``before`` where that was another; the chosen one in
    brackets."""
    text, style = level(found.level, glyphs)
    moved = glyphs.up if found.moved > 0 else glyphs.down if found.moved < 0 else " "
    if before is not None:
        was = "?" if before.level is None else "—" if before.level < 0 else f"{before.level}"
        text, moved = (f"{was}{glyphs.arrow}{text[2:]}", " ") if before.level != found.level else (text, " ")
    return (f"[{text}{moved}]" if chosen else f" {text}{moved} ", style)


def weeks(found: Project, glyphs: Glyphs = UNICODE) -> str:
    """The overall level of every fourth week as a sparkline, whose lowest sign is unmapped and whose highest L4."""
    step = (len(glyphs.spark) - 1) / 5
    fourth = found.weeks[::-4][::-1]
    return "".join(" " if each is None else glyphs.spark[max(1, round((each + 1) * step))] for each in fourth)


def item(each: Item, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """A criterion: what it needs, how it stands and since when, what proves it, what would."""
    room = max(cells - 3, 10)
    lines: list[Line] = [
        (
            (f" {each.id}", "title"),
            (f"  L{each.level}  ", "strong"),
            (WORDS.get(each.state, each.state), STATES[each.state]),
        ),
    ]
    lines += [((f" {part}", ""),) for part in wrap(each.need, room)]
    since = [
        f"{each.done} of {each.total}" if each.total is not None else "",
        f"since {each.gained}" if each.gained else "",
        f"lost on {each.lost}" if each.lost else "",
        f"lapses on {each.lapses} without more" if each.lapses else "",
        {1.0: "proven by automation", 0.5: "proven by people"}.get(each.grade or 0.0, ""),
    ]
    lines += [((f" {part}", "muted"),) for part in wrap("; ".join(part for part in since if part), room) if part]
    if each.broke is not None:
        lines += [(), ((" BROKE", "bad"), (f"  at event {each.broke.seq:,}, b goes there", "muted"))]
        lines += [((f"  {part}", ""),) for part in wrap(each.broke.sentence, room - 1, 3)]
    elif each.lost and each.window not in ("", "ever"):
        aged = f"no event broke it: its evidence grew too old, it counts for {each.window}"
        lines += [((f" {part}", "muted"),) for part in wrap(aged, room)]
    if each.reason:
        lines += [(), *(((f" {part}", "warn"),) for part in wrap(each.reason, room))]
    if each.advice:
        lines += [(), ((" NEXT", "heading"),)]
        lines += [((f"  {part}", "key"),) for part in wrap(each.advice, room - 1)]
    if each.lacking:
        lines += [(), ((" LACKING", "heading"), (f"  {len(each.lacking):,}", "muted"))]
        lines += [((f"  {glyphs.bad} ", "bad"), (name, "")) for name in each.lacking[:8]]
    if each.proofs:
        lines += [(), ((" EVIDENCE", "heading"), (f"  and {each.more:,} more" if each.more else "", "muted"))]
        for proof in each.proofs:
            sign = (f"  {glyphs.bad} ", "bad") if proof.against else (f"  {glyphs.ok} ", "ok")
            lines.append((sign, (f"{proof.seq:>7,}  ", "muted"), (proof.sentence, "")))
    return tuple(fitted(line, cells) for line in lines)


def spread(found: Sequence[Each], room: int) -> list[Each]:
    """What stands in each of ``room`` cells, the oldest first: where several share a cell, the newest of them. The first of
    all is in the first cell, and the last of all in the last one, where both have room."""
    most = len(found) - 1
    if room > most:
        return [found[x * len(found) // room] for x in range(room)] if found else []
    return [found[most - (room - 1 - x) * most // max(room - 1, 1)] for x in range(room)]


def history(found: Why, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The level week by week, a row a level from L4 down to unmapped, each with its shade and name where there is room; weeks
    of which nothing is verified are blank. Where weeks share a cell it shows the newest of them."""
    days = found.history
    named = cells >= 60
    room = max(cells - (26 if named else 7), 1)
    weeks = spread(days, room)
    lines: list[Line] = []
    for row in range(4, -2, -1):
        signs = "".join(glyphs.full if value == row else glyphs.dot if value is not None else " " for _, value in weeks)
        name = ("—" if row < 0 else f"L{row}") if not named else "— unmapped" if row < 0 else f"{row} {NAMES[row]}"
        style = f"level.{max(row, 0)}"
        label: Line = ((f" {name:>3}  ", "muted"),)
        if named:
            label = ((f" {shade(row, glyphs)} ", style), (f"{name:<18}  ", "strong" if row == found.level else "muted"))
        lines.append(fitted((*label, (signs, style)), cells))
    if days:
        ends = f"{days[0][0]}{days[-1][0]:>{max(room - 10, 0)}}"
        lines.append(fitted(((" " * (25 if named else 6), ""), (ends, "muted")), cells))
    if all(value is None for _, value in days):
        lines.append(fitted((("  nothing was verified in this year, so no level is known", "warn"),), cells))
    return tuple(lines)
