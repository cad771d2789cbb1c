"""Experiments: the better arm is found, none where there is none, and days that depend on each other do not fool it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.rollout import experiment
from ledger.errors import InputError


def noise(seed, days=120, dependence=0.8):
    generator = np.random.default_rng(seed)
    found = np.zeros(days)
    for n, each in enumerate(generator.normal(0, 1, days)):
        found[n] = dependence * (found[n - 1] if n else 0) + each
    return found


def test_a_clear_lead_wins_with_its_interval():
    base = noise(1)
    found = experiment.conclude({"a": base, "b": base - 0.5 + noise(2, dependence=0) * 0.1})
    assert found.winner == "b"
    low, high = found.interval
    assert low < 0.5 < high or low == pytest.approx(0.5, abs=0.1)
    assert found.days == 120
    json.dumps(found.document(), allow_nan=False)


def test_higher_may_be_better():
    base = noise(1)
    assert experiment.conclude({"a": base, "b": base - 0.5}, lower_is_better=False).winner == "a"


def test_no_lead_has_no_winner():
    found = experiment.conclude({"a": noise(1), "b": noise(2)})
    assert (found.winner, found.interval) == ("none", None)


def test_the_best_of_several_arms_wins():
    base = noise(3)
    found = experiment.conclude({"a": base, "b": base - 0.2, "c": base - 0.4, "d": base + 1})
    assert found.winner == "c"
    assert [each.arm for each in found.leads] == ["b", "c", "d"]


def test_dependent_days_seldom_make_a_winner_of_noise():
    wrong = 0
    for seed in range(60):
        arms = {"a": noise(seed, 480), "b": noise(seed + 999, 480)}
        wrong += experiment.conclude(arms, resamples=500, block=24).winner != "none"
    assert wrong <= 9, "of a nominal three"


def test_accounts_that_differ_before_the_start_are_no_lead():
    usual = 2.0
    after = {"a": noise(1), "b": noise(1) + usual}
    before = {"a": noise(5), "b": noise(5) + usual}
    assert experiment.conclude(after).winner == "a"
    assert experiment.conclude(after, before=before).winner == "none"


def test_missing_days_do_not_count_and_too_few_say_nothing():
    base = noise(1, 40)
    base[5:25] = np.nan
    found = experiment.conclude({"a": base, "b": noise(1, 40) - 9})
    assert found.winner == "none"
    assert "20 days with values of every arm; 30 are needed" in found.reason


@pytest.mark.parametrize("arms", [{}, {"a": [1.0]}, {"a": [1.0], "b": [1.0, 2.0]}])
def test_what_is_no_experiment_is_refused(arms):
    with pytest.raises(InputError):
        experiment.conclude(arms)
