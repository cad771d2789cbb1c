"""Two moments in one list: what changed says from what to what."""

from __future__ import annotations

from app.tui.draw.picture import plain
from app.tui.draw.sections import Row, Section, compare, draw
from app.tui.draw.tables import Column

COLUMNS = (Column("", least=8, most=9), Column("", least=4), Column("", "right", least=5, rank=1))


def section(*rows: tuple[str, str, str]) -> Section:
    made = tuple(Row(((state, "warn"), (name, ""), (share, "muted")), name) for state, name, share in rows)
    return Section("L2", COLUMNS, made, counted=False)


def test_what_changed_says_from_what_to_what() -> None:
    before = section(
        ("✓ held", "D2.1", "3/3"), ("○ missing", "D2.2", "0/3"), ("ok", "D2.3", ""), ("✓ held", "D2.4", "")
    )
    now = section(
        ("✗ lapsed", "D2.1", "1/3"), ("○ missing", "D2.2", "2/3"), ("breach", "D2.3", ""), ("✓ held", "D2.4", "")
    )
    assert plain(draw(compare([before], [now]), 60).lines) == (
        " L2\n"
        "   ~ held -> ✗ lapsed  D2.1  3/3 -> 1/3\n"
        "   ~ ○ missing         D2.2  0/3 -> 2/3\n"
        "   ~ ok -> breach      D2.3"
    )


def test_what_came_or_went_was_nothing_else_before() -> None:
    text = plain(draw(compare([section(("✓ held", "D2.1", ""))], [section(("✓ held", "D2.2", ""))]), 60).lines)
    assert "->" not in text
    assert text.count("held") == 2


def test_where_there_is_no_room_the_state_comes_first_and_nothing_breaks() -> None:
    before, now = section(("✓ held", "D2.1", "3/3")), section(("✗ lapsed", "D2.1", "1/3"))
    for cells in range(12, 60):
        assert {
            len(line)
            for line in ("".join(text for text, _ in runs) for runs in draw(compare([before], [now]), cells).lines)
        } == {cells}
