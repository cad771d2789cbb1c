"""One pipeline in two environments, step by step: whether the same came out, by digest; each comparison is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.pipelines import basis as bases
from app.pipelines.comparison import Results, differences
from app.pipelines.outcome import Outcome
from ledger.events.runs import Difference, RunReproduced
from ledger.ledger import Ledger
from ledger.projections import runs
from ledger.projections.runs import Run


@dataclass(frozen=True, slots=True)
class Compared:
    """A step in two environments: ``equal`` is ``None`` where there was nothing to compare, and ``why`` says so.

    ``apart`` names what of its making was not the same: data, code, config, seed, runtime. ``seq`` is the event that says it.
    """

    step: str
    equal: bool | None
    runs: tuple[str, str] | None = None
    names: tuple[str, ...] = ()
    differing: tuple[Difference, ...] = ()
    apart: tuple[str, ...] = ()
    seq: int | None = None
    why: str | None = None


def compare(ledger: Ledger, one: Outcome, other: Outcome, *, actor: str) -> list[Compared]:
    """Hold each step's results in one environment against those in another, and record what is news.

    Args:
        ledger: open for writing.
        one: the pipeline as it ended in the first environment, well.
        other: the same in the second.
        actor: who compares.
    """
    found = []
    theirs = {each.step.name: each for each in other.done}
    for done in one.done:
        match = theirs.get(done.step.name)
        if match is None or done.run is None or match.run is None:
            found.append(Compared(done.step.name, None, why="it makes nothing that could be compared"))
            continue
        view = ledger.view()
        first, second = runs.get(view, done.run), runs.get(view, match.run)
        assert first is not None
        assert second is not None
        environments = [one.plan.environment or "", other.plan.environment or ""]
        found.append(_compared(ledger, done.step.name, first, second, environments, actor))
    return found


def _compared(ledger: Ledger, step: str, one: Run, other: Run, environments: Sequence[str], actor: str) -> Compared:
    want, got = _results(one), _results(other)
    if not want.names() and not got.names():
        return Compared(step, None, (one.run, other.run), why="it makes nothing that could be compared")
    apart = tuple(
        each
        for each in bases.ASPECTS
        if (bases.recorded(one) or {}).get(each) != (bases.recorded(other) or {}).get(each)
    )
    differing = differences(ledger.objects, want, got)
    fact = RunReproduced(
        run=other.run,
        of_run=one.run,
        equal=not differing,
        compared=want.names(),
        differing=differing,
        environments=list(environments),
    )
    seq = _known(ledger, fact)
    if seq is None:
        seq = ledger.record(fact, actor=actor, project=one.project, cause=other.ended_seq).seq
    return Compared(step, not differing, (one.run, other.run), tuple(want.names()), tuple(differing), apart, seq)


def _results(run: Run) -> Results:
    """What a run gave, its outputs by their names without version."""
    return Results("ok", {ref.rpartition("@")[0]: digest for ref, digest in run.outputs}, run.metrics)


def _known(ledger: Ledger, fact: RunReproduced) -> int | None:
    """The event by which this very comparison was recorded already."""
    rows = ledger.view().rows(
        "SELECT seq FROM events WHERE type = :type AND subject = :subject AND seq <= :at ORDER BY seq",
        {"type": fact.TYPE, "subject": f"run/{fact.of_run}"},
    )
    value = fact.to_value()
    for (seq,) in rows:
        if next(ledger.events(seq, seq + 1)).event.value == value:
            return int(seq)
    return None
