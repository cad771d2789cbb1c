"""The agent in one line, in a few, and whole."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from app.tui.draw.clip import wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column

if TYPE_CHECKING:
    from app.tui.screens.overview.queries.agent import Agent
    from app.tui.screens.overview.queries.overview import Overview

LINES = (Column("", least=9, most=12), Column("", least=20, most=400))
COMMANDS = (Column("", least=20, most=24), Column("", least=20, most=400))
NOW = "as it is now: what it was at the moment shown is not recorded"


def ago(then: str, now: str) -> str:
    """How long ago in words: ``just now``, ``3 min ago``, ``5 h ago``, ``2 d ago``; empty where a time cannot be read."""
    with suppress(ValueError):
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
        for least, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if seconds >= least:
                return f"{seconds // least:,.0f} {unit} ago"
        return "just now"
    return ""


def brief(agent: Agent | None, glyphs: Glyphs = UNICODE, *, past: bool = False) -> list[Run]:
    """Whether it runs, when it last did, what failed: for one line."""
    if agent is None:
        return [("…", "muted")]
    if not agent.known:
        return [(f"{glyphs.other} never ran", "muted"), ("  nobody does what is due by the clock", "muted")]
    runs: list[Run] = [
        (f"{glyphs.impact} runs", "ok") if agent.leader else (f"{glyphs.other} not running now", "muted")
    ]
    runs.append((f"  last round {ago(agent.ran, agent.now)}" if agent.ran else "  its first round is under way", ""))
    if agent.failed:
        names = ", ".join(each.duty for each in agent.failed)
        runs.append((f"  {glyphs.bad} failed: {names}", "bad"))
    elif agent.ran:
        runs.append((f"  did {_things(agent)}", "muted"))
    return [*runs, ("  (as it is now)", "past")] if past else runs


def _things(agent: Agent) -> str:
    did = sum(each.did for each in agent.work)
    if not did:
        return "nothing" if agent.failed else "nothing, nothing was due"
    return f"{did:,} thing{'' if did == 1 else 's'}"


def told(agent: Agent, value: object, cells: int) -> tuple[Line, ...]:
    """What is wrong with the duty that a row stands for, in lines of so many cells."""
    duty = str(value).rpartition("/")[2]
    trouble = next((each.trouble for each in agent.work if each.duty == duty), "")
    return tuple(fitted(((f" {part}", "bad"),), cells) for part in wrap(trouble, max(cells - 2, 8))) if trouble else ()


def section(
    agent: Agent | None, data: Overview, glyphs: Glyphs = UNICODE, *, past: bool = False, failed: bool = True
) -> Section:
    """A few lines: who leads, the last round, what ``failed`` in it where wanted, what the next round looks at."""
    if agent is None:
        return Section("AGENT", LINES, empty="…", counted=False)
    rows = [
        Row(((f"{glyphs.other} none", "muted"), ("nobody runs `assay agent` for this ledger", "muted")), "agent/leads")
    ]
    if agent.leader:
        rows = [
            Row(((f"{glyphs.impact} runs", "ok"), (f"{agent.leader}, since {_day(agent.since)}", "")), "agent/leads")
        ]
    if agent.ran:
        last = f"{ago(agent.ran, agent.now)}, by {agent.by}, in {agent.seconds:.1f} s: did {_things(agent)}"
        rows.append(Row((("last round", "muted"), (last, "")), "agent/last"))
    rows += [
        Row(((f"{glyphs.bad} failed", "bad"), (f"{each.duty}: {each.trouble}", "")), f"agent/failed/{each.duty}")
        for each in (agent.failed if failed else ())
    ]
    rows.append(Row((("next round", "muted"), (", ".join(due(agent, data)), "muted")), "agent/next"))
    if past:
        rows.append(Row((("", ""), (NOW, "past"))))
    return Section("AGENT", LINES, tuple(rows), style="bad" if agent.failed else "heading", counted=False)


def _day(at: str) -> str:
    return at[:16].replace("T", " ")


def due(agent: Agent, data: Overview) -> list[str]:
    """The duties in order, each with what waits for it as far as the ledger tells."""
    late = sum(bool(each.due) and each.due <= data.now for each in data.waiting)
    expired = sum(each.state == "expired" for each in data.exceptions)
    going = sum(each.status != "ok" for each in data.live)
    told = {
        "escalation": [
            *([f"{len(data.waiting):,} open"] if data.waiting else []),
            *([f"{late:,} overdue"] if late else []),
            *([f"{expired:,} expired exception{'' if expired == 1 else 's'}"] if expired else []),
        ],
        "rollouts": [f"{going:,} under way"] if going else [],
    }
    return [f"{duty} ({', '.join(told[duty])})" if told.get(duty) else duty for duty in agent.duties]


def whole(agent: Agent, data: Overview, glyphs: Glyphs = UNICODE, *, past: bool = False) -> list[Section]:
    """All that is known: the same, each duty of the last round, and the commands."""
    rows = []
    for each in agent.work:
        if each.trouble:
            rows.append(
                Row(((f"{glyphs.bad} failed", "bad"), (f"{each.duty}: {each.trouble}", "")), f"duty/{each.duty}")
            )
        else:
            did = f"{each.duty}: did {each.did:,} thing{'' if each.did == 1 else 's'}"
            quiet = Row(
                ((f"{glyphs.dot} quiet", "muted"), (f"{each.duty}: nothing was due", "muted")), f"duty/{each.duty}"
            )
            rows.append(Row(((f"{glyphs.ok} did", "ok"), (did, "")), f"duty/{each.duty}") if each.did else quiet)
    commands = (
        ("assay agent", "a round each minute, until Ctrl-C"),
        ("assay agent --once", "one round, for cron"),
        ("assay agent --status", "the same as here, as text or --json"),
    )
    return [
        section(agent, data, glyphs, past=past, failed=False),
        Section("THE LAST ROUND, DUTY BY DUTY", LINES, tuple(rows), empty="there was none", counted=False),
        Section(
            "COMMANDS", COMMANDS, tuple(Row(((name, "key"), (says, ""))) for name, says in commands), counted=False
        ),
    ]
