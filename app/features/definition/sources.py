"""What a definition is given: a source dataset's rows, typed, oldest first, and when each became known."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from . import values
from .values import BadValue

EVERY = "*"
"""The name under which a source declares the type of every column that it does not name."""


class Source(NamedTuple):
    """A source's rows in the order of their time (ties as in the file), and for each when it became known."""

    rows: list[dict[str, Any]]
    known: list[int]

    def until(self, at: int | None) -> list[dict[str, Any]]:
        """The rows that were known at a moment, each a copy; ``None`` is all of them."""
        if at is None:
            return [dict(row) for row in self.rows]
        return [dict(row) for row, known in zip(self.rows, self.known, strict=True) if known <= at]


def read(path: Path, declared: Mapping[str, Any], name: str) -> Source:
    """Read a source's file: CSV, also compressed by gzip or as the one CSV of a zip, or Parquet.

    Args:
        path: the file.
        declared: the source as its view declares it: ``time``, ``known``, ``delay``, ``zone``, ``columns``, ``missing``.
        name: what the view calls it, for errors.

    Raises:
        BadValue: the file is no table, lacks a column, or a cell is not of its type; the line is named.
    """
    zone = _zone(declared.get("zone"))
    with path.open("rb") as file:
        start = file.read(4)
    cells = _parquet(path, declared, zone) if start == b"PAR1" else _csv(path, declared, zone)
    found: list[tuple[int, int, dict[str, Any]]] = []
    for line, row in _read(cells, declared, name):
        when, known = row.get(declared["time"]), row.get(declared["known"]) if declared["known"] else None
        if when is None or (declared["known"] and known is None):
            lacking = declared["time"] if when is None else declared["known"]
            raise BadValue(f"{name}, {line}: {lacking} is empty; every row needs its time")
        at = values.micros(when)
        found.append((at, max(at, values.micros(known)) if known else at + declared["delay"], row))
    found.sort(key=lambda each: each[:2])
    return Source([row for _, _, row in found], [known for _, known, _ in found])


def _read(
    cells: Iterable[tuple[str, Mapping[str, Any]]], declared: Mapping[str, Any], name: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows, shown as a definition meets them; errors get the source's name and the line."""
    kinds: dict[str, str] = {}
    for line, row in cells:
        if not kinds:
            kinds = _kinds(row, declared, name)
        shown = {}
        for column, kind in kinds.items():
            cell = row[column]
            try:
                shown[column] = values.shown(cell(kind) if callable(cell) else cell, kind)
            except BadValue as error:
                raise BadValue(f"{name}, {line}: {column}: {error}") from None
        yield line, shown


def _kinds(row: Mapping[str, Any], declared: Mapping[str, Any], name: str) -> dict[str, str]:
    """The type of each column that is read, in the file's order."""
    wanted: Mapping[str, str] = declared["columns"]
    for column in wanted:
        if column != EVERY and column not in row:
            there = ", ".join(map(repr, list(row)[:12]))
            raise BadValue(f"{name} has no column {column!r}; it has {there}")
    return {each: kind for each in row if (kind := wanted.get(each) or wanted.get(EVERY))}


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    return UTC if name == "UTC" else ZoneInfo(name)


class _Cell:
    """A cell's text, which becomes a value once its type is known."""

    __slots__ = ("missing", "text", "zone")

    def __init__(self, text: str, missing: frozenset[str], zone: tzinfo | None) -> None:
        self.text = text
        self.missing = missing
        self.zone = zone

    def __call__(self, kind: str) -> Any:
        text = self.text if kind == "string" else self.text.strip()
        return None if text in self.missing else values.parsed(text, kind, self.zone)


def _csv(path: Path, declared: Mapping[str, Any], zone: tzinfo | None) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = _text(path)
    except UnicodeDecodeError:
        raise BadValue(f"{path.name} is no UTF-8 text, no zip of one, and no Parquet file") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    missing = frozenset(declared.get("missing", ()))
    try:
        header = [each.strip() for each in next(lines, [])]
        named = [(place, column) for place, column in enumerate(header) if column]
        if len({column for _, column in named}) < len(named):
            raise BadValue(f"{path.name} names a column twice: {', '.join(header)[:200]}")
        for row in lines:
            if len(row) > len(header):
                raise BadValue(f"{path.name}, line {lines.line_num}: {len(row)} cells under {len(header)} names")
            if row:
                cells = {column: _Cell(row[n] if n < len(row) else "", missing, zone) for n, column in named}
                yield f"line {lines.line_num}", cells
    except csv.Error as error:
        raise BadValue(f"{path.name}, line {lines.line_num}: {error}") from None


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [each for each in archive.namelist() if each.lower().endswith(".csv")]
                if len(inside) != 1:
                    raise BadValue(f"{path.name} must hold one CSV, not {len(inside)}")
                data = archive.read(inside[0])
        except zipfile.BadZipFile as error:
            raise BadValue(f"{path.name} is a damaged zip file: {error}") from None
    elif data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadValue(f"{path.name} is a damaged gzip file: {error}") from None
    return data.decode("utf-8-sig")


def _parquet(path: Path, declared: Mapping[str, Any], zone: tzinfo | None) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise BadValue(f"{path.name} is a Parquet file, and there is no pyarrow here to read it") from None
    count = 0
    for batch in parquet.ParquetFile(path).iter_batches():
        for row in batch.to_pylist():
            count += 1
            yield f"row {count}", {column: _typed(value, zone) for column, value in row.items()}


def _typed(value: Any, zone: tzinfo | None) -> Any:
    """A Parquet cell, which has a type already and is held against the declared one."""
    if isinstance(value, datetime) and value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    return lambda kind: values.normal(value, kind)
