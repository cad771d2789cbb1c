"""Experiments: versions compared side by side over a time that is fixed before its first day."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import events
from app.actions.answers import Answer, Mark, fields, number, say, state, table
from app.actions.days import day
from ledger.errors import InputError, Refused
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.rollout.experiment import Outcome
    from ledger.projections.view import View

STARTED, CONCLUDED = "experiment.started", "experiment.concluded"
KINDS = ("ab", "shadow", "backtest")


class Experiment(NamedTuple):
    """An experiment as recorded. ``concluded`` holds what came of it, once it is over."""

    name: str
    kind: Any
    arms: tuple[str, ...]
    metric: str
    environment: str | None
    plan: dict[str, Any]
    project: str | None
    seq: int
    at: str
    concluded: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "arms": list(self.arms)}


def start(
    context: Context,
    *,
    name: str,
    arms: list[str],
    metric: str = "loss",
    kind: str = "shadow",
    days: int = 60,
    first_day: str | None = None,
    higher: bool = False,
    confidence: float = 0.95,
) -> Answer:
    """Declare an experiment: arms, metric, days and confidence are fixed before its first day."""
    view = context.view
    if get(view, name) is not None:
        raise InputError(f"there is an experiment {name} already; give another name")
    found = _arms(view, arms)
    from app.rollout.experiment import LEAST_BLOCKS

    block = 10
    if not (days >= LEAST_BLOCKS * block and 0.5 <= confidence < 1):
        raise InputError(
            f"an experiment needs {LEAST_BLOCKS * block} days at least, and a confidence from 0.5 to below 1"
        )
    today = context.ledger.now()[:10]
    first = today if first_day is None else day(first_day, "--first-day")
    if kind != "backtest" and first < today:
        raise InputError(f"{first} is past: an experiment is declared before its first day; a backtest may look back")
    plan = {
        "days": days,
        "first_day": first,
        "lower_is_better": not higher,
        "confidence": confidence,
        "block": block,
        "salt": f"experiment:{name}",
    }
    from ledger.events.experiments import ExperimentStarted

    checked: Any = kind
    fact = ExperimentStarted(name, checked, [each.ref for each in found], metric, _environment(context), plan)
    recorded = context.ledger.record(
        fact, subject=found[0].ref, actor=context.actor, project=found[0].project, cause=found[-1].seq
    )
    _publish(context)
    made = get(context.ledger.view(), name)
    assert made is not None
    return Answer({"experiment": made.document(), "event": events.described(recorded)}, events.listing([recorded]))


def _arms(view: View, named: list[str]) -> list[artifacts.Artifact]:
    """The versions that are compared: two at least, of one model, each once."""
    found = [artifacts.resolve(view, each) for each in named]
    if len({each.ref for each in found}) < 2 or len({each.ref for each in found}) < len(found):
        raise InputError("an experiment compares two different versions at least; the first is the one to beat")
    if len({each.base for each in found}) > 1:
        raise InputError(f"{found[1].ref} is no version of {found[0].base}")
    return found


def conclude(
    context: Context, *, name: str | None = None, values: str | None = None, until: str | None = None
) -> Answer:
    """Say which arm is better, once the declared days are over; refused before."""
    from app.rollout import experiment

    found = _meant(context.view, name)
    if found.concluded is not None:
        raise InputError(f"the experiment {found.name} ended before, at event {found.concluded['seq']}")
    if values is not None:
        by_arm, before = read_values(context.start / values, found), None
    else:
        by_arm, before = _scored(context, found, None if until is None else day(until, "--until"))
    had = len(next(iter(by_arm.values())))
    if had < found.plan["days"]:
        raise Refused(
            f"refused: {had} of {found.plan['days']} days are over; an experiment is not looked at before its end"
        )
    wanted = {arm: each[: found.plan["days"]] for arm, each in by_arm.items()}
    outcome = experiment.conclude(
        wanted,
        before=before,
        lower_is_better=found.plan["lower_is_better"],
        confidence=found.plan["confidence"],
        block=found.plan["block"],
    )
    recorded = _record(context, found, outcome)
    _publish(context)
    made = get(context.ledger.view(), found.name)
    assert made is not None
    document = {"experiment": made.document(), "outcome": outcome.document(), "event": events.described(recorded)}
    return Answer(document, [*_told(made), "", *events.listing([recorded])])


def show(context: Context, *, name: str | None = None) -> Answer:
    """The experiments, or one of them with what came of it."""
    view = context.view
    if name is not None:
        found = _meant(view, name)
        return Answer({"at": view.at, "experiments": [found.document()]}, _told(found))
    every = listed(view)
    rows = [
        (_standing(each), each.name, each.kind, each.metric, ", ".join(each.arms), each.plan["days"]) for each in every
    ]
    lines = table(rows, ("state", "experiment", "kind", "metric", "arms", "days"))
    documents = [each.document() for each in every]
    return Answer({"at": view.at, "experiments": documents}, lines or [say(Mark("dim", "no experiment was started"))])


def listed(view: View) -> list[Experiment]:
    """The experiments in the order in which they were started."""
    ended: dict[str, dict[str, Any]] = {}
    begun = []
    for each in events.matching(view, types=[STARTED, CONCLUDED]):
        value = each.event.value
        if each.event.type == CONCLUDED:
            ended[value["experiment"]] = {**value, "seq": each.seq, "at": each.event.at}
        else:
            begun.append(each)
    return [
        Experiment(
            each.event.value["experiment"],
            each.event.value["kind"],
            tuple(each.event.value["arms"]),
            each.event.value["metric"],
            each.event.value.get("environment"),
            each.event.value.get("plan", {}),
            each.event.project,
            each.seq,
            each.event.at,
            ended.get(each.event.value["experiment"]),
        )
        for each in begun
    ]


def get(view: View, name: str) -> Experiment | None:
    """The experiment of this name, or ``None``."""
    return next((each for each in listed(view) if each.name == name), None)


def under_way(view: View, model: str, environment: str) -> Experiment | None:
    """The A/B experiment that accounts of a model in an environment are routed by, or ``None``."""
    return next(
        (
            each
            for each in reversed(listed(view))
            if each.concluded is None
            and each.kind == "ab"
            and each.environment == environment
            and each.arms[0].rpartition("@")[0] == model
        ),
        None,
    )


def read_values(path: Path, found: Experiment) -> dict[str, list[float]]:
    """Per arm the mean of each day since the start, out of a CSV with the columns day, arm and value.

    Raises:
        InputError: the file cannot be read, names an unknown arm, or has a value that is no number.
    """
    sums: dict[str, dict[str, list[float]]] = {arm: {} for arm in found.arms}
    short = {arm.rpartition("@")[2]: arm for arm in found.arms} | {arm: arm for arm in found.arms}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                arm = short.get((row.get("arm") or "").rpartition("@")[2] or "")
                if arm is None:
                    raise InputError(f"{path.name}, line {line}: {row.get('arm')!r} is no arm of {found.name}")
                sums[arm].setdefault(day(row.get("day") or "", f"{path.name}, line {line}:"), []).append(
                    float(row.get("value") or "nan")
                )
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InputError(f"{path.name} cannot be read: {error}; it needs the columns day, arm and value") from None
    return _by_day(sums, str(found.plan["first_day"]))


def _by_day(sums: Mapping[str, Mapping[str, list[float]]], first: str) -> dict[str, list[float]]:
    days = sorted({each for by_day in sums.values() for each in by_day if each >= first})
    return {arm: [_mean(by_day.get(each, ())) for each in days] for arm, by_day in sums.items()}


def _mean(values: Iterable[float]) -> float:
    listed_ = list(values)
    return sum(listed_) / len(listed_) if listed_ else float("nan")


def _scored(
    context: Context, found: Experiment, until: str | None
) -> tuple[dict[str, list[float]], dict[str, list[float]] | None]:
    """Per arm the mean loss of each day, by the service that serves: since the start and, of an A/B test, before it."""
    from app.actions.rolling import sizes
    from app.actions.serving import Scoring, declared

    if found.metric != "loss":
        raise InputError(f"the service knows no {found.metric}; give its values by --values FILE")
    serving = declared(context)
    first, count = str(found.plan["first_day"]), int(found.plan["days"])
    accounts = sorted(sizes(context, serving))
    parts = _parts(found, accounts)
    with Scoring(context, serving) as scoring:
        models = [scoring.load(_version(context, arm)) for arm in found.arms]
        after = scoring.after(first, until)[:count]
        past = scoring.after("", first)[-count:]
        found_ = {arm: [_loss(scoring, each, arm, parts[arm]) for each in after] for arm in models}
        if found.kind != "ab":
            return found_, None
        return found_, {arm: [_loss(scoring, each, models[0], parts[arm]) for each in past] for arm in models}


def _loss(scoring: Any, each: str, model: str, accounts: list[str]) -> float:
    answer = scoring.score(each, [model], accounts)
    return _mean(answer["models"][model]["accounts"]["loss"])


def _parts(found: Experiment, accounts: list[str]) -> dict[str, list[str]]:
    """The accounts of each arm: all of them where arms only score, its own part of the places where it serves."""
    if found.kind != "ab":
        return dict.fromkeys(found.arms, accounts)
    from app.rollout.slices import place

    count = len(found.arms)
    parts: dict[str, list[str]] = {arm: [] for arm in found.arms}
    for account in accounts:
        parts[found.arms[int(place(str(found.plan["salt"]), account) * count)]].append(account)
    return parts


def _record(context: Context, found: Experiment, outcome: Outcome) -> Any:
    from ledger.events.experiments import ExperimentConcluded

    fact = ExperimentConcluded(
        experiment=found.name,
        kind=found.kind,
        winner=outcome.winner,
        metric=found.metric,
        interval=None if outcome.interval is None else list(outcome.interval),
        n=outcome.days,
        reason=outcome.reason,
        detail=outcome.document(),
    )
    return context.ledger.record(
        fact, subject=found.arms[0], actor=context.actor, project=found.project, cause=found.seq
    )


def _told(found: Experiment) -> list[str]:
    ended = found.concluded
    rows: list[tuple[str, Any]] = [
        ("state", _standing(found)),
        ("kind", found.kind),
        ("metric", found.metric),
        ("arms", ", ".join(found.arms)),
        ("from", f"{found.plan['first_day']}, for {found.plan['days']} days"),
        ("confidence", f"{found.plan['confidence']:.0%}"),
    ]
    if ended is not None:
        interval = ended.get("interval")
        span = None if interval is None else f"{number(interval[0])} to {number(interval[1])}"
        rows += [("winner", ended["winner"]), ("lead", span), ("days", ended.get("n")), ("reason", ended.get("reason"))]
    return [say(Mark("title", found.name)), *fields(rows)]


def _standing(found: Experiment) -> Mark:
    if found.concluded is None:
        return state("live", "under way")
    return state("warn", "no winner") if found.concluded["winner"] == "none" else state("good", "concluded")


def _meant(view: View, name: str | None) -> Experiment:
    every = listed(view)
    found = [each for each in every if each.name == name or (name is None and each.concluded is None)]
    if len(found) != 1:
        known = ", ".join(each.name for each in every)
        raise InputError(f"which experiment? there are {known}" if known else "no experiment was started")
    return found[0]


def _version(context: Context, ref: str) -> artifacts.Artifact:
    found = artifacts.get(context.view, ref)
    if found is None:
        raise InputError(f"{ref} is not registered; run `assay verify`")
    return found


def _environment(context: Context) -> str:
    from app.actions.serving import declared

    try:
        return declared(context).environment
    except InputError:
        return "prod"


def _publish(context: Context) -> None:
    from app.actions.routing import publish

    publish(context)
