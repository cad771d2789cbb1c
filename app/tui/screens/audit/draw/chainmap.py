"""The whole chain as a map, or a stretch of it: one cell stands for so many events, and shows how far verification has
come and where it broke."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Picture, framed

Span = tuple[int, int]

TODO, HASHED, HELD, DOING, BROKEN = range(5)
"""What a cell is: nothing is known of it, its bytes fit, all of it was verified, it is being looked at, it is broken."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The events ``first`` to ``size`` - 1, of which those below ``checked`` are verified, and those in ``judged``; those
    in ``hashed`` only as far as bytes go; the ``broken`` ones by seq.

    ``heads`` are the events that are looked at now; ``cursor`` is the event in whose cell the cursor stands, -1 where there
    is none.
    """

    size: int
    checked: int = 0
    broken: Collection[int] = ()
    running: bool = False
    first: int = 0
    hashed: tuple[Span, ...] = ()
    judged: tuple[Span, ...] = ()
    heads: tuple[int, ...] = ()
    cursor: int = -1


class Grid(NamedTuple):
    """Which events lie where: from ``first`` on, ``per`` to a cell, ``across`` cells to a line, ``used`` cells in all."""

    first: int
    size: int
    per: int
    across: int
    used: int

    def cell(self, seq: int) -> int:
        """The cell in which an event lies; the nearest, where it lies in none."""
        return min(max((seq - self.first) // self.per, 0), max(self.used - 1, 0))

    def span(self, cell: int) -> Span:
        """The first event of a cell, and one more than its last."""
        start = self.first + cell * self.per
        return start, min(start + self.per, self.size)


def grid(first: int, size: int, cells: int, rows: int) -> Grid:
    """Where the events lie on ``rows`` lines of ``cells`` cells: no more to a cell than it takes."""
    across = max(cells - _margin(size), 0)
    count = max(size - first, 0)
    per = max(1, -(-count // max(across * max(rows, 0), 1)))
    return Grid(first, size, per, across, -(-count // per))


def scale(size: int, cells: int, rows: int) -> int:
    """How many events one cell stands for."""
    return grid(0, size, cells, rows).per


def _margin(size: int) -> int:
    return len(f"{size:,}") + 2


def draw(chain: Chain, cells: int, rows: int, glyphs: Glyphs = UNICODE) -> Picture:
    """The map on exactly ``rows`` lines of ``cells`` cells, each line led by the seq of its first event."""
    placed = grid(chain.first, chain.size, cells, rows)
    if chain.size <= chain.first or placed.across < 1 or rows < 1:
        return framed([], cells, rows)
    states = _states(chain, placed)
    looks = (
        (glyphs.todo, "faint"), (glyphs.rest, "ok"), (glyphs.held, "ok"), (glyphs.doing, "warn"), (glyphs.broken, "bad")
    )  # fmt: skip
    stands = placed.cell(chain.cursor) if chain.first <= chain.cursor < chain.size else -1
    lines: list[Line] = []
    for begin in range(0, placed.used, placed.across):
        runs = [(f"{chain.first + begin * placed.per:>{_margin(chain.size) - 2},}  ", "muted")]
        for cell in range(begin, min(begin + placed.across, placed.used)):
            sign, style = looks[states[cell]]
            _add(runs, sign, f"{style}!" if cell == stands else style)
        lines.append(tuple(runs))
    return framed(lines, cells, rows)


def _states(chain: Chain, placed: Grid) -> bytearray:
    """What each cell is; what is worse outweighs what is better."""
    states = bytearray(placed.used)
    for spans, state in (
        (chain.hashed, HASHED), (((chain.first, chain.checked),), HELD), (chain.judged, HELD),
    ):  # fmt: skip
        for start, stop in _whole(spans, placed):
            states[start:stop] = bytes((state,)) * (stop - start)
    if chain.running:
        for seq in chain.heads or (chain.checked,):
            if chain.first <= seq < chain.size:
                states[placed.cell(seq)] = DOING
    for seq in chain.broken:
        if chain.first <= seq < chain.size:
            states[placed.cell(seq)] = BROKEN
    return states


def _whole(spans: Iterable[Span], placed: Grid) -> Iterable[Span]:
    """The cells all of whose events lie in a span, as stretches of cells; spans that touch count as one."""
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    for start, stop in joined:
        begin = max(-(-(start - placed.first) // placed.per), 0)
        end = placed.used if stop >= placed.size else max((stop - placed.first) // placed.per, 0)
        if begin < end:
            yield begin, end


def _add(runs: list[tuple[str, str]], sign: str, style: str) -> None:
    if runs[-1][1] == style:
        runs[-1] = (runs[-1][0] + sign, style)
    else:
        runs.append((sign, style))


def legend(glyphs: Glyphs = UNICODE, *, running: bool = False) -> Line:
    """What each sign of the map means; what only a verification under way has is left out where none is."""
    under_way: Line = (
        (f"{glyphs.rest} bytes fit", "ok"), ("  ", ""), (f"{glyphs.doing} now", "warn"), ("  ", ""),
        (f"{glyphs.todo} to do", "muted"), ("  ", ""),
    )  # fmt: skip
    return (
        (f"{glyphs.held} ok", "ok"), ("  ", ""), *(under_way if running else ()), (f"{glyphs.broken} broken", "bad"),
    )  # fmt: skip
