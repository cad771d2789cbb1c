"""One request whole: its gates beside what serves now, its rule, who signed and who is needed, its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ledger.projections.approvals import Request
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View

MOST_FIGURES = 8
"""Metrics without a bound that are shown."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody decided; ``revoked`` says by which event it was taken back, or None."""

    seq: int
    signer: str
    role: str
    verdict: str
    reason: str
    at: str
    revoked: int | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A line of the gate: a demand, or a metric with the value of what serves now and of what is asked for.

    ``verdict`` is ``held``, ``missing``, ``waived``, or empty where nothing bounds a metric; ``says`` is what supplies
    what is missing, or the exception that waives it.
    """

    what: str
    verdict: str
    seq: int | None = None
    says: str = ""
    now: str = ""
    new: str = ""
    policy: str = ""
    figure: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """Approvals that are missing: how many of which roles, and who could give them."""

    what: str
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
    """A request as its pane shows it; ``before`` is the version that serves now, ``me`` who looks.

    ``judged`` is the event by which it was decided, as of which its gates are; None of one that is open, whose gates are as
    of now. ``served`` is the version that served then, ``lapsed`` what of the gates does not hold any more.
    """

    seq: int
    subject: str
    digest: str
    transition: str
    actor: str
    at: str
    note: str
    state: str
    now: str = ""
    due: str = ""
    expires: str = ""
    me: str = ""
    my_roles: tuple[str, ...] = ()
    why_not: str = ""
    decisions: tuple[Verdict, ...] = ()
    gates: tuple[Gate, ...] = ()
    figures: tuple[Gate, ...] = ()
    needs: tuple[Need, ...] = ()
    rule: str = ""
    evidence: tuple[Proof, ...] = ()
    attached: int = 0
    before: str = ""
    judged: int | None = None
    served: str = ""
    lapsed: str = ""


def whole(view: View, seq: int, me: str | None, why_nobody: str) -> Asked | None:
    """The request that event ``seq`` made, as of the view; None where it made none."""
    from app.actions import applying, moments
    from app.actions import approvals as acting
    from app.tui.screens.approvals.queries.approvals import may
    from ledger.projections import approvals
    from ledger.projections.view import View

    request = approvals.get(view, seq)
    if request is None:
        return None
    now = moments.present(view)
    roles, why_not = may(view, request, me, now) if me else ((), why_nobody)
    judged = decided(view, request)
    then, moment = (view, now) if judged is None else (View(view.connection, judged.asof), judged.at)
    (old, _), (served, new) = _versions(view, request), _versions(then, request)
    lines, figures, needs = _gates(then, request, (served, new), moment)
    came_about = judged is not None and judged.asof < judged.seq
    return Asked(
        seq=request.seq,
        subject=request.subject,
        digest=request.digest,
        transition=request.transition,
        actor=request.actor,
        at=request.at,
        note=request.note or "",
        state=acting.standing(view, request),
        now=now,
        due=request.due or "",
        expires=request.expires or "",
        me=me or "",
        my_roles=roles,
        why_not=why_not,
        decisions=tuple(
            Verdict(d.seq, d.signer, d.role, d.verdict, d.reason or "", d.at, d.revoked) for d in request.decisions
        ),
        gates=lines,
        figures=figures,
        needs=needs,
        rule=applying.words(then, request.subject, request.transition),
        evidence=tuple(_proof(view, each) for each in request.evidence),
        attached=_attached(view, request.subject),
        before=old.ref if old else "",
        judged=None if judged is None else judged.seq,
        served=served.ref if served else "",
        lapsed=_lapsed(view, request, now) if came_about else "",
    )


class Decided(NamedTuple):
    """By which event a request was decided, and when; ``asof`` is the event as of which its gates were judged."""

    seq: int
    at: str
    asof: int


def decided(view: View, request: Request) -> Decided | None:
    """The event by which a request came about, or by which it ended; None of one that is open, or holds as of now."""
    from ledger.rules import gates

    for each in request.decisions:
        if each.verdict in ("reject", "change"):
            return Decided(each.seq, each.at, each.seq)
    for change in request.changes:
        if change.change == "withdrawn":
            return Decided(change.seq, change.at, change.seq)
    seq = gates.fulfilled(view, request)
    if seq is not None:
        (at,) = view.row("SELECT at FROM events WHERE seq = :seq", {"seq": seq})
        return Decided(seq, str(at), seq - 1)
    ended = next((each for each in request.changes if each.change == "expired"), None)
    return None if ended is None else Decided(ended.seq, ended.at, ended.seq)


def _lapsed(view: View, request: Request, now: str) -> str:
    """What would be missing if the same were asked about today."""
    from ledger.rules import gates

    goal = gates.environment_of(request.transition)
    gaps = gates.missing(view, request.subject, goal, now=now, request=request.seq)
    # That nobody has asked says no more than the approvals that are missing with the request.
    shown = [each for each in gaps if not each.action.startswith("request ")] or gaps
    return "; ".join(each.what for each in shown)


def _versions(view: View, request: Request) -> tuple[Artifact | None, Artifact | None]:
    """The version that serves now where the other one would, and the one that is asked for."""
    from ledger.projections import artifacts, deployments
    from ledger.rules import gates

    new = artifacts.get(view, request.subject)
    serving = None if new is None else deployments.live(view, new.base, gates.environment_of(request.transition))
    if serving is None or serving.subject == request.subject:
        return None, new
    return artifacts.get(view, serving.subject), new


def _gates(
    view: View, request: Request, versions: tuple[Artifact | None, Artifact | None], now: str
) -> tuple[tuple[Gate, ...], tuple[Gate, ...], tuple[Need, ...]]:
    """The checklist without the approvals, the metrics that nothing bounds, and the approvals that are missing."""
    from app.actions import applying
    from ledger.rules import gates

    environment, (old, new) = gates.environment_of(request.transition), versions
    before, after = _values(view, old), _values(view, new)
    if old is not None:
        judged = [line.figure for line in gates.checklist(view, old.ref, environment, now=now)]
        before |= {each.metric: _figure(each.value) for each in judged if each is not None and each.value is not None}
    signed = {each.seq for each in request.decisions}
    lines: list[Gate] = []
    needs: list[Need] = []
    bounded = set()
    if not request.ended(now) and not applying.ruled(view, request):
        needs += [Need(_needed(gap.what), gap.who) for gap in applying.lacking(view, request, now)]
    for line in gates.checklist(view, request.subject, environment, now=now, request=request.seq):
        gap, figure = line.missing, line.figure
        if line.met and line.seq in signed:
            continue
        if gap is not None and gap.action.startswith("approve "):
            needs.append(Need(_needed(gap.what), gap.who))
            continue
        gate = _gate(line)
        if figure is None:
            lines.append(gate)
            continue
        bounded.add(figure.metric)
        values = before.get(figure.metric, "-"), "-" if figure.value is None else _figure(figure.value)
        says = gate.says or ("" if line.met or gap is None else gap.what)
        lines.append(Gate(figure.metric, gate.verdict, line.seq, says, *values, figure.bound, True))
    free = [name for name in after if name not in bounded][:MOST_FIGURES]
    figures = tuple(Gate(name, "", now=before.get(name, "-"), new=after[name], figure=True) for name in free)
    return tuple(lines), figures, tuple(needs)


def _needed(what: str) -> str:
    return what.replace(" missing,", "")


def _gate(line: Any) -> Gate:
    """One line of a checklist."""
    if line.missing is not None:
        action, who = line.missing.action, line.missing.who
        says = "; ".join(part for part in (f"`assay {action}`" if action else "", f"by {who}" if who else "") if part)
        return Gate(line.missing.what, "missing", None, says)
    if line.what.startswith("EXCEPTION "):
        exception, _, what = line.what.removeprefix("EXCEPTION ").partition(", waives: ")
        return Gate(what, "waived", line.seq, f"by exception {exception}")
    return Gate(line.what, "held", line.seq)


def _proof(view: View, evidence: dict[str, str]) -> Proof:
    from ledger.projections import artifacts

    found = artifacts.get(view, evidence["ref"])
    state = "unknown" if found is None else "as frozen" if found.digest == evidence["sha256"] else "differs"
    return Proof(evidence["ref"], evidence.get("title") or "", evidence["sha256"], state)


def _attached(view: View, subject: str) -> int:
    from ledger.projections import documents

    return sum(len(documents.listed(view, each)) for each in (subject, subject.rpartition("@")[0]))


def _values(view: View, artifact: Artifact | None) -> dict[str, str]:
    """A version's metrics, as its run and its registration say them."""
    from ledger.projections import runs

    if artifact is None:
        return {}
    made = runs.get(view, artifact.run) if artifact.run else None
    found = {**artifact.facts.get("summary", {}), **(made.metrics if made else {})}
    return {
        str(name): _figure(value) if isinstance(value, int | float) else f"{value}"
        for name, value in found.items()
        if isinstance(value, int | float | str)
    }


def _figure(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"
