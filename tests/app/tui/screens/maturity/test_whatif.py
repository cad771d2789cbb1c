"""What-if: criteria are supposed, the same rules judge, and nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import ledger
from app.actions.context import Context
from app.tui.app import Dashboard
from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import measure, plain
from app.tui.draw.sections import draw as listed
from app.tui.queries.kept import Kept
from app.tui.screens.maturity.draw import whatif as draw
from app.tui.screens.maturity.queries import whatif
from app.tui.screens.maturity.queries.whatif import CHAIN, Aim, Fall, Option, WhatIf
from app.tui.screens.maturity.whatif import WhatIfScreen
from tests.app import story
from tests.app.tui.driving import press, settled, shown

Opened = Callable[..., Dashboard]

SCHEMA = Option(
    "D2.1", 2, "Every dataset has a schema check", "lapsed", 3, 7, "for 90 days", True,
    ("assay check run dataset/fx/rates@1", "assay check run dataset/fx/swaps@1"), 3, ("C3.4",),
)  # fmt: skip
OWNER = Option("D1.4", 1, "A target was set", "missing", None, None, "for good", False, ("assay target set",), 0, ())
FOUND = WhatIf(
    "fx", "data", 1_042, "2009-01-02", ("D2.1",), (OWNER, SCHEMA), 1,
    {"data": 0, "model": 1, "code": 3}, {"data": 2, "model": 1, "code": 3}, (0, 1),
    (("D3.1", "Stores hold the same"),), 3, (Aim("data", 2, "2009-06-30", 2, 0), Aim("code", 4, "2010-06-30", 5, 4)),
    ("data L2, due 2009-06-30",), (Fall("crisis", 20, 16, "data.tests"),), (("S3", "targets are approved"),), False,
)  # fmt: skip


def test_what_can_be_supposed_as_it_looks() -> None:
    assert plain(listed(draw.options(FOUND), 64).lines) == (
        " BEFORE L1, cheapest first (1)\n"
        "   [ ]  ○ missing  D1.4  A target was set\n"
        "\n"
        " BEFORE L2, once L1 is reached (1)\n"
        "   [x]  ✗ lapsed   D2.1  Every dataset has a schema check   3/7"
    )
    missing = replace(FOUND, options=(replace(SCHEMA, state="inapplicable"),))
    assert draw.options(missing)[0].title == "BEFORE L2, once L1 is reached, one at least: none applies yet"
    assert plain(draw.option(SCHEMA, 60)) == (
        " D2.1 Every dataset has a schema check\n"
        " counts for 90 days; an automation must do it\n"
        " RECORDED FOR REAL BY  y copies it\n"
        "  assay check run dataset/fx/rates@1\n"
        "  assay check run dataset/fx/swaps@1\n"
        "  … and so for 3 more\n"
        " the same may count for C3.4"
    )


def test_what_follows_as_it_looks() -> None:
    assert plain(draw.follows(FOUND, 60)) == (
        " SIMULATED, nothing is recorded\n"
        " as of event 1,042, 2009-01-02\n"
        "\n"
        " ▸ DATA     ··· 0  ▸  ▒▒▒ 2  ↑ rises\n"
        "   MODEL    ░░░ 1\n"
        "   CODE     ▓▓▓ 3\n"
        "   overall  ··· 0  ▸  ░░░ 1  ↑ rises\n"
        "\n"
        " SUPPOSED  1\n"
        "  D2.1\n"
        "\n"
        " FOLLOWS\n"
        "  ✓ target data L2 by 2009-06-30: met\n"
        "  ○ target code L4 by 2010-06-30: 4 open, of 5\n"
        "  ✓ milestone data L2, due 2009-06-30: reached\n"
        "  ↓ risk crisis falls from 20 to 16\n"
        "    data.tests has its evidence\n"
        "  ✓ guide S3: targets are approved\n"
        "\n"
        " STILL BEFORE DATA L3  1\n"
        "  ○ D3.1 Stores hold the same"
    )
    nothing = replace(FOUND, supposed=(), after=FOUND.before, overall=(0, 0))
    assert "What would follow stands here" in plain(draw.follows(nothing, 60)).replace("\n ", "")
    unknown = replace(
        nothing, before=dict.fromkeys(FOUND.before), after=dict.fromkeys(FOUND.before), overall=(None, None)
    )
    assert "no level" in plain(draw.follows(replace(unknown, unverified=True), 60))


@pytest.mark.parametrize("cells", [18, 38, 60, 110])
def test_hostile_names_stay_within_their_lines(cells: int) -> None:
    text = "\x1b[31m\u202egnp [bold] 漢字 " + "x" * 5000
    named = replace(SCHEMA, need=text, does=(f"assay {text}",), alike=(text,))
    found = replace(FOUND, options=(named,), open=((text, text),), risks=(Fall(text, 5, 4, text),), met=((text, text),))
    for lines in (
        draw.option(named, cells),
        draw.follows(found, cells, ASCII),
        listed(draw.options(found), cells).lines,
    ):
        assert {measure(line) for line in lines if line} <= {cells}
        assert not any("\x1b" in part or "\u202e" in part for line in lines for part, _ in line)


def asked(shell: story.Shell, *supposed: str, track: str = "data", at: str | None = None, ok: bool = True) -> WhatIf:
    with Context(ledger=str(shell.ledger), at=at, start=shell.root) as context:
        size = context.ledger.size
        return whatif.load(
            context, Kept(), verified=(size, True) if ok else None, project=story.PROJECT, track=track,
            supposed=frozenset(supposed),
        )  # fmt: skip


def test_every_option_up_to_a_level_together_reach_it_and_the_commands_say_for_what(shell: story.Shell) -> None:
    plain_ = asked(shell)
    assert not plain_.unverified
    assert plain_.after == plain_.before
    assert {each.level for each in plain_.options} <= {0, 1, 2, 3, 4}
    goal = plain_.goal
    assert goal is not None
    needed = [each.id for each in plain_.options if each.level == goal]
    assert needed == [id_ for id_, _ in plain_.open]
    would = asked(shell, *needed)
    assert (would.after["data"] or 0) >= goal
    assert would.ahead is None or would.ahead > goal
    assert would.options == plain_.options, "what can be supposed does not move while one supposes"
    for each in plain_.options:
        assert each.does
        assert not any("{subject}" in line for line in each.does)
    every = asked(
        shell, *(each.id for track in ("data", "model", "code") for each in asked(shell, track=track).options)
    )
    assert every.overall[1] == 4
    assert every.ahead is None
    assert every.options


def test_without_a_verified_chain_its_verification_is_the_first_thing_to_suppose(shell: story.Shell) -> None:
    found = asked(shell, ok=False)
    assert found.unverified
    assert found.options[0].id == CHAIN
    assert found.options[0].does == ("assay verify --record",)
    assert set(found.before.values()) == {None}
    assert set(asked(shell, "D0.1", ok=False).after.values()) == {None}
    would = asked(shell, CHAIN, ok=False)
    assert would.after == asked(shell).before | {"code": would.after["code"]}, (
        "the levels that a verification in hand gives"
    )
    assert found.open, "what stands before the next level is told all the same"


async def test_supposing_lifts_the_cell_records_nothing_and_is_left_by_escape(
    opened: Opened, shell: story.Shell
) -> None:
    with ledger.open(shell.ledger, read_only=True) as book:
        size = book.size
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        pilot.app.verified(size, True)
        await press(pilot, "2", "w")
        box = pilot.app.screen
        assert isinstance(box, WhatIfScreen)
        text = shown(pilot.app)
        assert "SIMULATED, nothing is recorded" in text
        assert "rises" not in text
        assert "RECORDED FOR REAL BY" in text
        await press(pilot, "a")
        assert "rises" in shown(pilot.app)
        assert "[x]" in shown(pilot.app)
        first = box._found
        assert first.after["data"] > first.before["data"]
        await press(pilot, "l")
        assert box._found.track == "model"
        assert box._found.supposed == first.supposed, "what is supposed stays on another track"
        await press(pilot, "space")
        assert len(box._found.supposed) == len(first.supposed) + 1
        await press(pilot, "y")
        assert pilot.app.clipboard == "\n".join(box.option.does)
        await press(pilot, "c")
        assert box._found.supposed == ()
        await press(pilot, "escape")
        assert pilot.app.screen is pilot.app.current
        assert pilot.app.current.NAME == "Maturity"
    with ledger.open(shell.ledger, read_only=True) as book:
        assert book.size == size


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (66, 18)], ids=str)
async def test_at_a_past_moment_it_is_simulated_as_of_then(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(at="8").run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "2", "w")
        text = shown(pilot.app)
        assert "as of event 8," in text
        assert "cheapest first" in text or "BEFORE ANY LEVEL" in text
        await press(pilot, "space")
        assert "[x]" in shown(pilot.app)
        assert all(len(line) <= size[0] for line in shown(pilot.app).split("\n"))
