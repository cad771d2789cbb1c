"""What a screen needs to run a verification: beginning, halting and leaving it, drawing it, keeping what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.message import Message

from app.tui.screens.audit.chainpane import ChainPane
from app.tui.screens.audit.draw.chainmap import Span
from app.tui.screens.audit.draw.verdict import Stage, Verdict
from app.tui.screens.audit.sealing import sealed
from app.tui.screens.audit.verifying import Run
from app.tui.screens.page import Page, in_one_line
from ledger.errors import InputError

if TYPE_CHECKING:
    from textual.timer import Timer

    from ledger.audit.watching import Step

CLOCK_SECONDS = 0.5
"""How often the time that a verification has taken is drawn, whether or not it says anything."""


class Verified(Page):
    """A page with a pane for a verification, ``#map``. A subclass shows what was found."""

    @dataclass
    class Stepped(Message):
        """A verification has come further."""

        run: Run
        steps: list[Step]

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._clock: Timer | None = None
        self.shown: Span | None = None

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What the last verification found, by place; what has no place comes last."""
        run = self._run
        return list(run.document["findings"]) if run is not None and run.document is not None else []

    @property
    def broken(self) -> list[int]:
        """The events at which something was found, once each, ascending; while it runs, where something does not fit."""
        if self._run is not None and self._run.document is None:
            return sorted(self._run.places)
        return sorted({each["seq"] for each in self.findings if each["seq"] is not None})

    @property
    def running(self) -> bool:
        """Whether a verification is under way."""
        return self._run is not None and self._run.running

    def suspected(self) -> None:
        """Something does not fit somewhere: ``broken`` says where."""
        raise NotImplementedError

    def found(self, document: dict[str, Any]) -> None:
        """A verification is done."""
        raise NotImplementedError

    def without_verdict(self) -> str:
        """Why there is no verdict to speak of; empty where there is one."""
        if self._run is None:
            return "nothing was verified yet; v verifies"
        if self.running:
            return "the verification is under way"
        return "" if self._run.document is not None else "the verification did not come to its end; v verifies"

    def report(self) -> Callable[[], str]:
        """What makes the sealed report of the last verification."""

        def make() -> str:
            if self._run is None or self._run.document is None:
                raise InputError(self.without_verdict())
            return sealed(self._run.document)

        return make

    def action_verify(self) -> None:
        """Verify the whole ledger; the map tells how far it is."""
        if self.barred("verify"):
            return
        run = self._run = Run()
        self.add_class("-verified")
        self.paint()
        known = self.dashboard.standing
        place = (self.dashboard.gateway.path, self.dashboard.root, known.size if known is not None else 0)

        def hear(steps: list[Step]) -> None:
            self.post_message(self.Stepped(run, steps))

        self._clock = self.set_interval(CLOCK_SECONDS, self.paint)

        def job() -> dict[str, Any] | str:
            try:
                return run.verify(*place, hear)
            except Exception as error:  # whatever it is, it is said in the map too
                return in_one_line(error)

        self.work("verify", job, partial(self._over, run))
        self.rekey()

    def action_pause(self) -> None:
        """Halt the verification, or let it go on."""
        if not self.barred("pause") and self._run is not None:
            self._run.pause()
            self.notice("paused; space goes on, esc stops it" if self._run.paused else "it goes on")
            self.paint()

    def on_verified_stepped(self, message: Stepped) -> None:
        """Paint how far it is."""
        message.stop()
        if message.run is self._run and self.running:
            message.run.hear(message.steps)
            if any(step.places for step in message.steps):
                self.suspected()
            self.paint()

    def _over(self, run: Run, outcome: dict[str, Any] | str) -> None:
        """A verification is over: with its document, or with words for why it came to nothing."""
        if run is not self._run:
            return
        if isinstance(outcome, str):
            run.failed = outcome
            self._end(run)
            self.notice("stopped: nothing is known of the rest" if run.left else outcome, "bad")
        else:
            run.document = outcome
            self._end(run)
            self.dashboard.verified(outcome["size"], outcome["ok"])
            self.found(outcome)
        self.rekey()

    def _end(self, run: Run) -> None:
        run.ended = monotonic()
        if self._clock is not None:
            self._clock.stop()
        self.paint()

    def paint(self) -> None:
        """Draw how it stands."""
        run, known = self._run, self.dashboard.standing
        if run is None:
            return
        size = run.document["size"] if run.document else known.size if known else 0
        stages = {
            name: Stage(step.done, step.total, run.spent(name), step.through) for name, step in run.stages.items()
        }
        self.query_one(ChainPane).tell(
            Verdict(
                size=size,
                stages=stages,
                seconds=run.seconds,
                running=run.running,
                left=run.left,
                failed=run.failed,
                paused=run.paused,
                to_come=run.to_come if run.running else None,
                places=run.places,
                document=run.document,
                shown=self.shown,
            )
        )

    def leave(self) -> bool:
        """Stop a verification under way; False where none is."""
        if self.running and self._run is not None:
            self._run.leave()
            return True
        return False

    def on_unmount(self) -> None:
        """Nothing goes on without the dashboard."""
        if self._run is not None:
            self._run.leave()
