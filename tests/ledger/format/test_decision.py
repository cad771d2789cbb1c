from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import b64, canonical, checkpoint, decision, dsse
from ledger.format.checkpoint import Checkpoint
from ledger.format.decision import Decision, DecisionError, RequestRef
from ledger.format.keys import SecretKey

ADA, EVE = SecretKey(bytes([1]) * 32), SecretKey(bytes([3]) * 32)
ORIGIN = "example.com/ml-ledger"
SEEN = checkpoint.sign_checkpoint(Checkpoint(ORIGIN, 41, bytes(range(32))), SecretKey(bytes([7]) * 32)).decode()
DIGEST = "ab" * 32
APPROVAL = Decision(
    subject_name="model/fx-hedging/fx-vol@3",
    subject_sha256=f"sha256:{DIGEST}",
    origin=ORIGIN,
    request=RequestRef(40, "cd" * 32),
    verdict="approve",
    reason="backtest is fine; ü€\n",
    signer="ada",
    signed_at="2026-01-02T03:04:05.000006Z",
    checkpoint=SEEN,
)


def document() -> dict[str, Any]:
    return json.loads(decision.statement(APPROVAL))  # type: ignore[no-any-return]


class TestStatement:
    def test_the_bytes_are_an_in_toto_statement(self) -> None:
        payload = decision.statement(APPROVAL)
        assert payload == canonical.encode(json.loads(payload))
        assert json.loads(payload) == {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "model/fx-hedging/fx-vol@3", "digest": {"sha256": DIGEST}}],
            "predicateType": "https://assay.example/decision/v1",
            "predicate": {
                "origin": ORIGIN,
                "request": {"seq": 40, "hash": "cd" * 32},
                "verdict": "approve",
                "reason": "backtest is fine; ü€\n",
                "signer": "ada",
                "signed_at": "2026-01-02T03:04:05.000006Z",
                "checkpoint": SEEN,
            },
        }

    @given(
        st.sampled_from(decision.VERDICTS),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.none() | st.builds(RequestRef, st.integers(0, canonical.MAX_SAFE), st.just("cd" * 32)),
        st.none() | st.just(SEEN),
    )
    def test_round_trip(self, verdict: str, reason: str, request: RequestRef | None, seen: str | None) -> None:
        own = APPROVAL._replace(verdict=verdict, reason=reason, request=request, checkpoint=seen)
        assert decision.parse(decision.statement(own)) == own
        assert decision.open_envelope(decision.sign(own, ADA), ADA.public) == own

    def test_the_reasons_limit_counts_bytes(self) -> None:
        longest = APPROVAL._replace(reason="€" * 2_666 + "ab")
        assert decision.parse(decision.statement(longest)) == longest
        with pytest.raises(DecisionError, match="a reason of 8,001 bytes, more than 8,000"):
            decision.statement(APPROVAL._replace(reason="€" * 2_667))

    def test_unknown_members_are_ignored(self) -> None:
        whole = document()
        whole["later"] = 1
        whole["subject"][0]["uri"] = "x"
        whole["subject"][0]["digest"]["sha512"] = "y"
        whole["predicate"]["later"] = {}
        whole["predicate"]["request"]["later"] = None
        assert decision.parse(json.dumps(whole).encode()) == APPROVAL

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"verdict": "maybe"}, "verdict 'maybe', want one of approve, reject, waive, adopt, enrol, revoke"),
            ({"verdict": "approve "}, "verdict"),
            ({"subject_name": "a b"}, "subject 'a b'"),
            ({"subject_sha256": DIGEST}, "not a digest"),
            ({"origin": "a+b"}, "origin 'a[+]b'"),
            ({"signer": ""}, "signer ''"),
            ({"signed_at": "2026-01-02T03:04:05Z"}, "time"),
            ({"reason": "\ud800"}, "lone surrogate"),
            ({"checkpoint": ""}, "malformed note"),
            ({"checkpoint": "text"}, "malformed note"),
            ({"request": RequestRef(-1, "cd" * 32)}, "request.seq is -1"),
            ({"request": RequestRef(True, "cd" * 32)}, "request.seq is True"),
            ({"request": RequestRef(1, "CD" * 32)}, "request.hash"),
            ({"request": RequestRef(1, "cd" * 31)}, "request.hash"),
        ],
    )
    def test_nothing_malformed_is_stated(self, change: dict[str, Any], message: str) -> None:
        for refuse in (decision.statement, lambda own: decision.sign(own, ADA)):
            with pytest.raises(DecisionError, match=message):
                refuse(APPROVAL._replace(**change))


def at(path: str, value: Any) -> Any:
    def change(whole: dict[str, Any]) -> None:
        *above, last = path.split(".")
        place: Any = whole
        for name in above:
            place = place[int(name)] if name.isdigit() else place[name]
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value

    return change


ABSENT = object()


class TestParse:
    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            ("_type", "https://in-toto.io/Statement/v0.1", "_type is"),
            ("_type", ABSENT, "_type is None"),
            ("predicateType", "https://slsa.dev/provenance/v1", "predicateType is"),
            ("subject", [], "exactly one subject"),
            ("subject", ABSENT, "exactly one subject"),
            ("subject", [{}, {}], "exactly one subject"),
            ("subject", ["x"], "subject is not an object"),
            ("subject.0.name", ABSENT, "name is not text"),
            ("subject.0.digest", ABSENT, "digest is not an object"),
            ("subject.0.digest", {"sha512": "x"}, "sha256 is not text"),
            ("subject.0.digest.sha256", f"sha256:{DIGEST}", "not a digest"),
            ("subject.0.digest.sha256", DIGEST.upper(), "not a digest"),
            ("predicate", ABSENT, "predicate is not an object"),
            ("predicate", [], "predicate is not an object"),
            ("predicate.origin", ABSENT, "origin is not text"),
            ("predicate.request", ABSENT, "no request; null says"),
            ("predicate.request", [], "request is not an object"),
            ("predicate.request", {"hash": "cd" * 32}, "request.seq is not an integer"),
            ("predicate.request", {"seq": True, "hash": "cd" * 32}, "request.seq is not an integer"),
            ("predicate.request", {"seq": 1}, "hash is not text"),
            ("predicate.verdict", ABSENT, "verdict is not text"),
            ("predicate.verdict", 1, "verdict is not text"),
            ("predicate.reason", None, "reason is not text"),
            ("predicate.signer", ABSENT, "signer is not text"),
            ("predicate.signed_at", 7, "signed_at is not text"),
            ("predicate.checkpoint", ABSENT, "no checkpoint; null says"),
            ("predicate.checkpoint", 7, "checkpoint is not text"),
            ("predicate.checkpoint", "x", "malformed note"),
        ],
    )
    def test_each_malformed_part_is_named(self, path: str, value: Any, message: str) -> None:
        whole = document()
        at(path, value)(whole)
        with pytest.raises(DecisionError, match=f"^decision: .*{message}"):
            decision.parse(json.dumps(whole).encode())

    @pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff", b'{"_type":1,"_type":1}', b"{}"])
    def test_what_is_no_statement(self, payload: bytes) -> None:
        with pytest.raises(DecisionError, match=r"^decision:"):
            decision.parse(payload)


class TestEnvelope:
    def test_only_the_signers_key_opens_it(self) -> None:
        envelope = decision.sign(APPROVAL, ADA)
        assert envelope["payloadType"] == "application/vnd.in-toto+json"
        assert decision.open_envelope(envelope, ADA.public) == APPROVAL
        with pytest.raises(DecisionError, match=r"^decision: envelope: signed by 0 of the known keys"):
            decision.open_envelope(envelope, EVE.public)

    def test_a_changed_fact_is_refused(self) -> None:
        envelope = decision.sign(APPROVAL, ADA)
        for change in ({"verdict": "reject"}, {"origin": "example.com/other"}, {"request": None}, {"checkpoint": None}):
            forged = {**envelope, "payload": b64.encode(decision.statement(APPROVAL._replace(**change)))}
            with pytest.raises(DecisionError, match="signed by 0"):
                decision.open_envelope(forged, ADA.public)
            assert decision.peek(forged) == APPROVAL._replace(**change)

    def test_one_form_only(self) -> None:
        """A ledger carries one spelling: what DSSE would tolerate is refused, by key and by peek alike."""
        good = decision.sign(APPROVAL, ADA)
        payload = base64.b64decode(good["payload"])
        assert "/" in good["payload"] or "+" in good["payload"] or "=" in good["payload"]
        second = dsse.sign(payload, decision.PAYLOAD_TYPE, [ADA, EVE])
        with_extra = {**good, "later": 1}
        without_hint = copy.deepcopy(good)
        del without_hint["signatures"][0]["keyid"]
        signature_extra = copy.deepcopy(good)
        signature_extra["signatures"][0]["cert"] = "x"
        with pytest.raises(DecisionError, match="payloadType is 'text/plain'"):
            decision.peek({**good, "payloadType": "text/plain"})
        for envelope in (second, with_extra, without_hint, signature_extra):
            for read in (lambda e: decision.open_envelope(e, ADA.public), decision.peek):
                with pytest.raises(DecisionError):
                    read(envelope)

    def test_url_safe_base64_is_refused(self) -> None:
        for reason in ("~~~???", "???~~~", "~?~?~?", "\u00ff\u00ff\u00ff"):
            good = decision.sign(APPROVAL._replace(reason=reason), ADA)
            other = good["payload"].replace("+", "-").replace("/", "_")
            if other != good["payload"]:
                with pytest.raises(DecisionError, match="standard padded base64"):
                    decision.open_envelope({**good, "payload": other}, ADA.public)
                break
        else:
            pytest.fail("no payload with a character that the alphabets spell differently")
        bad = copy.deepcopy(decision.sign(APPROVAL, ADA))
        for number in range(50):  # a signature's bytes cannot be chosen; some reason gives one with a telling character
            bad = copy.deepcopy(decision.sign(APPROVAL._replace(reason=str(number)), ADA))
            spelled = bad["signatures"][0]["sig"]
            if "+" in spelled or "/" in spelled:
                bad["signatures"][0]["sig"] = spelled.replace("+", "-").replace("/", "_")
                break
        with pytest.raises(DecisionError, match="sig: not standard padded base64"):
            decision.open_envelope(bad, ADA.public)

    @pytest.mark.parametrize("envelope", [None, [], "x", {}, {"payload": 1}, {"payload": "!"}, {"payload": ""}])
    def test_what_is_no_envelope(self, envelope: Any) -> None:
        for read in (lambda e: decision.open_envelope(e, ADA.public), decision.peek):
            with pytest.raises(DecisionError, match=r"^decision:"):
                read(envelope)

    def test_signed_text_that_is_no_decision(self) -> None:
        envelope = dsse.sign(b"{}", decision.PAYLOAD_TYPE, [ADA])
        with pytest.raises(DecisionError, match="_type is None"):
            decision.open_envelope(envelope, ADA.public)
