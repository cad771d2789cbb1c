"""Commands that read, on ledgers of ten thousand and a million events: whole processes, from nothing in memory.

Each is held against a bare Python that opens the same file and counts its events, and against itself on the small ledger: what
answers by an index takes as long on both. ``--cache FOLDER`` keeps the ledgers from one run to the next (a million events take
some minutes to write), ``--sizes 10000,1000000`` chooses others, ``--only maturity`` the commands that have this in them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import harness, lifelike
from tests.benchmarks.startup import ASSAY, Stage

SIZES = (10_000, 1_000_000)
SECONDS = 2.0
"""Within which a command answers that judges no maturity."""

PROJECT, MODEL, DATASET = "fx-hedging", "model/fx-hedging/fx-vol", "dataset/fx-hedging/ecb-rates"

LOOKING = (
    "overview",
    "log",
    "log --type alert.raised",
    f"show {MODEL}@champion",
    "show seq:500",
    f"lineage {MODEL}@champion",
    f"lineage {DATASET}@5 --impact",
    "orphans",
    "artifact list",
    f"artifact show {MODEL}@champion",
    "artifact aliases",
    "runs",
    "alerts",
    "monitor",
    "approvals --all",
    "delivery",
    "people show jon",
)
"""Commands that judge no maturity; together they open every projection."""

JUDGING = (
    "maturity",
    f"maturity {PROJECT}",
    f"maturity {PROJECT} --why D2.1",
    "maturity --history",
    f"guide --project {PROJECT}",
    f"doctor --project {PROJECT}",
    "inventory",
    "risk list",
    f"plan --project {PROJECT}",
)
"""Commands that stand on the evaluation of maturity."""

COUNT = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM events').fetchone()"


def answer(stage: Stage, path: Path, command: str) -> harness.Measurement:
    """A command on a ledger. A finding is an answer too; an error is none."""
    words = [ASSAY, "--ledger", str(path), "--as", "jon", *command.split()]

    def work() -> None:
        done = subprocess.run(words, cwd=stage.folder, env=stage.environment, capture_output=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"assay {command}: {done.stderr.decode()}")

    return harness.timed(work)


def peak(stage: Stage, path: Path, command: str) -> float:
    """The most memory that a command held, in megabytes."""
    words = [ASSAY, "--ledger", str(path), "--as", "jon", *command.split()]
    with subprocess.Popen(
        words, cwd=stage.folder, env=stage.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_maxrss / 1024


def figures(stage: Stage, paths: dict[int, Path], commands: Sequence[str], rounds: int) -> list[harness.Figure]:
    """Each command on the largest ledger over the bare count, with what it takes on the smallest beside."""
    small, large = min(paths), max(paths)
    found, slowest = [], harness.Sample((0.0,))
    for command in commands:
        works = {
            "count": stage.process(sys.executable, "-c", COUNT, str(paths[large])),
            "small": answer(stage, paths[small], command),
            "large": answer(stage, paths[large], command),
        }
        took = harness.alternate(works, rounds=rounds)
        if command in LOOKING:
            slowest = max(slowest, took["large"], key=lambda each: each.median)
        told = f"{harness.against(took['large'], took['count'])}, {peak(stage, paths[large], command):,.0f} MB"
        beside = f"{harness.seconds(took['small'].median)} on {small:,} events"
        workload = f"{large:,} events; {beside}"
        found.append(harness.Figure(f"assay {command}", took["large"].over(took["count"]), told, workload))
    if slowest.median:
        ratio = harness.Sample(tuple(each / SECONDS for each in slowest.values))
        what = f"the slowest that judges no maturity ÷ {harness.seconds(SECONDS)}"
        found.append(harness.Figure(what, ratio, harness.seconds(slowest.median), f"{large:,} events", bar=1.0))
    return found


def ledgers(cache: Path, sizes: Sequence[int]) -> dict[int, Path]:
    """The ledgers, made where they are not there yet."""
    found = {}
    for size in sizes:
        path = found[size] = cache / f"lifelike-{size}" / "ledger.db"
        if not path.is_file():
            print(f"a lifelike ledger of {size:,} events is made first", file=sys.stderr)
            path.parent.mkdir(parents=True, exist_ok=True)
            lifelike.write(path, size)
    return found


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where the bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (default: 3)")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="events of each ledger, by commas")
    parser.add_argument("--only", default="", help="only the commands that have this in them")
    parser.add_argument("--cache", type=Path, help="a folder for the ledgers, kept; else they are made anew")
    options, _ = parser.parse_known_args(argv)
    commands = [each for each in (*LOOKING, *JUDGING) if options.only in each]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        stage = Stage(Path(folder))
        paths = ledgers(options.cache or Path(folder), [int(size) for size in options.sizes.split(",")])
        found = figures(stage, paths, commands, options.rounds)
    return harness.report("commands that read, over a bare Python that counts the events of the same file", found)
