"""Rules on signed decisions: whose key, on what, on which request, having seen which checkpoint (FORMAT §4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from ledger.errors import Missing
from ledger.format import decision as decisions
from ledger.format import hashes, proof, times
from ledger.format.decision import Decision, RequestRef
from ledger.format.errors import FormatError
from ledger.format.event import Event
from ledger.format.keys import PublicKey
from ledger.projections import View, approvals, artifacts, people
from ledger.rules import gates, logs
from ledger.store.journal import node_getter

_VERDICTS = {
    "approval.granted": "approve",
    "approval.rejected": "reject",
    "approval.changes_requested": "reject",
    "approval.revoked": "revoke",
    "charter.signed": "approve",
    "delegation.given": "enrol",
    "exception.recorded": "waive",
    "policy.adopted": "adopt",
    "run.signed": "approve",
    "key.enrolled": "enrol",
    "key.revoked": "revoke",
    "ledger.key_rotated": "enrol",
    "ledger.continued": "enrol",
}
"""The verdict that the decision in an event of each type must state."""

CARRIERS = frozenset(_VERDICTS)
"""The event types that carry a signed decision in ``value.dsse``."""


def requested(view: View, event: Event) -> Iterator[Missing]:
    """What is asked about is registered under the digest that is named, so is the evidence; the times are the policy's."""
    value = event.value
    artifact = artifacts.get(view, event.subject)
    if artifact is None:
        yield Missing(f"{event.subject} is not registered", "artifact register")
    elif artifact.digest != value["sha256"]:
        yield Missing(f"{event.subject} has the digest {artifact.digest}, not {value['sha256']}")
    if not value["roles"]:
        yield Missing("a request names the roles that may decide; an empty list would prove nothing")
    for each in value.get("evidence") or ():
        shown = artifacts.get(view, each["ref"])
        if shown is None:
            yield Missing(f"the evidence {each['ref']} is not registered", "artifact register")
        elif shown.digest != each["sha256"]:
            yield Missing(f"the evidence {each['ref']} has the digest {shown.digest}, not {each['sha256']}")
    if artifact is not None:
        for name, most in zip(("due", "expires"), gates.terms(view, event.subject, value["transition"]), strict=True):
            yield from _term(event, name, most)


def _term(event: Event, name: str, most: int | None) -> Iterator[Missing]:
    """What a request says of its time, held against the seconds that the policy gives it."""
    said = event.value.get(name)
    if said is None:
        if most is not None:
            yield Missing(f"the policy limits this request's time, and it says nothing of {name}", "request")
        return
    try:
        moment = times.parse_time(said)
    except FormatError as error:
        yield Missing(f"{name}: {error}")
        return
    begun = times.parse_time(event.at)
    if moment <= begun:
        yield Missing(f"{name} is {said}, which is not after the request itself")
    elif most is not None and moment > begun + timedelta(seconds=most):
        yield Missing(f"{name} is {said}, later than the policy allows", "request")


def decided(view: View, event: Event) -> Iterator[Missing]:
    """An approval or rejection is signed by the person's own valid key, over this subject and this request, in this ledger."""
    value = event.value
    signed, problem = signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    request = approvals.get(view, value["request"])
    if request is None:
        yield Missing(f"event {value['request']} is no request", "approvals")
        return
    if request.subject != event.subject or signed.subject_name != event.subject:
        yield Missing(
            f"the decision is on {signed.subject_name}, the request on {request.subject}, not on {event.subject}"
        )
    if signed.subject_sha256 != request.digest:
        yield Missing(f"the decision is on other bytes than those of request {request.seq}")
    row = view.row("SELECT hash FROM events WHERE seq = :seq", {"seq": request.seq})
    if row is None or signed.request != RequestRef(request.seq, row[0].hex()):
        yield Missing(f"the signed statement does not name request {request.seq} by its hash")
    if value["transition"] != request.transition:
        yield Missing(f"request {request.seq} asks for {request.transition}, not for {value['transition']}")
    said = {"approval.rejected": "reason", "approval.changes_requested": "comment"}.get(event.type)
    if said is not None and value[said] != signed.reason:
        yield Missing(f"the {said} differs from the signed one")
    if event.type == "approval.changes_requested" and not signed.reason.strip():
        yield Missing("whoever asks for changes says which: the comment is empty")
    reason = gates.barred(view, request, event.actor, value["role"], now=event.at)
    if reason is not None:
        yield Missing(reason, "approvals")


def keyed(view: View, event: Event) -> Iterator[Missing]:
    """A key is enrolled or revoked by an administrator's signature over the person's name and key."""
    value = event.value
    if not people.is_administrator(view, event.actor):
        yield Missing(f"{event.actor} does not administer this ledger, and only administrators enrol and revoke keys")
        return
    signed, problem = signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    if event.subject != f"person/{value['name']}" or signed.subject_name != event.subject:
        yield Missing(f"the decision is on {signed.subject_name}, not on person/{value['name']}")
    try:
        if signed.subject_sha256 != key_digest(value["key"]):
            yield Missing("the decision is on another key than the one that the event names")
    except FormatError as error:
        yield Missing(str(error))
    valid = people.keys(view, value["name"])
    if event.type == "key.enrolled" and value["key"] in valid:
        yield Missing(f"this key of {value['name']} is enrolled already")
    else:
        yield from once(view, event)
    if event.type == "key.revoked" and value["key"] not in valid:
        yield Missing(f"this is no valid key of {value['name']}", "people list")


def signature(view: View, event: Event, signer: str) -> tuple[Decision | None, str]:
    """The decision that an event carries, if its signature and its ties to this ledger hold; else why not, in words.

    Returns:
        The decision and ``""``, or ``None`` and the problem.
    """
    opened, problem = statement(view, event, signer)
    if opened is not None:
        problem = _checkpoint_problem(view, event.seq, opened.checkpoint)
    return (None, problem) if problem else (opened, "")


def statement(view: View, event: Event, signer: str) -> tuple[Decision | None, str]:
    """As :func:`signature`, but for the checkpoint in the decision, which takes the whole log to judge."""
    opened = _opened(people.keys(view, signer), event.value["dsse"])
    if opened is None:
        return None, f"the signature is not by a key of {signer} that is valid at event {event.seq}"
    if opened.signer != signer:
        return None, f"the statement names {opened.signer} as its signer, not {signer}"
    own = logs.origin(view)
    if opened.origin != own:
        return None, f"the decision was made for the ledger {opened.origin}, not for {own}"
    verdict = _VERDICTS.get(event.type, "enrol")
    if opened.verdict != verdict:
        return None, f"the signed verdict is {opened.verdict}, not {verdict}"
    return opened, ""


def once(view: View, event: Event) -> Iterator[Missing]:
    """A decision counts once: no earlier event about the same subject carries this very statement.

    An approval needs no such rule: it names its request, on which its signer decides once.
    """
    row = view.row(
        "SELECT seq FROM events WHERE subject = :subject AND type = :type AND seq <= :at "
        "AND json_extract(body, '$.value.dsse.payload') = :payload LIMIT 1",
        {"subject": event.subject, "type": event.type, "payload": event.value["dsse"]["payload"]},
    )
    if row is not None:
        yield Missing(f"this very decision was recorded before, at event {row[0]}, and counts once")


def key_digest(key: str) -> str:
    """The digest of a public key's 32 bytes, given in base64: what a decision on a key names as its subject's digest."""
    return hashes.digest(PublicKey.parse(key).raw)


def _opened(keys: tuple[str, ...], envelope: Mapping[str, Any]) -> Decision | None:
    for key in keys:
        try:
            return decisions.open_envelope(dict(envelope), PublicKey.parse(key))
        except FormatError:
            continue
    return None


def _checkpoint_problem(view: View, seq: int, note: str | None) -> str:
    """What is wrong with the checkpoint that the signer saw last; empty where nothing is."""
    if note is None:
        earlier = view.row("SELECT min(size) FROM checkpoints WHERE size <= :at + 1")
        if earlier is not None and earlier[0] is not None:
            return "the decision names no checkpoint, although one existed"
        return ""
    try:
        seen = logs.open_signed(logs.log_keys(view), note.encode()).checkpoint
    except FormatError as error:
        return f"the checkpoint in the decision is not this ledger's: {error}"
    if seen.size > seq:
        return f"the checkpoint in the decision covers {seen.size} events, more than come before event {seq}"
    if seen.root != proof.root(seen.size, node_getter(view.connection)):
        return f"the checkpoint in the decision has another root at size {seen.size} than this ledger"
    return ""
