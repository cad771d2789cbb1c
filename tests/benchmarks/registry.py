"""Artifacts and lineage: a large closure beside networkx, hashing beside sha256sum, new versions beside MLflow's registry.

The peers live in an environment of their own, which is made when this is run and kept in ``--peers`` where that is given.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ledger
from ledger.events.artifacts import ArtifactRegistered
from ledger.projections import lineage
from ledger.projections.view import View
from ledger.store.objects import Objects
from tests.benchmarks import harness, peer

NETWORKX, MLFLOW = "networkx==3.6.1", "mlflow==3.17.2"
ARTIFACTS = 50_000
INPUTS = 5
REACH = 2000
VERSIONS = 50
GIB = 1 << 30

_CLOSURE = """
import sqlite3, sys, time
import networkx
for line in sys.stdin:
    began = time.perf_counter()
    connection = sqlite3.connect(sys.argv[1])
    graph = networkx.DiGraph()
    graph.add_edges_from(connection.execute("SELECT source, target FROM edges"))
    found = networkx.ancestors(graph, sys.argv[2])
    print(time.perf_counter() - began, len(found), flush=True)
"""

_VERSIONS = """
import os, sys, time
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import logging
logging.disable(logging.CRITICAL)
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=f"sqlite:///{sys.argv[1]}", registry_uri=f"sqlite:///{sys.argv[1]}")
client.create_registered_model("fx-vol")
for line in sys.stdin:
    began = time.perf_counter()
    for _ in range(int(line)):
        client.create_model_version("fx-vol", source="s3://bucket/fx-vol")
    print(time.perf_counter() - began, flush=True)
"""


def edges(path: Path) -> str:
    """Lineage as the projection stores it: runs that take some of the newest versions and make the next. The last version."""
    rng = random.Random(3)
    connection = sqlite3.connect(path)
    for statement in lineage.TABLES:
        connection.execute(statement)
    made = [f"dataset/fx-hedging/table-{n % 97}@{n // 97 + 1}" for n in range(ARTIFACTS)]
    rows = []
    for n, ref in enumerate(made):
        run = f"run/{rng.getrandbits(64):016x}"
        taken = {rng.randrange(max(0, n - REACH), n) for _ in range(INPUTS)} if n else set()
        while n > INPUTS and len(taken) < INPUTS:
            taken.add(rng.randrange(max(0, n - REACH), n))
        rows += [(2 * n, place, made[each], run, "input") for place, each in enumerate(sorted(taken))]
        rows.append((2 * n + 1, 0, run, ref, "output"))
    connection.executemany("INSERT INTO edges VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return made[int(ARTIFACTS * 0.95)]


def closing(folder: Path, rounds: int, python: Path) -> harness.Figure:
    """All ancestors of a version, from the file on: ours beside networkx."""
    path = folder / "edges.db"
    focus = edges(path)
    reached = [0]

    def ours() -> None:
        connection = sqlite3.connect(path)
        reached[0] = len(lineage.ancestors(View(connection, 4 * ARTIFACTS), focus))
        connection.close()

    with peer.running(python, _CLOSURE, str(path), focus) as other:
        works = {"ours": harness.timed(ours), "networkx": other}
        measured = harness.alternate(works, rounds=rounds)
        assert int(other.last[1]) == reached[0], "both find the same"
    count = sqlite3.connect(path).execute("SELECT count(*) FROM edges").fetchone()[0]
    return harness.Figure(
        f"closure ÷ {NETWORKX}",
        measured["ours"].over(measured["networkx"]),
        harness.against(measured["ours"], measured["networkx"]),
        f"{reached[0]:,} ancestors among {2 * ARTIFACTS:,} nodes and {count:,} edges, read from SQLite by both",
        1 / 7,
        1 / 8,
    )


def hashing(folder: Path, rounds: int, size: int) -> harness.Figure:
    """A stored dataset hashed again, beside ``sha256sum`` of the same file."""
    source = folder / "dataset"
    block = os.urandom(1 << 24)
    with source.open("wb") as file:
        for n in range(size >> 24):
            file.write(n.to_bytes(8, "big") + block[8:])
    objects = Objects(folder / "objects")
    stored = objects.put_file(source)
    source.unlink()
    path = objects.path(stored.digest)

    def ours() -> None:
        assert objects.check(stored.digest, directory=False, size=stored.size) == []

    def theirs() -> None:
        done = subprocess.run(["sha256sum", str(path)], capture_output=True, check=True)
        assert done.stdout[:64].decode() == stored.digest[7:]

    measured = harness.alternate({"ours": harness.timed(ours), "sha256sum": harness.timed(theirs)}, rounds=rounds)
    shutil.rmtree(folder / "objects")
    return harness.Figure(
        "artifact check ÷ sha256sum",
        measured["ours"].over(measured["sha256sum"]),
        harness.against(measured["ours"], measured["sha256sum"]),
        f"a dataset of {stored.size / GIB:.3g} GiB in the store, in the page cache for both",
        1.2,
    )


def registering(folder: Path, rounds: int, python: Path) -> list[harness.Figure]:
    """New versions per second, durable and signed for by a checkpoint: many at once, and one by one; beside MLflow's."""
    book = ledger.create(folder / "book.db", origin="bench.example/registry", keys=folder / "keys")
    number = [0]

    def entry() -> ledger.Entry:
        number[0] += 1
        digest = f"sha256:{hashlib.sha256(str(number[0]).encode()).hexdigest()}"
        fact = ArtifactRegistered(kind="model", name="fx-vol", version=number[0], sha256=digest, size=5147)
        return ledger.Entry(fact, actor="ada", project="fx-hedging")

    def together() -> None:
        book.record_many([entry() for _ in range(VERSIONS)])
        book.checkpoint()

    def singly() -> None:
        for _ in range(VERSIONS):
            book.record_many([entry()])
        book.checkpoint()

    def each_signed() -> None:
        for _ in range(VERSIONS):
            book.record_many([entry()])
            book.checkpoint()

    with peer.running(python, _VERSIONS, str(folder / "mlflow.db")) as other:
        works = {
            "together": harness.timed(together),
            "singly": harness.timed(singly),
            "each": harness.timed(each_signed),
            "mlflow": lambda: other(str(VERSIONS)),
        }
        measured = harness.alternate(works, rounds=rounds)
    book.close()

    def rate(seconds: float) -> str:
        return f"{VERSIONS / seconds:,.0f}/s"

    told = {
        "together": f"{VERSIONS} versions in one durable transaction, one signed checkpoint over them; MLflow on SQLite",
        "singly": f"{VERSIONS} versions, each in a durable transaction of its own, one signed checkpoint over them",
        "each": f"{VERSIONS} versions, each in a durable transaction of its own, with a signed checkpoint of its own",
    }
    return [
        harness.Figure(
            f"versions per second, {way} ÷ {MLFLOW}'s create_model_version",
            measured["mlflow"].over(measured[way]),
            harness.against(measured[way], measured["mlflow"], rate),
            workload,
            12.0 if way == "together" else None,
            at_least=True,
        )
        for way, workload in told.items()
    ]


def typical(folder: Path, rounds: int, events: int) -> harness.Figure:
    """The lineage of a model in a large ledger: the newest version of one, both ways, with labels."""
    from tests.benchmarks import lifelike

    path = folder / "lifelike.db"
    lifelike.write(path, events)
    with ledger.open(path, read_only=True) as book:
        view = book.view()
        focus = view.row("SELECT ref FROM artifacts WHERE kind = 'model' ORDER BY seq DESC LIMIT 1")[0]
        size = [0]

        def ours() -> None:
            size[0] = len(lineage.graph(view, focus).nodes)

        def opened() -> None:
            with ledger.open(path, read_only=True) as other:
                other.view()

        measured = harness.alternate({"ours": harness.timed(ours), "open": harness.timed(opened)}, rounds=rounds)
    return harness.Figure(
        "lineage of a typical model ÷ opening its ledger",
        measured["ours"].over(measured["open"]),
        harness.against(measured["ours"], measured["open"]),
        f"{size[0]:,} nodes around the newest model among {events:,} lifelike events",
    )


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks registry", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each measurement (default: 9)")
    parser.add_argument("--bytes", type=int, default=GIB, help="size of the dataset that is hashed (default: 1 GiB)")
    parser.add_argument("--events", type=int, default=1_000_000, help="size of the lifelike ledger; 0 leaves it out")
    parser.add_argument("--peers", type=Path, help="keep the peers' environment in this folder")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as scratch:
        folder = Path(scratch)
        figures = []
        try:
            python = peer.environment((options.peers or folder / "peers").absolute(), (NETWORKX, MLFLOW))
            figures.append(closing(folder, options.rounds, python))
            figures += registering(folder, options.rounds, python)
        except OSError as error:
            print(f"no peers to measure beside: {error}")
        figures.append(hashing(folder, max(3, options.rounds // 2), options.bytes))
        if options.events:
            figures.append(typical(folder, options.rounds, options.events))
    return harness.report("artifacts and lineage", figures)
