"""The log as a widget: what it asks for and when, what it says, and its bar."""

from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult

from app.tui.queries.log import PAGE, Entry
from app.tui.screens.audit.eventlog import AHEAD, EventLog

SIZE = 1_000_000


class Shelf(App[None]):
    """A log of a million events, whose pages come when they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.told: list[int] = []

    def compose(self) -> ComposeResult:
        yield EventLog()

    @on(EventLog.Lacks)
    def give(self, message: EventLog.Lacks) -> None:
        log = self.query_one(EventLog)
        self.asked.append(message.page)
        rows = (
            Entry(seq, "2026-01-02T03:04", "run.started", "ada", "p", f"run {seq}") for seq in log.seqs(message.page)
        )
        log.supply(message.page, tuple(rows))

    @on(EventLog.Moved)
    def hear(self, message: EventLog.Moved) -> None:
        self.told.append(message.seq)

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


async def test_pages_are_asked_for_once_and_before_they_are_seen() -> None:
    app = Shelf()
    async with app.run_test(size=(80, 20)) as pilot:
        log = app.query_one(EventLog)
        log.show(SIZE, follow=True)
        await pilot.pause()
        last = (SIZE - 1) // PAGE
        assert app.asked[0] == last
        for _ in range(PAGE):
            log.move(-1)
            await pilot.pause()
        assert len(app.asked) == len(set(app.asked))
        assert min(app.asked) == (SIZE - 1 - PAGE - AHEAD) // PAGE
        assert not any("·" in line for line in app.lines())


async def test_a_cursor_on_its_way_is_told_when_it_rests() -> None:
    app = Shelf()
    async with app.run_test(size=(80, 20)) as pilot:
        log = app.query_one(EventLog)
        log.show(SIZE, follow=False)
        log.go(500)
        for _ in range(40):
            log.move(1)
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.told[-1] == 540
        # Where it began is told at once, what it passed never: how many beside depends on nothing but the pace.
        assert len(app.told) <= 3


async def test_the_bar_is_drawn_along() -> None:
    app = Shelf()
    async with app.run_test(size=(80, 20)) as pilot:
        log = app.query_one(EventLog)
        log.show(SIZE, follow=False)
        log.go(0)
        await pilot.pause()
        assert app.lines()[0].endswith("▐")
        await pilot.mouse_down(EventLog, offset=(79, 19))
        await pilot.pause()
        assert log.cursor == SIZE - 1
        assert app.lines()[19].endswith("▐")
        await pilot.hover(EventLog, offset=(40, 0))
        await pilot.pause()
        assert log.cursor == 0
        await pilot.mouse_up(EventLog, offset=(40, 0))
        await pilot.hover(EventLog, offset=(40, 10))
        await pilot.pause()
        assert log.cursor == 0
        await pilot.click(EventLog, offset=(30, 5))
        await pilot.pause()
        assert log.cursor == 5


async def test_colours_that_are_off_are_off_here_too() -> None:
    app = Shelf()
    async with app.run_test(size=(80, 20)) as pilot:
        log = app.query_one(EventLog)
        log.show(SIZE, follow=False)
        log.go(3)
        await pilot.pause()
        coloured = {segment.style.color for line in log.render_lines(log.size.region) for segment in line}
        app._filters.extend(_grey())
        grey = {segment.style.color for line in log.render_lines(log.size.region) for segment in line}
        assert len(coloured) > 1
        assert all(len(set(colour.triplet)) == 1 for colour in grey if colour and colour.triplet)


def _grey() -> list[object]:
    from textual.filter import Monochrome

    return [Monochrome()]
