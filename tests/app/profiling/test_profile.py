"""Profiles: of files in every packing, frames and queries; merged, stored and read again; damaged input in one line."""

from __future__ import annotations

import gzip
import json
import math
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.profiling import distinct
from app.profiling.moments import Moments
from app.profiling.profile import Profile, profile
from app.profiling.shares import CAPACITY, Shares
from app.profiling.sources import Query
from ledger.errors import InputError

TEXT = """day,rate,label,flag,note
2024-01-02,1.5,a,true,
2024-01-03,N/A,b,false,
2024-01-04,-2,a,true,x y
2024-01-05,inf,"c,d",true,
"""


def written(folder: Path, text: str | bytes = TEXT, name: str = "rates.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_csv_says_of_each_column_what_it_is(tmp_path: Path) -> None:
    found = profile(written(tmp_path))
    assert {name: (each.kind, each.rows, each.nulls) for name, each in found.columns.items()} == {
        "day": ("time", 4, 0),
        "rate": ("real", 4, 1),
        "label": ("text", 4, 0),
        "flag": ("boolean", 4, 0),
        "note": ("text", 4, 3),
    }
    assert (found.rows, found.span) == (4, ("2024-01-02", "2024-01-05"))
    rate = found.columns["rate"].numbers
    assert (rate.least, rate.most, rate.infinite, rate.negative, rate.moments.mean) == (-2, 1.5, 1, 1, -0.25)
    assert found.columns["label"].counts == [("a", 2), ("b", 1), ("c,d", 1)]
    assert found.columns["flag"].counts == [("True", 3), ("False", 1)]
    assert found.columns["rate"].distinct.count == 3


def test_packing_makes_no_difference(tmp_path: Path) -> None:
    plain = profile(written(tmp_path)).to_json()
    assert profile(written(tmp_path, gzip.compress(TEXT.encode()), "rates.csv.gz")).to_json() == plain
    with zipfile.ZipFile(tmp_path / "rates.zip", "w") as archive:
        archive.writestr("inner/rates.csv", TEXT)
        archive.writestr("readme.txt", "no table")
    assert profile(tmp_path / "rates.zip").to_json() == plain
    assert profile(written(tmp_path, TEXT.replace("\n", "\r\n"))).to_json() == plain
    assert profile(written(tmp_path, b"\xef\xbb\xbf" + TEXT.encode())).to_json() == plain
    tabbed = TEXT.replace('"c,d"', "c;d").replace(",", "\t").replace("c;d", "c,d")
    assert profile(written(tmp_path, tabbed, "rates.tsv")).to_json() == plain


def test_frames_queries_and_parquet_say_the_same(tmp_path: Path) -> None:
    import pandas

    cells = {"n": [1, 2, 3], "x": [0.5, None, 2.0], "s": ["a", "b", None], "b": [True, False, True]}
    frame = pandas.DataFrame(cells)
    frame.to_parquet(tmp_path / "t.parquet")
    expected = profile([cells]).to_json()
    assert profile(frame).to_json() == expected
    assert profile(tmp_path / "t.parquet").to_json() == expected
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (n, x, s)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", list(zip(*list(cells.values())[:3], strict=True)))
    asked = profile(Query("SELECT * FROM t WHERE n < ?", connection, (9,)))
    assert asked.to_json()["columns"] == expected["columns"][:3]


def test_batches_of_any_length_give_the_same_but_for_quantiles() -> None:
    values = np.random.default_rng(2).normal(size=3000)
    batches = [profile([{"x": part.tolist()} for part in np.array_split(values, n)]) for n in (1, 7, 60)]
    for found in batches:
        column = found.columns["x"]
        assert (column.numbers.least, column.numbers.most) == (values.min(), values.max())
        assert column.numbers.moments.deviation == pytest.approx(values.std(ddof=1), rel=1e-12)
        assert column.distinct.to_json() == batches[0].columns["x"].distinct.to_json()


CELL = st.one_of(
    st.none(),
    st.integers(-50, 50),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["a", "b", "", "true", "2024-01-31", "2024-02-30"]),
)


def comparable(found: Profile) -> dict:
    """What of a profile must come out the same in whichever order it was made: all but moments' last digits."""
    data = found.to_json()
    for column in data["columns"]:
        column["numbers"]["moments"] = column["numbers"]["moments"]["count"]
        column["numbers"]["quantiles"] = sorted(v for level in column["numbers"]["quantiles"]["levels"] for v in level)
    return {"rows": data["rows"], "columns": sorted(data["columns"], key=lambda each: each["name"])}


@settings(max_examples=80, deadline=None)
@given(tables=st.lists(st.lists(CELL, max_size=30), min_size=1, max_size=4))
def test_merging_parts_gives_the_whole_in_any_order_and_grouping(tables: list[list]) -> None:
    texts = [[None if cell is None else str(cell) for cell in cells] for cells in tables]
    parts = [profile([{"c": cells}]) for cells in texts]
    whole = profile([{"c": [cell for cells in texts for cell in cells]}])
    left = Profile()
    for each in parts:
        left = left.merge(each)
    right = Profile()
    for each in reversed(parts):
        right = each.merge(right)
    assert comparable(left) == comparable(right) == comparable(whole)
    assert Profile.decoded(left.encoded()).encoded() == left.encoded()


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.lists(st.floats(-1e6, 1e6), max_size=40), min_size=2, max_size=4),
)
def test_moments_merge_to_those_of_the_whole(parts: list[list[float]]) -> None:
    whole = np.array([value for part in parts for value in part])
    merged = Moments()
    for part in parts:
        merged = merged.merge(Moments.of(np.array(part)))
    direct = Moments.of(whole)
    assert merged.count == direct.count
    scale = max(1.0, float(np.abs(whole).max(initial=0)))
    for name, power in (("mean", 1), ("second", 2), ("third", 3), ("fourth", 4)):
        assert getattr(merged, name) == pytest.approx(
            getattr(direct, name), abs=1e-9 * scale**power * max(1, len(whole))
        )


def test_moments_are_those_of_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(9).gamma(2.0, size=5000)
    found = Moments.of(values[:1234]).merge(Moments.of(values[1234:]))
    assert found.deviation == pytest.approx(values.std(ddof=1))
    assert found.skewness == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values, fisher=False))


def test_moments_that_overflow_are_unknown_and_storable(tmp_path: Path) -> None:
    found = profile([{"x": [1e200, -1e200, 3.0]}, {"x": [1e300]}])
    assert found.columns["x"].numbers.moments.kurtosis is None
    json.loads(found.encoded())
    assert Profile.decoded(found.encoded()).encoded() == found.encoded()


@pytest.mark.parametrize("count", [0, 5, 1023, 20_000, 300_000])
def test_distinct_values_are_counted_exactly_or_estimated(count: int) -> None:
    found = distinct.Distinct()
    values = np.arange(count, dtype=float)
    for part in np.array_split(np.concatenate([values, values]), 9):
        found = found.with_hashes(distinct.of_numbers(part))
    if count < distinct.KEPT:
        assert found.exact
        assert found.count == count
    else:
        assert found.count == pytest.approx(count, rel=0.12)


def test_the_same_values_of_two_types_are_one() -> None:
    whole, real = profile([{"x": [1, 2]}]), profile([{"x": [1.0, 2.5]}])
    merged = whole.merge(real).columns["x"]
    assert (merged.kind, merged.distinct.count) == ("real", 3)
    assert whole.merge(profile([{"x": ["a"]}])).columns["x"].kind == "mixed"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), parts=st.integers(1, 6))
def test_shares_are_never_too_high_and_too_low_by_the_error_at_most(seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = [f"v{each}" for each in (rng.pareto(0.4, 6000) * 10).astype(int) % 5000]
    truth: dict[str, int] = {}
    for each in drawn:
        truth[each] = truth.get(each, 0) + 1
    found = Shares()
    for part in np.array_split(np.array(drawn), parts):
        names, counts = np.unique(part, return_counts=True)
        found = found.merge(Shares().with_counts(zip(names.tolist(), counts.tolist(), strict=True)))
    assert found.total == len(drawn)
    assert found.error <= len(drawn) / (CAPACITY + 1)
    for name, count in truth.items():
        assert count - found.error <= found.counts.get(name, 0) <= count


def test_long_texts_are_shortened_and_still_told_apart() -> None:
    one, other = "x" * 500 + "1", "x" * 500 + "2"
    found = profile([{"t": [one, other, one]}]).columns["t"]
    assert [count for _, count in found.counts or ()] == [2, 1]
    assert found.longest == 501
    assert len(found.to_json()["shares"]["counts"]) == 2


def test_a_few_numbers_are_counted_and_many_are_not() -> None:
    assert profile([{"x": [3, 3, 1]}]).columns["x"].counts == [("3", 2), ("1", 1)]
    assert profile([{"x": list(range(65))}]).columns["x"].counts is None
    assert profile([{"x": list(range(40))}, {"x": list(range(30, 80))}]).columns["x"].counts is None


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.csv", "holds no table"),
        (b"\n1,2\n", "a.csv", "holds no table"),
        (b"a,a\n1,2\n", "a.csv", "names a column twice"),
        (b"a,,b\n1,2,3\n", "a.csv", "names a column twice, or not at all"),
        (b"a,b\n1,2\n1,2,3\n", "a.csv", "no whole CSV"),
        (b"\xff\xfe,a\n1\n", "a.csv", "UTF-8"),
        (b"a,b\n\xff\xfe,1\n", "a.csv", "a.csv"),
        (b"PK\x03\x04rest", "a.zip", "damaged zip"),
        (b"\x1f\x8brest", "a.csv.gz", "damaged gzip"),
        (b"PAR1rest", "a.parquet", "no whole Parquet"),
    ],
)
def test_what_is_no_table_is_told_in_a_line(tmp_path: Path, content: bytes, name: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        profile(written(tmp_path, content, name))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    found = profile(written(tmp_path, "a,b\n"))
    assert (found.rows, {name: each.kind for name, each in found.columns.items()}) == (0, {"a": "empty", "b": "empty"})


def test_a_query_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such table"):
        profile(Query("SELECT * FROM nowhere", sqlite3.connect(":memory:")))


@pytest.mark.parametrize(
    "data", [b"{}", b"[", b'{"profile": 2}', b'{"profile": 1, "rows": 1, "columns": [{"name": "x"}]}']
)
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Profile.decoded(data)


def test_the_ecbs_file_newest_row_first_with_a_nameless_last_column() -> None:
    path = Path(__file__).parents[3] / "sample_data" / "eurofxref-hist.zip"
    found = profile(path)
    assert (found.rows, len(found.columns), found.span) == (7126, 42, ("1999-01-04", "2026-10-30"))
    rouble = found.columns["RUB"]
    assert rouble.kind == "real"
    assert rouble.missing is not None
    assert 0 < rouble.missing < 1
    still = found.columns["EEK"]
    assert still.counts == [("15.6466", 3074)]
    assert math.isclose(found.columns["USD"].numbers.moments.mean, 1.18, abs_tol=0.05)
    assert len(found.brief()["schema"]) == 40
    assert len(json.dumps(found.brief())) < 16_000


def test_memory_stays_bounded_whatever_the_length() -> None:
    """What is kept of a million rows is no more than of a hundred thousand, twice over."""
    rng = np.random.default_rng(4)
    sizes = []
    for count in (2, 20):
        found = profile({"x": rng.normal(size=50_000)} for _ in range(count))
        sizes.append(len(found.encoded()))
    assert sizes[1] < 2.5 * sizes[0]


@pytest.mark.slow
def test_ten_million_rows_within_a_gigabyte() -> None:
    """Five columns of every kind, two of them without a value that comes back."""
    import subprocess
    import sys

    program = (
        "import numpy as np, pyarrow as pa, resource\n"
        "from app.profiling.profile import of_batches\n"
        "from app.profiling.sources import Batch\n"
        "rng = np.random.default_rng(0)\n"
        "def batches(rows, size=65536):\n"
        "    for start in range(0, rows, size):\n"
        "        n = min(size, rows - start)\n"
        "        columns = {'x': pa.array(rng.normal(size=n)), 'i': pa.array(rng.integers(0, 10**9, n)),\n"
        "                   'k': pa.array([f'k{each}' for each in rng.integers(0, 1000, n)]),\n"
        "                   't': pa.array((np.arange(start, start + n) * 1000).astype('datetime64[us]')),\n"
        "                   's': pa.array([f's{each}' for each in range(start, start + n)])}\n"
        "        yield Batch(n, columns)\n"
        "found = of_batches(batches(10_000_000))\n"
        "print(found.rows, found.columns['x'].numbers.quantiles.error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    rows, error, peak = done.stdout.split()
    assert int(rows) == 10_000_000
    assert float(error) < 0.005
    assert int(peak) < 1 << 20, "KiB"
