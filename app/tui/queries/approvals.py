"""The inbox: requests by whom they wait for, and one request with its gates, evidence and rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.approvals import Request
    from ledger.projections.view import View

NEWEST = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody decided."""

    seq: int
    signer: str
    role: str
    verdict: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Line:
    """A condition of the gate: what, whether it is met, by which event, and who can supply what is missing."""

    what: str
    met: bool
    seq: int | None
    who: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A piece of evidence: what it is, its digest as frozen in the request, and whether the registry still agrees."""

    ref: str
    title: str
    sha256: str
    state: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the inbox shows it. ``why_not`` says why the one who looks may not decide on it; empty if they
    may."""

    seq: int
    subject: str
    digest: str
    transition: str
    project: str
    actor: str
    at: str
    note: str
    roles: tuple[str, ...]
    state: str
    have: int
    my_roles: tuple[str, ...]
    why_not: str
    decisions: tuple[Verdict, ...]
    gate: tuple[Line, ...]
    rule: str
    evidence: tuple[Proof, ...]
    metrics: tuple[tuple[str, str, str], ...]
    before: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """All requests, newest first, in three heaps."""

    mine: tuple[Asked, ...]
    others: tuple[Asked, ...]
    decided: tuple[Asked, ...]

    def get(self, seq: int) -> Asked | None:
        """The request with this number."""
        return next((each for each in (*self.mine, *self.others, *self.decided) if each.seq == seq), None)


def load(view: View, me: str | None, why_nobody: str) -> Inbox:
    """The inbox of ``me``; ``why_nobody`` says why nobody looks, where ``me`` is None."""
    from ledger.projections import approvals

    newest = view.rows("SELECT seq FROM requests WHERE seq <= :at ORDER BY seq DESC LIMIT :n", {"n": NEWEST})
    requests = [request for request in (approvals.get(view, row[0]) for row in newest) if request is not None]
    found = [_asked(view, request, me, why_nobody) for request in requests]
    waiting = [each for each in found if each.state == "open"]
    return Inbox(
        mine=tuple(each for each in waiting if not each.why_not),
        others=tuple(each for each in waiting if each.why_not),
        decided=tuple(each for each in found if each.state != "open"),
    )


def _asked(view: View, request: Request, me: str | None, why_nobody: str) -> Asked:
    from app.actions import approvals as acting
    from app.actions import moments
    from ledger.rules import gates

    environment, now = gates.environment_of(request.transition), moments.present(view)
    state = acting.standing(view, request)
    may, why_not = _may(view, request, me) if me else ((), why_nobody)
    metrics, before = _metrics(view, request) if state == "open" else ((), "")
    return Asked(
        seq=request.seq,
        subject=request.subject,
        digest=request.digest,
        transition=request.transition,
        project=request.project or "",
        actor=request.actor,
        at=request.at,
        note=request.note or "",
        roles=request.roles,
        state=state,
        have=len(request.approvals),
        my_roles=may,
        why_not=why_not,
        decisions=tuple(Verdict(d.seq, d.signer, d.role, d.verdict, d.reason or "", d.at) for d in request.decisions),
        gate=tuple(
            Line(c.missing.what if c.missing else c.what, c.met, c.seq, c.missing.who if c.missing else "")
            for c in gates.checklist(view, request.subject, environment, now=now, request=request.seq)
        ),
        rule=gates.words(view, request.project, environment),
        evidence=tuple(_proof(view, each) for each in request.evidence),
        metrics=metrics,
        before=before,
    )


def _may(view: View, request: Request, me: str) -> tuple[tuple[str, ...], str]:
    """The roles in which ``me`` may decide on the request, and else why not."""
    from app.actions import moments
    from ledger.rules import gates, seats

    now = moments.present(view)
    held = [role for role in seats.roles(view, me, request.project, now) if role in request.roles]
    may = tuple(role for role in held if gates.barred(view, request, me, role, now=now) is None)
    if may:
        return may, ""
    if request.actor == me:
        return (), f"{me} made the request, and the requester may not sign"
    if not request.roles:
        return (), "the request names no role"
    return (), gates.barred(view, request, me, (held or list(request.roles))[0], now=now) or ""


def _proof(view: View, evidence: dict[str, str]) -> Proof:
    from ledger.projections import artifacts

    found = artifacts.get(view, evidence["ref"])
    state = "unknown" if found is None else "as frozen" if found.digest == evidence["sha256"] else "differs"
    return Proof(evidence["ref"], evidence.get("title") or "", evidence["sha256"], state)


def _metrics(view: View, request: Request) -> tuple[tuple[tuple[str, str, str], ...], str]:
    """The version's metrics beside those of the one that serves now: (name, now, new), and which serves now."""
    from ledger.projections import artifacts, deployments
    from ledger.rules import gates

    artifact = artifacts.get(view, request.subject)
    if artifact is None:
        return (), ""
    serving = deployments.live(view, artifact.base, gates.environment_of(request.transition))
    old = artifacts.get(view, serving.subject) if serving else None
    new_values, old_values = _values(view, artifact), _values(view, old) if old else {}
    return (
        tuple((name, old_values.get(name, "—"), value) for name, value in new_values.items()),
        old.ref if old else "",
    )


def _values(view: View, artifact: object) -> dict[str, str]:
    from ledger.projections import runs
    from ledger.projections.artifacts import Artifact

    assert isinstance(artifact, Artifact)
    made = runs.get(view, artifact.run) if artifact.run else None
    found = {**artifact.facts.get("summary", {}), **(made.metrics if made else {})}
    return {
        str(name): f"{value:.6g}" if isinstance(value, float) else f"{value}"
        for name, value in list(found.items())[:8]
        if isinstance(value, int | float | str)
    }
