"""A feature view: what is declared of it, what of that is registered, and what a reader relies on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.features.definition.sources import EVERY
from ledger.errors import InputError
from ledger.format import canonical
from ledger.format.hashes import digest

FORMAT = "assay/feature-view/1"
MEDIA_TYPE = "application/vnd.assay.feature-view+json"
FOLDER = "features"
TOLERANCE = 1e-9
"""How far floats may be apart where a feature states nothing, as a share of the larger; see ``values.same``."""

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 100 * 366 * 86_400

Place = tuple[str | int, ...]


class Text(Protocol):
    """Plain data that was read from text, and knows its lines."""

    @property
    def value(self) -> Any:
        """The data."""

    def error(self, place: Place, message: str) -> InputError:
        """An error about the part at ``place``, which names the file and the line."""


@dataclass(frozen=True, slots=True)
class View:
    """A declaration, read and checked. Durations are in microseconds; ``folder`` is what ``code`` is relative to.

    ``schedule`` says when it is computed by itself, and ``online`` whether the online store gets it then; neither is
    registered, since features are the same whoever computes them.
    """

    name: str
    entity: Mapping[str, str]
    event_time: str
    created: str | None
    delay: int
    ttl: int
    definition: str
    code: tuple[str, ...]
    config: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, Any]]
    features: Mapping[str, Mapping[str, Any]]
    dataset: str
    folder: Path
    text: Text
    description: str | None = None
    timeout: float | None = None
    schedule: str | None = None
    online: bool = False

    def error(self, place: Place, message: str) -> InputError:
        """An error about a part of the declaration."""
        return self.text.error(place, message)

    def document(self, code: str, paths: Iterable[str], datasets: Mapping[str, str]) -> dict[str, Any]:
        """What is registered.

        Args:
            code: digest of the directory with the code.
            paths: the folders in it that modules are imported from.
            datasets: each source's dataset as a reference: ``dataset/project/name``, with ``@version`` where one was named.
        """
        return {
            "format": FORMAT,
            "view": self.name,
            "description": self.description,
            "entity": [{"name": name, "type": kind} for name, kind in self.entity.items()],
            "event_time": self.event_time,
            "created": self.created,
            "delay": self.delay,
            "ttl": self.ttl,
            "definition": self.definition,
            "code": {"sha256": code, "paths": list(paths)},
            "config": dict(self.config),
            "sources": {name: {**each, "dataset": datasets[name]} for name, each in self.sources.items()},
            "features": [{"name": name, **each} for name, each in self.features.items()],
            "dataset": self.dataset,
            "timeout": self.timeout,
        }


def schema(document: Mapping[str, Any]) -> str:
    """Digest of what a reader of features relies on: keys, times, and each feature's name and type, in order."""
    said = {
        "entity": document["entity"],
        "event_time": document["event_time"],
        "created": document["created"],
        "features": [{key: each[key] for key in ("name", "type", "nullable")} for each in document["features"]],
    }
    return digest(canonical.encode(said))


def columns(document: Mapping[str, Any], datasets: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """By feature, the source columns that it is computed from: ``dataset/project/name#column``.

    A whole source stands for the columns that the view declares of it. A feature whose columns are not known by name
    (nothing is said of it, or its source is declared as every column there is) is left out: that is not the same as coming
    from nothing.

    Args:
        document: a registered view's.
        datasets: by source, the version that was used, where one was.
    """
    found = {}
    for feature in document["features"]:
        origins = [each.partition("#") for each in feature["from"]]
        named = [
            (source, name)
            for source, _, column in origins
            for name in ([column] if column else document["sources"][source]["columns"])
        ]
        if named and all(name != EVERY for _, name in named):
            refs = [
                ((datasets or {}).get(source, document["sources"][source]["dataset"]), name) for source, name in named
            ]
            found[feature["name"]] = list(dict.fromkeys(f"{ref}#{name}" for ref, name in refs))
    return found


def duration(text: Any) -> int | None:
    """``16h`` or ``0.5d`` in microseconds, ``None`` where it is no duration; the units are s, m, h, d and w."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or (seconds := float(found[1]) * _SECONDS[found[2]]) > _LONGEST:
        return None
    return round(seconds * 1_000_000)


def worded(micros: int) -> str:
    """A duration as it is declared: ``16h``."""
    for unit, seconds in sorted(_SECONDS.items(), key=lambda each: -each[1]):
        if micros % (seconds * 1_000_000) == 0 and micros >= seconds * 1_000_000 and unit != "w":
            return f"{micros // (seconds * 1_000_000)}{unit}"
    return f"{micros / 1_000_000:g}s"
