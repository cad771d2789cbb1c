"""A verification: bars per stage while it runs, then what was found; below it the map of the chain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.tui.draw import bars
from app.tui.draw.clip import clip, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted, measure
from app.tui.screens.audit.draw import chainmap
from app.tui.screens.audit.draw.chainmap import Chain, Grid, Span

STAGES = {
    "events": "Hash chain",
    "signatures": "Signatures",
    "checkpoints": "Checkpoints",
    "meaning": "Replay=views",
    "structure": "File's pages",
}
"""What each stage is called on screen, in the order in which they are shown."""

LEAST = 2
"""The map has at least as many lines."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a stage is, and how long it took; ``through`` are the stretches of events that it is through."""

    done: int
    total: int
    seconds: float = 0.0
    through: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far it is: each stage by its name; the report's document once it is done.

    ``shown`` is the stretch of events that the map shows, all where ``None``; ``places`` are the events at which something
    does not fit, as far as is known already; ``cursor`` is the event in whose cell the cursor stands.
    """

    size: int
    stages: Mapping[str, Stage]
    seconds: float
    running: bool
    left: bool = False
    failed: str = ""
    paused: bool = False
    to_come: float | None = None
    places: Collection[int] = ()
    document: Mapping[str, Any] | None = None
    shown: Span | None = None
    cursor: int = -1

    @property
    def span(self) -> Span:
        """The stretch that the map shows."""
        return self.shown or (0, self.size)


def verdict(told: Verdict, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines: bars or the verdict, the map with at least two lines of its own, and what else is to be said."""
    head, tail, room = _around(told, cells, rows, glyphs)
    placed = grid(told, cells, rows, glyphs)
    legend = chainmap.legend(glyphs, running=told.document is None)
    lines: list[Line] = [
        *head,
        ((f" a cell: {placed.per:,} event{'' if placed.per == 1 else 's'}   ", "muted"), *legend),
    ]
    drawn = chainmap.draw(_chain(told), cells - 2, room, glyphs)
    lines += [((" ", ""), *line) for line in drawn if any(text.strip() for text, _ in line)]
    return tuple(line if measure(line) <= cells else fitted(line, cells) for line in [*lines, *tail][: max(rows, 1)])


def grid(told: Verdict, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> Grid:
    """Which events lie where on the map that :func:`verdict` draws."""
    return chainmap.grid(*told.span, cells - 2, _around(told, cells, rows, glyphs)[2])


def above(told: Verdict, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> int:
    """How many lines stand above the map's first."""
    return len(_around(told, cells, rows, glyphs)[0]) + 1


def _around(told: Verdict, cells: int, rows: int, glyphs: Glyphs) -> tuple[list[Line], list[Line], int]:
    """What stands above the map, what below it, and how many lines that leaves."""
    head = (_words(told, cells, glyphs) + _bars(told, cells, glyphs))[: max(rows - LEAST - 2, 1)]
    tail = _tail(told, cells, glyphs)
    if rows - len(head) - 1 - len(tail) < LEAST:
        tail = []
    return head, tail, max(rows - len(head) - 1 - len(tail), LEAST)


def _chain(told: Verdict) -> Chain:
    first, size = told.span
    broken: Collection[int] = told.places
    if told.document is not None:
        # What is gone from the end would have stood behind the last event.
        broken = {min(each["seq"], told.size - 1) for each in told.document["findings"] if each["seq"] is not None}
        return Chain(size, size, broken, first=first, cursor=told.cursor)
    hashed, judged = (told.stages[name].through if name in told.stages else () for name in ("events", "meaning"))
    now = judged or hashed
    ends = [*(start for start, _ in now[1:]), told.size][: len(now)]
    heads = tuple(stop for (_, stop), end in zip(now, ends, strict=True) if stop < end) or (told.size,)
    return Chain(size, 0, broken, told.running, first, hashed, judged, heads, told.cursor)


def _bars(told: Verdict, cells: int, glyphs: Glyphs) -> list[Line]:
    if told.document is not None:
        return []
    lines: list[Line] = []
    for name, label in STAGES.items():
        stage = told.stages.get(name)
        if stage is None:
            waits: Line = (("waits", "faint"),)
            lines.append(((f" {label:<14}", "muted"), *(waits if told.running else (("not reached", "faint"),))))
            continue
        if stage.total == 1:
            done: Line = ((f"{glyphs.ok} {bars.clock(stage.seconds)}", "ok"),)
            now: Line = ((f"{glyphs.doing} {bars.clock(stage.seconds)}", "warn"), ("  all at once", "muted"))
            lines.append(((f" {label:<14}", ""), *(done if stage.done else now)))
            continue
        words = bars.progress(label, stage.done, stage.total, cells - 2, seconds=stage.seconds, glyphs=glyphs)
        lines.append(((" ", ""), *words))
    return lines


def _tail(told: Verdict, cells: int, glyphs: Glyphs) -> list[Line]:
    if told.document is not None:
        said = "x r  the sealed report: head, range, tool version, first break"
        return [((f" {clip(said, cells - 2)}", "muted"),)]
    if not told.running:
        return []
    workers = max((len(stage.through) for stage in told.stages.values()), default=0)
    parts = [f"elapsed {bars.clock(told.seconds)}"]
    if told.to_come is not None:
        parts.append(f"eta {bars.clock(told.to_come)}")
    if workers:
        parts.append(f"{workers} worker{'' if workers == 1 else 's'}")
    state: Line = (("   paused; space goes on", "warn"),) if told.paused else (("   no key waits for this", "muted"),)
    return [((f" {'   '.join([*parts, 'read-only'])}", ""), *state)]


def _words(told: Verdict, cells: int, glyphs: Glyphs) -> list[Line]:
    document = told.document
    if document is not None:
        return [_verdict(document, told.seconds, glyphs), *_findings(document, cells), *_checked(document, cells)]
    if told.left:
        return [((f" {glyphs.warn} stopped", "warn"), ("  nothing is known of the rest", "muted"))]
    if not told.running:
        parts = wrap(told.failed or "failed", max(cells - 4, 8))
        return [((f" {glyphs.bad if n == 0 else ' '} {part}", "bad"),) for n, part in enumerate(parts)]
    if told.places:
        many = "1 event so far does" if len(told.places) == 1 else f"{len(told.places):,} events so far do"
        said = f"{many} not fit; what happened is told at the end"
        return [((f" {glyphs.bad} {clip(said, cells - 4)}", "bad"),)]
    return []


def _verdict(document: Mapping[str, Any], seconds: float, glyphs: Glyphs) -> Line:
    if document["ok"]:
        return ((f" {glyphs.ok} intact", "ok"), (f"  {document['size']:,} events in {bars.clock(seconds)}", ""))
    count = len(document["findings"])
    return (
        (f" {glyphs.bad} {count:,} finding{'' if count == 1 else 's'}", "bad"),
        (f" in {document['size']:,} events", ""),
    )


def _findings(document: Mapping[str, Any], cells: int) -> list[Line]:
    lines: list[Line] = []
    for each in document["findings"][:_SHOWN]:
        where = f" at event {each['seq']:,}" if each["seq"] is not None else ""
        said = f"{each['kind']}{where}: {each['detail']}"
        lines.append(((f"   {clip(said, max(cells - 5, 8))}", "bad"),))
    more = len(document["findings"]) - _SHOWN
    if more > 0:
        lines.append(((f"   and {more:,} more; n and p go from one to the next", "muted"),))
    return lines


def _checked(document: Mapping[str, Any], cells: int) -> list[Line]:
    checked = ", ".join(f"{count:,} {_counted(what, count)}" for what, count in document["checked"].items())
    told_of = f"root {document['root'][:16]}…; checked {checked}"
    return [((f"   {part}", "muted"),) for part in wrap(told_of, max(cells - 5, 8), 2)]


_SHOWN = 3


def _counted(what: str, count: int) -> str:
    words = what.replace("_", " ")
    return words.removesuffix("s") if count == 1 else words
