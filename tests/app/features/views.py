"""Views for the tests of features: documents as they are registered, and rows of them."""

from __future__ import annotations

from typing import Any

HOUR = 3_600_000_000
DAY = 24 * HOUR

DECLARED = """\
view: momentum
entity: {currency: string}
event_time: day
delay: 16h
ttl: 4d
definition: views:rows
code: src
sources:
  rates: {dataset: rates, time: Date, zone: UTC, columns: {Date: timestamp, USD: float}}
features:
  r1: {type: float, from: [rates#USD], nullable: true}
  n: int
"""


def document(**changes: Any) -> dict[str, Any]:
    """A registered view with one key, a float that may be null and an int."""
    found: dict[str, Any] = {
        "format": "assay/feature-view/1",
        "view": "momentum",
        "description": None,
        "entity": [{"name": "currency", "type": "string"}],
        "event_time": "day",
        "created": None,
        "delay": 0,
        "ttl": 4 * DAY,
        "definition": "views:rows",
        "code": {"sha256": f"sha256:{'0' * 64}", "paths": ["."]},
        "config": {},
        "sources": {"rates": {"dataset": "dataset/fx/rates", **source()}},
        "features": [
            {"name": "r1", "type": "float", "nullable": True, "tolerance": 1e-9, "from": ["rates#USD"]},
            {"name": "n", "type": "int", "nullable": False, "tolerance": 1e-9, "from": []},
        ],
        "dataset": "momentum-features",
        "timeout": None,
    }
    return found | changes


def source(**changes: Any) -> dict[str, Any]:
    """A source of days and a rate."""
    found: dict[str, Any] = {
        "time": "Date",
        "known": None,
        "delay": 0,
        "zone": "UTC",
        "columns": {"Date": "timestamp", "USD": "float"},
        "missing": [],
    }
    return found | changes


def kinds(*types: str) -> list[dict[str, Any]]:
    """Features of these types, called f0, f1, …, all of which may be null."""
    return [
        {"name": f"f{n}", "type": kind, "nullable": True, "tolerance": 0.0, "from": []} for n, kind in enumerate(types)
    ]
