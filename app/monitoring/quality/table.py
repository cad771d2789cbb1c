"""A table of daily values, one column per series, as a file holds it: whatever order, whatever word for "missing"."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError

ABSENT = frozenset({"", "N/A", "NA", "NaN", "nan", "null", "-"})
_MAX_BYTES = 1 << 30
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Table:
    """Values by day, oldest first.

    Attributes:
        days: ISO dates in ascending order; a day that the file holds twice is here twice.
        columns: each column's values, shape (days,), NaN where missing.
        text: per column how many cells were neither a number nor a known word for missing.
        sha256: digest of the file's bytes, ``sha256:…``.
    """

    days: tuple[str, ...]
    columns: dict[str, npt.NDArray[np.float64]]
    text: dict[str, int]
    sha256: str

    def until(self, day: str) -> Table:
        """The rows that were known on ``day``."""
        stop = int(np.searchsorted(np.array(self.days), day, side="right"))
        return Table(
            self.days[:stop], {name: each[:stop] for name, each in self.columns.items()}, self.text, self.sha256
        )


def read(path: Path) -> Table:
    """Read a CSV, or the one CSV in a zip. The first column holds the day; a nameless last column without cells is ignored.

    Raises:
        InputError: the file cannot be read, has no days, repeats a column's name, or a row's day is no ISO date.
    """
    data = _bytes(path)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    text = _csv(data, path.name)
    lines = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(lines, [])]
    rows = [row for row in lines if row]
    while header and not header[-1] and all(len(row) < len(header) or not row[len(header) - 1].strip() for row in rows):
        header.pop()
    if len(header) < 2 or not rows:
        raise InputError(f"{path.name} holds no table: a day and a value per row are needed")
    if len(set(header)) < len(header):
        raise InputError(f"{path.name} names a column twice, or not at all: {', '.join(header)}")
    for number, row in enumerate(rows, start=2):
        _require_day(row[0].strip(), path.name, number)
    rows.sort(key=lambda row: row[0].strip())
    columns: dict[str, npt.NDArray[np.float64]] = {}
    strange: dict[str, int] = {}
    for place, name in enumerate(header[1:], start=1):
        columns[name], strange[name] = _numbers([row[place].strip() if place < len(row) else "" for row in rows])
    return Table(tuple(row[0].strip() for row in rows), columns, strange, digest)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path.name} is larger than 1 GiB")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None


def _csv(data: bytes, name: str) -> str:
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [each for each in archive.infolist() if each.filename.endswith(".csv")]
                if len(inside) != 1 or inside[0].file_size > _MAX_BYTES:
                    raise InputError(f"{name} must hold one CSV of at most 1 GiB, not {len(inside)}")
                data = archive.read(inside[0])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{name} is a damaged zip file: {error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text") from None


def _require_day(text: str, name: str, number: int) -> None:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name}, line {number}: {text[:40]!r} is no day such as 2026-01-31") from None


def _numbers(cells: list[str]) -> tuple[npt.NDArray[np.float64], int]:
    """A column's numbers, and how many of its cells are something else."""
    values = np.full(len(cells), np.nan)
    strange = 0
    for place, cell in enumerate(cells):
        if cell in ABSENT:
            continue
        try:
            values[place] = float(cell)
        except ValueError:
            strange += 1
    return values, strange
