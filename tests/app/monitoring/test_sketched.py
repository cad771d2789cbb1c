"""Drift from profiles alone: within the stated error of the exact numbers; what is odd is a finding, never a NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.monitoring import compare, sketched, statistics
from app.monitoring.columns import Column
from app.profiling.profile import Profile, profile


def tables(n=30_000, m=20_000, shift=0.1):
    generator = np.random.default_rng(1)
    words = np.array(["a", "b", "c"])
    before = {"x": generator.normal(size=n), "w": words[generator.integers(0, 3, n)]}
    after = {"x": generator.normal(shift, 1.1, m), "w": words[generator.choice(3, m, p=[0.5, 0.3, 0.2])]}
    return before, after


def made(table):
    return profile([{name: list(values) for name, values in table.items()}])


def test_its_measures_are_the_exact_ones_within_their_error():
    before, after = tables()
    found = {each.column: each for each in sketched.compare(made(before), made(after)).columns}
    exact = compare.compare(
        {"x": Column("x", before["x"], None), "w": Column("w", None, tuple(before["w"]))},
        {"x": Column("x", after["x"], None), "w": Column("w", None, tuple(after["w"]))},
    )
    truth = {each.column: each for each in exact.columns}
    assert found["x"].measures["ks"] == pytest.approx(truth["x"].measures["ks"], abs=found["x"].error)
    assert found["x"].measures["wasserstein"] == pytest.approx(truth["x"].measures["wasserstein"], rel=0.05)
    assert found["x"].measures["psi"] == pytest.approx(truth["x"].measures["psi"], abs=0.01)
    assert 0 < found["x"].error < 0.02
    assert dict(found["w"].measures) == pytest.approx(dict(truth["w"].measures))
    assert found["x"].drifted
    assert found["w"].drifted


def test_profiles_of_parts_merge_into_those_of_the_whole():
    before, after = tables(20_000, 20_000)
    halves = [{name: values[part] for name, values in after.items()} for part in (slice(10_000), slice(10_000, None))]
    merged = made(halves[0]).merge(made(halves[1]))
    one, other = (sketched.compare(made(before), each).columns[0].measures["ks"] for each in (merged, made(after)))
    assert one == pytest.approx(other, abs=0.01)


def test_stored_profiles_give_the_same_verdict():
    before, after = tables(2000, 2000)
    stored = [Profile.decoded(made(each).encoded()) for each in (before, after)]
    assert sketched.compare(*stored) == sketched.compare(made(before), made(after))


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ([1.0, 2.0, 3.0], [], "no values"),
        ([1.0, 2.0, 3.0], [5.0], "one value only"),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], "constant"),
        ([1.0, 2.0, 3.0], [None, None], "no values"),
        ([1.0, 2.0, 3.0], [1.0, None, 3.0], "1 of 3 values are missing"),
        ([1.0, 2.0, 3.0], [1.0, float("inf"), 3.0], "1 values are infinite"),
        ([1.0, 2.0, 3.0], ["a", "b"], "the type changed"),
        (["a", "b"], ["a", "c"], "1 new categories, such as 'c'"),
    ],
)
def test_bad_input_is_a_finding(before, after, finding):
    found = sketched.compare(profile([{"x": before}]), profile([{"x": after}] if after else [{"x": [None]}]))
    assert any(finding in each for each in found.columns[0].findings), found.columns[0]
    json.dumps(found.document(), allow_nan=False)


def test_missing_and_new_columns_are_findings():
    found = sketched.compare(profile([{"x": [1.0, 2.0]}]), profile([{"y": [1.0, 2.0]}]))
    assert [(each.column, each.findings) for each in found.columns] == [
        ("x", ("the column is missing",)),
        ("y", ("the column is new",)),
    ]
    assert found.drifted is None


def test_large_samples_are_pruned_to_the_same_numbers():
    from scipy import stats

    generator = np.random.default_rng(2)
    for n, m, digits in ((50_000, 50_000, 12), (60_000, 41_000, 12), (50_000, 30_000, 2), (25_000, 90_000, 0)):
        left = np.sort(generator.normal(size=n).round(digits))
        right = np.sort(generator.normal(0.01, 1.02, m).round(digits))
        assert statistics.ks(left, right) == stats.ks_2samp(left, right, method="asymp").statistic
        assert statistics.wasserstein(left, right) == pytest.approx(stats.wasserstein_distance(left, right), rel=1e-9)
        for side, alternative in (("up", "greater"), ("down", "less")):
            one = stats.ks_2samp(left, right, alternative=alternative, method="asymp").statistic
            assert statistics.ks(left, right, side) == pytest.approx(max(one, 0), abs=1e-15)
        shares = np.arange(1, 40) / 40
        assert (statistics.quantiles(left, shares) == np.quantile(left, shares)).all()
        edges = statistics.sturges_edges(left, right)
        assert (edges == np.histogram_bin_edges(np.concatenate([left, right]), "sturges")).all()
        assert (statistics.histogram(left, edges) == np.histogram(left, edges)[0]).all()


def test_columns_of_many_rows_are_compared_in_threads_alike():
    generator = np.random.default_rng(4)
    many = {f"c{n}": Column(f"c{n}", generator.normal(n, 1, 60_000), None) for n in range(4)}
    few = {name: Column(name, each.numbers[:400], None) for name, each in many.items()}
    for reference in (many, few):
        found = compare.compare(reference, many)
        assert [each.column for each in found.columns] == list(many)
        assert all(each.measures["ks"] < 0.1 for each in found.columns)
