"""``<`` and ``>``: every screen as what changed between two moments."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import ledger
from app.tui import clockwork
from app.tui.app import Dashboard
from app.tui.draw.picture import plain
from app.tui.draw.sections import Row, Section, compare, draw
from app.tui.draw.tables import Column
from app.tui.gateway import Gateway
from app.tui.queries.standing import Memory, load
from app.tui.screens.audit.eventlog import EventLog
from app.tui.screens.catalogue import CATALOGUE
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
COLUMNS = (Column("", least=4), Column("", least=4))


def rows(*names: tuple[str, str]) -> tuple[Row, ...]:
    return tuple(Row(((name, ""), (state, "muted")), name) for name, state in names)


def test_rows_that_came_went_or_changed_are_told() -> None:
    before = [Section("OPEN", COLUMNS, rows(("a", "1"), ("b", "1"), ("c", "1"))), Section("DONE", COLUMNS)]
    now = [
        Section("OPEN", COLUMNS, rows(("a", "1"), ("b", "2"), ("d", "1"))),
        Section("DONE", COLUMNS, rows(("c", "1"))),
    ]
    assert plain(draw(compare(before, now), 24).lines) == (
        " OPEN (2)\n   ~ b  1 -> 2\n   + d  1\n\n DONE (1)\n   ~ c  1"
    )
    gone = compare(now, [Section("OPEN", COLUMNS, rows(("a", "1"), ("b", "2"), ("d", "1")))])
    assert plain(draw(gone, 24).lines) == " OPEN\n   3 as before"
    assert plain(draw(compare(now, [now[0], before[1]]), 24).lines) == " OPEN\n   3 as before\n\n DONE (1)\n   - c  1"
    assert plain(draw(compare([], []), 24).lines).strip() == "no difference"


async def test_what_changed_since_a_mark_is_shown_on_every_screen(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger, read_only=True) as book:
        last = book.size - 1
        second = next(each.seq for each in book.events() if each.event.type == "artifact.registered" and each.seq > 8)
    async with opened(at=str(second - 1)).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4", "less_than_sign")
        assert f"marked event {second - 1}" in noticed(pilot.app)
        await press(pilot, "L")
        assert f"changes from event {second - 1} to {last}" in shown(pilot.app)
        assert any(f"{sign} fx-vol" in shown(pilot.app) for sign in "~+")
        await press(pilot, "9")
        log = pilot.app.current.query_one(EventLog)
        assert list(log.seqs(0)) == list(range(second, last + 1))
        for entry in CATALOGUE:
            await press(pilot, entry.key)
            assert "changes from event" in shown(pilot.app).split("\n")[0]
        await press(pilot, "4", "escape")
        assert "changes from" not in shown(pilot.app)
        assert pilot.app.moment.since is None


async def test_the_second_mark_puts_the_earlier_moment_first(opened: Opened) -> None:
    async with opened(at="8").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "less_than_sign", "left_square_bracket", "left_square_bracket", "greater_than_sign")
        assert (pilot.app.moment.since, pilot.app.moment.at) == (6, 8)
        await press(pilot, "escape", "left_square_bracket", "greater_than_sign")
        assert (pilot.app.moment.since, pilot.app.moment.at) == (7, None)


@pytest.mark.parametrize("times", range(3))
def test_workers_that_count_at_once_count_alike(shell: story.Shell, times: int) -> None:
    gateway, memory = Gateway(shell.ledger), Memory()
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda at: gateway.ask(lambda view: load(view, memory), at), [0, None, 3, None] * 8))
    finally:
        gateway.close()
    with ledger.open(shell.ledger, read_only=True) as book:
        for each in found:
            assert sum(count for _, count in each.days) == book.size
            assert all(count > 0 for _, count in each.days)


async def test_the_lineage_marks_what_is_new_since_the_mark(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger, read_only=True) as book:
        started = next(each.seq for each in book.events() if each.event.type == "run.started")
    async with opened(at=str(started - 1)).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "less_than_sign", "L", "3", "slash", *"ecb-rates@1")
        await press(pilot, "enter")
        assert "+ new" in shown(pilot.app)
        assert "2 new" in shown(pilot.app)
        assert "+ fx-vol v1" in shown(pilot.app)
        assert "+ ecb-rates" not in shown(pilot.app)
        await press(pilot, "t")
        assert shown(pilot.app).count("+ new") == 1, "of the other an alert is told"
        await press(pilot, "t", "escape")
        while "new" in shown(pilot.app).split("\n")[2]:
            await press(pilot, "escape")
        assert pilot.app.moment.since is None


async def test_the_header_says_how_far_a_witness_has_signed(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        key, size = str(book.verifier), book.size
        book.checkpoint()
    shell.ok("witness", "init", "witness.example/w")
    shell.ok("witness", "trust", key)
    shell.ok("witness", "request", "-o", "request.txt")
    shell.ok("witness", "cosign", "request.txt", "-o", "cosigned.txt")
    (witness,) = shell.json("witness", "show")["witnesses"]
    shell.ok("--as", "ada", "witness", "add", "cosigned.txt", "--key", witness["key"])
    async with opened().run_test(size=(160, 36)) as pilot:
        await settled(pilot)
        assert f"witnessed at {size}" in shown(pilot.app).split("\n")[0]
        await press(pilot, "left_square_bracket")
        assert "witnessed" not in shown(pilot.app).split("\n")[0]


async def test_playing_goes_on_day_by_day_until_it_is_live_or_stopped(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clockwork, "PLAY_SECONDS", 0.05)
    async with opened(at="3").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert not pilot.app.moment.live
        await pilot.press("P")
        end = time.monotonic() + 60
        while not pilot.app.moment.live:
            assert time.monotonic() < end, "it plays on until it is live"
            await pilot.pause(0.05)
        await press(pilot, "P")
        assert pilot.app.moment.live, "from live there is nothing to play"
