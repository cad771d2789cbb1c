"""Appending, by one and by four; opening and proving as the log grows.

Appends are held against raw inserts into the same table with the same index and the same durability, and against a peer.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import ledger
from ledger.events.monitors import MonitorObserved
from ledger.format import proof
from ledger.store import journal, schema
from tests.benchmarks import harness, lifelike, peer

PEER = "eventsourcing==9.5.6"
SINGLES = 50
BATCH = 100
FACT = MonitorObserved(
    monitor="drift", kind="drift", value=0.5, breached=False, threshold=0.75, day="2008-09-17", n=315
)
ENVELOPE = {"subject": "model/fx-hedging/fx-vol", "actor": "svc:monitor", "project": "fx-hedging"}
WRITERS = 4
SMALL = 1_000


_PEER = """
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
"""Its application saves one aggregate's new events in one transaction, on a file in WAL mode with SQLite's own
``synchronous = FULL``, as ours is: the same durability."""


def _raw(path: Path) -> sqlite3.Connection:
    """A table with the events' columns and index, and nothing else: no guard, no hash, no tree."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(schema.EVENTS)
    connection.execute(schema.EVENTS_BY_SUBJECT)
    return connection


def _repeated(work: Callable[[], object], times: int = SINGLES) -> harness.Measurement:
    def run() -> None:
        for _ in range(times):
            work()

    return harness.timed(run)


@contextmanager
def _peer(folder: Path) -> Iterator[peer.Peer | None]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(
                peer.running(peer.environment(folder / "peer", (PEER,)), _PEER, str(folder), str(BATCH))
            )
        except OSError as error:
            print(f"not measured: {error}", file=sys.stderr)
            found = None
        yield found


def appending(folder: Path, rounds: int) -> list[harness.Figure]:
    """``record`` and ``record_many`` beside raw rows of the same bytes; rates, so that more is better."""
    book = ledger.create(folder / "book.db", origin="bench.example/append", keys=folder / "keys")
    entries = [ledger.Entry(FACT, **ENVELOPE)] * BATCH
    sample = book.record(FACT, **ENVELOPE)
    event = sample.event
    raw = _raw(folder / "raw.db")
    last = [0]

    def rows(count: int) -> list[tuple[object, ...]]:
        last[0] += count
        tail = (sample.hash, sample.body, event.type, event.subject, event.project, event.actor, event.at, event.cause)
        return [(seq, *tail) for seq in range(last[0] - count, last[0])]

    def insert(count: int) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows(count))
        raw.execute("COMMIT")

    works = {
        "raw": _repeated(lambda: insert(1)),
        "record": _repeated(lambda: book.record(FACT, **ENVELOPE)),
        "raw many": _repeated(lambda: insert(BATCH)),
        "record many": _repeated(lambda: book.record_many(entries)),
    }
    with _peer(folder) as other:
        if other is not None:
            works["peer"] = lambda: other(str(SINGLES))
        measured = harness.alternate(works, rounds=rounds)
    book.close()
    raw.close()
    many = f"{SINGLES} durable transactions of {BATCH} metric observations"
    told = [
        ("raw", "record", "one raw row ÷ record", f"{SINGLES} durable appends of one metric observation", 0.74, 0.85),
        ("raw many", "record many", f"{BATCH} raw rows ÷ record_many", many, 0.56, 0.65),
        ("peer", "record many", f"{PEER} ÷ record_many", many, 0.8, 1.0),
    ]
    return [
        harness.Figure(
            what,
            measured[theirs].over(measured[ours]),
            harness.against(measured[ours], measured[theirs]),
            workload,
            bar,
            stretch,
            at_least=True,
        )
        for theirs, ours, what, workload, bar, stretch in told
        if theirs in measured
    ]


_WRITER = """
import sys, time
from pathlib import Path
import ledger
from tests.benchmarks.ledger import ENVELOPE, FACT
book = ledger.open(Path(sys.argv[1]), keys=Path(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    count, end = 0, time.monotonic() + float(line)
    while time.monotonic() < end:
        book.record(FACT, **ENVELOPE)
        count += 1
    print(count, flush=True)
"""


def writing(folder: Path, rounds: int, seconds: float) -> list[harness.Figure]:
    """Four processes that append to one ledger beside one that does; rates, so that more is better."""
    path = folder / "shared.db"
    ledger.create(path, origin="bench.example/shared", keys=folder / "keys").close()
    words = [sys.executable, "-c", _WRITER, str(path), str(folder / "keys")]
    with ExitStack() as stack:
        writers = [
            stack.enter_context(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(WRITERS)
        ]
        assert [_said(each) for each in writers] == ["ready"] * WRITERS
        unfair: list[float] = []

        def counts(some: Sequence[subprocess.Popen[str]]) -> list[int]:
            for each in some:
                assert each.stdin is not None
                each.stdin.write(f"{seconds}\n")
                each.stdin.flush()
            return [int(_said(each)) for each in some]

        def all_of_them() -> float:
            found = counts(writers)
            unfair.append(min(found) / max(found))
            return seconds / sum(found)

        measured = harness.alternate(
            {"one": lambda: seconds / counts(writers[:1])[0], "four": all_of_them}, rounds=rounds
        )
        for each in writers:
            assert each.stdin is not None
            each.stdin.close()
    with ledger.open(path, read_only=True) as book:
        size = book.size
    assert ledger.verify(path).findings == []
    fair = harness.Sample(tuple(unfair[-rounds:]))
    workload = f"durable single appends for {seconds:g} s each; {size:,} events in the end, verified"
    return [
        harness.Figure(
            f"{WRITERS} processes' appends ÷ one's",
            measured["one"].over(measured["four"]),
            harness.against(measured["four"], measured["one"]) + " for one append",
            workload,
            0.85,
            0.9,
            at_least=True,
        ),
        harness.Figure(
            "the slowest of them ÷ the fastest", fair, f"{fair.median:.2f}", workload, 0.6, 0.8, at_least=True
        ),
    ]


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def growing(folder: Path, rounds: int, large: Path | None, events: int) -> list[harness.Figure]:
    """Opening and proving on a large ledger beside the same on a small one; times, so that less is better."""
    small = folder / "small" / "ledger.db"
    small.parent.mkdir()
    lifelike.write(small, SMALL)
    if large is None:
        large = folder / "large" / "ledger.db"
        large.parent.mkdir()
        print(f"a lifelike ledger of {events:,} events is made first", file=sys.stderr)
        lifelike.write(large, events)
    keys = {path: path.parent / lifelike.DEMO_FOLDER for path in (small, large)}

    def opened(path: Path) -> Callable[[], None]:
        def work() -> None:
            with ledger.open(path, keys=keys[path]) as book:
                size = book.size
                assert book.head
                assert len(list(book.events(size - 100))) == 100

        return work

    measured = harness.alternate(
        {name: _repeated(opened(path), 20) for name, path in (("small", small), ("large", large))}, rounds=rounds
    )
    with ledger.open(small, read_only=True) as few, ledger.open(large, read_only=True) as many:
        size = many.size
        proven = harness.alternate(
            {"small": _repeated(_proving(few), 500), "large": _repeated(_proving(many), 500)}, rounds=rounds
        )
    return [
        harness.Figure(
            f"{what} at {size:,} events ÷ at {SMALL:,}",
            found["large"].over(found["small"]),
            harness.against(found["large"], found["small"]),
            workload,
            bar,
            stretch,
        )
        for what, found, workload, bar, stretch in (
            ("opening, head and last 100", measured, "opened for writing and closed, 20 times over", 2.0, 1.5),
            ("an inclusion proof", proven, "500 proofs of events at random, from the stored nodes", 2.5, 2.0),
        )
    ]


def _proving(book: ledger.Ledger) -> Callable[[], object]:
    node, size, chance = journal.node_getter(book.connection), book.size, random.Random(7)
    return lambda: proof.inclusion(chance.randrange(size), size, node)


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each measurement (default: 15)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long writers append at a time (default: 1)")
    parser.add_argument("--events", type=int, default=1_000_000, help="size of the large ledger (default: 1,000,000)")
    parser.add_argument("--large", type=Path, help="a lifelike ledger that is there already, instead of making one")
    options = parser.parse_known_args(argv)[0]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        figures = [
            *appending(folder, options.rounds),
            *writing(folder, max(3, options.rounds // 2), options.seconds),
            *growing(folder, options.rounds, options.large, options.events),
        ]
    return harness.report("the ledger", figures)
