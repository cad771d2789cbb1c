"""The guide and the doctor whole: every item in a row, and one of them in words."""

from __future__ import annotations

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.screens.overview.draw.overview import state
from app.tui.screens.overview.queries.guide import Guide, Item, Symptom

ITEMS = (Column("", least=9, most=10), Column("", least=2, most=3), Column("", least=12, most=200))
PAGES = {
    "prerequisites": "WHAT MUST BE THERE FIRST",
    "steps": "THE EIGHT STEPS",
    "checkpoints": "THE EIGHT CHECKPOINTS",
    "readiness": "READY FOR PRODUCTION",
}


def items(found: Guide, glyphs: Glyphs = UNICODE) -> list[Section]:
    """Every item, page by page."""
    made = []
    for page, title in PAGES.items():
        own = [each for each in found.items if each.page == page]
        rows = tuple(
            Row((state(each, glyphs), (each.id, "strong"), (each.title, "")), f"guide/{each.id}") for each in own
        )
        met = sum(each.met for each in own)
        made.append(Section(f"{title}: {met} of {len(own)}", ITEMS, rows, counted=False))
    return made


def symptoms(found: Guide, glyphs: Glyphs = UNICODE) -> list[Section]:
    """Every finding of the doctor."""
    rows = tuple(
        Row(((f"{glyphs.bad} found", "bad"), (each.id, "strong"), (each.cause, "")), f"doctor/{n}")
        for n, each in enumerate(found.symptoms)
    )
    return [Section("THE DOCTOR FOUND", ITEMS, rows, empty="nothing", style="bad" if rows else "ok")]


def item(each: Item, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """One item in words: what was found, what the guide advises, the command, its common failure."""
    lines = _words(each.found, cells, "")
    if each.failing:
        lines += _words(f"{glyphs.bad} {each.failing}: {each.seen}", cells, "bad")
    lines += _words(each.advice, cells, "muted") + _words(each.fix, cells, "key")
    return (*lines, *_event(each.seq, cells))


def symptom(each: Symptom, cells: int) -> tuple[Line, ...]:
    """One finding in words: the symptom, its cause, what mends it."""
    lines = _words(each.title, cells, "strong") + _words(each.cause, cells, "") + _words(each.fix, cells, "key")
    return (*lines, *_event(each.seq, cells))


def _event(seq: int | None, cells: int) -> list[Line]:
    return _words("no event shows it" if seq is None else f"enter goes to event {seq:,}", cells, "muted")


def _words(text: str, cells: int, style: str) -> list[Line]:
    return [fitted(((f" {part}", style),), cells) for part in wrap(text, max(cells - 2, 8))] if text else []
