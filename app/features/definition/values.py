"""The types of features, keys and source columns: what each admits, how it is written, and when two values are the same.

A value is ``None`` (null), or of one of the types below. NaN is a float like any other, and not null. Timestamps are
microseconds since 1970 in UTC wherever they are compared or stored, and aware ``datetime`` objects where a definition
meets them.
"""

from __future__ import annotations

import math
import numbers
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

TYPES = ("float", "int", "string", "bool", "timestamp")
KEY_TYPES = ("string", "int")
"""What an entity's key may be: values that are the same on every machine and in every store."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT = 2**63
_EXACT = 2**53
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_SPECIAL = {
    **dict.fromkeys(("NaN", "nan", "NAN"), math.nan),
    **dict.fromkeys(("Infinity", "inf", "Inf"), math.inf),
    **dict.fromkeys(("-Infinity", "-inf", "-Inf"), -math.inf),
}
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class BadValue(ValueError):
    """A value is not of the type that it must be; the message says which value and why."""


# Time


def micros(moment: datetime) -> int:
    """An aware time as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Microseconds since 1970 as an aware time, UTC."""
    return _EPOCH + timedelta(microseconds=at)


def spelled(at: int) -> str:
    """Microseconds since 1970 as text: ``2008-09-15T16:00:00Z``, with a fraction only where there is one."""
    found = moment(at)
    fraction = f".{found.microsecond:06d}" if found.microsecond else ""
    return f"{found.year:04d}{found:-%m-%dT%H:%M:%S}{fraction}Z"


def parse_time(text: str, zone: tzinfo | None = None) -> int:
    """A time out of a text in ISO 8601, as microseconds since 1970.

    Args:
        text: ``2008-09-15T16:00:00Z``, with any offset; a day alone is its midnight.
        zone: which zone is meant where the text names none; ``None`` refuses such a text.

    Raises:
        BadValue: it is no time, or names no zone where none is given.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadValue(f"{_short(text)} is no time such as 2008-09-15T16:00:00Z") from None
    if found.tzinfo is None:
        if zone is None:
            what = "a day" if _DAY.fullmatch(text.strip()) else "a time"
            raise BadValue(f"{_short(text)} is {what} without a time zone; write it as …T00:00:00Z, or state the zone")
        found = found.replace(tzinfo=zone)
    try:
        return micros(found)
    except OverflowError:
        raise BadValue(f"{_short(text)} is beyond the times that can be kept") from None


# Values that code gives


def normal(value: Any, kind: str) -> Any:
    """A value that a definition returned, in the one form that it is kept in; timestamps as microseconds.

    NumPy's and pandas' scalars are taken as what they stand for; ``pandas.NA`` and ``NaT`` are null.

    Raises:
        BadValue: it is not of the type.
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if not isinstance(value, datetime) and type(value).__module__ == "numpy":
        value = value.item()
    return _NORMAL[kind](value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise BadValue(f"{_short(value)} is no float")
    found = float(value)
    if isinstance(value, numbers.Integral) and abs(found) > _EXACT:
        raise BadValue(f"{_short(value)} is too large to be a float without loss")
    return found


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise BadValue(f"{_short(value)} is no int")
    found = int(value)
    if not -_INT <= found < _INT:
        raise BadValue(f"{found} does not fit 64 bits")
    return found


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(f"{_short(value)} is no string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadValue(f"{_short(value)} is no Unicode text") from None
    return str(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"{_short(value)} is no bool")
    return value


def _timestamp(value: Any) -> int:
    if isinstance(value, str):
        return parse_time(value)
    if not isinstance(value, datetime):
        raise BadValue(f"{_short(value)} is no timestamp; give an aware datetime")
    if value.tzinfo is None or value.utcoffset() is None:
        raise BadValue(
            f"{_short(value)} is a time without a time zone; give an aware datetime, such as with tzinfo=UTC"
        )
    if getattr(value, "nanosecond", 0):
        raise BadValue(f"{_short(value)} is finer than a microsecond")
    return micros(value)


_NORMAL = {"float": _float, "int": _int, "string": _string, "bool": _bool, "timestamp": _timestamp}


# Values as text


def written(value: Any, kind: str) -> str:
    """A normal value as a cell of a feature table: null is empty; an empty string, or one that begins so, gets a ``\\``."""
    if value is None:
        return ""
    if kind == "float":
        return repr(value) if math.isfinite(value) else "NaN" if value != value else f"{'-' * (value < 0)}Infinity"
    if kind == "string":
        return f"\\{value}" if value == "" or value[0] == "\\" else str(value)
    if kind == "bool":
        return "true" if value else "false"
    return spelled(value) if kind == "timestamp" else str(value)


def unwritten(cell: str, kind: str) -> Any:
    """What ``written`` wrote.

    Raises:
        BadValue: the cell is not of the type.
    """
    return cell[1:] if kind == "string" and cell[:1] == "\\" else parsed(cell, kind)


def parsed(cell: str, kind: str, zone: tzinfo | None = None) -> Any:
    """A cell of any table as a normal value: an empty one is null, ``NaN`` a float.

    Args:
        cell: its text.
        kind: the type.
        zone: of timestamps that name none; ``None`` refuses them.

    Raises:
        BadValue: it is not of the type.
    """
    if cell == "" or kind == "string":
        return cell or None
    if kind == "float":
        if cell in _SPECIAL:
            return _SPECIAL[cell]
        if not _FLOAT.fullmatch(cell):
            raise BadValue(f"{_short(cell)} is no float")
        return float(cell)
    if kind == "int":
        if not _INTEGER.fullmatch(cell) or len(cell) > 20:
            raise BadValue(f"{_short(cell)} is no int of 64 bits")
        return _int(int(cell))
    if kind == "bool":
        if cell not in _BOOLS:
            raise BadValue(f"{_short(cell)} is no bool; write true or false")
        return _BOOLS[cell]
    return parse_time(cell, zone)


def shown(value: Any, kind: str) -> Any:
    """A normal value as a definition or a reader meets it: timestamps as aware ``datetime`` objects."""
    return moment(value) if kind == "timestamp" and value is not None else value


# Sameness


def same(one: Any, other: Any, tolerance: float = 0.0) -> bool:
    """Whether two normal values are the same: null is null, NaN is NaN, and numbers may be off by the tolerance.

    Args:
        one, other: the values.
        tolerance: how far floats may be apart, as a share of the larger one, or of 1 where both are smaller.
    """
    if one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        if one == other or (one != one and other != other):
            return True
        return (
            _are_numbers(one, other)
            and math.isfinite(one)
            and math.isfinite(other)
            and apart(one, other) <= tolerance * max(1.0, abs(one), abs(other))
        )
    return bool(one == other)


def apart(one: Any, other: Any) -> float:
    """How far two values are from each other: of numbers the distance, else 0 or infinity."""
    if isinstance(one, bool) or isinstance(other, bool) or not _are_numbers(one, other):
        return 0.0 if same(one, other) else math.inf
    if one == other or (one != one and other != other):
        return 0.0
    distance = abs(one - other)
    return float(distance) if math.isfinite(distance) else math.inf


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(each, int | float) for each in values)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
