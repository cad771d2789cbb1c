"""Tables of features: equal features have equal bytes, and what a definition gives wrongly is named."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.features.definition import tables, values
from app.features.definition.tables import Columns
from app.features.definition.values import BadValue
from tests.app.features.test_values import NORMAL
from tests.app.features.views import document, kinds

WIDE = document(
    entity=[{"name": "a", "type": "string"}, {"name": "b", "type": "int"}],
    created="made",
    features=kinds("float", "int", "string", "bool", "timestamp"),
)


@st.composite
def rows(draw: st.DrawFn) -> list[tables.Row]:
    columns = Columns.of(WIDE)
    found = draw(
        st.lists(
            st.tuples(
                NORMAL["string"],
                NORMAL["int"],
                st.integers(0, 5),
                st.integers(0, 5),
                *(st.none() | NORMAL[kind] for kind in columns.kinds[columns.first :]),
            ),
            max_size=8,
            unique_by=columns.order,
        )
    )
    return [tuple(each) for each in found]


@settings(deadline=None)
@given(rows(), st.randoms())
def test_bytes_come_back_and_depend_on_the_features_alone(found: list[tables.Row], chance: random.Random) -> None:
    columns = Columns.of(WIDE)
    data = tables.written(tables.sorted_table(columns, found, 0))
    back = tables.read(data, WIDE)
    assert tables.written(back) == data
    assert len(back.rows) == len(found)
    for one, other in zip(back.rows, sorted(found, key=columns.order), strict=True):
        assert all(values.same(a, b) and type(a) is type(b) for a, b in zip(one, other, strict=True))
    chance.shuffle(found)
    assert tables.written(tables.sorted_table(columns, found, 0)) == data


def day(n: int) -> datetime:
    return datetime(2026, 1, n, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    return {"currency": "USD", "day": day(2), "r1": 0.5, "n": 1} | changes


def test_rows_may_come_in_any_order_and_are_kept_in_one() -> None:
    late = [row(day=day(5)), row(day=day(3), currency="JPY"), row(day=day(3))]
    found = tables.made(document(), late)
    assert [tables.name_of(found.columns, each) for each in found.rows] == [
        "JPY at 2026-01-03T00:00:00Z",
        "USD at 2026-01-03T00:00:00Z",
        "USD at 2026-01-05T00:00:00Z",
    ]


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        (row(n=None), "row 1 .* n is null"),
        (row(n=1.5), "row 1 .* n: 1.5 is no int"),
        (row(day=datetime(2026, 1, 2)), "row 1 .* day: .* without a time zone"),  # noqa: DTZ001
        (row(currency=None), "currency is null"),
        (row(extra=1), "has 'extra', which the view does not declare"),
        ({"currency": "USD", "day": day(2), "n": 1}, "lacks 'r1'"),
        (["USD"], "no mapping"),
    ],
)
def test_a_row_that_is_not_as_declared_is_named(given_: Any, complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        tables.made(document(), [given_])


def test_two_rows_of_one_entity_and_time_are_refused_unless_created_tells_them_apart() -> None:
    with pytest.raises(BadValue, match=r"two rows of USD at 2026-01-02T00:00:00Z; state created:"):
        tables.made(document(), [row(), row(n=2)])
    view = document(created="made")
    found = tables.made(view, [row(made=day(4), n=2), row(made=day(3))])
    assert [each[-1] for each in found.rows] == [1, 2]
    assert found.known == [values.micros(day(3)), values.micros(day(4))]
    with pytest.raises(BadValue, match="created at the same time"):
        tables.made(view, [row(made=day(4)), row(made=day(4), n=2)])


def test_a_row_is_known_after_its_delay_and_never_before_its_time() -> None:
    assert tables.made(document(delay=5), [row()]).known == [values.micros(day(2)) + 5]
    early = tables.made(document(created="made"), [row(made=day(1))])
    assert early.known == [values.micros(day(2))]


def test_a_later_materialisation_counts_where_two_have_one_row() -> None:
    one = tables.made(document(), [row(), row(day=day(3))])
    other = tables.made(document(), [row(n=9), row(day=day(4))])
    found = tables.merged([one, other], 0)
    assert [each[-1] for each in found.rows] == [9, 1, 1]
    assert len(found.known) == 3


def test_other_columns_are_not_read_as_these() -> None:
    data = tables.written(tables.made(document(), [row(r1=math.nan)]))
    assert data == b"currency,day,r1,n\nUSD,2026-01-02T00:00:00Z,NaN,1\n"
    with pytest.raises(BadValue, match="the columns are"):
        tables.read(data, document(event_time="at"))
    with pytest.raises(BadValue, match="line 2"):
        tables.read(data.replace(b",NaN,1", b",NaN"), document())
