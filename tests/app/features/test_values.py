"""Values: what each type admits, how it is written and read, and when two are the same."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.features.definition import values
from app.features.definition.values import BadValue

NORMAL: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "string": st.text(st.characters(exclude_categories=["Cs"])),
    "bool": st.booleans(),
    "timestamp": st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
}
any_value = st.sampled_from(sorted(NORMAL)).flatmap(lambda kind: st.tuples(st.just(kind), st.none() | NORMAL[kind]))


@settings(deadline=None)
@given(any_value)
def test_what_is_written_is_read_back_as_the_same_value_of_the_same_type(each: tuple[str, Any]) -> None:
    kind, value = each
    back = values.unwritten(values.written(value, kind), kind)
    assert values.same(value, back)
    assert type(back) is type(value)
    assert math.copysign(1, back) == math.copysign(1, value) if kind == "float" and value == 0.0 else True


@settings(deadline=None)
@given(any_value)
def test_the_online_store_s_json_keeps_a_value_and_its_type(each: tuple[str, Any]) -> None:
    back = json.loads(json.dumps([each[1]], ensure_ascii=False))[0]
    assert values.same(each[1], back)
    assert type(back) is type(each[1])


@settings(deadline=None)
@given(any_value)
def test_a_value_as_a_definition_meets_it_is_taken_back_as_it_was(each: tuple[str, Any]) -> None:
    kind, value = each
    assert values.same(values.normal(values.shown(value, kind), kind), value)


def test_null_nan_and_the_empty_string_are_three_things() -> None:
    assert values.written(None, "float") == ""
    assert values.written(math.nan, "float") == "NaN"
    assert values.written("", "string") == "\\"
    assert values.unwritten("", "string") is None
    assert not values.same(None, math.nan)
    assert values.same(math.nan, math.nan)
    assert not values.same(math.nan, 0.0, tolerance=0.5)
    assert not values.same(math.inf, 1e308, tolerance=0.5)


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (np.float32(0.5), "float", 0.5),
        (np.float64("nan"), "float", math.nan),
        (3, "float", 3.0),
        (np.int64(7), "int", 7),
        (np.bool_(True), "bool", True),
        (np.str_("a"), "string", "a"),
        (pd.NA, "float", None),
        (pd.NaT, "timestamp", None),
        (pd.Timestamp("2026-01-02", tz="UTC"), "timestamp", 1_767_312_000_000_000),
        (datetime(2026, 1, 2, 1, tzinfo=ZoneInfo("Europe/Berlin")), "timestamp", 1_767_312_000_000_000),
        ("2026-01-02T05:30:00+05:30", "timestamp", 1_767_312_000_000_000),
    ],
)
def test_scalars_of_numpy_and_pandas_are_what_they_stand_for(value: Any, kind: str, wanted: Any) -> None:
    assert values.same(values.normal(value, kind), wanted)
    assert type(values.normal(value, kind)) is type(wanted)


@pytest.mark.parametrize(
    ("value", "kind", "complaint"),
    [
        (True, "float", "no float"),
        (True, "int", "no int"),
        (1, "bool", "no bool"),
        (1.0, "int", "no int"),
        (2**60, "float", "without loss"),
        (2**63, "int", "64 bits"),
        (1, "string", "no string"),
        ("\ud800", "string", "no Unicode"),
        (datetime(2026, 1, 2), "timestamp", "without a time zone"),  # noqa: DTZ001
        (date(2026, 1, 2), "timestamp", "no timestamp"),
        ("2026-01-02", "timestamp", "a day without a time zone"),
        ("2026-01-02T00:00", "timestamp", "a time without a time zone"),
        (pd.Timestamp(1, unit="ns", tz="UTC"), "timestamp", "finer than a microsecond"),
        ([1], "float", "no float"),
    ],
)
def test_what_is_of_another_type_is_refused(value: Any, kind: str, complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        values.normal(value, kind)


@pytest.mark.parametrize(
    ("cell", "kind", "complaint"),
    [
        ("1_000", "float", "no float"),
        ("one", "float", "no float"),
        ("1.0", "int", "no int"),
        ("1_0", "int", "no int"),
        ("9" * 19, "int", "64 bits"),
        ("yes", "bool", "no bool"),
        ("2008-13-01", "timestamp", "no time"),
    ],
)
def test_a_cell_of_another_type_is_refused(cell: str, kind: str, complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        values.parsed(cell, kind)


def test_times_are_in_utc_whatever_zone_they_were_in() -> None:
    for text in ("2008-09-15T16:00:00Z", "2008-09-15T18:00:00+02:00", "2008-09-15T11:30:00-04:30"):
        assert values.spelled(values.parse_time(text)) == "2008-09-15T16:00:00Z"
    assert values.spelled(values.parse_time("2008-09-15", ZoneInfo("Europe/Berlin"))) == "2008-09-14T22:00:00Z"
    assert values.spelled(values.parse_time("2008-09-15T00:00:00.5Z")) == "2008-09-15T00:00:00.500000Z"
    aware = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    with pytest.raises(BadValue, match=r"no time|beyond"):
        values.parse_time("0000-01-01T00:00:00Z")
    assert values.micros(aware) == values.micros(datetime(1, 1, 1, tzinfo=UTC)) - 5 * 3_600_000_000


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 0.5))
def test_tolerance_is_a_share_of_the_larger_and_of_one_below_it(value: float, tolerance: float) -> None:
    near = value + tolerance * max(1.0, abs(value)) * 0.99
    if math.isfinite(near):
        assert values.same(value, near, tolerance)
        assert values.same(near, value, tolerance)
    assert values.same(value, value)


def test_how_far_apart_two_values_are() -> None:
    assert values.apart(1.0, 1.5) == 0.5
    assert values.apart(math.nan, math.nan) == 0
    assert values.apart(None, 1.0) == math.inf
    assert values.apart(True, False) == math.inf
    assert values.apart("a", "a") == 0
    assert values.apart(3, 5) == 2
