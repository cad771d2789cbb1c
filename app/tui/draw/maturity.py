"""Levels as glyph, digit and colour; and one criterion whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted

if TYPE_CHECKING:
    from app.tui.queries.maturity import Cell, Item, Project, Why

STATES = {"held": "ok", "lapsed": "bad", "missing": "warn", "inapplicable": "muted"}
WORDS = {"inapplicable": "n/a"}
_SHADES = {"unicode": (" ", "·", "░", "▒", "▓", "█"), "ascii": (" ", ".", ":", "+", "*", "#")}


def level(found: int | None, glyphs: Glyphs = UNICODE) -> Run:
    """``▓▓▓ 3``: shade, digit and colour say the same; ``—`` below L0, ``?`` where nothing is verified."""
    if found is None:
        return ("  ? ?", "muted")
    shade = _SHADES[glyphs.name][found + 1] * 3
    return (f"{shade} {'—' if found < 0 else found}", f"level.{max(found, 0)}")


def cell(found: Cell, glyphs: Glyphs = UNICODE, *, chosen: bool = False) -> Run:
    """A level with its change in thirty days; the chosen one in brackets."""
    text, style = level(found.level, glyphs)
    moved = glyphs.up if found.moved > 0 else glyphs.down if found.moved < 0 else " "
    return (f"[{text} {moved}]" if chosen else f" {text} {moved} ", style)


def weeks(found: Project, glyphs: Glyphs = UNICODE) -> str:
    """The overall level of every third week as a sparkline, whose lowest sign is unmapped and whose highest L4."""
    step = (len(glyphs.spark) - 1) / 5
    third = found.weeks[::-3][::-1]
    return "".join(" " if each is None else glyphs.spark[max(1, round((each + 1) * step))] for each in third)


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


def history(found: Why, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The level week by week, a row a level from L4 down to unmapped; weeks of which nothing is verified are blank."""
    days = found.history
    room = max(cells - 7, 1)
    weeks = [days[x * len(days) // room] for x in range(room)] if days else []
    lines: list[Line] = []
    for row in range(4, -2, -1):
        signs = "".join(glyphs.full if value == row else glyphs.dot if value is not None else " " for _, value in weeks)
        name = "—" if row < 0 else f"L{row}"
        lines.append(fitted(((f"  {name:>2}  ", "muted"), (signs, f"level.{max(row, 0)}")), cells))
    if days:
        ends = f"{days[0][0]}{days[-1][0]:>{max(room - 10, 0)}}"
        lines.append(fitted((("      ", ""), (ends, "muted")), cells))
    if all(value is None for _, value in days):
        lines.append(fitted((("  nothing was verified in this year, so no level is known", "warn"),), cells))
    return tuple(lines)
