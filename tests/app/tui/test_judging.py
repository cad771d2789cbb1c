"""Judging with evidence that is kept: the same as reading it anew; quickly, later exactly; in another process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.actions import evaluating
from app.actions.context import Context
from app.tui import judging
from app.tui.app import Dashboard
from app.tui.judging import Judge, Unwanted
from app.tui.queries import maturity
from app.tui.queries.kept import Kept
from app.tui.screens.overview.queries import guide
from app.tui.screens.risks.queries import risks
from ledger.errors import AssayError
from tests.app.tui.driving import press, settled, shown
from tests.benchmarks import lifelike

PROJECT = "fx-hedging"
SIZE = 700


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("judging") / "ledger.db"
    lifelike.write(found, SIZE)
    return found


@pytest.fixture
def judge(path: Path) -> Iterator[Judge]:
    made = Judge(path, path.parent)
    yield made
    made.close()


def at(path: Path, seq: int | None) -> Context:
    return Context(ledger=str(path), at=None if seq is None else str(seq), start=path.parent)


def told(found: Any, *, lapses: bool = True) -> list[Any]:
    standing = found.evaluation.standing(PROJECT, found.moment)
    states = [(s.criterion.id, s.state, s.gained, s.lost, s.lapses if lapses else 0, s.seqs) for s in standing.states]
    return [standing.levels, found.evaluation.index.projects(), states]


def test_as_of_any_event_it_is_as_if_read_anew(path: Path) -> None:
    kept = Kept()
    for seq in (SIZE - 1, 37, 300, 301, 302, 399, 120, SIZE - 2):
        with at(path, seq) as context:
            anew = evaluating.ground(context)
            exact, sure = kept.ground(context, None)
            assert sure
            assert told(exact) == told(anew), seq
            found, sure = kept.ground(context, None, exact=False)
            assert sure
            assert told(found, lapses=False) == told(anew, lapses=False), seq


def test_another_process_answers_the_same(judge: Judge) -> None:
    for seq in (None, 400):
        for query in (
            partial(maturity.projects, verified=None),
            partial(maturity.why, verified=(SIZE, True), project=PROJECT, track="data"),
            partial(risks.load, verified=None),
            partial(guide.load, verified=None, project=PROJECT),
        ):
            here = judge.ask(query, seq, size=SIZE, wanted=lambda: True)  # type: ignore[var-annotated]
            assert judge.ask(query, seq, size=judging.MUCH, wanted=lambda: True) == here


def test_what_fails_there_is_one_line_here_and_it_goes_on(judge: Judge) -> None:
    broken = partial(maturity.why, verified=None, project=PROJECT, track="nowhere")
    with pytest.raises(AssayError, match="KeyError: 'nowhere'"):
        judge.ask(broken, None, size=judging.MUCH, wanted=lambda: True)
    with pytest.raises(Unwanted):
        judge.ask(broken, None, size=judging.MUCH, wanted=lambda: False)
    assert judge._process is not None
    judge._process.kill()
    judge._process.wait()
    query = partial(maturity.projects, verified=None, only=(PROJECT,), exact=False)
    found = judge.ask(query, 300, size=judging.MUCH, wanted=lambda: True)
    states = {each.name: each.state for each in found.projects}
    assert states.pop(PROJECT) == "sure"
    assert set(states.values()) == {"pending"}


async def test_the_project_in_view_comes_first_the_others_fill_in(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MUCH", 1)
    dashboard = Dashboard(path, root=path.parent, me="jon", project=PROJECT)
    asked: list[Any] = []
    ask = dashboard.judge.ask

    def listening(query: Any, *arguments: Any, **named: Any) -> Any:
        asked.append(query)
        return ask(query, *arguments, **named)

    monkeypatch.setattr(dashboard.judge, "ask", listening)
    async with dashboard.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        maps = [each.keywords["only"] for each in asked if each.func is maturity.projects]
        assert maps[0] == (PROJECT,)
        assert PROJECT not in maps[1]
        assert "pending" not in shown(dashboard)
        asked.clear()
        await press(pilot, "left_square_bracket")

        assert {each.keywords["exact"] for each in asked if each.func in (maturity.projects, maturity.why)} == {False}
        assert any(each.func is maturity.why for each in asked)
        assert "pending" not in shown(dashboard)
