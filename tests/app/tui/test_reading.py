"""While the evidence is read, the maturity map says so, and which projects will stand there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from app.tui import judging
from app.tui.app import Dashboard
from app.tui.draw.glyphs import ASCII
from app.tui.judging import Judge
from app.tui.screens.maturity.draw import heatmap
from tests.app import story
from tests.app.tui.driving import press, settled, shown, until

Opened = Callable[..., Dashboard]


async def test_until_the_map_comes_it_says_what_is_read_and_names_the_projects(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, ask = Event(), Judge.ask

    def late(self: Judge, query: Any, at: Any, **more: Any) -> Any:
        assert go.wait(60)
        return ask(self, query, at, **more)

    monkeypatch.setattr(Judge, "ask", late)
    monkeypatch.setattr(judging, "MUCH", 1)
    async with opened().run_test(size=(120, 36)) as pilot:
        # What the overview asks of the judge waits as long.
        await until(pilot, lambda: pilot.app.standing is not None)
        await pilot.press("2")
        await until(pilot, lambda: "s so far)" in shown(pilot.app))
        await until(pilot, lambda: story.PROJECT in shown(pilot.app).partition("so far")[2])
        text = shown(pilot.app)
        assert f"reading the evidence of {pilot.app.standing.size:,} events …" in text
        assert "pending" in text
        go.set()
        await until(pilot, lambda: "so far" not in shown(pilot.app))
        await settled(pilot)
        assert "nobody has verified this ledger" in shown(pilot.app)
        await press(pilot, "j")
        assert "so far" not in shown(pilot.app)


async def test_what_fails_is_told_and_nothing_is_read_any_more(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Judge, query: Any, at: Any, **more: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Judge, "ask", failing)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        page = pilot.app.page("2")
        await until(pilot, lambda: page._asked_at is None)
        page._tell()
        await settled(pilot)
        assert "the evidence was not read: OSError: the disk is gone" in shown(pilot.app)
        assert "so far" not in shown(pilot.app)


def test_what_is_read_in_words() -> None:
    assert heatmap.reading(1_000_000, 12.4) == "reading the evidence of 1,000,000 events … (12 s so far)"
    assert heatmap.reading(None, 0, ASCII) == "reading the evidence ~ (0 s so far)"
