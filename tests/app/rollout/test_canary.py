"""A canary's verdicts, in the order of its gates; resumed from its record; never promoted by default."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.rollout import gates
from app.rollout.canary import Canary, Day, resume
from app.rollout.plan import Plan
from ledger.errors import InputError

PLAN = {
    "salt": "s",
    "slices": [0.1],
    "minimum_days": 20,
    "maximum_days": 60,
    "shadow_variance": 0.02,
    "shadow_days": 250,
    "parity_limit": None,
}
FEATURES = {"rv": [0.1, 0.2], "range": [1.0, 2.0]}


def plan(**changes):
    return Plan.read({**PLAN, **changes})


def day(number, difference=0.0, ratio=1.0, **changes):
    """A day on which the candidate's loss is lower by ``difference`` on average, its forecasts ``ratio`` times as high."""
    base = np.array([1.0, 2.0, 3.0])
    parts = {
        "champion_losses": list(base),
        "candidate_losses": list(base - difference + np.array([0.5, 0, -0.5])),
        "champion_forecasts": [0.1, 0.2, 0.3],
        "candidate_forecasts": [0.1 * ratio, 0.2 * ratio, 0.3 * ratio],
    }
    return Day(f"2020-{number:04}", **{**parts, **changes})


def follow(canary, days):
    steps = []
    for each in days:
        canary, step = canary.step(each)
        steps.append(step)
        if step.final:
            break
    return canary, steps


def test_better_by_a_margin_is_promoted_not_before_the_minimum():
    _, steps = follow(Canary.start(plan()), (day(n, 0.3) for n in range(60)))
    assert (steps[-1].decision, steps[-1].final, steps[-1].number) == ("promote", True, 20)
    assert steps[15].evidence["promote"] > 20, "the evidence was there, the days were not"
    assert {step.decision for step in steps[:-1]} == {"hold"}


def test_worse_by_a_margin_is_rolled_back_at_once_when_the_evidence_suffices():
    _, steps = follow(Canary.start(plan()), (day(n, -0.3) for n in range(60)))
    assert (steps[-1].decision, steps[-1].final) == ("roll_back", True)
    assert steps[-1].number < 20
    assert steps[-2].evidence["roll_back"] < 20 <= steps[-1].evidence["roll_back"]


def test_without_a_difference_the_last_day_is_inconclusive():
    _, steps = follow(Canary.start(plan()), (day(n, 0.1 * (-1) ** n) for n in range(99)))
    assert (steps[-1].decision, steps[-1].final, len(steps)) == ("inconclusive", True, 60)
    assert "the champion stays" in steps[-1].reason


def test_a_wrong_unit_holds_on_the_first_day_without_any_outcome():
    _, (step,) = follow(Canary.start(plan()), [day(0, ratio=0.8)])
    assert (step.decision, step.final) == ("hold", False)
    assert step.checks[0].value == pytest.approx(-np.log(0.8))
    assert "prediction ratio 0.223 above 0.1" in step.reason


def test_a_held_candidate_is_never_promoted_however_good_but_may_be_rolled_back():
    _, steps = follow(Canary.start(plan()), (day(n, 0.3, ratio=0.8) for n in range(99)))
    assert (steps[-1].decision, len(steps)) == ("inconclusive", 60)
    _, steps = follow(Canary.start(plan()), (day(n, -0.3, ratio=0.8) for n in range(99)))
    assert steps[-1].decision == "roll_back"


def test_features_that_are_not_the_views_roll_back_on_the_first_day():
    stale = {"rv": [0.1, 0.3], "range": [1.0, 2.5]}
    given = {"expected_features": FEATURES, "served_features": stale}
    _, (step,) = follow(Canary.start(plan(parity_limit=0.0)), [day(0, **given)])
    assert (step.decision, step.final) == ("roll_back", True)
    parity = step.checks[1]
    assert (parity.value, parity.detail["mismatch"]) == (0.5, {"rv": 0.5, "range": 0.5})


def test_parity_that_was_not_measured_is_no_parity():
    _, steps = follow(Canary.start(plan(parity_limit=0.0)), (day(n, 0.3) for n in range(99)))
    assert (steps[0].decision, steps[0].final) == ("inconclusive", False)
    assert (steps[-1].decision, len(steps)) == ("inconclusive", 60)
    served = {"expected_features": FEATURES, "served_features": FEATURES}
    _, steps = follow(Canary.start(plan(parity_limit=0.0)), (day(n, 0.3, **served) for n in range(99)))
    assert steps[-1].decision == "promote"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"candidate_losses": None}, "nothing from the candidate"),
        ({"champion_losses": []}, "0 accounts from the champion, 3 from the candidate"),
        ({"candidate_losses": [1.0, float("nan"), 2.0]}, "1 accounts without a finite value"),
        ({"champion_forecasts": None}, "nothing from the champion"),
        ({"candidate_forecasts": [0.1, 0.0, 0.2]}, "not positive"),
    ],
)
def test_missing_data_are_inconclusive(change, words):
    canary, (step,) = follow(Canary.start(plan()), [day(0, 0.3, **change)])
    assert (step.decision, step.final) == ("inconclusive", False)
    assert words in step.reason
    json.dumps(step.document(), allow_nan=False)
    if "losses" in next(iter(change)):
        assert canary.process.days == 0, "a day without losses is no evidence"


def test_a_day_without_losses_does_not_promote_on_yesterdays_evidence():
    canary, steps = follow(Canary.start(plan()), (day(n, 0.3) for n in range(19)))
    assert steps[-1].evidence["promote"] > 20
    _, (step,) = follow(canary, [day(19, candidate_losses=None)])
    assert step.decision == "inconclusive"


def test_a_step_tells_what_both_lost_where_both_are_known():
    _, (told, silent) = follow(Canary.start(plan()), [day(0, 0.3), day(1, candidate_losses=None)])
    champion, candidate = told.evidence["means"]
    assert (champion, candidate) == pytest.approx((2.0, 1.7))
    assert champion - candidate == pytest.approx(told.evidence["difference"])
    assert "means" not in silent.evidence


def test_widening_needs_days_with_open_gates_and_spends_no_error():
    many = plan(slices=[0.1, 0.25, 0.5], widen_after=10, minimum_days=10)
    _, steps = follow(Canary.start(many), (day(n, 0.001 * (-1) ** n) for n in range(60)))
    widened = [(step.number, step.slice) for step in steps if step.decision == "widen"]
    assert widened == [(10, 0.25), (20, 0.5)]
    assert all(check.passed for step in steps if step.decision == "widen" for check in step.checks)
    late = plan(slices=[0.1, 0.25, 0.5], widen_after=10, minimum_days=20)
    _, steps = follow(Canary.start(late), (day(n, 0.001 * (-1) ** n) for n in range(60)))
    assert [step.number for step in steps if step.decision == "widen"] == [20, 30], "no widening before the minimum"
    _, steps = follow(Canary.start(many), (day(n, widest=0.3, barred="two signatures are missing") for n in range(30)))
    assert [step.slice for step in steps if step.decision == "widen"] == [0.25]
    assert "widening to 50% waits: two signatures are missing" in steps[-1].reason
    _, steps = follow(Canary.start(many), (day(n, ratio=0.8) for n in range(60)))
    assert not [step for step in steps if step.decision == "widen"]


def test_three_arms_share_their_error():
    assert plan(arms=3).promote_at == pytest.approx(60)
    alone = follow(Canary.start(plan(minimum_days=1)), (day(n, 0.1) for n in range(60)))[1]
    shared = follow(Canary.start(plan(minimum_days=1, arms=3)), (day(n, 0.1) for n in range(60)))[1]
    assert len(shared) > len(alone)


def recorded(steps):
    return [json.loads(json.dumps(step.document())) for step in steps]


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 11, 25])
def test_it_resumes_from_its_record_wherever_it_stopped(stop):
    many = plan(slices=[0.1, 0.25, 0.5], widen_after=10)
    generator = np.random.default_rng(2)
    days = [day(n, float(each)) for n, each in enumerate(generator.normal(0.02, 0.1, 60))]
    days[5] = day(5, candidate_losses=None)
    whole, steps = follow(Canary.start(many), days)
    half, before = follow(Canary.start(many), days[:stop])
    again = resume(many, recorded(before))
    assert again == half
    rest, after = follow(again, days[stop:])
    assert rest == whole
    assert recorded(before + after) == recorded(steps)


def test_a_record_that_does_not_follow_is_refused():
    _, steps = follow(Canary.start(plan()), (day(n, 0.1) for n in range(10)))
    bent = recorded(steps)
    bent[4]["evidence"]["difference"] += 0.01
    with pytest.raises(InputError, match="does not follow from those before it"):
        resume(plan(), bent)
    with pytest.raises(InputError, match="does not follow"):
        resume(plan(), recorded(steps)[1:])
    with pytest.raises(InputError, match="after the start is malformed"):
        resume(plan(), [{"day": "2020-0001"}])


def test_days_ascend_and_an_end_is_an_end():
    canary, _ = follow(Canary.start(plan()), [day(3)])
    with pytest.raises(InputError, match="2020-0003 is not after 2020-0003"):
        canary.step(day(3))
    canary, steps = follow(Canary.start(plan()), (day(n, -0.3) for n in range(60)))
    assert steps[-1].final
    with pytest.raises(InputError, match="the canary ended on"):
        canary.step(day(59))
    assert resume(plan(), recorded(steps)).ended


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slices": []}, "ascending fractions"),
        ({"slices": [0.5, 0.1]}, "ascending fractions"),
        ({"slices": [1.5]}, "ascending fractions"),
        ({"alpha_promote": 0}, "alpha_promote"),
        ({"alpha_roll_back": float("nan")}, "alpha_roll_back"),
        ({"minimum_days": 61}, "minimum ≤ maximum"),
        ({"ratio_limit": float("inf")}, "ratio_limit must be a finite number"),
        ({"ratio_limit": 0}, "ratio gate"),
        ({"alpha_promote": "0.05"}, "alpha_promote must be a finite number, not '0.05'"),
        ({"arms": 1.5}, "arms must be a whole number"),
        ({"slices": 0.1}, "slices must be a list of numbers"),
        ({"method": True}, "method must be a word"),
        ({"parity_limit": 1.0}, "could never stop"),
        ({"shadow_variance": 0.0}, "must be positive"),
        ({"colour": 1}, "no 'colour'"),
        ({"method": "alphabet"}, "hash, capped or stratified"),
    ],
)
def test_a_plan_that_means_nothing_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        plan(**change)


def test_a_plan_goes_through_its_document():
    assert Plan.read(json.loads(json.dumps(plan().document()))) == plan()
    with pytest.raises(InputError, match="incomplete"):
        Plan.read({"salt": "s"})


def test_parity_of_missing_features_and_of_nan():
    assert gates.parity(FEATURES, {"rv": [0.1, 0.2]}, 0.0).state == "stop"
    assert gates.parity(FEATURES, {**FEATURES, "rv": [0.1]}, 0.0).state == "stop"
    assert gates.parity({"rv": [float("nan")]}, {"rv": [float("nan")]}, 0.0).state == "stop", "unknown is not equal"
    assert gates.parity({}, {}, 0.0).state == "unknown"
    assert gates.parity(FEATURES, FEATURES, 0.0).state == "pass"


GATES = {
    "quality_limit": 0.0,
    "parity_limit": 0.0,
    "latency_limit": 1.2,
    "cost_limit": 1.5,
    "alpha_exceptions": 0.05,
}
CALM = np.random.default_rng(5).lognormal(3, 0.2, 80)


def whole_day(number, difference=0.0, **changes):
    """A day on which every gate has something to look at, and finds nothing wrong."""
    given = {
        "expected_features": FEATURES,
        "served_features": FEATURES,
        "champion_latencies": list(CALM),
        "candidate_latencies": list(CALM[::-1] * 1.01),
        "champion_costs": [1.0] * 80,
        "candidate_costs": [1.0] * 80,
        "exceeded": False,
    }
    return day(number, difference, **{**given, **changes})


def test_the_gates_stand_in_the_order_in_which_they_are_looked_at():
    _, (step,) = follow(Canary.start(plan(**GATES)), [whole_day(0)])
    assert [check.name for check in step.checks] == [
        "prediction ratio",
        "data quality",
        "feature parity",
        "latency",
        "cost",
        "evidence towards rollback",
        "evidence towards promotion",
        "value-at-risk exceptions",
        "minimum days",
        "maximum days",
    ]
    assert step.decision == "hold"
    _, steps = follow(Canary.start(plan(**GATES)), (whole_day(n, 0.3) for n in range(60)))
    assert steps[-1].decision == "promote"


@pytest.mark.parametrize("name", ["candidate_latencies", "candidate_costs", "served_features", "exceeded"])
def test_what_was_not_measured_never_promotes(name):
    _, steps = follow(Canary.start(plan(**GATES)), (whole_day(n, 0.3, **{name: None}) for n in range(60)))
    assert {step.decision for step in steps} == {"inconclusive"}
    assert (steps[-1].final, len(steps)) == (True, 60)


def test_nan_passes_no_gate():
    holes = {"rv": [0.1, float("nan")], "range": [1.0, 2.0]}
    for change in (
        {"served_features": holes, "expected_features": None},
        {"candidate_latencies": [float("nan")] * 80},
        {"candidate_costs": [float("inf")] * 80},
        {"candidate_forecasts": [0.1, float("nan"), 0.3]},
        {"candidate_forecasts": [0.1, "high", 0.3]},
        {"served_features": {"rv": ["much"], "range": [1.0]}, "expected_features": None},
        {"candidate_latencies": ["slow"] * 80},
        {"exceeded": float("nan")},
        {"candidate_losses": [float("nan")] * 3},
    ):
        bare = {**GATES, "parity_limit": None}
        _, steps = follow(Canary.start(plan(**bare)), (whole_day(n, 0.3, **change) for n in range(60)))
        assert not {step.decision for step in steps} & {"promote", "widen"}, change
        json.dumps([step.document() for step in steps], allow_nan=False)


def test_losses_that_rest_on_holes_are_no_evidence():
    holes = {"rv": [0.1, float("nan")], "range": [1.0, 2.0]}
    canary, (step,) = follow(Canary.start(plan(quality_limit=0.0)), [whole_day(0, -0.9, served_features=holes)])
    assert canary.process.days == 0
    assert step.evidence["difference"] is None
    assert step.decision == "inconclusive"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"candidate_latencies": list(CALM * 1.5)}, "answers take longer"),
        ({"candidate_costs": [1.6] * 80}, "answers cost more"),
        ({"served_features": {**FEATURES, "rv": [9.0, 9.0]}}, "not those of the feature view"),
    ],
)
def test_a_breach_rolls_back_on_the_day_that_shows_it(change, words):
    _, steps = follow(Canary.start(plan(**GATES)), [whole_day(0), whole_day(1), whole_day(2, **change), whole_day(3)])
    assert [step.decision for step in steps] == ["hold", "hold", "roll_back"]
    assert words in steps[-1].reason


def test_one_slow_answer_is_no_breach():
    slow = [*CALM[:-5], *[500.0] * 5]
    _, (step,) = follow(Canary.start(plan(**GATES)), [whole_day(0, candidate_latencies=slow)])
    latency = next(check for check in step.checks if check.name == "latency")
    assert latency.value > 1.2
    assert (latency.state, latency.detail["classification"]) == ("pass", "Pass")
    assert step.decision == "hold"


def test_too_few_answers_are_unknown():
    _, (step,) = follow(Canary.start(plan(**GATES)), [whole_day(0, candidate_latencies=[9999.0] * 3)])
    assert step.decision == "inconclusive"
    assert "80 and 3 answers; 50 of each are needed" in step.reason


def test_a_value_at_risk_that_is_exceeded_too_often_rolls_back():
    days = [whole_day(n, 0.001 * (-1) ** n, exceeded=n % 4 == 3) for n in range(60)]
    _, steps = follow(Canary.start(plan(**GATES)), days)
    assert steps[-1].decision == "roll_back"
    assert "value-at-risk was exceeded on 2 of 8 days" in steps[-1].reason
    calm = [whole_day(n, 0.001 * (-1) ** n, exceeded=n == 30) for n in range(60)]
    assert follow(Canary.start(plan(**GATES)), calm)[1][-1].decision == "inconclusive"


@pytest.mark.parametrize("stop", [0, 7, 12])
def test_the_new_gates_resume_from_their_record(stop):
    declared = plan(**GATES)
    days = [whole_day(n, 0.01 * (-1) ** n, exceeded=None if n == 3 else n == 5) for n in range(15)]
    whole, steps = follow(Canary.start(declared), days)
    half, before = follow(Canary.start(declared), days[:stop])
    assert resume(declared, recorded(before)) == half
    rest, after = follow(resume(declared, recorded(before)), days[stop:])
    assert rest == whole
    assert recorded(before + after) == recorded(steps)
    assert whole.exceptions.days == 14


def judged_days(difference):
    generator = np.random.default_rng(8)
    return [day(n, difference + float(noise)) for n, noise in enumerate(generator.normal(0, 0.01, 70))]


@pytest.mark.parametrize(("difference", "decision"), [(0.0, "promote"), (0.5, "promote"), (-0.5, "roll_back")])
def test_kayentas_judge_decides_once_on_the_last_day(difference, decision):
    declared = plan(gate="kayenta")
    canary, steps = follow(Canary.start(declared), judged_days(difference))
    assert {step.decision for step in steps[:-1]} == {"hold"}
    assert (steps[-1].decision, steps[-1].number) == (decision, 60)
    assert resume(declared, recorded(steps)) == canary
    json.dumps(recorded(steps), allow_nan=False)


def test_kayentas_judge_without_enough_days_is_inconclusive():
    declared = plan(gate="kayenta")
    days = [day(n, 0.5, candidate_losses=None) if n < 20 else day(n, 0.5) for n in range(60)]
    _, steps = follow(Canary.start(declared), days)
    assert (steps[-1].decision, steps[-1].final) == ("inconclusive", True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gate": "coin"}, "paired or kayenta"),
        ({"gate": "kayenta", "maximum_days": 49}, "needs 50 days"),
        ({"quality_limit": 1.0}, "could never stop"),
        ({"latency_limit": 0.5}, "1 or more"),
        ({"cost_limit": float("nan")}, "cost_limit must be a finite number"),
        ({"alpha_exceptions": 0.6}, "alpha_exceptions"),
        ({"exception_rate": 0.0, "alpha_exceptions": 0.05}, "0 to 10 %"),
    ],
)
def test_a_gate_that_could_not_work_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        Canary.start(plan(**change))
