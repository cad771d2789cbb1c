"""Evidence that may be looked at daily: its definition, its invariants, and its error under dependent nulls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rollout.eprocess import Bet, EProcess, shadow_variance
from ledger.errors import InputError


def run(days, bet=None):
    state = EProcess(bet or Bet(0.05))
    path = [state]
    for day in days:
        path.append(path[-1].step(day))
    return path


def test_three_days_by_hand():
    one, two, three = run([0.5, 2.0, -0.2], Bet(0.05))[1:]
    assert (one.promote, one.roll_back) == (1.0, 1.0), "the first bet has no past to rest on"
    stake = 0.5 / (0.05 * 20 + 0.25)
    assert two.promote == pytest.approx(1 + stake * 1.0), "2.0 is clipped to 1"
    stake = 1.5 / (1.0 + 0.25 + 1.0)
    assert three.promote == pytest.approx(two.promote * (1 - stake * 0.2))
    assert three.roll_back == 1.0


@given(st.lists(st.floats(-1e6, 1e6), max_size=80))
def test_wealth_stays_positive_and_the_directions_mirror(days):
    path, mirror = run(days), run([-day for day in days])
    for state, other in zip(path, mirror, strict=True):
        assert state.promote > 0
        assert state.roll_back > 0
        assert (state.promote, state.roll_back) == (other.roll_back, other.promote)
        assert all(0 <= stake <= 0.9 for stake in state.stakes)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(-1, 1))
def test_a_bet_does_not_see_the_day_it_is_placed_on(days, last):
    assert run([*days, last])[len(days)].stakes == run(days)[-1].stakes


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_missing_day_is_no_evidence(bad):
    with pytest.raises(InputError, match="missing evidence"):
        EProcess(Bet(0.05)).step(bad)


def test_a_bet_that_could_ruin_is_refused():
    for settings in ({"most": 1.0}, {"clip": 2.0}, {"clip": 0}, {"prior_days": 0}):
        with pytest.raises(InputError, match="wealth must stay positive"):
            Bet(0.05, **settings)
    with pytest.raises(InputError, match="must be positive"):
        Bet(float("nan"))


def test_a_steady_advantage_is_found_in_the_right_direction():
    generator = np.random.default_rng(0)
    better = run(generator.normal(0.1, 0.2, 250))[-1]
    assert better.promote > 20
    assert better.roll_back < 2


def test_wrong_decisions_stay_below_alpha_however_often_one_looks():
    """Six hundred null years with skewed, clustered differences, looked at daily."""
    generator = np.random.default_rng(1)
    wrong = {"promote": 0, "roll_back": 0}
    for _ in range(600):
        scale = np.exp(np.repeat(generator.normal(0, 0.7, 25), 10))
        days = scale * 0.15 * (generator.gamma(2, 1, 250) - 2) * generator.choice([-1, 1], 250)
        path = run(days)
        for name in wrong:
            wrong[name] += max(getattr(state, name) for state in path) >= 20
    assert all(count <= 600 * 0.05 for count in wrong.values()), wrong


def test_the_shadow_period_must_say_something():
    assert shadow_variance([0.1, -0.1] * 20) == pytest.approx(0.01)
    assert shadow_variance([5.0, -5.0] * 20) == pytest.approx(1.0), "clipped as the evidence is"
    with pytest.raises(InputError, match="twenty days"):
        shadow_variance([0.1] * 19)
    with pytest.raises(InputError, match="never differ"):
        shadow_variance([0.0] * 30)
    with pytest.raises(InputError, match="without gaps"):
        shadow_variance([float("nan")] * 30)
