"""Labels for a training frame: entities and times with whatever else a file says of them, and the frame that joining gives."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.features.definition import values
from app.features.definition.values import BadValue
from ledger.errors import InputError

Cells = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Labels:
    """A table with a row per label.

    Attributes:
        names: its columns.
        rows: its cells: text where it was CSV, else what Parquet has.
        times: when each is asked for, microseconds since 1970.
        parquet: whether it was Parquet.
    """

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    times: list[int]
    parquet: bool

    def keys(self, entity: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """The entity of each label.

        Args:
            entity: a view's keys with their types.

        Raises:
            InputError: a key's column is absent, or a cell is not of its type.
        """
        for name in entity:
            if name not in self.names:
                raise InputError(f"the labels have no column {name!r}; they have {', '.join(self.names)}")
        columns = [(self.names.index(name), kind, name) for name, kind in entity.items()]
        found = []
        for number, row in enumerate(self.rows, start=1):
            try:
                found.append(tuple([_typed(row[n], kind) for n, kind, _ in columns]))
            except BadValue as error:
                raise InputError(f"the labels' row {number}: {error}") from None
        return found


def read(data: bytes, time: str, zone: str | None) -> Labels:
    """Read labels.

    Args:
        data: a CSV's or a Parquet file's bytes.
        time: the column with their times.
        zone: of times that name none; such times are refused where it is ``None``.

    Raises:
        InputError: it is no table, has no such column, or a time cannot be read.
    """
    parquet = data[:4] == b"PAR1"
    names, rows = _parquet(data) if parquet else _csv(data)
    if time not in names:
        raise InputError(f"the labels have no column {time!r} with their times; they have {', '.join(names)}")
    place, meant = names.index(time), _zone(zone)
    times = []
    for number, row in enumerate(rows, start=1):
        try:
            at = _at(row[place], meant)
        except BadValue as error:
            hint = " with --zone" if str(error).endswith("zone") else ""
            raise InputError(f"the labels' row {number}: {time}: {error}{hint}") from None
        if at is None:
            raise InputError(f"the labels' row {number} has no {time}")
        times.append(at)
    return Labels(names, rows, times, parquet)


def _csv(data: bytes) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        names = tuple(next(lines, []))
        rows = [tuple(row) for row in lines if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the labels are neither CSV in UTF-8 nor Parquet: {error}") from None
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise InputError(f"the labels' row {number} has {len(row)} cells under {len(names)} names")
    return names, rows


def _parquet(data: bytes) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        found = parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"the labels are a damaged Parquet file: {error}") from None
    columns = [column.to_pylist() for column in found.columns]
    return tuple(found.column_names), list(zip(*columns, strict=True))


def _typed(cell: Any, kind: str) -> Any:
    return values.parsed(cell, kind) if isinstance(cell, str) else values.normal(cell, kind)


def _at(cell: Any, zone: tzinfo | None) -> int | None:
    if isinstance(cell, datetime) and cell.tzinfo is None and zone is not None:
        cell = cell.replace(tzinfo=zone)
    found: int | None = (
        values.parsed(cell, "timestamp", zone) if isinstance(cell, str) else values.normal(cell, "timestamp")
    )
    return found


def _zone(name: str | None) -> tzinfo | None:
    if name is None or name == "UTC":
        return UTC if name else None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise InputError(f"{name!r} is no time zone, such as Europe/Berlin or UTC") from None


# Frames


def frame(labels: Labels, names: Sequence[str], kinds: Sequence[str], columns: Cells, *, parquet: bool) -> bytes:
    """Labels with features beside them, as a file's bytes: equal frames give equal bytes.

    Args:
        labels: the labels, in whose order the rows are.
        names: the features' columns.
        kinds: their types.
        columns: the features' normal values, a tuple per label.
        parquet: as Parquet, else as CSV in the form of a feature table.

    Raises:
        InputError: a feature's column is called like one of the labels'.
    """
    for name in names:
        if name in labels.names:
            raise InputError(f"the labels have a column {name!r} already; rename it")
    if parquet:
        return _as_parquet(labels, names, kinds, columns)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*labels.names, *names])
    for row, found in zip(labels.rows, columns, strict=True):
        told = [values.written(value, kind) for value, kind in zip(found, kinds, strict=True)]
        lines.writerow([*map(_cell, row), *told])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return value or ""
    if isinstance(value, bool):
        return values.written(value, "bool")
    if isinstance(value, datetime):
        return value.isoformat()
    return values.written(value, "float") if isinstance(value, float) else str(value)


def _as_parquet(labels: Labels, names: Sequence[str], kinds: Sequence[str], columns: Cells) -> bytes:
    import pyarrow
    from pyarrow import parquet

    types = {
        "float": pyarrow.float64(),
        "int": pyarrow.int64(),
        "string": pyarrow.string(),
        "bool": pyarrow.bool_(),
        "timestamp": pyarrow.timestamp("us", tz="UTC"),
    }
    arrays = [pyarrow.array([row[n] for row in labels.rows]) for n in range(len(labels.names))]
    arrays += [pyarrow.array([row[n] for row in columns], type=types[kind]) for n, kind in enumerate(kinds)]
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays, names=[*labels.names, *names]), out)
    return out.getvalue()
