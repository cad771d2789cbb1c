"""The ledger's own keys: which signs what size, who may replace it, and a copy that goes on under another name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger.errors import KeyUnavailable, LedgerError, Refused
from ledger.events.ledgers import LedgerContinued, LedgerKeyRotated, LedgerVerified, LedgerWitnessed
from ledger.format import decision as decisions
from ledger.format.checkpoint import parse_body
from ledger.format.errors import FormatError
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import parse
from ledger.rules import drafting, logs
from tests.ledger.story import ORIGIN, SIGNED_AT, Story, secret

NEW = "example.com/restored"


def new_key(story: Story, name: str = ORIGIN) -> VerifierKey:
    """A ledger's key that the story's keystore holds."""
    return story.ledger.keystore.make_ledger(name)


def decided(story: Story, key: VerifierKey, by: str = "ivy", **changes: Any) -> dict[str, Any]:
    """An administrator's decision on a ledger's key."""
    drafted = drafting.on_log_key(story.ledger.view(), key, reason="", signer=by, signed_at=SIGNED_AT)
    return decisions.sign(drafted._replace(**changes), secret(by))


def rotate(story: Story, key: VerifierKey, by: str = "ivy", **changes: Any) -> int:
    """Record a rotation; returns its seq."""
    fact = LedgerKeyRotated(str(key), decided(story, key, by, **changes))
    return story.ledger.record(fact, actor=by).seq


def go_on(story: Story, key: VerifierKey, **changes: Any) -> int:
    """Record that the story goes on under the key's name; returns the event's seq."""
    book = story.ledger
    values: dict[str, Any] = {
        "origin": key.name,
        "key": str(key),
        "size": book.size,
        "root": book.root().hex(),
        "dsse": decided(story, key),
    }
    subject = changes.pop("subject", f"ledger/{book.origin}")
    return book.record(LedgerContinued(**{**values, **changes}), actor="ivy", subject=subject).seq


def signer(note: str) -> str:
    """The id of the key that signed a note."""
    return parse(note.encode()).unknown[0].key_id.hex()


def grow(story: Story) -> int:
    """Record one more event; returns its seq."""
    return story.record(LedgerVerified("0" * 64, 1, True), "ivy", f"ledger/{story.ledger.origin}").seq


def test_a_rotation_is_covered_by_the_key_before_and_all_after_it_by_the_new_one(story: Story) -> None:
    book = story.ledger
    first = book.verifier
    assert first is not None
    second = new_key(story)
    seq = rotate(story, second)
    assert signer(book.checkpoint()) == first.id.hex()
    grow(story)
    note = book.checkpoint()
    assert signer(note) == second.id.hex()
    assert book.verifier == second
    keys = book.log_keys()
    assert [(each.since, each.seq) for each in keys] == [(1, 0), (seq + 2, seq)]
    assert logs.key_at(keys, seq + 1) == first
    assert logs.key_at(keys, seq + 2) == second
    assert logs.open_signed(keys, note.encode()).checkpoint.size == seq + 2
    report = ledger.verify(book.path)
    assert report.findings == []


def test_a_known_key_is_accepted_if_it_signed_anything(story: Story) -> None:
    book = story.ledger
    first = book.verifier
    second = new_key(story)
    rotate(story, second)
    book.checkpoint()
    assert ledger.verify(book.path, key=str(first)).ok
    said = ledger.verify(book.path, key=str(second)).findings
    assert [each.kind for each in said] == ["signature"]
    assert "no checkpoint is signed with the key known from elsewhere" in said[0].detail
    grow(story)
    book.checkpoint()
    assert ledger.verify(book.path, key=str(second)).ok


def test_the_key_before_signs_nothing_greater(story: Story) -> None:
    book = story.ledger
    assert book.verifier is not None
    before = book.keystore.ledger(book.verifier)
    assert before is not None
    rotate(story, new_key(story))
    grow(story)
    from ledger.format.checkpoint import Checkpoint, sign_checkpoint

    stale = sign_checkpoint(Checkpoint(book.origin, book.size, book.root()), before).decode()
    said = ledger.verify(book.path, checkpoints=[stale]).findings
    assert [(each.kind, each.seq) for each in said] == [("signature", book.size - 1)]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"verdict": "revoke"}, "verdict is revoke"),
        ({"origin": "example.com/other"}, "made for the ledger example.com/other"),
        ({"subject_sha256": "sha256:" + "0" * 64}, "on another key"),
        ({"subject_name": "ledger/example.com/other"}, "the decision is on ledger/example.com/other"),
    ],
)
def test_a_rotation_needs_the_administrators_word_on_this_key(story: Story, changes: Any, wanted: str) -> None:
    with pytest.raises(Refused, match=wanted):
        rotate(story, new_key(story), **changes)


def test_only_administrators_rotate(story: Story) -> None:
    with pytest.raises(Refused, match="ada does not administer"):
        rotate(story, new_key(story), by="ada")


def test_a_key_that_was_left_is_not_taken_up_again(story: Story) -> None:
    first = story.ledger.verifier
    assert first is not None
    rotate(story, new_key(story))
    with pytest.raises(Refused, match="had this key before"):
        rotate(story, first)


def test_a_rotation_bears_the_ledgers_own_name(story: Story) -> None:
    with pytest.raises(Refused, match=r"bears the name example\.com/other"):
        rotate(story, new_key(story, "example.com/other"))


def test_a_rotation_whose_signature_was_forged_is_found(story: Story) -> None:
    """The guards are for accidents: whoever writes the file directly is found by the audit."""
    key = new_key(story)
    envelope = decided(story, key)
    forged = decisions.sign(
        drafting.on_log_key(story.ledger.view(), key, reason="", signer="ivy", signed_at=SIGNED_AT), secret("mallory")
    )
    assert envelope != forged
    import ledger.rules

    rules = ledger.rules.RULES.pop("ledger.key_rotated")
    try:
        seq = story.ledger.record(LedgerKeyRotated(str(key), forged), actor="ivy").seq
    finally:
        ledger.rules.RULES["ledger.key_rotated"] = rules
    said = ledger.verify(story.ledger.path).findings
    assert [(each.kind, each.seq) for each in said] == [("signature", seq)]


def test_an_older_copy_is_not_signed_and_may_go_on_under_another_name(story: Story, tmp_path: Path) -> None:
    book = story.ledger
    path = book.path
    book.close()
    backup = tmp_path / "backup.db"
    shutil.copy(path, backup)
    story.ledger = book = ledger.open(path, keys=tmp_path / "keys")
    grow(story)
    newest = book.checkpoint()
    book.close()
    shutil.copy(backup, path)
    story.ledger = book = ledger.open(path, keys=tmp_path / "keys")
    with pytest.raises(LedgerError, match=r"an older copy was put in its place.*assay continue --new-origin"):
        book.checkpoint()
    story.record(LedgerVerified("1" * 64, 1, True), "ivy", f"ledger/{ORIGIN}")
    grow(story)
    with pytest.raises(LedgerError, match=r"would fork.*assay continue --new-origin"):
        book.checkpoint()

    size = book.size
    assert go_on(story, new_key(story, NEW)) == size
    assert book.origin == NEW
    note = book.checkpoint()
    assert parse_body(parse(note.encode()).text).origin == NEW
    grow(story)
    assert ledger.verify(path).findings == []
    # The log that it was copied from is another one: its checkpoint is not this ledger's.
    said = ledger.verify(path, checkpoints=[newest]).findings
    assert {each.kind for each in said} == {"rewritten"}


def test_decisions_after_a_continuation_are_made_for_the_new_name(story: Story) -> None:
    go_on(story, new_key(story, NEW))
    story.enrol("nora", "risk")
    assert logs.origin(story.ledger.view()) == NEW
    with pytest.raises(Refused, match=f"made for the ledger {ORIGIN}"):
        rotate(story, new_key(story, NEW), origin=ORIGIN)
    assert ledger.verify(story.ledger.path).findings == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"size": 3}, "the copy holds"),
        ({"root": "0" * 64}, "the copy holds"),
        ({"origin": ORIGIN}, f"was called {ORIGIN} before"),
        ({"origin": "no origin"}, "want 1 to 255"),
        ({"subject": "ledger/example.com/other"}, "is not the ledger that the copy was made of"),
    ],
)
def test_a_continuation_says_what_it_continues(story: Story, changes: Any, wanted: str) -> None:
    with pytest.raises(Refused, match=wanted):
        go_on(story, new_key(story, NEW), **changes)


def test_a_decision_to_continue_counts_for_one_copy_alone(story: Story) -> None:
    key = new_key(story, NEW)
    envelope = decided(story, key)
    grow(story)
    with pytest.raises(Refused, match="last event by its hash"):
        go_on(story, key, dsse=envelope)


def test_a_witness_is_believed_only_with_a_stored_cosignature(story: Story) -> None:
    book = story.ledger
    size = book.size
    witness = VerifierKey("witness.example/w", 0x04, SecretKey.generate().public.raw)
    with pytest.raises(Refused, match="no stored checkpoint"):
        story.record(LedgerWitnessed(book.head, size, str(witness)), "ivy", f"ledger/{ORIGIN}")
    with pytest.raises(Refused, match="the head after"):
        story.record(LedgerWitnessed("0" * 64, size, str(witness)), "ivy", f"ledger/{ORIGIN}")
    with pytest.raises(Refused, match="no witness's key"):
        story.record(LedgerWitnessed(book.head, size, str(book.verifier)), "ivy", f"ledger/{ORIGIN}")


def test_who_does_not_hold_the_key_is_told_so(story: Story, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "keys" / "ledgers")
    grow(story)
    with pytest.raises(KeyUnavailable, match=f"the key of {ORIGIN} is not in"):
        story.ledger.checkpoint()


def test_an_empty_log_has_no_key() -> None:
    with pytest.raises(FormatError, match="has no key"):
        logs.key_at((), 1)
