"""The filter language: what it reads, what it refuses, and that SQL and rows mean the same by it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filters import EVENT_FIELDS, ROW_FIELDS, Filter, Term, parse
from ledger.errors import InputError


def test_terms_are_read_as_they_are_written() -> None:
    found = parse('type:alert,approval -actor:ada at>=2008-09 "two words" word', EVENT_FIELDS)
    assert found.terms == (
        Term(False, "type", ":", ("alert", "approval")),
        Term(True, "actor", ":", ("ada",)),
        Term(False, "at", ">=", ("2008-09",)),
        Term(False, "", "", ("two words",)),
        Term(False, "", "", ("word",)),
    )
    assert parse("   ", EVENT_FIELDS) == Filter()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("typ:alert", "no field 'typ'; there are type, subject"),
        ("actor>ada", "actor is not greater than anything"),
        ("type:", "where a value of type should be"),
        ("seq:one", "seq is the number of an event"),
        ('"open', "quotes must be closed"),
        ("-", "the filter ends where a word should be"),
        ("type:,", "no value of type"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(text, EVENT_FIELDS)


def test_rows_pass_by_their_fields_and_words() -> None:
    facts = {"kind": "model", "project": "fx", "name": "vol", "version": "3", "state": "under way"}
    for text, passes in (
        ("kind:model", True), ("kind:dataset,model", True), ("-kind:model", False), ("VOL", True), ("state:under", True),
        ('"fx vol"', True), ("version:4", False), ("kind:model -vol", False), ("", True),
    ):  # fmt: skip
        assert parse(text, ROW_FIELDS).fits(facts, "fx Vol v3") is passes, text


EVENTS = [
    (0, b'{"a":"Created"}', "ledger.created", "ledger/x", None, "ada", "2024-05-01T08:00:00.000000Z", None),
    (1, b'{"a":"r"}', "run.started", "run/1", "fx", "ada", "2024-05-01T09:00:00.000000Z", 0),
    (2, b'{"a":"r"}', "run.completed", "run/1", "fx", "svc:x", "2024-05-02T09:00:00.000000Z", 1),
    (3, '{"a":"größer"}'.encode(), "alert.raised", "model/fx/vol@1", "fx", "bo", "2024-06-01T09:00:00.000000Z", None),
]


@pytest.fixture(scope="module")
def events() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE events (seq, body BLOB, type, subject, project, actor, at, cause)")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", EVENTS)
    return connection


def seqs(connection: sqlite3.Connection, text: str) -> list[int]:
    conditions, values = parse(text, EVENT_FIELDS).events()
    sql = f"SELECT seq FROM events WHERE {' AND '.join(['1', *conditions])} ORDER BY seq"
    return [row[0] for row in connection.execute(sql, values)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type:run", [1, 2]), ("type:run.", [1, 2]), ("type:run.started", [1]), ("-type:run", [0, 3]), ("type:ru", []),
        ("subject:run/", [1, 2]), ("actor:ada,bo", [0, 1, 3]), ("project:fx", [1, 2, 3]), ("-project:fx", [0]),
        ("at>2024-05-01", [2, 3]), ("at<=2024-05-01", [0, 1]), ("at>2024-05", [3]), ("at:2024-05-02", [2]), ("seq>=2", [2, 3]),
        ("seq:1,3", [1, 3]), ("cause:1", [2]), ("-cause:1", [0, 1, 3]), ("created", [0]), ("größer", [3]),
        ("type:run actor:ada -seq:0", [1]), ("%", []), ("' OR 1=1 --", []),
    ],
)  # fmt: skip
def test_events_pass_by_sql(events: sqlite3.Connection, text: str, expected: list[int]) -> None:
    assert seqs(events, text) == expected


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_line_of_words(text: str) -> None:
    try:
        found = parse(text, EVENT_FIELDS)
    except InputError:
        return
    conditions, values = found.events()
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE events (seq, body BLOB, type, subject, project, actor, at, cause)")
    connection.execute(f"SELECT seq FROM events WHERE {' AND '.join(['1', *conditions])}", values).fetchall()


@given(
    st.lists(st.sampled_from(["type:run", "actor:ada", "project:fx", "seq>1", "at<2024-06", "started"]), max_size=4),
    st.data(),
)
def test_a_minus_takes_exactly_the_others(terms: list[str], data: st.DataObject) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE events (seq, body BLOB, type, subject, project, actor, at, cause)")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", EVENTS)
    text = " ".join(terms)
    within = seqs(connection, text)
    term = data.draw(st.sampled_from(["type:run", "actor:ada", "project:fx", "cause:1", "seq<2"]))
    one, other = seqs(connection, f"{text} {term}"), seqs(connection, f"{text} -{term}")
    assert sorted(one + other) == within
    assert not set(one) & set(other)
