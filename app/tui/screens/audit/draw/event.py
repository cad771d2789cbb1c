"""One event whole: its sentence, its envelope, both hashes, the links on both sides, its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.tui.draw.clip import safe, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run

if TYPE_CHECKING:
    from app.tui.queries.log import Whole


def event(whole: Whole, findings: Sequence[str], cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each at most ``cells`` cells wide."""
    room = max(cells - 2, 8)
    entry = whole.entry
    lines: list[Line] = [((f" {part}", "strong"),) for part in wrap(entry.sentence, room)]
    for found in findings:
        lines += [
            ((f" {glyphs.bad if n == 0 else ' '} {part}", "bad"),) for n, part in enumerate(wrap(found, room - 2))
        ]
    lines.append(())
    for name, value in (
        ("type", entry.type), ("subject", whole.subject), ("project", entry.project or "—"), ("actor", entry.actor),
        ("at", entry.at), ("cause", "—" if whole.cause is None else f"event {whole.cause:,}"),
    ):  # fmt: skip
        parts = wrap(value, room - 9)
        lines.append(((f" {name:<9}", "muted"), (parts[0], "")))
        lines += [((" " * 10, ""), (part, "")) for part in parts[1:]]
    lines += [(), ((" CHAIN", "heading"),)]
    lines += _hash("before", whole.previous, room)
    lines += _hash("prev", whole.prev, room, _same(whole.prev, whole.previous or "0" * 64, glyphs))
    lines += _hash("stored", whole.hash, room)
    lines += _hash("computed", whole.recomputed, room, _same(whole.recomputed, whole.hash, glyphs))
    if whole.following:
        lines += _hash("next.prev", whole.following, room, _same(whole.following, whole.hash, glyphs))
    lines += [(), ((" SIGNED", "heading"),), *_signed(whole.signed, glyphs)]
    lines += [(), ((f" BYTES  {len(whole.body.encode()):,}", "heading"),)]
    body = safe(whole.body) if len(whole.body) <= 4096 else whole.body
    lines += [((f" {safe(body[start : start + room])}", ""),) for start in range(0, len(body), room)]
    return tuple(lines)


def _signed(bracket: tuple[int | None, int | None], glyphs: Glyphs) -> list[Line]:
    """The checkpoints on both sides: an event after the last one is vouched for by nobody yet."""
    before, after = bracket
    lines: list[Line] = [((" before    ", "muted"), ("no checkpoint" if before is None else f"{before:,} events", ""))]
    covered: Run = ("no checkpoint yet", "warn") if after is None else (f"{glyphs.ok} {after:,} events", "ok")
    return [*lines, ((" with it   ", "muted"), covered)]


def _same(one: str, other: str, glyphs: Glyphs) -> Run:
    return (f" {glyphs.ok}", "ok") if one == other else (f" {glyphs.bad} differs", "bad")


def _hash(name: str, value: str, room: int, said: Run = ("", "")) -> list[Line]:
    if not value:
        return [((f" {name:<10}", "muted"), ("—", "muted"))]
    if room >= 64 + 20:
        return [((f" {name:<10}", "muted"), (value, ""), said)]
    return [((f" {name:<10}", "muted"), (f"{value[:8]}…{value[-8:]}", ""), said)]
