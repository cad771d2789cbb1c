"""Appending and verifying: durable appends beside raw inserts into the same tables, verification beside bare hashing."""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import ledger
from ledger.events.monitors import MonitorObserved
from ledger.store import schema
from tests.benchmarks import harness

SINGLES = 50
BATCH = 100
FACT = MonitorObserved(
    monitor="drift", kind="drift", value=0.5, breached=False, threshold=0.75, day="2008-09-17", n=315
)


def _raw(path: Path) -> sqlite3.Connection:
    """A table with the events' columns and index, and nothing else: no guard, no hash, no tree."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(schema.EVENTS)
    connection.execute(schema.EVENTS_BY_SUBJECT)
    return connection


def appending(folder: Path, rounds: int) -> list[harness.Figure]:
    """``record`` and ``record_many`` beside raw rows of the same bytes; rates, so that more is better."""
    book = ledger.create(folder / "book.db", origin="bench.example/append", keys=folder / "keys")
    envelope = {"subject": "model/fx-hedging/fx-vol", "actor": "svc:monitor", "project": "fx-hedging"}
    entries = [ledger.Entry(FACT, **envelope)] * BATCH
    sample = book.record(FACT, **envelope)
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

    def repeated(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(SINGLES):
                work()

        return run

    measured = harness.alternate(
        {
            "raw": harness.timed(repeated(lambda: insert(1))),
            "record": harness.timed(repeated(lambda: book.record(FACT, **envelope))),
            "raw many": harness.timed(repeated(lambda: insert(BATCH))),
            "record many": harness.timed(repeated(lambda: book.record_many(entries))),
        },
        rounds=rounds,
    )
    book.close()
    raw.close()
    single = f"{SINGLES} durable appends of one metric observation"
    many = f"{SINGLES} durable appends of {BATCH} metric observations"
    return [
        harness.Figure(
            "one raw row ÷ record",
            measured["raw"].over(measured["record"]),
            harness.against(measured["record"], measured["raw"]),
            single,
            0.74,
            0.85,
            at_least=True,
        ),
        harness.Figure(
            f"{BATCH} raw rows ÷ record_many",
            measured["raw many"].over(measured["record many"]),
            harness.against(measured["record many"], measured["raw many"]),
            many,
            0.56,
            0.65,
            at_least=True,
        ),
    ]


def verifying(folder: Path, rounds: int, events: int) -> harness.Figure:
    """The whole of ``ledger.verify`` beside SHA-256 over the same bodies on one thread."""
    from tests.benchmarks import lifelike

    path = folder / "lifelike.db"
    lifelike.write(path, events)
    with ledger.open(path, read_only=True) as book:
        bodies = [each.body for each in book.events()]

    def hashing() -> None:
        for body in bodies:
            hashlib.sha256(body).digest()

    measured = harness.alternate(
        {"hash": harness.timed(hashing), "verify": harness.timed(lambda: ledger.verify(path))}, rounds=rounds
    )
    return harness.Figure(
        "SHA-256 of the bodies ÷ everything that verify does",
        measured["hash"].over(measured["verify"]),
        harness.against(measured["verify"], measured["hash"]),
        f"{len(bodies):,} lifelike events: chain, tree, columns, projections, rules, signatures",
        at_least=True,
    )


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each measurement (default: 9)")
    parser.add_argument("--events", type=int, default=20_000, help="size of the ledger that is verified")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        figures = [
            *appending(Path(folder), options.rounds),
            verifying(Path(folder), max(3, options.rounds // 3), options.events),
        ]
    return harness.report("the ledger", figures)
