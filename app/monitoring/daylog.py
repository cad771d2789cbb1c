"""The files of inference records: written once each, a digest for every one of them and for the day, read back by day."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from app.monitoring.records import FEATURE, Batch
from ledger.errors import InputError
from ledger.format import canonical, hashes

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "serve-log"
POINTS = 201
"""A day's latencies, costs and the like are looked at by so many of their quantiles, as many for each day."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a day: answers or labels."""

    name: str
    kind: str
    rows: int
    sha256: str

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"name": self.name, "kind": self.kind, "rows": self.rows, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch added to a day. ``sha256`` is of all the day's files, by way of the digest before."""

    day: str
    sha256: str
    parts: tuple[Part, ...]
    answers: int
    labels: int
    versions: Mapping[str, int]


class DayLog:
    """The records of one model, beside the ledger. What is known of a day's files comes from the ledger's events."""

    def __init__(self, root: Path, days: Mapping[str, tuple[str, Sequence[Part]]]) -> None:
        """``root``: the model's folder. ``days``: per day its digest and its files, as recorded, in order."""
        self._root = root
        self._days = {day: (digest, list(parts)) for day, (digest, parts) in days.items()}

    @property
    def days(self) -> list[str]:
        """The days that have records, ascending."""
        return sorted(self._days)

    def parts(self, day: str) -> list[Part]:
        """The files of a day, in the order in which they came."""
        return list(self._days.get(day, ("", []))[1])

    def add(self, batch: Batch) -> list[Written]:
        """Write a batch's files, of each day its own; nothing is known of them before the ledger holds their digests.

        An answer whose id its day has already is a duplicate, and not kept again; a label goes to the day of its answer.

        Raises:
            InputError: the files cannot be written.
        """
        import pyarrow as pa

        written: dict[str, list[Part]] = {}
        tables: dict[str, pa.Table] = {}
        for day, pieces in sorted(batch.answers.items()):
            table = self._fresh(batch, day, pa.concat_tables(pieces, promote_options="default"))
            if table.num_rows:
                tables[day] = table
                written.setdefault(day, []).append(self._write(day, "answers", table))
        labelled = self._labels(batch, tables)
        for day, labels in sorted(labelled.items()):
            table = pa.table({"id": list(labels), "label": list(labels.values())})
            written.setdefault(day, []).append(self._write(day, "labels", table))
        return [
            Written(
                day,
                digest_of(self._days.get(day, ("", []))[0], parts),
                tuple(parts),
                tables[day].num_rows if day in tables else 0,
                self._given(tables.get(day)) + len(labelled.get(day, {})),
                _versions(tables.get(day)),
            )
            for day, parts in sorted(written.items())
        ]

    def table(self, day: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The answers of a day with the newest label of each; ``columns`` alone, where given.

        Raises:
            InputError: a file is missing or cannot be read.
        """
        import pyarrow as pa

        pieces = [self._read(day, part) for part in self.parts(day) if part.kind == "answers"]
        found = (
            pa.concat_tables(pieces, promote_options="default")
            if pieces
            else pa.table({"id": pa.array([], pa.string())})
        )
        labels: dict[str, float] = {}
        for part in self.parts(day):
            if part.kind == "labels":
                read = self._read(day, part)
                labels |= dict(zip(read.column("id").to_pylist(), read.column("label").to_pylist(), strict=True))
        if labels:
            given = found.column("label").to_pylist() if "label" in found.column_names else [None] * found.num_rows
            ids = found.column("id").to_pylist()
            merged = pa.array(
                [labels.get(each, old) if each is not None else old for each, old in zip(ids, given, strict=True)],
                pa.float64(),
            )
            found = found.drop_columns(["label"]) if "label" in found.column_names else found
            found = found.append_column("label", merged)
        return found if columns is None else found.select([each for each in columns if each in found.column_names])

    def files(self, day: str) -> Iterator[Path]:
        """The files of a day's answers."""
        return (self._root / day / part.name for part in self.parts(day) if part.kind == "answers")

    def check(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with the files: day, file, and what; nothing where all are as recorded."""
        for day in self.days:
            for part in self.parts(day):
                path = self._root / day / part.name
                if not path.is_file():
                    yield day, part.name, "the file is missing"
                elif hashes.file_digest(path) != part.sha256:
                    yield day, part.name, "the file is not what was recorded"

    def series(self, day: str) -> dict[str, list[float] | float]:
        """A day's records as monitors look at them: quantiles of what was measured, and shares; NaN where nothing was.

        ``latency``, ``cost``, ``prediction`` and every ``feature.…`` as 201 quantiles; ``error``: label less prediction, of
        the closed labels alone; ``missing``: the share of feature values that are not there; ``open``: of labels.
        """
        table = self.table(day)
        rows = table.num_rows
        found: dict[str, list[float] | float] = {"rows": float(rows)}
        names = [each for each in table.column_names if each.startswith(FEATURE)]
        numbers = {each: _array(table, each) for each in ("prediction", "latency", "cost", "label", *names)}
        for name in ("prediction", "latency", "cost", *names):
            found[name] = _quantiles(numbers[name])
        error = numbers["label"] - numbers["prediction"]
        found["error"] = _quantiles(error)
        found["open"] = float(1 - np.isfinite(numbers["label"]).mean()) if rows else float("nan")
        cells = [numbers[each] for each in ("prediction", *names)]
        found["missing"] = float(1 - np.isfinite(np.concatenate(cells)).mean()) if rows else float("nan")
        return found

    def _fresh(self, batch: Batch, day: str, table: pa.Table) -> pa.Table:
        """A day's new answers without those that it has already."""
        import pyarrow as pa

        known = set()
        for part in self.parts(day):
            if part.kind == "answers":
                known |= set(self._read(day, part, ["id"]).column("id").to_pylist())
        known.discard(None)
        keep = []
        for each in table.column("id").to_pylist():
            keep.append(each is None or each not in known)
            if each is not None:
                known.add(each)
        batch.count("records repeat an id of their day, and are kept once", len(keep) - sum(keep))
        return table if all(keep) else table.filter(pa.array(keep))

    def _labels(self, batch: Batch, tables: Mapping[str, pa.Table]) -> dict[str, dict[str, float]]:
        """The labels of a batch by the day of their answers; those of no known answer are counted."""
        found: dict[str, dict[str, float]] = {}
        left = dict(batch.labels)
        for day in sorted({*self.days, *tables}, reverse=True):
            if not left:
                break
            ids = set(tables[day].column("id").to_pylist()) if day in tables else set()
            for part in self.parts(day):
                if part.kind == "answers":
                    ids |= set(self._read(day, part, ["id"]).column("id").to_pylist())
            for each in ids & left.keys():
                found.setdefault(day, {})[each] = left.pop(each)
        batch.count("labels are of unknown predictions, and are not kept", len(left))
        return found

    def _given(self, table: pa.Table | None) -> int:
        if table is None or "label" not in table.column_names:
            return 0
        return int(table.num_rows - table.column("label").null_count)

    def _write(self, day: str, kind: str, table: pa.Table) -> Part:
        import pyarrow.parquet as pq

        folder = self._root / day
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
            os.close(handle)
            pq.write_table(table, name, compression="zstd")
            digest = hashes.file_digest(Path(name))
            final = f"{kind}-{digest.removeprefix('sha256:')[:16]}.parquet"
            Path(name).replace(folder / final)
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror}") from None
        return Part(final, kind, table.num_rows, digest)

    def _read(self, day: str, part: Part, columns: list[str] | None = None) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.read_table(self._root / day / part.name, columns=columns)
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                f"{day}/{part.name} of the serve log cannot be read: {str(error).splitlines()[0]}"
            ) from None


def digest_of(before: str, parts: Iterable[Part]) -> str:
    """A day's digest after more files: of the digest before and of the files' own."""
    return hashes.digest(canonical.encode({"before": before, "files": [each.document() for each in parts]}))


def _versions(table: pa.Table | None) -> dict[str, int]:
    if table is None:
        return {}
    counted = table.column("model").value_counts()
    return dict(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True))


def _array(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).to_numpy(), dtype=np.float64)


def _quantiles(values: Floats) -> list[float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return [float("nan")] * POINTS
    return [float(each) for each in np.quantile(known, np.linspace(0, 1, POINTS))]
