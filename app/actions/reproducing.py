"""Reproducing a run: from the store alone, held against the record, and what made the difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events, runs
from app.actions.answers import Answer, Mark, counted, say, state, table
from ledger.errors import InputError
from ledger.projections import runs as projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.reproduction import Reproduction
    from ledger.events.runs import RunReproduced

_SAYS = {
    "data": "other data",
    "code": "other code",
    "config": "another configuration",
    "seed": "another seed",
    "runtime": "another runtime",
    "nondeterminism": "nondeterminism within: two fresh runs of the same differ",
    "unrecorded": "something that is not recorded, such as a file read from elsewhere, the date, or the machine",
}


def reproduce(context: Context, *, run: str, exchange: Sequence[str] = (), against: str | None = None) -> Answer:
    """Run a run again and compare every result; code 1 where one differs, 130 where it was interrupted."""
    from app.pipelines import reproduction

    if exchange and against:
        raise InputError("give either --with, to exchange something, or --against, to compare with another run")
    view = context.ledger.view()
    found = projection.find(view, run)
    other = projection.find(view, against) if against else None
    done = reproduction.reproduce(
        context.ledger,
        found,
        actor=context.actor,
        exchange=exchange,
        other=other,
        start=context.start,
        told=lambda text: context.progress(0, None, text),
    )
    return _interrupted(done) if done.fact is None else _told(done, done.fact)


def _interrupted(done: Reproduction) -> Answer:
    lines = [say(Mark("title", done.of.ref), "  ", state("warn", "interrupted"), "  nothing was found out")]
    return Answer(_document(done), lines, 130)


def _told(done: Reproduction, fact: RunReproduced) -> Answer:
    same = "the same, byte for byte" if fact.tolerance is None else f"the same, within {fact.tolerance:g}"
    verdict = state("good", same) if fact.equal else state("bad", "the results differ")
    lines: list[str] = [say(Mark("title", done.of.ref), "  ", verdict, f"  run again as {done.run.ref}")]
    rows = [(Mark("dim", "with other"), name, value) for name, value in fact.swapped.items()]
    lines += table(rows, indent="  ")
    apart = {each.name: each for each in fact.differing}
    compared: list[tuple[Mark, str, Mark]] = []
    for name in dict.fromkeys([*fact.compared, *apart]):
        each = apart.get(name)
        detail = Mark("good", "same") if each is None else Mark("bad", _part(each.want, each.got, each.where))
        compared.append((Mark("dim", "compared"), name, detail))
    lines += table(compared, indent="  ")
    lines += table([(Mark("dim", "runtime"), each) for each in done.runtime[:10]], indent="  ")
    if len(done.runtime) > 10:
        lines.append(say(Mark("dim", f"  runtime  and {counted(len(done.runtime) - 10, 'more difference')}")))
    lines += table([(Mark("bad", "culprit"), Mark("title", name), _SAYS[name]) for name in fact.culprits], indent="  ")
    if fact.trials and fact.trials > 1:
        lines.append(say(Mark("dim", f"  found by {counted(fact.trials, 'fresh run')}")))
    return Answer(_document(done), lines, 0 if fact.equal else 1)


def _part(want: str | None, got: str | None, where: str | None) -> str:
    short = [(each or "absent").removeprefix("sha256:")[:20] for each in (want, got)]
    return f"{short[0]} → {short[1]}" + (f", from {where}" if where else "")


def _document(done: Reproduction) -> dict[str, Any]:
    fact = done.fact
    return {
        "run": runs.document(done.run),
        "of": done.of.ref,
        "equal": fact.equal if fact else None,
        "compared": fact.compared if fact else [],
        "tolerance": fact.tolerance if fact else None,
        "swapped": fact.swapped if fact else {},
        "against": f"run/{fact.against}" if fact and fact.against else None,
        "differing": [
            {"name": each.name, "want": each.want, "got": each.got, "where": each.where}
            for each in (fact.differing if fact else [])
        ],
        "culprits": fact.culprits if fact else [],
        "trials": fact.trials if fact else None,
        "runtime": list(done.runtime),
        "event": events.described(done.recorded) if done.recorded else None,
    }
