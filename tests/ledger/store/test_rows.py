"""Rows come into a table whole and in order, however many go into one statement."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ledger.projections.folding import STATEMENTS
from ledger.store import rows
from ledger.store.schema import EVENTS, entity

WIDEST = 31


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 31, 32, 33, 40, 41, 100])
@pytest.mark.parametrize("width", [1, 3, WIDEST])
def test_all_of_them_in_order(count: int, width: int) -> None:
    given = [tuple(n * width + column for column in range(width)) for n in range(count)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        # As few parameters as any SQLite allows.
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        connection.execute(f"CREATE TABLE t ({', '.join(f'c{column}' for column in range(width))})")
        rows.insert(connection, "t", given)
        assert connection.execute("SELECT * FROM t ORDER BY rowid").fetchall() == given


def test_one_that_is_refused_keeps_its_statement_out() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a UNIQUE)")
        with pytest.raises(sqlite3.IntegrityError):
            rows.insert(connection, "t", [(n % 20,) for n in range(32)])
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_no_table_is_wider_than_a_statement_holds() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (EVENTS, *STATEMENTS):
            connection.execute(statement)
            if statement.startswith("CREATE TABLE"):
                columns = connection.execute(f"SELECT * FROM {entity(statement)}").description
                assert len(columns) <= WIDEST
