"""Distances against published figures and against SciPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from app.monitoring import statistics

REFERENCE = Path(__file__).parents[3] / ".." / "shared" / "reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published figures are not beside the checkout")

values = st.lists(
    st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6, allow_nan=False)), min_size=1, max_size=60
)


def published(name: str):
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@given(values, values)
def test_ks_is_scipys(left, right):
    a, b = statistics.sample(left), statistics.sample(right)
    assert statistics.ks(a, b) == pytest.approx(ks_2samp(a, b, method="asymp").statistic, abs=1e-12)
    up = max(float(ks_2samp(a, b, alternative="greater", method="asymp").statistic), 0.0)
    assert statistics.ks(a, b, "up") == pytest.approx(up, abs=1e-12)
    assert statistics.ks(a, b, "down") == pytest.approx(statistics.ks(b, a, "up"), abs=1e-12)


@given(values, values)
def test_wasserstein_is_scipys(left, right):
    from scipy.stats import wasserstein_distance

    a, b = statistics.sample(left), statistics.sample(right)
    assert statistics.wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b), rel=1e-9, abs=1e-9)


def test_upwards_means_that_the_current_sample_lies_higher():
    low, high = statistics.sample(np.arange(100.0)), statistics.sample(np.arange(100.0) + 50)
    assert statistics.ks(low, high, "up") == 0.5
    assert statistics.ks(low, high, "down") == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_is_scipys(p):
    from scipy.stats import false_discovery_control

    found = statistics.benjamini_hochberg(p)
    np.testing.assert_allclose(found.adjusted, false_discovery_control(p), atol=1e-12)


@needs_reference
def test_benjamini_hochberg_on_the_papers_trial():
    case = published("bh1995.json")
    found = statistics.benjamini_hochberg(case["p"], case["q"])
    assert sum(found.rejected) == case["bh_rejections"] == 4
    np.testing.assert_allclose(found.adjusted, case["bh_adjusted_scipy_false_discovery_control"], rtol=1e-12)


@needs_reference
def test_psi_on_the_hand_example_and_its_null_law():
    case = published("psi.json")
    hand = case["hand_example"]
    assert statistics.psi(hand["expected_pct"], hand["actual_pct"]) == pytest.approx(hand["psi"], rel=1e-12)
    for null in case["null_check"]:
        from scipy.stats import chi2

        law = chi2.ppf(0.95, null["bins"] - 1) * (1 / null["N"] + 1 / null["M"])
        assert round(law, 4) == null["crit95_asymptotic"]
    assert statistics.psi_threshold(10_000, 10_000) == 0.10
    assert statistics.psi_threshold(630, 21) > 0.8


@needs_reference
def test_jensen_shannon_and_wasserstein_on_scipys_examples():
    case = published("scipy_docs_js_wasserstein.json")
    for each in case["jensenshannon"]:
        assert statistics.jensen_shannon(each["p"], each["q"], each["base"]) == pytest.approx(
            each["expected"], abs=1e-12
        )
    for each in case["wasserstein"]:
        if each["u_weights"] is None:
            found = statistics.wasserstein(statistics.sample(each["u"]), statistics.sample(each["v"]))
            assert found == pytest.approx(each["expected"], rel=1e-12)


def test_chi_square_is_scipys_contingency_test():
    from scipy.stats import chi2_contingency

    rows = [10, 20, 30, 0], [12, 15, 33, 0]
    expected = chi2_contingency(np.array(rows)[:, :3], correction=False)
    found = statistics.chi_square(*rows)
    assert (found.statistic, found.freedom) == (pytest.approx(expected.statistic), expected.dof)
    assert found.probability == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [float("inf")]])
def test_missing_and_infinite_values_never_become_a_sample(bad):
    with pytest.raises(ValueError, match="the sample"):
        statistics.sample(bad)


def test_a_p_value_that_is_none_is_refused():
    with pytest.raises(ValueError, match="outside"):
        statistics.benjamini_hochberg([0.1, float("nan")])


def test_repeated_values_give_fewer_bins_not_empty_ones():
    edges = statistics.decile_edges(statistics.sample([1.0] * 95 + [2.0] * 5))
    assert list(edges) == [1.0]
    assert statistics.shares(statistics.sample([1.0, 2.0]), edges).tolist() == [0.5, 0.5]
