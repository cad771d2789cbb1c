"""Golden pictures of the audit: the map of the chain, a verification under way and done, a finding in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import measure, plain
from app.tui.queries.log import Entry
from app.tui.screens.audit.draw import breaks as drawing
from app.tui.screens.audit.draw import chainmap, verdict
from app.tui.screens.audit.draw.chainmap import Chain
from app.tui.screens.audit.draw.verdict import Stage, Verdict
from app.tui.screens.audit.queries.breaks import Break, Dependent
from app.tui.screens.audit.queries.stories import Bracket, Hashes, story
from tests.app.tui.screens.lineage.test_graph import picture

STAGES = {
    "events": Stage(692_104, 1_048_576, 1.68, ((0, 346_052), (524_288, 870_340))),
    "checkpoints": Stage(256, 256, 0.4),
}
FINDINGS = [
    {"kind": "edited", "seq": 535_902, "detail": "the bytes were changed"},
    {"kind": "schema", "seq": None, "detail": "the guard events_keep_update is not there"},
]
DOCUMENT = {
    "ok": False, "size": 1_048_576, "root": "9f3ca1b2" * 8, "findings": FINDINGS,
    "checked": {"events": 1_048_576, "decisions": 1},
}  # fmt: skip
BROKEN = Break(
    number=0,
    of=2,
    kind="edited",
    seq=535_902,
    detail="the bytes were changed",
    story=story("edited", Hashes("77ab" * 16, "e41d" * 16, "77ab" * 16)),
    hashes=Hashes("77ab" * 16, "e41d" * 16, "77ab" * 16),
    entry=Entry(535_902, "2026-03-02T14:11:00.000000Z", "approval.granted", "j.lund", "equity", "j.lund approved"),
    subject="model/equity/mom-alpha@9",
    before=True,
    after=512_673,
    depends=(Dependent(2, "later approvals"), Dependent(4, "models made from it", ("model/equity/blend@3",))),
    seals=(Bracket(532_480, True, True), Bracket(536_576, True, False)),
)


def test_a_map_of_what_two_processes_have_done() -> None:
    chain = Chain(
        400, broken=(217,), running=True, hashed=((0, 200), (200, 380)), judged=((0, 60), (200, 230)), heads=(60, 230)
    )
    assert plain(chainmap.draw(chain, 25, 2)) == picture("""
|  0  ▇▇▇▇▇▇▒░░░░░░░░░░░░░
|200  ▇X▇▒░░░░░░░░░░░░░░··
""")


def test_a_map_of_a_stretch_numbers_its_lines_and_shows_the_cursor() -> None:
    chain = Chain(1_000, 1_000, (905,), first=900, cursor=903)
    drawn = chainmap.draw(chain, 17, 10)
    assert plain(drawn).split("\n")[0] == "  900  ▇▇▇▇▇X▇▇▇▇"
    assert ("▇", "ok!") in drawn[0]
    assert not any(style.endswith("!") for line in drawn[1:] for _, style in line)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(12, 120), st.integers(1, 20), st.integers(0, 2_400))
def test_every_event_lies_in_the_cell_that_says_so(size: int, first: int, cells: int, rows: int, cell: int) -> None:
    placed = chainmap.grid(min(first, size - 1), size, cells, rows)
    cell = min(cell, placed.used - 1)
    start, stop = placed.span(cell)
    assert start < stop <= size
    assert placed.cell(start) == placed.cell(stop - 1) == cell


def test_a_verification_under_way() -> None:
    told = Verdict(1_048_576, STAGES, 1.7, True, to_come=4.2)
    assert plain(verdict.verdict(told, 74, 12)) == picture("""
| Hash chain    ████████░░░░░  66%  692,104 / 1,048,576  412k/s  0:01 left
| Signatures    waits
| Checkpoints   ██████████████████████████████████ 100%  256 / 256  ✓ 0:00
| Replay=views  waits
| File's pages  waits
| a cell: 3,438 events   ▇ ok  ░ bytes fit  ▒ now  · to do  X broken
|         0  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
|   209,718  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▒·····················
|   419,436  ·······························░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
|   629,154  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
|   838,872  ░░░░░░░░░▒···················································
| elapsed 0:02   eta 0:04   2 workers   read-only   no key waits for this
""")


def test_what_does_not_fit_is_said_while_it_runs() -> None:
    told = Verdict(1_048_576, STAGES, 1.7, True, places={535_902, 535_903}, paused=True)
    drawn = plain(verdict.verdict(told, 74, 14))
    assert "✗ 2 events so far do not fit; what happened is told at the end" in drawn
    assert drawn.count("X") == 2, "in the legend and on the map"
    assert "paused; space goes on" in drawn


def test_a_verification_that_found_something() -> None:
    told = Verdict(1_048_576, STAGES, 6.0, False, document=DOCUMENT)
    assert plain(verdict.verdict(told, 74, 9)) == picture("""
| ✗ 2 findings in 1,048,576 events
|   edited at event 535,902: the bytes were changed
|   schema: the guard events_keep_update is not there
|   root 9f3ca1b29f3ca1b2…; checked 1,048,576 events, 1 decision
| a cell: 5,730 events   ▇ ok  X broken
|         0  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
|   349,530  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇X▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
|   699,060  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
| x r  the sealed report: head, range, tool version, first break
""")


def test_what_is_gone_from_the_end_is_marked_at_the_end() -> None:
    cut = {**DOCUMENT, "size": 50, "findings": [{"kind": "truncated", "seq": 50, "detail": "gone"}]}
    drawn = plain(verdict.verdict(Verdict(50, {}, 1.0, False, document=cut), 60, 9))
    assert f"{'▇' * 4}X\n" in drawn


@given(
    st.integers(1, 10**6), st.integers(20, 160), st.integers(1, 30), st.booleans(), st.booleans(), st.integers(0, 10**6)
)
def test_a_verdict_keeps_to_its_size(size: int, cells: int, rows: int, running: bool, done: bool, spot: int) -> None:
    told = Verdict(size, STAGES, 3.0, running, places=(spot % size,), document=DOCUMENT if done else None, cursor=spot)
    drawn = verdict.verdict(told, cells, rows, ASCII)
    assert len(drawn) <= max(rows, 5)
    assert all(measure(line) <= cells for line in drawn)


def test_the_first_break_in_words() -> None:
    assert plain(drawing.finding(BROKEN, 44)) == picture("""
| ✗ EDITED   finding 1 of 2
| The bytes were changed; the stored hash is
| still the one that the next event names.
| One edited row, not a cut.
|
| seq         535,902
| type        approval.granted
| by          j.lund
| at          2026-03-02 14:11
| about       mom-alpha v9
|
| stored      77ab77ab…77ab77ab
| recomputed  e41de41d…e41de41d ✗ differs
| next.prev   77ab77ab…77ab77ab ✓
|
| before it   event 535,901  ✓
| after it    512,673 events still link to
|             each other
|
| DEPENDS ON IT
|  2 later approvals
|  4 models made from it: blend v3 and 3
|  more
|
| CHECKPOINTS
| before      532,480 events
|             ✓ signed ✓ agrees
| after       536,576 events
|             ✓ signed ✗ another tree
|
| WHAT TO DO
| Stop appending, and keep this file as it
| is for whoever looks into it. A backup
| (`assay backup`) that was made before has
| the row as it was.
|
| IN FULL
| the bytes were changed
""")


def test_a_finding_without_a_place_says_what_it_means_and_what_to_do() -> None:
    told = Break(1, 2, "schema", None, FINDINGS[1]["detail"], story("schema"))
    drawn = plain(drawing.finding(told, 60))
    assert "SCHEMA   finding 2 of 2" in drawn
    assert "the guards" in drawn
    assert "WHAT TO DO" in drawn
    assert "seq" not in drawn


@given(st.integers(12, 140), st.text(max_size=80))
def test_a_finding_keeps_its_width_whatever_was_recorded(cells: int, hostile: str) -> None:
    entry = Entry(5, hostile, hostile, hostile, hostile, hostile)
    told = Break(
        0, 1, "edited", 5, hostile, story("edited"), BROKEN.hashes, entry, hostile, True, 3, 9,
        (Dependent(1, "model made from it", (hostile,)),), (Bracket(3, True, None), Bracket(9, True, None, 4)),
    )  # fmt: skip
    assert all(measure(line) <= max(cells, 46) for line in drawing.finding(told, cells))
