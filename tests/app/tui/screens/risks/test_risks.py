"""The risks screen: matrix, register, targets and the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.tui.app import Dashboard
from app.tui.draw.clip import width
from app.tui.draw.glyphs import UNICODE
from app.tui.draw.picture import plain
from app.tui.screens.risks.draw import risks as draw
from app.tui.screens.risks.page import sections
from app.tui.screens.risks.queries.risks import Aim, Danger, Register, Step
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]

DANGER = Danger(
    "risk/fx/crisis", "fx", "crisis", "forecasts too low", "monitoring", "model.monitoring", 5, 4, 5, "otto", (), (),
    ("raised: M3.1 lapsed",), "", 7, "2009-01-02",
)  # fmt: skip
AIM = Aim(
    "document/fx/target-data@1", "fx", "data", 2, 0, "2009-06-30", "otto", "", ("D1.1", "D2.1"), ("D2.1",), True, 9
)
REGISTER = Register(
    (DANGER, replace(DANGER, ref="risk/fx/other", likelihood=1, impact=2, area="lineage", capability="", owner="")),
    (AIM,), (), ("lineage", "monitoring"), ("data.lineage", "model.monitoring"),
)  # fmt: skip


def test_the_matrix_tells_the_gravest_of_each_cell() -> None:
    picture = draw.matrix(REGISTER, 60, chosen=DANGER.ref)
    lines = plain(picture).split("\n")
    assert "[▲ 25 otto]" in lines[3]
    assert lines[3].startswith(" monitoring")
    assert lines[0].split() == ["model", "data"]
    assert lines[1].split() == ["monitoring", "lineage"]
    assert all(sum(width(text) for text, _ in line) == 60 for line in picture)
    wide = plain(draw.matrix(REGISTER, 90)).split("\n")
    assert "○ 2" not in wide[2], "a risk that nothing answers has no column of a capability"
    both = replace(REGISTER, risks=(DANGER, replace(DANGER, ref="risk/fx/third", likelihood=1)))
    assert "▲ 25×2" in plain(draw.matrix(both, 60))
    many = tuple(replace(DANGER, ref=f"risk/fx/{n}", capability=f"data.c{n}") for n in range(9))
    crowded = replace(REGISTER, risks=many, capabilities=tuple(each.capability for each in many))
    assert "more with risks" in plain(draw.matrix(crowded, 60))


def test_a_risk_says_why_it_is_graver_than_recorded() -> None:
    told = plain(draw.risk(DANGER, 60))
    assert "▲ 25 grave  likelihood 5, raised from 4 × impact 5" in told
    assert "! raised: M3.1 lapsed" in told
    over = plain(draw.risk(replace(DANGER, closed="book hedged", owner="", capability=""), 60))
    assert "✓ closed: book hedged" in over
    assert "nobody" in over
    assert "nothing" in over


def test_a_risk_has_one_sign_and_word_in_the_matrix_the_register_and_its_pane() -> None:
    for (likelihood, impact), told in (((4, 4), "▲ 16 grave"), ((2, 4), "! 8 serious"), ((1, 2), "○ 2 slight")):
        danger = replace(DANGER, likelihood=likelihood, recorded=likelihood, impact=impact, flags=())
        register = replace(REGISTER, risks=(danger,))
        listed = sections(register, UNICODE)[0].rows[0].cells[0][0]
        assert listed == told
        assert f" {told}  likelihood" in plain(draw.risk(danger, 60))
        assert told.rpartition(" ")[0] in plain(draw.matrix(register, 60))
    closed = replace(REGISTER, risks=(replace(DANGER, closed="hedged"),))
    assert sections(closed, UNICODE)[-1].rows[0].cells[0][0] == "✓ 25 closed"


def test_a_target_says_from_where_to_where_and_what_is_open() -> None:
    told = plain(draw.target(AIM, 60, needs={"D2.1": "every dataset was checked before a model was trained on it"}))
    assert "··· 0 ▸ ▒▒▒ 2 by 2009-06-30  it is late" in told
    assert "nobody has signed it" in told
    assert "1 of 2 held" in told
    assert "○ D2.1  every dataset was checked before a model was\n          trained on it\n  ✓ D1.1" in told


def test_the_plan_tells_what_slips() -> None:
    steps = (
        Step("fx", "data", 1, "2009-03-01", "otto", (), "2009-02-01", 0, ()),
        Step("fx", "data", 2, "2009-06-30", "otto", ("data L1",), "", 12, ("D2.1",)),
    )
    assert plain(draw.plan(steps, 60)) == (
        " ✓ reached 2009-02-01  DATA L1  otto  due 2009-03-01\n"
        " ✗ 12 d late 2009-06-30  DATA L2  otto\n     after data L1; open: D2.1"
    )
    assert "✗ 12 d late 2009-06-30  fx DATA L2" in plain(draw.plan((*steps, replace(steps[0], project="carry")), 60))
    assert "there is no plan" in plain(draw.plan((), 60))


async def test_what_was_recorded_is_on_the_screen(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "8", "enter")
        assert "no risk is recorded" in noticed(pilot.app)
    shell.ok(
        "--as", "lea", "risk", "add", "crisis", "--title", "forecasts too low", "--likelihood", "4", "--impact", "5"
    )
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "8")
        text = shown(pilot.app)
        assert "RISKS (1)" in text
        assert "forecasts too low" in text
        assert "nobody owns it" in text
        await press(pilot, "enter")
        assert pilot.app.current.NAME == "Audit"
