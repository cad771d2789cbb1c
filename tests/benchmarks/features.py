"""Features: one online read beside the bare SQLite select, a point-in-time join beside ``pandas.merge_asof``.

The read goes through the gate, is counted, and gives names and types; the bare select gives the same row's bytes. The join
also honours when rows became known, for which pandas has no word: it is measured without such a column, as pandas does it, and
with one.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from app.features import join, writing
from app.features.definition.tables import Columns, Table, sorted_table
from app.features.online import OnlineStore, encoded
from app.features.writing import Target
from tests.benchmarks import harness

ENTITIES = 10_000
READS = 2_000
FEATURES = 8
LABELS = 1_000_000
ROWS = 1_000_000
_DAY = 86_400_000_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main(argv: Sequence[str] = ()) -> int:
    """Run both; 1 where a bar is missed. There is none."""
    parser = argparse.ArgumentParser(prog="features")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_known_args(argv)[0].rounds
    with tempfile.TemporaryDirectory() as folder:
        figures = [_online(Path(folder) / "features.db", rounds), *_joins(rounds)]
    return harness.report("Features", figures)


def view() -> dict[str, object]:
    """A registered view of eight floats."""
    names = [f"f{n}" for n in range(FEATURES)]
    return {
        "entity": [{"name": "id", "type": "string"}],
        "event_time": "at",
        "created": None,
        "delay": 0,
        "ttl": 10 * _DAY,
        "features": [
            {"name": name, "type": "float", "nullable": False, "tolerance": 0.0, "from": []} for name in names
        ],
    }


def _table(document: dict[str, object]) -> Table:
    at = int(_NOW.timestamp()) * 1_000_000 - _DAY
    values = np.random.default_rng(7).random((ENTITIES, FEATURES)).tolist()
    return sorted_table(Columns.of(document), ((f"id{n:06}", at, *row) for n, row in enumerate(values)), 0)


def _online(path: Path, rounds: int) -> harness.Figure:
    document = view()
    now = int(_NOW.timestamp()) * 1_000_000
    writing.write(path, Target("p/v", 1, "sha256:0", document, "sha256:1", now), _table(document))
    keys = [f"id{n:06}" for n in np.random.default_rng(8).integers(0, ENTITIES, READS).tolist()]
    store = OnlineStore(path, consumer="benchmark")
    bare = sqlite3.connect(path)
    sql = "SELECT features FROM latest WHERE view = 'p/v' AND version = 1 AND entity = ?"

    def ours() -> float:
        began = time.perf_counter()
        for key in keys:
            store.get("p/v", key, version=1, now=_NOW)
        return (time.perf_counter() - began) / READS

    def theirs() -> float:
        began = time.perf_counter()
        for key in keys:
            bare.execute(sql, (encoded([key]),)).fetchone()
        return (time.perf_counter() - began) / READS

    def decoded() -> float:
        began = time.perf_counter()
        for key in keys:
            json.loads(bare.execute(sql, (encoded([key]),)).fetchone()[0])
        return (time.perf_counter() - began) / READS

    found = harness.alternate({"ours": ours, "bare": theirs, "decoded": decoded}, rounds=rounds)
    store.close()
    bare.close()
    return harness.Figure(
        "one online read ÷ a bare select",
        found["ours"].over(found["bare"]),
        harness.against(found["ours"], found["bare"]),
        f"{FEATURES} floats of one of {ENTITIES:,} entities, by key; {READS:,} reads a round",
        notes=(f"a bare select whose JSON is also parsed: {harness.seconds(found['decoded'].median)}",),
    )


def _joins(rounds: int) -> list[harness.Figure]:
    chance = np.random.default_rng(9)

    def moments(count: int) -> pd.DatetimeIndex:
        return pd.to_datetime(np.sort(chance.integers(0, 10**9, count)), unit="s", utc=True)

    labels = pd.DataFrame({"id": chance.integers(0, 1_000, LABELS), "time": moments(LABELS)})
    features = pd.DataFrame({"id": chance.integers(0, 1_000, ROWS), "event": moments(ROWS)})
    features = features.assign(**{f"f{n}": chance.random(ROWS) for n in range(4)})
    late = features.assign(made=features["event"] + pd.to_timedelta(chance.integers(0, 10**5, ROWS), unit="s"))
    limit = pd.Timedelta(30, "D")
    found = harness.alternate(
        {
            "pandas": harness.timed(
                lambda: pd.merge_asof(labels, features, left_on="time", right_on="event", by="id", tolerance=limit)
            ),
            "ours": harness.timed(
                lambda: join.frame(labels, features, on=["id"], time="time", event_time="event", ttl=limit)
            ),
            "versions": harness.timed(
                lambda: join.frame(labels, late, on=["id"], time="time", event_time="event", created="made", ttl=limit)
            ),
        },
        rounds=rounds,
    )
    work = f"{LABELS:,} labels, {ROWS:,} rows of 1,000 entities with 4 features, all sorted by time"
    return [
        harness.Figure(
            f"point-in-time join{what} ÷ pandas.merge_asof",
            found[name].over(found["pandas"]),
            harness.against(found[name], found["pandas"]),
            work,
        )
        for name, what in (("ours", ""), ("versions", " with creation times"))
    ]
