"""The registry: names and their versions, runs, and one of them whole with its figures over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.tui.draw.refs import short
from app.tui.queries.tally import Tally

if TYPE_CHECKING:
    from ledger.projections.artifacts import Artifact
    from ledger.projections.runs import Run
    from ledger.projections.view import View

NEWEST_RUNS = 60
KINDS = ("model", "dataset", "feature_view", "code", "config", "runtime", "policy", "document")


@dataclass(frozen=True, slots=True)
class Name:
    """A name, its newest version, how many there are, and the stage or alias that says most of it."""

    base: str
    kind: str
    newest: int
    versions: int
    says: str


@dataclass(frozen=True, slots=True)
class Past:
    """A run in the list."""

    ref: str
    job: str
    status: str
    day: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The list on the left: names by kind, and the newest runs."""

    names: tuple[Name, ...]
    runs: tuple[Past, ...]
    more_runs: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a name; the runs of a job are shown the same way. ``figures`` are what its run measured."""

    ref: str
    label: str
    stage: str
    aliases: tuple[str, ...]
    day: str
    actor: str
    digest: str
    figures: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All versions of a name, the newest first; or the runs of a job."""

    title: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """One version or run: what is recorded of it, in pairs, its documents, its figures, those of each version before."""

    ref: str
    facts: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    documents: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, float, tuple[float, ...]], ...]
    seq: int


def board(view: View, tally: Tally | None = None) -> Board:
    """Every name with its newest version, and the newest runs; ``tally`` is what was counted for moments near by."""
    from ledger.projections import approvals

    tally = tally or Tally()
    stages = {each.subject: each.to_stage for each in approvals.promotions(view)}
    aliases: dict[str, list[str]] = {}
    for (owner, alias), version in _aliases(view).items():
        aliases.setdefault(owner, []).append(f"@{alias} v{version}")
    found = []
    for (kind, project, name), count in tally.versions(view).items():
        base = f"{kind}/{project}/{name}"
        # From the highest version down, to the first that was there: mostly, that is the first.
        newest = view.row(
            "SELECT version FROM artifacts WHERE kind = :kind AND project IS :project AND name = :name AND seq <= :at "
            "ORDER BY version DESC LIMIT 1",
            {"kind": kind, "project": project, "name": name},
        )[0]
        pointed = ", ".join(aliases.get(base, ()))
        found.append(Name(base, kind, newest, count, pointed or stages.get(f"{base}@{newest}", "")))
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    found.sort(key=lambda each: (ranks.get(each.kind, len(ranks)), each.base))
    runs, total = _newest_runs(view), tally.runs(view)
    return Board(tuple(found), runs, max(total - len(runs), 0))


def _newest_runs(view: View) -> tuple[Past, ...]:
    from app.actions.runs import stale
    from ledger.projections import runs

    names = view.rows("SELECT run FROM runs WHERE seq <= :at ORDER BY seq DESC LIMIT :n", {"n": NEWEST_RUNS})
    found = [each for each in (runs.get(view, row[0]) for row in names) if each is not None]
    old = set(stale(view, found))
    return tuple(Past(each.ref, each.job, each.status, each.started_at[:10], each.run in old) for each in found)


def _aliases(view: View) -> dict[tuple[str, str], int]:
    """Where each alias points as of the view."""
    from ledger.projections import artifacts

    return {(each.artifact, each.alias): each.version for each in artifacts.aliases(view)}


def shelf(view: View, of: str) -> Shelf:
    """The versions of a name (``kind/project/name``), or the runs of a run's job."""
    from ledger.projections import approvals, artifacts, runs

    if of.startswith("run/"):
        run = runs.get(view, of)
        alike = [] if run is None else runs.listed(view, project=run.project, job=run.job)
        return Shelf(
            f"runs of {run.job}" if run else of,
            tuple(
                Version(each.ref, each.run[:8], each.status, (), each.started_at[:10], each.actor, "", _figures(each))
                for each in reversed(alike)
            ),
        )
    kind, _, rest = of.partition("/")
    project, _, name = rest.partition("/")
    stages = {each.subject: each.to_stage for each in approvals.promotions(view)}
    pointing: dict[int, list[str]] = {}
    for (owner, alias), version in _aliases(view).items():
        if owner == of:
            pointing.setdefault(version, []).append(alias)
    found = artifacts.versions(view, kind=kind, project=project, name=name)
    retired = {each.ref for each in artifacts.retirements(view)}
    measured = runs.metrics_of(view, kind, project, name)
    serves = _served(view, of) if kind == "model" else {}
    return Shelf(
        of,
        tuple(
            Version(
                ref=each.ref,
                label=f"v{each.version}",
                stage="retired" if each.ref in retired else _since(_stage(each, stages), serves.get(each.ref)),
                aliases=tuple(sorted(pointing.get(each.version, ()))),
                day=each.at[:10],
                actor=each.actor,
                digest=each.digest,
                figures=_sorted(measured.get(each.run or "", {})),
            )
            for each in reversed(found)
        ),
    )


def _stage(each: Artifact, stages: dict[str, str]) -> str:
    """Models have stages, from candidate on; of other things only what was promoted says one."""
    return stages.get(each.ref, "candidate" if each.kind == "model" else "")


def _since(stage: str, served: str | None) -> str:
    """``production, live``, or ``served until`` a day; other stages as they are."""
    if stage != "production":
        return stage
    return f"served {served}" if served and served != "live" else f"{stage}, {served or 'never live'}"


def _served(view: View, base: str) -> dict[str, str]:
    """The versions of a model that came live in production: ``live``, or ``until`` the day on which they served no more."""
    from ledger.projections import deployments

    ended = [
        each
        for each in deployments.listed(view, environment="prod")
        if each.subject.rpartition("@")[0] == base and each.ended_seq is not None
    ]
    came = sorted((each for each in ended if each.status == "ok"), key=lambda each: each.ended_seq or 0)
    found = {each.subject: f"until {(each.ended_at or '')[:10]}" for each in ended if each.status == "rolled_back"}
    for each, then in zip(came, [*came[1:], None], strict=False):
        found[each.subject] = "live" if then is None else f"until {(then.ended_at or '')[:10]}"
    return found


def _figures(run: Run | None) -> tuple[tuple[str, float], ...]:
    return () if run is None else _sorted(run.metrics)


def _sorted(metrics: dict[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, float(value)) for name, value in metrics.items()))


def whole(view: View, ref: str) -> Whole | None:
    """One version or run with all that is recorded of it; None where there is none at this moment."""
    return _run(view, ref) if ref.startswith("run/") else _version(view, ref)


def _version(view: View, ref: str) -> Whole | None:
    from ledger.projections import artifacts, documents, runs

    found = artifacts.get(view, ref)
    if found is None:
        return None
    run = runs.get(view, found.run) if found.run else None
    facts = [
        ("digest", found.digest),
        ("bytes", f"{found.size:,}"),
        ("registered", f"{found.at[:16]} by {found.actor}"),
    ]
    if run is not None:
        facts.append(("made by", f"{run.ref[:12]} ({run.job}, {run.status})"))
    why = artifacts.retired(view, ref)
    facts += [("retired", why)] if why is not None else []
    facts += [
        (name.replace("_", " "), _told(value)) for name, value in found.facts.items() if value not in (None, "", {}, [])
    ]
    facts += [
        (f"@{each.alias}", f"from {each.at[:10]}, by {each.actor}")
        for each in artifacts.aliases(view, found.base)
        if each.version == found.version
    ]
    earlier = [
        each
        for each in artifacts.versions(view, kind=found.kind, project=found.project, name=found.name)
        if each.version <= found.version
    ]
    measured = runs.metrics_of(view, found.kind, found.project, found.name)
    history = [_sorted(measured.get(each.run or "", {})) for each in earlier]
    return Whole(
        ref,
        tuple(facts),
        tuple(name for name, _ in run.inputs) if run else (),
        (),
        tuple((each.doc_kind.replace("_", " "), each.title or each.digest) for each in documents.listed(view, ref)),
        _over(_figures(run), history),
        found.seq,
    )


def _run(view: View, ref: str) -> Whole | None:
    from ledger.projections import runs

    run = runs.get(view, ref)
    if run is None:
        return None
    facts = [
        ("job", f"{run.job} ({run.job_type})"),
        ("status", run.status + (f": {run.reason}" if run.reason else "")),
        ("started", f"{run.started_at[:16]} by {run.actor}"),
    ]
    if run.seconds is not None:
        facts.append(("took", f"{run.seconds:.3g} s"))
    for name in ("code", "commit", "config", "runtime", "seed", "trigger", "experiment"):
        value = getattr(run, name)
        facts += [(name, _told(value))] if value is not None else []
    if run.dirty:
        facts.append(("dirty", "the tree had changes that are not in the commit"))
    facts += [(name, _told(value)) for name, value in sorted(run.parameters.items())]
    alike = [each for each in runs.listed(view, project=run.project, job=run.job) if each.seq <= run.seq]
    return Whole(
        ref,
        tuple(facts),
        tuple(name for name, _ in run.inputs),
        tuple(name for name, _ in run.outputs),
        (),
        _over(_figures(run), [_figures(each) for each in alike]),
        run.seq,
    )


def _over(
    now: Iterable[tuple[str, float]], history: list[tuple[tuple[str, float], ...]]
) -> tuple[tuple[str, float, tuple[float, ...]], ...]:
    """Each figure of now with its values up to now, oldest first."""
    before = [dict(each) for each in history]
    return tuple((name, value, tuple(each[name] for each in before if name in each)) for name, value in now)


def _told(value: Any) -> str:
    """A recorded value in one line: structures by their members, references by their last part."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(item)}" for name, item in value.items())
    if isinstance(value, list):
        return (
            " … ".join(_told(item) for item in value) if len(value) == 2 else ", ".join(_told(item) for item in value)
        )
    if isinstance(value, float):
        return f"{value:.6g}"
    return short(value) if isinstance(value, str) and value.startswith(("model/", "dataset/")) else str(value)
