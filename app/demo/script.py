"""The script: what the story takes from the project's specifications, and what a shorter telling leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.pipelines import spec as specs

TRAINING_YEARS = 3
"""How much a retraining looks back."""

_QUICK_SHIFT = 184
"""Days by which the shorter story goes live later: half a year of calm is left out."""


@dataclass(frozen=True, slots=True)
class Script:
    """Settings of the runs before going live, as ``--set`` takes them; ``begins`` is the day on which the story opens."""

    begins: date
    ingest: tuple[str, ...]
    evaluate: tuple[str, ...]
    judged: dict[str, Any]


def read(project: Path, *, quick: bool) -> Script:
    """The script of a project: the story begins on the last day on which the first model is judged out of time."""
    judged = {
        key: str(value) for key, value in specs.read(project / "specs" / "evaluate.yaml").config["window"].items()
    }
    if quick:
        judged = {key: str(date.fromisoformat(value) + timedelta(_QUICK_SHIFT)) for key, value in judged.items()}
    return Script(
        begins=date.fromisoformat(judged["last"]),
        ingest=(f"until={judged['last']}",),
        evaluate=tuple(f"window.{key}={value}" for key, value in judged.items()),
        judged=judged,
    )
