"""Drift between two registered tables: every column of the one held against the same column of the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions.answers import Answer, Cell, Mark, say, state, table
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.monitoring.columns import Column
    from app.monitoring.compare import ColumnDrift, Comparison
    from ledger.projections.artifacts import Artifact

_MEASURES = {"ks": "KS", "psi": "PSI", "psi_threshold": "limit", "wasserstein": "Wasserstein", "chi_square": "χ²"}
_VERDICTS = {True: state("bad", "drifted"), False: state("good", "alike"), None: state("warn", "unknown")}


def drift(
    context: Context, *, reference: str, current: str, features: str | None = None, profiles: bool = False
) -> Answer:
    """Compare two tables column by column; exit code 1 where half of them drifted, or nothing could be told.

    Columns that hold days name the rows, and are compared only where ``features`` asks for them. By ``profiles`` the tables are
    read once each in little memory, and the measures say how far they may be off.
    """
    from app.monitoring.compare import compare

    expected, looked_at = (artifacts.resolve(context.view, ref) for ref in (reference, current))
    if profiles:
        return _answer(expected, looked_at, _profiled(context, expected, looked_at, features))
    before, after = _columns(context, expected), _columns(context, looked_at)
    chosen = features.split(",") if features else [name for name, each in before.items() if not _holds_days(each)]
    for name in chosen:
        if name not in before:
            raise InputError(f"{expected.ref} has no column {name!r}; there are {', '.join(before)}")
    unwanted = set(after) - set(chosen) if features else {name for name, each in after.items() if _holds_days(each)}
    found = compare(
        {name: before[name] for name in chosen}, {name: each for name, each in after.items() if name not in unwanted}
    )
    return _answer(expected, looked_at, found)


def _answer(expected: Artifact, looked_at: Artifact, found: Comparison) -> Answer:
    """A comparison as document and lines."""
    from app.monitoring.compare import SHARE

    told = "no column could be compared" if found.share is None else f"{found.share:.0%} of the columns drifted"
    note = "p-values hold for independent rows alone; a monitor's calibrated threshold holds for dependent ones too"
    lines = [
        say(_VERDICTS[found.drifted], f"  {told}; from {SHARE:.0%} on, the table has drifted"),
        *_drawn(found.columns),
        say(Mark("dim", note)),
    ]
    document = {"reference": expected.ref, "current": looked_at.ref, **found.document()}
    return Answer(document, lines, 0 if found.drifted is False else 1)


def _profiled(context: Context, expected: Artifact, looked_at: Artifact, features: str | None) -> Comparison:
    """The comparison of two tables' profiles, of all columns but those of days, or of those that are asked for."""
    from app.monitoring import sketched
    from app.profiling.profile import Profile, profile
    from app.profiling.sources import Stored

    made = []
    for artifact in (expected, looked_at):
        with tempfile.TemporaryDirectory(prefix="assay-drift-") as folder:
            copy = Path(folder) / "table"
            context.ledger.objects.restore(artifact.digest, copy, directory=False, durable=False)
            made.append(profile(Stored(copy, artifact.name)))
    wanted = (
        features.split(",") if features else [name for name, each in made[0].columns.items() if each.kind != "time"]
    )
    for name in wanted:
        if name not in made[0].columns:
            raise InputError(f"{expected.ref} has no column {name!r}; there are {', '.join(made[0].columns)}")
    beyond = (
        []
        if features
        else [n for n, each in made[1].columns.items() if n not in made[0].columns and each.kind != "time"]
    )
    kept = [
        Profile(each.rows, {n: column for n, column in each.columns.items() if n in (*wanted, *beyond)})
        for each in made
    ]
    return sketched.compare(kept[0], kept[1])


def _columns(context: Context, artifact: Artifact) -> Mapping[str, Column]:
    """The columns of a registered CSV, out of a verified copy of its bytes."""
    from app.monitoring import columns

    with tempfile.TemporaryDirectory(prefix="assay-drift-") as folder:
        copy = Path(folder) / artifact.name
        context.ledger.objects.restore(artifact.digest, copy, directory=False, durable=False)
        return columns.read(copy)


def _holds_days(column: Column) -> bool:
    return bool(column.words) and all(word is not None and _is_day(word) for word in column.words or ())


def _is_day(word: str) -> bool:
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _drawn(columns: tuple[ColumnDrift, ...]) -> list[str]:
    """The columns as a table; measures that none of them has are left out."""
    shown = [name for name in _MEASURES if any(name in each.measures for each in columns)]
    rows: list[list[Cell]] = [
        [
            _VERDICTS[each.drifted],
            each.column,
            *(each.measures.get(name) for name in shown),
            each.adjusted,
            each.current_rows,
            "; ".join(each.findings),
        ]
        for each in columns
    ]
    return table(rows, ("verdict", "column", *(_MEASURES[name] for name in shown), "p", "rows", ""), indent="  ")
