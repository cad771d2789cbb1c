"""The measures of a panel: right on what can be reckoned by hand, and blind to the future."""

import unittest

import numpy as np
from fxvol import measures


class Measures(unittest.TestCase):
    """Two currencies over thirty days."""

    def setUp(self) -> None:
        steps = np.random.default_rng(5).normal(0, 0.01, (30, 2))
        self.rates = np.exp(np.cumsum(steps, axis=0))

    def test_a_currency_that_falls_loses(self) -> None:
        gains = measures.returns(np.array([[1.0], [1.1]]))
        assert np.isnan(gains[0, 0])
        assert np.isclose(gains[1, 0], -np.log(1.1))

    def test_equal_moves_have_their_own_size_as_volatility(self) -> None:
        gains = measures.returns(np.exp(np.arange(10.0) * 0.01)[:, None])
        volatility = measures.realised(gains, 5)
        assert np.isnan(volatility[:5]).all()
        assert np.allclose(volatility[5:], 0.01 * np.sqrt(measures.DAYS_PER_YEAR))

    def test_a_day_s_measures_know_nothing_of_the_days_after_it(self) -> None:
        whole = measures.realised(measures.returns(self.rates), 5)
        cut = measures.realised(measures.returns(self.rates[:20]), 5)
        assert np.array_equal(whole[:20], cut, equal_nan=True)


if __name__ == "__main__":
    unittest.main()
