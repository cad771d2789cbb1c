"""The rollouts screen: what serves, and what may be done from there."""

from __future__ import annotations

from collections.abc import Callable

from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from app.tui.screens.rollouts import RolloutsPage
from ledger.events.deployments import DeploymentStarted, DeploymentStep
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


def canary(shell: story.Shell, days: int = 3, arms: int = 1) -> None:
    """A canary under way, with an evaluation a day."""
    import ledger

    plan = {"alpha_promote": 0.05, "alpha_roll_back": 0.05, "arms": arms, "champion": "model/x/y@1", "maximum_days": 9}
    with ledger.open(shell.ledger) as opened:
        subject = next(each.event.subject for each in opened.events() if each.event.subject.startswith("model/"))
        project = subject.split("/")[1]
        began = DeploymentStarted(deployment="slice", environment="prod", strategy="canary", slice=0.1, plan=plan)
        opened.record(began, subject=subject, actor="svc:deployer", project=project)
        for day in range(1, days + 1):
            step = DeploymentStep(
                deployment="slice",
                slice=0.1,
                decision="hold",
                day=f"2024-05-0{day}",
                checks=[{"name": "prediction ratio", "passed": True, "state": "pass", "value": 0.02, "threshold": 0.1}],
                evidence={"promote": 1.5**day, "roll_back": 0.9**day, "difference": 0.01, "reason": "not yet"},
            )
            opened.record(step, subject=subject, actor="svc:monitor", project=project)


async def test_a_canary_under_way_shows_its_evidence(opened: Opened, shell: story.Shell) -> None:
    canary(shell)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "6")
        text = shown(pilot.app)
        assert "UNDER WAY (1)" in text
        assert "3.38 of 20 to decide" in text
        assert "2024-05-01 … 05-03, 3 days" in text
        await press(pilot, "c")
        assert "Old and new on the same accounts" in shown(pilot.app)
        await press(pilot, "c")
        assert "Evidence, day by day" in shown(pilot.app)
        await press(pilot, "v")
        assert pilot.app.current.NAME == "Audit"


async def test_arms_of_one_trial_share_what_may_err(opened: Opened, shell: story.Shell) -> None:
    canary(shell, arms=3)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "6")
        text = shown(pilot.app)
        assert "3.38 of 60 to decide" in text
        assert "decides at 60" in text
        assert "shared by 3 arms" in text


async def test_the_form_of_an_action_begins_with_the_rollout(opened: Opened, shell: story.Shell) -> None:
    canary(shell, days=0)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "6", "p")
        assert isinstance(pilot.app.screen, ActionScreen)
        assert pilot.app.screen.query_one("#arg-deployment").value == "slice"
        await press(pilot, "escape", "left_square_bracket", "p")
        assert isinstance(pilot.app.screen, RolloutsPage)
        assert "L returns to live" in noticed(pilot.app)


async def test_before_anything_was_deployed_the_screen_says_so(opened: Opened) -> None:
    async with opened(at="0").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "6", "enter")
        assert "nothing was ever deployed here" in noticed(pilot.app)


async def test_what_a_person_would_do_while_looking_begins_with_what_the_cursor_stands_on(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for screen, key, argument, value in (
            ("5", "c", "to", "prod"), ("5", "i", "request", ""), ("7", "z", "monitor", "drift"), ("7", "s", "alert", "drift-"),
        ):  # fmt: skip
            await press(pilot, screen, key)
            assert isinstance(pilot.app.screen, ActionScreen), (screen, key)
            filled = pilot.app.screen.query_one(f"#arg-{argument}").value
            assert filled.startswith(value)
            assert filled
            await press(pilot, "escape")
        await press(pilot, "left_square_bracket", "s")
        assert "L returns to live" in noticed(pilot.app)
