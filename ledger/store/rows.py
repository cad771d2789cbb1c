"""Inserting rows into a table, many to a statement where there are many.

SQLite opens a journal of its own for every statement that a guard may abort, so a statement of many rows costs a third
less than as many statements of one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

_SIZES = (32, 8)
"""Rows to a statement: thirty-one columns of them stay below the 999 parameters that every SQLite allows."""


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of all of a table's columns, in order, within the caller's transaction.

    Args:
        connection: an open ledger.
        table: the table's name, as the schema has it.
        rows: at least one; all of the same length.
    """
    width, start, left = len(rows[0]), 0, len(rows)
    for size in _SIZES:
        while left >= size:
            values = tuple(chain.from_iterable(rows[start : start + size]))
            connection.execute(_statement(table, width, size), values)
            start, left = start + size, left - size
    if left == 1:
        connection.execute(_statement(table, width, 1), rows[start])
    elif left:
        connection.executemany(_statement(table, width, 1), rows[start:])


@cache
def _statement(table: str, width: int, count: int) -> str:
    values = f"({', '.join('?' * width)})"
    return f"INSERT INTO {table} VALUES {', '.join([values] * count)}"
