"""The lineage picture: golden ASCII pictures, and what holds for any graph."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import measure, plain
from app.tui.screens.lineage.draw.graph import Drawing, Edge, Graph, Node, State, draw, legend, summary, within
from tests.app.tui.screens.lineage.test_layout import NAMES, dags, sixty


def picture(text: str) -> str:
    """A golden picture without its margin: the leading bar marks column 0."""
    return "\n".join(line[1:].rstrip() for line in text.strip("\n").splitlines())


def momentum() -> Graph:
    states: dict[str, State] = {"fq": "impact", "r9": "impact", "bl": "impact", "q": "alert", "us": "alert"}
    states["m12"] = "focus"
    named = [
        ("px", "px-daily v311", "dataset"), ("ca", "corp-act v90", "dataset"), ("fq", "fund-q v57", "dataset"),
        ("mom", "mom-12-1 v8", "feature_view"), ("vol", "vol-60d v4", "feature_view"),
        ("q", "quality v6", "feature_view"),
        ("r7", "run 7c1e", "run"), ("r9", "run 9d02", "run"), ("code", "code 51be2", "code"),
        ("m11", "mom-alpha v11", "model"), ("m12", "mom-alpha v12", "model"),
        ("us", "canary-us 5%", "deployment"), ("bl", "blend v3", "model"),
    ]  # fmt: skip
    nodes = [Node(i, label, kind, states.get(i, "other"), i == "m12", 4 * (i == "bl")) for i, label, kind in named]
    pairs = (
        "px-mom", "ca-mom", "px-vol", "ca-vol", "fq-q", "mom-r7", "vol-r9", "q-r9", "code-r9", "r7-m11", "r9-m12",
        "m12-us", "m12-bl",
    )  # fmt: skip
    hot = {"fq-q", "q-r9", "r9-m12", "m12-us", "m12-bl"}
    return Graph(tuple(nodes), tuple(Edge(*pair.split("-"), painted=pair in hot) for pair in pairs))


def test_the_lineage_of_a_model() -> None:
    drawing = draw(momentum(), 100, 14, focus="m12")
    assert plain(drawing.lines) == picture("""
|DATASET               FEATURE / CODE      RUN              MODEL                   DEPLOYED / MODEL
|
|○ px-daily v311 ─┬──▸ ○ mom-12-1 v8 ────▸ ○ run 7c1e ────▸ ○ mom-alpha v11
|                 │
|○ corp-act v90 ──┴──▸ ○ vol-60d v4 ──╮                                        ╭──▸ ▲ canary-us 5%
|                                     │                                        │
|● fund-q v57 ───────▸ ▲ quality v6 ──┼──▸ ● run 9d02 ────▸ ◆ mom-alpha v12 ▲ ─┴──▸ ● blend v3 +4
|                                     │
|                      ○ code 51be2 ──╯
|
|
|
|
|
""")


def test_the_same_in_ascii() -> None:
    drawing = draw(momentum(), 100, 14, focus="m12", glyphs=ASCII)
    assert plain(drawing.lines) == picture("""
|DATASET               FEATURE / CODE      RUN              MODEL                   DEPLOYED / MODEL
|
|o px-daily v311 -+--> o mom-12-1 v8 ----> o run 7c1e ----> o mom-alpha v11
|                 |
|o corp-act v90 --+--> o vol-60d v4 --+                                        +--> ! canary-us 5%
|                                     |                                        |
|* fund-q v57 -------> ! quality v6 --+--> * run 9d02 ----> @ mom-alpha v12 ! -+--> * blend v3 +4
|                                     |
|                      o code 51be2 --+
|
|
|
|
|
""")


def test_a_narrow_window_keeps_the_focus_and_counts_what_is_folded() -> None:
    drawing = draw(momentum(), 56, 14, focus="m12")
    assert "m12" in drawing.places
    text = plain(drawing.lines)
    assert "run 9d02 +3" in text
    left, right, _, _ = drawing.beyond
    assert left > 0
    assert f"+{left}" in plain([tuple(summary(drawing))])
    assert len(drawing.places) + left + right == len(momentum().nodes)


def test_nothing_to_draw_is_blank_and_not_an_error() -> None:
    assert plain(draw(Graph(), 40, 5).lines).strip() == ""
    assert len(draw(Graph(), 40, 5).lines) == 5
    assert draw(momentum(), 5, 2, focus="m12").places == {}


def test_the_legend_says_each_state_in_words() -> None:
    assert plain([legend()]) == "◆ focus   ● on impact path   ▲ alert   ○ other"


def test_neighbourhoods() -> None:
    after = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["a"]}
    assert within(after, "a", 0) == {"a": 0}
    assert within(after, "a", 2) == {"a": 0, "b": 1, "c": 1, "d": 2}


LABELS = st.text(st.characters(codec="utf-8"), max_size=40)
graphs = st.builds(
    lambda pairs, labels, states: Graph(
        tuple(Node(n, labels[i], "run", states[i], i % 3 == 0, i % 4) for i, n in enumerate(NAMES)),
        tuple(Edge(a, b, (len(a) + i) % 2 == 0) for i, (a, b) in enumerate(pairs)),
    ),
    dags,
    st.lists(LABELS, min_size=len(NAMES), max_size=len(NAMES)),
    st.lists(st.sampled_from(["focus", "impact", "alert", "other"]), min_size=len(NAMES), max_size=len(NAMES)),
)


@settings(deadline=None)
@given(graphs, st.integers(20, 130), st.integers(4, 40), st.sampled_from(NAMES))
def test_the_size_is_kept_and_no_label_covers_another(graph: Graph, cells: int, rows: int, focus: str) -> None:
    drawing = draw(graph, cells, rows, focus=focus)
    assert len(drawing.lines) == rows
    assert all(measure(line) == cells for line in drawing.lines)
    taken: set[tuple[int, int]] = set()
    for x, y, size in drawing.places.values():
        spots = {(x + step, y) for step in range(size)}
        assert not spots & taken
        assert x >= 0
        assert x + size <= cells
        taken |= spots
    assert focus in drawing.places


@settings(deadline=None)
@given(graphs)
def test_every_edge_in_sight_leaves_its_source_and_enters_its_target(graph: Graph) -> None:
    drawing = draw(graph, 400, 200, focus=NAMES[0])
    rows = plain(drawing.lines).split("\n")
    for edge in graph.edges:
        sx, sy, size = drawing.places[edge.source]
        tx, ty, _ = drawing.places[edge.target]
        assert cell(rows[sy], sx + size + 1) in "─╮╯┬┴┤┼├"
        assert cell(rows[ty], tx - 2) == "▸"


def cell(row: str, x: int) -> str:
    """The sign that covers cell ``x``."""
    at = 0
    for sign in row:
        if at >= x and width(sign):
            return sign
        at += width(sign)
    return ""


def test_a_frame_later_the_known_nodes_stand_where_they_stood() -> None:
    whole = momentum()
    first = draw(whole, 100, 20, focus="m12")
    later = Graph(
        tuple(n for n in whole.nodes if n.id not in {"us", "bl"}),
        tuple(e for e in whole.edges if e.target not in {"us", "bl"}),
    )
    second = draw(later, 100, 20, focus="m12", before=first)
    third = draw(whole, 100, 20, focus="m12", before=second)
    assert {n: second.places[n][1] for n in second.places} == {n: first.places[n][1] for n in second.places}
    assert {n: third.places[n][1] for n in second.places} == {n: first.places[n][1] for n in second.places}


def test_a_long_column_scrolls_the_focus_into_sight() -> None:
    nodes = (*tuple(Node(f"d{i}", f"set v{i}", "dataset") for i in range(30)), Node("r", "run", "run", "focus"))
    graph = Graph(nodes, tuple(Edge(f"d{i}", "r") for i in range(30)))
    drawing: Drawing | None = None
    for focus in ("d0", "d29", "r"):
        drawing = draw(graph, 60, 16, focus=focus, before=drawing)
        assert focus in drawing.places
        _, _, above, below = drawing.beyond
        assert above + below + len(drawing.places) == 31


def test_sixty_nodes_are_drawn_in_a_frame() -> None:
    names, pairs = sixty()
    graph = Graph(tuple(Node(n, n, "run") for n in names), tuple(Edge(a, b) for a, b in pairs))
    first = draw(graph, 140, 40, focus="r5")
    spent = []
    for _ in range(10):
        began = time.perf_counter()
        draw(graph, 140, 40, focus="r5", before=first)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.05
