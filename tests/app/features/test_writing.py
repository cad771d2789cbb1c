"""Parity: the online store held against the offline features, and every way in which it can differ."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.features import writing
from app.features.definition import values
from app.features.online import OnlineStore
from app.features.writing import Parity
from tests.app.features.test_online import NOW, days, table, target
from tests.app.features.test_values import NORMAL
from tests.app.features.views import kinds

ROWS = (("USD", days(-2), 0.5, 7), ("USD", days(-3), 0.4, 6), ("JPY", days(-5), None, 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store that is what was written."""
    file = tmp_path / "features.db"
    writing.write(file, target(), table(*ROWS))
    return file


def change(path: Path, statement: str, *arguments: Any) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, arguments).rowcount == 1
    connection.close()


def held(path: Path, *rows: Any, **options: Any) -> Parity:
    return writing.parity(path, target(**options), table(*(rows or ROWS)))


def test_what_was_just_written_is_equal(path: Path) -> None:
    found = held(path)
    assert found.equal
    assert (found.offline, found.online, found.compared, found.mismatches, found.max_difference) == (2, 2, 2, 0, 0.0)


def test_one_value_that_differs_is_found_with_how_far(path: Path) -> None:
    change(path, "UPDATE latest SET features = '[0.75, 7]' WHERE entity = '[\"USD\"]'")
    found = held(path)
    assert not found.equal
    assert (found.mismatches, found.max_difference) == (1, 0.25)
    assert found.findings == ({"entity": ["USD"], "feature": "r1", "offline": "0.5", "online": "0.75"},)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM latest WHERE entity = '[\"USD\"]'", "absent online"),
        ("UPDATE latest SET event_time = event_time - 1 WHERE entity = '[\"USD\"]'", "older online"),
        ("UPDATE latest SET entity = '[\"GBP\"]' WHERE entity = '[\"USD\"]'", "not among the offline features"),
    ],
)
def test_an_entity_that_is_not_as_it_should_be_is_found(path: Path, statement: str, problem: str) -> None:
    change(path, statement)
    found = held(path)
    assert not found.equal
    assert problem in {each.get("problem") for each in found.findings}


@pytest.mark.parametrize("text", ["[0.5, 7.0]", "[null, 7]", "[0.5]", "no json", "{}"])
def test_another_type_null_or_form_is_no_parity(path: Path, text: str) -> None:
    change(path, "UPDATE latest SET features = ? WHERE entity = '[\"USD\"]'", text)
    assert held(path).mismatches == 1


@pytest.mark.parametrize("column", ["schema", "ttl", "sha256", "features"])
def test_a_view_that_is_not_as_registered_is_no_parity(path: Path, column: str) -> None:
    change(path, f"UPDATE views SET {column} = '1'")
    found = held(path)
    assert (found.schema, found.equal, found.mismatches) == (False, False, 0)


def test_features_of_a_later_time_are_not_held_against_an_earlier_range(path: Path) -> None:
    found = held(path, ("USD", days(-4), 0.1, 1), ("JPY", days(-5), None, 1))
    assert found.equal
    assert (found.newer, found.compared) == (1, 1)


def test_nothing_compared_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "features.db"
    writing.write(file, target(), table())
    found = writing.parity(file, target(), table())
    assert (found.compared, found.mismatches, found.equal) == (0, 0, False)


def test_a_store_that_falls_behind_is_found_once_more_is_known(path: Path) -> None:
    later = (*ROWS, ("USD", days(-1), 0.6, 8))
    assert held(path, *later, as_of=days(-1.5)).equal
    found = held(path, *later)
    assert [each["problem"] for each in found.findings] == ["older online"]


ALL = {"features": kinds(*NORMAL)}
any_rows = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 5), *(st.none() | each for each in NORMAL.values())),
    unique_by=lambda row: row[:2],
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(any_rows)
def test_any_features_are_equal_after_they_are_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    file = tmp_path_factory.mktemp("any") / "features.db"
    made = table(*rows, **ALL)
    writing.write(file, target(**ALL), made)
    found = writing.parity(file, target(**ALL), made)
    assert found.equal, found
    with OnlineStore(file, count=False) as store:
        for key, row in writing.latest(made, values.micros(NOW)).items():
            # Nothing is older than its ttl at the moment of its own event.
            got = store.get("momentum", list(key), version=1, now=values.moment(row[1]))
            back = [values.normal(value, kind) for value, kind in zip(got.values.values(), NORMAL, strict=True)]
            assert all(values.same(a, b) for a, b in zip(row[2:], back, strict=True))
