"""Faults while the dashboard is open: it says so in one line and goes on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.tui import require_terminal
from app.tui.app import Dashboard
from app.tui.gateway import Gateway
from app.tui.queries import standing
from ledger.errors import InputError, LedgerError
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


async def test_the_ledger_vanishes_and_comes_back(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        kept = shell.ledger.read_bytes()
        shell.ledger.unlink()
        await press(pilot, "5")
        assert "there is no ledger at" in noticed(pilot.app)
        shell.ledger.write_bytes(kept)
        await press(pilot, "1", "5", "L")
        assert "NEEDS YOU (1)" in shown(pilot.app)


def test_a_file_that_comes_back_under_the_same_number_is_opened_anew(shell: story.Shell) -> None:
    """File systems hand the number of a removed file to the next one."""
    gateway, aside = Gateway(shell.ledger), shell.ledger.with_name("aside")
    try:
        size = gateway.ask(lambda view: view.at)
        shell.ledger.rename(aside)
        with pytest.raises(InputError, match="there is no ledger"):
            gateway.ledger()
        aside.rename(shell.ledger)
        assert gateway.ask(lambda view: view.at) == size
    finally:
        gateway.close()


async def test_the_ledger_is_replaced_by_rubbish(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        shell.ledger.rename(shell.ledger.with_name("old.db"))
        shell.ledger.write_bytes(b"rubbish" * 1000)
        await press(pilot, "5")
        assert "is not a ledger" in noticed(pilot.app)
        await press(pilot, "9", "1")
        assert pilot.app.current.NAME == "Overview"


async def test_an_older_copy_in_its_place_is_shown_as_it_is(opened: Opened, shell: story.Shell, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    shutil.copy(shell.ledger, older)
    shell.ok("--as", "lea", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "other")
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        size = pilot.app.standing.size
        shell.ledger.unlink()
        for name in ("-wal", "-shm"):
            shell.ledger.with_name(shell.ledger.name + name).unlink(missing_ok=True)
        shutil.copy(older, shell.ledger)
        await press(pilot, "9", "L")
        assert pilot.app.standing.size < size


async def test_a_query_that_raises_is_one_line(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)

        def broken(view: object) -> None:
            raise ZeroDivisionError("a fault\nin two lines")

        pilot.app.current.ask("test", broken, lambda _: None)
        await settled(pilot)
        assert noticed(pilot.app) == "ZeroDivisionError: a fault in two lines"
        await press(pilot, "3")
        assert pilot.app.current.NAME == "Lineage"


async def test_signing_against_a_locked_ledger_says_so(opened: Opened, shell: story.Shell) -> None:
    async with opened("mia").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        shell.ledger.chmod(0o400)
        await press(pilot, "7", "a", "enter")
        shell.ledger.chmod(0o600)


async def test_an_answer_to_an_older_question_is_dropped(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        got: list[str] = []
        page = pilot.app.current
        page.ask("same", lambda view: "first", got.append)
        page.ask("same", lambda view: "second", got.append)
        await settled(pilot)
        assert got == ["second"]


def test_the_gateway_reads_one_snapshot_per_question(shell: story.Shell) -> None:
    gateway = Gateway(shell.ledger)
    days = standing.Memory()
    first = gateway.ask(lambda view: standing.load(view, days))
    assert sum(count for _, count in first.days) == first.size
    shell.ok("--as", "lea", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "other")
    second = gateway.ask(lambda view: standing.load(view, days))
    assert second.size > first.size
    assert sum(count for _, count in second.days) == second.size
    earlier = gateway.ask(lambda view: standing.load(view, days), at=3)
    assert (earlier.at, earlier.size) == (3, second.size)
    gateway.close()


def test_the_gateway_may_not_write(shell: story.Shell) -> None:
    gateway = Gateway(shell.ledger)
    with pytest.raises(LedgerError):
        gateway.ask(lambda view: view.rows("DELETE FROM checkpoints"))
    gateway.close()


@pytest.mark.parametrize(("words", "at"), [("3", 3), ("seq:3", 3), ("1,0", 10), ("2999", 14), ("2999-12-31 10:00", 14)])
def test_times_that_people_write(shell: story.Shell, words: str, at: int) -> None:
    gateway = Gateway(shell.ledger)
    assert gateway.ask(lambda view: standing.find_time(view, words)) == at
    gateway.close()


@pytest.mark.parametrize("words", ["", "soon", "1999-01-01", "1990", "99999", "2008-13", "2008-02-31", "2008-1-1"])
def test_what_is_no_time_is_refused(shell: story.Shell, words: str) -> None:
    gateway = Gateway(shell.ledger)
    with pytest.raises(InputError):
        gateway.ask(lambda view: standing.find_time(view, words))
    gateway.close()


class Screen:
    def __init__(self, tty: bool) -> None:
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def test_where_no_screen_can_be_drawn_it_is_said_before_anything_starts() -> None:
    with pytest.raises(InputError, match="needs a terminal"):
        require_terminal(Screen(False), Screen(True), {})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="needs a terminal"):
        require_terminal(Screen(True), Screen(False), {})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="dumb"):
        require_terminal(Screen(True), Screen(True), {"TERM": "dumb"})  # type: ignore[arg-type]
    require_terminal(Screen(True), Screen(True), {"TERM": "xterm-256color"})  # type: ignore[arg-type]


def test_no_statement_of_a_query_writes() -> None:
    for path in (Path(standing.__file__).parent).glob("*.py"):
        text = path.read_text().upper()
        assert not any(word in text for word in ("INSERT INTO", "UPDATE ", "DELETE FROM")), path


def test_sqlite_is_told_to_open_read_only(shell: story.Shell) -> None:
    gateway = Gateway(shell.ledger)
    with pytest.raises(sqlite3.OperationalError):
        gateway.ledger().connection.execute("CREATE TABLE t (x)")
    gateway.close()
