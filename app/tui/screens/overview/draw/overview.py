"""The first screen's lists: what needs a look, and where things stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.tui.draw.bars import bar
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.screens.overview.draw import agent as agents
from app.tui.screens.overview.queries import guide, overview
from app.tui.screens.overview.queries.agent import Agent
from app.tui.screens.overview.queries.guide import Guide
from app.tui.screens.overview.queries.overview import Overview

TROUBLE = (
    Column("", least=11),
    Column("", least=26, grows=True),
    Column("", least=12, rank=2),
    Column("", "right", least=10, rank=1),
)
FOUND = (Column("", least=11), Column("", least=30, most=200))
EVENTS = (Column("", "right", least=5), Column("", least=10, rank=2), Column("", least=20, most=200))
STEPS = (Column("", least=9, most=10), Column("", least=2, most=3), Column("", least=12, most=200))
PAGES = (Column("", least=6, most=10), Column("", "right", least=8, most=10), Column("", least=10, most=200))
PROJECTS = (
    Column("", least=12, most=28), Column("", least=10, most=24, rank=1, grows=True), Column("", "right", least=6),
    Column("", "right", least=5, rank=2), Column("", "right", least=8, rank=3),
)  # fmt: skip
LINES = (Column("", least=9, most=14), Column("", least=14, most=200))

OTHERS = "WAITS FOR OTHERS"
ALL = "all/"
"""Begins what a row stands for that lists a whole section; its title follows."""

Verified = tuple[int, bool, str] | None
"""The last verification: at which event, whether it found all intact, when; ``NOW``, where it was in this session."""

NOW = "just now"


def capped(found: Sequence[Section], most: int) -> list[Section]:
    """The sections with at most so many rows each, and a row that stands for the rest; the short ones stay as they are."""
    return [_capped(each, most) if each.columns in (TROUBLE, FOUND, PROJECTS, EVENTS) else each for each in found]


def _capped(each: Section, most: int) -> Section:
    chosen = [row for row in each.rows if row.value is not None]
    if len(chosen) <= most + 1:
        return each
    heads = len(each.rows) - len(chosen)
    wide = next((n for n, column in enumerate(each.columns) if column.grows), len(each.columns) - 1)
    cells = [("", "")] * len(each.columns)
    said, value = f"… {len(chosen) - most:,} more, enter lists all", f"{ALL}{each.title}"
    if each.columns == EVENTS:
        said, value = "… all of them are on the audit screen", "key/9"
    if each.columns == PROJECTS:
        said, wide = said.partition(",")[0], 0
    cells[wide] = (said, "muted")
    title = f"{each.title} ({len(chosen):,})" if each.counted else each.title
    return replace(each, title=title, counted=False, rows=(*each.rows[: heads + most], Row(tuple(cells), value)))


def sections(data: Overview, glyphs: Glyphs, me: str | None) -> list[Section]:
    """The list on the left."""
    troubles = tuple(
        Row(
            (
                (f"{glyphs.alert} raised", "alert") if each.state == "raised" else (f"{glyphs.warn} seen", "warn"),
                (each.message, ""),
                (short(each.subject), "muted"),
                (each.day, "muted"),
            ),
            f"alert/{each.alert}",
        )
        for each in data.troubles
    )
    drills = tuple(
        Row(
            (
                (f"{glyphs.other} drill", "info"),
                (each.message, "muted"),
                (short(each.subject), "muted"),
                (each.day, "muted"),
            ),
            f"alert/{each.alert}",
        )
        for each in data.drills
    )
    mine = tuple(_waiting(each, glyphs, data.now) for each in data.waiting if each.mine)
    others = tuple(_waiting(each, glyphs, data.now) for each in data.waiting if not each.mine)
    live = tuple(
        Row(
            (
                (f"{glyphs.ok} live", "ok") if each.status == "ok" else (f"{glyphs.impact} under way", "info"),
                (f"{short(each.subject)} in {each.environment}{f' again: {each.again}' if each.again else ''}", ""),
                _way(each),
                (each.since, "muted"),
            ),
            f"deployment/{each.deployment}",
        )
        for each in sorted(data.live, key=lambda each: each.status == "ok")
    )
    newest = tuple(
        Row(((f"{each.seq:,}", "muted"), (each.at[:10], "muted"), (each.sentence, "")), f"event/{each.seq}")
        for each in data.newest
    )
    broken = tuple(
        Row(
            (
                (f"{glyphs.alert} {each.state}", "alert"),
                (f"{short(each.subject)} passes into {each.transition}: {each.reason}", ""),
                (each.exception, "muted"),
                (each.expires[:10], "muted"),
            ),
            f"event/{each.seq}",
        )
        for each in data.exceptions
    )
    return [
        *([Section("EXCEPTIONS, UNTIL THEY ARE CLOSED", TROUBLE, broken, style="alert")] if broken else []),
        Section("WRONG", TROUBLE, troubles, empty="no alert is open", style="alert" if troubles else "heading"),
        *([Section("DRILLS, NOTHING IS WRONG", TROUBLE, drills)] if drills else []),
        Section(
            "WAITS FOR YOU" + (f", {me}" if me else ""),
            TROUBLE,
            mine,
            empty="nothing",
            style="wait" if mine else "heading",
        ),
        Section(OTHERS, TROUBLE, others),
        Section("SERVES, OR IS UNDER WAY", TROUBLE, live, empty="nothing is deployed"),
        Section("NEWEST EVENTS", EVENTS, newest, empty="no events yet", counted=False),
    ]


def _way(each: overview.Live) -> tuple[str, str]:
    """How it came to serve, and how much it has."""
    if each.again:
        return "by roll-back", "warn"
    return each.strategy + (f" {each.slice:.0%}" if each.status != "ok" else ""), "muted"


def doctor(found: Guide, glyphs: Glyphs) -> Section:
    """What the doctor found: symptom and cause."""
    rows = tuple(
        Row(((f"{glyphs.bad} {each.id}", "bad"), (each.cause, "")), f"doctor/{n}")
        for n, each in enumerate(found.symptoms)
    )
    return Section("THE DOCTOR FOUND", FOUND, rows, style="bad")


def _waiting(each: overview.Waiting, glyphs: Glyphs, now: str) -> Row:
    overdue = bool(each.due) and each.due <= now
    sign = (f"{glyphs.wait} sign", "wait") if each.mine else (f"{glyphs.other} open", "muted")
    have = f"{each.have} approval{'' if each.have == 1 else 's'}"
    cells = (
        (f"{glyphs.warn} overdue", "warn") if overdue else sign,
        (f"{short(each.subject)} to {each.transition}, asked by {each.actor}", ""),
        (have, "muted"),
        (each.at[:10], "muted"),
    )
    return Row(cells, f"request/{each.seq}")


def stands(
    data: Overview,
    verified: Verified,
    glyphs: Glyphs,
    *,
    consulted: Guide | None = None,
    late: bool = False,
    agent: Agent | None = None,
    past: bool = False,
) -> list[Section]:
    """The list on the right: the guide's steps, projects, the agent, proof, what to do next, how much there is.

    Args:
        data: the page.
        verified: the last verification.
        glyphs: the signs.
        consulted: the guide's state.
        late: whether that is of the moment shown before.
        agent: the agent, as it is now.
        past: whether a past moment is shown.
    """
    return [
        *(steps(consulted, glyphs, late=late) if consulted is not None else []),
        projects(data, glyphs, consulted.project if consulted is not None else ""),
        agents.section(agent, data, glyphs, past=past),
        proof(data, verified, glyphs),
        Section(
            "NEXT", LINES, tuple(Row(((key, "key"), (words, "")), f"key/{key}") for key, words in suggestions(data, verified)),
            counted=False,
        ),
        Section(
            "RECORDED", LINES,
            tuple(
                Row(((f"{count:>9,}", "strong"), (_plural(kind, count), f"kind.{kind}")), f"recorded/{kind}")
                for kind, count in data.counts
            ),
            empty="no version yet", counted=False,
        ),
    ]  # fmt: skip


def _plural(kind: str, count: int) -> str:
    word = kind.replace("_", " ")
    return word if count == 1 else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def state(each: guide.Item, glyphs: Glyphs) -> tuple[str, str]:
    """How an item of the guide stands, and its style: met, failing where its common failure was detected, else open."""
    if each.failing:
        return f"{glyphs.bad} failing", "bad"
    return (f"{glyphs.ok} met", "ok") if each.met else (f"{glyphs.other} open", "warn")


def steps(found: Guide, glyphs: Glyphs, *, late: bool = False) -> list[Section]:
    """The eight steps, each with its state; the guide's other pages, each with how much of it is met."""
    more = "pending …" if late else f"{sum(each.met for each in found.steps)} of {len(found.steps)}"
    rows = tuple(
        Row((state(each, glyphs), (each.id, "strong"), (each.title, "")), f"guide/{each.id}") for each in found.steps
    )
    pages = []
    for (name, met, total), page in zip(found.pages, guide.TITLES, strict=True):
        if page != "steps":
            share = "".join(text for text, _ in bar(met, total, 6, glyphs))
            cells = ((share, "ok" if met == total else "bar"), (f"{met} of {total}", "strong"), (name, "muted"))
            pages.append(Row(cells, f"guide/{page}"))
    return [
        Section(f"THE EIGHT STEPS OF {found.project}: {more}", STEPS, rows, counted=False),
        Section("", PAGES, tuple(pages), counted=False),
    ]


def projects(data: Overview, glyphs: Glyphs, home: str = "") -> Section:
    """Every project, those first where something is open."""
    order = sorted(data.projects, key=lambda each: (-each.alerts, -each.requests, each.name != home, each.name))
    head = Row(tuple((word, "muted") for word in ("project", "live", "alerts", "asked", "versions")))
    rows = [
        Row(
            (
                (each.name, "strong"),
                (each.live or "—", "ok" if each.live else "muted"),
                (f"{each.alerts}", "alert" if each.alerts else "muted"),
                (f"{each.requests}", "wait" if each.requests else "muted"),
                (f"{each.versions:,}", "muted"),
            ),
            f"project/{each.name}",
        )
        for each in order
    ]
    title = f"PROJECTS ({len(rows):,})" if len(rows) > 1 else "PROJECTS"
    if not rows:
        return Section(title, PROJECTS, empty="no project has a version yet", counted=False)
    return Section(title, PROJECTS, (head, *rows), counted=False)


def proof(data: Overview, verified: Verified, glyphs: Glyphs) -> Section:
    """The chain's last verification, the last signed head."""
    if verified is None:
        rows = [Row(((f"{glyphs.warn} unproven", "warn"), ("not verified yet; v verifies", "muted")), "proof/chain")]
    else:
        seq, ok, at = verified
        sign = (f"{glyphs.ok} intact", "ok") if at == NOW else (f"{glyphs.other} intact", "info")
        how = f"verified at event {seq:,}, {at[:10]}" if at == NOW else f"so event {seq:,} says, {at[:10]}; v checks"
        said = sign if ok else (f"{glyphs.bad} findings", "bad")
        rows = [Row((said, (how, "muted")), "proof/chain")]
    if data.since_checkpoint is None:
        rows.append(
            Row(((f"{glyphs.warn} unsigned", "warn"), ("no checkpoint: nobody signed yet", "muted")), "proof/head")
        )
    elif data.since_checkpoint:
        since = f"{data.since_checkpoint:,} events since the last checkpoint"
        rows.append(Row(((f"{glyphs.other} signed", "info"), (since, "muted")), "proof/head"))
    else:
        rows.append(Row(((f"{glyphs.ok} signed", "ok"), ("a checkpoint stands at the head", "muted")), "proof/head"))
    return Section("PROOF", LINES, tuple(rows), counted=False)


def suggestions(data: Overview, verified: Verified) -> list[tuple[str, str]]:
    """Where to go next: a key and what for."""
    found = []
    mine = [each for each in data.waiting if each.mine]
    if mine:
        found.append(("s", f"sign or reject the request about {short(mine[0].subject)}"))
    raised = [each for each in data.troubles if each.state == "raised"]
    if raised:
        found.append(("7", f"see what raised {raised[0].alert}"))
    if verified is None:
        found.append(("v", "verify that nobody touched the record"))
    if data.live:
        found.append(("3", f"browse from {short(data.live[-1].subject)} back to its data"))
    found.append(("?", "see what each key does"))
    return found
