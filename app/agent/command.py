"""``assay agent``: what happens by the clock, as one foreground process, or one round of it for cron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import agent as standing
from app.actions.answers import Answer, Mark, counted, moment, say, state, table
from app.agent import duties, loop
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context

LEAST_SECONDS = 1.0


def agent(
    context: Context, *, once: bool = False, status: bool = False, every: float = 60.0, only: Sequence[str] = ()
) -> Answer:
    """Do the clock's work until interrupted, or once; or say when it was last done."""
    path = context.ledger_path
    if status:
        return Answer({"rounds": 0, "work": [], **standing.document(path)}, standing.standing(path))
    if every < LEAST_SECONDS:
        raise InputError(f"--every {every:g}: a round takes {LEAST_SECONDS:g} second at least")
    duties.chosen(tuple(only))
    _ = context.ledger  # what is wrong with the ledger is said before anything is led
    try:
        with standing.leading(path, context.actor):
            return _once(context, only) if once else _forever(context, every, only)
    except standing.Led as error:
        if not once:
            raise
        # Cron asks again; that another agent does the work is no trouble.
        line = say(state("quiet", "nothing to do here"), f"  {error}")
        return Answer({"rounds": 0, "work": [], **standing.document(path)}, [line])


def _once(context: Context, only: Sequence[str]) -> Answer:
    done = loop.once(context, only)
    rows = [(Mark("bad" if line.startswith("failed: ") else "good", duty), line) for duty, line in done.lines]
    quiet = [each.duty for each in done.round.work if not each.did and each.trouble is None]
    lines = table(rows)
    if quiet:
        lines.append(say(Mark("dim", f"nothing to do: {', '.join(quiet)}")))
    return Answer(_document(context, done), lines, 1 if done.troubled else 0)


def _forever(context: Context, every: float, only: Sequence[str]) -> Answer:
    names = ", ".join(duties.chosen(tuple(only)))
    context.narrate(f"the agent of {context.actor} leads {context.ledger.origin}: {names}; Ctrl-C ends it")
    rounds = loop.forever(
        context, every, only, lambda duty, line: context.narrate(f"{moment(standing.wall_time())}  {duty}: {line}")
    )
    document = {"rounds": rounds, "work": [], **standing.document(context.ledger_path)}
    return Answer(document, [say(state("quiet", "stopped"), f"  after {counted(rounds, 'round')}")])


def _document(context: Context, done: loop.Done) -> dict[str, Any]:
    said = [{"duty": duty, "line": line} for duty, line in done.lines]
    return {"rounds": 1, "work": said, **standing.document(context.ledger_path)}
