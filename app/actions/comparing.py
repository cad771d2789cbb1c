"""Runs side by side: parameters, inputs, metrics and outputs, what differs first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import runs as run_actions
from app.actions.answers import Answer, Cell, Mark, say, table
from ledger.errors import InputError
from ledger.format import canonical
from ledger.projections import runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.runs import Run
    from ledger.store.objects import Objects

_KINDS = ("parameter", "input", "metric", "output")


class Row(NamedTuple):
    """One thing and what each run has of it; ``None`` where one has none."""

    kind: str
    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all runs."""
        return any(value != self.values[0] for value in self.values[1:])


def compare(
    context: Context, *, runs: Sequence[str] = (), experiment: str | None = None, differing: bool = False
) -> Answer:
    """Two or more runs, named or of one experiment."""
    found = _found(context, runs, experiment)
    newer = run_actions.stale(context.view, found)
    rows = compared(found, context.ledger.objects)
    document = {
        "at": context.view.at,
        "runs": [run_actions.document(each) for each in found],
        "rows": [
            {"kind": row.kind, "name": row.name, "values": list(row.values), "differs": row.differs}
            for row in rows
            if row.differs or not differing
        ],
        "stale": newer,
    }
    return Answer(document, list(_lines(found, rows, newer, differing=differing)))


def _found(context: Context, names: Sequence[str], experiment: str | None) -> list[Run]:
    view = context.view
    found = {each.run: each for each in (runs.find(view, name) for name in names)}
    if experiment is not None:
        grouped = runs.listed(view, experiment=experiment)
        if not grouped:
            raise InputError(f"there is no experiment {experiment!r}; `assay runs --json` has each run's")
        found |= {each.run: each for each in grouped}
    if len(found) < 2:
        raise InputError("name two runs or more to compare, or an --experiment; `assay runs` lists them")
    return list(found.values())


def compared(found: Sequence[Run], objects: Objects) -> list[Row]:
    """What the runs have, what differs first, in the order parameters, inputs, metrics, outputs."""
    each_has = [_facts(run, objects) for run in found]
    names = dict.fromkeys(key for facts in each_has for key in facts)
    rows = [Row(*key, tuple(facts.get(key) for facts in each_has)) for key in names]
    return sorted(rows, key=lambda row: (not row.differs, _KINDS.index(row.kind)))


def _facts(run: Run, objects: Objects) -> dict[tuple[str, str], Any]:
    """All that can be compared of a run, by its kind and name."""
    found: dict[tuple[str, str], Any] = {("parameter", "job"): run.job}
    if run.config is not None:
        config = canonical.decode(objects.read(run.config)) if objects.has(run.config) else run.config
        for name, value in _flat(config, "config"):
            found["parameter", name] = value
    for name in ("seed", "code", "commit", "runtime"):
        found["parameter", name] = getattr(run, name)
    if run.command:
        found["parameter", "command"] = " ".join(run.command)
    found["parameter", "status"] = run.status
    for kind, items in (("input", run.inputs), ("output", run.outputs)):
        for ref, digest in items:
            found[kind, ref.rpartition("@")[0]] = f"@{ref.rpartition('@')[2]} {digest.removeprefix('sha256:')[:8]}"
    for name in sorted(run.metrics):
        found["metric", name] = run.metrics[name]
    return found


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A configuration as single values, named ``window.first``; a list is one value."""
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key in sorted(value):
        yield from _flat(value[key], key if name == "config" else f"{name}.{key}")


def _lines(
    found: Sequence[Run], rows: Sequence[Row], newer: Mapping[str, Sequence[str]], *, differing: bool
) -> Iterator[str]:
    head = ("", "", *(each.ref[:12] for each in found))
    for title, wanted in (("differs", True), ("the same", False)):
        shown = [row for row in rows if row.differs is wanted]
        if shown and (wanted or not differing):
            yield say(Mark("title", title))
            cells = [(Mark("dim", row.kind), row.name, *map(_cell, row.values)) for row in shown]
            yield from table(cells, head, indent="  ")
        elif wanted:
            yield say(Mark("good", "✓ nothing differs"))
    for run in found:
        for ref in newer.get(run.run, ()):
            yield say(Mark("warn", f"! {run.ref[:12]} is stale"), f"  {ref} is newer than what it read")


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else canonical.encode(value).decode()
    return text[:19] + "…" if text.startswith("sha256:") else text[:40] + ("…" if len(text) > 40 else "")
