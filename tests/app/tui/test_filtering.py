"""``f``: the screens narrowed to what fits, by the language of ``assay log --where``."""

from __future__ import annotations

from collections.abc import Callable

from app.tui.app import Dashboard
from app.tui.screens.audit.eventlog import EventLog
from tests.app import story
from tests.app.tui.driving import press, settled, shown

Opened = Callable[..., Dashboard]


async def test_the_log_shows_only_the_events_that_fit(opened: Opened, shell: story.Shell) -> None:
    fitting = [each["seq"] for each in shell.json("log", "--where", "type:artifact actor:lea")["events"]]
    assert len(fitting) > 1
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "f", *"type:artifact", "space", *"actor:lea", "enter")
        log = pilot.app.current.query_one(EventLog)
        assert list(log.seqs(0)) == fitting
        assert log.cursor in fitting
        assert f"Log: {len(fitting)} of" in shown(pilot.app)
        await press(pilot, "0", "j")
        assert log.cursor == fitting[1]
        await press(pilot, "escape")
        assert "─ Log ─" in shown(pilot.app)
        assert log.cursor == fitting[1]


async def test_a_list_shows_only_the_rows_that_fit(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert "DATASETS (1)" in shown(pilot.app)
        await press(pilot, "f", *"kind:model", "enter")
        text = shown(pilot.app)
        assert "MODELS (1)" in text
        assert "nothing fits the filter" in text
        assert pilot.app.current.names.value.startswith("model/")
        await press(pilot, "escape")
        assert "DATASETS (1)" in shown(pilot.app)


async def test_a_filter_that_cannot_be_read_is_told_and_asked_again(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7", "f", *"colour:red", "enter")
        assert "a filter knows no field 'colour'" in shown(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.current.filter == ""
