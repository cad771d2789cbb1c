"""Retraining: because of an alert, on newer data, by the same specifications. What was cut off is taken up where it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.actions import events
from app.actions.answers import Answer, say
from app.actions.days import day
from ledger.errors import InputError
from ledger.projections import alerts, artifacts, deployments, runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.runs import Run
    from ledger.projections.view import View
    from ledger.store.journal import Recorded

TRIGGERED = "retraining.triggered"


def retrain(
    context: Context, *, because: str | None = None, first: str | None = None, last: str | None = None
) -> Answer:
    """Train a new version on the window ``first`` to ``last``, because of an alert; without one, do what the rules call for."""
    if because is None:
        if first is not None or last is not None:
            raise InputError("a training window belongs to an alert: `assay retrain ALERT --first DAY --last DAY`")
        return by_rule(context)
    if first is None or last is None:
        raise InputError(f"give the training window of {because} by --first and --last")
    if day(last, "--last") <= day(first, "--first"):
        raise InputError(f"the training window ends on {last}, and cannot begin on {first}")
    found = alerts.get(context.view, because)
    if found is None:
        raise InputError(f"there is no alert {because}; `assay alerts` lists them")
    ref = f"alert/{found.alert}"
    seq = triggered(context, cause=found.seq, reason=found.monitor, because=ref)
    model = retrained(context, trigger=seq, reason=found.monitor, first=first, last=last)
    made = artifacts.get(context.ledger.view(), model)
    assert made is not None
    document = {"model": model, "because": ref, "seq": made.seq, "rule": None, "reason": None, "canary": None}
    return Answer(document, [say(f"trained {model}, because of {found.alert}")])


def by_rule(context: Context) -> Answer:
    """Do what the declared rules call for: train on the newest years, and start the canary. Taken up where it was cut off."""
    from app.actions import retrainrules as rules

    declared_ = rules.declared(context)
    unfinished = _unfinished(context)
    if unfinished is None:
        found = rules.due(context, declared_)
        if found.alert is None or not found.rule:
            blank = dict.fromkeys(("model", "because", "seq", "rule", "canary"))
            return Answer({**blank, "reason": found.reason}, [say(f"nothing to do: {found.reason}")])
        ref = f"alert/{found.alert.alert}"
        seq = triggered(context, cause=found.alert.seq, reason=found.cause, because=ref, rule=found.rule)
    else:
        seq, ref = unfinished.seq, unfinished.event.value["ref"]
    value = events.read(context.ledger.view(), seq).event.value
    model = _trained_by(context.ledger.view(), seq) or _newest_years(context, seq, value["cause"], declared_.years)
    canary = _canary(context, model) if declared_.canary else None
    made = artifacts.get(context.ledger.view(), model)
    assert made is not None
    document = {
        "model": model,
        "because": ref,
        "seq": made.seq,
        "rule": value.get("rule"),
        "reason": None,
        "canary": canary,
    }
    lines = [say(f"trained {model} by the rule {value.get('rule')}, because of {ref}")]
    return Answer(document, [*lines, *([say(f"  it starts as {canary}")] if canary else [])])


def _unfinished(context: Context) -> Recorded | None:
    """The last retraining that a rule started, where it has led to no version, or to one whose canary was never started."""
    from app.actions import retrainrules as rules

    view = context.ledger.view()
    begun = [each for each in events.matching(view, types=[TRIGGERED]) if each.event.value.get("rule")]
    if not begun:
        return None
    model = _trained_by(view, begun[-1].seq)
    started = any(each.subject == model for each in deployments.listed(view))
    if model is not None and (started or not rules.declared(context).canary):
        return None
    return begun[-1]


def _newest_years(context: Context, trigger: int, cause: str, years: int) -> str:
    """A version trained on the newest years of the feed."""
    from app.actions.serving import declared
    from app.actions.watching import source

    with source(context, declared(context)) as scoring:
        days = scoring.after("", context.ledger.now()[:10])
    if not days:
        raise InputError("the feed has no day to train on")
    last = days[-1]
    start = f"{int(last[:4]) - years}{last[4:]}".replace("-02-29", "-02-28")
    first = next(each for each in days if each > start)
    return retrained(context, trigger=trigger, reason=cause, first=first, last=last)


def _canary(context: Context, model: str) -> str:
    """The canary of a version, started on the first day that is still to come."""
    from app.actions.rolling import begin
    from app.actions.serving import Scoring, declared

    started = [each for each in deployments.listed(context.ledger.view()) if each.subject == model]
    if started:
        return started[0].ref
    serving = declared(context)
    made = artifacts.get(context.ledger.view(), model)
    assert made is not None
    today = context.ledger.now()[:10]
    with Scoring(context, serving) as scoring:
        following = next((each for each in scoring.days if each > today), today)
        recorded = begin(context, serving, scoring, made, first_day=following, cause=made.seq)
    return f"deployment/{recorded.event.value['deployment']}"


def _trained_by(view: View, trigger: int) -> str | None:
    """The version that a retraining led to, or ``None``."""
    return next(iter(made_by(view, trigger)), None)


def made_by(view: View, trigger: int) -> list[str]:
    """The versions of models that a retraining led to, in order."""
    return [ref for run in _caused(view, trigger) for ref, _ in run.outputs if ref.startswith("model/")]


def triggered(context: Context, *, cause: int, reason: str, because: str, rule: str | None = None) -> int:
    """Record that the live model is to be trained again; one that was recorded and led to no version yet is gone on with.

    Args:
        context: whose decision it is.
        cause: the seq of the event that led to it.
        reason: why, in a word: the monitor that raised the alert.
        because: the reference of what led to it.
        rule: the declared rule by which it is called for, where nobody decided it.

    Returns:
        The seq of the event ``retraining.triggered``.
    """
    from app.actions.serving import declared
    from ledger.events.deployments import RetrainingTriggered

    serving = declared(context)
    view = context.ledger.view()
    begun = triggers(view, because)
    if begun and not _trained(view, begun[-1], serving.model):
        return begun[-1]
    live = deployments.live(view, serving.model, serving.environment)
    before = artifacts.resolve(view, serving.model if live is None else live.subject)
    fact = RetrainingTriggered(cause=reason, ref=because, rule=rule)
    return context.ledger.record(fact, subject=before.ref, actor=context.actor, project=before.project, cause=cause).seq


def triggers(view: View, because: str) -> list[int]:
    """The seqs of the events ``retraining.triggered`` that name ``because`` as their reason, in order."""
    return [each.seq for each in events.matching(view, types=[TRIGGERED]) if each.event.value["ref"] == because]


def retrained(
    context: Context,
    *,
    trigger: int,
    reason: str,
    first: str,
    last: str,
    until: str | None = None,
    settings: Sequence[str] = (),
) -> str:
    """Run the specifications on newer data and return the reference of the version that they make.

    Args:
        context: whose doing it is.
        trigger: the seq of the event ``retraining.triggered``.
        reason: why, in a word.
        first, last: the training window, ISO dates.
        until: the last day of the data; the window's where ``None``.
        settings: what else the training's configuration is to say, as ``--set`` takes it.

    Raises:
        InputError: a run failed; the record says which.
    """
    from app.actions.serving import declared

    model = declared(context).model
    once(context, "specs/ingest.yaml", [f"until={until or last}"], trigger=reason, cause=trigger)
    once(context, "specs/features.yaml", [f"since={first}"], trigger=reason, cause=trigger)
    window = [f"window.first={first}", f"window.last={last}"]
    made = once(context, "specs/train.yaml", [*window, *settings], trigger=reason, cause=trigger)
    return next(ref for ref, _ in made.outputs if ref.startswith(f"{model}@"))


def once(context: Context, spec: str, settings: Sequence[str] = (), *, trigger: str, cause: int) -> Run:
    """As ``succeeded``, where no run of the same job and configuration that ``cause`` led to has ended well yet.

    Work that was cut off between its runs is thus taken up where it was.
    """
    from app.pipelines import spec as specs
    from ledger.format import canonical, hashes

    wanted = specs.read(context.workspace.inside(spec), settings)
    config = hashes.digest(canonical.encode(dict(wanted.config)))
    for run in _caused(context.ledger.view(), cause):
        if (run.job, run.config, run.status) == (wanted.job, config, "ok"):
            return run
    return succeeded(context, spec, settings, trigger=trigger, cause=cause)


def succeeded(context: Context, spec: str, settings: Sequence[str] = (), *, trigger: str, cause: int) -> Run:
    """Run a specification of the workspace, where anything but success is an error.

    Raises:
        InputError: it failed; the record says so too.
        KeyboardInterrupt: it was interrupted from the keyboard, which is recorded as well.
    """
    from app.pipelines import spec as specs
    from app.pipelines.runner import run_spec

    workspace = context.workspace
    result = run_spec(
        context.ledger,
        workspace,
        specs.read(workspace.inside(spec), settings),
        actor=context.actor,
        project=workspace.project(None),
        trigger=trigger,
        cause=cause,
    )
    if result.status == "interrupted":
        raise KeyboardInterrupt
    if result.status != "ok":
        raise InputError(f"{result.ref} of {spec} {result.status}: {result.reason}")
    made = runs.get(context.ledger.view(), result.run)
    assert made is not None
    return made


def _trained(view: View, trigger: int, model: str) -> bool:
    """Whether a run that this retraining led to made a version of the model."""
    return any(ref.startswith(f"{model}@") for run in _caused(view, trigger) for ref, _ in run.outputs)


def _caused(view: View, cause: int) -> list[Run]:
    """The runs that an event led to, in the order in which they were started."""
    rows = view.rows(
        "SELECT subject FROM events WHERE type = 'run.started' AND cause = :cause AND seq <= :at ORDER BY seq",
        {"cause": cause},
    )
    return [found for row in rows if (found := runs.get(view, row[0])) is not None]
