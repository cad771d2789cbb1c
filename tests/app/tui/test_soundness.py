"""What a touched ledger shows at a glance, and how the frame tells what is recorded from what was checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from app.tui.app import Dashboard
from app.tui.draw.frame import Status, status, tabs
from app.tui.draw.picture import measure
from app.tui.queries.soundness import suspicion
from ledger.store import schema
from tests.app import story
from tests.app.tui.driving import press, settled, shown

Opened = Callable[..., Dashboard]


def unguarded(connection: sqlite3.Connection) -> None:
    for guard in schema.GUARDS:
        connection.execute(f"DROP TRIGGER {schema.entity(guard)}")


def guarded(connection: sqlite3.Connection) -> None:
    for guard in schema.GUARDS:
        connection.execute(guard)


def touched(shell: story.Shell, *statements: str) -> str:
    """What is suspected once the statements were done, with the guards put back as they were."""
    connection = sqlite3.connect(shell.ledger)
    try:
        unguarded(connection)
        for each in statements:
            connection.execute(each)
        guarded(connection)
        connection.commit()
        return suspicion(connection)
    finally:
        connection.close()


def test_nothing_is_suspected_of_a_sound_ledger(shell: story.Shell) -> None:
    assert touched(shell) == ""


@pytest.mark.parametrize("guard", schema.GUARDS, ids=schema.entity)
def test_each_guard_is_missed(shell: story.Shell, guard: str) -> None:
    with sqlite3.connect(shell.ledger) as connection:
        connection.execute(f"DROP TRIGGER {schema.entity(guard)}")
        assert suspicion(connection) == "guards missing"
        connection.execute(f"CREATE TRIGGER {schema.entity(guard)} BEFORE DELETE ON nodes BEGIN SELECT 1; END")
        assert suspicion(connection) == "guards missing", "one of its name does not stand for it"


def test_a_log_that_was_cut_is_shorter_than_its_checkpoint_or_its_tree(shell: story.Shell) -> None:
    cut = "DELETE FROM events WHERE seq > (SELECT max(seq) - 3 FROM events)"
    assert touched(shell, cut).startswith("shorter than its checkpoint at ")
    assert touched(shell, "DELETE FROM checkpoints").startswith("shorter than its tree of ")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM nodes WHERE level = 1 AND idx = (SELECT max(idx) FROM nodes WHERE level = 1)", "longer than its"),
        ("DELETE FROM events WHERE seq = 0", "its first event is missing"),
        ("UPDATE events SET body = x'00' WHERE seq = (SELECT max(seq) FROM events)", "its last event cannot be read"),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM events)", "its last event was changed"),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) - 1 FROM events)", "follows another one"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(shell: story.Shell, statement: str, said: str) -> None:
    assert said in touched(shell, statement)


async def test_a_ledger_without_guards_opens_red(opened: Opened, shell: story.Shell) -> None:
    shell.ok("--as", "lea", "verify", "--record")
    with sqlite3.connect(shell.ledger) as connection:
        connection.execute("DROP TRIGGER events_keep_update")
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "✗ guards missing, v tells" in shown(pilot.app).split("\n")[0]
        assert "✗ guards missing" in shown(pilot.app).split("\n")[3]
        assert "intact" not in "".join(shown(pilot.app).split("\n")[:6])


async def test_what_is_recorded_reads_otherwise_than_what_was_checked(opened: Opened, shell: story.Shell) -> None:
    shell.ok("--as", "lea", "verify", "--record")
    async with opened().run_test(size=(140, 36)) as pilot:
        await settled(pilot)
        assert "○ recorded as verified at " in shown(pilot.app).split("\n")[0]
        assert "○ chain recorded intact at " in shown(pilot.app)
        await press(pilot, "9", "v", "1")
        assert "✓ verified now at " in shown(pilot.app).split("\n")[0]
        assert "✓ chain intact" in shown(pilot.app)


@pytest.mark.parametrize("cells", [60, 70, 80, 100, 120, 200])
def test_how_far_the_chain_is_proven_is_the_last_to_go(cells: int) -> None:
    said = Status("a.very.long.name.of.a.ledger/with-a-path", "project", 1_000_000, 999_999, "ab" * 32, (3_069, True))
    for state, word in (
        (said, "recorded"),
        (Status(*[getattr(said, n) for n in ("origin", "project", "size", "at", "head")]), "not verified"),
        (Status(said.origin, suspicion="shorter than its checkpoint at 1,000,000"), "shorter than its"),
        (Status(said.origin, size=9, verified=(7, True), checked=True, simulated=True, shown="2008-08-01 12:00, event 7 of 9"),
         "verified"),
    ):  # fmt: skip
        line = status(state, cells)
        assert measure(line) == cells
        assert word in "".join(text for text, _ in line)


def test_the_events_outlive_a_long_name() -> None:
    line = status(Status("n" * 60, "", 3_069, 3_068, "ab" * 32, (3_069, True)), 80)
    assert "3,069 events" in "".join(text for text, _ in line)


@pytest.mark.parametrize("cells", [60, 80, 100, 110, 120, 160])
def test_the_screens_names_are_cut_by_the_width_alone(cells: int) -> None:
    names = ("Overview", "Maturity", "Lineage", "Registry", "Approvals", "Rollouts", "Monitoring", "Risks", "Audit")
    screens = [(str(n), name, 0) for n, name in enumerate(names, 1)]
    drawn = {here: "".join(text for text, _ in tabs(screens, here, cells)) for here in names}
    for name in names:
        seen = {name in line for here, line in drawn.items() if here != name}
        assert len(seen) == 1, "from every other screen it is cut alike"
