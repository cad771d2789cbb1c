"""How the edges run between two columns: which vertical track each takes, so that no two nets share a cell they
should not.

A *net* is a set of sources that all lead to the same set of targets: its lines may join, for whichever way one follows
them, it is a true edge. Each net takes one vertical track. A net that leaves by a row must stand left of one that
arrives on that row, or their horizontals would run over each other; where two nets demand that of each other, one
arrives half a row higher or lower and steps over just before its target (``dodges``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.tui.screens.lineage.draw.layout import Spot


@dataclass(slots=True)
class Net:
    """Sources and targets, all joined, with their rows; the track it runs on; by row, the targets that it
    reaches from half a row higher (-1) or lower (+1)."""

    sources: tuple[Spot, ...]
    targets: tuple[Spot, ...]
    leaves: tuple[int, ...]
    arrives: tuple[int, ...]
    track: int = 0
    dodges: dict[int, int] = field(default_factory=dict)

    @property
    def straight(self) -> bool:
        """True if every end is on one row: no vertical is needed."""
        return not self.dodges and len({*self.leaves, *self.arrives}) == 1

    @property
    def span(self) -> tuple[int, int]:
        """The first and last row of the vertical."""
        rows = (*self.leaves, *(row + self.dodges.get(row, 0) for row in self.arrives))
        return min(rows), max(rows)

    def misleads(self, left: Net, row: int) -> bool:
        """True if ``left``, joining this net's vertical on ``row``, could be followed to a target that it does not
        have."""
        beyond: set[Spot] = set()
        if any(leave > row for leave in self.leaves):
            beyond.update(spot for spot, at in zip(self.targets, self.arrives, strict=True) if at < row)
        if any(leave < row for leave in self.leaves):
            beyond.update(spot for spot, at in zip(self.targets, self.arrives, strict=True) if at > row)
        return not beyond <= set(left.targets)


@dataclass(frozen=True, slots=True)
class Channel:
    """The nets between two columns, the number of tracks they need, and whether one more is needed for dodging.

    ``honest`` is false where rows stand too near to each other to keep every joint apart that would mislead: take a
    larger
    pitch.
    """

    nets: tuple[Net, ...]
    tracks: int
    dodging: bool
    honest: bool

    def path(self, net: Net, leave: int, arrive: int, begin: int, first: int, end: int) -> list[tuple[int, int]]:
        """The corners (x, row) of one edge from cell ``begin`` to cell ``end``, the first track standing in cell
        ``first``."""
        if net.straight:
            return [(begin, leave), (end, arrive)]
        track = first + net.track
        if arrive not in net.dodges:
            return [(begin, leave), (track, leave), (track, arrive), (end, arrive)]
        step = first + self.tracks
        over = arrive + net.dodges[arrive]
        return [(begin, leave), (track, leave), (track, over), (step, over), (step, arrive), (end, arrive)]


def channel(links: Sequence[tuple[Spot, Spot]], rows: dict[Spot, int], pitch: int = 2) -> Channel:
    """Route the links between two neighbouring columns, whose spots stand on the given rows, multiples of ``pitch``."""
    nets = gathered(links, rows)
    order = _sequence([net for net in nets if not net.straight])
    honest = _apart([*(net for net in nets if net.straight), *order], pitch)
    tracks = 0
    for position, net in enumerate(order):
        low, high = net.span
        for other in order[:position]:
            first, last = other.span
            if (low <= last and first <= high) or _before(other, net):
                net.track = max(net.track, other.track + 1)
        tracks = max(tracks, net.track + 1)
    return Channel(tuple(nets), tracks, any(net.dodges for net in nets), honest)


def gathered(links: Sequence[tuple[Spot, Spot]], rows: dict[Spot, int]) -> list[Net]:
    """Sources with the same targets, as nets."""
    targets: dict[Spot, list[Spot]] = {}
    for source, target in links:
        targets.setdefault(source, []).append(target)
    nets: dict[tuple[Spot, ...], list[Spot]] = {}
    for source, ends in targets.items():
        nets.setdefault(tuple(sorted(ends, key=rows.__getitem__)), []).append(source)
    return [
        Net(tuple(sources), ends, tuple(rows[s] for s in sources), tuple(rows[t] for t in ends))
        for ends, sources in nets.items()
    ]


def _before(first: Net, second: Net) -> bool:
    """True if ``first`` must stand left of ``second``: it leaves by a row on which the other arrives."""
    return any(row in second.arrives and row not in second.dodges for row in first.leaves)


def _sequence(nets: list[Net]) -> list[Net]:
    """The nets from left to right: few crossings, and the demands of :func:`_before` kept, by dodging if need be."""
    waiting = sorted(nets, key=_lean)
    order: list[Net] = []
    while waiting:
        for index, net in enumerate(waiting):
            if not any(_before(other, net) for other in waiting if other is not net):
                order.append(waiting.pop(index))
                break
        else:
            net = waiting.pop(0)
            blocked = {row for other in waiting for row in other.leaves}
            net.dodges.update((row, -1) for row in net.arrives if row in blocked)
            order.append(net)
    return order


def _lean(net: Net) -> tuple[int, int, float]:
    """Nets with more targets stand further left; those that go down from the lowest up, those that go up from the
    topmost
    down: parallels don't cross."""
    leave = sum(net.leaves) / len(net.leaves)
    arrive = sum(net.arrives) / len(net.arrives)
    return (-len(net.arrives), 0, -leave) if arrive >= leave else (-len(net.arrives), 1, leave)


def _apart(order: Sequence[Net], pitch: int) -> bool:
    """Let a net arrive beside a target's row where its joint with one further left would suggest an edge that is not
    there.

    The one from the left may be read as turning into the other's vertical; that is harmless where the vertical ends,
    and
    where all that it still leads to are targets of the one from the left too. Returns whether there was room for all.
    """
    honest = True
    arriving: dict[int, list[Net]] = {}
    for net in order:
        for row in net.arrives:
            arriving.setdefault(row, []).append(net)
    taken: set[int] = set()
    for row in sorted(arriving):
        steps = [way for size in range(1, pitch // 2 + 1) for way in (-size, size) if row + way not in taken]
        joined: dict[int, list[Net]] = {}
        for net in arriving[row]:
            ways = steps if row in net.dodges else [0, *steps]
            true_ways = [way for way in ways if not any(net.misleads(other, row) for other in joined.get(way, ()))]
            honest = honest and bool(true_ways)
            way = (true_ways or ways or [-1])[0]
            joined.setdefault(way, []).append(net)
            if way:
                net.dodges[row] = way
                taken.add(row + way)
    return honest
