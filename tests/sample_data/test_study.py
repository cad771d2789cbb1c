"""The study's longer figures, from the benchmark's own functions: minutes of rates, so that they are run with ``-m slow``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.monitoring import onsets
from app.rollout import eprocess
from tests.benchmarks import demo
from tests.sample_data import live

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return demo.Study.make(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def seen(study, tmp_path_factory):
    watched = live.watch(study.trained["v1"], tmp_path_factory.mktemp("reference"))
    one, frames = watched.monitors["feature-drift"], demo.features(study)
    first = study.place("2007-01-01")
    return one, [(study.panel.days[at], demo.look(one, frames, at)) for at in range(first, len(study.panel.days))]


def months(seen, spans):
    last = {day[:7]: verdict for day, verdict in seen}
    return {month: last[month] for span in spans for month in demo.months(*span)}


def test_no_calm_month_alarms_and_every_month_of_the_crisis_does(seen):
    _, verdicts = seen
    calm = months(verdicts, demo.CALM)
    assert len(calm) == 69
    assert set(calm.values()) == {"quiet"}
    assert set(months(verdicts, [demo.CRISIS]).values()) == {"breached"}
    pandemic = months(verdicts, [demo.PANDEMIC])
    assert [month for month, verdict in pandemic.items() if verdict == "breached"] == ["2020-03", "2020-04"]


def test_alarms_begin_on_the_studys_days_and_on_one_more(seen):
    one, verdicts = seen
    begun = onsets.onsets(verdicts, one.declaration.clear_after)
    assert set(demo.ONSETS) <= set(begun)
    assert [day for day in begun if day not in demo.ONSETS] == ["2013-07-09"]


def test_daily_looks_are_wrong_in_less_than_alpha_under_dependent_nulls(study):
    weights = demo.mandates(study)
    first, stop = study.place("2008-10-01"), len(study.panel.days) - 1
    days = range(first - 250, stop)
    every = np.clip((study.losses("v1", weights, days) - study.losses("v2", weights, days)).mean(axis=1), -1, 1)
    wrong = np.zeros(4)
    for seed in range(1000):
        generator = np.random.default_rng(seed)
        at = int(generator.integers(250, len(every) - 250))
        flips = np.repeat(generator.choice([-1.0, 1.0], 25), 10)
        wrong += demo.looked_at_daily(every[at - 250 : at], every[at : at + 250] * flips)
    promote, roll_back, t_up, t_down = wrong / 1000
    assert promote <= 0.05
    assert roll_back <= 0.05
    assert min(t_up, t_down) > 0.14


def test_canaries_end_as_the_study_tells(study):
    weights = demo.mandates(study)
    for champion, candidate, start, longest, expected in (
        ("v1", "march", "2008-03-26", 120, "inconclusive"),
        ("v1", "v2", "2008-10-01", 250, "promote"),
        ("v2", "v3", "2020-01-02", 250, "promote"),
        ("v3", "after", "2020-03-23", 250, "inconclusive"),
    ):
        found = demo.arm(study, weights, champion, candidate, start)
        assert found.decide(20.0, longest)[0] == expected
        assert found.ratio < 0.1
    stale = demo.arm(study, weights, "v1", "v2", "2008-10-01", lag=5)
    assert stale.decide(20.0, 250)[0] == "roll back"
    units = demo.arm(study, weights, "v1", "v2", "2008-10-01", scale=0.8)
    assert units.ratio > 0.2
    assert units.decide(20.0, 250)[0] == "roll back"


def test_a_model_against_itself_is_no_test(study):
    with pytest.raises(Exception, match="they are one model"):
        eprocess.shadow_variance(demo.arm(study, demo.mandates(study), "v1", "v1", "2008-10-01").before.tolist())


def test_the_benchmark_prints_every_part(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert demo.main([]) == 0
    printed = capsys.readouterr().out
    for part in ("Data checks", "v1 and its gate", "Basel exceptions", "Drift:", "Canaries", "null,"):
        assert part in printed
