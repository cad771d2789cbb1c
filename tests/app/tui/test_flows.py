"""What people do on the dashboard, key by key."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Callable

import pytest
from textual.widgets import Input

import ledger
from app.tui import signing
from app.tui.app import Dashboard
from app.tui.screens.approvals.signpanel import SignPanel
from app.tui.screens.audit.eventlog import EventLog
from app.tui.screens.lineage.graph import GraphPane
from app.tui.screens.prompt import ChoiceScreen, PromptScreen
from ledger.events.artifacts import ArtifactRegistered
from ledger.projections import alerts, approvals
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
SIZE = (120, 36)


async def test_the_overview_says_what_is_wrong_and_what_waits(opened: Opened) -> None:
    async with opened("jon").run_test(size=SIZE) as pilot:
        await settled(pilot)
        text = shown(pilot.app)
        assert "4 of 8 features have drifted" in text
        assert "WAITS FOR YOU, jon (1)" in text
        assert "fx-vol v1 to prod, asked by lea" in text
        assert story.ORIGIN in text
        assert "LIVE" in text


async def test_from_the_overview_to_the_request_that_waits(opened: Opened) -> None:
    async with opened("jon").run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "s")
        text = shown(pilot.app)
        assert pilot.app.current.NAME == "Approvals"
        assert "model/fx-hedging/fx-vol@1 ▸ prod" in text
        assert "waits for you, as risk_officer" in text
        assert "out of time: 1.88" in text
        assert "as frozen" in text
        assert "dataset/fx-hedging/ecb-rates@1" in text
        await press(pilot, "backspace")
        assert pilot.app.current.NAME == "Overview"


async def test_signing_shows_the_exact_bytes_and_records_them_after_the_wait(
    opened: Opened, shell: story.Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "HELD_SECONDS", 0.6)
    async with opened("jon").run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a")
        panel = pilot.app.screen.query_one(SignPanel)
        assert panel.drafted is not None
        drafted = panel.drafted
        on_screen = "".join(
            line.split("│")[-2].strip() for line in shown(pilot.app).split("\n") if line.count("│") >= 4
        )
        assert drafted.statement.replace(" ", "") in on_screen.replace(" ", "")
        await press(pilot, *"zzzz", "enter")
        assert "nothing was signed" in shown(pilot.app)
        assert pilot.app.signing.pending is None
        await press(pilot, *drafted.fingerprint[-4:], "enter")
        assert pilot.app.signing.pending is not None
        assert "takes it back" in shown(pilot.app)
        await pilot.pause(1.2)
        await settled(pilot)
        assert "recorded: jon approved model/fx-hedging/fx-vol@1 for prod" in noticed(pilot.app)
    with ledger.open(shell.ledger, read_only=True) as book:
        last = list(book.events())[-1].event
        assert last.type == "approval.granted"
        assert base64.b64decode(last.value["dsse"]["payload"]) == drafted.statement.encode()


async def test_a_signed_decision_is_taken_back(opened: Opened, shell: story.Shell) -> None:
    before = shell.json("overview")["ledger"]["size"]
    async with opened("jon").run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a")
        await press(pilot, *pilot.app.screen.query_one(SignPanel).drafted.fingerprint[-4:], "enter")
        assert "already; it is not appended yet" in pilot.app.current.why_not("approve")
        await press(pilot, "u")
        assert "taken back" in noticed(pilot.app)
        assert not pilot.app.screen.query_one(SignPanel).open
    assert shell.json("overview")["ledger"]["size"] == before


@pytest.mark.parametrize(("key", "more"), [("d", 0), ("a", 1)])
async def test_quitting_while_a_decision_waits_asks(opened: Opened, shell: story.Shell, key: str, more: int) -> None:
    before = shell.json("overview")["ledger"]["size"]
    async with opened("jon").run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a")
        await press(pilot, *pilot.app.screen.query_one(SignPanel).drafted.fingerprint[-4:], "enter", "q")
        assert isinstance(pilot.app.screen, ChoiceScreen)
        await press(pilot, "escape")
        assert pilot.app.signing.pending is not None
        await press(pilot, "q")
        await pilot.press(key)
        await pilot.pause(1.0)
    assert pilot.app.return_code == 0
    assert shell.json("overview")["ledger"]["size"] == before + more


async def test_leaving_the_panel_signs_nothing(opened: Opened) -> None:
    async with opened("jon").run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a", "escape")
        assert not pilot.app.screen.query_one(SignPanel).open
        assert noticed(pilot.app) == "nothing was signed"
        assert pilot.app.current.NAME == "Approvals"


async def test_a_rejection_needs_a_reason_and_carries_it(
    opened: Opened, shell: story.Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "HELD_SECONDS", 0.2)
    async with opened("mia").run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "r", "enter")
        assert "a rejection needs a reason" in shown(pilot.app)
        await press(pilot, *"stale", "enter")
        drafted = pilot.app.screen.query_one(SignPanel).drafted
        assert '"reason":"stale"' in drafted.statement
        await press(pilot, *drafted.fingerprint[-4:], "enter")
        await pilot.pause(0.8)
        await settled(pilot)
    with ledger.open(shell.ledger, read_only=True) as book:
        (request,) = approvals.requests(book.view())
        assert request.rejected
        assert request.decisions[0].reason == "stale"


@pytest.mark.parametrize(
    ("me", "why"),
    [("lea", "the requester may not sign"), ("ada", "does not hold the role"), (None, "nobody is named")],
)
async def test_a_key_that_cannot_work_says_why(opened: Opened, me: str | None, why: str) -> None:
    async with opened(me, why_nobody="nobody is named; give --as NAME").run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "5", "a")
        assert why in noticed(pilot.app)
        assert not pilot.app.screen.query_one(SignPanel).open


async def test_the_passphrase_is_asked_for_on_screen(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, shell: story.Shell
) -> None:
    monkeypatch.delenv("ASSAY_PASSPHRASE_FILE")
    async with opened("jon").run_test(size=(140, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a")
        fingerprint = pilot.app.screen.query_one(SignPanel).drafted.fingerprint
        await press(pilot, *fingerprint[-4:])
        await pilot.press("enter")
        await pilot.pause(0.4)
        assert isinstance(pilot.app.screen, PromptScreen)
        await pilot.press(*"wrong", "enter")
        await settled(pilot)
        assert "passphrase" in noticed(pilot.app)
        assert pilot.app.signing.pending is None
        await press(pilot, *fingerprint[-4:])
        await pilot.press("enter")
        await pilot.pause(0.4)
        await pilot.press(*"correct", "space", *"horse", "enter")
        await settled(pilot)
        assert pilot.app.signing.pending is not None
        await press(pilot, "u")


async def test_walking_from_the_model_to_the_file_it_came_from(opened: Opened) -> None:
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "3", "slash", *"fx-vol@1")
        await press(pilot, "enter")
        pane = pilot.app.screen.query_one(GraphPane)
        assert pane.cursor == "model/fx-hedging/fx-vol@1"
        await press(pilot, "h")
        assert pane.cursor == f"run/{story.RUN}"
        await press(pilot, "h")
        assert pane.cursor == "dataset/fx-hedging/ecb-rates@1"
        text = shown(pilot.app)
        assert "path  ecb-rates v1 ▸ train 7c1e ▸ fx-vol v1" in text
        assert "IF WITHDRAWN" in text
        assert "1 model" in text
        await press(pilot, "enter", "i")
        assert "if withdrawn: 1 model, 1 run" in shown(pilot.app)
        await press(pilot, "escape", "backspace")
        assert "Lineage of model/fx-hedging/fx-vol@1" in shown(pilot.app)
        assert "withdrawn" not in shown(pilot.app).split("\n")[2]


async def test_the_playhead_shows_any_screen_as_of_any_event(opened: Opened, shell: story.Shell) -> None:
    seq = int(story.request_number(shell))
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        assert "NEEDS YOU (1)" in shown(pilot.app)
        await press(pilot, "T", *str(seq - 1), "enter")
        assert pilot.app.moment.at == seq - 1
        assert "no request was ever made" in shown(pilot.app)
        assert f"event {seq - 1:,} of" in shown(pilot.app)
        await press(pilot, "right_square_bracket")
        assert pilot.app.moment.live
        assert "NEEDS YOU (1)" in shown(pilot.app)
        await press(pilot, "left_square_bracket", "left_square_bracket")
        assert pilot.app.moment.at == seq - 2
        await press(pilot, "a")
        await press(pilot, "L")
        assert pilot.app.moment.live
        await press(pilot, "T", *"nonsense", "enter")
        assert "is no time" in shown(pilot.app)
        assert pilot.app.screen.query_one(Input).value == "nonsense", "what was typed can be mended"
        await press(pilot, *["backspace"] * 8, *"1990", "enter")
        assert "nothing was recorded by 1990; the first event is of 2" in shown(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.moment.live


async def test_nothing_is_signed_while_one_looks_at_the_past(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        fact = ArtifactRegistered(kind="dataset", name="later", version=1, sha256="sha256:" + "0" * 64, size=1)
        book.record(fact, actor="lea", project=story.PROJECT)
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "5", "left_square_bracket", "a")
        assert "you look at the past" in noticed(pilot.app)


async def test_verification_says_intact_and_finds_a_changed_byte(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v")
        assert "intact" in shown(pilot.app)
        assert "nothing was found" in pilot.app.current.why_not("break")
    with sqlite3.connect(shell.ledger) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        body = connection.execute("SELECT body FROM events WHERE seq = 5").fetchone()[0]
        connection.execute("UPDATE events SET body = ? WHERE seq = 5", (body.replace(b"5", b"6", 1),))
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v")
        text = shown(pilot.app)
        assert "edited at event 5" in text
        assert "X" in text
        assert pilot.app.screen.query_one(EventLog).cursor == 5
        assert "differs" in text
        await press(pilot, "1")
        assert "findings" in shown(pilot.app)
        assert pilot.app.status().verified == (pilot.app.standing.size, False), (
            "no screen goes on saying that it was verified"
        )


async def test_acknowledging_an_alert_records_it_with_a_note(opened: Opened, shell: story.Shell) -> None:
    async with opened("mia").run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "7")
        assert "OPEN ALERTS (1)" in shown(pilot.app)
        await press(pilot, "a", *"watching", "enter")
        assert "recorded: mia acknowledged" in noticed(pilot.app)
        await press(pilot, "L")
        assert "acknowledged already" in pilot.app.current.why_not("acknowledge")
    with ledger.open(shell.ledger, read_only=True) as book:
        (alert,) = alerts.listed(book.view())
        assert alert.changes[0].note == "watching"


async def test_what_another_process_appends_appears_within_a_second(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "9")
        before = pilot.app.standing.size
        await pilot.pause(0.6)
        shell.ok("--as", "lea", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "other")
        began = time.monotonic()
        while pilot.app.standing.size == before and time.monotonic() - began < 3:
            await pilot.pause(0.02)
        assert time.monotonic() - began < 1.0
        await settled(pilot)
        assert "dataset/fx-hedging/other@1" in shown(pilot.app)


async def test_finding_opens_things_where_they_are_shown_best(opened: Opened) -> None:
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        for words, name in (("ecb", "Lineage"), ("drift-2008", "Monitoring"), ("request", "Approvals")):
            await press(pilot, "slash", *words)
            await press(pilot, "enter")
            assert name == pilot.app.current.NAME


async def test_the_palette_runs_any_action(opened: Opened) -> None:
    async with opened("mia").run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+p", *"assay whoami")
        await press(pilot, "enter")
        text = shown(pilot.app)
        assert "assay whoami" in text
        assert "model_owner" in text
        await press(pilot, "escape", "ctrl+p", *"assay gate")
        await press(pilot, "enter", "enter")
        assert "is needed" in shown(pilot.app)
        await press(pilot, *"fx-vol@1", "tab", *"prod", "enter")
        assert "not yet" in shown(pilot.app)


async def test_the_tree_shows_what_came_from_what(opened: Opened) -> None:
    async with opened().run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, "3", "slash", *"fx-vol@1")
        await press(pilot, "enter", "t", "t")
        text = shown(pilot.app)
        assert "  ╰─ train 7c1e" in text
        assert "     ╰─ ecb-rates v1" in text
        assert "▸ fx-vol v1" in text
        assert pilot.app.screen.query_one("#lanes").has_focus
        await press(pilot, "k")
        assert "ecb-rates v1" in shown(pilot.app)
        assert pilot.app.screen.query_one("GraphPane").cursor == "dataset/fx-hedging/ecb-rates@1"
        await press(pilot, "t")
        assert pilot.app.screen.query_one("#graph").has_focus


async def test_lanes_say_the_same_in_words(opened: Opened) -> None:
    async with opened().run_test(size=(66, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "3", "slash", *"fx-vol@1")
        await press(pilot, "enter")
        text = shown(pilot.app)
        assert "CAME FROM (2)" in text
        assert "ecb-rates v1" in text
        assert "FOCUS" in text
