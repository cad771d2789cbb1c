"""The live loop over real days: both models scored, the declared monitors looking, the declared canary weighing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.monitoring import declaration, monitor, onsets
from app.monitoring import series as named
from app.monitoring.observation import Observation
from app.rollout import eprocess
from app.rollout.canary import Canary, Day, Step
from app.rollout.plan import Plan
from ledger.errors import Refused
from tests.sample_data import story


@dataclass(frozen=True)
class Watch:
    """The declared monitors on one model's reference, and those that were refused with why."""

    monitors: dict[str, monitor.Monitor]
    refused: dict[str, str]


def watch(v1: story.Trained, folder: Path) -> Watch:
    """Calibrate the project's monitors on v1's training window."""
    reference, _ = story.run("reference", {"features": v1.features, "model": v1.model}, folder)
    arrays = named.read(reference["reference"]).arrays()
    monitors: dict[str, monitor.Monitor] = {}
    refused: dict[str, str] = {}
    for each in declaration.read(story.declared("monitors.yaml"), "monitors.yaml"):
        try:
            monitors[each.monitor] = monitor.configure(each, arrays)
        except Refused as error:
            refused[each.monitor] = str(error)
    return Watch(monitors, refused)


def observe(
    scorer: Any, one: monitor.Monitor, model: str, days: tuple[str, ...], history: int
) -> list[tuple[str, Observation]]:
    """What a monitor sees on each of some days, with up to ``history`` days of them behind it."""
    scored = [scorer.score(day, [model]) for day in days]
    found = story.series(scored, model, ())
    arrays = found.arrays()
    return [
        (day, one.observe({name: table[max(0, at + 1 - history) : at + 1] for name, table in arrays.items()}))
        for at, day in enumerate(days)
    ]


def begun(seen: list[tuple[str, Observation]], one: monitor.Monitor) -> tuple[str, ...]:
    """The days on which a monitor's alarms begin."""
    return onsets.onsets([(day, each.verdict) for day, each in seen], one.declaration.clear_after)


def canary(
    scorer: Any, folder: Path, champion: str, candidate: str, start: str, **changes: Any
) -> tuple[Plan, list[Step]]:
    """The declared canary (with some of its plan replaced) from its start to its end."""
    chosen = story.canary_slice(folder)
    declared = dict(story.declared("rollout.yaml")["canary"])
    days = scorer.days
    at = days.index(start)
    scored = [scorer.score(day, [champion, candidate], chosen.accounts) for day in days[at - 250 : at + 1]]
    variance = eprocess.shadow_variance(list(story.differences(scored, champion, candidate)))
    plan = Plan.read({**declared, "parity_limit": None, "shadow_variance": variance, **changes})
    state, steps = Canary.start(plan), []
    for day in days[at + 1 :]:
        record = scorer.score(day, [champion, candidate], chosen.accounts)
        mine, other = (record["models"][name]["accounts"] for name in (champion, candidate))
        looked = Day(
            day,
            mine["loss"],
            other["loss"],
            mine["deviation"],
            other["deviation"],
            served_features=record["features"],
            exceeded=record["models"][candidate]["book"]["exception"],
        )
        state, step = state.step(looked)
        steps.append(step)
        if step.final:
            break
    return plan, steps
