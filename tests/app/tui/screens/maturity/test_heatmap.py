"""The maturity map and a cell's criteria as lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import measure, plain
from app.tui.draw.sections import draw
from app.tui.queries.maturity import Cell, Item, Map, Next, Project, Turned, Why, pending
from app.tui.screens.maturity.draw import heatmap

WEEKS = (None,) * 6 + (0,) * 10 + (1,) * 5 + (2,) * 5


def project(name: str, data: int | None, model: int | None, code: int | None, team: str = "") -> Project:
    cells = {"data": Cell(data, 1, ""), "model": Cell(model, 0, ""), "code": Cell(code, -1, "")}
    known = [each for each in (data, model, code) if each is not None]
    return Project(
        name, team, cells, min(known) if len(known) == 3 else None, WEEKS, "C1.1", "commit before you train", 0
    )


MAP = Map((project("credit-nn", 1, 2, 3), project("esg-tilt", -1, 1, 1), project("rates-lr", 4, 4, 4)), "")


def drawn(*args: object, cells: int = 92, **more: object) -> str:
    return plain(draw(heatmap.sections(*args, **more), cells).lines)


def test_the_map_as_it_looks() -> None:
    assert drawn(MAP, 0, here="credit-nn") == (
        "   project     DATA      MODEL     CODE     26 weeks  next, the cheapest\n"
        "   credit-nn  [░░░ 1↑]   ▒▒▒ 2     ▓▓▓ 3↓     ▂▂▃▅▅   C1.1: commit before you train\n"
        "   esg-tilt        —↑    ░░░ 1     ░░░ 1↓     ▂▂▃▅▅   C1.1: commit before you train\n"
        "   rates-lr    ███ 4↑    ███ 4     ███ 4↓     ▂▂▃▅▅   C1.1: commit before you train\n"
        "\n"
        "   TEAM        ▒▒▒ 1.7   ▒▒▒ 2.3   ▓▓▓ 2.7            the mean of 3\n"
        "\n"
        "   shade, digit, colour say the same; arrow: moved in 30 days"
    )


def test_the_cheapest_step_of_each_track_stands_below() -> None:
    steps = (
        Next("data", "D1.2", "Two versions", "assay artifact register FILE"),
        Next("code", "C1.1", "A commit", "commit"),
    )
    text = drawn(Map((replace(MAP.projects[0], steps=steps), *MAP.projects[1:]), ""), 0, here="credit-nn")
    assert text.split("\n")[9:] == [
        " THE CHEAPEST STEP OF credit-nn, w tells what it would lift",
        "   DATA  D1.2  Two versions",
        "               assay artifact register FILE",
        "   CODE  C1.1  A commit",
        "               commit",
    ]
    assert "CHEAPEST STEP" not in drawn(MAP, 0, here="esg-tilt")


def test_teams_have_their_means_and_all_of_them_theirs() -> None:
    teams = Map((project("a", 0, 0, 0, "desk"), project("b", 2, 2, 2, "desk"), project("c", 4, 4, 4, "risk")), "")
    text = drawn(teams, 0)
    assert [line.split()[0] for line in text.split("\n") if "the mean of" in line] == ["desk", "risk", "ALL"]
    assert "1.0" in next(line for line in text.split("\n") if "desk" in line)
    many = Map(tuple(project(f"p{n}", n % 5, 1, 1, f"team-{n}") for n in range(9)), "")
    assert [line.split()[0] for line in drawn(many, 0).split("\n") if "the mean of" in line] == ["TEAM"]
    below = Map(tuple(project(f"p{n}", -1, 0, 1) for n in range(3)), "")
    assert next(line for line in drawn(below, 0).split("\n") if "TEAM" in line).split()[1] == "—"
    late = Map((*MAP.projects, pending("zz")), "")
    assert "the mean of 3, 1 pending" in drawn(late, 0)
    assert "the mean" not in drawn(Map(MAP.projects[:1], ""), 0)


def test_a_level_that_moved_between_two_moments_stands_beside_the_earlier_one() -> None:
    before = Map((project("credit-nn", 3, 2, 3), replace(MAP.projects[1], state="pending"), MAP.projects[2]), "")
    text = drawn(MAP, 0, here="credit-nn", before=before)
    assert "[3▸░ 1 ]" in text
    assert "1 of 3 moved between the two moments" in text
    unknown = Map((project("credit-nn", None, None, None),), "")
    assert "?▸░ 1" in drawn(MAP, 0, before=unknown)
    assert "—▸" in drawn(Map((project("esg-tilt", 2, 1, 1),), ""), 0, before=MAP)


@pytest.mark.parametrize("cells", [40, 60, 76, 200])
@pytest.mark.parametrize("name", ["a" * 4000, "\u202egnp\x1b[31m", "漢字" * 40, "[bold]x[/]"])
def test_whatever_a_project_is_called_every_line_is_as_wide(cells: int, name: str) -> None:
    lines = draw(heatmap.sections(Map((project(name, 1, 2, 3), *MAP.projects), ""), 1, ASCII, here=name), cells).lines
    assert {measure(line) for line in lines if line} <= {cells}
    assert not any("\x1b" in text or "\u202e" in text for line in lines for text, _ in line)


def test_a_cells_levels_say_since_when_and_when_they_were_lost() -> None:
    item = Item("D2.1", 2, "A schema check", "lapsed", 1, 3, "", "2009-01-02", "", None, "", (), (), 0)
    why = Why(
        "fx", "data", 1, (item,), (),
        levels=(Turned(0, True, "2008-01-14", 400), Turned(1, True, "", 0), Turned(2, False, "2009-01-02", 6),
                Turned(3, False, "2009-01-08", 0), Turned(4, False, "", 0)),
    )  # fmt: skip
    titles = [each.title for each in heatmap.criteria(why)]
    assert titles == [
        "L0 held since 2008-01-14", "L1 held", "L2 lost 6 d ago, on 2009-01-02", "L3 lost today, on 2009-01-08",
        "L4 not yet",
    ]  # fmt: skip
    unverified = heatmap.criteria(replace(why, level=None))
    assert unverified[0].title == "L0 not yet", "by the record nothing has a level"
    assert plain(draw(heatmap.criteria(why), 44).lines).split("\n")[7] == "   ✗ lapsed  D2.1  A schema check       1/3"
