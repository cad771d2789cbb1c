"""Quantile sketches: ranks within the bound that they state, whatever is added and merged in whichever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.profiling.sketch import CAPACITY, Quantiles, merged


def sketch(values: np.ndarray, chunk: int = 5000) -> Quantiles:
    made = Quantiles()
    for start in range(0, len(values), chunk):
        made.add(values[start : start + chunk])
    return made


def worst(found: Quantiles, values: np.ndarray) -> float:
    """The largest difference between a share that the sketch gives and the true one, at every value and between them."""
    points = np.unique(values)
    points = np.concatenate([points, (points[1:] + points[:-1]) / 2])
    truth = np.searchsorted(np.sort(values), points, side="right") / len(values)
    return float(np.abs(found.shares(points) - truth).max())


SHAPES = {
    "ascending": lambda n, rng: np.arange(n, dtype=float),
    "descending": lambda n, rng: np.arange(n, 0, -1, dtype=float),
    "normal": lambda n, rng: rng.normal(size=n),
    "few values": lambda n, rng: rng.integers(0, 5, n).astype(float),
    "one value": lambda n, rng: np.full(n, 7.0),
    "saw": lambda n, rng: np.tile(np.arange(2.0 * CAPACITY), n // (2 * CAPACITY) + 1)[:n],
    "heavy": lambda n, rng: rng.standard_cauchy(n),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, CAPACITY, CAPACITY + 1, 30_000, 200_000])
def test_every_rank_is_within_the_stated_bound(shape: str, size: int) -> None:
    values = SHAPES[shape](size, np.random.default_rng(7))
    found = sketch(values)
    assert found.count == size
    assert worst(found, values) <= found.error + 1e-12
    assert found.error <= 0.004


def test_few_numbers_are_kept_as_they_are() -> None:
    values = np.random.default_rng(1).normal(size=CAPACITY)
    found = sketch(values)
    assert found.error == 0
    assert found.quantiles([0, 0.5, 1]).tolist() == [values.min(), np.sort(values)[CAPACITY // 2 - 1], values.max()]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9000), min_size=2, max_size=5),
    seed=st.integers(0, 9999),
    order=st.randoms(use_true_random=False),
)
def test_merging_in_any_order_stays_within_the_bound(sizes: list[int], seed: int, order) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(loc=n, size=size) for n, size in enumerate(sizes)]
    whole = np.concatenate(parts)
    sketches = [sketch(each) for each in parts]
    order.shuffle(sketches)
    left = sketches[0]
    for each in sketches[1:]:
        left = left.merge(each)
    right = sketches[-1]
    for each in sketches[-2::-1]:
        right = each.merge(right)
    for found in (left, right, merged(sketches)):
        assert found.count == len(whole)
        if len(whole):
            assert worst(found, whole) <= found.error + 1e-12


def test_merging_changes_neither() -> None:
    one, other = sketch(np.arange(5000.0)), sketch(np.arange(9000.0))
    before = one.to_json(), other.to_json()
    one.merge(other)
    assert (one.to_json(), other.to_json()) == before


def test_the_bound_grows_with_the_logarithm_of_the_merges() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.normal(size=2000) for _ in range(256)]
    found = merged([sketch(each) for each in parts])
    assert worst(found, np.concatenate(parts)) <= found.error < 0.006


def test_the_same_numbers_in_the_same_order_give_the_same_sketch() -> None:
    values = np.random.default_rng(5).normal(size=50_000)
    assert sketch(values).to_json() == sketch(values).to_json()


def test_it_comes_back_from_json() -> None:
    found = sketch(np.random.default_rng(5).normal(size=50_000))
    again = Quantiles.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.quantiles([0.1, 0.9]).tolist() == found.quantiles([0.1, 0.9]).tolist()


def test_levels_that_do_not_add_up_are_no_sketch() -> None:
    data = sketch(np.arange(10.0)).to_json()
    data["levels"][0].pop()
    with pytest.raises(ValueError, match="add up"):
        Quantiles.from_json(data)


def test_nothing_has_no_quantiles() -> None:
    assert np.isnan(Quantiles().quantiles([0.5])).all()
    assert np.isnan(Quantiles().shares(np.array([1.0]))).all()
