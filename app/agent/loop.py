"""The agent's loop: rounds of all duties, one leader per ledger, until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import NamedTuple

from app.actions import agent
from app.actions.agent import Round, Work
from app.actions.context import Context
from app.agent import duties
from ledger.errors import AssayError
from ledger.format import times
from ledger.lifecycle import one_line

Told = Callable[[str, str], None]
"""Told the duty's name and a line of what it did, or what was wrong."""


class Done(NamedTuple):
    """A round, and the lines that its duties gave, each with its duty."""

    round: Round
    lines: tuple[tuple[str, str], ...]

    @property
    def troubled(self) -> bool:
        """Whether a duty failed."""
        return any(each.trouble is not None for each in self.round.work)


def once(context: Context, names: Sequence[str] = (), told: Told = lambda duty, line: None) -> Done:
    """Do every duty once, in order; one that fails is told, and the others are done all the same.

    Args:
        context: whose doing it is, open for writing. Its ledger says what time it is.
        names: only these duties; all where none is named.
        told: told each line as it comes.

    Raises:
        InputError: a duty is not known, or there is no ledger.
    """
    wanted = duties.chosen(tuple(names))
    began, at, now = time.monotonic(), agent.wall_time(), context.ledger.now()
    moment = times.parse_time(now)
    work: list[Work] = []
    lines: list[tuple[str, str]] = []
    for name in wanted:
        did, trouble = _done(context, name, moment)
        work.append(Work(name, len(did), trouble))
        for line in [*did, *([f"failed: {trouble}"] if trouble else [])]:
            lines.append((name, line))
            told(name, line)
    done = Round(at, now, context.actor, round(time.monotonic() - began, 3), tuple(work))
    agent.keep_round(context.ledger.path, done)
    return Done(done, tuple(lines))


def forever(context: Context, every: float, names: Sequence[str] = (), told: Told = lambda duty, line: None) -> int:
    """Do rounds until Ctrl-C or SIGTERM, ``every`` so many seconds; returns how many were done.

    Each round opens the ledger anew: what a round holds in memory is never older than the round.
    """
    rounds = 0
    with _terminable():
        try:
            while True:
                began = time.monotonic()
                try:
                    with _fresh(context) as hand:
                        once(hand, names, told)
                    rounds += 1
                except (AssayError, OSError) as error:
                    # A full disk or a locked ledger may be better by the next round.
                    told("agent", f"failed: {one_line(error)}")
                time.sleep(max(0.0, every - (time.monotonic() - began)))
        except KeyboardInterrupt:
            return rounds


def _done(context: Context, name: str, now: datetime) -> tuple[list[str], str | None]:
    try:
        return duties.load(name).function(context, now), None
    except duties.Troubled as error:
        return error.did, one_line(error)
    except AssayError as error:
        return [], one_line(error)
    except Exception as error:
        # Whatever is wrong with one duty, the others are still due.
        return [], one_line(f"{type(error).__name__}: {error}")


def _fresh(context: Context) -> Context:
    return Context(
        ledger=context.named_ledger,
        actor=context.named_actor,
        writes=True,
        start=context.start,
        environ=context.environ,
    )


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
