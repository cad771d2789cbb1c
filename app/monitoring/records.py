"""Inference records: what was asked, by whom, what was answered, how long it took and cost, and the label once it is known.

They lie beside the ledger, one folder per day, as Parquet files that are never changed: answers in the order in which they came
in, labels as they arrived later. The ledger holds a digest of each day's files, so that what monitors looked at can be proven.

What is odd in a batch is a finding, by name and count, and kept; what cannot be kept is an error that names line or column, and
nothing of the batch is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

FIXED = ("id", "account", "model", "at", "prediction", "latency", "cost", "label")
"""What a record may say besides its features; account, model, at and prediction it must."""
NEEDED = ("account", "model", "at", "prediction")
NUMBERS = ("prediction", "latency", "cost", "label")
FEATURE = "feature."
"""Before the name of a feature's column."""
ROWS = 65_536
"""Records that are held at once."""


@dataclass(slots=True)
class Batch:
    """Records of one kind, by day. ``findings`` are sentences about what was odd."""

    answers: dict[str, list[pa.Table]] = field(default_factory=dict)
    labels: dict[str, float] = field(default_factory=dict)
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, finding: str, number: int = 1) -> None:
        """Remember that something odd was seen so often."""
        if number:
            self.counts[finding] = self.counts.get(finding, 0) + number

    @property
    def findings(self) -> list[str]:
        """What was odd, in words."""
        return [f"{number:,} {finding}" for finding, number in sorted(self.counts.items())]


def read(path: Path) -> Batch:
    """The records of a file: Parquet, or JSON lines. Lines with an id and a label alone are labels of earlier answers.

    Raises:
        InputError: the file cannot be read, holds no record, or one that cannot be kept; the line or column is named.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    batch = Batch()
    if start == b"PAR1":
        for table in _parquet(path):
            _take(batch, table, path.name)
    else:
        for first, rows in _lines(path):
            _take_rows(batch, rows, f"{path.name}, line", first)
    return _complete(batch, path.name)


def batch_of(records: Iterable[Mapping[str, Any]]) -> Batch:
    """The records of a Python call, checked as those of a file are.

    Raises:
        InputError: there is none, or one that cannot be kept.
    """
    batch = Batch()
    _take_rows(batch, list(records), "record", 1)
    return _complete(batch, "the call")


def _complete(batch: Batch, source: str) -> Batch:
    if not batch.rows and not batch.labels:
        raise InputError(f"{source} holds no record")
    return batch


def _lines(path: Path) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """The objects of a file of JSON lines, some at a time, each time with the number of the first one's line."""
    rows: list[Mapping[str, Any]] = []
    first = number = 1
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                raise InputError(f"{path.name}, line {number}: the line is empty; every line is one record")
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path.name}, line {number}: this is no JSON: {error}") from None
            if len(rows) == ROWS:
                yield first, rows
                first, rows = number + 1, []
    if rows:
        yield first, rows


def _take_rows(batch: Batch, rows: Sequence[Mapping[str, Any]], what: str, first: int) -> None:
    """Take records that are plain objects, their features as an object of their own."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {}
    answers = 0
    for number, row in enumerate(rows, start=first):
        if not isinstance(row, Mapping):
            raise InputError(f"{what} {number}: a record is an object, not {type(row).__name__}")
        if row.keys() <= {"id", "label", "at"}:
            _label(batch, row, f"{what} {number}")
            continue
        flat = _flat(row, f"{what} {number}")
        for name in flat:
            if name not in columns:
                columns[name] = [None] * answers
        answers += 1
        for name, cells in columns.items():
            cells.append(flat.get(name))
    if answers:
        _take(batch, pa.table({name: pa.array(cells) for name, cells in columns.items()}), what.split(",")[0])


def _label(batch: Batch, row: Mapping[str, Any], what: str) -> None:
    label = row.get("label")
    if not isinstance(row.get("id"), str) or isinstance(label, bool) or not isinstance(label, int | float):
        raise InputError(f"{what}: a label needs the id of its answer, a text, and a number")
    batch.labels[row["id"]] = float(label)


def _flat(row: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A record as columns; numbers are numbers and texts are texts, or it is refused."""
    for name in NEEDED:
        if name not in row:
            raise InputError(f"{what}: the record has no {name}")
    features = row.get("features", {})
    if not isinstance(features, Mapping):
        raise InputError(f"{what}: features must be an object of names and numbers")
    unknown = sorted(set(row) - {*FIXED, "features"})
    if unknown:
        raise InputError(f"{what}: a record has no {unknown[0]!r}; features stand in features")
    flat: dict[str, Any] = {}
    for name, value in [
        *((n, row[n]) for n in row if n != "features"),
        *((FEATURE + n, v) for n, v in features.items()),
    ]:
        number = name in NUMBERS or name.startswith(FEATURE)
        if value is None and name not in ("account", "model", "at"):
            flat[name] = None
        elif number and not isinstance(value, bool) and isinstance(value, int | float):
            flat[name] = float(value)
        elif not number and isinstance(value, str) and value:
            flat[name] = value
        else:
            raise InputError(f"{what}: {name} must be {'a number' if number else 'a text'}, not {value!r}")
    return flat


def _parquet(path: Path) -> Iterator[pa.Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for each in file.iter_batches(ROWS):
                yield pa.Table.from_batches([each])
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _take(batch: Batch, table: pa.Table, source: str) -> None:
    """Check a table of answers and sort it into its days."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in NEEDED:
        if name not in table.column_names:
            raise InputError(f"{source}: there is no column {name}; needed are {', '.join(NEEDED)}")
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if name == "at":
            columns[name] = _moments(batch, column, source)
        elif name in ("id", "account", "model"):
            if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
                raise InputError(f"{source}: the column {name} holds {column.type}, not text")
            if name != "id" and column.null_count:
                raise InputError(f"{source}: {column.null_count} records have no {name}")
            columns[name] = column.cast(pa.string())
        elif name in NUMBERS or name.startswith(FEATURE):
            columns[name] = _numbers(batch, name, column, source)
        else:
            raise InputError(f"{source}: {name!r} is no column of records; features begin with {FEATURE!r}")
    batch.rows += table.num_rows
    columns["id"] = columns.get("id", pa.nulls(table.num_rows, pa.string()))
    made = pa.table(columns)
    days = pc.strftime(made.column("at"), "%Y-%m-%d")
    for day in pc.unique(days).to_pylist():
        batch.answers.setdefault(day, []).append(made.filter(pc.equal(days, day)))


def _numbers(batch: Batch, name: str, column: Any, source: str) -> Any:
    """A column of numbers as doubles; what is missing or infinite is counted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise InputError(f"{source}: the column {name} holds {kind}, not numbers")
    found = column.cast(pa.float64(), safe=False)
    found = pc.if_else(pc.is_nan(found), pa.scalar(None, pa.float64()), found)
    if name == "prediction" or name.startswith(FEATURE):
        batch.count(f"values of {name} are missing", found.null_count)
    batch.count(f"values of {name} are infinite", pc.sum(pc.cast(pc.is_inf(found), pa.int64())).as_py() or 0)
    if name in ("latency", "cost"):
        batch.count(f"values of {name} are negative", pc.sum(pc.cast(pc.less(found, 0), pa.int64())).as_py() or 0)
    return found


def _moments(batch: Batch, column: Any, source: str) -> Any:
    """Moments in UTC; texts are read as ISO 8601, and one without a zone is taken for UTC, which is a finding."""
    import pyarrow as pa

    if column.null_count:
        raise InputError(f"{source}: {column.null_count} records have no at")
    wanted = pa.timestamp("us", "UTC")
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            batch.count("times have no zone, and are taken for UTC", len(column))
            return column.cast(pa.timestamp("us")).cast(wanted)
        return column.cast(wanted)
    if not pa.types.is_string(column.type):
        raise InputError(f"{source}: the column at holds {column.type}, not moments")
    found = []
    for text in column.to_pylist():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InputError(f"{source}: at {text!r} is no moment; write it as 2026-01-02T03:04:05Z") from None
        if moment.tzinfo is None:
            batch.count("times have no zone, and are taken for UTC")
            moment = moment.replace(tzinfo=UTC)
        found.append(moment.astimezone(UTC))
    return pa.array(found, wanted)
