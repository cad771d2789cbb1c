"""The inbox's list: what needs me, what waits on others, what is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.glyphs import Glyphs
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column

if TYPE_CHECKING:
    from app.tui.queries.approvals import Asked, Inbox

COLUMNS = (Column("", least=8), Column("", least=12), Column("", "right", least=5, rank=1))


def sections(inbox: Inbox, glyphs: Glyphs) -> list[Section]:
    """The inbox's three heaps."""

    def rows(heap: tuple[Asked, ...], sign: str, style: str) -> tuple[Row, ...]:
        return tuple(
            Row(
                (
                    (f"{sign} {each.transition}", style),
                    (short(each.subject), ""),
                    (f"{each.have} of {_need(each)}", "muted"),
                ),
                each.seq,
            )
            for each in heap
        )

    decided = tuple(
        Row(
            (
                (f"{glyphs.ok} approved", "ok") if each.state == "approved" else (f"{glyphs.bad} {each.state}", "bad"),
                (short(each.subject), ""),
                (each.at[5:10], "muted"),
            ),
            each.seq,
        )
        for each in inbox.decided
    )
    return [
        Section(
            "NEEDS YOU", COLUMNS, rows(inbox.mine, glyphs.focus, "wait"), style="wait" if inbox.mine else "heading"
        ),
        Section("WAITING ON OTHERS", COLUMNS, rows(inbox.others, glyphs.other, "info")),
        Section("DECIDED", COLUMNS, decided),
    ]


def _need(asked: Asked) -> int:
    return asked.have + sum(not each.met for each in asked.gate)
