"""The inbox's list: what needs me, what waits on others, what is decided; of long heaps the first few, until unfolded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from app.tui.draw.glyphs import Glyphs
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column

if TYPE_CHECKING:
    from app.tui.screens.approvals.queries.approvals import Inbox, Item

COLUMNS = (
    Column("", least=10), Column("", least=10, tail=4), Column("", least=6, most=12, rank=1),
    Column("", "right", least=3, rank=2),
)  # fmt: skip
FEW = {"NEEDS YOU": 12, "WAITING ON OTHERS": 8, "DECIDED": 8}
"""Rows of a heap that are shown while it is folded; of one that is hardly longer, all."""
MOST = 500
"""Rows of a heap that are shown at all, so that every key stays quick; a filter looks through the others too."""
SPARE = 2
STATES = {"approved": "ok", "changes requested": "warn", "withdrawn": "muted", "expired": "muted"}


def sections(
    inbox: Inbox,
    glyphs: Glyphs,
    marked: Collection[int] = (),
    *,
    folded: bool | None = None,
    kept: int | None = None,
    dated: bool = False,
) -> list[Section]:
    """The inbox's three heaps.

    Args:
        inbox: the requests.
        glyphs: the signs of the terminal.
        marked: the requests that are marked, by number.
        folded: whether long heaps show their first rows only, or so many as stay quick; None is all of them. Marked ones,
            and the one under the cursor, always show.
        kept: the request under the cursor.
        dated: whether rows bear their day, which stays, and not their age.
    """

    def heap(title: str, items: tuple[Item, ...], sign: str, style: str) -> Section:
        most = len(items) if folded is None else FEW[title] if folded else MOST
        shown = items
        if len(items) > most + SPARE:
            shown = tuple(each for n, each in enumerate(items) if n < most or each.seq in marked or each.seq == kept)
        now = "" if dated else inbox.now
        rows = tuple(_row(each, now, sign, style, each.seq in marked, glyphs) for each in shown)
        if len(shown) < len(items):
            key = "z" if folded else "f"
            more = (
                (glyphs.ellipsis, "muted"),
                (f"{len(items) - len(shown):,} more: {key}", "muted"),
                ("", ""),
                ("", ""),
            )
            rows = (*rows, Row(more))
        count = f" ({len(items):,})" if items else ""
        chosen = sum(each.seq in marked for each in items)
        said = f"{title}{count}{f', {chosen:,} marked' if chosen else ''}"
        look = "wait" if title == "NEEDS YOU" and items else "heading"
        return Section(title, COLUMNS, rows, style=look, said=said)

    return [
        heap("NEEDS YOU", inbox.mine, glyphs.focus, "wait"),
        heap("WAITING ON OTHERS", inbox.others, glyphs.other, "info"),
        heap("DECIDED", inbox.decided, "", ""),
    ]


def long(inbox: Inbox) -> bool:
    """Whether any heap is folded at all."""
    heaps = zip((inbox.mine, inbox.others, inbox.decided), FEW.values(), strict=True)
    return any(len(heap) > most + SPARE for heap, most in heaps)


def _row(item: Item, now: str, sign: str, style: str, marked: bool, glyphs: Glyphs) -> Row:
    if item.state == "open":
        state, look = f"{sign} {item.transition}", style
        count = (f"{item.have} of {item.need}", "muted")
    else:
        look = STATES.get(item.state, "bad")
        state = f"{glyphs.ok if look == 'ok' else glyphs.warn if look == 'warn' else glyphs.bad} {item.state}"
        count = (item.by, "muted")
    if marked:
        state, look = f"{glyphs.impact} {state.partition(' ')[2]}", "focus"
    late = item.state == "open" and item.due and now >= item.due
    old = (f"late {age(item.due, now)}", "bad") if late else (age(item.at, now) if now else item.at[5:10], "muted")
    return Row(((state, look), (short(item.subject), ""), count, old), item.seq)


def age(since: str, now: str) -> str:
    """How long ago a moment was, in at most four characters: ``5m``, ``3h``, ``12d``, ``9w``, ``2y``."""
    try:
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for unit, size, most in (("m", 60, 60), ("h", 3_600, 48), ("d", 86_400, 21), ("w", 604_800, 104)):
        if seconds < size * most:
            return f"{max(int(seconds // size), 0)}{unit}"
    return f"{int(seconds // 31_557_600)}y"
