"""Sources: typed rows in the order of their time, from CSV, zip and Parquet; what cannot be read is named by its line."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.features.definition import sources, values
from app.features.definition.values import BadValue
from tests.app.features.views import HOUR, source


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def read(tmp_path: Path, text: str, **changes: Any) -> sources.Source:
    (tmp_path / "rates.csv").write_text(text)
    return sources.read(tmp_path / "rates.csv", source(**changes), "rates")


def test_rows_come_oldest_first_with_their_types(tmp_path: Path) -> None:
    found = read(tmp_path, "Date,USD,JPY,\n2026-01-03,1.5,x,\n2026-01-02,,y,\n2026-01-04,NaN,z,\n")
    assert found.rows[0] == {"Date": at(2), "USD": None}
    assert found.rows[1] == {"Date": at(3), "USD": 1.5}
    assert str(found.rows[2]["USD"]) == "nan"
    assert found.known == [values.micros(at(day)) for day in (2, 3, 4)]


def test_a_star_is_every_other_column_and_words_for_missing_are_null(tmp_path: Path) -> None:
    columns = {"Date": "timestamp", "*": "float"}
    found = read(tmp_path, "Date,USD,JPY,\n2026-01-02, N/A , 2 ,\n", columns=columns, missing=["N/A"])
    assert found.rows == [{"Date": at(2), "USD": None, "JPY": 2.0}]


def test_a_row_is_known_after_its_delay_or_when_a_column_says_so(tmp_path: Path) -> None:
    late = read(tmp_path, "Date,USD\n2026-01-02,1\n2026-01-03,2\n", delay=16 * HOUR)
    assert late.until(values.micros(at(3))) == [{"Date": at(2), "USD": 1.0}]
    assert late.until(values.micros(at(3, 16))) == late.until(None)
    columns = {"Date": "timestamp", "Seen": "timestamp"}
    told = read(tmp_path, "Date,Seen\n2026-01-02,2026-01-09\n2026-01-03,2026-01-01\n", known="Seen", columns=columns)
    assert told.known == [values.micros(at(9)), values.micros(at(3))], "nothing is known before it is"


def test_what_one_definition_does_to_its_rows_no_other_sees(tmp_path: Path) -> None:
    found = read(tmp_path, "Date,USD\n2026-01-02,1\n")
    found.until(None)[0]["USD"] = 7.0
    assert found.until(None) == [{"Date": at(2), "USD": 1.0}]


def test_a_zip_and_a_parquet_file_are_read_as_a_csv_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rates.zip", "w") as archive:
        archive.writestr("rates.csv", "\ufeffDate,USD\r\n2026-01-02,1.5\r\n")
    table = pa.table({"Date": pa.array([datetime(2026, 1, 2)], pa.timestamp("us")), "USD": [1.5], "x": [1]})  # noqa: DTZ001
    parquet.write_table(table, tmp_path / "rates.parquet")
    (tmp_path / "rates.csv.gz").write_bytes(gzip.compress(b"Date,USD\n2026-01-02,1.5\n"))
    for name in ("rates.zip", "rates.csv.gz", "rates.parquet"):
        assert sources.read(tmp_path / name, source(), "rates").rows == [{"Date": at(2), "USD": 1.5}]
    with pytest.raises(BadValue, match=r"row 1: Date: .* without a time zone"):
        sources.read(tmp_path / "rates.parquet", source(zone=None), "rates")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Date,USD\n2026-01-02,1\n2026-01-03,one\n", "rates, line 3: USD: 'one' is no float"),
        ("Date,USD\n,1\n", "rates, line 2: Date is empty"),
        ("Date,GBP\n2026-01-02,1\n", "rates has no column 'USD'; it has 'Date', 'GBP'"),
        ("Date,USD,USD\n2026-01-02,1,1\n", "names a column twice"),
        ("Date,USD\n2026-01-02,1,2,3\n", "line 2: 4 cells under 2 names"),
        ('Date,USD\n2026-01-02,"1\n', "line 3?"),
        ("Date,USD\n2026-01-02T00:00:00+01:00,1\n2026-02-30,1\n", "line 3: Date: '2026-02-30' is no time"),
    ],
)
def test_what_is_no_such_table_is_named_by_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        read(tmp_path, text)


def test_what_is_no_table_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadValue, match="no UTF-8 text"):
        sources.read(tmp_path / "a", source(), "rates")
    (tmp_path / "b").write_bytes(b"PK\x03\x04broken")
    with pytest.raises(BadValue, match="damaged zip"):
        sources.read(tmp_path / "b", source(), "rates")
    (tmp_path / "c").write_bytes(b"\x1f\x8bbroken")
    with pytest.raises(BadValue, match="damaged gzip"):
        sources.read(tmp_path / "c", source(), "rates")
    with pytest.raises(BadValue, match="line 2: Date: '2026-01-02' is a day without a time zone"):
        read(tmp_path, "Date,USD\n2026-01-02,1\n", zone=None)


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "Date,USD\n").rows == []
