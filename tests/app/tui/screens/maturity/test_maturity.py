"""The maturity screen: the map, one cell's criteria, their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import ledger
from app.tui.app import Dashboard
from app.tui.draw import maturity as draw
from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.draw.picture import plain
from app.tui.queries.maturity import Item, Proof, Why
from ledger.events.artifacts import ArtifactRegistered
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]

ITEM = Item(
    "D2.1", 2, "Every dataset has a schema check", "lapsed", 3, 7, "", "2009-01-02", "", None,
    "assay check run checks.yaml", ("dataset/fx/rates",), (Proof(1042, "ada checked rates", False),), 4,
)  # fmt: skip


def test_a_level_is_told_by_shade_digit_and_colour() -> None:
    told = [draw.level(found, glyphs) for glyphs in (UNICODE, ASCII) for found in (None, -1, 0, 1, 2, 3, 4)]
    assert len(set(told)) == len(told) - 2, "what is not verified or unmapped looks alike in both sets"
    assert {width(text) for text, _ in told} == {5}
    assert draw.level(3)[0] == "▓▓▓ 3"


def test_a_criterion_says_how_it_stands_and_what_would_prove_it() -> None:
    assert plain(draw.item(ITEM, 60)) == (
        " D2.1  L2  lapsed\n"
        " Every dataset has a schema check\n"
        " 3 of 7; lost on 2009-01-02\n"
        "\n"
        " NEXT\n"
        "  assay check run checks.yaml\n"
        "\n"
        " LACKING  1\n"
        "  ✗ dataset/fx/rates\n"
        "\n"
        " EVIDENCE  and 4 more\n"
        "  ✓   1,042  ada checked rates"
    )


def test_what_broke_a_criterion_is_told_or_that_nothing_did() -> None:
    broken = replace(ITEM, advice="", lacking=(), proofs=(), broke=Proof(2_047, "lea registered rates@3", True))
    assert plain(draw.item(broken, 40)) == (
        " D2.1  L2  lapsed\n"
        " Every dataset has a schema check\n"
        " 3 of 7; lost on 2009-01-02\n"
        "\n"
        " BROKE  at event 2,047, b goes there\n"
        "  lea registered rates@3"
    )
    aged = plain(draw.item(replace(broken, broke=None, window="P90D"), 80))
    assert aged.endswith("no event broke it: its evidence grew too old, it counts for P90D")


def test_history_draws_a_row_a_level() -> None:
    days = tuple(
        (f"2009-{month:02}-01", level) for month, level in zip(range(1, 9), (None, -1, 0, 1, 2, 3, 4, 4), strict=True)
    )
    lines = plain(draw.history(Why("fx", "data", 4, (), days), 15)).split("\n")
    assert lines[0] == "  L4   ·····██"
    assert [line.count("█") for line in lines[:6]] == [2, 1, 1, 1, 1, 1]
    named = plain(draw.history(Why("fx", "data", 4, (), days), 60)).split("\n")
    assert [line[:24].rstrip() for line in named[:6]] == [
        " ███ 4 self-correcting", " ▓▓▓ 3 gated", " ▒▒▒ 2 checked", " ░░░ 1 versioned", " ··· 0 known", "     — unmapped",
    ]  # fmt: skip
    assert named[6].split() == ["2009-01-01", "2009-08-01"]
    blank = Why("fx", "data", None, (), tuple((day, None) for day, _ in days))
    assert "no level is known" in plain(draw.history(blank, 80))


async def test_an_unverified_ledger_has_no_level_until_it_is_verified(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        assert "nobody has verified this ledger" in shown(pilot.app)
        assert "? ?" in shown(pilot.app)
        await press(pilot, "v", "2")
        text = shown(pilot.app)
        assert "? ?" not in text
        assert "L0" in text


async def test_from_a_cell_to_its_criteria_to_the_event_that_proves_one(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        page = pilot.app.current
        assert page.subject.startswith("project/")
        assert page.track == "data"
        await press(pilot, "l")
        assert page.track == "model"
        await press(pilot, "h", "enter")
        assert page.criteria.has_focus
        proven = next(each for each in page._why.items if each.proofs)
        while page.item != proven:
            await press(pilot, "j")
        await press(pilot, "enter")
        assert pilot.app.current.NAME == "Audit"
        assert pilot.app.current.subject == f"event/{proven.proofs[0].seq}"


async def test_only_the_cell_under_the_cursor_is_in_brackets(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        for name in ("aa-first", "zz-last"):
            sha = f"sha256:{'ab' * 32}"
            fact = ArtifactRegistered(kind="dataset", name="rates", version=1, sha256=sha, size=1)
            book.record(fact, actor="lea", project=name)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        for _ in range(3):
            (row,) = [line for line in shown(pilot.app).split("\n") if "▸" in line and "[" in line]
            assert pilot.app.current.subject.partition("/")[2] in row
            assert sum("[" in line for line in shown(pilot.app).split("\n")[3:8]) == 1
            await press(pilot, "j")


async def test_from_a_criterion_to_the_event_that_broke_it(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2", "b")
        page = pilot.app.current
        assert "no event broke" in noticed(pilot.app)
        first, *rest = page._why.items
        page._explain(replace(page._why, items=(replace(first, broke=Proof(5, "it broke", True)), *rest)))
        await press(pilot, "b")
        assert pilot.app.current.NAME == "Audit"
        assert pilot.app.current.subject == "event/5"


async def test_a_filter_is_of_projects_or_of_criteria(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        page = pilot.app.current
        for text, project, criterion in (
            ("state:missing", True, True), ("fx-hedging", True, True), ("D1.2", True, True), ("nowhere", False, False),
        ):  # fmt: skip
            page.narrow_to(text)
            await settled(pilot)
            assert (page.map.value == f"project/{story.PROJECT}") == project, text
            assert (page.criteria.value is not None) == criterion, text
            assert shown(pilot.app).count("nothing fits the filter") == (0 if project else 2), text
        page.narrow_to("D1.2")
        await settled(pilot)
        assert page.criteria.value == "D1.2"
        await press(pilot, "escape")
        assert "THE CHEAPEST STEP" in shown(pilot.app)


async def test_two_moments_are_compared_cell_by_cell(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger, read_only=True) as book:
        last = book.size - 1
    async with opened(at="6").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        pilot.app.verified(last + 1, True)
        await press(pilot, "less_than_sign", "L")
        assert "0 of 1 moved between the two moments" in shown(pilot.app)
        assert "~ missing -> ✓ held" in shown(pilot.app), "a dataset has been registered since"
        await press(pilot, "escape")
        assert "moved between" not in shown(pilot.app)
