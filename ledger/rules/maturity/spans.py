"""Spans of time: sorted lists of half-open intervals ``[start, end)`` in microseconds, and states that change over time.

What counts for how long is settled once, as spans; then any moment is a look-up, and a gain or a loss is an edge.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

END = 2**62
"""After everything."""
BEGIN = -END
"""Before everything."""

Spans = list[tuple[int, int]]
ALWAYS: Spans = [(BEGIN, END)]


def union(spans: Iterable[tuple[int, int]]) -> Spans:
    """Overlapping and touching spans as one, in order; empty ones are dropped."""
    merged: Spans = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def intersect(left: Spans, right: Spans) -> Spans:
    """What lies in both."""
    found: Spans = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def contains(spans: Spans, moment: int) -> bool:
    """Whether a moment lies in one of them."""
    place = bisect_right(spans, (moment, END)) - 1
    return place >= 0 and moment < spans[place][1]


class Timeline(NamedTuple):
    """A state that changes: from ``times[i]`` on it is ``states[i]``; the first time is ``BEGIN``."""

    times: list[int]
    states: list[int]

    def at(self, moment: int) -> int:
        """The state at a moment."""
        return self.states[bisect_right(self.times, moment) - 1]

    def around(self, moment: int) -> tuple[int, int]:
        """Since when and until when (``END``: for good) the state at a moment lasts."""
        place = bisect_right(self.times, moment) - 1
        return self.times[place], self.times[place + 1] if place + 1 < len(self.times) else END

    def last(self, state: int, moment: int) -> int | None:
        """When the last stretch of ``state`` before a moment ended; ``None`` where there was none."""
        for place in range(bisect_right(self.times, moment) - 2, -1, -1):
            if self.states[place] == state:
                return self.times[place + 1]
        return None


def tallied(columns: Sequence[Iterable[Spans]], decide: Callable[[Sequence[int]], int]) -> Timeline:
    """The state over time that ``decide`` gives to how many lists of spans of each column hold at once."""
    changes: list[dict[int, int]] = []
    for lists in columns:
        own: dict[int, int] = {}
        for spans in lists:
            for start, end in spans:
                own[start] = own.get(start, 0) + 1
                if end < END:
                    own[end] = own.get(end, 0) - 1
        changes.append(own)
    counts = [0] * len(columns)
    times, states = [BEGIN], [decide(counts)]
    for time in sorted(set().union(*changes)):
        for column, own in enumerate(changes):
            counts[column] += own.get(time, 0)
        state = decide(counts)
        if time == BEGIN:
            states[-1] = state
        elif state != states[-1]:
            times.append(time)
            states.append(state)
    return Timeline(times, states)


def combined(timelines: Sequence[Timeline], decide: Callable[[Sequence[int]], int]) -> Timeline:
    """The state that ``decide`` gives to the states of several."""
    times, states = [BEGIN], [decide([each.states[0] for each in timelines])]
    for time in sorted({time for each in timelines for time in each.times[1:]}):
        state = decide([each.at(time) for each in timelines])
        if state != states[-1]:
            times.append(time)
            states.append(state)
    return Timeline(times, states)
