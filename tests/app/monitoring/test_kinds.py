"""The kinds of monitors with limits: what is missing is inconclusive, what is odd is named, and no NaN passes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.monitoring import declaration, monitor, onsets
from app.monitoring.onsets import Alarm
from ledger.errors import InputError, Refused

COMMON = {
    "monitor": "m",
    "subject": "model/p/m",
    "window": 3,
    "severity": "warning",
    "route": "desk",
    "clear_after": 2,
}
NAN = float("nan")


def made(reference=None, **options):
    (item,) = declaration.read({"monitors": [{**COMMON, **options}]}, "m.yaml")
    return monitor.configure(item, reference or {})


def latency(**options):
    return made(**{"kind": "latency", "series": "latency", "limit": 100, **options})


def test_latency_is_a_point_of_all_answers():
    days = np.arange(1, 301, dtype=float).reshape(3, 100)
    seen = latency(limit=280).observe({"latency": days})
    assert seen.value == pytest.approx(np.quantile(days, 0.95))
    assert seen.verdict == "breached"
    assert set(seen.detail) >= {"p50", "p95", "p99"}
    assert latency(limit=280, statistic="p50").observe({"latency": days}).verdict == "quiet"
    assert latency(limit=290, statistic="p99").observe({"latency": days}).value == pytest.approx(
        np.quantile(days, 0.99)
    )


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([1.0, 2.0, 3.0], "quiet"),
        ([1.0, 2.0, 300.0], "breached"),
        ([1.0, NAN, 3.0], "inconclusive"),
        ([NAN, NAN, 300.0], "breached"),
        ([NAN, NAN, NAN], "inconclusive"),
        ([], "inconclusive"),
        ([1.0, 2.0], "inconclusive"),
        ([1.0, 2.0, np.inf], "inconclusive"),
    ],
)
def test_missing_days_are_inconclusive_unless_what_there_is_breaks_the_limit(values, verdict):
    seen = latency(statistic="p99").observe({"latency": np.array(values)})
    assert seen.verdict == verdict
    json.dumps(seen.document(), allow_nan=False)


def test_cost_and_freshness_have_their_own_statistics():
    cost = made(kind="cost", series="cost", limit=2)
    assert cost.observe({"cost": np.full((3, 5), 1.5)}).value == 1.5
    total = made(kind="cost", series="cost", limit=2, statistic="total")
    assert total.observe({"cost": np.full((3, 5), 1.5)}).verdict == "breached"
    fresh = made(kind="freshness", series="age", limit=4, window=1)
    assert fresh.observe({"age": np.array([1.0, 5.0])}).verdict == "breached"


def test_a_limit_may_be_calibrated_and_is_refused_with_too_few_windows():
    generator = np.random.default_rng(1)
    reference = {"latency": generator.lognormal(1, 0.1, (200, 20))}
    rule = {"windows": "separate", "sigmas": 3, "minimum": 24}
    found = made(reference, kind="latency", series="latency", calibration=rule)
    assert found.document()["windows"] == 66
    assert found.observe({"latency": generator.lognormal(1, 0.1, (3, 20))}).verdict == "quiet"
    assert found.observe({"latency": generator.lognormal(2, 0.1, (3, 20))}).verdict == "breached"
    with pytest.raises(Refused, match="too few"):
        made({"latency": np.ones((9, 2))}, kind="latency", series="latency", calibration=rule)


def quality(**options):
    return made(**{"kind": "quality", "series": ["a", "b"], "limit": 0.1, **options})


@pytest.mark.parametrize(
    ("series", "verdict", "value"),
    [
        ({"a": np.ones(3), "b": np.ones((3, 4))}, "quiet", 0.0),
        ({"a": np.array([1.0, NAN, 1.0]), "b": np.ones(3)}, "breached", 1 / 3),
        ({"a": np.array([1.0, np.inf, 1.0]), "b": np.ones(3)}, "breached", 1 / 3),
        ({"a": np.ones(3)}, "breached", 1.0),
        ({"a": np.full(3, NAN), "b": np.ones(3)}, "breached", 1.0),
        ({"a": np.empty(0), "b": np.empty(0)}, "inconclusive", None),
    ],
)
def test_quality_counts_what_is_missing_or_infinite(series, verdict, value):
    seen = quality().observe(series)
    assert (seen.verdict, seen.value) == (verdict, None if value is None else pytest.approx(value))
    json.dumps(seen.document(), allow_nan=False)


def test_quality_knows_a_range():
    seen = quality(series=["a"], low=0, high=10, limit=0.3).observe({"a": np.array([-1.0, 5.0, 11.0])})
    assert (seen.verdict, seen.value) == ("breached", pytest.approx(2 / 3))


def parity(**options):
    return made(**{"kind": "parity", "pairs": {"a": "served_a"}, "limit": 0.0, **options})


@pytest.mark.parametrize(
    ("served", "verdict"),
    [
        ([1.0, 2.0, 3.0], "quiet"),
        ([1.0, 2.0, 3.1], "breached"),
        ([1.0, 2.0, NAN], "breached"),
        ([1.0, 2.0], "breached"),
    ],
)
def test_parity_takes_unknown_for_unequal(served, verdict):
    assert parity().observe({"a": np.array([1.0, 2.0, 3.0]), "served_a": np.array(served)}).verdict == verdict


def test_what_a_look_lacks_is_named():
    with pytest.raises(InputError, match="there is no series latency"):
        latency().observe({})
    with pytest.raises(InputError, match="there is no series served_a"):
        parity().observe({"a": np.ones(3)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "latency", "series": "x"}, "calibration"),
        ({"kind": "latency", "series": "x", "limit": 1, "statistic": "p42"}, "p50, p95, p99"),
        ({"kind": "latency", "series": "x", "limit": 1, "calibration": {}}, "not both"),
        ({"kind": "latency", "series": "x", "limit": -1}, "limit must lie above"),
        ({"kind": "latency", "series": "x", "limit": 1, "colour": 2}, "'colour' is no setting"),
        ({"kind": "quality", "series": ["x"], "limit": 1}, "could never be exceeded"),
        ({"kind": "quality", "series": "x", "limit": 0}, "must list"),
        ({"kind": "quality", "series": ["x"], "limit": 0, "low": 2, "high": 1}, "low must lie below high"),
        ({"kind": "parity", "pairs": {}, "limit": 0}, "pairs must map"),
        ({"kind": "latency", "series": "x", "limit": 1, "raise_after": 0}, "raise_after"),
        ({"kind": "latency", "series": "x", "limit": 1, "acknowledge_within": "soon", "escalate_to": "a"}, "4h or 2d"),
        ({"kind": "latency", "series": "x", "limit": 1, "acknowledge_within": "4h"}, "belong together"),
        ({"kind": "weather", "series": "x"}, "is no kind"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        made(**options)


def test_what_is_declared_besides_is_in_the_document_and_nothing_else():
    (plain,) = declaration.read({"monitors": [{**COMMON, "kind": "latency", "series": "x", "limit": 1}]}, "m")
    assert "raise_after" not in plain.document()
    more = {"raise_after": 2, "acknowledge_within": "2d", "escalate_to": "heads"}
    (item,) = declaration.read({"monitors": [{**COMMON, "kind": "latency", "series": "x", "limit": 1, **more}]}, "m")
    assert item.document() | more == item.document()
    assert item.patience is not None
    assert item.patience.days == 2


def test_business_impact_counts_exceptions_as_basel_does():
    seen = made(kind="business", series="e", window=250, level=0.99, zone="red").observe({"e": np.ones(250)})
    assert (seen.kind, seen.verdict, seen.detail["zone"]) == ("business", "breached", "red")


def days(text):
    words = {"b": "breached", "q": "quiet", "?": "inconclusive"}
    return [(f"d{n:02}", words[each]) for n, each in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "clear", "after", "begun"),
    [
        ("bqbqbqb", 2, 1, ["d00"]),
        ("bqqbqqb", 2, 1, ["d00", "d03", "d06"]),
        ("bqbqbqb", 2, 2, []),
        ("bbqbb", 2, 2, ["d01"]),
        ("b?b", 2, 2, ["d02"]),
        ("b??b", 2, 1, ["d00"]),
        ("bq?qb", 2, 1, ["d00", "d04"]),
    ],
)
def test_flapping_is_damped_in_both_directions(text, clear, after, begun):
    assert list(onsets.onsets(days(text), clear, after)) == begun


def test_an_alarm_goes_on_from_its_state():
    alarm, change = Alarm(2, raise_after=2).step("breached")
    assert (alarm.active, change) == (False, "none")
    alarm, change = alarm.step("breached")
    assert (alarm.active, change) == (True, "raised")
