"""Projections are derived and disposable: pure folds, the same in any portion, and any past is a condition on ``seq``."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from copy import deepcopy
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.events import VOCABULARY
from ledger.format import event as events
from ledger.format.event import ZERO_PREV, Event
from ledger.projections import View, folding
from ledger.store import journal, migration
from ledger.store.journal import Draft, Journal
from tests.ledger.projections.histories import QUERIES, drafts, placed, projections
from tests.ledger.store.contract import Meaning


def dump(connection: sqlite3.Connection) -> list[str]:
    """The whole database as SQL text: equal dumps are equal byte for byte in what they hold."""
    return sorted(connection.iterdump())


def batches(told: list[Event], cuts: Iterable[int]) -> list[list[Event]]:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(told)), len(told)]
    return [told[a:b] for a, b in pairwise(edges)]


@given(drafts())
def test_a_fold_is_pure(told: list[Draft]) -> None:
    for event in placed(told):
        before = deepcopy(event)
        assert list(folding.rows_of(event)) == list(folding.rows_of(event))
        assert event == before


@given(drafts())
def test_every_row_carries_the_seq_that_made_it(told: list[Draft]) -> None:
    for event in placed(told):
        for table, row in folding.rows_of(event):
            assert row[0] == event.seq
            assert table in folding.TABLES


@given(drafts(), st.lists(st.integers(0, 25), max_size=6))
def test_any_portions_give_the_same(told: list[Draft], cuts: list[int]) -> None:
    with projections() as whole, projections() as parts:
        folding.fold(whole, placed(told))
        for batch in batches(placed(told), cuts):
            folding.fold(parts, batch)
        assert dump(parts) == dump(whole)


@given(drafts(), drafts())
def test_rebuilding_gives_the_same_whatever_was_there(told: list[Draft], other: list[Draft]) -> None:
    with projections() as whole, projections() as rebuilt:
        folding.fold(whole, placed(told))
        folding.fold(rebuilt, placed(other))
        assert folding.rebuild(rebuilt, placed(told)) == len(told)
        assert dump(rebuilt) == dump(whole)


@given(drafts(), st.integers(0, 25))
def test_rows_are_only_ever_added(told: list[Draft], cut: int) -> None:
    with projections() as connection:
        folding.fold(connection, placed(told)[:cut])
        before = folding.snapshot(connection)
        folding.fold(connection, placed(told)[cut:])
        for table, rows in folding.snapshot(connection).items():
            assert [row for row in rows if row[0] < cut] == before[table]


@settings(max_examples=60)
@given(drafts(), st.integers(0, 25))
def test_as_of_a_moment_is_what_was_known_then(told: list[Draft], cut: int) -> None:
    """Every query, asked of the whole as of an event, answers as if the log ended there."""
    with projections() as whole, projections() as then:
        folding.fold(whole, placed(told))
        folding.fold(then, placed(told)[:cut])
        for name, query in QUERIES.items():
            assert query(View(whole, cut - 1)) == query(View(then, cut - 1)), name


def test_every_query_is_asked() -> None:
    asked = {name.split()[0] for name in QUERIES}
    modules = folding.NOUNS
    public = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if "view" in inspect.signature(function).parameters
    }
    # They raise where nothing answers, or say what is beyond the view; tested by example.
    by_example = {"artifacts.resolve", "runs.find", "lineage.beginning"}
    assert public - asked == by_example


def test_an_unknown_type_gives_no_rows() -> None:
    event = Event(0, "tea.made", "s/x", None, "ada", "2026-01-02T03:04:05.000000Z", None, ZERO_PREV, {})
    assert list(folding.rows_of(event)) == []


def test_every_fold_is_of_a_known_type() -> None:
    assert folding._FOLDS.keys() <= VOCABULARY.keys()


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "_BATCH", 10)
    told = placed([Draft("tea.made", "s/x", None, "ada", {})] * 35)
    said: list[int] = []
    with projections() as connection:
        assert folding.rebuild(connection, told, said.append) == 35
    assert said == [10, 20, 30]


@cache
def template() -> bytes:
    """A whole ledger without events; not in WAL mode, which a database in memory cannot have."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        migration.make(path)
        made = bytearray(path.read_bytes())
    made[18:20] = b"\x01\x01"
    return bytes(made)


class Folding(Meaning):
    def fold(self, connection: sqlite3.Connection, events: Iterable[Event]) -> None:
        folding.fold(connection, events)


NUMBERS: list[Any] = [1.0, -0.0, 1e15, 1e21, 5e-324, 0.1, [2.0, {"b": 3.0, "a": 4.0}], ("tuple", 5.0)]
"""Values that are spelled in one way before they are stored and may be read back as another."""

SPELLED = [
    Draft("check.executed", "s/x", None, "a", {"check": "c", "kind": "k", "passed": True, "value": n, "threshold": n})
    for n in NUMBERS
]


@example(SPELLED, [3])
@given(drafts(), st.lists(st.integers(0, 25), max_size=4))
def test_what_is_folded_while_appending_is_what_the_stored_bytes_give(told: list[Draft], cuts: list[int]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection, TemporaryDirectory() as folder:
        connection.deserialize(template())
        writer = Journal(connection, Path(folder) / "ledger.db", Folding())
        edges = [0, *sorted(cut for cut in cuts if cut <= len(told)), len(told)]
        for start, stop in pairwise(edges):
            writer.append(told[start:stop])
        appended = dump(connection)
        writer.refill(_rebuild)
        writer.close()
        assert dump(connection) == appended


def _rebuild(connection: sqlite3.Connection) -> None:
    stored = [events.decode(each.body) for each in journal.read(connection)]
    folding.rebuild(connection, stored)
