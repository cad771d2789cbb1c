"""The rollouts screen: what serves, and what may be done from there."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from app.actions import registry, reviews
from app.actions.context import Context
from app.tui.app import Dashboard
from app.tui.messages import Opened as OpenedMessage
from app.tui.screens.action import ActionScreen
from app.tui.screens.rollouts.page import RolloutsPage
from ledger.errors import InputError
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
    from app.tui.screens.rollouts.queries import rollouts

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
    from app.tui.screens.lineage.queries import lineage

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


async def rolling_back(pilot: Pilot[int]) -> ActionScreen:
    """The form of rolling back the second version, filled in and entered once."""
    await settled(pilot)
    pilot.app.post_message(OpenedMessage("deployment/swap-2", "6"))
    await settled(pilot)
    await press(pilot, "b", *"bad", "enter")
    assert isinstance(pilot.app.screen, ActionScreen)
    return pilot.app.screen


async def test_what_cannot_be_taken_back_is_shown_and_confirmed_by_its_name(opened: Opened, shell: story.Shell) -> None:
    import ledger

    replaced(shell)
    with ledger.open(shell.ledger) as book:
        before = book.size
    async with opened().run_test(size=(120, 36)) as pilot:
        form = await rolling_back(pilot)
        # It began with the reason: the deployment was known.
        assert [form.query_one(f"#arg-{name}").value for name in ("deployment", "reason")] == ["swap-2", "bad"]
        assert "lab: swap@2 → swap@1, for all accounts" in shown(pilot.app)
        await press(pilot, *"swap@1", "enter")
        assert "that is not swap@2; nothing was done" in shown(pilot.app)
        with ledger.open(shell.ledger) as book:
            assert book.size == before
        form.query_one("#confirm").value = ""
        await press(pilot, *"swap@2", "enter")
        assert "done" in shown(pilot.app)
    with ledger.open(shell.ledger) as book:
        last = [each.event for each in book.events(start=before)]
    assert [(each.type, each.value["to_version"]) for each in last] == [
        ("deployment.rolled_back", f"model/{story.PROJECT}/swap@1")
    ]


async def test_another_argument_asks_to_confirm_anew(opened: Opened, shell: story.Shell) -> None:
    import ledger

    replaced(shell)
    with ledger.open(shell.ledger) as book:
        before = book.size
    async with opened().run_test(size=(120, 36)) as pilot:
        form = await rolling_back(pilot)
        form.query_one("#arg-reason").value = "another"
        await settled(pilot)
        assert not form.query_one("#confirm").display
        await press(pilot, "enter")
        assert "recorded as the reason: another" in shown(pilot.app)
        await press(pilot, "escape")
    with ledger.open(shell.ledger) as book:
        assert book.size == before


@pytest.mark.parametrize("action", [each for each in registry.ACTIONS if each.confirms], ids=lambda each: each.name)
def test_a_review_takes_what_its_action_takes(action: registry.Action) -> None:
    """Both are called with what the form holds."""
    taken = inspect.signature(action.review()).parameters
    assert set(taken) - {"context"} >= {each.name for each in action.arguments}


def test_what_changes_what_serves_or_ends_something_is_reviewed() -> None:
    reviewed = {each.name for each in registry.ACTIONS if each.confirms}
    assert reviewed >= {"rollback", "canary promote", "artifact retire", "approvals revoke", "people revoke"}


def test_reviews_say_what_would_end(shell: story.Shell) -> None:
    """Each from what is recorded; what cannot be done is refused beforehand."""
    replaced(shell)
    with Context(ledger=str(shell.ledger), start=shell.root, actor="jon") as context:
        retired = reviews.retire(context, ref="swap@2", reason="old", replaced_by="swap@1")
        assert retired.word == "swap@2"
        assert "it is live in lab and goes on serving there" in retired.lines
        assert reviews.revoke_key(context, name="jon").lines[1] == "0 of 1 keys of jon are left"
        with pytest.raises(InputError, match="is no approval"):
            reviews.revoke_approval(context, approval="0")
        with pytest.raises(InputError, match="nothing stands ready"):
            reviews.switch(context)
        deploying = reviews.deploy(context, ref="swap@2", to="staging")
        assert deploying.lines[0] == "staging: nothing → swap@2, for all accounts"


async def test_forms_tell_the_format_and_what_they_do(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7", "z")
        text = shown(pilot.app)
        assert "a day, such as 2009-05-18" in text
        assert "⏎ does it" not in text
        assert pilot.app.screen.query_one("#arg-monitor").value
        assert pilot.app.focused is pilot.app.screen.query_one("#arg-until")
        await press(pilot, "f1")
        assert "assay alerts silence " in shown(pilot.app)


def test_what_served_in_production_says_until_when(shell: story.Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.projections import deployments
    from ledger.projections.deployments import Deployment

    def one(version: int, seq: int, status: str, day: str) -> Deployment:
        subject = f"model/p/m@{version}"
        return Deployment(seq, f"d{version}", subject, "prod", "direct", 1.0, "p", "x", day, {}, status, seq + 1, day)

    # The second took the first's place and was rolled back; then came the third, and the fourth.
    history = [
        one(1, 1, "ok", "2020-01-01T"), one(2, 3, "rolled_back", "2020-03-01T"), one(3, 5, "ok", "2020-05-01T"),
        one(4, 7, "ok", "2020-06-01T"),
    ]  # fmt: skip
    monkeypatch.setattr(deployments, "listed", lambda view, **_: history)
    import ledger
    from app.tui.screens.registry.queries import registry as shelves

    with ledger.open(shell.ledger) as book:
        found = shelves._served(book.view(), "model/p/m")
    assert found == {
        "model/p/m@1": "until 2020-05-01",
        "model/p/m@2": "until 2020-03-01",
        "model/p/m@3": "until 2020-06-01",
        "model/p/m@4": "live",
    }
    told = [shelves._since("production", found.get(f"model/p/m@{n}")) for n in (3, 4, 5)]
    assert told == ["served until 2020-06-01", "production, live", "production, never live"]
    assert shelves._since("candidate", None) == "candidate"
