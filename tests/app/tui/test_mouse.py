"""The mouse: what can be seen can be pointed at."""

from __future__ import annotations

from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.draw import ruler
from app.tui.screens.lineage.graph import GraphPane
from app.tui.widgets.frame import Header, RulerBar
from app.tui.widgets.lister import Lister
from tests.app import story
from tests.app.tui.driving import press, settled, shown

Opened = Callable[..., Dashboard]


async def test_a_click_on_a_screens_name_opens_it(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        x = shown(pilot.app).split("\n")[1].index("9 Audit")
        await pilot.click(Header, offset=(x + 3, 1))
        await settled(pilot)
        assert pilot.app.current.NAME == "Audit"


async def test_a_click_on_the_ruler_goes_to_the_day(opened: Opened, tmp_path: object) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        scale = ruler.scaled(pilot.app.ruler(), 120)
        assert scale is not None
        await pilot.click(RulerBar, offset=(scale.x, 0))
        await settled(pilot)
        day = pilot.app.standing.at_time[:10]
        assert day == scale.first.isoformat()


async def test_a_click_moves_the_cursor_and_a_second_one_opens(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        lines = shown(pilot.app).split("\n")
        row = next(y for y, line in enumerate(lines) if "◷ sign" in line)
        for _ in range(2):
            await pilot.click(offset=(20, row))
            await settled(pilot)
        assert pilot.app.current.NAME == "Approvals"


async def test_a_click_on_a_node_puts_the_cursor_there(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "3", "slash", *"fx-vol@1")
        await press(pilot, "enter")
        lines = shown(pilot.app).split("\n")
        y = next(n for n, line in enumerate(lines) if "ecb-rates v1" in line)
        await pilot.click(offset=(lines[y].index("ecb-rates v1") + 2, y))
        await settled(pilot)
        assert pilot.app.screen.query_one(GraphPane).cursor == "dataset/fx-hedging/ecb-rates@1"


async def test_the_cursor_stays_on_its_row_when_others_append(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "j")
        before = pilot.app.screen.query_one(Lister).value
        with ledger.open(shell.ledger) as book:
            from ledger.events.alerts import AlertRaised

            for n in range(3):
                fact = AlertRaised(alert=f"more-{n}", monitor="m", severity="high", message="more", day="2008-09-18")
                book.record(fact, subject="model/fx-hedging/fx-vol@1", actor="svc:m", project=story.PROJECT)
        await pilot.pause(1.2)
        await settled(pilot)
        assert "WRONG (4)" in shown(pilot.app)
        assert pilot.app.screen.query_one(Lister).value == before
