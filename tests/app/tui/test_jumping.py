"""``g`` and a letter: the same thing on another screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import ledger
from app.tui.app import Dashboard
from app.tui.queries.jump import target
from app.tui.screens.catalogue import CATALOGUE
from app.tui.screens.jump import JumpScreen, line
from ledger.projections import approvals, artifacts, runs
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


def test_every_screen_has_its_own_letter() -> None:
    letters = [entry.letter for entry in CATALOGUE]
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 and letter.isalpha() for letter in letters)


async def test_from_a_request_to_its_version_its_lineage_and_its_events(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5", "g")
        assert isinstance(pilot.app.screen, JumpScreen)
        bottom = shown(pilot.app).split("\n")[-1]
        assert "l lineage" in bottom
        assert "of request/" in bottom
        await press(pilot, "r")
        assert pilot.app.current.NAME == "Registry"
        subject = pilot.app.current.subject
        assert subject.startswith("model/")
        await press(pilot, "g", "l")
        assert pilot.app.current.NAME == "Lineage"
        assert pilot.app.current.subject == subject
        await press(pilot, "g", "e")
        assert pilot.app.current.NAME == "Audit"
        await press(pilot, "escape")
        assert pilot.app.current.NAME == "Audit"
        await press(pilot, "backspace")
        assert pilot.app.current.NAME == "Lineage"
        await press(pilot, "backspace")
        assert pilot.app.current.NAME == "Registry", "not to what was in focus before the jump"


async def test_another_key_leaves_and_nothing_moves(opened: Opened) -> None:
    async with opened().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "5", "g", "x")
        assert pilot.app.screen is pilot.app.current
        assert pilot.app.current.NAME == "Approvals"


async def test_a_screen_that_shows_nothing_of_it_says_so(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "0", "g", "c")
        assert "shows nothing of event/0" in noticed(pilot.app)


@pytest.mark.parametrize("screen", [entry.key for entry in CATALOGUE if entry.key != "1"])
def test_a_target_is_something_that_the_screen_knows(shell: story.Shell, screen: str) -> None:
    kinds = {
        "3": ("model", "dataset", "run", "deployment"), "4": ("model", "dataset", "run"), "5": ("request",),
        "6": ("deployment",), "7": ("alert", "monitor"), "9": ("event",),
    }  # fmt: skip
    with ledger.open(shell.ledger, read_only=True) as opened:
        view = opened.view()
        refs = [each.ref for each in artifacts.versions(view)] + [each.ref for each in runs.listed(view)]
        refs += [f"request/{each.seq}" for each in approvals.requests(view)] + [
            f"event/{seq}" for seq in range(view.at + 1)
        ]
        found = {target(view, ref, screen) for ref in refs} - {None}
    if screen in kinds:
        others = {
            "feature_view",
            "code",
            "config",
            "runtime",
            "document",
            "policy",
            "person",
            "project",
            "ledger",
            "check",
        }
        assert {str(ref).partition("/")[0] for ref in found} <= {*kinds[screen], *others}
    assert found or screen == "6", "the story has everything but a rollout"


def test_the_hint_keeps_its_width() -> None:
    from app.tui.draw.clip import width

    for cells in (20, 40, 80, 200):
        assert sum(width(text) for text, _ in line("model/fx/" + "é漢" * 60 + "@3", cells)) <= cells
