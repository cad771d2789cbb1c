"""Point-in-time joins against a naive oracle, and against time itself: what comes later changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.features import join
from app.features.definition import tables
from app.features.definition.tables import Columns
from ledger.errors import InputError
from tests.app.features.views import document

TIMES = st.integers(0, 12)
labels = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 20)), max_size=15)
rows = st.lists(st.tuples(st.integers(0, 2), TIMES, TIMES, st.floats(0, 1)), max_size=20, unique_by=lambda row: row[:3])
ttls = st.none() | st.integers(0, 6)


def oracle(label: tuple[int, int], found: list[Any], delay: int | None, ttl: int | None) -> int:
    """The definition in words, one row after the other."""
    entity, time = label
    best, place = None, join.UNKNOWN
    for n, (own, event, created, _) in enumerate(found):
        known = max(event, created) if delay is None else event + delay
        if own == entity and event <= time and known <= time and (best is None or (event, created) > best):
            best, place = (event, created), n
    if best is not None and ttl is not None and time - best[0] > ttl:
        return join.STALE
    return place


def ints(items: Any) -> join.Ints:
    return np.array(list(items), dtype=np.int64)


def joined(asked: list[tuple[int, int]], found: list[Any], delay: int | None, ttl: int | None) -> join.Joined:
    event, created = ints(each[1] for each in found), ints(each[2] for each in found)
    known = np.maximum(event, created) if delay is None else event + delay
    arguments = (ints(each[0] for each in asked), ints(each[1] for each in asked), ints(each[0] for each in found))
    return join.places(*arguments, event, known, created, ttl)


@settings(deadline=None)
@given(labels, rows, ttls)
def test_each_label_finds_what_the_definition_says(asked: list[Any], found: list[Any], ttl: int | None) -> None:
    got = joined(asked, found, None, ttl)
    want = [oracle(each, found, None, ttl) for each in asked]
    assert got.places.tolist() == want
    assert (got.unknown, got.stale) == (want.count(join.UNKNOWN), want.count(join.STALE))


@settings(deadline=None)
@given(labels, rows, st.integers(0, 5), ttls)
def test_with_a_delay(asked: list[Any], found: list[Any], delay: int, ttl: int | None) -> None:
    assert joined(asked, found, delay, ttl).places.tolist() == [oracle(each, found, delay, ttl) for each in asked]


@settings(deadline=None)
@given(labels, rows, rows, ttls)
def test_what_becomes_known_later_changes_nothing(
    asked: list[Any], found: list[Any], more: list[Any], ttl: int | None
) -> None:
    """No leak: whatever is known after a label's time, added or taken away, its features stay."""
    before = joined(asked, found, None, ttl).places.tolist()
    for n, (entity, time) in enumerate(asked):
        kept = [row for row in found if max(row[1], row[2]) <= time]
        later = [row for row in more if max(row[1], row[2]) > time]
        for history in (kept, kept + later):
            place = joined([(entity, time)], history, None, ttl).places.tolist()[0]
            want = found[before[n]] if before[n] >= 0 else before[n]
            assert (history[place] if place >= 0 else place) == want


@settings(deadline=None)
@example([(0, 1)], [], 1, True)
@example([], [(0, 1, 1, 0.5)], 1, False)
@given(labels, rows, ttls, st.booleans())
def test_a_frame_is_joined_as_arrays_are(asked: list[Any], found: list[Any], ttl: int | None, versions: bool) -> None:
    if not versions:
        found = list({each[:2]: each for each in found}.values())
    left = pd.DataFrame({"id": [each[0] for each in asked], "at": moments(each[1] for each in asked), "label": 1.0})
    right = pd.DataFrame(
        {
            "id": [each[0] for each in found],
            "event": moments(each[1] for each in found),
            "made": moments(each[2] for each in found),
            "x": [each[3] for each in found],
        }
    )
    options: dict[str, Any] = {"ttl": None if ttl is None else pd.Timedelta(ttl, "D")}
    options |= {"created": "made"} if versions else {"delay": pd.Timedelta(2, "D")}
    got = join.frame(left, right, on=["id"], time="at", event_time="event", **options)
    want = [oracle(each, found, None if versions else 2, ttl) for each in asked]
    assert list(got.columns) == ["id", "at", "label", "event", "made", "x"]
    for place, value in zip(want, got["x"].tolist(), strict=True):
        assert value == found[place][3] if place >= 0 else pd.isna(value)
    assert got["event"].dtype == right["event"].dtype


def moments(days: Any) -> pd.Series[Any]:
    return pd.Series(pd.to_datetime([day * 86_400 for day in days], unit="s", utc=True))


def test_a_table_of_features_is_joined_by_its_keys() -> None:
    view = document(entity=[{"name": "a", "type": "string"}, {"name": "b", "type": "int"}], delay=10)
    made = [("x", 1, 100, 0.5, 1), ("x", 2, 100, None, 2), ("y", 1, 100, 0.7, 3), ("x", 1, 200, 0.9, 4)]
    table = tables.sorted_table(Columns.of(view), made, view["delay"])
    keys = [("x", 1), ("x", 1), ("x", 2), ("z", 9), ("x", 1), ("x", 1)]
    found = join.table(keys, [109, 110, 999, 999, 209, 1201], table, 1000)
    assert join.values(found, table, ["n", "r1"]) == [
        (None, None),
        (1, 0.5),
        (2, None),
        (None, None),
        (1, 0.5),
        (None, None),
    ]
    assert (found.unknown, found.stale) == (2, 1)


def test_several_keys_of_frames_are_told_apart() -> None:
    right = pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 2, 1], "event": moments([1, 1, 1]), "x": [1, 2, 3]})
    left = pd.DataFrame({"a": ["y", "x", "x", "y"], "b": [1, 2, 1, 2], "at": moments([2, 2, 2, 2])})
    got = join.frame(left, right, on=["a", "b"], time="at", event_time="event")
    assert got["x"].fillna(-1).tolist() == [3, 2, 1, -1]


@pytest.mark.parametrize("dtype", ["int32", "Int64", "str", "category"])
def test_keys_of_any_type_are_matched(dtype: str) -> None:
    right = pd.DataFrame({"id": pd.Series([3, 1], dtype=dtype), "event": moments([1, 1]), "x": [3.0, 1.0]})
    left = pd.DataFrame({"id": pd.Series([1, 2, 3], dtype=dtype), "at": moments([5, 2, 2])})
    got = join.frame(left, right, on=["id"], time="at", event_time="event")
    assert got["x"].fillna(-1).tolist() == [1.0, -1.0, 3.0]


def test_frames_that_cannot_be_joined_are_refused() -> None:
    right = pd.DataFrame({"id": [1], "event": moments([1]), "x": [1]})
    left = pd.DataFrame({"id": [1], "at": moments([2])})

    def refused(complaint: str, one: pd.DataFrame, other: pd.DataFrame) -> None:
        with pytest.raises(InputError, match=complaint):
            join.frame(one, other, on=["id"], time="at", event_time="event")

    refused("no column 'at'", left.drop(columns="at"), right)
    refused("no column 'event'", left, right.drop(columns="event"))
    refused("both have a column 'x'", left.assign(x=1), right)
    refused("times with a zone", left.assign(at=pd.to_datetime(["2026-01-01"])), right)
    refused("without a time", left.assign(at=pd.to_datetime([None], utc=True)), right)
