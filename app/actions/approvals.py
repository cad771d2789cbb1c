"""Requests and decisions: asking, seeing what waits, signing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import applying, asking, deciding, events, moments, outputs, signing
from app.actions.answers import Answer, Mark, at_most, earlier, folded, moment, say, state, table
from ledger.errors import InputError
from ledger.format.decision import MAX_REASON
from ledger.projections import approvals as projection
from ledger.projections import artifacts
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.deciding import Draft
    from ledger.projections.approvals import Request
    from ledger.projections.view import View

_TRANSITIONS = ("mapping",)
"""What may be asked for besides an environment: that a change of what the data mean is accepted by their owner."""
_ROLES = {
    "open": "open",
    "approved": "good",
    "rejected": "bad",
    "changes requested": "warn",
    "withdrawn": "quiet",
    "expired": "bad",
}
_VERDICTS = {
    "approve": state("good", "approved"),
    "reject": state("bad", "rejected"),
    "change": state("warn", "asked for changes"),
}


def approvals(context: Context, *, every: bool = False, project: str | None = None, count: int = 50) -> Answer:
    """The newest requests that wait, or of all, with what each still needs."""
    view = context.view
    found = projection.requests(view, project=project)
    wanted = [each for each in found if every or standing(view, each) == "open"]
    shown = wanted[-at_most(count) :]
    lines: list[str] = earlier(len(shown), len(wanted), "request")
    for request in shown:
        lines += [*described(view, request, tell=folded), say("")]
    if not shown:
        lines = [
            say(Mark("dim", "no request" if every else "no request waits for a decision; --all shows those that did"))
        ]
    return Answer({"at": view.at, "total": len(wanted), "requests": [document(view, each) for each in shown]}, lines)


def request(
    context: Context,
    *,
    ref: str,
    to: str = "prod",
    evidence: Sequence[str] = (),
    roles: Sequence[str] = (),
    note: str | None = None,
) -> Answer:
    """Record a request for approval of a version, its evidence frozen by digest."""
    from ledger.events.approvals import ApprovalRequested, Evidence

    size = len((note or "").encode())
    if size > MAX_REASON:
        raise InputError(f"a note of {size:,} bytes is too long; it takes {MAX_REASON:,}, and --evidence REF the rest")
    ledger, view = context.ledger, context.view
    artifact = artifacts.resolve(view, ref)
    transition = stage(context, to)
    frozen = [artifacts.resolve(view, each) for each in evidence]
    due, expires = asking.terms(context, artifact, transition)
    fact = ApprovalRequested(
        transition=transition,
        roles=list(dict.fromkeys(roles)) or asking.roles(view, artifact, transition),
        sha256=artifact.digest,
        evidence=[Evidence(ref=each.ref, sha256=each.digest) for each in frozen],
        note=note,
        due=due,
        expires=expires,
    )
    recorded = ledger.record(
        fact, subject=artifact.ref, actor=context.actor, project=artifact.project, cause=artifact.seq
    )
    made = projection.get(ledger.view(), recorded.seq)
    assert made is not None
    lines = [*events.listing([recorded]), say(f"`assay approve {recorded.seq}` signs it")]
    lines += asking.told(context, made, artifact)
    return Answer({"request": document(ledger.view(), made), "event": events.described(recorded)}, lines)


def approve(
    context: Context,
    *,
    request: str,
    role: str | None = None,
    reason: str = "",
    yes: bool = False,
    key_file: str | None = None,
    statement_only: bool = False,
    output: str | None = None,
    signed: str | None = None,
) -> Answer:
    """Sign an approval with the actor's own key, over the bytes that were shown; here or on another machine."""
    way = _Way(yes, key_file, statement_only, output, signed)
    return _decide(context, request, "approve", role, reason, way)


def ask_changes(
    context: Context,
    *,
    request: str,
    comment: str = "",
    role: str | None = None,
    yes: bool = False,
    key_file: str | None = None,
    statement_only: bool = False,
    output: str | None = None,
    signed: str | None = None,
) -> Answer:
    """Sign a wish for changes with the actor's own key: it ends the request, and says what a new one must bring."""
    if not comment.strip() and signed is None:
        raise InputError("say which changes you want, for the requester to read: --comment TEXT")
    way = _Way(yes, key_file, statement_only, output, signed)
    return _decide(context, request, "change", role, comment, way)


def reject(
    context: Context,
    *,
    request: str,
    reason: str = "",
    role: str | None = None,
    yes: bool = False,
    key_file: str | None = None,
    statement_only: bool = False,
    output: str | None = None,
    signed: str | None = None,
) -> Answer:
    """Sign a rejection with the actor's own key and a reason; here or on another machine."""
    if not reason.strip() and signed is None:
        raise InputError("a rejection needs a reason, which the requester reads: --reason TEXT")
    way = _Way(yes, key_file, statement_only, output, signed)
    return _decide(context, request, "reject", role, reason, way)


def gate(context: Context, *, ref: str, to: str) -> Answer:
    """The checklist of a transition; code 1 where something is missing."""
    view = context.view
    artifact = artifacts.resolve(view, ref)
    goal = stage(context, to)
    environment = gates.environment_of(goal)
    conditions = gates.checklist(view, artifact.ref, environment, now=moments.present(view))
    allowed = all(each.met for each in conditions)
    verdict = state("good", "allowed") if allowed else state("bad", "not yet")
    lines = [say(Mark("title", f"{artifact.ref} to {goal}"), "  ", verdict)]
    lines += [say("  ", _mark(each), "  ", _condition(each)) for each in conditions]
    lines.append(say(Mark("dim", _by_what(view, artifact.ref, environment))))
    document = {
        "at": view.at,
        "ref": artifact.ref,
        "to": goal,
        "allowed": allowed,
        "conditions": [
            {"what": each.what, "met": each.met, "seq": each.seq, "missing": _missing(each)} for each in conditions
        ],
    }
    return Answer(document, lines, 0 if allowed else 1)


def standing(view: View, request: Request) -> str:
    """Where a request stands: how it ended (``rejected``, ``changes requested``, ``withdrawn``, ``expired``), else
    ``approved`` (nothing is missing for its transition) or ``open``.
    """
    now = moments.present(view)
    ended = request.ended(now)
    if ended not in ("", "expired"):
        return ended
    if gates.fulfilled(view, request) is not None:
        return "approved"
    if ended:
        return ended
    if not request.approvals:
        return "open"
    goal = gates.environment_of(request.transition)
    return "open" if gates.missing(view, request.subject, goal, now=now, request=request.seq) else "approved"


def document(view: View, request: Request) -> dict[str, Any]:
    """A request as JSON, with its decisions and what is missing."""
    where = standing(view, request)
    missing = applying.lacking(view, request, moments.present(view)) if where == "open" else []
    return {
        "seq": request.seq,
        "subject": request.subject,
        "sha256": request.digest,
        "transition": request.transition,
        "roles": list(request.roles),
        "project": request.project,
        "actor": request.actor,
        "at": request.at,
        "note": request.note,
        "evidence": [dict(each) for each in request.evidence],
        "state": where,
        "due": request.due,
        "expires": request.expires,
        "missing": [{"what": each.what, "action": each.action, "who": each.who} for each in missing],
        "decisions": [
            {
                "seq": each.seq,
                "signer": each.signer,
                "role": each.role,
                "verdict": each.verdict,
                "reason": each.reason,
                "at": each.at,
                "revoked": each.revoked,
            }
            for each in request.decisions
        ],
        "changes": [each._asdict() for each in request.changes],
    }


def described(view: View, request: Request, *, tell: Callable[[str], str] = str) -> list[str]:
    """A request as lines: what is asked, what was decided, what is missing; ``tell`` may shorten what people wrote."""
    where = standing(view, request)
    lines: list[str] = [
        say(
            Mark("title", f"{request.seq}  {request.subject} to {request.transition}"),
            "  ",
            state(_ROLES[where], where),
        ),
        say(f"  asked by {request.actor}, {moment(request.at)}" + (f": {tell(request.note)}" if request.note else "")),
        say("  ", Mark("dim", request.digest)),
    ]
    lines += [
        say(f"  evidence  {each['ref']}  ", Mark("dim", str(each["sha256"])), f"  {each.get('title') or ''}".rstrip())
        for each in request.evidence
    ]
    rows = []
    for each in request.decisions:
        verdict = _VERDICTS[each.verdict] if each.revoked is None else state("warn", f"revoked by {each.revoked}")
        rows.append((verdict, f"{each.signer}, as {each.role}", Mark("dim", moment(each.at)), tell(each.reason or "")))
    lines += table(rows, indent="  ")
    lines += [
        say(f"  {each.change}  ", Mark("dim", moment(each.at)), f"  {_told_of(each)}") for each in request.changes
    ]
    if where == "open":
        lines += _times(request, moments.present(view))
        for gap in applying.lacking(view, request, moments.present(view)):
            who = f"; may sign: {gap.who}" if gap.who else ""
            lines.append(say("  ", state("open", "missing"), f"  {gap.what}{who}"))
    return lines


class _Way(NamedTuple):
    """How a decision is signed: ``yes`` without asking, with the key in a file, on another machine (there and back)."""

    yes: bool
    key_file: str | None
    statement_only: bool
    output: str | None
    signed: str | None


def _decide(context: Context, text: str, verdict: str, role: str | None, reason: str, way: _Way) -> Answer:
    if way.statement_only and way.signed is not None:
        raise InputError("--statement-only begins what --signed ends; give one of them")
    if way.output is not None and not way.statement_only:
        raise InputError("-o goes with --statement-only, which records nothing")
    if way.statement_only:
        context.writes = False
        return _stated(context, deciding.draft(context.view, number(text), context.actor, verdict, role, reason), way)
    ledger = context.ledger
    if way.signed is not None:
        data = (context.start / way.signed).read_bytes()
        draft, envelope = deciding.taken(context.view, number(text), data, verdict, role)
    else:
        draft = deciding.draft(context.view, number(text), context.actor, verdict, role, reason)
        if not way.yes:
            _confirm(context, draft)
        envelope = deciding.signed(draft, context.unlock(context.actor, way.key_file))
    recorded = deciding.record(ledger, draft, envelope)
    now = ledger.view()
    made = projection.get(now, draft.request.seq)
    assert made is not None
    document_ = {
        "decision": deciding.document(draft),
        "request": document(now, made),
        "event": events.described(recorded),
    }
    return Answer(document_, [*events.listing([recorded]), *described(now, made)])


def _stated(context: Context, draft: Draft, way: _Way) -> Answer:
    """What there is to sign, for another machine; nothing is recorded."""
    document_ = {"decision": deciding.document(draft), "request": document(context.view, draft.request), "event": None}
    if way.output is None:
        return Answer(document_, raw=draft.statement.decode())
    file = outputs.write(context, way.output, draft.statement)
    outputs.write(context, f"{way.output}.pae", draft.signed_bytes)
    verdict = draft.decision.verdict
    lines = [
        say(state("open", "to be signed"), f"  {way.output}, by {draft.decision.signer}"),
        say(Mark("dim", f"  sha256 {draft.fingerprint}")),
        say(f"there, `assay sign {file.name}` signs it; any other Ed25519 signer takes the bytes of {file.name}.pae"),
        say(f"back here, `assay {verdict} {draft.request.seq} --signed ENVELOPE` records it"),
    ]
    return Answer(document_, lines)


def _confirm(context: Context, draft: Draft) -> None:
    """Show the request and the exact bytes, and go on only where the signer says so."""
    demo = ", with a demo key" if context.keystore.demo else ""
    lines = [
        *described(context.view, draft.request),
        say(Mark("title", f"You will sign as {draft.decision.signer}, {draft.role}{demo}:")),
        say(draft.statement.decode()),
    ]
    signing.ask(lines, draft.fingerprint)


def number(text: str) -> int:
    """The number of a request or an event as people write it: ``42``, ``request/42``, ``seq:42``.

    Raises:
        InputError: it is none.
    """
    digits = text.removeprefix("request/").removeprefix("seq:")
    if not digits.isdecimal() or len(digits) > 15:
        raise InputError(f"{text!r} is no request's number; `assay approvals` lists them")
    return int(digits)


def stage(context: Context, name: str) -> str:
    """An environment that the workspace declares, a registry's stage that stands for one, or another transition."""
    workspace = context.workspace_or_none
    if name in gates.STAGES or name in _TRANSITIONS or workspace is None:
        return name
    return workspace.environment(name)


def _times(request: Request, now: str) -> list[str]:
    """When an answer is due and when the request expires, as lines."""
    lines: list[str] = []
    if request.due is not None:
        late = now >= request.due
        lines.append(say("  ", state("warn", "overdue") if late else state("quiet", "due"), f"  {moment(request.due)}"))
    if request.expires is not None:
        lines.append(say("  ", state("quiet", "expires"), f"  {moment(request.expires)}"))
    return lines


def _told_of(change: projection.Change) -> str:
    said = {"revoked": f"approval {change.number}, ", "escalated": f"step {change.number}, to "}.get(change.change, "")
    by = "" if change.change in ("escalated", "expired") else f"by {change.actor}"
    return f"{by}{': ' if by and (said or change.words) else ''}{said}{change.words or ''}".rstrip(", ")


def _by_what(view: View, ref: str, environment: str) -> str:
    """The policy that a checklist is of: the default in full, an adopted one by its name, where it demands anything."""
    from ledger.rules.policy import in_force

    artifact = artifacts.get(view, ref)
    policy = in_force(view, None if artifact is None else artifact.project)
    if not policy.ref or artifact is None or not gates.rules_for(view, artifact, environment):
        return applying.words(view, ref, environment)
    return f"by {policy.ref}, in force since event {policy.seq}; `assay policy show` says what it demands"


def _mark(condition: gates.Condition) -> Mark:
    if not condition.met:
        return state("bad", "missing")
    return state("warn", "waived") if condition.what.startswith("EXCEPTION") else state("good", "held")


def _condition(condition: gates.Condition) -> str:
    if condition.met or condition.missing is None:
        return f"{condition.what}" + (f"  (event {condition.seq})" if condition.seq is not None else "")
    gap = condition.missing
    action = f"; `assay {gap.action}`" if gap.action else ""
    who = f"; may sign: {gap.who}" if gap.who else ""
    return f"{gap.what}{action}{who}"


def _missing(condition: gates.Condition) -> dict[str, str] | None:
    gap = condition.missing
    return None if gap is None else {"what": gap.what, "action": gap.action, "who": gap.who}
