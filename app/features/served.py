"""The log of what was served: which features went to which reader when, as JSON lines, Parquet or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from app.features.definition import values
from app.features.definition.values import BadValue
from ledger.errors import InputError

_NESTED = ("view", "version", "time", "key", "features")


class Served(NamedTuple):
    """One answer: the entity, when it was given (microseconds since 1970), the view's version, and the features in it.

    ``features`` holds normal values by name; what the log does not have is not in it. ``place`` says where it stands.
    """

    key: tuple[Any, ...]
    time: int
    version: int
    features: dict[str, Any]
    place: str


def read(path: Path, document: Mapping[str, Any]) -> list[Served]:
    """Read a log.

    Two forms of a line of JSON are known: ``{"version", "time", "key": {…}, "features": {…}}``, which ``OnlineStore``
    writes, and a flat one that has the keys and features beside ``time`` and ``version``; Parquet and CSV are flat.

    Args:
        path: the file.
        document: the registered view whose features are looked for; lines about other views are passed over.

    Raises:
        InputError: the file is no such log; the line is named.
    """
    kinds = {each["name"]: each["type"] for each in (*document["entity"], *document["features"])}
    found = []
    for place, row in _rows(path):
        try:
            if str(row.get("view", document["view"])).rpartition("/")[2] != document["view"]:
                continue
            found.append(_served(row, document, kinds, place))
        except BadValue as error:
            raise InputError(f"{path.name}, {place}: {error}") from None
    return found


def _served(row: Mapping[str, Any], document: Mapping[str, Any], kinds: Mapping[str, str], place: str) -> Served:
    nested = isinstance(row.get("features"), dict) and "features" not in kinds
    features: Mapping[str, Any] = row["features"] if nested else row
    keys: Any = row.get("key") if nested else row
    names = [each["name"] for each in document["entity"]]
    if isinstance(keys, list):
        keys = dict(zip(names, keys, strict=False))
    if not isinstance(keys, dict) or not all(name in keys for name in names):
        raise BadValue(f"the entity's keys ({', '.join(names)}) are not all there")
    for wanted in ("time", "version"):
        if row.get(wanted) in (None, ""):
            raise BadValue(f"it has no {wanted}")
    version = _value(row["version"], "int", "version")
    return Served(
        tuple(_value(keys[name], kinds[name], name) for name in names),
        _value(row["time"], "timestamp", "time"),
        version,
        {
            each["name"]: _value(features[each["name"]], each["type"], each["name"])
            for each in document["features"]
            if each["name"] in features
        },
        place,
    )


def _value(value: Any, kind: str, name: str) -> Any:
    try:
        if isinstance(value, _Cell):
            return values.parsed(value, kind)
        return values.normal(value, kind)
    except BadValue as error:
        raise BadValue(f"{name}: {error}") from None


class _Cell(str):
    """A cell of a CSV, whose type is still to be found."""

    __slots__ = ()


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the log {path} cannot be read: {error.strerror}") from None
    if data[:4] == b"PAR1":
        return _parquet(data, path.name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is neither JSON lines, Parquet nor CSV in UTF-8") from None
    return _json(text.splitlines(), path.name) if text.lstrip()[:1] == "{" else _csv(text, path.name)


def _json(lines: Iterable[str], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}, line {number}: no JSON: {error}") from None
        if not isinstance(found, dict):
            raise InputError(f"{name}, line {number}: a line must be an object, {{{', '.join(_NESTED)}}}")
        yield f"line {number}", found


def _csv(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in lines:
            if None in row or None in row.values():
                raise InputError(f"{name}, line {lines.line_num}: another number of cells than there are names")
            yield f"line {lines.line_num}", {column: _Cell(cell) for column, cell in row.items()}
    except csv.Error as error:
        raise InputError(f"{name}, line {lines.line_num}: {error}") from None


def _parquet(data: bytes, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        rows = parquet.read_table(pyarrow.BufferReader(data)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{name} is a damaged Parquet file: {error}") from None
    for number, row in enumerate(rows, start=1):
        yield f"row {number}", row
