"""Signed decisions on their way: one or several at once, taken back, refused, interrupted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import ledger
from app.actions import deciding
from app.tui import signing
from app.tui.app import Dashboard
from app.tui.draw.glyphs import ASCII
from app.tui.screens.approvals.leftout import LeftOutScreen
from app.tui.screens.approvals.signpanel import SignPanel
from app.tui.screens.prompt import ChoiceScreen
from app.tui.signing import Outcome, Signed, Signing, Unrecorded
from app.tui.widgets.paper import Paper
from ledger.events.approvals import ApprovalWithdrawn
from ledger.projections import approvals
from tests.app import story
from tests.app.tui import asking
from tests.app.tui.driving import noticed, press, settled, shown, until

Opened = Callable[..., Dashboard]
SIZE = (140, 50)


def signed(request: int) -> Any:
    """A signed decision as far as the queue looks at it."""
    return Signed(SimpleNamespace(request=request, words=f"approve {request}"), {})  # type: ignore[arg-type]


def passed(batch: signing.Batch) -> Outcome:
    return Outcome(tuple(each.drafted.words for each in batch.signed), ())


class TestTheQueue:
    def test_a_batch_waits_and_is_appended_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [100.0]
        monkeypatch.setattr(signing, "monotonic", lambda: now[0])
        sent: list[signing.Batch] = []
        held = Signing(sent.append)
        assert not held.tick()
        held.hold([signed(1), signed(2)])
        assert held.pending is not None
        assert held.pending.left == signing.HELD_SECONDS
        assert held.pending.words == "2 decisions: approve 1; approve 2"
        now[0] += signing.HELD_SECONDS - 0.1
        assert held.tick()
        assert not sent
        now[0] += 0.2
        assert held.tick()
        assert [each.drafted.request for each in sent[0].signed] == [1, 2]
        assert held.pending is None
        assert held.appending
        assert held.signs(2)
        held.appended(passed(sent[0]))
        assert not held.appending
        assert not held.signs(2)

    def test_all_of_it_is_taken_back(self) -> None:
        sent: list[signing.Batch] = []
        held = Signing(sent.append)
        held.hold([signed(1), signed(2)])
        dropped = held.take_back()
        assert dropped is not None
        assert len(dropped.signed) == 2
        assert held.take_back() is None
        held.flush()
        assert not sent

    def test_a_second_batch_goes_when_the_first_is_through(self) -> None:
        sent: list[signing.Batch] = []
        held = Signing(sent.append)
        held.hold([signed(1)])
        held.hold([signed(2)])
        held.hold([signed(3)])
        assert [each.signed[0].drafted.request for each in sent] == [1]
        assert all(held.signs(n) for n in (1, 2, 3))
        held.flush()
        for count in (1, 2):
            held.appended(passed(sent[-1]))
            assert [each.signed[0].drafted.request for each in sent] == [1, 2, 3][: count + 1]
        held.appended(passed(sent[-1]))
        assert not held.appending

    def test_what_failed_is_kept_until_it_was_read_and_said_by_name(self) -> None:
        held = Signing(lambda batch: None)
        held.hold([signed(1), signed(2)])
        held.flush()
        outcome = Outcome(("jon approved b",), (Unrecorded("approve a", "it was withdrawn"),))
        held.appended(outcome)
        assert held.unrecorded == outcome.unrecorded
        assert outcome.words == "not recorded: approve a: it was withdrawn; recorded: jon approved b"
        assert Outcome(("x", "y"), ()).words == "recorded: 2 decisions: x; y"


def panel(pilot: Pilot[int]) -> SignPanel:
    return pilot.app.screen.query_one(SignPanel)


async def marked(pilot: Pilot[int], *requests: int) -> None:
    """Go to the inbox and mark these requests."""
    await settled(pilot)
    await press(pilot, "5")
    for request in requests:
        await at(pilot, request)
        await press(pilot, "space")


async def at(pilot: Pilot[int], request: int) -> None:
    """Put the cursor on a request."""
    pilot.app.current.open(f"request/{request}")
    await until(pilot, lambda: pilot.app.current.subject == f"request/{request}")
    await settled(pilot)


async def proposed(pilot: Pilot[int], key: str = "a") -> None:
    """Begin a decision, until its first statement is in view."""
    await press(pilot, key)
    await until(pilot, lambda: panel(pilot).proposing)
    await settled(pilot)


async def typed(pilot: Pilot[int], many: int) -> list[signing.Drafted]:
    """Type the end of the hash in view, so many times; what was signed."""
    found = []
    for _ in range(many):
        drafted = panel(pilot).drafted
        assert drafted is not None
        found.append(drafted)
        await pilot.press(*drafted.fingerprint[-4:], "enter")
        await until(pilot, lambda was=drafted: panel(pilot).drafted is not was or not panel(pilot).proposing)  # type: ignore[misc]
        await settled(pilot)
    return found


def decisions(shell: story.Shell, request: int) -> list[tuple[str, str]]:
    with ledger.open(shell.ledger, read_only=True) as book:
        found = approvals.get(book.view(), request)
        assert found is not None
        return [(each.signer, each.verdict) for each in found.decisions]


async def test_two_marked_requests_each_with_its_own_statement_hash_and_event(
    opened: Opened, shell: story.Shell
) -> None:
    one, other = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, one, other)
        assert "NEEDS YOU (3), 2 marked" in shown(pilot.app)
        assert shown(pilot.app).count("● prod") == 2
        await proposed(pilot)
        assert "You will sign 1 of 2" in shown(pilot.app)
        first = panel(pilot).drafted
        assert first.statement != panel(pilot).drafts[1].statement
        assert pilot.app.current.subject == f"request/{first.request}"
        await press(pilot, "tab")
        second = panel(pilot).drafted
        assert "You will sign 2 of 2" in shown(pilot.app)
        assert second.fingerprint in shown(pilot.app).replace(" ", "")
        assert pilot.app.current.subject == f"request/{second.request}"
        # The end of another statement's hash signs nothing.
        await pilot.press(*first.fingerprint[-4:], "enter")
        await settled(pilot)
        assert "that is not the hash's end" in shown(pilot.app)
        await press(pilot, "shift+tab")
        drafts = await typed(pilot, 1)
        assert pilot.app.signing.pending is None
        assert "✓ typed" in shown(pilot.app)
        drafts += await typed(pilot, 1)
        assert {each.request for each in drafts} == {one, other}
        assert len(pilot.app.signing.pending.signed) == 2
        assert "takes both back" in shown(pilot.app)
        assert "● marked" not in shown(pilot.app)
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "recorded: 2 decisions" in noticed(pilot.app))
    assert decisions(shell, one) == decisions(shell, other) == [("jon", "approve")]
    with ledger.open(shell.ledger, read_only=True) as book:
        granted = [each.event.value["dsse"] for each in book.events() if each.event.type == "approval.granted"]
    assert granted[0]["payload"] != granted[1]["payload"]


async def test_what_cannot_be_signed_is_left_out_by_name_before_anything_is_signed(
    opened: Opened, shell: story.Shell
) -> None:
    (mine,) = asking.ask(shell, 1)
    (own,) = asking.ask(shell, 1, by="jon", name="own")
    (foreign,) = asking.ask(shell, 1, name="foreign", roles=("model_owner",))
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, mine, own, foreign)
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, LeftOutScreen)
        text = shown(pilot.app)
        assert "of 3 marked, 1 can be signed by you" in text
        assert f"own@1 for prod (request {own})" in text
        assert "the requester may not sign" in text
        assert f"foreign@1 for prod (request {foreign})" in text
        assert "jon does not hold the role model_owner" in text
        await press(pilot, "escape")
        assert not panel(pilot).open
        await press(pilot, "a")
        await proposed(pilot, "enter")
        assert [each.request for each in panel(pilot).drafts] == [mine]
        # Where none is left there is nothing to go on with.
        await press(pilot, "escape")
        await at(pilot, mine)
        await press(pilot, "space", "r", "enter")
        assert isinstance(pilot.app.screen, LeftOutScreen)
        assert "of 2 marked, none can be signed by you" in shown(pilot.app)


async def test_one_reason_stands_in_every_rejection(opened: Opened, shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    async with opened("mia").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await press(pilot, "r")
        assert "It stands in all 2 statements" in " ".join(shown(pilot.app).split())
        await press(pilot, *"stale", "enter")
        assert all('"reason":"stale"' in each.statement for each in panel(pilot).drafts)
        await typed(pilot, 2)
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "recorded: 2 decisions" in noticed(pilot.app))
    assert [decisions(shell, each) for each in requests] == [[("mia", "reject")]] * 2


async def test_u_takes_all_of_them_back_and_they_can_be_signed_again(opened: Opened, shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    before = shell.json("overview")["ledger"]["size"]
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await typed(pilot, 2)
        assert "already; it is not appended yet" in pilot.app.current.why_not("approve")
        await press(pilot, "u")
        assert "taken back: 2 decisions" in noticed(pilot.app)
        assert not panel(pilot).open
        assert pilot.app.current.why_not("approve") == ""
    assert shell.json("overview")["ledger"]["size"] == before


@pytest.mark.parametrize(("key", "more"), [("d", 0), ("a", 2)])
async def test_quitting_while_two_wait_asks_with_their_number(
    opened: Opened, shell: story.Shell, key: str, more: int
) -> None:
    requests = asking.ask(shell, 2)
    before = shell.json("overview")["ledger"]["size"]
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await typed(pilot, 2)
        await press(pilot, "ctrl+q")
        assert isinstance(pilot.app.screen, ChoiceScreen)
        assert "2 signed decisions wait" in shown(pilot.app)
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.return_code is not None)
    assert pilot.app.return_code == 0
    assert shell.json("overview")["ledger"]["size"] == before + more


async def test_what_was_appended_while_one_chose_to_drop_it_is_said(opened: Opened, shell: story.Shell) -> None:
    (request,) = asking.ask(shell, 1)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, request)
        await proposed(pilot)
        await typed(pilot, 1)
        await press(pilot, "q")
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: pilot.app.signing.pending is None and not pilot.app.signing.appending)
        await press(pilot, "d")
        assert "too late to drop" in noticed(pilot.app)
        assert pilot.app.return_code is None
    assert decisions(shell, request) == [("jon", "approve")]


async def test_a_withdrawn_request_is_refused_by_name_and_the_other_goes_through(
    opened: Opened, shell: story.Shell
) -> None:
    one, other = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, one, other)
        await proposed(pilot)
        await typed(pilot, 2)
        with ledger.open(shell.ledger) as book:
            asked = approvals.get(book.view(), one)
            fact = ApprovalWithdrawn(request=one, reason="a better one comes")
            book.record(fact, subject=asked.subject, actor="lea", project=story.PROJECT)
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "not recorded" in noticed(pilot.app))
        assert f"(request {one}): " in noticed(pilot.app)
        text = shown(pilot.app)
        assert "Not recorded" in text
        assert "was withdrawn" in text
        await press(pilot, "escape")
        assert not panel(pilot).open
    assert decisions(shell, one) == []
    assert decisions(shell, other) == [("jon", "approve")]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("people", "take", "jon", "--role", "risk_officer", "--reason", "moved on"), "does not hold the role"),
        (("people", "revoke", "jon", "--reason", "lost his laptop"), "key"),
    ],
)
async def test_a_role_or_a_key_that_is_lost_meanwhile_is_found_at_the_append(
    opened: Opened, shell: story.Shell, words: tuple[str, ...], why: str
) -> None:
    requests = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await typed(pilot, 2)
        shell.ok("--as", "ada", *words)
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "not recorded" in noticed(pilot.app))
        assert why in noticed(pilot.app)
        assert all(f"(request {each})" in noticed(pilot.app) for each in requests)
        await press(pilot, "q")
        await until(pilot, lambda: pilot.app.return_code == 0)
    assert [decisions(shell, each) for each in requests] == [[], []]


async def test_an_append_that_fails_is_said_for_each_and_quitting_waits_for_the_news(
    opened: Opened, shell: story.Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = asking.ask(shell, 2)
    record = deciding.record

    def sometimes(book: Any, draft: Any, envelope: Any) -> Any:
        if draft.request.seq == one:
            raise OSError(28, "No space left on device")
        return record(book, draft, envelope)

    monkeypatch.setattr(deciding, "record", sometimes)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, one, other)
        await proposed(pilot)
        await typed(pilot, 2)
        await press(pilot, "q", "a")
        await until(pilot, lambda: "not recorded" in noticed(pilot.app))
        assert "No space left on device" in noticed(pilot.app)
        assert "recorded: jon approved" in noticed(pilot.app)
        assert pilot.app.return_code is None
    assert decisions(shell, one) == []
    assert decisions(shell, other) == [("jon", "approve")]


async def test_a_ledger_that_cannot_be_opened_keeps_none_of_them(
    opened: Opened, shell: story.Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await typed(pilot, 2)

        def shut(**how: object) -> None:
            raise OSError(13, "Permission denied")

        monkeypatch.setattr(pilot.app, "acting", shut)
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "Permission denied" in noticed(pilot.app))
        assert len(pilot.app.signing.unrecorded) == 2
    assert [decisions(shell, each) for each in requests] == [[], []]


async def test_a_second_batch_signed_while_the_first_waits_goes_after_it(opened: Opened, shell: story.Shell) -> None:
    one, two, three = asking.ask(shell, 3)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, one, two)
        await proposed(pilot)
        await typed(pilot, 2)
        await at(pilot, three)
        await proposed(pilot)
        assert panel(pilot).proposing
        assert pilot.app.signing.pending.signed[0].drafted.request in (one, two)
        assert "appends 2 in" in shown(pilot.app).split("\n")[0]
        await typed(pilot, 1)
        await until(pilot, lambda: "recorded: 2 decisions" in noticed(pilot.app))
        assert [each.drafted.request for each in pilot.app.signing.pending.signed] == [three]
        pilot.app.signing.pending.due = 0
        await until(pilot, lambda: "recorded: jon approved" in noticed(pilot.app))
    with ledger.open(shell.ledger, read_only=True) as book:
        order = [each.event.cause for each in book.events() if each.event.type == "approval.granted"]
    assert order[2] == three
    assert set(order[:2]) == {one, two}


async def test_bytes_that_were_not_on_screen_are_not_signed(opened: Opened, shell: story.Shell) -> None:
    (request,) = asking.ask(shell, 1)
    async with opened("jon").run_test(size=(64, 20)) as pilot:
        await marked(pilot, request)
        await proposed(pilot)
        lines = shown(pilot.app).split("\n")
        assert any("type the last 4" in line for line in lines)
        assert any("sha256  " in line for line in lines)
        assert any("enter signs these bytes" in line for line in lines)
        drafted = panel(pilot).drafted
        await press(pilot, *drafted.fingerprint[-4:], "enter")
        assert "the bytes go on" in shown(pilot.app)
        assert pilot.app.signing.pending is None
        for _ in range(30):
            if pilot.app.signing.pending is not None:
                break
            await press(pilot, "enter")
        assert panel(pilot).query_one("#bytes", Paper).scroll_y > 0
        assert [each.drafted.request for each in pilot.app.signing.pending.signed] == [request]
        await press(pilot, "u")


async def test_having_read_one_statement_is_not_having_read_the_next(opened: Opened, shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    async with opened("jon").run_test(size=(64, 20)) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await press(pilot, "pagedown", "pagedown", "pagedown", "pagedown")
        await typed(pilot, 1)
        assert panel(pilot).here == 1
        await press(pilot, *panel(pilot).drafted.fingerprint[-4:], "enter")
        assert "the bytes go on" in shown(pilot.app)
        assert pilot.app.signing.pending is None


async def test_another_append_while_one_types_keeps_what_was_typed(opened: Opened, shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await typed(pilot, 1)
        asking.ask(shell, 1, name="later")
        await until(pilot, lambda: "later v1" in shown(pilot.app))
        assert panel(pilot).here == 1
        assert "✓ typed" in shown(pilot.app)
        await typed(pilot, 1)
        assert len(pilot.app.signing.pending.signed) == 2
        await press(pilot, "u")


async def test_escape_leaves_the_panel_then_the_marks_but_not_the_screen(opened: Opened, shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    async with opened("jon").run_test(size=SIZE, notifications=False) as pilot:
        await marked(pilot, *requests)
        await proposed(pilot)
        await press(pilot, "escape")
        assert noticed(pilot.app) == "nothing was signed"
        assert "2 marked" in shown(pilot.app)
        await press(pilot, "escape")
        assert "marked" not in "".join(shown(pilot.app).split("\n")[:-1])
        await press(pilot, "escape")
        assert pilot.app.current.NAME == "Approvals", "to be safe does not mean away"
        await press(pilot, "backspace")
        assert pilot.app.current.NAME == "Overview"


@pytest.mark.parametrize("size", [(60, 16), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_hash_field_and_what_to_do_are_on_screen_at_every_size(
    opened: Opened, shell: story.Shell, size: tuple[int, int]
) -> None:
    requests = asking.ask(shell, 3)
    async with opened("mia", glyphs=ASCII).run_test(size=size) as pilot:
        await marked(pilot, *requests)
        await press(pilot, "r")
        pilot.app.screen.query_one(Input).value = "long " * 60
        await press(pilot, "enter")
        for _ in requests:
            text = shown(pilot.app)
            ending = panel(pilot).drafted.fingerprint[-4:]
            assert ending in text.replace(" ", "")
            assert "type the last 4" in text
            assert "esc leaves" in " ".join(text.replace("|", " ").split())
            assert {sign for sign in text if not sign.isascii()} <= set("▁▂▃▄▅▆▇█")
            await press(pilot, "tab")


async def test_long_lists_fold_and_a_filter_looks_through_all_of_them(opened: Opened, shell: story.Shell) -> None:
    asking.ask(shell, 40)
    async with opened("jon").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        await until(pilot, lambda: "NEEDS YOU (41)" in shown(pilot.app))
        assert "29 more: z" in shown(pilot.app)
        await press(pilot, "z")
        assert "more: z" not in shown(pilot.app)
        assert "fx-carry v20" in shown(pilot.app)
        await press(pilot, "z")
        assert "29 more: z" in shown(pilot.app)
        pilot.app.current.narrow_to("v7")
        await settled(pilot)
        assert "fx-carry v7" in shown(pilot.app)
        assert "fx-carry v39" not in shown(pilot.app)
