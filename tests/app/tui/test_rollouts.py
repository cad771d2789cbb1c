"""The rollouts screen: what serves, and what may be done from there."""

from __future__ import annotations

from collections.abc import Callable

from app.tui.app import Dashboard
from app.tui.messages import Opened as OpenedMessage
from app.tui.screens.action import ActionScreen
from app.tui.screens.rollouts import RolloutsPage
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.deployments import DeploymentCompleted, DeploymentRolledBack, DeploymentStarted, DeploymentStep
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
                evidence={
                    "promote": 1.5**day,
                    "roll_back": 0.9**day,
                    "difference": 0.01,
                    "reason": "not yet",
                    "means": [0.05 + 0.01 * day, 0.04 + 0.01 * day],
                },
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
        assert "lower is better" in shown(pilot.app)
        await press(pilot, "c")
        assert "What the new one saved, summed" in shown(pilot.app)
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


def replaced(shell: story.Shell) -> tuple[str, str]:
    """Two versions that came live one after the other, the second in the first's place; their references."""
    import ledger

    sha = "sha256:" + "cd" * 32
    first, second = (f"model/{story.PROJECT}/swap@{n}" for n in (1, 2))
    with ledger.open(shell.ledger) as book:
        for n, ref in enumerate((first, second), 1):
            made = ArtifactRegistered(kind="model", name="swap", version=n, sha256=sha, size=1)
            book.record(made, actor="lea", project=story.PROJECT)
            began = DeploymentStarted(deployment=f"swap-{n}", environment="lab", strategy="direct", slice=1.0)
            ended = DeploymentCompleted(deployment=f"swap-{n}", environment="lab", strategy="direct", status="ok")
            for fact in (began, ended):
                book.record(fact, subject=ref, actor="svc:deployer", project=story.PROJECT)
    return first, second


def back(shell: story.Shell) -> None:
    """The second is rolled back."""
    import ledger

    first, second = replaced(shell)
    with ledger.open(shell.ledger) as book:
        undone = DeploymentRolledBack("swap-2", first, drill=False, cause="orders were \x1b[31mrejected")
        book.record(undone, subject=second, actor="hugo", project=story.PROJECT)


async def test_after_a_roll_back_the_screens_say_who_and_why(opened: Opened, shell: story.Shell) -> None:
    back(shell)
    async with opened().run_test(size=(160, 50)) as pilot:
        await settled(pilot)
        text = shown(pilot.app)
        assert "swap v1 in lab again: swap v2" in text
        assert "by roll-back" in text
        pilot.app.post_message(OpenedMessage("deployment/swap-1", "6"))
        await settled(pilot)
        text = shown(pilot.app)
        assert "serves again since " in text
        assert "swap v2 was rolled back by" in text
        assert "\x1b" not in text
        pilot.app.post_message(OpenedMessage("deployment/swap-2", "6"))
        await settled(pilot)
        text = shown(pilot.app)
        assert "roll back" in text
        assert "by hugo: orders were" in text
        assert "gates were not evaluated" not in text
        await press(pilot, "v")
        assert pilot.app.current.NAME == "Audit"


def test_the_verdict_of_a_roll_back_is_the_newest_and_it_has_no_traffic(shell: story.Shell) -> None:
    back(shell)
    import ledger
    from app.tui.queries import rollouts

    with ledger.open(shell.ledger) as book:
        view = book.view()
        second, first = (rollouts.course(view, name) for name in ("swap-2", "swap-1"))
        before = rollouts.course(book.view(at=view.at - 1), "swap-2")
    assert second is not None
    assert first is not None
    assert before is not None
    assert (second.verdicts[-1].decision, second.rollout.slice, second.rollout.status) == (
        "roll_back",
        0.0,
        "rolled back",
    )
    assert (first.rollout.status, first.rollout.since) == ("live", second.verdicts[-1].day)
    assert (before.rollout.status, before.verdicts, before.rollout.again) == ("live", (), "")


def test_lineage_begins_with_what_serves_in_production(shell: story.Shell) -> None:
    from app.tui.queries import lineage

    back(shell)
    import ledger

    canary(shell)
    with ledger.open(shell.ledger) as book:
        view = book.view()
        # What began last is a canary, and what came live last was undone.
        assert lineage.start(view) == f"model/{story.PROJECT}/swap@1"


async def test_with_nothing_deployed_rolling_back_says_why_not(opened: Opened) -> None:
    async with opened(at="0").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "6")
        assert isinstance(pilot.app.current, RolloutsPage)
        for action in ("do('rollback')", "do('drill rollback')"):
            assert pilot.app.current._irrevocable() == "nothing is live or under way, so there is nothing to roll back"
            assert pilot.app.current.why_not(action)
