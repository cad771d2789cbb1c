"""Where batches of a table come from: CSV (plain, in a zip, gzipped), Parquet, a DataFrame, a query, or plain columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard, cast

from ledger.errors import InputError

if TYPE_CHECKING:
    import pandas
    import pyarrow

ROWS = 65_536
"""Rows per batch where the source lets us choose."""

_BLOCK = 4 << 20
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"


class Query(NamedTuple):
    """An SQL query on an open DB-API connection; its rows are fetched in batches."""

    sql: str
    connection: Any
    parameters: Sequence[Any] = ()


class Stored(NamedTuple):
    """A file that lies under another name than its own, as an object does."""

    path: Path
    name: str


class Batch(NamedTuple):
    """Some rows: Arrow arrays by column. ``spelled``: the cells are words of a text file, whose kinds must be found out."""

    rows: int
    columns: dict[str, pyarrow.Array[Any]]
    spelled: bool = False


Source: TypeAlias = "str | os.PathLike[str] | Stored | pandas.DataFrame | Query | Iterable[Mapping[str, Sequence[Any]]]"


def batches(source: Source) -> Iterator[Batch]:
    """The rows of a table, in order, some at a time.

    Raises:
        InputError: a file cannot be read, or holds no table.
    """
    if isinstance(source, Stored):
        yield from _file(*source)
    elif isinstance(source, str | os.PathLike):
        yield from _file(Path(source), Path(source).name)
    elif isinstance(source, Query):
        yield from _query(source)
    elif _is_frame(source):
        yield from _frame(source)
    else:
        for each in source:
            yield _batch({str(name): _array(cells) for name, cells in each.items()})


def _is_frame(source: Any) -> TypeGuard[pandas.DataFrame]:
    return hasattr(source, "iloc")


def _file(path: Path, name: str) -> Iterator[Batch]:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if start == _PARQUET:
        yield from _parquet(path, name)
    else:
        with _text(path, name, start) as (file, inside):
            yield from _csv(file, inside, name)


def _parquet(path: Path, name: str) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for each in file.iter_batches(batch_size=ROWS):
                yield _batch(dict(zip(each.schema.names, each.columns, strict=True)))
            if not file.metadata.num_rows:
                yield _batch({name: pa.nulls(0) for name in file.schema_arrow.names})
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name} is no whole Parquet file: {_first_line(error)}") from None


@contextmanager
def _text(path: Path, name: str, start: bytes) -> Iterator[tuple[IO[bytes], str]]:
    """A text file's bytes, whatever it is packed in, and its own name."""
    import gzip
    import zipfile

    if start == _ZIP:
        try:
            with zipfile.ZipFile(path) as archive:
                inside = [each for each in archive.namelist() if each.lower().endswith((".csv", ".tsv"))]
                if len(inside) != 1:
                    raise InputError(f"{name} must hold one CSV, not {len(inside)}")
                with archive.open(inside[0]) as member:
                    yield member, inside[0]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise InputError(f"{name} is a damaged zip file: {_first_line(error)}") from None
    elif start[:2] == _GZIP:
        import zlib

        try:
            with gzip.open(path) as member:
                yield cast("IO[bytes]", member), name.removesuffix(".gz")
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{name} is a damaged gzip file: {_first_line(error)}") from None
    else:
        with path.open("rb") as file:
            yield file, name


def _csv(file: IO[bytes], name: str, shown: str) -> Iterator[Batch]:
    """All cells as text. A nameless last column is left out while it is empty, as a trailing comma makes one."""
    import pyarrow as pa
    from pyarrow import csv

    separator = "\t" if name.lower().endswith(".tsv") else ","
    header, first = _header(file, separator, shown)
    names = [f"c{n}" for n in range(len(header))]
    stream = pa.PythonFile(_Joined(first, file), mode="r")
    try:
        reader = csv.open_csv(
            stream,
            read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        for each in reader:
            yield _named(header, each)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            yield _batch({each: pa.array([], pa.string()) for each in header if each}, spelled=True)
            return
        raise InputError(f"{shown} is no whole CSV file: {_first_line(error)}") from None


def _named(header: Sequence[str], batch: Any) -> Batch:
    import pyarrow.compute as pc

    columns = {}
    for name, array in zip(header, batch.columns, strict=True):
        if name or not pc.all(pc.equal(pc.utf8_trim_whitespace(array), "")).as_py():
            columns[name or "(nameless)"] = array
    return Batch(batch.num_rows, columns, spelled=True)


class _Joined:
    """A file whose first bytes were read already, for Arrow to read from."""

    def __init__(self, first: bytes, file: IO[bytes]) -> None:
        self._first = first
        self._file = file
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        if not self._first:
            return self._file.read(size)
        taken = self._first if size < 0 else self._first[:size]
        self._first = self._first[len(taken) :]
        return taken + self._file.read() if size < 0 else taken

    def close(self) -> None:
        self.closed = True


_MOST_HEADER = 1 << 20


def _header(file: IO[bytes], separator: str, shown: str) -> tuple[list[str], bytes]:
    """The names in the first line, and what was read beyond it."""
    import csv
    import io

    first = b""
    while b"\n" not in first and len(first) < _MOST_HEADER:
        block = file.read(65_536)
        if not block:
            break
        first += block
    line, _, rest = first.partition(b"\n")
    try:
        text = line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        raise InputError(f"{shown} is no UTF-8 text") from None
    names = [each.strip() for each in next(csv.reader(io.StringIO(text), delimiter=separator), [])]
    if not any(names) or "\x00" in text:
        raise InputError(f"{shown} holds no table: its first line must name the columns")
    named = [each for each in names if each]
    twice = sorted({each for each in named if named.count(each) > 1})
    if twice or "" in names[:-1]:
        raise InputError(f"{shown} names a column twice, or not at all: {', '.join(twice or names)}")
    return names, rest


def _frame(frame: Any) -> Iterator[Batch]:
    import pyarrow as pa

    for start in range(0, max(1, len(frame)), ROWS):
        part = frame.iloc[start : start + ROWS]
        yield _batch({str(name): _array(part.iloc[:, n], pa.Array.from_pandas) for n, name in enumerate(part.columns)})


def _query(query: Query) -> Iterator[Batch]:
    try:
        cursor = query.connection.cursor()
        cursor.execute(query.sql, query.parameters)
        names = [each[0] for each in cursor.description or ()]
        empty = True
        while rows := cursor.fetchmany(ROWS):
            empty = False
            yield _batch({name: _array(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)})
    except Exception as error:  # every driver has its own errors
        raise InputError(f"the query failed: {_first_line(error)}") from None
    if empty:
        yield _batch({name: _array(()) for name in names})


def _array(cells: Any, convert: Any = None) -> Any:
    """Cells as one Arrow array; where they are of several types, as text."""
    import pyarrow as pa

    try:
        found = convert(cells) if convert else pa.array(cells, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        found = pa.array([None if each is None or each != each else str(each) for each in cells], pa.string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _batch(columns: dict[str, Any], spelled: bool = False) -> Batch:
    return Batch(max((len(each) for each in columns.values()), default=0), columns, spelled)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
