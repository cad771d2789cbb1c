"""The maturity map as rows, and the criteria of one of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from app.tui.draw import maturity as draw
from app.tui.draw.clip import clip
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Run
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.queries.maturity import TRACKS, Item, Map, Project, Turned, Why

PROJECTS = (
    Column("", least=10, most=28), Column("", least=8), Column("", least=8), Column("", least=8), Column("", least=7, rank=2),
    Column("", least=8, rank=1, grows=True),
)  # fmt: skip
ITEMS = (
    Column("", least=8, most=9), Column("", least=4, most=8), Column("", least=12, grows=True),
    Column("", "right", least=5, rank=1),
)  # fmt: skip
STEPS = (Column("", least=5, most=5), Column("", least=4, most=8), Column("", least=20, most=200))
TEAMS = 4
"""Teams that have a row of their own; where there are more, one row stands for all."""


def ordered(found: Map, *, lowest_first: bool) -> tuple[Map, str]:
    """The map by name or the lowest first, and what it is called."""
    rows = found.projects
    if lowest_first:
        rows = tuple(sorted(rows, key=lambda each: 9 if each.overall is None else each.overall))
    many = f"{len(rows):,} project{'' if len(rows) == 1 else 's'}"
    return replace(found, projects=rows), f"Maturity  {many}, {'the lowest first' if lowest_first else 'by name'}"


def sections(
    found: Map, track: int, glyphs: Glyphs = UNICODE, *, here: str = "", before: Map | None = None, reading: str = ""
) -> list[Section]:
    """The map: a row a project, the mean of each team, what the signs say.

    Args:
        found: the map.
        track: which track the cell is of.
        glyphs: the signs.
        here: the project whose cell is in brackets.
        before: the map at the moment that this one is compared with.
        reading: what is being read before anything can be said, in words.
    """
    old = {} if before is None else {each.name: each for each in before.projects}
    rows = [_project(each, track if each.name == here else -1, glyphs, old.get(each.name)) for each in found.projects]
    words = ("project", *(f" {name.upper()}" for name in TRACKS), "26 weeks", "next, the cheapest")
    head = Row(tuple((word, "muted") for word in words))
    said: list[tuple[str, str]] = [("shade, digit, colour say the same; arrow: moved in 30 days", "muted")]
    if reading:
        # First: the projects may be many.
        return [
            Section("", (Column("", most=200),), (Row(((reading, "info"),)),), counted=False),
            Section("", PROJECTS, tuple(rows), counted=False),
        ]
    if found.trouble:
        said = [(found.trouble, "warn")]
    elif before is not None:
        moved = sum(_moved(each, old.get(each.name)) for each in found.projects)
        said = [(f"{moved} of {len(found.projects)} moved between the two moments, the earlier level first", "past")]
    return [
        Section("", PROJECTS, (head, *rows), counted=False),
        *_teams(found, glyphs),
        Section("", (Column("", most=200),), tuple(Row((each,)) for each in said), counted=False),
        *_steps(next((each for each in found.projects if each.name == here), None)),
    ]


def reading(events: int | None, seconds: float, glyphs: Glyphs = UNICODE) -> str:
    """What is waited for before any level is known, and for how long so far."""
    of = "" if events is None else f" of {events:,} events"
    return f"reading the evidence{of} {glyphs.ellipsis} ({seconds:.0f} s so far)"


def _steps(here: Project | None) -> list[Section]:
    """The cheapest step of each track of the project under the cursor, and what it takes."""
    if here is None or not here.steps:
        return []
    rows = []
    for each in here.steps:
        rows.append(Row(((each.track.upper(), "heading"), (each.id, "strong"), (each.need, ""))))
        does = (each.does, "key" if each.does.startswith("assay ") else "muted")
        rows.append(Row((("", ""), ("", ""), does)))
    return [
        Section(
            f"THE CHEAPEST STEP OF {clip(here.name, 28)}, w tells what it would lift", STEPS, tuple(rows), counted=False
        )
    ]


def _moved(now: Project, before: Project | None) -> bool:
    return before is not None and any(now.cells[name].level != before.cells[name].level for name in TRACKS)


def _project(each: Project, track: int, glyphs: Glyphs, before: Project | None) -> Row:
    cells: list[Run] = [(each.name, "strong")]
    if each.state == "pending":
        cells += [("  …", "muted")] * len(TRACKS)
        return Row((*cells, ("", ""), ("pending", "muted")), f"project/{each.name}")
    for n, name in enumerate(TRACKS):
        was = None if before is None or before.state == "pending" else before.cells[name]
        cells.append(draw.cell(each.cells[name], glyphs, chosen=n == track, before=was))
    step = f"{each.next_id}: {each.next_need}" if each.next_id else "complete"
    step = f"… {step}" if each.state == "quick" else step
    cells += [(draw.weeks(each, glyphs), "spark"), (step, "muted" if each.next_id else "ok")]
    return Row(tuple(cells), f"project/{each.name}")


def _teams(found: Map, glyphs: Glyphs) -> list[Section]:
    """The mean level of each team, where several projects are known."""
    known = [each for each in found.projects if each.state != "pending" and each.overall is not None]
    if len(known) < 2:
        return []
    named = sorted({each.team for each in known if each.team})
    groups: list[tuple[str, list[Project]]] = [("TEAM", known)]
    if 1 < len(named) <= TEAMS:
        groups = [(team, [each for each in known if each.team == team]) for team in named] + [("ALL", known)]
    rows = [_mean(name, own, len(found.projects) - len(known), glyphs) for name, own in groups]
    return [Section("", PROJECTS, tuple(rows), counted=False)]


def _mean(name: str, own: Sequence[Project], pending: int, glyphs: Glyphs) -> Row:
    cells: list[Run] = [(name, "heading")]
    for track in TRACKS:
        known = [each.cells[track].level or 0 for each in own]
        # What is below L0 counts as nothing, as L0 does; where all are, there is no level to tell.
        mean = fmean(max(level, 0) for level in known)
        unmapped = max(known) < 0
        text = "    —" if unmapped else f"{draw.shade(round(mean), glyphs)} {mean:.1f}"
        cells.append((f" {text}", f"level.{round(mean)}"))
    of = f"the mean of {len(own)}" + (f", {pending} pending" if pending else "")
    return Row((*cells, ("", ""), (of, "muted")))


def criteria(why: Why, glyphs: Glyphs = UNICODE) -> list[Section]:
    """The cell's criteria by level; since when each level is reached, or when it was lost."""
    found = []
    for level in range(5):
        rows = tuple(_item(each, glyphs) for each in why.items if each.level == level)
        held = why.level is not None and level <= why.level
        style = "ok" if held else "heading"
        turned = why.turned(level)
        if turned is not None and not turned.reached and turned.day:
            style = "bad"
        title = f"L{level} {_since(held, turned)}"
        found.append(Section(title, ITEMS, rows, empty="no criterion", style=style, counted=False))
    return found


def _since(held: bool, turned: Turned | None) -> str:
    """How a level stands, in words."""
    if turned is None or not turned.day or held != turned.reached:
        return "held" if held else "not yet"
    return f"held since {turned.day}" if held else f"lost {_ago(turned.ago)}, on {turned.day}"


def _ago(days: int) -> str:
    return "today" if days == 0 else f"{days:,} d ago"


def _item(each: Item, glyphs: Glyphs) -> Row:
    sign = {"held": glyphs.ok, "lapsed": glyphs.bad, "missing": glyphs.other, "inapplicable": glyphs.dot}[each.state]
    share = "" if each.total is None else f"{each.done}/{each.total}"
    word = draw.WORDS.get(each.state, each.state)
    cells = ((f"{sign} {word}", draw.STATES[each.state]), (each.id, "strong"), (each.need, ""), (share, "muted"))
    return Row(cells, each.id)
