"""A peer to append beside: ``eventsourcing`` on SQLite, in an environment of its own that is made when it is wanted.

Its application saves one aggregate's new events in one transaction, on a file in WAL mode with SQLite's own
``synchronous = FULL``, as ours is: the same durability.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENT = "eventsourcing==9.5.6"

_PROGRAM = """
import sys, time
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

class Monitor(Aggregate):
    @event("Observed")
    def observe(self, monitor, kind, value, breached, threshold, day, n, subject, project, actor):
        self.value = value

folder, count = sys.argv[1], int(sys.argv[2])
application = Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{folder}/peer.db"})
monitor = Monitor()
application.save(monitor)
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    for _ in range(int(line)):
        for _ in range(count):
            monitor.observe(
                monitor="drift", kind="drift", value=0.5, breached=False, threshold=0.75, day="2008-09-17", n=315,
                subject="model/fx-hedging/fx-vol", project="fx-hedging", actor="svc:monitor",
            )
        application.save(monitor)
    print(time.perf_counter() - began, flush=True)
"""


class Peer:
    """A running peer: appends on demand, and says how long it took."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def append(self, transactions: int) -> float:
        """The seconds that so many transactions of the agreed number of events take."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{transactions}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def running(folder: Path, batch: int) -> Iterator[Peer]:
    """A peer that appends ``batch`` events to a transaction; its environment and database lie in ``folder``.

    Raises:
        OSError: it cannot be installed; the message says why.
    """
    environment = folder / "peer"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{REQUIREMENT} cannot be installed: {(done.stderr.strip() or '?').splitlines()[-1]}")
    words = [str(python), "-c", _PROGRAM, str(folder), str(batch)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise OSError(f"{REQUIREMENT} does not run under Python {sys.version.split()[0]}")
        try:
            yield Peer(process)
        finally:
            process.stdin.close() if process.stdin is not None else None
