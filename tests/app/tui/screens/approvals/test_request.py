"""A request, the inbox's list and the statements drawn: golden pictures, and what holds whatever is recorded."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.draw import statement
from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.draw.picture import Picture, measure, plain
from app.tui.draw.sections import draw
from app.tui.screens.approvals.draw import inbox
from app.tui.screens.approvals.draw.request import heading, request
from app.tui.screens.approvals.queries.approvals import Inbox, Item
from app.tui.screens.approvals.queries.request import Asked, Gate, Need, Proof, Verdict
from app.tui.signing import Unrecorded

HOSTILE = st.text(
    st.sampled_from("ab \x1b[31m\r\n\t\u202e\u200b\u200d漢👩e\u0301ש\x07\x9b[]{}\u2028"), max_size=120
) | st.text(max_size=40)

ASKED = Asked(
    seq=331, subject="model/equities/mom-alpha@12", digest="sha256:" + "5e" * 32, transition="prod", actor="okafor",
    at="2026-05-11T09:30:00.000000Z", note="beats the last one out of time", state="open",
    now="2026-05-11T12:00:00.000000Z", due="2026-05-13T09:30:00.000000Z", me="ito", my_roles=("model-validation",),
    decisions=(Verdict(402, "lund", "risk", "approve", "no new risk", "2026-05-11T10:00:00.000000Z"),),
    gates=(
        Gate("a model card is attached", "held", 320),
        Gate("sharpe", "held", 318, "", "1.18", "1.31", "at least 1.1", True),
        Gate("psi", "waived", 381, "by exception wide by lund, until 2026-06-01 00:00", "0.09", "0.27", "at most 0.2", True),
        Gate("a check of parity passed", "missing", None, "`assay check run mom-alpha@12`"),
    ),
    figures=(Gate("turnover", "", now="0.4", new="0.38", figure=True),),
    needs=(Need("1 approval by model-validation", "ito, sato"),),
    rule="two of risk and model-validation before prod; the requester may not sign (models@1)",
    evidence=(Proof("document/equities/backtest@12", "the back test", "sha256:" + "ab" * 32, "as frozen"),),
    attached=2, before="model/equities/mom-alpha@11",
)  # fmt: skip

GOLDEN = """\
 model/equities/mom-alpha@12 ▸ prod
 ◷ waits for you, as model-validation
 asked by okafor, 2026-05-11 09:30, event 331
 an answer is due 2026-05-13 09:30
 sha256:5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e
 “beats the last one out of time”

 GATES                            v11 now  v12 new  policy        verdict
 ✓ a model card is attached  (event 320)                          held
 ✓ sharpe                            1.18     1.31  at least 1.1  held
 ! psi                               0.09     0.27  at most 0.2   WAIVED
     by exception wide by lund, until 2026-06-01 00:00 (event 381)
 ✗ a check of parity passed                                       missing
     `assay check run mom-alpha@12`

 RULE
  two of risk and model-validation before prod; the requester may not
  sign (models@1)
  have  ✓ approved by lund, as risk  event 402
          no new risk
  need  ◷ 1 approval by model-validation: ito (you), sato

 EVIDENCE [v]  2 attached
  ✓ as frozen  document/equities/backtest@12  the back test
    sha256:ababababababababababababab…babababababababababababababababab

 DIFF [d]  against model/equities/mom-alpha@11, which serves now

 FIGURES                                                 v11 now  v12 new
 · turnover                                                  0.4     0.38"""


def test_a_request_as_it_stands() -> None:
    assert plain(request(ASKED, 74)) == GOLDEN


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"state": "approved"}, "✓ approved"),
        ({"state": "withdrawn"}, "✗ withdrawn"),
        ({"why_not": "ito trained it, and the trainer may not sign"}, "○ open  ito trained it"),
        ({"now": "2026-06-01T00:00:00.000000Z"}, "! overdue since 2026-05-13 09:30"),
        ({"evidence": ()}, "none was frozen with the request"),
        ({"gates": ()}, "nothing is demanded"),
        ({"needs": (Need("1 approval by risk", ""),)}, "nobody holds such a role"),
    ],
)
def test_a_request_says_how_it_stands(changed: dict[str, Any], says: str) -> None:
    assert says in plain(request(replace(ASKED, **changed), 74))


@given(HOSTILE, HOSTILE, st.integers(24, 120), st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_recorded_text_leaves_its_line_or_width(one: str, other: str, cells: int, ascii_only: bool) -> None:
    asked = replace(
        ASKED, subject=one, note=other, actor=other, rule=one, why_not=other,
        gates=(Gate(one, "missing", None, other), Gate(other, "held", 1, "", one, other, one, True)),
        figures=(Gate(one, "", now=other, new=one, figure=True),), needs=(Need(one, other),),
        decisions=(Verdict(1, one, other, "reject", other, "x"),), evidence=(Proof(one, other, one, "differs"),),
    )  # fmt: skip
    glyphs = ASCII if ascii_only else UNICODE
    fits(request(asked, cells, glyphs), cells)
    item = Item(1, one, other, other, "x", "open", why_not=one)
    fits(heading(item, cells, glyphs), cells)
    fits(draw(inbox.sections(Inbox((item,), (), (item,), other), glyphs, {1}), cells).lines, cells)
    failed = [Unrecorded(one, other)]
    for line in statement.unrecorded(failed, cells, glyphs):
        assert clean(plain((line,)))


def fits(lines: Picture, cells: int) -> None:
    for line in lines:
        assert measure(line) == cells
        assert clean("".join(text for text, _ in line))


def clean(text: str) -> bool:
    return not any(ord(sign) < 32 or sign in "\x7f\x9b\u202e\u200b\u200d\u2028" for sign in text)


def some(count: int, state: str = "open", **more: Any) -> tuple[Item, ...]:
    return tuple(
        Item(n, f"model/equities/alpha@{n}", "prod", "okafor", "2026-05-11T09:30:00.000000Z", state, 1, 2, **more)
        for n in range(count, 0, -1)
    )


NOW = "2026-05-11T12:00:00.000000Z"


def test_the_inbox_with_marks_ages_and_lateness() -> None:
    late, own = some(2), some(2, why_not="no")
    late = (replace(late[0], due="2026-05-11T11:00:00.000000Z"), late[1])
    found = Inbox(late, (replace(own[0], seq=7),), some(1, "approved", by="lund"), NOW)
    assert (
        plain(draw(inbox.sections(found, UNICODE, {1}), 48).lines)
        == """\
 NEEDS YOU (2), 1 marked
   ◆ prod      alpha v2  1 of 2  late 1h
   ● prod      alpha v1  1 of 2       2h

 WAITING ON OTHERS (1)
   ○ prod      alpha v2  1 of 2       2h

 DECIDED (1), 1 marked
   ● approved  alpha v1  lund         2h"""
    )


@pytest.mark.parametrize("cells", range(30, 60))
def test_stage_and_version_stay_whole_however_long_the_name(cells: int) -> None:
    name, one = "document/fx/target-code-of-the-desk", some(1, "approved", by="noor")[0]
    found = Inbox((), (), tuple(replace(one, seq=n, subject=f"{name}@{n}") for n in (1, 22)), NOW)
    first, second = plain(draw(inbox.sections(found, UNICODE), cells).lines).splitlines()[-2:]
    assert first.startswith("   ✓ approved  targ")
    assert " v1" in first
    assert " v22" in second


def test_long_heaps_are_folded_but_for_what_is_marked_or_under_the_cursor() -> None:
    found = Inbox((), some(2_000), some(2_000, "rejected"), NOW)
    assert inbox.long(found)
    folded = inbox.sections(found, UNICODE, {3}, folded=True, kept=5)
    values = [row.value for section in folded for row in section.rows]
    assert len(values) < 40
    assert values.count(3) == values.count(5) == 2
    text = plain(draw(folded, 60).lines)
    assert "WAITING ON OTHERS (2,000), 1 marked" in text
    assert "more: z" in text
    whole = inbox.sections(found, UNICODE, {3})
    assert sum(len(section.rows) for section in whole) == 4_000
    assert not inbox.long(Inbox((), some(10), some(9), NOW))
    unfolded = inbox.sections(found, UNICODE, {3}, folded=False)
    assert sum(row.value is not None for section in unfolded for row in section.rows) == 2 * (inbox.MOST + 1)
    assert "more: f" in plain(draw(unfolded, 60).lines)


def test_what_is_compared_with_another_moment_does_not_differ_by_its_age() -> None:
    found = Inbox(some(2), (), (), NOW)
    later = replace(found, now="2026-08-11T12:00:00.000000Z")
    assert inbox.sections(found, UNICODE, dated=True) == inbox.sections(later, UNICODE, dated=True)


@pytest.mark.parametrize(
    ("since", "age"),
    [
        ("11T12:00:00", "0m"),
        ("11T11:15:00", "45m"),
        ("10T11:00:00", "25h"),
        ("01T12:00:00", "10d"),
        ("12T12:00:00", "0m"),
    ],
)
def test_ages(since: str, age: str) -> None:
    assert inbox.age(f"2026-05-{since}.000000Z", NOW) == age
    assert inbox.age("2026-01-05T12:00:00.000000Z", NOW) == "18w"
    assert inbox.age("2019-01-05T12:00:00.000000Z", NOW) == "7y"
    assert inbox.age("no time", NOW) == ""


@given(st.text(max_size=3_000), st.integers(20, 120))
@settings(max_examples=40, deadline=None)
def test_every_sign_of_a_statement_is_shown_once(text: str, cells: int) -> None:
    from app.tui.draw.clip import safe

    lines = statement.statement(text, cells)
    drawn = [line[0][0][1:] for line in lines]
    assert "".join(drawn) == "".join(safe(text[n : n + 2_048]) for n in range(0, len(text), 2_048))
    assert all(width(line) <= max(cells - 2, 24) for line in drawn)


def test_without_utf8_a_statement_says_what_it_cannot_show() -> None:
    assert plain(statement.statement('{"a":"— 漢"}', 60, ASCII)) == ' {"a":"\\u{2014} \\u{6f22}"}'


@given(st.integers(12, 80), st.integers(24, 160), st.integers(1, 400), st.integers(1, 200))
def test_hash_field_and_what_to_do_always_have_room(rows: int, cells: int, lines: int, many: int) -> None:
    room = statement.room(rows, cells, lines, many)
    assert room.whole <= rows - (0 if rows < statement.ALONE else statement.BESIDE)
    assert room.seal == len(statement.seal("a" * 64, "ito", "ed25519", cells))
    assert room.bytes >= 1
    assert (room.steps > 0) == (many > 1)


def drafted(n: int) -> Any:
    asked = SimpleNamespace(seq=n, subject=f"model/equities/alpha@{n}", transition="prod")
    draft = SimpleNamespace(request=asked, decision=SimpleNamespace(verdict="approve"), role="risk")
    return SimpleNamespace(draft=draft, fingerprint=f"{n:02x}" * 32, words=f"approve {n}")


def test_the_steps_are_those_around_the_one_in_view() -> None:
    drafts = [drafted(n) for n in range(1, 21)]
    typed = [n < 9 for n in range(20)]
    assert (
        plain(statement.steps(drafts, 9, typed, 60, 3))
        == """\
   9  approve alpha v9 ▸ prod         09090909…  ✓ typed
 ▸ 10  approve alpha v10 ▸ prod       0a0a0a0a…  · to type
   11  approve alpha v11 ▸ prod       0b0b0b0b…  · to type"""
    )
    assert (
        plain(statement.waiting(drafts[:2], 60, 6))
        == """\
 ✓ approve alpha v1 ▸ prod                  01010101 … 0101
 ✓ approve alpha v2 ▸ prod                  02020202 … 0202"""
    )
    assert plain(statement.waiting(drafts, 60, 3)).endswith("and 18 more")
    assert "takes all 20 back" in plain(statement.countdown(7.2, 10.0, 20, 60))
    assert "takes both back" in plain(statement.countdown(7.2, 10.0, 2, 48))
