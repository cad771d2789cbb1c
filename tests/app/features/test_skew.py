"""Skew: a log of what was served against what training would have seen; differences flag, gaps are inconclusive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.features import served, skew
from app.features.definition import values
from app.features.skew import Skew
from ledger.errors import InputError
from tests.app.features.test_online import days, table
from tests.app.features.views import document

ROWS = (("USD", days(-3), 0.4, 6), ("USD", days(-2), 0.5, 7), ("JPY", days(-2), None, 1))


def answer(code: str, at: float, r1: Any, n: Any, version: int = 1) -> dict[str, Any]:
    told = {"view": "fx/momentum", "version": version, "time": values.spelled(days(at)), "key": {"currency": code}}
    return {**told, "features": {"r1": r1, "n": n}}


def compared(tmp_path: Path, *answers: dict[str, Any], tolerance: float | None = None) -> Skew:
    file = tmp_path / "served.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in answers))
    return skew.compare(document(), 1, table(*ROWS), served.read(file, document()), tolerance)


def test_what_was_served_as_it_was_known_is_no_skew(tmp_path: Path) -> None:
    found = compared(tmp_path, answer("USD", -2.5, 0.4, 6), answer("USD", -1, 0.5, 7), answer("JPY", -1, None, 1))
    assert found.verdict == "pass"
    assert [(each.compared, each.share) for each in found.columns] == [(3, 1.0), (3, 1.0)]
    assert found.missing == []


def test_features_that_training_had_only_later_are_skew(tmp_path: Path) -> None:
    found = compared(tmp_path, answer("USD", -2.5, 0.5, 7), answer("USD", -1, 0.5, 7))
    assert found.verdict == "flag"
    r1, n = found.columns
    assert (r1.share, n.share) == (0.5, 0.5)
    assert (r1.max_difference, n.max_difference) == (pytest.approx(0.1), 1)
    assert r1.first == (
        {"place": "line 1", "entity": "USD", "time": "2026-01-07T12:00:00Z", "served": "0.5", "training": "0.4"},
    )


def test_tolerance_is_the_view_s_or_the_one_asked_for(tmp_path: Path) -> None:
    near = answer("USD", -1, 0.5 + 1e-10, 7)
    assert compared(tmp_path, near).verdict == "pass"
    assert compared(tmp_path, near, tolerance=0.0).verdict == "flag"
    assert compared(tmp_path, answer("USD", -1, 0.51, 7), tolerance=0.1).verdict == "pass"


@pytest.mark.parametrize(("code", "r1"), [("JPY", 0.0), ("USD", None), ("USD", float("nan"))])
def test_null_nan_and_a_number_are_three_things(tmp_path: Path, code: str, r1: Any) -> None:
    found = compared(tmp_path, answer(code, -1, r1, 7 if code == "USD" else 1))
    assert found.verdict == "flag"
    assert found.columns[0].document()["max_difference"] is None


def test_missing_data_are_inconclusive_and_never_a_pass(tmp_path: Path) -> None:
    sound = answer("USD", -1, 0.5, 7)
    assert compared(tmp_path).verdict == "inconclusive"
    assert compared(tmp_path).missing == ["the log holds no answer about this view"]
    unknown = compared(tmp_path, sound, answer("GBP", -1, 0.5, 7))
    assert (unknown.verdict, unknown.unknown) == ("inconclusive", 1)
    stale = compared(tmp_path, sound, answer("USD", 5, 0.5, 7))
    assert (stale.verdict, stale.stale) == ("inconclusive", 1)
    del sound["features"]["n"]
    lacking = compared(tmp_path, sound)
    assert (lacking.verdict, lacking.columns[1].lacking) == ("inconclusive", 1)
    assert lacking.missing == ["1 values that the log does not have"]
    other = compared(tmp_path, {**answer("USD", -1, 0.5, 7), "view": "fx/carry"})
    assert (other.verdict, other.served) == ("inconclusive", 0)


def test_another_version_is_skew_and_not_compared(tmp_path: Path) -> None:
    found = compared(tmp_path, answer("USD", -1, 0.5, 7), answer("USD", -1, 9.0, 9, version=2))
    assert found.verdict == "flag"
    assert found.versions == {2: 1}
    assert found.differing == 0


def test_flat_logs_in_csv_json_and_parquet_say_the_same(tmp_path: Path) -> None:
    at = values.spelled(days(-1))
    (tmp_path / "a.csv").write_text(f"time,version,currency,r1,n\n{at},1,USD,0.5,7\n{at},1,JPY,,1\n")
    rows = [
        {"time": at, "version": 1, "currency": "USD", "r1": 0.5, "n": 7},
        {"time": at, "version": 1, "currency": "JPY", "r1": None, "n": 1},
    ]
    (tmp_path / "a.json").write_text("\n\n".join(map(json.dumps, rows)))
    typed = [{**row, "time": values.moment(days(-1))} for row in rows]
    parquet.write_table(pa.Table.from_pylist(typed), tmp_path / "a.parquet")
    found = [served.read(tmp_path / name, document()) for name in ("a.csv", "a.json", "a.parquet")]
    plain = [[each._replace(place="") for each in log] for log in found]
    assert plain[0] == plain[1] == plain[2]
    assert plain[0][0].features == {"r1": 0.5, "n": 7}
    assert skew.compare(document(), 1, table(*ROWS), found[0]).verdict == "pass"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"version": 1}\n', "line 1: the entity's keys"),
        ('{"currency": "USD", "version": 1}\n', "line 1: it has no time"),
        ('{"currency": "USD", "time": "2026-01-01T00:00:00Z"}\n', "line 1: it has no version"),
        ('{"currency": "USD", "version": 1, "time": "2026-01-01"}\n', "line 1: time: .* without a time zone"),
        ('{"currency": 1, "version": 1, "time": "2026-01-01T00:00:00Z"}\n', "line 1: currency: 1 is no string"),
        ('{"currency": "USD", "version": 1, "time": "2026-01-01T00:00:00Z", "n": 1.5}\n', "line 1: n: 1.5 is no int"),
        ('{"a": 1}\n{"b"\n', "line 1"),
        ('{"currency": "USD"\n', "line 1: no JSON"),
        ("time,version,currency\na,b\n", "line 2: another number of cells"),
        ("time,version,currency\n2026-01-01T00:00:00Z,one,USD\n", "line 2: version: 'one' is no int"),
        ("\x00\xff", "neither JSON lines"),
    ],
)
def test_what_is_no_log_is_named_by_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "log").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=complaint):
        served.read(tmp_path / "log", document())


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        served.read(tmp_path / "nowhere", document())
