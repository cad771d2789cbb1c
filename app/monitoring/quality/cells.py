"""The columns of a table as a file holds them: CSV (plain, gzipped, or alone in a zip) or Parquet, cell by cell as words."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

from ledger.errors import InputError

ABSENT = frozenset({"", "N/A", "NA", "NaN", "nan", "null", "-"})
"""What a cell of a text file says where its value is missing."""
_MAX_BYTES = 1 << 30
_PARQUET, _ZIP, _GZIP = b"PAR1", b"PK\x03\x04", b"\x1f\x8b"

Words = list[str | None]
"""A column's cells, as they are spelled; ``None`` where the value is missing."""


class Cells(NamedTuple):
    """A table's columns by name, in order; ``lines`` says on which line of a text file each row ends, where it is one."""

    columns: dict[str, Words]
    lines: tuple[int, ...]
    data: bytes

    def row(self, place: int) -> str:
        """A row in words: its line, or its number where the file has no lines."""
        return f"line {self.lines[place]}" if self.lines else f"row {place + 1}"


def read(path: Path) -> Cells:
    """Read a file.

    Raises:
        InputError: it cannot be read, is damaged or too large, is no such table, or names a column twice.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path.name} is larger than 1 GiB")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None
    if data[:4] == _PARQUET:
        return Cells(_parquet(data, path.name), (), data)
    columns, lines = _csv(_text(data, path.name), path.name)
    return Cells(columns, lines, data)


def _csv(text: str, name: str) -> tuple[dict[str, Words], tuple[int, ...]]:
    """A nameless last column without cells is left out, as a trailing comma makes one; a short row lacks its last cells."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = [each.strip() for each in next(reader, [])]
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: this is no CSV: {error}") from None
    while header and not header[-1] and all(len(row) < len(header) or not row[len(header) - 1].strip() for row in rows):
        header.pop()
    if not header or not rows or "\x00" in text:
        raise InputError(f"{name} holds no table: a line of names and a row at least are needed, in CSV or Parquet")
    _require_names(header, name)
    for line, row in zip(lines, rows, strict=True):
        if any(each.strip() for each in row[len(header) :]):
            raise InputError(
                f"{name}, line {line} has {len(row)} cells, and the first line names {len(header)} columns"
            )
    if len(header) == 1 and any(sign in header[0] for sign in ";\t|"):
        raise InputError(f"{name}: its cells seem not to be separated by commas ({header[0][:40]!r}); save it as CSV")
    found = {
        each: [_word(row[place]) if place < len(row) else None for row in rows] for place, each in enumerate(header)
    }
    return found, tuple(lines)


def _word(cell: str) -> str | None:
    word = cell.strip()
    return None if word in ABSENT else word


def _require_names(names: list[str], file: str) -> None:
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice or "" in names:
        raise InputError(f"{file} names a column twice, or not at all: {', '.join(twice or names)}")


def _text(data: bytes, name: str) -> str:
    """The text of a CSV, whatever it is packed in."""
    import gzip
    import zipfile
    import zlib

    if data[:4] == _ZIP or data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [each for each in archive.infolist() if each.filename.endswith(".csv")]
                if len(inside) != 1 or inside[0].file_size > _MAX_BYTES:
                    raise InputError(f"{name} must hold one CSV of at most 1 GiB, not {len(inside)}")
                data = archive.read(inside[0])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
            raise InputError(f"{name} is a damaged zip file: {error}") from None
    elif data[:2] == _GZIP:
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(_MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{name} is a damaged gzip file: {error}") from None
        if len(data) > _MAX_BYTES:
            raise InputError(f"{name} is larger than 1 GiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: this is neither UTF-8 text nor Parquet") from None


def _parquet(data: bytes, name: str) -> dict[str, Words]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name} is no whole Parquet file: {str(error).splitlines()[0][:200]}") from None
    if not found.num_columns or not found.num_rows:
        raise InputError(f"{name} holds no table: a column and a row at least are needed")
    _require_names(found.column_names, name)
    try:
        return {each: _spelled(found.column(each), f"{name}: its column {each}") for each in found.column_names}
    except (ValueError, OverflowError) as error:
        raise InputError(f"{name} holds what cannot be spelled: {str(error).splitlines()[0][:200]}") from None


def _spelled(column: Any, what: str) -> Words:
    """A Parquet column as words: days and times as ISO 8601 has them, truth as ``true`` and ``false``, NaN as missing.

    Times with a zone are those of UTC.
    """
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    scalar = (
        *(pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_date),
        *(pa.types.is_timestamp, pa.types.is_string, pa.types.is_large_string, pa.types.is_null),
    )
    if not any(each(kind) for each in scalar):
        raise InputError(f"{what} is of the type {kind}; numbers, text, days, times and truth can be checked")
    if pa.types.is_dictionary(column.type):
        column = column.cast(kind)
    if pa.types.is_timestamp(kind):
        # Nanoseconds do not fit a Python datetime; what is finer than a second is cut off.
        column = column.cast(pa.timestamp("s", kind.tz and "UTC"), safe=False)
    cells = column.to_pylist()
    if pa.types.is_boolean(kind):
        return [None if each is None else str(each).lower() for each in cells]
    if pa.types.is_floating(kind):
        return [None if each is None or each != each else repr(each) for each in cells]
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return [None if each is None else each.isoformat() for each in cells]
    return [None if each is None else str(each) for each in cells]
