"""From a batch of one column's cells to its summaries: Arrow arrays in, counts and numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow

ABSENT = ("", "N/A", "NA", "NaN", "nan", "null", "NULL", "None", "-", "#N/A")
"""Words for a missing cell in a text file."""

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INFINITE = r"^[+-]?(inf|Inf|INF|Infinity|infinity)$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
_BOOLEAN = r"^(true|false|True|False|TRUE|FALSE)$"
_ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_DAY = 86_400_000_000


class Cells(NamedTuple):
    """A batch of cells by kind: ``numbers`` (infinite ones included), ``times`` in microseconds, ``texts``, ``booleans``."""

    rows: int
    nulls: int
    numbers: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    booleans: Any
    texts: Any


_NO_NUMBERS: npt.NDArray[np.float64] = np.empty(0)
_NO_TIMES: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)


def typed(array: pyarrow.Array[Any]) -> Cells:
    """Cells of a column that knows its type, as Parquet's do: nothing is guessed. NaN is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    there = array.drop_null()
    rows, nulls = len(array), array.null_count
    if pa.types.is_boolean(kind):
        return Cells(rows, nulls, _NO_NUMBERS, _NO_TIMES, there, None)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pc.cast(there, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        known = numbers[~np.isnan(numbers)]
        return Cells(rows, nulls + len(numbers) - len(known), known, _NO_TIMES, None, None)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        times = pc.cast(there, pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return Cells(rows, nulls, _NO_NUMBERS, times, None, None)
    if pa.types.is_null(kind):
        return Cells(rows, rows, _NO_NUMBERS, _NO_TIMES, None, None)
    if not pa.types.is_string(kind):
        there = as_text(there)
    return Cells(rows, nulls, _NO_NUMBERS, _NO_TIMES, None, there)


def spelled(array: pyarrow.Array[Any]) -> Cells:
    """Cells of a text file's column, each taken for what it spells: a number, a moment, true or false, else a text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = len(array)
    trimmed = pc.utf8_trim_whitespace(array)
    absent = pc.is_in(trimmed, value_set=pa.array(ABSENT))
    there = trimmed.filter(pc.invert(pc.fill_null(absent, True)))
    nulls = rows - len(there)
    numbers, rest = _split(there, _NUMBER)
    infinite, rest = _split(rest, _INFINITE)
    times, rest = _split(rest, _TIME)
    moments, strange = _moments(times)
    booleans, rest = _split(rest, _BOOLEAN)
    if len(strange):
        rest = pa.concat_arrays([rest, strange])
    values = np.concatenate([_floats(numbers), np.array([float(each) for each in infinite.to_pylist()])])
    truth = pc.cast(pc.utf8_lower(booleans), pa.bool_()) if len(booleans) else None
    return Cells(rows, nulls, values, moments, truth, rest if len(rest) else None)


def whole_days(times: npt.NDArray[np.int64]) -> bool:
    """Whether all of these are midnights."""
    return bool((times % _DAY == 0).all())


def _split(array: pyarrow.Array[Any], pattern: str) -> tuple[pyarrow.Array[Any], pyarrow.Array[Any]]:
    """Those that match, and the others."""
    import pyarrow.compute as pc

    if not len(array):
        return array, array
    matches = pc.match_substring_regex(array, pattern)
    count = pc.sum(matches).as_py()
    if count == len(array):
        return array, array.slice(0, 0)
    if not count:
        return array.slice(0, 0), array
    return array.filter(matches), array.filter(pc.invert(matches))


def _floats(array: pyarrow.Array[Any]) -> npt.NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # "+1" and ".5e3" are numbers, though not Arrow's
        found = np.array([float(each) for each in array.to_pylist()])
    return np.asarray(found, dtype=np.float64)


def _moments(array: pyarrow.Array[Any]) -> tuple[npt.NDArray[np.int64], pyarrow.Array[Any]]:
    """Moments, and those that only look like one (2001-02-30)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(array):
        return _NO_TIMES, array
    zoned, plain = (
        _split(array, _ZONE) if len(array[0].as_py()) != 10 or _any(array, _ZONE) else (array.slice(0, 0), array)
    )
    try:
        parts = [pc.cast(plain, pa.timestamp("us")), pc.cast(zoned, pa.timestamp("us", "UTC"))]
        found = [np.asarray(each.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64) for each in parts]
        return np.concatenate(found), array.slice(0, 0)
    except pa.ArrowInvalid:
        return _one_by_one(array)


def _any(array: pyarrow.Array[Any], pattern: str) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(array, pattern)).as_py())


def _one_by_one(array: pyarrow.Array[Any]) -> tuple[npt.NDArray[np.int64], pyarrow.Array[Any]]:
    from datetime import UTC, datetime

    import pyarrow as pa

    found: list[int] = []
    strange: list[str] = []
    for text in array.to_pylist():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            strange.append(text)
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        past = aware - datetime(1970, 1, 1, tzinfo=UTC)
        found.append((past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds)
    return np.array(found, dtype=np.int64), pa.array(strange, pa.string())


def as_text(array: pyarrow.Array[Any]) -> pyarrow.Array[Any]:
    """Values of any other type (lists, structures, bytes) as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(array, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if each is None else repr(each) for each in array.to_pylist()], pa.string())
