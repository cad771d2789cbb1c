"""How far a verification is, told closely enough to draw: which stretches are done, and where something does not fit.

What is told while it runs is preliminary: what happened at a place is known only once everything was looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

STAGES = ("events", "checkpoints", "meaning", "signatures", "structure")
"""What is done, in this order; signatures on decisions are opened while the meaning is worked out."""

Span = tuple[int, int]


class Told(NamedTuple):
    """What one worker says of its stretch: how many places are done, at which something does not fit that was not told
    before, and how many signed decisions were opened."""

    done: int
    places: Sequence[int] = ()
    decisions: int = 0


class Reached(NamedTuple):
    """What all workers have done together: how much, from where to where each, what is newly found, decisions opened."""

    done: int
    through: tuple[Span, ...]
    places: tuple[int, ...] = ()
    decisions: int = 0


class Step(NamedTuple):
    """How far a stage is.

    ``through`` are the stretches of events that this stage is through, one for each process at work; ``places`` the events
    at which something does not fit, each told once.
    """

    what: str
    done: int
    total: int
    through: tuple[Span, ...] = ()
    places: tuple[int, ...] = ()


Tell = Callable[[Told], None]
Watch = Callable[[Step], None]
"""Told every step, often; whoever draws it draws less often."""


def unwatched(step: Step) -> None:
    """The steps that nobody looks at."""


class Joined:
    """The sum of what several workers say, each of a stretch of its own."""

    def __init__(self, spans: Sequence[Span], progress: Callable[[Reached], None]) -> None:
        self._spans = spans
        self._done = [0] * len(spans)
        self._decisions = [0] * len(spans)
        self._places: deque[int] = deque()
        self._progress = progress

    def hear(self, worker: int, told: Told) -> None:
        """Take up what a worker says; on any thread."""
        self._done[worker] = max(told.done, self._done[worker])
        self._decisions[worker] = max(told.decisions, self._decisions[worker])
        self._places.extend(told.places)

    def tell(self) -> None:
        """Pass the sum on; on one thread only."""
        places = tuple(self._places.popleft() for _ in range(len(self._places)))
        through = tuple((start, start + done) for (start, _), done in zip(self._spans, self._done, strict=True))
        self._progress(Reached(sum(self._done), through, places, sum(self._decisions)))


def of_one(start: int, tell: Callable[[Reached], None]) -> Tell:
    """What one process at work from event ``start`` on reports to, where many could be."""
    return lambda told: tell(Reached(told.done, ((start, start + told.done),), tuple(told.places), told.decisions))


class Teller:
    """Says how far each stage is: to whoever wants a count, and to whoever looks more closely."""

    def __init__(self, progress: Callable[[str, int, int], None], watch: Watch | None) -> None:
        self._progress = progress
        self._watch = watch

    @property
    def watched(self) -> bool:
        """Whether somebody looks closely."""
        return self._watch is not None

    def spread(self, what: str, total: int, signed: int = 0) -> Callable[[Reached], None]:
        """What processes that share a stage report to; ``signed`` are the decisions that are opened in it."""

        def tell(reached: Reached) -> None:
            self._progress(what, reached.done, total)
            self.step(Step(what, reached.done, total, reached.through, reached.places))
            if signed:
                self.step(Step("signatures", reached.decisions, signed))

        return tell

    def step(self, step: Step) -> None:
        """Say it to whoever looks closely."""
        if self._watch is not None:
            self._watch(step)
