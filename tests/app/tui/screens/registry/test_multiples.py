"""Small multiples of figures over versions: golden pictures, exact sizes, and one point marked at most."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from app.tui.draw.picture import measure, plain
from app.tui.screens.registry.draw import registry
from app.tui.screens.registry.draw.multiples import HEIGHT, Chart, chart, multiples
from app.tui.screens.registry.queries.registry import Shelf, Version
from tests.app.tui.screens.lineage.test_graph import picture

LABELS = ("v1", "v2", "v3", "v4", "v5")
SCORE = Chart("r_squared", (0.41, 0.44, None, 0.52, 0.49))


def test_a_chart_of_a_figure_over_versions() -> None:
    assert plain(chart(SCORE, LABELS, 3, 34, ASCII)) == picture("""
| r_squared  0.52  +0.08
|0.52 |                    @**
|     |                       ****
|     |   ****
|0.41 |***
|     +----------------------------
|     v1    v2     v3     v4    v5
|
""")
    assert plain(chart(SCORE, LABELS, 2, 34)) == picture("""
| r_squared  not measured
|0.52 ╷                    ⠉⠒⠢⠤⢄⣀
|     │                          ⠉
|     │      ⣀
|0.41 │⣀⠤⠔⠒⠊⠉
|     ╰───────────────────────────╴
|     v1    v2     v3     v4    v5
|
""")


def test_a_figure_that_never_moves_and_one_that_was_never_measured() -> None:
    assert "15" in plain(chart(Chart("currencies", (15.0, 15.0)), ("v1", "v2"), 1, 30))
    assert "never measured" in plain(chart(Chart("mae", (None, float("nan"))), ("v1", "v2"), 1, 30))


@settings(deadline=None)
@given(
    st.lists(st.lists(st.none() | st.floats(), min_size=3, max_size=3), min_size=1, max_size=7),
    st.text(max_size=20),
    st.integers(-1, 2),
    st.integers(26, 160),
    st.sampled_from([UNICODE, ASCII]),
)
def test_multiples_of_anything_have_exactly_their_width(
    values: list[list[float | None]], name: str, at: int, cells: int, glyphs: Glyphs
) -> None:
    charts = [Chart(name, tuple(each)) for each in values]
    lines = multiples(charts, (name, "v2", "x" * 30), at, cells, glyphs)
    assert all(measure(line) == cells for line in lines)
    across = -(-len(charts) * HEIGHT // len(lines))
    assert 1 <= across <= 3
    assert sum(text.count(glyphs.focus) for line in lines for text, style in line if style == "focus") <= 2 * len(
        charts
    )


def shelf(count: int) -> Shelf:
    """Versions, the newest first, with two figures."""
    made = (
        Version(
            f"model/p/vol@{n}",
            f"v{n}",
            "candidate",
            (),
            "2020-01-01",
            "ada",
            "sha256:" + "ab" * 32,
            (("mae", 1 / n), ("z", n)),
        )
        for n in range(count, 0, -1)
    )
    return Shelf("model/p/vol", tuple(made))


def test_the_curves_show_the_versions_around_that_in_view_and_the_chosen_figure_first() -> None:
    told = plain(registry.curves(shelf(100), "model/p/vol@50", "z", 60))
    assert told.index("z  50  +1") < told.index("mae  0.02")
    assert "v50" in told
    assert "v100" not in told
    assert "v100" in plain(registry.curves(shelf(100), "model/p/vol@100", "", 60))
    bare = Shelf("x", (Version("x@1", "v1", "", (), "", "", "", ()),))
    assert "nothing was measured" in plain(registry.curves(bare, "x@1", "", 60))


def test_the_list_shows_one_figure_or_the_digest() -> None:
    [section] = registry.versions(shelf(2), "model/p/vol@1", "mae", UNICODE)
    assert [row.cells[-1][0] for row in section.rows] == ["0.5", "1"]
    assert [row.cells[0][0] for row in section.rows] == ["", "◆"]
    [section] = registry.versions(shelf(1), "", "other", UNICODE)
    assert section.rows[0].cells[-1][0] == "ab" * 6
