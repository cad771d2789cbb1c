"""A request's pane says what holds of it: as it was decided, and by the rule that applies to it."""

from __future__ import annotations

import ledger
from app.actions import applying
from app.tui.draw.picture import plain
from app.tui.screens.approvals.draw.request import request
from app.tui.screens.approvals.queries import approvals
from app.tui.screens.approvals.queries.request import Asked, whole
from ledger.projections import approvals as projection
from tests.app.story import PROJECT, Shell

FIRST = f"model/{PROJECT}/fx-vol@1"


def asked(shell: Shell, seq: int, me: str = "vera") -> Asked:
    with ledger.open(shell.ledger, read_only=True) as book:
        found = whole(book.view(), seq, me, "")
    assert found is not None
    return found


def of(shell: Shell, ref: str) -> int:
    with ledger.open(shell.ledger, read_only=True) as book:
        return next(each.seq for each in projection.requests(book.view()) if each.subject == ref)


def test_an_approved_request_shows_its_gate_as_decided_and_apart_what_has_lapsed(demo: Shell) -> None:
    found = asked(demo, of(demo, FIRST))
    assert found.state == "approved"
    assert found.judged is not None
    assert found.judged > max(each.seq for each in found.decisions)
    assert {each.verdict for each in found.gates} == {"held"}
    assert not found.needs
    assert found.lapsed.startswith("1 approval missing, by risk, in the last 30 days")
    text = plain(request(found, 100))
    assert f"as decided, event {found.judged:,}" in text
    assert text.count("would lapse today: ") == 1
    assert "nobody has asked" not in text
    assert "missing" not in text.partition("would lapse")[0]


def test_an_open_request_is_judged_as_of_now(demo: Shell) -> None:
    found = asked(demo, of(demo, f"model/{PROJECT}/fx-vol@6"))
    assert (found.state, found.judged, found.lapsed) == ("open", None, "")
    assert [each.who for each in found.needs] == ["vera"]
    assert "as decided" not in plain(request(found, 100))


def test_a_rejected_request_keeps_the_gate_of_its_rejection(shell: Shell) -> None:
    seq = of(shell, FIRST)
    shell.ok("--as", "jon", "reject", str(seq), "--reason", "not yet", "--yes")
    found = asked(shell, seq, "jon")
    assert found.state == "rejected"
    assert found.judged == found.decisions[-1].seq
    assert found.lapsed == ""


def test_what_no_rule_speaks_of_says_so_and_waits_for_one_answer(demo: Shell) -> None:
    ref = f"dataset/{PROJECT}/fx-panel@1"
    seq = demo.json("--as", "ada", "request", ref)["request"]["seq"]
    found = asked(demo, seq)
    assert found.rule == "models@1 asks nothing of a dataset before prod: a registered version may go there"
    [need] = found.needs
    assert need.what.startswith("1 approval by any of ")
    assert "vera" in need.who.split(", ")
    assert "ada" not in need.who.split(", ")
    with ledger.open(demo.ledger, read_only=True) as book:
        inbox = approvals.load(book.view(), "vera", "")
    item = inbox.get(seq)
    assert item is not None
    assert (item.state, item.have, item.need) == ("open", 0, 1)
    assert "1 approval missing, by any of" in demo.ok("approvals").out
    assert demo.json("approvals")["requests"][-1]["missing"][0]["action"] == f"approve {seq}"
    assert "models@1 asks nothing of a dataset before prod" in demo.ok("gate", ref, "--to", "prod").out
    demo.ok("--as", "vera", "approve", str(seq), "--yes")
    assert (asked(demo, seq).state, asked(demo, seq).needs) == ("approved", ())


def test_the_rule_of_another_tier_is_not_told(demo: Shell) -> None:
    with ledger.open(demo.ledger, read_only=True) as book:
        said = applying.words(book.view(), f"model/{PROJECT}/fx-vol@6", "prod")
    assert said.startswith("1 approval by risk")
    assert "tier_1" not in said
