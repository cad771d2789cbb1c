"""Verifying: rates beside bare SHA-256 over the same bytes on one thread, and memory.

A ledger of a million events takes some minutes to write; ``--large PATH`` verifies one that ``make-ledger`` wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import ledger
from ledger.store import sqlite
from tests.benchmarks import harness, lifelike

HASHED = 200_000
"""So many bodies are kept and hashed in a round; the time is scaled to all of them."""

PROCESSES = 2

PEAK = (
    "import resource, sys, ledger; report = ledger.verify(sys.argv[1], processes={processes}); assert report.ok; "
    "print(sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))"
)
"""Prints the kilobytes that a verification and the process that helps it had at most."""


def rates(path: Path, events: int, rounds: int) -> list[harness.Figure]:
    """What verification does by and by, by two processes, beside hashing alone; rates, so that more is better."""
    with closing(sqlite.read_only(path)) as connection:
        query = "SELECT body FROM events ORDER BY seq LIMIT ?"
        messages = [row[0] for row in connection.execute(query, (min(HASHED, events),))]

    def hashing() -> float:
        began = time.perf_counter()
        for message in messages:
            hashlib.sha256(message).digest()
        return (time.perf_counter() - began) * events / len(messages)

    def verifying(parts: Sequence[str] | None, strict: bool = False) -> Callable[[], None]:
        def run() -> None:
            chosen = {} if parts is None else {"parts": parts}
            assert ledger.verify(path, strict=strict, processes=PROCESSES, **chosen).ok

        return run

    told: dict[str, tuple[str, Callable[[], None], float | None, float | None]] = {
        "tree": ("hashes, links and tree", verifying(()), 0.50, 0.60),
        "columns": ("the same with every indexed column", verifying(("columns",)), 0.41, 0.45),
        "strict": ("the same, and canonical form (--strict)", verifying(("columns",), True), 0.20, 0.25),
        "all": ("everything: projections, rules, signatures, structure too", verifying(None), None, None),
    }
    works = {name: harness.timed(work) for name, (_, work, _, _) in told.items()}
    measured = harness.alternate({"hash": hashing, **works}, rounds=rounds)
    size = sum(map(len, messages)) / len(messages)
    return [
        harness.Figure(
            f"SHA-256 ÷ {what}",
            measured["hash"].over(measured[name]),
            harness.against(measured[name], measured["hash"]),
            f"{events:,} lifelike events of {size:.0f} bytes on average, {PROCESSES} processes against one thread",
            bar,
            stretch,
            at_least=True,
        )
        for name, (what, _, bar, stretch) in told.items()
    ]


def memory(path: Path, events: int) -> harness.Figure:
    """The most memory that a whole verification holds, both processes together, beside one megabyte."""
    code = PEAK.format(processes=PROCESSES)
    said = subprocess.run([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, check=True, text=True)
    megabytes = int(said.stdout) / 1024
    return harness.Figure(
        "peak memory of verifying, in MB",
        harness.Sample((megabytes,)),
        f"{megabytes:.0f} MB",
        f"{events:,} lifelike events, everything verified, {PROCESSES} processes together",
        200,
        100,
    )


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks verification", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default: 5)")
    parser.add_argument("--events", type=int, default=1_000_000, help="size of the ledger that is verified")
    parser.add_argument("--large", type=Path, help="a lifelike ledger that is there already, instead of making one")
    options = parser.parse_known_args(argv)[0]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        path = options.large or Path(folder) / "ledger.db"
        if options.large is None:
            lifelike.write(path, options.events)
        with ledger.open(path, read_only=True) as book:
            events = book.size
        figures = [*rates(path, events, options.rounds), memory(path, events)]
    return harness.report("verification", figures)
