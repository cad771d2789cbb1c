"""A signed decision counts for one person, one verdict, one subject, one request, in one ledger: all else is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import Refused
from ledger.events.approvals import ApprovalGranted, ApprovalRejected
from ledger.events.people import AccessGranted, KeyEnrolled, KeyRevoked
from ledger.events.vocabulary import Fact
from ledger.format.checkpoint import Checkpoint, sign_checkpoint
from ledger.format.decision import RequestRef
from ledger.format.hashes import digest
from ledger.format.keys import SecretKey
from ledger.rules import decisions
from tests.ledger.rules.test_gates import MODEL, cast_of
from tests.ledger.story import PROJECT, Story, secret, sign


@pytest.fixture
def asked(fresh: Story) -> tuple[Story, int]:
    """A checkpoint, and after it a request that waits for grace, vera and hugo."""
    story = cast_of(fresh)
    story.ledger.checkpoint()
    return story, story.ask(f"{MODEL}@1")


def refuse(story: Story, fact: Fact, actor: str, subject: str | None = None) -> str:
    """The append is refused, nothing is written; what was said."""
    size = story.ledger.size
    with pytest.raises(Refused) as caught:
        story.record(fact, actor, subject)
    assert story.ledger.size == size
    return "; ".join(gap.what for gap in caught.value.missing)


def granted(request: int, envelope: dict[str, Any], role: str = "risk", transition: str = "prod") -> ApprovalGranted:
    return ApprovalGranted(transition, role, request, envelope)


class TestApproval:
    def test_a_good_one(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        story.approve(request, "grace", "risk")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"origin": "example.com/other"}, "the decision was made for the ledger example.com/other, not for"),
            ({"verdict": "reject"}, "the signed verdict is reject, not approve"),
            ({"verdict": "waive"}, "the signed verdict is waive, not approve"),
            ({"signer": "vera"}, "the statement names vera as its signer, not grace"),
            ({"subject_sha256": digest(b"other weights")}, "the decision is on other bytes than those of request"),
            ({"subject_name": f"{MODEL}@2"}, f"the decision is on {MODEL}@2, the request on {MODEL}@1"),
            ({"request": None}, "the signed statement does not name request"),
            ({"request": RequestRef(3, "0" * 64)}, "the signed statement does not name request"),
            ({"checkpoint": None}, "the decision names no checkpoint, although one existed"),
        ],
    )
    def test_signed_over_something_else(self, asked: tuple[Story, int], changes: dict[str, Any], message: str) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"), **changes)
        assert message in refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")

    def test_the_right_seq_with_another_hash(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        ref = RequestRef(request, next(story.ledger.events(request - 1)).hash.hex())
        envelope = sign(story.draft(request, "grace"), secret("grace"), request=ref)
        said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")
        assert said == f"the signed statement does not name request {request} by its hash"

    @pytest.mark.parametrize("key", ["vera", "ivy", "nobody"])
    def test_by_another_s_key(self, asked: tuple[Story, int], key: str) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret(key))
        said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")
        assert said == f"the signature is not by a key of grace that is valid at event {story.ledger.size}"

    def test_by_a_key_that_was_revoked(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        signed_before = sign(story.draft(request, "grace"), secret("grace"))
        story.revoke("grace")
        for envelope in (signed_before, sign(story.draft(request, "grace"), secret("grace"))):
            said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")
            assert "is not by a key of grace that is valid at event" in said

    def test_by_a_second_key_after_the_first_was_revoked(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        story.revoke("grace")
        key = str(secret("grace's second").public)
        story.record(KeyEnrolled("grace", key, story.decide_on_key("grace", key, "enrol")), "ivy", project=None)
        envelope = sign(story.draft(request, "grace"), secret("grace's second"))
        story.record(granted(request, envelope), "grace", f"{MODEL}@1")

    def test_by_somebody_unknown(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "eve"), secret("eve"))
        assert "is not by a key of eve" in refuse(story, granted(request, envelope), "eve", f"{MODEL}@1")

    def test_handed_in_by_another_than_its_signer(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        said = refuse(story, granted(request, envelope), "vera", f"{MODEL}@1")
        assert "is not by a key of vera" in said

    def test_a_second_time(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = story.approve(request, "grace", "risk").event.value["dsse"]
        said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")
        assert said == f"grace has decided on request {request} already"

    def test_on_another_request_for_the_same(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = story.approve(request, "grace", "risk").event.value["dsse"]
        other = story.ask(f"{MODEL}@1")
        said = refuse(story, granted(other, envelope), "grace", f"{MODEL}@1")
        assert said == f"the signed statement does not name request {other} by its hash"

    def test_in_another_ledger(self, asked: tuple[Story, int], tmp_path: Path) -> None:
        """The same people, the same events, the same request, and yet another ledger."""
        story, request = asked
        twin = cast_of(Story.begin(tmp_path / "twin", origin="example.com/twin"))
        twin.ledger.checkpoint()
        assert twin.ask(f"{MODEL}@1") == request
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        assert "was made for the ledger" in refuse(twin, granted(request, envelope), "grace", f"{MODEL}@1")
        twin.ledger.close()

    def test_for_another_transition_than_was_asked(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        said = refuse(story, granted(request, envelope, transition="staging"), "grace", f"{MODEL}@1")
        assert said == f"request {request} asks for prod, not for staging"

    def test_on_what_is_no_request(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        for seq in (0, request - 1, request + 5, 10**9):
            said = refuse(story, granted(seq, envelope), "grace", f"{MODEL}@1")
            assert said == f"event {seq} is no request"

    def test_about_another_subject_than_the_request(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        story.train("fx-vol", f"dataset/{PROJECT}/rates@1")
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@2")
        assert f"not on {MODEL}@2" in said

    def test_a_reason_that_differs_from_the_signed_one(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace", "reject", "too late"), secret("grace"))
        fact = ApprovalRejected("prod", "risk", "looks fine", request, envelope)
        assert refuse(story, fact, "grace", f"{MODEL}@1") == "the reason differs from the signed one"

    def test_an_approval_out_of_a_signed_rejection(self, asked: tuple[Story, int]) -> None:
        story, request = asked
        envelope = sign(story.draft(request, "grace", "reject"), secret("grace"))
        said = refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")
        assert said == "the signed verdict is reject, not approve"


MUTATIONS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda e: {},
    lambda e: {**e, "payload": ""},
    lambda e: {**e, "payload": e["payload"][:-4]},
    lambda e: {**e, "payload": e["payload"] + "AAAA"},
    lambda e: {**e, "payload": 7},
    lambda e: {**e, "payload": e["payload"].replace("A", "B", 1)},
    lambda e: {**e, "payload": base64.urlsafe_b64encode(base64.b64decode(e["payload"])).decode() + "\n"},
    lambda e: {**e, "payloadType": "application/json"},
    lambda e: {k: v for k, v in e.items() if k != "payloadType"},
    lambda e: {**e, "signatures": []},
    lambda e: {**e, "signatures": e["signatures"] * 2},
    lambda e: {**e, "signatures": [{**e["signatures"][0], "sig": ""}]},
    lambda e: {**e, "signatures": [{**e["signatures"][0], "sig": "A" * 86 + "=="}]},
    lambda e: {**e, "signatures": [{"sig": e["signatures"][0]["sig"]}]},
    lambda e: {**e, "signatures": None},
    lambda e: {**e, "signatures": ["sig"]},
    lambda e: {**e, "extra": 1},
]


@pytest.mark.parametrize("mutation", range(len(MUTATIONS)))
def test_an_envelope_taken_apart(asked: tuple[Story, int], mutation: int) -> None:
    story, request = asked
    whole = sign(story.draft(request, "grace"), secret("grace"))
    said = refuse(story, granted(request, MUTATIONS[mutation](whole)), "grace", f"{MODEL}@1")
    assert "is not by a key of grace" in said


def test_every_bit_of_the_payload_is_signed(asked: tuple[Story, int]) -> None:
    story, request = asked
    envelope = sign(story.draft(request, "grace"), secret("grace"))
    payload = base64.b64decode(envelope["payload"])
    for n in range(0, len(payload), 29):
        changed = bytearray(payload)
        changed[n] ^= 1
        forged = {**envelope, "payload": base64.b64encode(bytes(changed)).decode()}
        assert "is not by a key of grace" in refuse(story, granted(request, forged), "grace", f"{MODEL}@1")


class TestCheckpointSeen:
    """The checkpoint in a decision says what its signer had seen, so it must be this log's and lie before it."""

    def attempt(self, asked: tuple[Story, int], note: str) -> str:
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"), checkpoint=note)
        return refuse(story, granted(request, envelope), "grace", f"{MODEL}@1")

    def own(self, story: Story) -> SecretKey:
        assert story.ledger.verifier is not None
        key = story.ledger.keystore.ledger(story.ledger.verifier)
        assert key is not None
        return key

    def test_of_another_log(self, asked: tuple[Story, int]) -> None:
        note = sign_checkpoint(Checkpoint("example.com/other", 1, bytes(32)), secret("other")).decode()
        assert "the checkpoint in the decision is not this ledger's" in self.attempt(asked, note)

    def test_of_another_key(self, asked: tuple[Story, int]) -> None:
        book = asked[0].ledger
        note = sign_checkpoint(Checkpoint(book.origin, 1, book.root(1)), secret("other")).decode()
        assert "the checkpoint in the decision is not this ledger's" in self.attempt(asked, note)

    def test_with_another_root(self, asked: tuple[Story, int]) -> None:
        book = asked[0].ledger
        note = sign_checkpoint(Checkpoint(book.origin, 3, bytes(32)), self.own(asked[0])).decode()
        assert "has another root at size 3 than this ledger" in self.attempt(asked, note)

    def test_of_what_is_yet_to_come(self, asked: tuple[Story, int]) -> None:
        book = asked[0].ledger
        note = sign_checkpoint(Checkpoint(book.origin, book.size + 1, bytes(32)), self.own(asked[0])).decode()
        assert f"covers {book.size + 1} events, more than come before event {book.size}" in self.attempt(asked, note)

    def test_an_older_one_will_do(self, asked: tuple[Story, int]) -> None:
        """Signed on another machine, some events ago."""
        story, request = asked
        envelope = sign(story.draft(request, "grace"), secret("grace"))
        story.observe(f"{MODEL}@1", 3)
        story.ledger.checkpoint()
        story.record(granted(request, envelope), "grace", f"{MODEL}@1")


class TestKeys:
    def test_only_an_administrator_enrols(self, fresh: Story) -> None:
        fresh.enrol("ada")
        key = str(secret("eve").public)
        fact = KeyEnrolled("eve", key, fresh.decide_on_key("eve", key, "enrol", by="ada"))
        assert "ada does not administer this ledger" in refuse(fresh, fact, "ada")

    def test_another_key_than_the_signed_one(self, fresh: Story) -> None:
        signed = fresh.decide_on_key("eve", str(secret("eve").public), "enrol")
        fact = KeyEnrolled("eve", str(secret("mallory").public), signed)
        assert refuse(fresh, fact, "ivy") == "the decision is on another key than the one that the event names"

    def test_another_name_than_the_signed_one(self, fresh: Story) -> None:
        key = str(secret("eve").public)
        fact = KeyEnrolled("eva", key, fresh.decide_on_key("eve", key, "enrol"))
        assert refuse(fresh, fact, "ivy") == "the decision is on person/eve, not on person/eva"

    def test_twice(self, fresh: Story) -> None:
        fresh.enrol("ada")
        with pytest.raises(Refused, match="this key of ada is enrolled already"):
            fresh.enrol("ada")

    def test_revoking_what_was_never_enrolled(self, fresh: Story) -> None:
        with pytest.raises(Refused, match="this is no valid key of ada"):
            fresh.revoke("ada")

    def test_an_enrolment_is_no_revocation(self, fresh: Story) -> None:
        key = str(secret("ada").public)
        fact = KeyRevoked("ada", key, fresh.decide_on_key("ada", key, "enrol"))
        assert refuse(fresh, fact, "ivy") == "the signed verdict is enrol, not revoke"

    def test_what_is_no_key(self, fresh: Story) -> None:
        signed = fresh.decide_on_key("eve", str(secret("eve").public), "enrol")
        for key in ("", "AAAA", "not base64!", str(secret("eve").public) + "\n"):
            assert "public key" in refuse(fresh, KeyEnrolled("eve", key, signed), "ivy")

    def test_roles_are_given_by_administrators_to_the_enrolled(self, fresh: Story) -> None:
        fresh.enrol("ada")
        assert "ada does not administer" in refuse(fresh, AccessGranted("ada", "risk"), "ada")
        assert "eve is not enrolled" in refuse(fresh, AccessGranted("eve", "risk"), "ivy")


def test_a_decision_too_long_for_its_reason(asked: tuple[Story, int]) -> None:
    story, request = asked
    from ledger.format.decision import DecisionError

    with pytest.raises(DecisionError, match="a reason of 8,001 bytes, more than 8,000"):
        sign(story.draft(request, "grace"), secret("grace"), reason="x" * 8001)
    story.approve(request, "grace", "risk", reason="x" * 8000)


def test_what_carries_a_decision_is_what_must_be_signed() -> None:
    assert {"approval.granted", "approval.rejected", "key.enrolled", "key.revoked"} <= decisions.CARRIERS


def test_the_dsse_is_kept_as_it_was_signed(asked: tuple[Story, int]) -> None:
    story, request = asked
    recorded = story.approve(request, "grace", "risk")
    payload = json.loads(base64.b64decode(recorded.event.value["dsse"]["payload"]))
    assert payload["predicate"]["request"] == {"seq": request, "hash": next(story.ledger.events(request)).hash.hex()}
