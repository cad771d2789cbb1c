from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipelines.comparison import Results, differences
from ledger.store.objects import Objects


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def held(objects: Objects, one: bytes, other: bytes, tolerance: float | None = None) -> list[str | None]:
    want, got = (Results("ok", {"model/p/m": objects.put_bytes(each).digest}) for each in (one, other))
    return [each.where for each in differences(objects, want, got, tolerance)]


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "where"),
    [
        (b"a\nb\n", b"a\nb\n", None, []),
        (b"a\nb\n", b"a\nc\n", None, ["line 2"]),
        (b"a\n", b"a\nb\n", None, ["line 2"]),
        (b"\0\1\2", b"\0\1\3", None, ["byte 2"]),
        (b"\xff\xfe", b"\xff", None, ["byte 1"]),
        (b'{"a": 1.0000000001}', b'{"a": 1.0}', None, ["line 1"]),
        (b'{"a": 1.0000000001}', b'{"a": 1.0}', 1e-9, []),
        (b'{"a": 1.0000001}', b'{"a": 1.0}', 1e-9, ["line 1"]),
        (b'{"b": 1.0}', b'{"a": 1.0}', 1e-3, ["line 1"]),
        (b"2008-09-17,1.50", b"2009-09-17,1.50", 0.1, ["line 1"]),
        (b"3,1.5", b"4,1.5", 0.9, ["line 1"]),
        (b"\0 1.00001", b"\0 1.00002", 0.1, ["byte 8"]),
        (b"1e-12", b"-1e-12", 1e-9, []),
    ],
)
def test_where_two_outputs_part(
    objects: Objects, one: bytes, other: bytes, tolerance: float | None, where: list[str]
) -> None:
    assert held(objects, one, other, tolerance) == where
    assert bool(held(objects, other, one, tolerance)) == bool(where)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_without_a_tolerance_only_the_same_bytes_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes
) -> None:
    objects = Objects(tmp_path_factory.mktemp("o"))
    assert (held(objects, one, other) == []) == (one == other)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(0, 0.9e-6))
def test_numbers_within_the_tolerance_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], off: float
) -> None:
    objects = Objects(tmp_path_factory.mktemp("o"))
    one, other = (" ".join(f"{each + by:.12f}" for each in numbers).encode() for by in (0, off))
    assert held(objects, one, other, 1e-6) == []


def test_a_directory_parts_at_its_first_file(objects: Objects, tmp_path: Path) -> None:
    for name, text in (("one", "x"), ("two", "y")):
        (tmp_path / name / "in").mkdir(parents=True)
        (tmp_path / name / "in" / "a.txt").write_text("same")
        (tmp_path / name / "in" / "b.txt").write_text(text)
    (tmp_path / "two" / "c.txt").write_text("more")
    want, got = (Results("ok", {"m": objects.put_directory(tmp_path / each).digest}) for each in ("one", "two"))
    assert [each.where for each in differences(objects, want, got)] == ["c.txt is in the second alone"]
    (tmp_path / "two" / "c.txt").unlink()
    got = Results("ok", {"m": objects.put_directory(tmp_path / "two").digest})
    assert [each.where for each in differences(objects, want, got)] == ["in/b.txt, line 1"]


def test_metrics_outputs_and_ends_are_all_compared(objects: Objects) -> None:
    one = objects.put_bytes(b"1").digest
    want = Results("ok", {"a": one}, {"x": 1.0, "y": 2.0})
    assert differences(objects, want, want) == []
    found = differences(objects, want, Results("ok", {"b": one}, {"x": 1.5}))
    assert [(each.name, each.want, each.got) for each in found] == [
        ("a", one, None),
        ("b", None, one),
        ("metric x", "1.0", "1.5"),
        ("metric y", "2.0", None),
    ]
    assert differences(objects, want, Results("ok", {"a": one}, {"x": 1.0 + 1e-9, "y": 2.0}), 1e-6) == []
    (ended,) = differences(objects, want, Results("failed", reason="no data"))
    assert (ended.name, ended.want, ended.got, ended.where) == ("status", "ok", "failed", "no data")
