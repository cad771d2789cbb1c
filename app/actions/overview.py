"""The whole workspace on one page: what waits, what is wrong, what is live, and how far the record is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import agent, approvals, comebacks, deployments, events, exceptions, runs
from app.actions import alerts as alert_actions
from app.actions.answers import Answer, Mark, counted, moment, say, state, table
from ledger.errors import InputError
from ledger.projections import alerts, artifacts
from ledger.projections import approvals as requests
from ledger.projections import exceptions as waivers
from ledger.projections import runs as executions
from ledger.projections.view import View

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Ledger
    from ledger.projections.deployments import Deployment

NEWEST = 8


def overview(context: Context) -> Answer:
    """What a person looks at first."""
    view, ledger = context.view, context.ledger
    open_requests = [each for each in requests.requests(view) if approvals.standing(view, each) == "open"]
    unresolved = [each for each in alerts.listed(view) if each.state != "resolved"]
    alive = deployments.serving(view)
    running = executions.unfinished(view)
    newest = [events.read(view, seq) for seq in range(max(0, view.at + 1 - NEWEST), view.at + 1)]
    facts = standing(ledger, view)
    document = {
        "at": view.at,
        "ledger": facts,
        "requests": [approvals.document(view, each) for each in open_requests],
        "exceptions": [exceptions.document(view, each) for each in waivers.unclosed(view)],
        "alerts": [alert_actions.document(each) for each in unresolved],
        "live": [deployments.document(each) for each in alive],
        "running": [runs.document(each) for each in running],
        "counts": counts(view),
        "newest": [events.described(each) for each in newest],
        "agent": agent.document(ledger.path),
    }
    ran = agent.short(ledger.path)
    lines = [*_head(ledger, view, facts), *([] if ran is None else [ran]), ""]
    broken = exceptions.loud(view)
    lines += _section("EXCEPTIONS", broken) if broken else []
    lines += _section("waits for a signature", [line for each in open_requests for line in _waiting(view, each)])
    lines += _section("alerts", table([_alert(each) for each in unresolved if not each.injected], indent="  "))
    drills = table([_drill(each) for each in unresolved if each.injected], indent="  ")
    lines += _section("drills, nothing is wrong", drills) if drills else []
    lines += _section("live", table([_live(view, each) for each in alive], indent="  "))
    lines += _section("running", table([(each.ref, each.job, each.actor) for each in running], indent="  "))
    lines += _section("newest events", events.listing(newest, indent="  "))
    trouble = _unreadable(context)
    if trouble is not None:
        lines[1:1] = [say(state("warn", "settings"), f"  {trouble}")]
    return Answer(document, lines[:-1])


def _unreadable(context: Context) -> str | None:
    """Why the workspace's settings cannot be read, where they cannot: what only looks needs nothing of them."""
    workspace = context.workspace_or_none
    try:
        if workspace is not None:
            _ = workspace.config
    except InputError as error:
        return str(error)
    return None


def standing(ledger: Ledger, view: View) -> dict[str, Any]:
    """The ledger as the overview shows it: its name, clock and head, and what was last proven of it."""
    verified = view.row(
        "SELECT seq FROM events WHERE type = 'ledger.verified' AND seq <= :at ORDER BY seq DESC LIMIT 1"
    )
    signed = view.row("SELECT max(size) FROM checkpoints WHERE size <= :at + 1")
    head = view.row("SELECT hash, at FROM events WHERE seq = :at")
    record = events.read(view, verified[0]).event if verified else None
    return {
        "origin": ledger.origin,
        "clock": ledger.clock,
        "size": view.at + 1,
        "head": None if head is None else head[0].hex(),
        "last_at": None if head is None else head[1],
        "checkpoint": None if signed is None else signed[0],
        "verified": None if record is None else {"seq": record.seq, "ok": record.value["ok"], "at": record.at},
    }


def counts(view: View) -> dict[str, int]:
    """How many versions of each kind are registered, and how many runs there were."""
    return {**artifacts.kinds(view), "run": executions.count(view)}


def _head(ledger: Ledger, view: View, facts: dict[str, Any]) -> list[str]:
    latest = ledger.size - 1
    when = state("live", "live") if view.at == latest else state("warn", f"as of event {view.at:,} of {latest:,}")
    clock = ("  ", Mark("warn", "SIMULATED CLOCK")) if ledger.clock == "simulated" else ()
    signed, verified = facts["checkpoint"], facts["verified"]
    lines: list[str] = [say(Mark("title", ledger.origin), "  ", when, *clock)]
    if facts["head"] is not None:
        lines.append(
            say(f"{counted(view.at + 1, 'event')}, the last at {moment(facts['last_at'])}, head {facts['head'][:12]}…")
        )
    if signed is None:
        lines.append(say(state("warn", "no checkpoint"), "  nobody has signed this log yet: `assay checkpoint`"))
    elif signed < view.at + 1:
        lines.append(
            say(state("open", "checkpoint"), f"  signed at {signed:,}; {counted(view.at + 1 - signed, 'event')} since")
        )
    else:
        lines.append(say(state("good", "checkpoint"), "  signed at the head"))
    if verified is not None:
        role, word = ("good", "verified") if verified["ok"] else ("bad", "findings")
        lines.append(say(state(role, word), f"  {moment(verified['at'])}, recorded as event {verified['seq']}"))
    return lines


def _section(name: str, lines: list[str]) -> list[str]:
    return [say(Mark("title", name)), *(lines or [say("  ", Mark("dim", "nothing"))]), ""]


def _waiting(view: View, request: requests.Request) -> list[str]:
    have, word = len(request.approvals), "approval"
    return table(
        [
            (
                state("open", "open"),
                f"{request.seq}",
                f"{request.subject} to {request.transition}",
                f"asked by {request.actor}",
                Mark("dim", moment(request.at)),
                f"{counted(have, word)} so far; `assay approve {request.seq}`",
            )
        ],
        indent="  ",
    )


def _alert(alert: alerts.Alert) -> tuple[Any, ...]:
    return (alert_actions.standing(alert), alert.alert, alert.severity, alert.day or alert.at[:10], alert.message)


def _drill(alert: alerts.Alert) -> tuple[Any, ...]:
    return (state("open", "drill"), *_alert(alert)[1:])


def _live(view: View, deployment: Deployment) -> tuple[Any, ...]:
    back = comebacks.comeback(view, deployment) if deployment.status == "ok" else None
    since = back.at if back else deployment.ended_at or deployment.at
    why = f", again: {back.actor} rolled back {back.subject}: {back.reason}" if back else ""
    share = f"{deployment.slice:.0%} of the accounts" if deployment.status == "under way" else ""
    return (
        deployments.standing(deployment),
        deployment.environment,
        deployment.subject,
        deployment.strategy,
        share,
        Mark("dim", f"since {since[:10]}{why}"),
    )
