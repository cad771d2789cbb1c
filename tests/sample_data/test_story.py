"""The demo's story comes out of the computing: on the real rates as the study tells it, on other rates otherwise."""

from __future__ import annotations

import pytest

from tests.sample_data import live, story


@pytest.fixture(scope="module")
def watched(v1, tmp_path_factory):
    return live.watch(v1, tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def scorer(v1, v2, whole):
    return story.scorer(whole, {"v1": v1.model, "v2": v2.model})


def between(scorer, first, last):
    return tuple(day for day in scorer.days if first <= day <= last)


def test_the_rule_that_could_never_fire_is_refused(watched):
    assert list(watched.refused) == ["market-drift"]
    assert "could never fire" in watched.refused["market-drift"]


def test_eight_of_nine_features_are_armed(watched):
    document = watched.monitors["feature-drift"].document()
    assert len(document["armed"]) == 8
    assert "market_volatility" not in document["armed"]
    assert document["features"]["market_volatility"]["threshold"] > 1


def test_drift_begins_in_march_and_september_2008(scorer, watched):
    drift = watched.monitors["feature-drift"]
    seen = live.observe(scorer, drift, "v1", between(scorer, "2007-06-01", "2009-06-30"), 21)
    assert live.begun(seen, drift) == ("2008-03-25", "2008-09-17")
    lehman = dict(seen)["2008-09-17"]
    assert (len(lehman.detail["fired"]), lehman.detail["armed"], lehman.value) == (4, 8, 0.5)
    assert lehman.n == 21 * 15


def test_forecasts_are_too_low_from_the_same_day(scorer, watched):
    bias = watched.monitors["forecast-bias"]
    seen = dict(live.observe(scorer, bias, "v1", between(scorer, "2008-08-01", "2008-09-30"), 21))
    assert round(bias.threshold, 3) == 0.188
    assert round(seen["2008-09-17"].value, 3) == 0.197
    assert seen["2008-09-17"].breached
    assert not seen["2008-09-16"].breached


def test_basel_zones_turn_yellow_and_red(scorer, watched):
    zones = watched.monitors["value-at-risk"]
    seen = live.observe(scorer, zones, "v1", between(scorer, "2007-07-02", "2009-03-31"), 250)
    assert next(day for day, each in seen if each.breached) == "2008-06-06"
    assert next(day for day, each in seen if each.detail["zone"] == "red") == "2009-02-11"
    assert all(each.verdict != "quiet" for _, each in seen[:249])


def test_groups_do_not_differ(scorer, watched):
    bias = watched.monitors["group-bias"]
    (_, seen), *_ = reversed(live.observe(scorer, bias, "v1", between(scorer, "2006-09-01", "2008-05-02"), 300))
    low, high = seen.detail["interval"]
    assert seen.verdict == "quiet"
    assert low < 0 < high
    assert seen.value < 0.02


def test_the_retrained_model_is_promoted_on_its_evidence(scorer, whole):
    plan, steps = live.canary(scorer, whole, "v1", "v2", "2008-10-01")
    last = steps[-1]
    assert (last.decision, last.final) == ("promote", True)
    assert last.evidence["promote"] >= plan.promote_at == 20
    assert all(each.decision == "hold" for each in steps[:-1])
    assert last.number == len(steps) > plan.minimum_days
    assert max(each.evidence["roll_back"] for each in steps) < plan.roll_back_at
    assert len(story.canary_slice(whole).accounts) == 50


def test_another_2008_gives_other_digests_alarms_and_verdicts(v1, v2, scorer, whole, watched, tmp_path):
    """No date, verdict or metric stands in the code: with 2008's moves at two thirds, the same code tells another story."""
    rates = story.shaken(tmp_path / "rates.zip", "2008", 2 / 3)
    calm = story.train(tmp_path / "v2", rates=rates, until="2008-09-30", first="2005-10-01", last="2008-09-30")
    assert calm.model.read_bytes() != v2.model.read_bytes()
    same = story.first_model(tmp_path / "v1", rates)
    assert same.model.read_bytes() == v1.model.read_bytes(), "v1 saw nothing of 2008"
    other = story.scorer(tmp_path, {"v1": same.model, "v2": calm.model}, rates=rates)
    drift = watched.monitors["feature-drift"]
    days = between(scorer, "2008-01-02", "2008-12-31")
    real = live.begun(live.observe(scorer, drift, "v1", days, 21), drift)
    told = live.begun(live.observe(other, drift, "v1", days, 21), drift)
    assert real != told
    _, steps = live.canary(scorer, whole, "v1", "v2", "2008-10-01")
    _, others = live.canary(other, tmp_path, "v1", "v2", "2008-10-01")
    assert (steps[-1].day, steps[-1].decision) != (others[-1].day, others[-1].decision)
