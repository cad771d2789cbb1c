"""Declared monitors: calibrated or refused, and honest about what they cannot see."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.monitoring import basel, bias, calibration, declaration, monitor, onsets
from ledger.errors import InputError, Refused

REFERENCE = Path(__file__).parents[3] / ".." / "shared" / "reference"
COMMON = {
    "monitor": "m",
    "subject": "model/p/x",
    "window": 21,
    "severity": "warning",
    "route": "team",
    "clear_after": 5,
}
DRIFT = {
    **COMMON,
    "kind": "drift",
    "statistic": "ks",
    "features": {"a": "up", "b": "two-sided"},
    "calibration": {"windows": "rolling"},
    "share": 0.5,
}
PERFORMANCE = {**COMMON, "kind": "performance", "series": "error", "calibration": {}}
BASEL = {**COMMON, "kind": "basel", "window": 250, "series": "hit", "level": 0.99, "zone": "yellow"}
BIAS = {
    **COMMON,
    "kind": "bias",
    "window": 300,
    "series": "error",
    "units": ["A", "B", "C", "D"],
    "groups": {"left": ["A", "B"], "right": ["C", "D"]},
    "gap": 0.1,
    "block": 10,
    "resamples": 500,
    "confidence": 0.95,
    "seed": 1,
}


def one(item):
    return declaration.read({"monitors": [item]}, "monitors.yaml")[0]


def noise(days=400, units=6, seed=0):
    return np.random.default_rng(seed).normal(size=(days, units))


@pytest.fixture
def drift():
    return monitor.configure(one(DRIFT), {"a": noise(seed=1), "b": noise(seed=2)})


def test_quiet_where_nothing_changed_and_breached_where_it_did(drift):
    calm = {"a": noise(21, seed=3), "b": noise(21, seed=4)}
    assert drift.observe(calm).verdict == "quiet"
    seen = drift.observe({**calm, "a": calm["a"] + 2})
    assert (seen.verdict, seen.value, seen.detail["fired"]) == ("breached", 0.5, ["a"])
    assert seen.n == 21 * 6
    assert drift.observe({**calm, "a": calm["a"] - 2}).verdict == "quiet", "down is not the side that counts"
    assert drift.observe({**calm, "b": calm["b"] - 2}).verdict == "breached", "two-sided takes both"


def test_a_verdict_carries_its_inputs_and_is_json(drift):
    window = {"a": noise(21, seed=3), "b": noise(21, seed=4)}
    first, again = drift.observe(window), drift.observe(window)
    assert first == again
    assert first.inputs == calibration.digest(window)
    json.dumps(first.document(), allow_nan=False)
    json.dumps(drift.document(), allow_nan=False)
    window["a"] = window["a"] + 1e-9
    assert drift.observe(window).inputs != first.inputs


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_missing_data_never_pass(drift, hole):
    window = {"a": noise(21, seed=3), "b": noise(21, seed=4)}
    window["a"][3, 2] = hole
    seen = drift.observe(window)
    assert (seen.verdict, seen.value, seen.detail["unknown"]) == ("inconclusive", None, ["a"])
    assert not seen.breached
    seen = drift.observe({"a": window["b"][:5], "b": window["b"]})
    assert seen.verdict == "inconclusive"


def test_one_feature_that_fires_is_enough_whatever_is_missing(drift):
    window = {"a": np.full((21, 6), np.nan), "b": noise(21, seed=4) + 3}
    assert drift.observe(window).verdict == "breached"


def test_an_empty_window_and_a_constant_one_are_named(drift):
    empty = drift.observe({"a": np.empty((0, 6)), "b": np.empty((0, 6))})
    assert empty.verdict == "inconclusive"
    constant = drift.observe({"a": np.zeros((21, 6)), "b": noise(21, seed=4)})
    assert constant.detail["constant"] == ["a"]


def test_a_series_that_is_not_given_is_an_error(drift):
    with pytest.raises(InputError, match="no series b; there are a"):
        drift.observe({"a": noise(21)})


def test_a_threshold_that_cannot_be_passed_is_refused():
    """One slow number a day: windows of it lie anywhere in the reference, so that no distance is unusual."""
    slow = np.sin(np.arange(400) / 60)
    item = {**DRIFT, "features": {"slow": "up"}}
    with pytest.raises(Refused, match=r"could never fire: .* slow 1\.\d"):
        monitor.configure(one(item), {"slow": slow})
    both = monitor.configure(one({**DRIFT, "features": {"slow": "up", "a": "up"}}), {"slow": slow, "a": noise()})
    assert both.document()["armed"] == ["a"]
    assert both.observe({"slow": slow[:21], "a": noise(21) + 3}).value == 1.0, "only armed features are counted"


def test_too_few_reference_windows_are_refused():
    with pytest.raises(Refused, match="23 reference windows are too few"):
        monitor.configure(one(DRIFT), {"a": noise(43), "b": noise(43)})
    separate = {**DRIFT, "calibration": {"windows": "separate"}}
    with pytest.raises(Refused, match="19 reference windows"):
        monitor.configure(one(separate), {"a": noise(400), "b": noise(400)})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_reference_with_gaps_is_refused(bad):
    hole = noise()
    hole[7, 1] = bad
    with pytest.raises(Refused, match="empty or has gaps"):
        monitor.configure(one(DRIFT), {"a": hole, "b": noise()})


def test_open_labels_are_no_zeros():
    ready = monitor.configure(one(PERFORMANCE), {"error": noise(seed=5) * 0.1})
    late = np.full((30, 6), 1.0)
    late[21:] = np.nan
    seen = ready.observe({"error": late})
    assert (seen.verdict, seen.value, seen.n) == ("breached", 1.0, 21 * 6)
    seen = ready.observe({"error": late[5:]})
    assert (seen.verdict, seen.value) == ("inconclusive", None)
    assert "16 of 21 days have closed labels" in seen.detail["reason"]


def test_the_threshold_is_mean_plus_three_deviations_of_past_windows():
    errors = noise(200, 1, seed=8)
    ready = monitor.configure(one(PERFORMANCE), {"error": errors})
    means = [errors[start : start + 21].mean() for start in range(200 - 20)]
    assert ready.threshold == pytest.approx(np.mean(means) + 3 * np.std(means), rel=1e-12)


@pytest.mark.parametrize(("count", "zone"), [(0, "green"), (4, "green"), (5, "yellow"), (9, "yellow"), (10, "red")])
def test_zones(count, zone):
    ready = monitor.configure(one(BASEL), {})
    hits = np.zeros(250)
    hits[:count] = 1
    seen = ready.observe({"hit": hits})
    assert (seen.detail["zone"], seen.value, seen.breached) == (zone, count, count >= 5)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published figures are not beside the checkout")
def test_zones_and_plus_factors_are_the_committees():
    table = json.loads((REFERENCE / "basel_traffic_light.json").read_text())
    for name, (low, high) in table["zones"].items():
        assert basel.zone(low) == basel.zone(high) == name
    for count, plus in table["plus_factor"].items():
        assert basel.plus(int(count)) == plus
    assert basel.plus(4) == 0
    assert basel.plus(200) == 1


def test_a_short_history_is_no_green_zone():
    ready = monitor.configure(one(BASEL), {})
    assert ready.observe({"hit": np.zeros(249)}).verdict == "inconclusive"
    assert ready.observe({"hit": np.ones(9)}).verdict == "breached"
    holes = np.zeros(250)
    holes[3] = np.nan
    assert ready.observe({"hit": holes}).verdict == "inconclusive"


def test_zones_hold_for_their_window_and_level_only():
    with pytest.raises(Refused, match="zones hold for a 99% value-at-risk over 250 days"):
        monitor.configure(one({**BASEL, "window": 100}), {})


def test_a_planted_group_bias_is_found_and_its_absence_said():
    ready = monitor.configure(one(BIAS), {})
    errors = noise(300, 4, seed=9)
    seen = ready.observe({"error": errors})
    low, high = seen.detail["interval"]
    assert seen.verdict == "quiet"
    assert low < 0 < high
    errors[:, :2] += 1
    seen = ready.observe({"error": errors})
    assert (seen.verdict, seen.detail["between"]) == ("breached", ["left", "right"])
    assert seen.value == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("days", [300, 301, 309])
def test_the_interval_is_that_of_resampled_blocks(days):
    generator = np.random.default_rng(days)
    left, right = generator.normal(size=days), generator.normal(0.2, 1, size=days)
    found = bias.gap({"a": left, "b": right}, block=10, resamples=500, confidence=0.9, seed=3)
    starts = np.random.default_rng(3).integers(0, days - 9, (500, -(-days // 10)))
    samples = [np.concatenate([(right - left)[at : at + 10] for at in row])[:days].mean() for row in starts]
    assert [found.low, found.high] == pytest.approx(np.quantile(samples, [0.05, 0.95]), rel=1e-12, abs=1e-14)


def test_blocks_widen_the_interval_of_dependent_days():
    walk = np.repeat(noise(30, 1, seed=3)[:, 0], 10)
    groups = {"a": walk, "b": np.zeros(300)}
    single = bias.gap(groups, block=1, resamples=2000, confidence=0.95, seed=0)
    blocks = bias.gap(groups, block=10, resamples=2000, confidence=0.95, seed=0)
    assert blocks.high - blocks.low > 2 * (single.high - single.low)


def test_few_blocks_are_inconclusive_or_refused():
    ready = monitor.configure(one(BIAS), {})
    assert ready.observe({"error": noise(299, 4)}).verdict == "inconclusive"
    with pytest.raises(Refused, match="could never conclude"):
        monitor.configure(one({**BIAS, "window": 250}), {})


def test_alarms_last_until_enough_quiet_days():
    story = "qqbqqbqqqqq" + "b" + "qqqqiq" + "b"
    verdicts = [(f"{n:02}", {"q": "quiet", "b": "breached", "i": "inconclusive"}[each]) for n, each in enumerate(story)]
    assert onsets.onsets(verdicts, 5) == ("02", "11", "18")
    assert onsets.onsets(verdicts, 6) == ("02",), "an inconclusive day is no quiet one"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "astrology"}, "is no kind; known are"),
        ({"window": 0}, "window must be a number of days"),
        ({"window": "21"}, "window must be a number of days"),
        ({"severity": "bad"}, "severity is one of"),
        ({"statistic": "vibes"}, "is ks"),
        ({"share": 1.5}, "share must lie above 0"),
        ({"share": float("nan")}, "share must be a number"),
        ({"features": {"a": "sideways"}}, "is none of two-sided, up, down"),
        ({"features": {"z": "up"}}, "no feature z; it has a, b"),
        ({"calibration": {"sigma": 3}}, "calibration has no 'sigma'"),
        ({"calibration": {"sigmas": float("nan")}}, "are numbers"),
        ({"calibration": {"minimum": 3}}, "minimum ≥ 24"),
        ({"calibration": {"skip": 2.5}}, "whole numbers"),
        ({"colour": "red"}, "'colour' is no setting"),
        ({"route": None}, "route must be a text"),
    ],
)
def test_a_malformed_declaration_says_what_is_wrong(change, words):
    with pytest.raises(InputError, match=words):
        monitor.configure(one({**DRIFT, **change}), {"a": noise(), "b": noise()})


def test_two_monitors_of_one_name_and_a_missing_key_are_refused():
    with pytest.raises(InputError, match="two monitors are called 'm'"):
        declaration.read({"monitors": [DRIFT, BASEL]}, "f")
    short = {key: value for key, value in DRIFT.items() if key != "route"}
    with pytest.raises(InputError, match="monitor m lacks route:"):
        declaration.read({"monitors": [short]}, "f")
    for bad in (None, {}, {"monitors": []}, {"monitors": ["x"]}):
        with pytest.raises(InputError, match="f: "):
            declaration.read(bad, "f")


def test_what_was_read_from_a_file_names_the_line_of_the_key():
    lines = {("monitors", 0): 2, ("monitors", 0, "share"): 5, ("monitors", 0, "window"): 4, ("monitors", 1): 9}

    def where(place):
        return f"m.yaml, line {lines[max((each for each in lines if place[: len(each)] == each), key=len)]}"

    def read(*items):
        return declaration.read({"monitors": list(items)}, "m.yaml", where)

    with pytest.raises(InputError, match=r"^m.yaml, line 4: monitor m: window must be a number of days, not '3'"):
        read({**DRIFT, "window": "3"})
    with pytest.raises(InputError, match=r"^m.yaml, line 9: two monitors are called 'm'"):
        read(DRIFT, BASEL)
    with pytest.raises(InputError, match=r"^m.yaml, line 2: monitor m lacks route:"):
        read({key: value for key, value in DRIFT.items() if key != "route"})
    reference = {"a": noise(), "b": noise()}
    with pytest.raises(InputError, match=r"^m.yaml, line 5: monitor m: share must"):
        monitor.configure(read({**DRIFT, "share": 0})[0], reference)
    with pytest.raises(InputError, match=r"^m.yaml, line 2: monitor m: calibration has no 'sigma'"):
        monitor.configure(read({**DRIFT, "calibration": {"sigma": 3}})[0], reference)


def test_a_declaration_goes_through_its_document():
    declared = one(DRIFT)
    assert one(declared.document()) == declared
