"""Ranges of places, for logs of a million events as for those of ten."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Span = tuple[int, int]


class Spans:
    """Ranges ``[start, stop)`` of places, in order and apart."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        joined: list[Span] = []
        for start, stop in sorted(spans):
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(stop, joined[-1][1])
            elif start < stop:
                joined.append((start, stop))
        self.spans = joined
        self._starts = [start for start, _ in joined]
        self._before = [0]
        for start, stop in joined:
            self._before.append(self._before[-1] + stop - start)

    @classmethod
    def of(cls, places: Iterable[int]) -> Spans:
        """The ranges that single places make up."""
        return cls((place, place + 1) for place in places)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, place: object) -> bool:
        span = self.around(place) if isinstance(place, int) else None
        return span is not None

    def around(self, place: int) -> Span | None:
        """The range that holds a place, or ``None``."""
        n = bisect_right(self._starts, place) - 1
        return self.spans[n] if n >= 0 and place < self.spans[n][1] else None

    def before(self, place: int) -> int:
        """How many places below ``place`` there are."""
        n = bisect_right(self._starts, place)
        return self._before[n] - (max(self.spans[n - 1][1] - place, 0) if n else 0)

    def last_outside(self, place: int) -> int:
        """The greatest place up to ``place`` that is in no range; -1 where there is none."""
        span = self.around(place)
        return place if span is None else span[0] - 1

    def without(self, other: Spans) -> Spans:
        """These, but for the places of ``other``."""
        left: list[Span] = []
        n = 0
        for start, stop in self.spans:
            while n < len(other.spans) and other.spans[n][1] <= start:
                n += 1
            at = n
            while at < len(other.spans) and other.spans[at][0] < stop:
                left.append((start, other.spans[at][0]))
                start = other.spans[at][1]
                at += 1
            left.append((start, stop))
        return Spans((start, stop) for start, stop in left if start < stop)
