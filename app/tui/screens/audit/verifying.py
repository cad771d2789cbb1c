"""A verification that the audit has begun: how far it is, whether it waits, what came of it.

A large ledger is verified by processes of their own, at a lower priority and in a session of their own: a scheduler that
shares the processor out by sessions would else let keys wait for them. This process hears how far they are, and at last
what was found, a line of JSON at a time. One process stands over them, which does what it is told: halt them, let them
go on, and end them when nobody is there any more to tell it anything.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from app.tui.acting import REDRAW_SECONDS, Cancelled
from ledger.audit.watching import Step, Watch
from ledger.errors import AssayError, LedgerError

PAUSED_SECONDS = 0.05
"""How often a paused verification asks whether it may go on."""

MUCH = 20_000
"""Events from which on another process verifies."""

NICENESS = 10
"""How far that process steps back for others that want the processor."""

SUPERVISE, WORK = "supervise", "work"
HALT, GO_ON, END = b"h", b"g", b"e"
"""What is ordered on the standard input of the process that stands over a verification."""

_SIGNALS = {HALT: signal.SIGSTOP, GO_ON: signal.SIGCONT, END: signal.SIGKILL}

WEIGHTS = {"events": 1.0, "meaning": 10.0, "structure": 1.7}
"""What an event costs in each stage, in proportion: measured on a ledger of a million."""

Hear = Callable[[list[Step]], None]
"""Told several steps at once, at most eight times a second but for the beginning and the end of a stage."""


@dataclass
class Run:
    """A verification under way or done."""

    began: float = 0.0
    ended: float = 0.0
    left: bool = False
    failed: str = ""
    stages: dict[str, Step] = field(default_factory=dict)
    places: set[int] = field(default_factory=set)
    document: dict[str, Any] | None = None
    _times: dict[str, tuple[float, float]] = field(default_factory=dict)
    _paused: float = 0.0
    _idle: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.began = self.began or monotonic()

    def hear(self, steps: list[Step]) -> None:
        """Take up how far it is."""
        now = self.seconds
        for step in steps:
            self.stages[step.what] = step
            self.places.update(step.places)
            self._times[step.what] = (self._times.get(step.what, (now, now))[0], now)

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return not self.ended

    @property
    def paused(self) -> bool:
        """Whether it waits."""
        return bool(self._paused)

    def pause(self) -> None:
        """Let it wait, or go on: it, and all the processes that it began."""
        if self._paused:
            self._idle += monotonic() - self._paused
            self._paused = 0.0
        else:
            self._paused = monotonic()
        self._order(HALT if self._paused else GO_ON)

    def leave(self) -> None:
        """Stop it for good."""
        self.left = True
        self._order(END)

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far; while it waited does not count."""
        return (self._paused or self.ended or monotonic()) - self.began - self._idle

    def spent(self, what: str) -> float:
        """How long a stage took, or has taken so far."""
        first, last = self._times.get(what, (0.0, 0.0))
        step = self.stages.get(what)
        return (self.seconds if step is not None and step.done < step.total and self.running else last) - first

    @property
    def to_come(self) -> float | None:
        """Seconds that it will still take, by the pace of the stage that it is in; ``None`` before anything can be said."""
        pace, work = 0.0, 0.0
        for what, weight in WEIGHTS.items():
            step = self.stages.get(what)
            share = 0.0 if step is None or not step.total else step.done / step.total
            work += weight * (1 - share)
            if share and self.spent(what) > 0.5:
                pace = weight * share / self.spent(what)
        return work / pace if pace else None

    def verify(self, path: Path, root: Path, size: int, hear: Hear) -> dict[str, Any]:
        """Verify on this thread, which sleeps where there is so much to do that another process does it.

        Args:
            path: the ledger's file.
            root: the workspace's folder.
            size: how many events there are.
            hear: told how far it is.

        Returns:
            The report's document, as of ``assay verify --json``.

        Raises:
            Cancelled: it was left.
            AssayError: the file cannot be verified.
        """
        if size >= MUCH:
            return self._beside(path, root, hear)

        def watched(step: Step) -> None:
            while self.paused and not self.left:
                sleep(PAUSED_SECONDS)
            if self.left:
                raise Cancelled
            batch.add(step)

        batch = Batch(hear)
        return _document(path, root, watched)

    def _beside(self, path: Path, root: Path, hear: Hear) -> dict[str, Any]:
        process = self._process = subprocess.Popen(
            _command(SUPERVISE, path, root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        if self._paused:
            self._order(HALT)
        try:
            for line in process.stdout:
                if self.left:
                    raise Cancelled
                said = json.loads(line)
                if isinstance(said, list):
                    hear([Step(*each) for each in said])
                elif "error" in said:
                    raise LedgerError(said["error"])
                else:
                    return dict(said)
        finally:
            self._process = None
            with process:  # its pipes are closed, by which it ends; then it is waited for
                pass
        if self.left:
            raise Cancelled
        raise LedgerError("the process that verifies has ended before it was done; v begins anew")

    def _order(self, order: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError, ValueError):  # it has ended meanwhile
                os.write(process.stdin.fileno(), order)


class Batch:
    """Gathers steps, so that they are passed on together and not too often; no place at which something is wrong is lost."""

    def __init__(self, hear: Hear, clock: Callable[[], float] = monotonic) -> None:
        self._hear = hear
        self._clock = clock
        self._waiting: dict[str, Step] = {}
        self._last: dict[str, Step] = {}
        self._told = 0.0

    def add(self, step: Step) -> None:
        """One more step."""
        known = self._last.get(step.what)
        self._last[step.what] = step
        held = self._waiting.get(step.what)
        self._waiting[step.what] = step if held is None else step._replace(places=(*held.places, *step.places))
        turns = known is None or (step.done == step.total != known.done)
        if turns or self._clock() - self._told >= REDRAW_SECONDS:
            waiting, self._waiting = [*self._waiting.values()], {}
            self._told = self._clock()
            self._hear(waiting)


def _document(path: Path, root: Path, watch: Watch) -> dict[str, Any]:
    from app.actions import registry
    from app.actions.context import Context

    with Context(ledger=str(path), start=root) as context:
        context.watch = watch
        return dict(registry.get("verify").load()(context).document)


def _command(what: str, path: Path, root: Path) -> list[str]:
    return [
        sys.executable,
        "-P",
        "-m",
        "app.tui.screens.audit.verifying",
        what,
        str(path.absolute()),
        str(root.absolute()),
    ]


def supervise(path: Path, root: Path) -> None:
    """Let a ledger be verified, and do what is ordered on the standard input; where that ends, so does all of it."""
    with suppress(OSError):  # where the system shares the processor out by sessions
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")
    worker = subprocess.Popen(_command(WORK, path, root), stdin=subprocess.DEVNULL, process_group=0)
    threading.Thread(target=lambda: os._exit(worker.wait() and 1), daemon=True).start()
    while orders := os.read(0, 64):
        for order in (orders[n : n + 1] for n in range(len(orders))):
            _to_all(worker.pid, _SIGNALS[order])
    _to_all(worker.pid, signal.SIGKILL)
    worker.wait()


def _to_all(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def work(path: Path, root: Path) -> None:
    """Verify a ledger, and say on the standard output how far it is and what was found."""

    def say(said: object) -> None:
        print(json.dumps(said), flush=True)

    os.nice(NICENESS)
    try:
        say(_document(path, root, Batch(say).add))
    except AssayError as error:
        say({"error": str(error)})
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more
    except Exception as error:  # one line for the dashboard, whatever it is
        say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    {SUPERVISE: supervise, WORK: work}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
