"""The evidence that a value-at-risk is exceeded too often: seldom wrong however often one looks, quick where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.rollout.exceptions import RATES, ExceptionProcess
from ledger.errors import InputError


def test_it_starts_at_one_and_is_the_mean_of_likelihood_ratios():
    assert ExceptionProcess(0.01).value == pytest.approx(1)
    state = ExceptionProcess(0.01).step(False).step(True)
    wanted = sum((1 - r * 0.01) / 0.99 * r for r in RATES) / len(RATES)
    assert state.value == pytest.approx(wanted)
    assert (state.days, state.exceptions) == (2, 1)


def test_it_is_seldom_wrong_however_often_one_looks():
    hits = np.random.default_rng(7).random((600, 250)) < 0.01
    wrong = 0
    for row in hits:
        state = ExceptionProcess(0.01)
        for hit in row:
            state = state.step(bool(hit))
            if state.value >= 20:
                wrong += 1
                break
    assert wrong / len(hits) <= 0.05


def test_a_red_zone_is_found():
    state = ExceptionProcess(0.01)
    for n in range(250):
        state = state.step(n % 25 == 24)
    assert state.value > 20


def test_long_rows_stay_finite():
    assert math.isfinite(ExceptionProcess(0.01, 10_000, 10_000).value)


@pytest.mark.parametrize("rate", [0.0, -1.0, 0.5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InputError):
        ExceptionProcess(rate)
