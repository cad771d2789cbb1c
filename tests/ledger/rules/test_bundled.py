"""Decisions on policies, exceptions, delegations, charters and runs, checked by the one-file verifier without us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.events.documents import DocumentAttached
from ledger.events.people import CharterSigned
from ledger.format.event import Event
from ledger.format.hashes import digest
from ledger.projections import artifacts
from ledger.rules.decisions import CARRIERS
from tests.ledger.audit.test_bundle import kinds, made, verified
from tests.ledger.rules.governing import MODEL, adopt, ask, decide, delegate, revoke, sign_run, signed, waive
from tests.ledger.story import PROJECT, Story

V1 = f"{MODEL}@1"
POLICY: dict[str, Any] = {
    "policy": "models",
    "transitions": [
        {
            "to": "prod",
            "require": {"approvals": {"count": 1, "roles": ["risk"]}},
            "exceptions": {"roles": ["model-owner"], "at_most": "2d"},
        }
    ],
}


def governed_by_all(story: Story) -> None:
    """Every kind of decision once."""
    adopt(story, POLICY)
    charter = digest(b"charter")
    story.record(DocumentAttached("charter", charter), "hugo", f"project/{PROJECT}")
    envelope = signed(story, "hugo", f"project/{PROJECT}", charter, "approve")
    story.record(CharterSigned(charter, envelope), "hugo", f"project/{PROJECT}")
    delegate(story, "d1", "grace", "noor", "risk")
    first, second, third = (ask(story, V1) for _ in range(3))
    revoke(story, decide(story, first, "noor", "risk").seq, "noor")
    decide(story, second, "grace", "risk", "change")
    decide(story, third, "hugo", "risk", "reject")
    waive(story, "e1", "hugo", V1)
    version = artifacts.get(story.ledger.view(), V1)
    assert version is not None
    sign_run(story, str(version.run), "ada")


def test_every_kind_of_decision_verifies_without_us(peopled: Story, tmp_path: Path) -> None:
    governed_by_all(peopled)
    peopled.ledger.checkpoint()
    recorded = [each.event for each in peopled.ledger.events()]
    carried = [event for event in recorded if event.type in CARRIERS]
    elsewhere = {"key.revoked", "ledger.key_rotated", "ledger.continued"}
    assert {event.type for event in carried} == CARRIERS - elsewhere
    made(peopled, tmp_path / "bundle")
    code, document = verified(tmp_path / "bundle")
    assert (code, document["findings"]) == (0, [])
    assert int(document["decisions"]) == len(carried)


@pytest.mark.parametrize(
    ("type_", "change"),
    [
        ("policy.adopted", {"sha256": digest(b"another")}),
        ("delegation.given", {"until": "2099-01-01T00:00:00.000000Z"}),
        ("charter.signed", {"sha256": digest(b"another")}),
        ("exception.recorded", {"exception": "e9"}),
        ("run.signed", {"sha256": digest(b"another")}),
    ],
)
def test_another_decision_than_was_signed_is_found(
    peopled: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_: str, change: dict[str, Any]
) -> None:
    """Recorded by a ledger without rules: what was signed is on something else than the event says."""
    governed_by_all(peopled)
    [event] = [each.event for each in peopled.ledger.events() if each.event.type == type_]
    monkeypatch.setattr("ledger.rules.check", lambda view, judged: [])
    from ledger.events import typed

    again = typed(type_, event.value | change)
    assert again is not None
    seq = _recorded(peopled, again, event)
    peopled.ledger.checkpoint()
    made(peopled, tmp_path / "bundle")
    code, document = verified(tmp_path / "bundle")
    assert code == 1
    assert ("signature", seq) in kinds(document)


def _recorded(story: Story, fact: Any, event: Event) -> int:
    return story.ledger.record(fact, subject=event.subject, actor=event.actor, project=event.project).seq
