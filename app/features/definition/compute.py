"""The callables of runs that compute features: what is called is the user's definition, once, on all rows that it may see."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from . import sources, tables, values
from .sources import Source
from .tables import Table

VIEW = "view"
"""The input that holds the registered view; the others are ``source.NAME``."""

SOURCE = "source."

Definition = Callable[[dict[str, list[dict[str, Any]]], dict[str, Any]], Iterable[Mapping[str, Any]]]
"""What a user writes: the rows of each source by its name, and the view's configuration; it gives the features' rows."""


def materialize(
    inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int
) -> dict[str, float]:
    """Write a view's features.

    Inputs: ``view``, ``source.NAME`` each. Outputs: ``features``, in the form of ``tables.written``. Config, times as text or
    absent: ``until`` (rows known later are withheld), ``from`` and ``to`` (event times, the end left out).

    Raises:
        BadValue: a source or what the definition gave is not as the view declares it.
    """
    view = json.loads(inputs[VIEW].read_text(encoding="utf-8"))
    given = read_sources(view, inputs)
    until, first, beyond = (
        None if config.get(each) is None else values.parse_time(config[each]) for each in ("until", "from", "to")
    )
    table = computed(view, find(view), given, until)
    if until is not None:
        kept = [n for n, known in enumerate(table.known) if known <= until]
        table = Table(table.columns, [table.rows[n] for n in kept], [table.known[n] for n in kept])
    table = table.window(first, beyond)
    outputs["features"].write_bytes(tables.written(table))
    keys, start = table.columns.keys, table.columns.first
    nulls = sum(value is None for row in table.rows for value in row[start:])
    return {"rows": len(table.rows), "entities": len({row[:keys] for row in table.rows}), "nulls": nulls}


def read_sources(view: Mapping[str, Any], inputs: Mapping[str, Path]) -> dict[str, Source]:
    """Every source of a view, read from the run's inputs."""
    return {name: sources.read(inputs[SOURCE + name], each, name) for name, each in view["sources"].items()}


def find(view: Mapping[str, Any]) -> Definition:
    """Import a view's definition.

    Raises:
        ImportError, AttributeError: there is none.
    """
    module, _, name = view["definition"].partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    definition: Definition = found
    return definition


def computed(view: Mapping[str, Any], definition: Definition, given: Mapping[str, Source], until: int | None) -> Table:
    """What a definition makes of the rows that were known at a moment; ``None`` gives it all of them."""
    rows = {name: each.until(until) for name, each in given.items()}
    found: Any = definition(rows, json.loads(json.dumps(view["config"])))
    if hasattr(found, "to_dict") and hasattr(found, "columns"):
        found = found.to_dict("records")
    return tables.made(view, found)
