"""The script: what the story takes from the project's specifications, and what a shorter telling leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.pipelines import spec as specs

TRAINING_YEARS = 3
"""How much a retraining looks back."""

AUTOMATIC_DAYS = 120
"""How long the trial of a candidate lasts at most that a rule alone has called for."""

LONGEST = 3
"""Years of days that the story tells where nothing calls for another model."""

_QUICK_SHIFT = 184
"""Days by which the shorter story goes live later: half a year of calm is left out."""

_LATER = 2020
"""The year around which the second chapter of days is told."""

_USUAL_DAYS = 690
"""How many days the first chapter is taken to last, for the bar of its progress alone: the end is not known."""


@dataclass(frozen=True, slots=True)
class Script:
    """Settings of the runs before going live, as ``--set`` takes them.

    ``begins`` is the day on which the story opens, ``usual_days`` about how long its first chapter lasts; ``later`` is the year
    of its second, ``None`` in the shorter story.
    """

    begins: date
    usual_days: int
    later: int | None
    ingest: tuple[str, ...]
    evaluate: tuple[str, ...]
    judged: dict[str, Any]


def read(project: Path, *, quick: bool, begun: date | None = None) -> Script:
    """The script of a project: the story begins on the last day on which the first model is judged out of time.

    Args:
        project: the folder with the specifications.
        quick: leave out half a year of calm.
        begun: the day on which the story was begun, where it was; it goes on as what it was begun as.
    """
    window = specs.read(project / "specs" / "evaluate.yaml").config["window"]
    judged = {key: str(value) for key, value in window.items()}
    shorter = quick if begun is None else begun.isoformat() != judged["last"]
    if shorter:
        judged = {key: str(date.fromisoformat(value) + timedelta(_QUICK_SHIFT)) for key, value in judged.items()}
    return Script(
        begins=date.fromisoformat(judged["last"]),
        usual_days=_USUAL_DAYS - (_QUICK_SHIFT if shorter else 0),
        later=None if shorter else _LATER,
        ingest=(f"until={judged['last']}",),
        evaluate=tuple(f"window.{key}={value}" for key, value in judged.items()),
        judged=judged,
    )


def years_later(day: str, years: int) -> str:
    """The same day, ``years`` later (earlier where negative); 28 February for the 29th in a year without one."""
    then = date.fromisoformat(day)
    try:
        return then.replace(year=then.year + years).isoformat()
    except ValueError:
        return then.replace(year=then.year + years, day=28).isoformat()
