"""Whether features look into the future: they are computed again on what was known at earlier moments, and held against.

A feature that is known at a moment must not change when what became known later is withheld. Each computation runs in a
process of its own, forked before the definition was ever called: what it keeps in memory does not reach the next.
"""

from __future__ import annotations

import json
import marshal
import os
import random
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import compute, tables, values
from .tables import Table

_SHOWN = 5


def check(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Compare a view's features with those computed on truncated history.

    Inputs: as of ``compute.materialize``. Outputs: ``report``, JSON: ``rows``, ``repeatable``, and ``moments``, for each what
    ``_held`` gives. Config: ``samples``, how many moments are drawn among those at which features become known.
    """
    view = json.loads(inputs[compute.VIEW].read_text(encoding="utf-8"))
    given = compute.read_sources(view, inputs)
    definition = compute.find(view)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "table"

        def at(until: int | None) -> Table | str:
            return _apart(scratch, lambda: compute.computed(view, definition, given, until), view)

        whole, again = at(None), at(None)
        if isinstance(whole, str):
            raise RuntimeError(f"the definition fails on the whole history: {whole}")
        drawn = _drawn(whole, int(config["samples"]), seed)
        moments = [_held(view, whole, at(moment), moment) for moment in drawn]
    report = {"rows": len(whole.rows), "repeatable": again == whole, "moments": moments}
    outputs["report"].write_text(json.dumps(report, allow_nan=False), encoding="utf-8")
    return {"rows": len(whole.rows), "moments": len(moments)}


def _drawn(table: Table, count: int, seed: int) -> list[int]:
    """Moments at which features become known, but for the last, after which there is nothing to withhold."""
    moments = sorted(set(table.known))[:-1]
    return sorted(random.Random(seed).sample(moments, min(count, len(moments))))  # noqa: S311


def _apart(scratch: Path, work: Callable[[], Table], view: Mapping[str, Any]) -> Table | str:
    """What ``work`` makes in a forked process; as text, why it fails."""
    scratch.unlink(missing_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            made = work()
            scratch.write_bytes(marshal.dumps((made.rows, made.known)))
            code = 0
        except BaseException as error:
            traceback.print_exc()
            scratch.write_text(f"{type(error).__name__}: {' '.join(str(error).split())}", encoding="utf-8")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status == 0:
        return Table(tables.Columns.of(view), *marshal.loads(scratch.read_bytes()))  # noqa: S302  our own child wrote it
    return scratch.read_text(encoding="utf-8")[:300] if scratch.exists() else "its process was killed"


def _held(view: Mapping[str, Any], whole: Table, part: Table | str, moment: int) -> dict[str, Any]:
    """How the features known at a moment differ where the rest of history is withheld.

    Returns:
        ``at``; ``compared``, a number of rows; ``columns``: by feature, how many ``rows`` differ and the ``first`` of them
        (``row``, ``whole``, ``part``); ``absent`` and ``new``: rows that are only in the whole or only in the part; ``error``
        where nothing could be computed.
    """
    columns = whole.columns
    want = {columns.order(row): row for row, known in zip(whole.rows, whole.known, strict=True) if known <= moment}
    found: dict[str, Any] = {"at": values.spelled(moment), "compared": len(want), "columns": {}, "absent": 0, "new": 0}
    if isinstance(part, str):
        return {**found, "error": part}
    got = {columns.order(row): row for row, known in zip(part.rows, part.known, strict=True) if known <= moment}
    found["absent"], found["new"] = len(want.keys() - got.keys()), len(got.keys() - want.keys())
    for n, feature in enumerate(view["features"], start=columns.first):
        differing = [
            key for key in want.keys() & got.keys() if not values.same(want[key][n], got[key][n], feature["tolerance"])
        ]
        if differing:
            # The newest first: there what is withheld has been missing the shortest.
            differing.sort(reverse=True)
            first = [_difference(columns, want[key], got[key], n) for key in differing[:_SHOWN]]
            found["columns"][feature["name"]] = {"rows": len(differing), "first": first}
    return found


def _difference(columns: tables.Columns, want: tables.Row, got: tables.Row, n: int) -> dict[str, str]:
    kind = columns.kinds[n]
    told = {"whole": values.written(want[n], kind), "part": values.written(got[n], kind)}
    return {"row": tables.name_of(columns, want), **{name: text or "null" for name, text in told.items()}}
