"""The first screen: answers at a glance, long lists whole, the guide, the doctor and the agent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

import ledger
from app.actions import agent
from app.actions.agent import Round, Work
from app.tui.app import Dashboard
from app.tui.screens.overview.queries.agent import load
from app.tui.screens.overview.whole import WholeScreen
from app.tui.widgets.lister import Lister
from ledger.events.artifacts import ArtifactRegistered
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
SIZES = [(120, 36), (80, 24)]


@pytest.fixture
def many(shell: story.Shell) -> story.Shell:
    """The story, and forty other projects."""
    with ledger.open(shell.ledger) as book:
        for n in range(40):
            fact = ArtifactRegistered(kind="dataset", name="rates", version=1, sha256=f"sha256:{'ab' * 32}", size=1)
            book.record(fact, actor="lea", project=f"p{n:02}")
    return shell


async def walk(pilot: Pilot[int], lister: Lister, value: str) -> None:
    """Move the cursor down to a row."""
    while lister.value != value:
        before = lister.value
        await pilot.press("j")
        assert lister.value != before, f"there is no row {value}"
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_answers_at_once(opened: Opened, many: story.Shell, size: tuple[int, int]) -> None:
    async with opened().run_test(size=size) as pilot:
        await settled(pilot)
        lines = shown(pilot.app).split("\n")[2:9]
        text = "\n".join(lines)
        assert "1 alert" in text
        assert "1 request for your signature, jon" in text
        assert f"of 8, {story.PROJECT}" in text
        assert all(f"{n}" in next(line for line in lines if "STEPS" in line) for n in range(1, 9))
        assert "DATA" in text
        assert "AGENT" in text


async def test_a_long_list_is_cut_and_opens_whole(opened: Opened, many: story.Shell) -> None:
    async with opened().run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        assert "PROJECTS (41)" in shown(pilot.app)
        assert "35 more" in shown(pilot.app)
        assert "p33" not in shown(pilot.app)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, WholeScreen)
        assert "p33" in shown(pilot.app)
        await walk(pilot, pilot.app.screen.query_one(Lister), "project/p33")
        await press(pilot, "enter")
        assert pilot.app.current.NAME == "Maturity"
        assert pilot.app.current.subject == "project/p33"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_row_for_the_rest_opens_the_whole_list(
    opened: Opened, many: story.Shell, size: tuple[int, int]
) -> None:
    async with opened().run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "l")
        page = pilot.app.current
        await walk(pilot, page.here, "all/PROJECTS (41)")
        assert page.subject == "", "it is no reference"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WholeScreen)
        await press(pilot, "escape")
        assert pilot.app.screen is page


async def test_a_filter_looks_through_what_is_not_listed(opened: Opened, many: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        pilot.app.current.narrow_to("p33")
        await settled(pilot)
        assert "p33" in shown(pilot.app)
        await press(pilot, "escape")
        assert "p33" not in shown(pilot.app)


async def test_the_guide_whole_and_from_an_item_to_its_event(opened: Opened) -> None:
    async with opened().run_test(size=(120, 60)) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        text = shown(pilot.app)
        assert "THE EIGHT STEPS" in text
        assert "READY FOR PRODUCTION" in text
        page, box = pilot.app.current, pilot.app.screen
        proven = next(each for each in page._guide.items if each.seq is not None)
        await walk(pilot, box.query_one(Lister), f"guide/{proven.id}")
        assert f"enter goes to event {proven.seq:,}" in shown(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.current.subject == f"event/{proven.seq}"


async def test_the_doctors_findings_with_what_mends_them(opened: Opened, shell: story.Shell) -> None:
    said = [each for each in shell("doctor", "--json").document["symptoms"] if each["state"] == "present"]
    async with opened().run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        assert ("THE DOCTOR FOUND" in shown(pilot.app)) == bool(said)
        await press(pilot, "d")
        found = pilot.app.current._guide.symptoms
        assert found, "the story has something to find"
        assert found[0].fix.split("`")[0].strip()[:30] in shown(pilot.app)


async def test_panes_by_h_and_l_and_what_a_row_opens(opened: Opened) -> None:
    async with opened().run_test(size=(120, 60)) as pilot:
        await settled(pilot)
        page = pilot.app.current
        await press(pilot, "l", "0")
        assert page.here.id == "stands"
        assert str(page.here.value).startswith("guide/")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WholeScreen)
        await press(pilot, "escape", "h")
        assert page.here.id == "matters"
        await press(pilot, "l")
        await walk(pilot, page.here, "proof/chain")
        await press(pilot, "enter")
        assert pilot.app.current.NAME == "Audit"


def test_the_agent_is_read_from_what_it_keeps(shell: story.Shell) -> None:
    assert not load(shell.ledger).known
    work = (Work("escalation", 2), Work("triggers", 0, "no such file"))
    agent.keep_round(shell.ledger, Round("2026-11-23T13:00:00.000000Z", "2008-01-01T00:00:00Z", "svc:agent", 0.5, work))
    found = load(shell.ledger)
    assert (found.leader, found.ran, found.by) == ("", "2026-11-23T13:00:00.000000Z", "svc:agent")
    assert [each.duty for each in found.failed] == ["triggers"]
    assert "escalation" in found.duties
    with agent.leading(shell.ledger, "svc:agent"):
        assert load(shell.ledger).leader.startswith("svc:agent, process ")


async def test_the_agent_on_the_dashboard_and_in_its_past(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        assert "never ran" in shown(pilot.app)
        await press(pilot, "a")
        assert "assay agent --once" in shown(pilot.app)
        await press(pilot, "escape")
        work = (Work("triggers", 0, "no such file [bold]x[/]"),)
        agent.keep_round(shell.ledger, Round(agent.wall_time(), "2008-01-01T00:00:00Z", "svc:agent", 0.5, work))
        pilot.app.current._look()
        await settled(pilot)
        assert "failed: triggers" in shown(pilot.app)
        assert "1 duty of the agent failed" in shown(pilot.app)
        await press(pilot, "left_square_bracket")
        assert "as it is now" in shown(pilot.app)
        assert "1 duty of the agent failed" not in shown(pilot.app)
        await press(pilot, "a")
        assert "no such file [bold]x[/]" in shown(pilot.app)


async def test_a_list_is_left_alone_while_nothing_in_it_changes(opened: Opened, many: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        stands = pilot.app.current.query_one("#stands", Lister)
        assert str(stands.value).startswith("guide/"), "where the cursor is elsewhere, it waits on the first row"
        stands.scroll_to(y=9, animate=False)
        await settled(pilot)
        pilot.app.current._look()
        await settled(pilot)
        assert stands.scroll_offset.y == 9
        await press(pilot, "l", "j", "j")
        chosen = stands.value
        pilot.app.current._listed.clear()
        pilot.app.current._draw()
        await settled(pilot)
        assert stands.value == chosen, "drawn anew, the cursor stays"


async def test_two_moments_of_the_first_screen(opened: Opened, many: story.Shell) -> None:
    async with opened(at="8").run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "less_than_sign", "L")
        assert "changes from event 8" in shown(pilot.app)
        assert "+ " in shown(pilot.app)
        await press(pilot, "escape")
        assert "whole again" in noticed(pilot.app)


async def test_alerts_of_drills_are_marked_and_not_counted(opened: Opened, shell: story.Shell) -> None:
    import ledger
    from app.actions import overview as command
    from app.actions.context import Context
    from app.tui.screens.overview.queries import overview
    from ledger.events.alerts import AlertRaised

    with ledger.open(shell.ledger) as book:
        before = overview.load(book.view(), "jon")
        raised = AlertRaised("drill-7", "m", "high", "as if it drifted", injected=True)
        book.record(raised, subject=f"model/{story.PROJECT}/fx-vol@1", actor="svc:monitor", project=story.PROJECT)
        after = overview.load(book.view(), "jon")
    assert after.troubles == before.troubles
    assert [each.alerts for each in after.projects] == [each.alerts for each in before.projects]
    assert [each.alert for each in after.drills] == ["drill-7"]
    with Context(ledger=str(shell.ledger), start=shell.root) as context:
        lines = [str(each) for each in command.overview(context).lines]
    at = next(n for n, line in enumerate(lines) if line.startswith("drills"))
    assert "○ drill" in lines[at + 1]
    assert not any("drill-7" in line for line in lines[lines.index("alerts") : at])
    async with opened().run_test(size=(160, 60)) as pilot:
        await settled(pilot)
        text = shown(pilot.app)
        assert "DRILLS, NOTHING IS WRONG" in text
        assert "○ drill" in text
