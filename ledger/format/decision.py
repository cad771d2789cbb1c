"""Decisions: what a person signs. An in-toto Statement v1 in a DSSE envelope, made with the person's own key.

The statement names the ledger, what is decided on with its digest, the request that it answers, and the last
checkpoint that the signer saw. So it counts nowhere else, and was made after that checkpoint. All facts come from the
payload; the event that carries the envelope may repeat some, and verification holds them against it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ledger.format import b64, canonical, dsse, names, note, times
from ledger.format.errors import FormatError
from ledger.format.hashes import check_digest
from ledger.format.keys import PublicKey, SigningKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://assay.example/decision/v1"
VERDICTS = ("approve", "reject", "waive", "adopt", "enrol", "revoke")
MAX_REASON = 8_000
"""Bytes of UTF-8."""

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ENVELOPE_MEMBERS = {"payload", "payloadType", "signatures"}
_SIGNATURE_MEMBERS = {"keyid", "sig"}


class DecisionError(FormatError):
    """A decision is malformed, or not signed by whom it should be."""


class RequestRef(NamedTuple):
    """The request that a decision answers: its position, and its leaf hash in hex."""

    seq: int
    hash: str


class Decision(NamedTuple):
    """What was decided, on what, by whom, when, and what they had seen.

    ``subject_name`` is a reference (``model/fx-hedging/fx-vol@3``) and ``subject_sha256`` its digest with ``sha256:``;
    ``origin`` the ledger's; ``request`` None where none was made; ``signer`` the enrolled name; ``signed_at`` wall
    time as ``times.format_time`` writes it; ``checkpoint`` the last note that the signer saw, with the log's signature
    alone, None only while there is none.
    """

    subject_name: str
    subject_sha256: str
    origin: str
    request: RequestRef | None
    verdict: str
    reason: str
    signer: str
    signed_at: str
    checkpoint: str | None


def statement(decision: Decision) -> bytes:
    """Return the payload: canonical JSON, to be shown byte for byte before it is signed.

    :raises DecisionError: naming the part that is malformed.
    """
    _check(decision)
    request = decision.request
    return canonical.encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {
                    "name": decision.subject_name,
                    "digest": {"sha256": decision.subject_sha256.removeprefix("sha256:")},
                }
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "origin": decision.origin,
                "request": None if request is None else {"seq": request.seq, "hash": request.hash},
                "verdict": decision.verdict,
                "reason": decision.reason,
                "signer": decision.signer,
                "signed_at": decision.signed_at,
                "checkpoint": decision.checkpoint,
            },
        }
    )


def parse(payload: bytes) -> Decision:
    """Return the decision that a payload states; members that this version does not know are ignored, as in-toto asks.

    :raises DecisionError: naming the part that is missing or malformed.
    """
    try:
        document = canonical.parse(payload)
    except canonical.CanonicalError as error:
        raise DecisionError(f"decision: {error}") from error
    whole = _object(document, "statement")
    for member, want in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
        if whole.get(member) != want:
            raise DecisionError(f"decision: {member} is {ascii(whole.get(member))[:80]}, want {want}")
    subjects = whole.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        raise DecisionError("decision: want exactly one subject")
    subject = _object(subjects[0], "subject")
    predicate = _object(whole.get("predicate"), "predicate")
    request = predicate.get("request")
    checkpoint = predicate.get("checkpoint")
    if checkpoint is not None:
        checkpoint = _text(predicate, "checkpoint")
    for member in ("request", "checkpoint"):
        if member not in predicate:
            raise DecisionError(f"decision: no {member}; null says that there was none")
    decision = Decision(
        subject_name=_text(subject, "name"),
        subject_sha256="sha256:" + _text(_object(subject.get("digest"), "digest"), "sha256"),
        origin=_text(predicate, "origin"),
        request=None if request is None else _request(request),
        verdict=_text(predicate, "verdict"),
        reason=_text(predicate, "reason"),
        signer=_text(predicate, "signer"),
        signed_at=_text(predicate, "signed_at"),
        checkpoint=checkpoint,
    )
    _check(decision)
    return decision


def sign(decision: Decision, secret: SigningKey) -> dsse.Envelope:
    """Return the signed envelope that goes whole into ``value.dsse``.

    :raises DecisionError: naming the part that is malformed.
    """
    return dsse.sign(statement(decision), PAYLOAD_TYPE, [secret])


def open_envelope(envelope: dsse.Envelope, public: PublicKey) -> Decision:
    """Return the decision in an envelope that this person's key signed.

    :raises DecisionError: if it is not signed by the key, or not in the one form that a ledger carries: exactly one
        signature, no other members, standard padded base64.
    """
    try:
        payload = dsse.verify(envelope, PAYLOAD_TYPE, [public])
    except dsse.EnvelopeError as error:
        raise DecisionError(f"decision: {error}") from error
    _check_form(envelope, payload)
    return parse(payload)


def peek(envelope: dsse.Envelope) -> Decision:
    """Return the decision that an envelope claims, its signature not verified: to learn whose key to look up.

    :raises DecisionError: if it is not in the form that a ledger carries, or malformed.
    """
    if not isinstance(envelope, dict) or not isinstance(envelope.get("payload"), str):
        raise DecisionError("decision: no envelope")
    try:
        payload = b64.decode(envelope["payload"], "payload")
    except FormatError as error:
        raise DecisionError(f"decision: {error}") from error
    _check_form(envelope, payload)
    return parse(payload)


def _check_form(envelope: dsse.Envelope, payload: bytes) -> None:
    signatures = envelope.get("signatures")
    if envelope.keys() != _ENVELOPE_MEMBERS or envelope["payload"] != b64.encode(payload):
        raise DecisionError("decision: want payload in standard padded base64, payloadType and signatures, no more")
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise DecisionError(f"decision: payloadType is {ascii(envelope['payloadType'])[:80]}, want {PAYLOAD_TYPE}")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise DecisionError("decision: want exactly one signature")
    if signatures[0].keys() != _SIGNATURE_MEMBERS:
        raise DecisionError("decision: want a signature with keyid and sig, no more")
    try:
        b64.decode(signatures[0]["sig"], "sig")
    except FormatError as error:
        raise DecisionError(f"decision: {error}") from error


def _check(decision: Decision) -> None:
    """Refuse a decision with a malformed part."""
    if decision.verdict not in VERDICTS:
        raise DecisionError(f"decision: verdict {ascii(decision.verdict)[:40]}, want one of {', '.join(VERDICTS)}")
    try:
        reason = decision.reason.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DecisionError("decision: the reason holds a lone surrogate") from error
    if len(reason) > MAX_REASON:
        raise DecisionError(f"decision: a reason of {len(reason):,} bytes, more than {MAX_REASON:,}")
    request = decision.request
    if request is not None:
        if type(request.seq) is not int or not 0 <= request.seq <= canonical.MAX_SAFE:
            raise DecisionError(f"decision: request.seq is {request.seq!r}, want the position of an event")
        if not isinstance(request.hash, str) or not _HASH.fullmatch(request.hash):
            raise DecisionError("decision: request.hash is not 64 lower-case hex digits")
    try:
        names.check_name(decision.subject_name, "subject")
        check_digest(decision.subject_sha256)
        names.check_origin(decision.origin)
        names.check_name(decision.signer, "signer")
        times.parse_time(decision.signed_at)
        if decision.checkpoint is not None:
            note.parse(decision.checkpoint.encode("utf-8", "surrogatepass"))
    except FormatError as error:
        raise DecisionError(f"decision: {error}") from error


def _request(value: object) -> RequestRef:
    members = _object(value, "request")
    seq = members.get("seq")
    if type(seq) is not int:
        raise DecisionError("decision: request.seq is not an integer")
    return RequestRef(seq, _text(members, "hash"))


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecisionError(f"decision: {what} is not an object")
    return value


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise DecisionError(f"decision: {name} is not text")
    return value
