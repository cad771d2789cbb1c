"""Labels and the frames that joining makes of them."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.features import labels
from ledger.errors import InputError

TEXT = b"currency,day,y\nUSD,2026-01-02T00:00:00Z,1\nJPY,2026-01-03T00:00:00Z,\n"


def test_labels_with_keys_times_and_all_else() -> None:
    found = labels.read(TEXT, "day", None)
    assert found.times == [1_767_312_000_000_000, 1_767_398_400_000_000]
    assert found.keys({"currency": "string"}) == [("USD",), ("JPY",)]
    assert found.keys({"y": "int"}) == [(1,), (None,)]


def test_a_frame_as_csv_is_the_labels_with_the_features_beside_them() -> None:
    found = labels.read(TEXT, "day", None)
    made = labels.frame(found, ["r1", "name"], ["float", "string"], [(0.5, "a,b"), (None, "")], parquet=False)
    assert made == (b'currency,day,y,r1,name\nUSD,2026-01-02T00:00:00Z,1,0.5,"a,b"\nJPY,2026-01-03T00:00:00Z,,,\\\n')


def test_a_frame_as_parquet_has_types() -> None:
    found = labels.read(TEXT, "day", None)
    columns = [(0.5, 1_767_312_000_000_000, True), (float("nan"), None, None)]
    made = labels.frame(found, ["r1", "at", "ok"], ["float", "timestamp", "bool"], columns, parquet=True)
    table = parquet.read_table(io.BytesIO(made))
    assert table.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert table.column("at").to_pylist() == [datetime(2026, 1, 2, tzinfo=UTC), None]
    assert table.column("r1").null_count == 0, "NaN is not null"
    assert table.column("ok").to_pylist() == [True, None]


def test_parquet_labels_keep_their_types() -> None:
    out = io.BytesIO()
    when = pa.array([datetime(2026, 1, 2)], pa.timestamp("us"))  # noqa: DTZ001
    parquet.write_table(pa.table({"id": [7], "day": when, "y": [0.25]}), out)
    with pytest.raises(InputError, match=r"row 1: day: .* without a time zone.*$"):
        labels.read(out.getvalue(), "day", None)
    found = labels.read(out.getvalue(), "day", "Europe/Berlin")
    assert found.times == [1_767_308_400_000_000]
    assert found.keys({"id": "int"}) == [(7,)]
    back = labels.frame(found, ["f"], ["int"], [(1,)], parquet=False)
    assert back == b"id,day,y,f\n7,2026-01-02T00:00:00,0.25,1\n"


@pytest.mark.parametrize(
    ("data", "time", "zone", "complaint"),
    [
        (TEXT, "at", None, "no column 'at' with their times; they have currency, day, y"),
        (TEXT, "y", None, "row 1: y: '1' is no time"),
        (b"day\n2026-01-02\n", "day", None, "state the zone with --zone"),
        (b"day\n2026-01-02\n", "day", "Mars", "'Mars' is no time zone"),
        (b"id,day\n1,\n", "day", "UTC", "row 1 has no day"),
        (b"id,day\n1\n", "day", "UTC", "row 1 has 1 cells under 2 names"),
        (b"\xff\xfe", "day", "UTC", "neither CSV in UTF-8 nor Parquet"),
        (b"PAR1 and no more", "day", "UTC", "a damaged Parquet file"),
    ],
)
def test_what_are_no_labels_is_said(data: bytes, time: str, zone: str | None, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        labels.read(data, time, zone)


def test_keys_that_are_not_there_and_names_that_are_taken() -> None:
    found = labels.read(TEXT, "day", None)
    with pytest.raises(InputError, match="no column 'id'"):
        found.keys({"id": "int"})
    with pytest.raises(InputError, match="row 1: 'USD' is no int"):
        found.keys({"currency": "int"})
    with pytest.raises(InputError, match="have a column 'y' already"):
        labels.frame(found, ["y"], ["float"], [(1.0,), (1.0,)], parquet=False)
