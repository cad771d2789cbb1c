"""The online store: the newest features of every entity, in one SQLite file beside the ledger, read without it.

Serving code opens it and asks for an entity's features of the version that its model was trained on:

    from app.features.online import OnlineStore

    with OnlineStore(".assay/features.db", consumer="fx-vol@3") as store:
        found = store.get("fx-momentum", {"currency": "USD"}, version=2)
        found.values["r22"], found.event_time

Every read passes a gate: another version, another schema, an unknown entity or features past their time to live are refused,
with a reason. Reads are counted and the counts kept here; ``assay feature record`` enters them in the ledger. A store belongs
to the thread that opened it. Nothing here imports more than the standard library's ``sqlite3`` and ``json``.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TextIO

from app.features.definition.values import micros, moment, spelled
from app.features.onlinefile import BUSY, connect, encoded
from ledger.errors import InputError, LedgerError, Refused

Reason = Literal["view", "version", "schema", "entity", "stale"]

_PATIENCE = 2.0
"""Seconds that closing waits for whoever writes, before it gives the last counts up."""

_KEPT_READS = 10_000
_KEPT_SECONDS = 60.0
_READ = (
    "SELECT v.schema, v.ttl, v.features, v.dataset, l.event_time, l.features FROM views v LEFT JOIN latest l "
    "ON l.view = v.view AND l.version = v.version AND l.entity = ? WHERE v.view = ? AND v.version = ?"
)


class GateRefused(Refused):
    """The gate at retrieval refused; ``reason`` says in one word why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"refused: {message}")
        self.reason = reason


class Features(NamedTuple):
    """What the gate let through. ``age`` in seconds; ``dataset`` is the materialisation that the view was last written from."""

    values: dict[str, Any]
    event_time: datetime
    age: float
    view: str
    version: int
    schema: str
    dataset: str


class OnlineStore:
    """The store, opened for reading and for counting reads; a context manager."""

    def __init__(
        self, path: Path | str, *, consumer: str = "", count: bool = True, log: Path | str | None = None
    ) -> None:
        """Open it.

        Args:
            path: its file, ``.assay/features.db`` in a workspace.
            consumer: who reads, such as the model version that is served; what is recorded of the reads names it.
            count: whether reads are counted, for which the file must be writable.
            log: a file to add what is served to, a line of JSON each; ``assay feature skew`` reads it.

        Raises:
            InputError: there is no such file, or the log cannot be written.
            LedgerError: it is no feature store, or of a newer version.
        """
        self._consumer = consumer
        self._count = count
        self._counts: dict[tuple[str, int, str], list[int]] = {}
        self._unwritten = 0
        self._flushed = time.monotonic()
        self._names: dict[str, str] = {}
        self._entities: dict[tuple[str, int], list[tuple[str, str]]] = {}
        self._columns: dict[str, list[tuple[str, bool]]] = {}
        self._log: TextIO | None = None
        self._connection = connect(Path(path), read_only=not count)
        if log is not None:
            try:
                self._log = Path(log).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115  closed with the store
            except OSError as error:
                self._connection.close()
                raise InputError(f"the log of what is served, {log}, cannot be written: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keep the counts, and close the file."""
        self.flush(_PATIENCE)
        self._connection.close()
        if self._log is not None:
            self._log.close()

    def get(
        self,
        view: str,
        key: Mapping[str, Any] | Sequence[Any] | str | int,
        *,
        version: int,
        schema: str | None = None,
        now: datetime | None = None,
    ) -> Features:
        """The newest features of one entity.

        Args:
            view: ``fx-momentum``, or with its project, ``fx-hedging/fx-momentum``.
            key: the entity: by its keys' names, in their order, or alone where there is one.
            version: which version of the view the reader was made for.
            schema: digest of the schema that it expects (``assay feature show``); not compared where ``None``.
            now: an aware time to measure staleness at; the system's clock where ``None``.

        Returns:
            The features by name: timestamps as aware ``datetime`` objects, null as ``None``.

        Raises:
            GateRefused: the gate did not let it through.
            InputError: the key has not the view's form, or ``now`` no zone.
            LedgerError: the file is damaged.
        """
        at = _moment(now)
        name, wanted, row = self._read(view, key, version, at)
        found_schema, ttl, columns, dataset, event_time, features = row
        if schema is not None and schema != found_schema:
            why = f"{name}@{version} is stored with the schema {found_schema[:15]}, not {schema[:15]}"
            raise self._refused(name, version, at, "schema", why)
        if event_time is None:
            names = ", ".join(wanted)
            raise self._refused(name, version, at, "entity", f"{name}@{version} knows no {names} {_worded(wanted)}")
        if at - event_time > ttl:
            what = f"{name}@{version} of {_worded(wanted)} is of {spelled(event_time)}"
            why = f"{what}, {_days(at - event_time)} old; its ttl is {_days(ttl)}"
            raise self._refused(name, version, at, "stale", why)
        values = self._values(columns, features)
        if values is None:
            why = f"what is stored of {name}@{version} for {_worded(wanted)} is not of its schema"
            raise self._refused(name, version, at, "schema", why)
        self._tally(name, version, "", at)
        if self._log is not None:
            self._write(name, version, wanted, at, values)
        return Features(values, moment(event_time), (at - event_time) / 1e6, name, version, found_schema, dataset)

    def _read(self, view: str, key: Any, version: int, at: int) -> tuple[str, dict[str, Any], Any]:
        """The view's name with its project, the key by name, and the row; the gate looks at the version and no further."""
        try:
            name = self._named(view)
            wanted = _key(name, self._entities.get((name, version)) or self._entity(name, version, at), key)
            row = self._connection.execute(_READ, (encoded(list(wanted.values())), name, version)).fetchone()
            if row is None:
                raise self._refused(name, version, at, *self._other_version(name, version))
        except sqlite3.Error as error:
            raise LedgerError(f"the online store cannot be read: {error}") from None
        return name, wanted, row

    def _values(self, columns: str, features: str) -> dict[str, Any] | None:
        """Stored features by name, as a reader meets them; ``None`` where the file was changed by somebody else."""
        try:
            named = self._columns.get(columns)
            if named is None:
                named = self._columns[columns] = [(each[0], each[1] == "timestamp") for each in json.loads(columns)]
            return {
                column: moment(value) if is_time and value is not None else value
                for (column, is_time), value in zip(named, json.loads(features), strict=True)
            }
        except (ValueError, TypeError, LookupError, OverflowError):
            return None

    def versions(self, view: str) -> list[int]:
        """The versions of a view that are held, ascending."""
        sql = "SELECT version FROM views WHERE view = ? ORDER BY version"
        return [row[0] for row in self._connection.execute(sql, (self._named(view),))]

    def flush(self, seconds: float = 0.0) -> None:
        """Keep the counts of reads in the file; where another process writes it for longer than that they stay for later."""
        if not self._counts:
            return
        self._connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        rows = [(*key[:2], self._consumer, key[2], *counted) for key, counted in self._counts.items()]
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)",
                    rows,
                )
        except sqlite3.OperationalError:
            return
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {round(BUSY * 1000)}")
        self._counts.clear()

    def _named(self, view: str) -> str:
        """A view's name with its project."""
        found = self._names.get(view)
        if found is not None:
            return found
        name = view.removeprefix("feature_view/")
        if "/" not in name:
            sql = "SELECT DISTINCT view FROM views WHERE view LIKE '%/' || ? ESCAPE '\\'"
            names = [row[0] for row in self._connection.execute(sql, (_escaped(name),))]
            if len(names) > 1:
                raise GateRefused("view", f"{view} is ambiguous; it may be {', '.join(sorted(names))}")
            if not names:
                raise GateRefused("view", f"the online store holds no feature view {view}")
            name = names[0]
        self._names[view] = name
        return name

    def _other_version(self, name: str, version: int) -> tuple[Reason, str]:
        held = [str(each) for each in self.versions(name)]
        if not held:
            return "view", f"the online store holds no feature view {name}"
        return "version", f"the online store holds no version {version} of {name}, but {', '.join(held)}"

    def _entity(self, name: str, version: int, at: int) -> list[tuple[str, str]]:
        """A version's keys, by name and type."""
        sql = "SELECT entity FROM views WHERE view = ? AND version = ?"
        row = self._connection.execute(sql, (name, version)).fetchone()
        if row is None:
            raise self._refused(name, version, at, *self._other_version(name, version))
        found = self._entities[name, version] = [(each[0], each[1]) for each in json.loads(row[0])]
        return found

    def _write(self, name: str, version: int, key: dict[str, Any], at: int, values: dict[str, Any]) -> None:
        assert self._log is not None
        told = {
            each: spelled(micros(value)) if isinstance(value, datetime) else value for each, value in values.items()
        }
        line = {"view": name, "version": version, "time": spelled(at), "key": key, "features": told}
        self._log.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _refused(self, name: str, version: int, at: int, reason: Reason, message: str) -> GateRefused:
        if reason != "view":
            self._tally(name, version, reason, at)
        return GateRefused(reason, message)

    def _tally(self, name: str, version: int, reason: str, at: int) -> None:
        if not self._count:
            return
        counted = self._counts.get((name, version, reason))
        if counted is None:
            self._counts[name, version, reason] = [1, at, at]
        else:
            counted[0] += 1
            counted[1] = min(counted[1], at)
            counted[2] = max(counted[2], at)
        self._unwritten += 1
        now = time.monotonic()
        if self._unwritten >= _KEPT_READS or now - self._flushed > _KEPT_SECONDS:
            # Also where another process is writing: then it is tried again after as many reads, or as long.
            self._flushed, self._unwritten = now, 0
            self.flush()


def _moment(now: datetime | None) -> int:
    """A moment in microseconds since 1970: the system clock's, where none is given."""
    if now is None:
        return time.time_ns() // 1000
    if now.tzinfo is None:
        raise InputError(f"now={now} has no time zone; give an aware time")
    return micros(now)


def _key(
    view: str, entity: Sequence[tuple[str, str]], key: Mapping[str, Any] | Sequence[Any] | str | int
) -> dict[str, Any]:
    """An entity's key in its view's order.

    Raises:
        InputError: it has not the view's form.
    """
    if isinstance(key, Mapping):
        found = [key.get(name) for name, _ in entity] if len(key) == len(entity) else []
    else:
        found = [key] if isinstance(key, str | int) else list(key)
    if len(found) != len(entity) or not all(_fits(each, kind) for each, (_, kind) in zip(found, entity, strict=True)):
        wanted = ", ".join(f"{name} ({kind})" for name, kind in entity)
        raise InputError(f"{key!r} is no key of {view}: it has {wanted}")
    return {name: each for each, (name, _) in zip(found, entity, strict=True)}


def _fits(value: Any, kind: str) -> bool:
    return isinstance(value, str) if kind == "string" else isinstance(value, int) and not isinstance(value, bool)


def _worded(key: Mapping[str, Any]) -> str:
    return ", ".join(map(str, key.values()))


def _days(micros_: int) -> str:
    days = micros_ / 86_400_000_000
    return f"{days:,.1f} days" if days >= 1 else f"{micros_ / 3_600_000_000:.3g} hours"


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
