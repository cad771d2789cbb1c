"""What every query takes: a connection, and the moment as of which it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event

Row = tuple[Any, ...]
Fold = Callable[[Event, Mapping[str, Any]], Iterable[tuple[str, Row]]]
"""From an event and its value to the rows it gives, each with the name of its table. Pure: same event, same rows."""


class View(NamedTuple):
    """The ledger as of ``at``: the seq of the last event that counts; -1 is before the first."""

    connection: sqlite3.Connection
    at: int

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Run a query; ``:at`` in it is this view's moment, other parameters are bound by name."""
        return self.connection.execute(sql, {"at": self.at, **(parameters or {})}).fetchall()

    def row(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first row of a query, or ``None``."""
        return self.connection.execute(sql, {"at": self.at, **(parameters or {})}).fetchone()
