"""The sets that proofs speak of: which elements belong to a project, and when (docs/maturity.md, Sets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ledger.rules.maturity import lineage
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.lineage import USED_FOR
from ledger.rules.maturity.moments import Window, covered
from ledger.rules.maturity.pieces import Evidence, name_of
from ledger.rules.maturity.spans import BEGIN, END, Spans, intersect, union

WHOLE = {"datasets": "dataset", "feature_views": "feature_view", "models": "model", "code_units": "code"}
"""The sets of all versions of a kind."""
KINDS = {
    **WHOLE,
    **dict.fromkeys(("used_datasets", "sources", "derived"), "dataset"),
    **dict.fromkeys(("candidate_models", "prod_models"), "model"),
    "served_views": "feature_view",
}
"""The kind of the versions in each set of versions."""
PRODUCTION = "prod"
_STAGES = ("production", "prod")


class Member(NamedTuple):
    """An element and when it belongs to its set: a version's reference, or the event that it is."""

    version: str
    event: Evidence | None
    spans: Spans


def members(
    index: Index,
    of: str,
    project: str,
    window: Window,
    tiers: dict[str, Window],
    earliest: int = BEGIN,
    since: int = BEGIN,
) -> list[Member]:
    """The elements of a set of a project; of those that are events, the ones from ``earliest`` on.

    Nothing is asked about what was before ``since``.
    """
    if of in WHOLE:
        return index.made((of, project), lambda: _versions(index, WHOLE[of], project))  # type: ignore[no-any-return]
    if of in ("used_datasets", "sources", "derived"):
        return index.made((of, project, since), lambda: _used(index, of, project, since))  # type: ignore[no-any-return]
    if of == "prod_models":
        return index.made((of, project), lambda: _live(index, project))  # type: ignore[no-any-return]
    if of == "served_views":
        return index.made((of, project), lambda: _served(index, project))  # type: ignore[no-any-return]
    if of == "candidate_models":
        return _candidates(index, project, window, tiers)
    return [
        Member("", each, covered(each.t, window, lineage.spells(index, each.subject, project), tiers))
        for each in index.made((of, project, earliest), lambda: list(_happenings(index, of, project, earliest)))
    ]


def _happenings(index: Index, of: str, project: str, earliest: int) -> Iterable[Evidence]:
    if of == "training_runs":
        return index.trainings(project, earliest)
    if of == "finished_runs":
        return index.trained(project, earliest)
    if of == "prod_deployments":
        started = index.told("deployment.started", project, earliest=earliest)
        return (e for e in started if e.value.get("environment") == PRODUCTION)
    if of == "promotions":
        moved = index.told("promotion.recorded", project, earliest=earliest)
        return (e for e in moved if e.subject.startswith("model/") and e.value.get("to_stage") in _STAGES)
    if of == "pipeline_runs":
        return index.told("pipeline.completed", project, earliest=earliest)
    return (e for e in index.told("alert.raised", project, earliest=earliest) if e.value.get("injected") is False)


def _retired(index: Index, version: str) -> int:
    """When a version was retired; the end of time where it was not."""
    found = index.of_field("artifact.retired", "artifact", version)
    return found[0].t if found else END


def _versions(index: Index, kind: str, project: str) -> list[Member]:
    found = index.versions(kind, project)
    if not index.of_type("artifact.retired"):
        return [Member(version, None, [(t, END)]) for version, t in found]
    return [
        Member(version, None, [(t, retired)] if t < retired else [])
        for version, t in found
        for retired in (_retired(index, version),)
    ]


def _used(index: Index, of: str, project: str, since: int) -> list[Member]:
    found: dict[str, Spans] = defaultdict(list)
    for use in lineage.uses(index, project, since if since == BEGIN else since - USED_FOR):
        if of == "used_datasets" or use.made == (of == "derived"):
            found[use.version].append((use.run.t, use.run.t + USED_FOR + 1))
    return [
        Member(version, None, intersect(union(spans), [(BEGIN, _retired(index, version))]))
        for version, spans in found.items()
    ]


def _candidates(index: Index, project: str, window: Window, tiers: dict[str, Window]) -> list[Member]:
    found: dict[str, Spans] = defaultdict(list)
    for type_ in ("approval.requested", "promotion.recorded"):
        for each in index.in_project(type_, project):
            if each.subject.startswith("model/"):
                found[each.subject] += covered(each.t, window, lineage.spells(index, each.subject, project), tiers)
    return [Member(version, None, union(spans)) for version, spans in found.items()]


def _live(index: Index, project: str) -> list[Member]:
    """For each model's name the version that serves: the last deployment that came live and was not taken back."""
    ends = [*index.of_type("deployment.completed"), *index.of_type("deployment.rolled_back")]
    serving: dict[str, dict[str, str]] = defaultdict(dict)
    names: dict[str, str] = {}
    changes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for each in sorted(ends, key=lambda item: item.seq):
        value = each.value
        deployment = value.get("deployment", "")
        if each.type == "deployment.rolled_back":
            ok = False
            if value.get("drill") is not False:
                continue
        else:
            ok = value.get("status") == "ok"
            if ok and (value.get("environment") != PRODUCTION or each.project != project):
                continue
        changed = set()
        if deployment in names:
            changed.add(names[deployment])
            serving[names.pop(deployment)].pop(deployment, None)
        if ok:
            names[deployment] = each.name
            serving[each.name][deployment] = each.subject
            changed.add(each.name)
        for name in changed:
            changes[name].append((each.t, next(reversed(serving[name].values()), "")))
    return _stretches(index, changes)


def _stretches(index: Index, changes: dict[str, list[tuple[int, str]]]) -> list[Member]:
    """From what each name stood for since when to when each version was it, until it was retired."""
    found: dict[str, Spans] = defaultdict(list)
    for moves in changes.values():
        ends = [*(t for t, _ in moves[1:]), END]
        for (start, version), end in zip(moves, ends, strict=True):
            if version:
                found[version].append((start, end))
    return [
        Member(version, None, intersect(union(spans), [(BEGIN, _retired(index, version))]))
        for version, spans in found.items()
        if union(spans)
    ]


def _served(index: Index, project: str) -> list[Member]:
    beginning = f"feature_view/{project}/"
    changes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for each in index.of_type("feature.materialized"):
        if each.subject.startswith(beginning) and each.value.get("store") == "online":
            changes[name_of(each.subject)].append((each.t, each.subject))
    return _stretches(index, changes)
