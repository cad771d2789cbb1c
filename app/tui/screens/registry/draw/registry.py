"""Names and versions as lists; one version or run whole: what is recorded, its figures and how they moved."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from app.tui.draw.bars import sparkline
from app.tui.draw.clip import fit, middle, width, wrap
from app.tui.draw.figures import ranked
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column, table
from app.tui.screens.registry.draw.multiples import Chart, multiples

if TYPE_CHECKING:
    from app.tui.screens.registry.queries.registry import Board, Name, Shelf, Version, Whole

FIGURES = (
    Column("figure", least=8),
    Column("value", "right", least=6),
    Column("change", "right", least=6, rank=1),
    Column("over time", least=8, most=30, rank=2),
)


NAMES = (Column("", least=10), Column("", "right", least=2), Column("", least=9, rank=2))
PROJECTS = (
    Column("", least=16), Column("", "right", least=5), Column("", least=14, rank=2), Column("", least=11, rank=3),
)  # fmt: skip
"""Where there are several projects."""
RUNS = (Column("", least=8), Column("", least=8), Column("", "right", least=10, rank=1))
VERSIONS = (
    Column("", least=1, most=1), Column("", least=3), Column("", least=10), Column("", least=9, rank=3),
    Column("", "right", least=10, rank=2), Column("", least=5, rank=4), Column("", "right", least=6, rank=1),
)  # fmt: skip
TITLES = {"feature_view": "feature views", "code": "code", "policy": "policies"}
RUN_STATES = {"ok": "ok", "failed": "bad", "interrupted": "warn", "running": "info"}
NOTHING = [Section("VERSIONS", VERSIONS, empty="nothing is registered yet")]

MOST = 40
"""Versions in one chart, those up to the one in view and some after it."""


def measured(shelf: Shelf, first: str = "") -> list[str]:
    """All figures that any of the versions has, those first that say most; ``first`` before all others."""
    names = ranked({name for each in shelf.versions for name, _ in each.figures})
    return sorted(names, key=lambda name: name != first)


def curves(shelf: Shelf, at: str, first: str, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """Each figure over the versions of a name, the oldest left; the version ``at`` marked, the figure ``first`` first."""
    oldest = shelf.versions[::-1]
    here = next((n for n, each in enumerate(oldest) if each.ref == at), len(oldest) - 1)
    start = max(min(here - MOST * 3 // 4, len(oldest) - MOST), 0)
    shown = oldest[start : start + MOST]
    known = [dict(each.figures) for each in shown]
    charts = [Chart(name, tuple(each.get(name) for each in known)) for name in measured(shelf, first)]
    if not charts:
        return ((("  nothing was measured of these versions", "muted"),),)
    return multiples(charts, [each.label for each in shown], here - start, cells, glyphs)


def whole(found: Whole, cells: int, glyphs: Glyphs = UNICODE, first: str = "") -> tuple[Line, ...]:
    """The lines, each exactly ``cells`` cells wide; the figure ``first`` before the others."""
    room = max(cells - 3, 10)
    event = f"  event {found.seq:,}"
    lines: list[Line] = [((f" {middle(found.ref, max(room - len(event), 10))}", "title"), (event, "muted")), ()]
    if found.figures:
        body = []
        places = {name: n for n, name in enumerate(ranked(name for name, _, _ in found.figures))} | {first: -1}
        for name, value, past in sorted(found.figures, key=lambda each: places[each[0]]):
            change = value - past[-2] if len(past) > 1 else None
            body.append(
                (
                    (middle(name, 30 if room > 60 else 14, glyphs.ellipsis, tail=20 if room > 60 else 9), ""),
                    (f"{value:.6g}", "strong"),
                    ("" if change is None else f"{change:+.3g}", "muted"),
                    (sparkline(past[-30:], glyphs) if len(past) > 1 else "", "spark"),
                )
            )
        lines += [(("  ", ""), *line) for line in table(FIGURES, body, min(room, 76))] + [()]
    label = min(max((width(name) for name, _ in found.facts), default=0), 18)
    for name, told in found.facts:
        first, *rest = wrap(
            middle(told, room - label - 4) if told.startswith("sha256:") else told, max(room - label - 4, 8)
        )
        lines.append(((f"  {fit(name, label)}  ", "muted"), (first, "")))
        lines += [((" " * (label + 4), ""), (part, "")) for part in rest]
    for title, names in (("MADE FROM", found.inputs), ("MADE", found.outputs)):
        if names:
            lines += [(), ((f" {title}", "heading"),)]
            for name in names:
                kind = name.partition("/")[0]
                lines.append(
                    (
                        (f"  {glyphs.dot} ", "muted"),
                        (short(name), f"kind.{kind}"),
                        (f"  {kind.replace('_', ' ')}", "muted"),
                    )
                )
    if found.documents:
        lines += [(), ((" DOCUMENTS", "heading"),)]
        lines += [((f"  {fit(kind, 18)}  ", "muted"), (title, "")) for kind, title in found.documents]
    return tuple(fitted(line, cells) for line in lines)


def sections(board: Board, glyphs: Glyphs) -> list[Section]:
    """The list: names by kind, then runs."""
    kinds = dict.fromkeys(each.kind for each in board.names)
    columns = PROJECTS if len({each.base.split("/")[1] for each in board.names}) > 1 else NAMES

    def rows(kind: str) -> tuple[Row, ...]:
        names = [each for each in board.names if each.kind == kind]
        counts = Counter(each.base.rpartition("/")[2] for each in names)
        return tuple(Row(_name(each, counts)[: len(columns)], each.base) for each in names)

    found = [Section(TITLES.get(kind, f"{kind}s").upper(), columns, rows(kind)) for kind in kinds]
    runs = tuple(
        Row(
            (
                (f"{_sign(each.status, glyphs)} {each.status}", RUN_STATES.get(each.status, "")),
                (each.job + (" (stale)" if each.stale else ""), "warn" if each.stale else ""),
                (each.day, "muted"),
            ),
            each.ref,
        )
        for each in board.runs
    )
    title = f"RUNS, the newest of {board.more_runs + len(runs):,}" if board.more_runs else "RUNS"
    return [*found, Section(title, RUNS, runs, empty="nothing ran yet", counted=not board.more_runs)]


def _name(each: Name, counts: Counter[str]) -> tuple[Run, ...]:
    """Name, newest version, what is said of it, project, which stands before a name that is in several."""
    _, project, name = each.base.split("/", 2)
    told = name if counts[name] == 1 else f"{project}/{name}"
    return ((told, f"kind.{each.kind}"), (f"v{each.newest}", "strong"), (each.says, "muted"), (project, "muted"))


def _sign(status: str, glyphs: Glyphs) -> str:
    return {"ok": glyphs.ok, "failed": glyphs.bad, "running": glyphs.doing}.get(status, glyphs.warn)


def versions(shelf: Shelf, marked: str, figure: str, glyphs: Glyphs) -> list[Section]:
    """The versions of a name, each with one of its figures."""
    longest = max((width(each.stage) + 2 for each in shelf.versions if _staged(each.stage, glyphs)[0]), default=0)
    columns = tuple(
        replace(each, least=max(longest, each.least)) if n == 2 else each for n, each in enumerate(VERSIONS)
    )
    return [
        Section("", columns, tuple(_version(each, marked, figure, glyphs) for each in shelf.versions), counted=False)
    ]


def _staged(stage: str, glyphs: Glyphs) -> Run:
    """The sign of what is in production, and how it is drawn: what serves, and what serves no more."""
    if not stage.startswith(("production", "served")):
        return "", ""
    return (f"{glyphs.ok} ", "ok") if stage.endswith(", live") else (f"{glyphs.other} ", "muted")


def _version(each: Version, marked: str, figure: str, glyphs: Glyphs) -> Row:
    """One version in the list; the marked one bears a sign."""
    sign, style = _staged(each.stage, glyphs)
    styles = {"staging": "info", "retired": "muted", **RUN_STATES}
    value = dict(each.figures).get(figure)
    cells = (
        (glyphs.focus if each.ref == marked else "", "focus"),
        (each.label, "strong"),
        (f"{sign}{each.stage}", style or styles.get(each.stage, "muted")),
        (" ".join(f"@{alias}" for alias in each.aliases), "wait"),
        (each.day, "muted"),
        (each.actor, "muted"),
        (each.digest[7:19] if value is None else f"{value:.4g}", "muted" if value is None else "strong"),
    )
    return Row(cells, each.ref)
