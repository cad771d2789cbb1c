"""``assay monitor``: what each monitor saw, and new days looked at, one run after another as if it were one."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.actions.context import Context
from app.actions.serving import FILE, Scoring, declared
from app.actions.watching import Watch
from ledger.errors import InputError
from tests.app.demo import tellings
from tests.app.demo.tellings import Whole
from tests.app.story import Shell, copied


def looks(shell: Shell, since: int) -> list[tuple[Any, ...]]:
    """What the monitors saw from an event on."""
    found = [each for each in tellings.recorded(shell.root)[since:] if each["type"] == "monitor.observed"]
    return [(each["value"]["monitor"], each["value"]["day"], each["value"]["value"]) for each in found]


def test_the_monitors_as_they_stood_on_a_day(demo: Shell) -> None:
    now = {each["monitor"]: each for each in demo.json("monitor")["monitors"]}
    assert not now["market-drift"]["accepted"]
    assert "never fire" in now["market-drift"]["reason"]
    days = sorted({each["value"]["day"] for each in tellings.recorded(demo.root) if each["type"] == "monitor.observed"})
    then = {each["monitor"]: each for each in demo.json("monitor", "--at", days[9])["monitors"]}
    assert {each["looks"] for each in then.values() if each["accepted"]} == {10}
    assert then["feature-drift"]["day"] == days[9]
    lines = demo.ok("monitor", "--at", days[9]).out
    assert "! refused  market-drift" in lines
    assert "! unknown  group-bias" in lines, "a look without a value is not quiet"


def test_days_watched_in_two_runs_are_the_days_watched_in_one(demo: Shell, whole: Whole, tmp_path: Path) -> None:
    """Windows and alarms come back as the record left them."""
    other = Shell(copied(whole.root, tmp_path / "other"))
    begun = tellings.size(demo.root)
    with Scoring(Context(start=demo.root), declared(Context(start=demo.root))) as scoring:
        last = demo.json("monitor")["monitors"][0]["day"]
        days = scoring.after(last)[:12]
    first = demo.json("monitor", "run", "--until", days[4])
    assert (first["days"], first["last_day"]) == (5, days[4])
    demo.ok("monitor", "run", "--until", days[11])
    other.ok("monitor", "run", "--until", days[11])
    assert looks(demo, begun) == looks(other, begun) != []
    assert demo.json("monitor", "run", "--until", days[11])["days"] == 0
    assert demo.json("verify")["ok"]


def test_a_watch_begun_again_has_the_alarms_it_had(demo: Shell) -> None:
    """Breaches that last raise no second alert, and inconclusive looks clear none."""
    context = Context(start=demo.root, writes=True, actor="svc:monitor")
    serving = declared(context)
    with context, Scoring(context, serving) as scoring:
        watch = Watch(context, serving, scoring)
        day = watch.days()[0]
        seen = watch.look(day)
        again = Watch(context, serving, scoring)
        assert again._alarms == watch._alarms
        assert again.last_day == day
        assert any(each.breached for each in seen.observations.values())
        assert seen.raised == ()
        for name, values in watch._series.arrays().items():
            kept = again._series.arrays()[name]
            assert (values[-len(kept) :] == kept).all() if len(kept) <= len(values) else True


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"warm_up": "many"}, "serving.yaml, line 1: warm_up must be a whole number"),
        ({"model": 3}, "model must be a text"),
        ({"feed": {"spec": "specs/ingest.yaml"}}, "feed lacks 'output': add output:"),
        ({"feed": {"spec": "specs/nowhere.yaml", "output": "panel", "set": {}}}, "cannot be read"),
        ({"feed": {"spec": "../elsewhere.yaml", "output": "panel", "set": {}}}, "leads out of the workspace"),
        ({"code": "nowhere"}, "there is no project folder"),
        ({"service": "fxvol.nowhere"}, "nowhere"),
        ({"monitors": "nowhere.yaml"}, "it declares the monitors"),
        ({"more": 1}, "serving has no 'more'; did you mean"),
    ],
)
def test_a_wrong_declaration_is_one_line(demo: Shell, change: dict[str, Any], complaint: str) -> None:
    from app.pipelines import yamltext

    place = demo.root / FILE
    data = yamltext.load(place.read_text(), FILE).value
    place.write_text(json.dumps({**data, **change}))
    before = tellings.size(demo.root)
    said = demo("monitor", "run")
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert tellings.size(demo.root) == before


def test_without_a_declaration_nothing_is_run(shell: Shell) -> None:
    assert "it declares the live model" in shell("--as", "lea", "monitor", "run").err


def test_a_day_that_is_none_is_one_line(demo: Shell) -> None:
    said = demo("monitor", "run", "--until", "2009-6-30")
    assert (said.code, said.err) == (2, "assay: --until '2009-6-30' is no day; write it as 2009-06-30\n")


def test_scoring_leaves_nothing_behind_where_it_cannot_start(
    demo: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "scratch").mkdir()
    context = Context(start=demo.root)
    serving = declared(context)
    with closing(context), pytest.raises(InputError):
        Scoring(context, type(serving)(**{**{f: getattr(serving, f) for f in serving.__slots__}, "code": "nowhere"}))
    assert list((tmp_path / "scratch").iterdir()) == []
