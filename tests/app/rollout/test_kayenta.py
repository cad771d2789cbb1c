"""Kayenta's judge on its own published cases, and where they say nothing, by its documented rules."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from app.rollout import kayenta, ranks
from app.rollout.kayenta import Classification, Metric, Setting
from ledger.errors import InputError

CASES = Path(__file__).parents[3] / ".." / "shared" / "reference" / "kayenta_classifier_part.json"
CLASSIFIERS = {"MannWhitneyClassifier": kayenta.classify, "MeanInequalityClassifier": kayenta.mean_inequality}


def setting(case):
    pairs = {"allowed": "effectSizeThresholds", "critical_at": "criticalThresholds"}
    given = {key: tuple(case[name]) for key, name in pairs.items() if name in case}
    return Setting(
        direction=case["direction"],
        nan_strategy=case["nanStrategy"],
        critical=case["isCriticalMetric"],
        must_have_data=case["isDataRequired"],
        measure=case.get("effectSizeMeasure", "meanRatio"),
        tolerance=case.get("tolerance", kayenta.TOLERANCE),
        confidence=case.get("confLevel", kayenta.CONFIDENCE),
        **given,
    )


@pytest.mark.skipif(not CASES.is_file(), reason="the published cases are not beside the repository")
def test_its_published_cases():
    cases = json.loads(CASES.read_text())["cases"]
    assert cases
    for case in cases:
        found = CLASSIFIERS[case["classifier"]](case["control"], case["experiment"], setting(case))
        assert found.label == case["expected_classification"], case["name"]
        if "expected_critical" in case:
            assert found.critical == case["expected_critical"], case["name"]
        if case.get("expected_deviation") == "NaN":
            assert math.isnan(found.deviation), case["name"]
        elif "expected_deviation" in case:
            assert found.deviation == case["expected_deviation"], case["name"]


UP, DOWN = [20.0, 22.0, 21.0, 25.0, 30.0], [1.0, 2.2, 1.1, 2.5, 3.0]


@pytest.mark.parametrize(
    ("control", "experiment", "how", "label", "critical"),
    [
        (DOWN, UP, {}, "High", False),
        (UP, DOWN, {}, "Low", False),
        (DOWN, UP, {"direction": "Decrease"}, "Pass", False),
        (UP, DOWN, {"direction": "Increase"}, "Pass", False),
        (DOWN, UP, {"allowed": (1.0, 5.0), "critical_at": (1.0, 13.0), "critical": True}, "High", False),
        (DOWN, UP, {"critical": True}, "High", True),
        ([10.0, 20.2, 10.1, 20.5, 30.0], [2.0, 2.0, 2.0, 2.0, 3.0], {"critical": True}, "Low", True),
        ([1.0] * 5, [10.0] * 5, {}, "High", False),
        ([0.0] * 5, [10.0] * 5, {}, "High", False),
        ([1.0, 1.0], [1.0, 1.0, 1.0], {}, "Pass", False),
        ([1.0] * 5, [0.0, 1.0, 1.0, 1.0, 1.0], {"direction": "decrease"}, "Pass", False),
        ([54.9, 54.5, 55.1, 55.6, 57.4], [0.0] * 5, {"allowed": (0.8, 1.2)}, "Low", False),
        ([1.0, 2.0], [], {}, "Nodata", False),
        ([1.0, 2.0], [], {"must_have_data": True}, "NodataFailMetric", False),
        ([1.0, 2.0], [], {"must_have_data": True, "critical": True}, "Nodata", True),
        ([1.0, 2.0], [], {"nan_strategy": "replace"}, "Pass", False),
        ([math.nan] * 3, [1.0, 2.0], {}, "Nodata", False),
    ],
)
def test_its_rules(control, experiment, how, label, critical):
    found = kayenta.classify(control, experiment, Setting(**{"tolerance": 0.1, "confidence": 0.95, **how}))
    assert (found.label, found.critical) == (label, critical)
    json.dumps(found.document(), allow_nan=False)


def test_missing_values_are_zero_where_they_are_replaced():
    many = kayenta.classify([math.nan] * 9 + [1.0], [50.0] * 9 + [51.0], Setting(nan_strategy="replace"))
    assert many.label == "High"


def test_outliers_are_removed_beyond_the_wider_fence():
    generator = np.random.default_rng(1)
    base = generator.normal(10, 1, 60)
    wild = np.append(generator.normal(10, 1, 60), [1e9] * 1)
    assert kayenta.classify(base, wild, Setting(direction="increase", outliers=3.0)).label == "Pass"


def test_an_infinite_value_is_refused():
    with pytest.raises(InputError, match="infinite"):
        kayenta.classify([1.0, math.inf], [1.0, 2.0])


@pytest.mark.parametrize(
    "change", [{"direction": "sideways"}, {"measure": "vibes"}, {"nan_strategy": "hope"}, {"confidence": 1.0}]
)
def test_a_setting_that_means_nothing_is_refused(change):
    with pytest.raises(InputError):
        Setting(**change)


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_is_that_of_the_test_turned_round(seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(1, 2, 40).round(1), generator.normal(0, 1, 55).round(1)
    low, high, estimate = ranks.shift(x, y, 0.95)
    assert estimate == pytest.approx(np.median(np.subtract.outer(x, y)), abs=0.06), "the Hodges-Lehmann estimate"
    assert low < estimate < high
    for inside, mu in ((True, low + 0.11), (True, high - 0.11), (False, low - 0.11), (False, high + 0.11)):
        p = stats.mannwhitneyu(x - mu, y, method="asymptotic", use_continuity=True).pvalue
        assert (p > 0.05) == inside


def test_the_statistic_is_scipys():
    generator = np.random.default_rng(3)
    x, y = generator.integers(0, 9, 30).astype(float), generator.integers(1, 10, 25).astype(float)
    p = 2 * stats.norm.sf(abs(ranks.standardised(x, np.sort(y))))
    assert p == pytest.approx(stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=True).pvalue)
    pairs = (np.subtract.outer(x, y) > 0).mean() + (np.subtract.outer(x, y) == 0).mean() / 2
    assert ranks.common_language(x, y) == pytest.approx(pairs)


def metric(name, bad=False, groups=("a",), **changes):
    how = Setting(**{key: value for key, value in changes.items() if key != "muted"})
    return Metric(name, DOWN, UP if bad else DOWN, groups, how, changes.get("muted", False))


@pytest.mark.parametrize(
    ("metrics", "weights", "score"),
    [
        ([metric("p")], {}, 100.0),
        ([metric("p", bad=True)], {}, 0.0),
        ([metric("p"), metric("q", bad=True)], {}, 50.0),
        ([metric("p"), metric("q", bad=True), metric("r", bad=True)], {}, 33.33),
        ([metric("p"), metric("q"), metric("r", bad=True, groups=("b",))], {"a": 75.0, "b": 25.0}, 75.0),
        ([metric("p"), metric("q", bad=True), metric("r", bad=True, groups=("b",))], {"a": 50.0, "b": 50.0}, 25.0),
        ([metric("p"), metric("q", bad=True, critical=True)], {}, 0.0),
        ([metric("p"), metric("q", bad=True, muted=True)], {}, 100.0),
        ([metric("p"), metric("q", bad=True, groups=("b",))], {"a": 80.0}, 80.0),
    ],
)
def test_its_scores(metrics, weights, score):
    assert kayenta.judge(metrics, weights=weights).score == score


def test_half_of_the_metrics_without_data_fail_it():
    found = kayenta.judge([metric("p"), Metric("q", [1.0, 2.0], [])])
    assert (found.score, found.verdict) == (0.0, "Fail")
    assert "no data" in found.reason
    third = kayenta.judge([metric("p"), metric("r"), Metric("q", [1.0, 2.0], [], ("b",))])
    assert third.score == 100.0, "a group without data neither helps nor hurts"
    assert third.groups["b"] is None


def test_verdicts_by_the_score():
    metrics = [metric(f"m{n}", bad=n == 0) for n in range(5)]
    assert kayenta.judge(metrics, pass_at=90, marginal_at=75).verdict == "Marginal"
    assert kayenta.judge(metrics, pass_at=80, marginal_at=75).verdict == "Pass"
    json.dumps(kayenta.judge(metrics).document(), allow_nan=False)


@pytest.mark.parametrize("given", [([], {}), ([metric("p"), metric("p")], {}), ([metric("p")], {"a": 101.0})])
def test_what_cannot_be_judged_is_refused(given):
    with pytest.raises(InputError):
        kayenta.judge(given[0], weights=given[1])


def test_a_classification_is_a_plain_document():
    assert Classification("Pass", "", math.nan, False).document()["deviation"] is None
