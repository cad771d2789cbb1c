"""A feature view as the workspace declares it, and as it is registered.

    view: fx-momentum
    entity: {currency: string}
    event_time: day                      # a column that the definition gives: when the features are about
    delay: 16h                           # how long after that they are known; or created: a column that says when
    ttl: 4d                              # older ones are not served, and not joined to labels
    definition: fxviews.momentum:rows    # f(sources, config) -> rows
    code: ../src                         # relative to this file
    config: {days: 22}
    sources:
      rates: {dataset: ecb-rates, time: Date, zone: UTC, delay: 16h, columns: {Date: timestamp, "*": float}, missing: [N/A]}
    features:
      r22: {type: float, from: [rates#USD], nullable: true, tolerance: 1e-9}

A registered view is this with the digest of its code, as canonical JSON: what it holds settles what its features are.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.features.definition.sources import EVERY
from app.features.definition.values import KEY_TYPES, TYPES
from app.features.view import TOLERANCE, Place, Text, View, duration
from app.workspace import nearest
from ledger.errors import AssayError, InputError
from ledger.format import canonical

_KEYS = (
    *("view", "description", "entity", "event_time", "created", "delay", "ttl"),
    *("definition", "code", "config", "sources", "features", "dataset", "timeout", "schedule", "online"),
)
_SOURCE_KEYS = ("dataset", "time", "known", "delay", "zone", "columns", "missing")
_FEATURE_KEYS = ("type", "from", "nullable", "tolerance")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)
_COLUMN = re.compile(r"[^\W\d]\w{0,99}")
_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def read(text: Text, folder: Path) -> View:
    """Read a declaration.

    Args:
        text: the file's content as plain data.
        folder: the file's, which the paths in ``code`` are relative to.

    Raises:
        InputError: it is no declaration; the line is named.
    """
    return _Reader(text, folder).view()


class _Reader:
    def __init__(self, text: Text, folder: Path) -> None:
        self._text = text
        self._folder = folder

    def view(self) -> View:
        data = self._text.value
        if not isinstance(data, dict):
            raise self._error((), "a feature view is a mapping that begins with view: and its name")
        self._only(data, _KEYS, ())
        name = self._named(self._needed(data, "view", "name it"), ("view",))
        entity = self._entity(data)
        event_time = self._column(self._needed(data, "event_time", "name the column that says when"), ("event_time",))
        created = self._column(data["created"], ("created",)) if "created" in data else None
        if created is not None and "delay" in data:
            raise self._error(("delay",), "give either created: or delay:; both say when a feature is known")
        sources = {each: self._source(each, item) for each, item in self._mapping(data, "sources").items()}
        features = {each: self._feature(each, item, sources) for each, item in self._mapping(data, "features").items()}
        self._unlike((*entity, event_time, *([created] if created else []), *features))
        return View(
            name=name,
            entity=entity,
            event_time=event_time,
            created=created,
            delay=self._duration(data, "delay", ()) if "delay" in data else 0,
            ttl=self._ttl(data),
            definition=self._definition(data),
            code=self._code(data),
            config=self._config(data),
            sources=sources,
            features=features,
            dataset=self._named(data["dataset"], ("dataset",)) if "dataset" in data else f"{name}-features",
            folder=self._folder,
            text=self._text,
            description=self._string(data, "description", ()) if "description" in data else None,
            timeout=self._timeout(data),
            schedule=self._string(data, "schedule", ()) if "schedule" in data else None,
            online=self._online(data),
        )

    def _online(self, data: Mapping[str, Any]) -> bool:
        found = data.get("online", False)
        if not isinstance(found, bool):
            raise self._error(("online",), f"online must be true or false, not {found!r}")
        if found and "schedule" not in data:
            raise self._error(("online",), "online: true is about what the schedule computes; give schedule: too")
        return found

    def _entity(self, data: Mapping[str, Any]) -> dict[str, str]:
        entity = self._mapping(data, "entity")
        for name, kind in entity.items():
            self._column(name, ("entity", name))
            if kind not in KEY_TYPES:
                raise self._error(("entity", name), f"a key's type is one of {', '.join(KEY_TYPES)}, not {kind!r}")
        return entity

    def _source(self, name: str, item: Any) -> dict[str, Any]:
        where = ("sources", name)
        self._named(name, where)
        if not isinstance(item, dict):
            raise self._error(
                where, f"source {name!r} must be a mapping, such as {{dataset: rates, time: day, columns: …}}"
            )
        self._only(item, _SOURCE_KEYS, where)
        for key in ("dataset", "time", "columns"):
            if key not in item:
                raise self._error(where, f"source {name!r} lacks {key}:")
        found: dict[str, Any] = {
            "dataset": self._string(item, "dataset", where),
            "time": self._string(item, "time", where),
            "known": self._string(item, "known", where) if "known" in item else None,
            "delay": self._duration(item, "delay", where) if "delay" in item else 0,
            "zone": self._zone(item, where) if "zone" in item else None,
            "columns": self._columns(item["columns"], (*where, "columns")),
            "missing": self._words(item, "missing", where),
        }
        for key in ("time", "known"):
            column = found[key]
            if column is not None and found["columns"].get(column) != "timestamp":
                raise self._error((*where, key), f"{key}: {column} must be among columns: as a timestamp")
        if found["known"] and "delay" in item:
            raise self._error((*where, "delay"), "give either known: or delay:; both say when a row is known")
        return found

    def _columns(self, item: Any, where: Place) -> dict[str, str]:
        if not isinstance(item, dict) or not item:
            raise self._error(where, f"columns must be a mapping from name to type; {EVERY!r} is every other column")
        for name, kind in item.items():
            self._typed(kind, (*where, name))
        return item

    def _feature(self, name: str, item: Any, sources: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        where = ("features", name)
        self._column(name, where)
        if isinstance(item, str):
            item = {"type": item}
        if not isinstance(item, dict) or "type" not in item:
            raise self._error(where, f"feature {name!r} needs a type: one of {', '.join(TYPES)}")
        self._only(item, _FEATURE_KEYS, where)
        origins = self._words(item, "from", where)
        for index, each in enumerate(origins):
            self._origin(each, sources, (*where, "from", index))
        nullable = item.get("nullable", False)
        if not isinstance(nullable, bool):
            raise self._error((*where, "nullable"), f"nullable must be true or false, not {nullable!r}")
        return {
            "type": self._typed(item["type"], (*where, "type")),
            "nullable": nullable,
            "tolerance": self._tolerance(item, where),
            "from": origins,
        }

    def _origin(self, text: str, sources: Mapping[str, Mapping[str, Any]], where: Place) -> None:
        source, sign, column = text.partition("#")
        if source not in sources:
            raise self._error(where, f"from: {text} names no source{nearest(source, list(sources))}")
        known = sources[source]["columns"]
        if sign and column not in known and EVERY not in known:
            raise self._error(where, f"source {source} declares no column {column!r}{nearest(column, list(known))}")

    def _tolerance(self, item: Mapping[str, Any], where: Place) -> float:
        found = item.get("tolerance", TOLERANCE)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 1:
            raise self._error((*where, "tolerance"), f"tolerance must be a number from 0 to below 1, not {found!r}")
        return float(found)

    def _typed(self, kind: Any, where: Place) -> str:
        if kind not in TYPES:
            hint = nearest(str(kind), TYPES) or f"; known are {', '.join(TYPES)}"
            raise self._error(where, f"{kind!r} is not a type{hint}")
        return str(kind)

    def _zone(self, item: Mapping[str, Any], where: Place) -> str:
        zone = self._string(item, "zone", where)
        try:
            if zone != "UTC":
                zoneinfo.ZoneInfo(zone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            raise self._error((*where, "zone"), f"{zone!r} is no time zone, such as Europe/Berlin or UTC") from None
        return zone

    def _ttl(self, data: Mapping[str, Any]) -> int:
        if "ttl" not in data:
            raise self._error((), "ttl: is missing; say how old a feature may be when it is served, such as 4d")
        found = self._duration(data, "ttl", ())
        if not found:
            raise self._error(("ttl",), "ttl must be longer than nothing")
        return found

    def _definition(self, data: Mapping[str, Any]) -> str:
        found = self._needed(data, "definition", "name the function as package.module:function")
        if not isinstance(found, str) or not _CALLABLE.fullmatch(found):
            raise self._error(("definition",), f"{found!r} must look like package.module:function")
        return found

    def _code(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        item = data.get("code")
        found = [item] if isinstance(item, str) and item else item
        if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
            place: Place = ("code",) if "code" in data else ()
            raise self._error(
                place, "code: names the folder with the definition, relative to this file, or a list of folders"
            )
        return tuple(found)

    def _config(self, data: Mapping[str, Any]) -> dict[str, Any]:
        config = data.get("config", {})
        if not isinstance(config, dict):
            raise self._error(("config",), "config must be a mapping, name: value")
        try:
            canonical.encode(config)
        except AssayError as error:
            raise self._error(("config",), f"config holds what JSON cannot: {error}") from None
        return config

    def _timeout(self, data: Mapping[str, Any]) -> float | None:
        if "timeout" not in data:
            return None
        found = self._duration(data, "timeout", ())
        return found / 1_000_000

    def _duration(self, data: Mapping[str, Any], key: str, where: Place) -> int:
        found = duration(data[key])
        if found is None:
            raise self._error((*where, key), f"{key} must be a duration such as 90m, 16h or 4d, not {data[key]!r}")
        return found

    def _words(self, data: Mapping[str, Any], key: str, where: Place) -> list[str]:
        found = data.get(key, [])
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self._error((*where, key), f"{key} must be a text or a list of texts")
        return found

    def _unlike(self, names: tuple[str, ...]) -> None:
        for name in names:
            if names.count(name) > 1:
                place: Place = ("features", name) if name in self._text.value["features"] else ("event_time",)
                raise self._error(place, f"two columns are called {name!r}")

    def _mapping(self, data: Mapping[str, Any], key: str) -> dict[str, Any]:
        if key not in data:
            raise self._error((), f"{key}: is missing")
        if not isinstance(data[key], dict) or not data[key]:
            raise self._error((key,), f"{key} must be a mapping with at least one name")
        return dict(data[key])

    def _needed(self, data: Mapping[str, Any], key: str, what: str) -> Any:
        if key not in data:
            raise self._error((), f"{key}: is missing; {what}")
        return data[key]

    def _string(self, data: Mapping[str, Any], key: str, where: Place) -> str:
        if not isinstance(data[key], str) or not data[key]:
            raise self._error((*where, key), f"{key} must be a text that is not empty, not {data[key]!r}")
        return str(data[key])

    def _column(self, name: Any, where: Place) -> str:
        if not isinstance(name, str) or not _COLUMN.fullmatch(name):
            raise self._error(where, f"{name!r} cannot be a column's name; use letters, digits and _")
        return name

    def _named(self, name: Any, where: Place) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self._error(where, f"{name!r} cannot be a name; use letters, digits and . _ -")
        return name

    def _only(self, data: Mapping[str, Any], known: tuple[str, ...], where: Place) -> None:
        for key in data:
            if key not in known:
                hint = nearest(key, known) or f"; known are {', '.join(known)}"
                raise self._error((*where, key), f"unknown key {key!r}{hint}")

    def _error(self, where: Place, message: str) -> InputError:
        return self._text.error(where, message)
