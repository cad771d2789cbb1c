"""Tables of words, days, truth and numbers, in CSV and Parquet: how they are read, what is refused, what checks find."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.monitoring.quality import check, table
from ledger.errors import InputError

TRADES = """\
id,booked,desk,notional,hedge,settled,note
T-1,2024-01-02,FX,1e6,true,2024-01-04T10:00:00Z,
T-3,2024-01-03,rates,N/A,FALSE,2024-01-05,"two
lines, quoted"
T-2,2024-01-02,FX,2e6,true,2024-01-03 09:30,late
T-2,2024-01-04,équity,-3e6,,2024-01-08,-
"""


def written(folder: Path, text: str, name: str = "trades.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


@pytest.fixture
def trades(tmp_path: Path) -> table.Table:
    return table.read(written(tmp_path, TRADES))


def found(kind: str, data: table.Table, **settings: Any) -> list[Any]:
    declared = check.read({"checks": [{"check": "c", "kind": kind, "subject": "dataset/p/x", **settings}]}, "f")
    (result,) = check.execute(declared, data, today="2024-01-09")
    return [(each.verdict, each.columns, each.message) for each in result.findings]


def test_what_each_column_holds(trades: table.Table) -> None:
    assert trades.kinds == {
        "id": "text",
        "booked": "day",
        "desk": "text",
        "notional": "number",
        "hedge": "truth",
        "settled": "day",
        "note": "text",
    }
    assert (trades.day, trades.days, trades.rows) == ("", (), 4)
    assert trades.words["note"] == [None, "two\nlines, quoted", "late", None]
    assert trades.missing("hedge").tolist() == [False, False, False, True]
    np.testing.assert_array_equal(trades.columns["notional"], [1e6, np.nan, 2e6, -3e6])
    assert trades.spot(2) == "in line 5", "a cell of two lines counts"


def test_rows_go_by_the_day_that_is_named(trades: table.Table) -> None:
    booked = trades.by("booked")
    assert booked.days == ("2024-01-02", "2024-01-02", "2024-01-03", "2024-01-04")
    assert booked.words["id"] == ["T-1", "T-2", "T-3", "T-2"]
    assert booked.columns["notional"][1] == 2e6
    assert "booked" not in booked.words
    settled = trades.by("settled")
    assert settled.days == ("2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"), "a time's day is the one it says"
    assert settled.by("booked").days == booked.days
    with pytest.raises(
        InputError, match=r"trades.csv has no column 'traded' that could hold its days; it has id, booked"
    ):
        trades.by("traded")
    with pytest.raises(InputError, match="line 2: 'T-1' is no day such as 2026-01-31, in the column id"):
        trades.by("id")
    with pytest.raises(InputError, match="line 2: nothing is no day"):
        trades.by("note")


TYPES = {"id": "text", "booked": "day", "desk": "text", "hedge": "truth", "settled": "day", "note": "text"}


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("schema", {"columns": ["id", "notional"], "types": TYPES}, []),
        ("schema", {"columns": ["price"], "types": TYPES}, [("block", ("price",), "there is no column price")]),
        (
            "schema",
            {"columns": [], "types": {**TYPES, "desk": "truth"}},
            [("block", ("desk",), "desk has 4 cells that are neither true or false nor missing")],
        ),
        (
            "schema",
            {"columns": ["notional"], "types": {k: v for k, v in TYPES.items() if k != "note"}, "exact": True},
            [
                ("block", ("note",), "note has 2 cells that are neither a number nor missing"),
                ("flag", ("note",), "the column note is new"),
            ],
        ),
        ("nulls", {"columns": ["hedge"], "share": 0.25}, []),
        (
            "nulls",
            {"columns": ["note"]},
            [("block", ("note",), "note is missing on 50.00% of the rows; 0.00% are let pass")],
        ),
        ("ranges", {"columns": ["notional"], "above": -1e9}, []),
        ("ranges", {"columns": ["desk"]}, [("block", ("desk",), "desk holds no numbers")]),
        ("values", {"columns": ["desk"], "allowed": ["FX", "rates", "équity"]}, []),
        (
            "values",
            {"columns": ["desk"], "allowed": ["FX"]},
            [("block", ("desk",), "desk says 'rates' in line 4, which is none of FX; 2 of 4 cells do")],
        ),
        ("values", {"columns": ["id"], "pattern": "T-[0-9]+"}, []),
        (
            "values",
            {"columns": ["id"], "pattern": "T-[13]"},
            [("block", ("id",), "id says 'T-2' in line 5, which does not match T-[13]; 2 of 4 cells do")],
        ),
        (
            "values",
            {"columns": ["note"], "longest": 4},
            [
                (
                    "block",
                    ("note",),
                    "note says 'two\\nlines, quoted' in line 4, which is longer than 4 characters; 1 of 2 cells do",
                )
            ],
        ),
        ("values", {"columns": ["gone"], "longest": 4}, [("block", ("gone",), "there is no column gone")]),
        ("uniqueness", {"keys": ["id", "booked"]}, []),
        ("uniqueness", {"keys": ["id"]}, [("block", ("id",), "id T-2 is there 2 times, first in line 5")]),
        (
            "uniqueness",
            {"keys": ["hedge", "desk"]},
            [
                ("block", ("hedge", "desk"), "a key of hedge and desk is missing in line 6; in 1 of 4 rows"),
                ("block", ("hedge", "desk"), "hedge and desk true, FX is there 2 times, first in line 2"),
            ],
        ),
        ("uniqueness", {"keys": ["gone"]}, [("block", ("gone",), "there is no column gone")]),
        ("uniqueness", {"day": "booked"}, [("block", (), "2024-01-02 is there 2 times")]),
        ("freshness", {"day": "settled", "days": 1}, []),
        (
            "freshness",
            {"day": "booked", "days": 1},
            [("block", (), "the last row is of 2024-01-04, 5 days before 2024-01-09; 1 are let pass")],
        ),
        ("calendar", {"day": "booked", "calendar": "weekdays"}, []),
        (
            "privacy",
            {"allowed": ["id", "desk"]},
            [("block", ("note",), "note has 2 cells of text, which may name persons: take it out, or allow it")],
        ),
    ],
    ids=str,
)
def test_checks(trades: table.Table, kind: str, settings: dict[str, Any], said: list[Any]) -> None:
    assert found(kind, trades, **settings) == said


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (
            "freshness",
            {"days": 1},
            "trades.csv: its first column, id, holds no days such as 2026-01-31, but 'T-1'; name",
        ),
        ("uniqueness", {}, "name the column that does as day:; booked, settled would do"),
        ("jumps", {}, "holds no days"),
    ],
)
def test_what_needs_days_says_so(trades: table.Table, kind: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match="check c: ") as caught:
        found(kind, trades, **settings)
    assert said in str(caught.value)


def test_series_need_a_row_a_day(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02},{code},{day}\n" for day in range(1, 20) for code in "ABC")
    data = table.read(written(tmp_path, "day,code,rate\n" + rows))
    assert found("uniqueness", data, keys=["day", "code"]) == []
    with pytest.raises(InputError, match=r"check c: trades.csv has several rows for most days; a check of gaps"):
        found("gaps", data)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "values", "columns": ["a"]}, "could never find anything"),
        ({"kind": "values", "columns": ["a"], "pattern": "["}, "pattern is no regular expression"),
        ({"kind": "values", "allowed": ["x"]}, "lacks columns:"),
        ({"kind": "values", "columns": ["a"], "allowed": [1]}, "allowed must be a list of names, not [1]"),
        ({"kind": "schema", "columns": ["a"], "types": {"a": "blob"}}, "a: 'blob' is no type; known are number, truth"),
        ({"kind": "schema", "columns": ["a"], "types": {"a": 1}}, "types must map names to words, not to 1"),
        ({"kind": "schema", "columns": ["a"], "types": ["a"]}, "types must be a mapping of names to words"),
        ({"kind": "freshness", "days": 1, "day": 3}, "day must be the name of a column, not 3"),
    ],
)
def test_what_a_check_cannot_say(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        check.read({"checks": [{"check": "c", "subject": "s", **settings}]}, "f")
    assert said in str(caught.value)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    frame = pa.table(
        {
            "id": pa.array(["T-1", "T-3", "T-2"]).dictionary_encode(),
            "booked": pa.array([date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 2)]),
            "at": pa.array([datetime(2024, 1, 4, 10, tzinfo=UTC)] * 3),
            "ns": pa.array([1, 2, None], pa.timestamp("ns")),
            "notional": pa.array([1e6, float("nan"), None]),
            "price": pa.array([Decimal("1.50"), None, Decimal("2.25")]),
            "count": pa.array([2**60, 2**60 + 1, 3]),
            "hedge": pa.array([True, None, False]),
            "empty": pa.nulls(3),
        }
    )
    pq.write_table(frame, tmp_path / "t.parquet")
    data = table.read(tmp_path / "t.parquet")
    assert data.kinds == {
        "id": "text",
        "booked": "day",
        "at": "day",
        "ns": "day",
        "notional": "number",
        "price": "number",
        "count": "number",
        "hedge": "truth",
        "empty": "number",
    }
    assert data.words["hedge"] == ["true", None, "false"]
    np.testing.assert_array_equal(data.columns["price"], [1.5, np.nan, 2.25])
    np.testing.assert_array_equal(data.missing("notional"), [False, True, True])
    assert found("uniqueness", data, keys=["count"]) == [], "whole numbers are compared as they are, not as floats"
    assert data.by("booked").words["id"] == ["T-1", "T-2", "T-3"]
    assert found("values", data, columns=["id"], allowed=["T-1"])[0][2].startswith("id says 'T-3' in row 2")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"a;b\n1;2\n", "not to be separated by commas ('a;b'); save it as CSV"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "a.csv, line 3 has 3 cells, and the first line names 2 columns"),
        ("a.csv", b"a,b\n1,\xff\n", "a.csv, line 2: this is neither UTF-8 text nor Parquet"),
        ("a.csv", b"a,b\n1," + b"x" * 200_000 + b"\n", "a.csv, line 2: this is no CSV: field larger"),
        ("a.csv", b"a,,b\n1,2,3\n", "names a column twice, or not at all"),
        ("a.csv", b"\x00\x00\n\x00", "holds no table"),
        ("a.csv", b"", "holds no table"),
        ("a.csv.gz", b"\x1f\x8b\x08broken", "is a damaged gzip file"),
        ("a.parquet", b"PAR1 and no more", "is no whole Parquet file"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        table.read(tmp_path / name)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_parquet_holds_beside_cells_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": [[1, 2]]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t.parquet: its column b is of the type list<.*>; numbers, text, days"):
        table.read(tmp_path / "t.parquet")
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="holds no table"):
        table.read(tmp_path / "t.parquet")


def test_packed_files_are_read_as_plain_ones(tmp_path: Path) -> None:
    plain = written(tmp_path, TRADES)
    (tmp_path / "t.gz").write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(plain, "trades.csv")
    for name in ("t.gz", "t.zip"):
        assert table.read(tmp_path / name).words == table.read(plain).words


CELL = st.one_of(
    st.none(), st.booleans(), st.floats(allow_infinity=False), st.dates(date(1, 1, 1)), st.text('aé, "\n1-', max_size=5)
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_no_table_makes_a_check_fail_by_an_exception(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]]
) -> None:
    """Whatever cells hold, a check that needs no days gives a verdict, in JSON's numbers."""
    import csv

    path = tmp_path_factory.mktemp("any") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["k", "a", "b"], *([f"k{n}", *row] for n, row in enumerate(rows))])
    data = table.read(path)
    for kind, options in (
        ("schema", {"columns": ["a"], "types": {"b": "text"}}),
        ("nulls", {"columns": ["a", "b"]}),
        ("ranges", {}),
        ("values", {"columns": ["a"], "longest": 3}),
        ("uniqueness", {"keys": ["a", "b"]}),
        ("privacy", {}),
    ):
        found(kind, data, **options)
