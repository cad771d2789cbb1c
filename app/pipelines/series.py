"""Metrics over a run's steps: what its code appends, line by line, to the file that ``ASSAY_SERIES`` names.

Each line is a JSON object, such as ``{"step": 3, "loss": 0.25}``; without ``step`` it is the line's own number, from 0 on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.errors import InputError
from ledger.format import canonical
from ledger.format.errors import FormatError

STEP = "step"
MOST_BYTES = 16 << 20
MOST_POINTS = 200_000

Series = dict[str, list[list[float]]]
"""By metric, its points: ``[step, value]``, in the order in which they were written."""


def read(path: Path) -> Series:
    """The series in a file; nothing where there is no such file.

    Raises:
        InputError: a line is not as it must be, or there are too many; the line is named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return {}
    if len(data) > MOST_BYTES:
        raise InputError(f"its series are larger than {MOST_BYTES >> 20} MiB; write fewer steps")
    found: Series = {}
    points = 0
    for number, line in enumerate(data.split(b"\n")):
        if not line.strip():
            continue
        for name, point in _points(number, line):
            found.setdefault(name, []).append(point)
            points += 1
        if points > MOST_POINTS:
            raise InputError(f"its series have more than {MOST_POINTS:,} points; write fewer steps")
    return found


def last(series: Mapping[str, list[list[float]]]) -> dict[str, float]:
    """Each metric's last value."""
    return {name: points[-1][1] for name, points in series.items()}


def _points(number: int, line: bytes) -> list[tuple[str, list[float]]]:
    where = f"line {number + 1} of its series"
    try:
        item: Any = canonical.parse(line)
    except FormatError as error:
        raise InputError(f"{where} is no JSON: {error}") from None
    if not isinstance(item, dict):
        raise InputError(f'{where} must be an object, such as {{"step": 3, "loss": 0.25}}')
    step = item.pop(STEP, number)
    for name, value in [(STEP, step), *item.items()]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{where}: {name} must be a finite number, not {value!r}")
    return [(name, [step, float(value)]) for name, value in item.items()]
