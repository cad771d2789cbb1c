"""The way through a neighbourhood in words, and the inspector's figures."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.figures import ranked
from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.draw.picture import measure, plain
from app.tui.draw.refs import before
from app.tui.screens.lineage.draw.inspector import inspector
from app.tui.screens.lineage.draw.neighbourhood import through, told
from app.tui.screens.lineage.queries.facts import Facts, Figure
from tests.app.tui.screens.lineage.test_graph import picture

EDGES = (
    ("raw", "panel"),
    ("panel", "view"),
    ("view", "model"),
    ("panel", "model"),
    ("model", "live"),
    ("model", "blend"),
)
GRAPHS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20).map(
    lambda pairs: [(f"n{low}", f"n{high}") for low, high in (sorted(pair) for pair in pairs) if low != high]
)


def test_the_way_leads_from_a_beginning_by_cursor_and_focus_to_an_end() -> None:
    assert through(EDGES, "model", "model") in (["raw", "panel", "model", "live"], ["raw", "panel", "model", "blend"])
    assert through(EDGES, "model", "view") == ["raw", "panel", "view", "model", "blend"]
    assert through(EDGES, "panel", "live") == ["raw", "panel", "model", "live"]
    assert through(EDGES, "live", "blend") == ["live", "model", "blend"], "neither came from the other"


@given(GRAPHS.filter(bool), st.data())
def test_every_step_of_a_way_is_an_edge_and_cursor_and_focus_are_on_it(edges, data) -> None:  # type: ignore[no-untyped-def]
    names = sorted({name for edge in edges for name in edge})
    focus, cursor = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    way = through(edges, focus, cursor)
    if way:
        assert {focus, cursor} <= set(way)
        either = {*edges, *((target, source) for source, target in edges)}
        assert all(step in either for step in pairwise(way))
        assert len(set(way)) == len(way)


@given(
    st.lists(st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=12), min_size=1, max_size=9),
    st.data(),
)
def test_what_is_near_the_cursor_stays_where_there_is_little_room(names, data) -> None:  # type: ignore[no-untyped-def]
    at, cells = data.draw(st.integers(0, len(names) - 1)), data.draw(st.integers(24, 100))
    line = told([(name, "") for name in names], at, cells, data.draw(st.sampled_from([UNICODE, ASCII])))
    assert measure(line) <= cells
    assert names[at] in "".join(text for text, _ in line)


def test_the_inspector_draws_figures_with_their_curves_in_either_set_of_signs() -> None:
    facts = Facts(
        "model/p/vol@3", "vol v3", "model", (("kind", "model", ""), ("digest", "sha256:" + "ab" * 32, "")),
        (("UPSTREAM ALERT", (("alert", "panel v4: 3 of 8 drifted", "alert"),)), ("IF WITHDRAWN", (("", "1 deployment", ""),))),
        (Figure("coefficient_log_rv22", 0.5, (0.1, 0.3, 0.5)), Figure("rows", 7.0, (7.0,))),
        (Figure("feature-drift", 0.625, (0.1, 0.2, 0.625), "alert"),),
    )  # fmt: skip
    assert plain(inspector(facts, 34, ASCII)) == picture("""
| vol v3
|
| kind    model
| digest  sha256:ababa…bababababab
|
| WATCHED
|  ! feature-drift  0.625 .:@
|
| FIGURES
|  coeff~ent_log_rv22 0.5 .=@
|  rows                 7
|
| UPSTREAM ALERT
|  ! panel v4: 3 of 8 drifted
|
| IF WITHDRAWN
|  1 deployment
""")


def test_figures_that_say_how_good_something_is_come_first() -> None:
    assert ranked(["coefficient_a", "rows", "error_points", "r_squared"]) == [
        "r_squared", "error_points", "coefficient_a", "rows",
    ]  # fmt: skip


def test_the_version_before() -> None:
    assert before("model/p/vol@3") == "model/p/vol@2"
    assert [before(ref) for ref in ("model/p/vol@1", "run/7c1e", "model/p/vol", "model/p/vol@x")] == ["", "", "", ""]
