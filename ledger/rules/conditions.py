"""Whether a policy's conditions hold for a version, line by line: what is met by which event, and else what supplies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any, NamedTuple

from ledger.errors import Missing
from ledger.format import times
from ledger.projections import View, approvals, checks, criteria, documents, people, runs
from ledger.projections.approvals import Decision, Request
from ledger.projections.artifacts import Artifact
from ledger.rules import authorship, seats
from ledger.rules.policy import (
    All,
    Approvals,
    AtLeast,
    Checks,
    Condition,
    CriteriaMet,
    Documents,
    Owned,
    Reproduced,
    Rule,
    duration,
)


class Figure(NamedTuple):
    """A metric that a line rests on: its name, the value that was judged (``None``: none was), and what bounds it."""

    metric: str
    value: float | None
    bound: str


class Line(NamedTuple):
    """One line of a checklist: what is demanded, whether it is met, by which event, and else what is missing.

    ``figure`` is the metric that it rests on, where it rests on one.
    """

    what: str
    met: bool
    seq: int | None = None
    missing: Missing | None = None
    figure: Figure | None = None


class Case:
    """A version before a transition: what the conditions of a rule are judged on. ``now`` is the moment of the judgement."""

    def __init__(self, view: View, artifact: Artifact, environment: str, rule: Rule, now: str) -> None:
        self.view = view
        self.artifact = artifact
        self.environment = environment
        self.rule = rule
        self.now = now

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """Whose work it is; the one who made it first."""
        if self.rule.every_author:
            return authorship.authors(self.view, self.artifact)
        return (authorship.trainer(self.view, self.artifact),)

    @cached_property
    def author_roles(self) -> frozenset[str]:
        """The roles of whoever made the version, which do not count unless the rule lets peers sign."""
        if self.rule.peers_may_sign:
            return frozenset()
        return frozenset(people.roles(self.view, self.authors[0], self.artifact.project))

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """The requests for this transition that have not ended, oldest first."""
        found = approvals.requests(self.view, subject=self.artifact.ref)
        return tuple(
            each for each in found if environment_of(each.transition) == self.environment and not each.ended(self.now)
        )

    def since(self, within: int | None) -> str:
        """The moment from which on evidence counts."""
        if within is None or not self.now:
            return ""
        return times.format_time(times.parse_time(self.now) - timedelta(seconds=within))


STAGES = {"production": "prod"}
"""Which environment's policy a move to a registry stage falls under."""


def environment_of(transition: str) -> str:
    """The environment whose policy governs a transition: itself, or the one that a registry stage stands for."""
    return STAGES.get(transition, transition)


def lines(case: Case, condition: Condition, requests: tuple[Request, ...]) -> list[Line]:
    """A condition's lines; it holds where all of them are met.

    Args:
        case: what it is judged on.
        condition: what is demanded.
        requests: the requests whose approvals count.
    """
    if isinstance(condition, All):
        return [line for each in condition.of for line in lines(case, each, requests)]
    if isinstance(condition, AtLeast):
        return _at_least(case, condition, requests)
    if isinstance(condition, Approvals):
        return _approvals(case, condition, requests)
    judge: Callable[[Case, Any], list[Line]] = _JUDGES[type(condition)]
    return judge(case, condition)


def counted(case: Case, request_: Iterable[Request]) -> dict[str, Decision]:
    """The approvals on these requests that count, by seat: whose role it is that was acted in."""
    rule = case.rule
    found: dict[str, Decision] = {}
    for request in request_:
        for each in request.approvals:
            if each.signer in case.authors and not rule.author_may_sign:
                continue
            if each.signer == request.actor and not rule.requester_may_sign:
                continue
            if each.role in case.author_roles or not automatic(case, each.signer):
                continue
            if rule.every_author:
                seat = seats.root(case.view, each.signer, each.role, case.artifact.project, each.at) or each.signer
                if seat in case.authors and not rule.author_may_sign:
                    continue
            else:
                seat = each.signer
            found.setdefault(seat, each)
    return dict(sorted(found.items(), key=lambda item: item[1].seq))


def automatic(case: Case, signer: str) -> bool:
    """Whether a signer is a person, or an automation that the rule lets approve."""
    person = people.get(case.view, signer)
    if person is None or person.kind != "automation":
        return True
    return case.rule.automation is not None and signer in case.rule.automation.identities


def open_(what: str, gap: Missing, figure: Figure | None = None) -> Line:
    """A line that is not met."""
    return Line(what, False, None, gap, figure)


def _at_least(case: Case, condition: AtLeast, requests: tuple[Request, ...]) -> list[Line]:
    judged = [lines(case, each, requests) for each in condition.of]
    held = [each for each in judged if all(line.met for line in each)]
    if len(held) >= condition.least:
        return [line for each in held[: condition.least] for line in each]
    short = condition.least - len(held)
    open_ones = [next(line for line in each if not line.met) for each in judged if not all(line.met for line in each)]
    gaps = [line.missing for line in open_ones if line.missing is not None]
    how = "one of these" if short == 1 else f"{short} of these"
    what = f"{how}: {'; or '.join(gap.what for gap in gaps)}"
    first = gaps[0]
    return [
        *(line for each in held for line in each),
        open_(f"{how}: {'; or '.join(line.what for line in open_ones)}", Missing(what, first.action, first.who)),
    ]


def _approvals(case: Case, condition: Approvals, requests: tuple[Request, ...]) -> list[Line]:
    since = case.since(condition.within)
    valid = [
        each
        for each in counted(case, requests).values()
        if (not condition.roles or each.role in condition.roles) and each.at >= since
    ]
    found = [Line(f"approved by {each.signer}, as {each.role}", True, each.seq) for each in valid[: condition.quorum]]
    short = condition.quorum - len(valid)
    if short > 0:
        action = f"approve {requests[-1].seq}" if requests else ""
        noun = "approval" if short == 1 else "approvals"
        if condition.roles:
            by = f"by {' or '.join(condition.roles)}"
        else:
            by = f"by {'a role' if short == 1 else 'roles'} other than the trainer's ({case.authors[0]})"
        age = f", in the last {duration(condition.within)}" if condition.within else ""
        able = _eligible(case, condition, requests)
        found.append(open_(f"{short} {noun} {by}{age}", Missing(f"{short} {noun} missing, {by}{age}", action, able)))
    return found


def _eligible(case: Case, condition: Approvals, requests: tuple[Request, ...]) -> str:
    """Who could still sign: holders of the wanted roles that count, without those who decided, asked, or are authors."""
    asked = requests[-1].roles if requests else condition.roles
    wanted = [each for each in asked if each not in case.author_roles]
    if condition.roles:
        wanted = [each for each in wanted if each in condition.roles]
    names = {name for role in wanted for name in seats.holders(case.view, role, case.artifact.project, case.now)}
    decided = {each.signer for one in requests for each in one.decisions}
    decided |= set() if case.rule.author_may_sign else set(case.authors)
    decided |= set() if case.rule.requester_may_sign else {each.actor for each in requests[-1:]}
    return ", ".join(sorted(name for name in names - decided if automatic(case, name)))


def _checks(case: Case, condition: Checks) -> list[Line]:
    subjects = _checked(case, condition.on)
    if not subjects:
        gap = Missing(f"{case.artifact.ref} names no {condition.on} that could be checked")
        return [open_("its inputs were checked", gap)]
    return [line for subject in subjects for line in _check_of(case, condition, subject)]


def _checked(case: Case, on: str) -> list[str]:
    if on == "version":
        return [case.artifact.ref]
    if on == "model":
        return [case.artifact.base]
    run = runs.get(case.view, case.artifact.run) if case.artifact.run else None
    return [] if run is None else [ref for ref, _ in run.inputs if ref.startswith("dataset/")]


def _check_of(case: Case, condition: Checks, subject: str) -> list[Line]:
    what = f"the check {condition.name}" if condition.name else f"a check of {' or '.join(condition.kinds)}"
    since = case.since(condition.within)
    newest = {
        each.check: each
        for each in checks.executed(case.view, subject)
        if (each.check == condition.name if condition.name else each.kind in condition.kinds)
    }
    action = f"check run {subject}"
    fresh = [each for each in newest.values() if each.at >= since]
    failed = [each for each in newest.values() if not each.passed]
    if failed:
        last = max(failed, key=lambda each: each.seq)
        said = f"{last.check} ({last.kind}) failed on {subject}, event {last.seq}"
        return [open_(f"{what} passed on {subject}", Missing(said, action))]
    if not fresh:
        age = f" in the last {duration(condition.within)}" if condition.within and newest else ""
        return [open_(f"{what} passed on {subject}", Missing(f"{what} has not passed on {subject}{age}", action))]
    return [Line(f"{each.check} ({each.kind}) passed on {subject}", True, each.seq) for each in fresh]


def _criteria(case: Case, condition: CriteriaMet) -> list[Line]:
    """Every criterion that was in force when a run started, held against that run's own figures.

    A metric's figure is that of the newest run that judged the version (that read it), else of the one that made it; the
    criteria that count are those set before that run started. So none is set, or changed, with the result at hand.
    """
    artifact = case.artifact
    judged = _judged_by(case.view, artifact)
    known = criteria.listed(case.view, subject=artifact.base)
    wanted = {bound.metric for each in known for bound in each.bounds}
    if not known:
        gap = Missing(f"no acceptance criteria were set for {artifact.base}", f"criteria set {artifact.base}")
        return [open_("its acceptance criteria are met", gap)]
    found: list[Line] = []
    for metric in sorted(wanted):
        found += _criterion(case, metric, [run for run in judged if metric in run.metrics])
    return found


def _criterion(case: Case, metric: str, measured: list[runs.Run]) -> list[Line]:
    artifact = case.artifact
    newest = criteria.listed(case.view, subject=artifact.base)[-1]
    if not measured:
        if metric not in {bound.metric for bound in newest.bounds}:
            return []
        what = f"no run has measured {metric} of {artifact.ref}"
        bounded = _bound(newest, metric)
        return [open_(f"{metric} {bounded}", Missing(what, "run"), Figure(metric, None, bounded))]
    run = measured[-1]
    set_before = criteria.before(case.view, artifact.base, run.seq)
    bounds = [] if set_before is None else [each for each in set_before.bounds if each.metric == metric]
    if set_before is None or not bounds:
        if metric not in {bound.metric for bound in newest.bounds}:
            return []
        what = (
            f"the criterion on {metric} was set at event {newest.seq}, after {run.ref} had started (event {run.seq}): "
            "it cannot judge that run; run it again"
        )
        return [open_(f"{metric} was bounded before it was measured", Missing(what, "run"))]
    value = float(run.metrics[metric])
    bound = bounds[-1]
    said = f"{metric} {value:g} of {run.ref} is {bound.words}, as set at event {set_before.seq}"
    figure = Figure(metric, value, bound.words)
    if bound.holds(value):
        return [Line(said, True, run.ended_seq, None, figure)]
    what = f"{metric} of {run.ref} is {value:g}, not {bound.words} (set at event {set_before.seq})"
    return [open_(f"{metric} {bound.words}", Missing(what, "run"), figure)]


def _judged_by(view: View, artifact: Artifact) -> list[runs.Run]:
    """The run that made a version, then those that read it and ended well, in the order in which they ended."""
    read = view.rows(
        "SELECT DISTINCT target FROM edges WHERE source = :ref AND role = 'input' AND seq <= :at", {"ref": artifact.ref}
    )
    found = [runs.get(view, str(row[0])) for row in read]
    ended = [each for each in found if each is not None and each.status == "ok"]
    ended.sort(key=lambda each: each.ended_seq or 0)
    made = runs.get(view, artifact.run) if artifact.run else None
    return [*([made] if made is not None and made.ended_seq is not None else []), *ended]


def _bound(setting: criteria.Criteria, metric: str) -> str:
    return next(bound.words for bound in setting.bounds if bound.metric == metric)


def _documents(case: Case, condition: Documents) -> list[Line]:
    kind = condition.kind.replace("_", " ")
    for subject in (case.artifact.ref, case.artifact.base):
        for each in reversed(documents.listed(case.view, subject)):
            if each.doc_kind == condition.kind:
                return [Line(f"a {kind} is attached", True, each.seq)]
    action = f"artifact attach {case.artifact.ref} FILE --kind {condition.kind}"
    gap = Missing(f"no {kind} is attached to {case.artifact.ref}", action)
    return [open_(f"a {kind} is attached", gap)]


def _owned(case: Case, condition: Owned) -> list[Line]:
    for subject in (case.artifact.ref, case.artifact.base):
        for each in people.owners(case.view, subject):
            if each.role == condition.role:
                return [Line(f"{each.principal} is {each.role}", True, each.seq)]
    action = f"people raci {case.artifact.base} --{condition.role} NAME"
    gap = Missing(f"nobody is {condition.role} for {case.artifact.base}", action)
    return [open_(f"somebody is {condition.role} for it", gap)]


def _reproduced(case: Case, condition: Reproduced) -> list[Line]:
    since, run = case.since(condition.within), case.artifact.run
    what = "its run was reproduced with equal results"
    if run is None:
        return [open_(what, Missing(f"{case.artifact.ref} names no run that could be reproduced"))]
    # Reproductions are few, and found by the index on subjects; no projection holds them. One in which data, code,
    # configuration or seed were exchanged on purpose is none; one in another runtime is a better one.
    rows = case.view.rows(
        "SELECT seq, at FROM events WHERE subject = :run AND type = 'run.reproduced' AND seq <= :at "
        "AND json_extract(body, '$.value.equal') "
        "AND coalesce(json_remove(json_extract(body, '$.value.swapped'), '$.runtime'), '{}') = '{}' ORDER BY seq DESC",
        {"run": f"run/{run}"},
    )
    for seq, at in rows:
        if at >= since:
            return [Line(what, True, seq)]
    age = f" in the last {duration(condition.within)}" if condition.within and rows else ""
    return [open_(what, Missing(f"run/{run} was not reproduced with equal results{age}", f"reproduce {run}"))]


_JUDGES: dict[type, Callable[[Case, Any], list[Line]]] = {
    Checks: _checks,
    CriteriaMet: _criteria,
    Documents: _documents,
    Owned: _owned,
    Reproduced: _reproduced,
}
