"""Checks of how series move: jumps, judged by their own past and by their peers; and redenominations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.monitoring.quality.finding import Finding
from app.monitoring.quality.table import Table

_NORMAL = 1.4826
"""A normal distribution's deviation in units of its median absolute deviation."""


def log_moves(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Δlog from one row to the next, NaN at the first, beside a gap, and where a value is not positive."""
    positive = np.where(values > 0, values, np.nan)
    return np.concatenate([[np.nan], np.diff(np.log(positive))])


@dataclass(frozen=True, slots=True)
class Jump:
    """A move that is large by itself and against its own past.

    ``least``: smallest move (log). ``scales``: in robust deviations (median absolute deviation × 1.4826) of the last
    ``history`` moves, of which there must be ``fewest``; ``floor``: the deviation is taken for this at least. ``peers``: for a
    column those to compare with, of which the largest move counts; without them the median of all others does. ``flat``:
    peers are flat if they move by less than this share of the jump. ``reversal``: the share of a jump that the next day takes
    back from which on it is doubted.
    """

    least: float = 0.04
    scales: float = 10.0
    history: int = 250
    fewest: int = 20
    floor: float = 0.001
    flat: float = 0.1
    reversal: float = 0.45
    peers: Mapping[str, Sequence[str]] | None = None

    def findings(self, table: Table) -> Iterator[Finding]:
        """A jump is flagged and kept, unless its peers are flat and the next day takes much of it back, or is not there yet."""
        moves = {name: log_moves(values) for name, values in table.columns.items()}
        for name, own in moves.items():
            for at in np.flatnonzero(np.abs(own) >= self.least):
                scale = self._scale(own, int(at))
                if scale is None or abs(own[at]) < self.scales * scale:
                    continue
                yield self._judged(table, moves, name, int(at), scale)

    def _judged(
        self, table: Table, moves: Mapping[str, npt.NDArray[np.float64]], name: str, at: int, scale: float
    ) -> Finding:
        move, day = float(moves[name][at]), table.days[at]
        peers = self._peer_move(moves, name, at)
        following = float(moves[name][at + 1]) if at + 1 < len(table.days) else math.nan
        told = (
            f"{name} moves {math.expm1(move):+.1%} in a day ({move:+.3f} in logs), {abs(move) / scale:.0f} deviations"
        )
        values = (abs(move) / scale, self.scales)
        if peers is None or peers > self.flat * abs(move):
            other = "its peers move too" if peers is not None else "it has no peers to compare with"
            return Finding("flag", (name,), day, day, *values, f"{told}; {other}: a shock, kept")
        if not math.isfinite(following):
            return Finding(
                "quarantine", (name,), day, day, *values, f"{told}; its peers are flat: wait for the next fixing"
            )
        taken_back = -following / move
        if taken_back >= self.reversal:
            message = f"{told}; its peers are flat and the next day takes {taken_back:.0%} back: ask the source"
            return Finding("quarantine", (name,), day, table.days[at + 1], *values, message)
        return Finding("flag", (name,), day, day, *values, f"{told}; the next day does not take it back: a shock, kept")

    def _scale(self, moves: npt.NDArray[np.float64], at: int) -> float | None:
        past = moves[max(0, at - self.history) : at]
        past = past[np.isfinite(past)]
        if len(past) < self.fewest:
            return None
        return max(_NORMAL * float(np.median(np.abs(past))), self.floor)

    def _peer_move(self, moves: Mapping[str, npt.NDArray[np.float64]], name: str, at: int) -> float | None:
        """How far the peers move on that day: the farthest of the declared ones, or the median of all others."""
        declared = [each for each in (self.peers or {}).get(name, ()) if each in moves]
        chosen = declared or [each for each in moves if each != name]
        found = [abs(float(moves[each][at])) for each in chosen if np.isfinite(moves[each][at])]
        if not found:
            return None
        return max(found) if declared else float(np.median(found))


@dataclass(frozen=True, slots=True)
class Redenomination:
    """An approved mapping: before a day, ``target`` is ``source`` times ``factor``."""

    source: str
    target: str
    factor: float


@dataclass(frozen=True, slots=True)
class Rebasing:
    """A change of unit: a jump near a power of ten, in one series or from one that ends to one that begins.

    ``tolerance``: how far (in logs) the rest may lie from nothing once the power of ten is taken out.
    """

    tolerance: float = 0.05
    mappings: tuple[Redenomination, ...] = ()

    def findings(self, table: Table) -> Iterator[Finding]:
        """Blocked until a mapping is approved; with one, flagged and kept."""
        yield from self._within(table)
        yield from self._between(table)

    def _power(self, move: float) -> int:
        """The power of ten that a move is close to; 0 where it is close to none."""
        power = round(move / math.log(10))
        return power if power and abs(move - power * math.log(10)) <= self.tolerance else 0

    def _within(self, table: Table) -> Iterator[Finding]:
        for name, values in table.columns.items():
            moves = log_moves(values)
            for at in np.flatnonzero(np.abs(moves) > math.log(10) - self.tolerance):
                if power := self._power(float(moves[at])):
                    yield self._found(table, (name, name), int(at), float(moves[at]), power)

    def _between(self, table: Table) -> Iterator[Finding]:
        spans = {name: np.flatnonzero(np.isfinite(values)) for name, values in table.columns.items()}
        known = {name: (int(each[0]), int(each[-1])) for name, each in spans.items() if len(each)}
        for source, (_, end) in known.items():
            for target, (begin, _) in known.items():
                if begin != end + 1:
                    continue
                last, first = float(table.columns[source][end]), float(table.columns[target][begin])
                if last <= 0 or first <= 0:
                    continue
                move = math.log(first / last)
                if power := self._power(move):
                    yield self._found(table, (source, target), begin, move, power)

    def _found(self, table: Table, pair: tuple[str, str], at: int, move: float, power: int) -> Finding:
        source, target = pair
        rest = move - power * math.log(10)
        told = (
            f"{source} is redenominated" if source == target else f"{target} takes over from {source}"
        ) + f" with a log jump of {move:+.2f}; {rest:+.2%} once scaled by 1e{power}"
        approved = any(
            (each.source, each.target) == pair and math.isclose(each.factor, 10.0**power) for each in self.mappings
        )
        columns = (source,) if source == target else pair
        message = f"{told}: mapped, as approved" if approved else f"{told}: approve a mapping by 1e{power} first"
        return Finding(
            "flag" if approved else "block", columns, table.days[at], table.days[at], move, self.tolerance, message
        )
