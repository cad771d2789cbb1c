"""A neighbourhood in words: as lanes, a line for each thing by its distance, or as the tree of what came from what."""

from __future__ import annotations

from collections.abc import Iterator

from app.tui.draw.glyphs import EAST, NORTH, SOUTH, WEST, Glyphs
from app.tui.draw.picture import Run
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.screens.lineage.queries.lineage import Neighbourhood, Spot

BEGINNINGS = {
    "source": "nothing: it is a source",
    "made": "a run whose end was not recorded by then",
    "later": "nothing by then: what it was made from was recorded later",
}
LANES = (Column("", least=8), Column("", least=10), Column("", least=4, rank=1))
TREE = (Column("", least=20, most=90), Column("", least=8, rank=2), Column("", least=4, rank=1))


def lanes(data: Neighbourhood, impact: bool, known: frozenset[str] | None = None) -> list[Section]:
    """What it came from (the farthest first), the focus, what came of it, as a list; what is not ``known`` is new."""
    struck = set(data.impact) if impact else set()

    def row(spot: Spot) -> Row:
        steps = f"{abs(spot.distance)} step{'' if abs(spot.distance) == 1 else 's'}" if spot.distance else "here"
        words, style = _said(spot, struck, known)
        cells = ((f"{steps}  {spot.kind.replace('_', ' ')}", "muted"), (_label(spot), style), (words, style))
        return Row(cells, spot.ref)

    ordered = sorted(data.spots, key=lambda spot: spot.distance)
    before = tuple(row(spot) for spot in ordered if spot.distance < 0)
    here = tuple(row(spot) for spot in ordered if spot.distance == 0)
    after = tuple(row(spot) for spot in ordered if spot.distance > 0)
    return _sections(LANES, data, before, here, after)


def tree(data: Neighbourhood, impact: bool, glyphs: Glyphs, known: frozenset[str] | None = None) -> list[Section]:
    """What the focus came from and what came of it, each under what it is joined to; what stands above is not drawn
    again with all that is under it."""
    struck = set(data.impact) if impact else set()
    spots = {spot.ref: spot for spot in data.spots}
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for source, target in data.edges:
        sources.setdefault(target, []).append(source)
        targets.setdefault(source, []).append(target)

    def row(ref: str, branch: str, note: str = "") -> Row:
        spot = spots[ref]
        words, style = _said(spot, struck, known)
        told: Run = (note, "muted") if note else (words, style)
        return Row(((branch + _label(spot), style), (spot.kind.replace("_", " "), "muted"), told), ref)

    def rows(beneath: dict[str, list[str]]) -> tuple[Row, ...]:
        return tuple(
            row(ref, branch, "(above)" if again and beneath.get(ref) else "")
            for ref, branch, again in _branches(data.focus, beneath, glyphs)
        )

    return _sections(TREE, data, rows(sources), (row(data.focus, ""),), rows(targets))


def _branches(root: str, beneath: dict[str, list[str]], glyphs: Glyphs) -> Iterator[tuple[str, str, bool]]:
    """Depth first: each thing under ``root``, the branch that leads to it, and whether it stands above already.

    With a stack of its own: lineage may be deeper than Python's.
    """
    fork, end = (glyphs.box[each] + glyphs.box[EAST + WEST] + " " for each in (NORTH + EAST + SOUTH, NORTH + EAST))
    trunk = glyphs.box[NORTH + SOUTH]
    seen = {root}
    stack = [(child, "", last) for child, last in _children(root, beneath)]
    while stack:
        ref, margin, last = stack.pop()
        yield ref, margin + (end if last else fork), ref in seen
        if ref not in seen:
            seen.add(ref)
            below = margin + ("   " if last else f"{trunk}  ")
            stack += [(child, below, is_last) for child, is_last in _children(ref, beneath)]


def _children(ref: str, beneath: dict[str, list[str]]) -> list[tuple[str, bool]]:
    """What stands under a thing, the last first, so that a stack yields them in order."""
    children = list(dict.fromkeys(beneath.get(ref, ())))
    return [(child, n == len(children) - 1) for n, child in enumerate(children)][::-1]


def _label(spot: Spot) -> str:
    return f"{spot.label} +{spot.hidden}" if spot.hidden else spot.label


def _said(spot: Spot, struck: set[str], known: frozenset[str] | None) -> tuple[str, str]:
    """What is said of a thing, and its style: an alert before impact before that it is new."""
    if spot.alert:
        return "alert", "alert"
    if spot.ref in struck:
        return "on impact path", "impact"
    return ("+ new", "ok") if known is not None and spot.ref not in known else ("", "")


def _sections(
    columns: tuple[Column, ...],
    data: Neighbourhood,
    before: tuple[Row, ...],
    here: tuple[Row, ...],
    after: tuple[Row, ...],
) -> list[Section]:
    return [
        Section("CAME FROM", columns, before, empty=BEGINNINGS[data.beginning]),
        Section("FOCUS", columns, here, counted=False, style="focus"),
        Section("LEADS TO", columns, after, empty="nothing depends on it"),
    ]
