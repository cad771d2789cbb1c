"""A batch of rows as columns: numbers where every cell is one, words otherwise. Missing cells are kept as missing."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError

_PARQUET = b"PAR1"
ABSENT = frozenset({"", "N/A", "NA", "NaN", "nan", "null", "None"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``numbers``: its values in a numeric column, NaN where missing. ``words``: its values in a column of words, ``None`` where
    missing. One of the two is ``None``.
    """

    name: str
    numbers: npt.NDArray[np.float64] | None
    words: tuple[str | None, ...] | None

    def __len__(self) -> int:
        return len(self.numbers) if self.numbers is not None else len(self.words or ())


def column(name: str, cells: list[str]) -> Column:
    """A column from its cells as text."""
    try:
        numbers = np.array([np.nan if cell in ABSENT else float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        return Column(name, None, tuple(None if cell in ABSENT else cell for cell in cells))
    return Column(name, numbers, None)


def read(path: Path) -> dict[str, Column]:
    """The columns of a Parquet file, or of a CSV with a header.

    Raises:
        InputError: the file cannot be read, has no header, repeats a name, or a row is too long or too short.
    """
    if _begins(path) == _PARQUET:
        return _parquet(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = csv.reader(stream)
            header = [each.strip() for each in next(lines, [])]
            rows = [row for row in lines if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read as a CSV: {error}") from None
    if not header or not all(header) or len(set(header)) < len(header):
        raise InputError(f"{path.name} needs a header that names each column once")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{path.name}, line {number}: {len(row)} cells, not {len(header)}")
    return {name: column(name, [row[place].strip() for row in rows]) for place, name in enumerate(header)}


def _begins(path: Path) -> bytes:
    """The first four bytes of a file; nothing where it cannot be read, which its reader will say."""
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError:
        return b""


def _parquet(path: Path) -> dict[str, Column]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    if len(set(table.column_names)) < len(table.column_names):
        raise InputError(f"{path.name} needs a name of its own for each column")
    found = {}
    for name in table.column_names:
        cells = table.column(name)
        if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
            found[name] = Column(name, cells.cast(pa.float64(), safe=False).to_numpy().astype(np.float64), None)
        else:
            words = (None if each is None else str(each) for each in cells.to_pylist())
            found[name] = Column(name, None, tuple(words))
    return found
