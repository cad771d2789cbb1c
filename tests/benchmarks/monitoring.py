"""Drift of large tables against plain SciPy, with the same numbers; the memory that it takes; profiles of many records.

The peer is what SciPy's documentation suggests: ``ks_2samp`` (asymptotic), ``wasserstein_distance``, and a PSI of histograms
over the reference's deciles, column by column. Ours is the whole report, findings, Jensen-Shannon distance and verdicts
included. Evidently's default report of the same numbers runs once, in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import harness, peer

ROWS, COLUMNS = 1_000_000, 20
RECORDS = 10_000_000
MEGABYTE = 1 << 20


def tables(rows: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference and a current table of the same columns, the current one a little off."""
    from app.monitoring.columns import Column

    generator = np.random.default_rng(11)

    def made(shift: float) -> dict[str, Any]:
        return {
            f"c{n}": Column(f"c{n}", generator.normal(shift * n / COLUMNS, 1 + shift, rows), None)
            for n in range(COLUMNS)
        }

    return made(0.0), made(0.01)


def plain(reference: dict[str, Any], current: dict[str, Any]) -> list[tuple[float, float, float]]:
    """KS, Wasserstein and PSI of every column, by SciPy and NumPy as they come."""
    from scipy import stats

    found = []
    for name, each in reference.items():
        left, right = each.numbers, current[name].numbers
        edges = np.quantile(left, np.arange(1, 10) / 10)
        shares = [
            np.maximum(np.histogram(side, [-np.inf, *edges, np.inf])[0] / len(side), 1e-4) for side in (left, right)
        ]
        psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
        ks = float(stats.ks_2samp(left, right, method="asymp").statistic)
        found.append((ks, float(stats.wasserstein_distance(left, right)) / max(float(left.std()), 1e-3), psi))
    return found


def ours(reference: dict[str, Any], current: dict[str, Any]) -> list[tuple[float, float, float]]:
    """The same numbers out of the report."""
    from app.monitoring.compare import compare

    return [
        (each.measures["ks"], each.measures["wasserstein"], each.measures["psi"])
        for each in compare(reference, current).columns
    ]


EVIDENTLY = ("evidently==0.7.23", "pandas<3")
_EVIDENTLY = """
import sys, time
import numpy as np, pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
rows, columns = int(sys.argv[1]), int(sys.argv[2])
generator = np.random.default_rng(11)
def made(shift):
    drawn = (generator.normal(shift * n / columns, 1 + shift, rows) for n in range(columns))
    return pd.DataFrame({f"c{n}": each for n, each in enumerate(drawn)})
reference, current = made(0.0), made(0.01)
for line in sys.stdin:
    began = time.perf_counter()
    Report([DataDriftPreset()]).run(current, reference).dict()
    print(time.perf_counter() - began, flush=True)
"""
_PEAK = """
import json, sys
from tests.benchmarks import monitoring
work = monitoring.{work}({rows})
base = monitoring.resident()
with monitoring.Peak() as peak:
    work()
print(json.dumps([base, peak.most]))
"""


def drift_work(rows: int) -> Callable[[], object]:
    """The report over tables that lie in memory."""
    reference, current = tables(rows)
    ours({"c0": reference["c0"]}, {"c0": current["c0"]})
    return lambda: ours(reference, current)


def profile_work(rows: int) -> Callable[[], object]:
    """The profile of a day's inference records, which lie in a Parquet file."""
    from app.profiling.profile import profile

    path = Path(os.environ["ASSAY_BENCHMARK_RECORDS"])
    if not path.exists():
        write_records(path, rows)
    return lambda: profile(path)


def write_records(path: Path, rows: int) -> None:
    """Inference records as the serve log keeps them, some at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(3)
    step = 500_000
    with pq.ParquetWriter(path, _record_batch(generator, 1).schema, compression="zstd") as writer:
        for _ in range(0, rows, step):
            writer.write_table(pa.Table.from_batches([_record_batch(generator, min(step, rows))]))


def _record_batch(generator: np.random.Generator, rows: int) -> Any:
    import pyarrow as pa

    start = 1_700_000_000_000_000
    return pa.record_batch(
        {
            "account": pa.array(np.char.add("M", generator.integers(0, 500, rows).astype(str))),
            "at": pa.array(start + generator.integers(0, 86_400_000_000, rows), pa.timestamp("us", "UTC")),
            "prediction": generator.normal(size=rows),
            "latency": generator.lognormal(1, 0.5, rows),
            "cost": generator.random(rows),
            **{f"feature.f{n}": generator.normal(size=rows) for n in range(5)},
        }
    )


def resident() -> int:
    """Bytes of this process that lie in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Peak:
    """The most bytes in memory while it lasts, looked at every few milliseconds. A context manager."""

    def __init__(self) -> None:
        self.most = resident()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.003):
            self.most = max(self.most, resident())


def beyond(work: str, rows: int, folder: Path) -> tuple[float, float]:
    """Megabytes that a work needs beyond what lay in memory before, and the whole peak, in a process of its own."""
    code = _PEAK.format(work=work, rows=rows)
    environment = {**os.environ, "ASSAY_BENCHMARK_RECORDS": str(folder / "records.parquet")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    base, most = json.loads(done.stdout)
    return (most - base) / MEGABYTE, most / MEGABYTE


def main(argv: Sequence[str]) -> int:
    """Measure, and print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks monitoring")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="keep Evidently's environment in this folder")
    given = parser.parse_args(argv)
    reference, current = tables(given.rows)
    mine, theirs = ours(reference, current), plain(reference, current)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    found = _speed(reference, current, given.rounds)
    workload = f"{given.rows:,} rows × {COLUMNS} columns against as many; KS, Wasserstein and PSI agree to 1e-9"
    figures = [
        harness.Figure(
            "exact drift report ÷ plain SciPy",
            found["ours"].over(found["scipy"]),
            harness.against(found["ours"], found["scipy"]),
            workload,
            bar=1 / 6,
            stretch=1 / 9,
        )
    ]
    del reference, current
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = peer.environment((given.peers or Path(folder) / "peers").absolute(), EVIDENTLY)
            figures.append(_evidently(python, found["ours"], given.rows))
        except OSError as error:
            print(f"Evidently is not measured: {error}", file=sys.stderr)
        extra, most = beyond("drift_work", given.rows, Path(folder))
        figures.append(_memory("memory of the drift report beyond the data", extra, 200, most, workload))
        write_records(Path(folder) / "records.parquet", given.records)
        extra, most = beyond("profile_work", given.records, Path(folder))
        kept = f"{given.records:,} inference records, ten columns, Parquet"
        figures.append(_memory("memory of profiling inference records", most, 1024, most, kept))
    return harness.report("Monitoring", figures)


def _speed(reference: dict[str, Any], current: dict[str, Any], rounds: int) -> dict[str, harness.Sample]:
    works = {
        "ours": harness.timed(lambda: ours(reference, current)),
        "scipy": harness.timed(lambda: plain(reference, current)),
    }
    return harness.alternate(works, rounds=rounds, warmup=0)


def _evidently(python: Path, mine: harness.Sample, rows: int) -> harness.Figure:
    """Our report beside Evidently's default one, over tables of the same numbers."""
    with peer.running(python, _EVIDENTLY, str(rows), str(COLUMNS)) as other:
        theirs = other()
    return harness.Figure(
        "exact drift report ÷ Evidently's default",
        harness.Sample(tuple(each / theirs for each in mine.values)),
        harness.against(mine, harness.Sample((theirs,))),
        f"tables of the same numbers; {EVIDENTLY[0]} runs once, in its default report",
        bar=1 / 40,
    )


def _memory(what: str, value: float, limit: float, most: float, workload: str) -> harness.Figure:
    """Megabytes held against a limit; the ratio is of the limit."""
    sample = harness.Sample((value / limit,))
    return harness.Figure(what, sample, f"{value:,.0f} MB of {limit:,.0f}, peak {most:,.0f} MB", workload, bar=1.0)
