"""A verification: bars per stage, the map of the chain, and in words what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.tui.draw import bars, chainmap
from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line

STAGES = {"events": "Hash chain", "meaning": "Rules, replay", "canonical form": "Canonical form"}
"""What each stage is called on screen."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far it is: (stage, done, total) in their order; the report's document once it is done."""

    size: int
    stages: tuple[tuple[str, int, int], ...]
    seconds: float
    running: bool
    left: bool = False
    failed: str = ""
    document: Mapping[str, Any] | None = None


def verdict(told: Verdict, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines: first the verdict or the bars, then the map, which has at least two rows of its own."""
    lines = _words(told, cells, glyphs)[: max(rows - 4, 1)]
    for name, done, total in told.stages if told.document is None else ():
        label = STAGES.get(name, name)
        lines.append(((" ", ""), *bars.progress(label, done, total, cells - 2, seconds=told.seconds, glyphs=glyphs)))
    checked = {name: done for name, done, _ in told.stages}.get("chain", 0)
    broken = [each["seq"] for each in told.document["findings"] if each["seq"] is not None] if told.document else []
    room = max(rows - len(lines) - 2, 2)
    per = chainmap.scale(told.size, cells - 2, room)
    legend = chainmap.legend(glyphs)
    lines.append(((f" one cell = {per:,} event{'' if per == 1 else 's'}    ", "muted"), *legend))
    done = told.size if told.document else checked
    chain = chainmap.Chain(told.size, done, broken, told.running)
    drawn = chainmap.draw(chain, cells - 2, room, glyphs)
    lines += [((" ", ""), *line) for line in drawn if any(text.strip() for text, _ in line)]
    return tuple(lines[: max(rows, 1)])


def _words(told: Verdict, cells: int, glyphs: Glyphs) -> list[Line]:
    document = told.document
    if told.left and document is None:
        return [((f" {glyphs.warn} stopped", "warn"), ("  nothing is known of the rest", "muted"))]
    if document is None:
        return (
            []
            if told.running
            else [
                ((f" {glyphs.bad} {part}" if n == 0 else f"   {part}", "bad"),)
                for n, part in enumerate(wrap(told.failed or "failed", max(cells - 4, 8)))
            ]
        )
    checked = ", ".join(f"{count:,} {_counted(what, count)}" for what, count in document["checked"].items())
    if document["ok"]:
        head: Line = (
            (f" {glyphs.ok} intact", "ok"),
            (f"  {document['size']:,} events in {bars.clock(told.seconds)}", ""),
        )
    else:
        count = len(document["findings"])
        head = (
            (f" {glyphs.bad} {count:,} finding{'' if count == 1 else 's'}", "bad"),
            (f" in {document['size']:,} events", ""),
        )
    lines: list[Line] = [head]
    for each in document["findings"][:3]:
        where = f" at event {each['seq']:,}" if each["seq"] is not None else ""
        parts = wrap(f"{each['kind']}{where}: {each['detail']}", max(cells - 5, 8), 2)
        lines += [((f"   {part}", "bad" if n == 0 else ""),) for n, part in enumerate(parts)]
    told_of = f"root {document['root'][:16]}…; checked {checked}"
    lines += [((f"   {part}", "muted"),) for part in wrap(told_of, max(cells - 5, 8))]
    return lines


def _counted(what: str, count: int) -> str:
    words = what.replace("_", " ")
    return words.removesuffix("s") if count == 1 else words
