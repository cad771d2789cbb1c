"""The first screen's two panes: what needs a look, and where things stand."""

from __future__ import annotations

from app.tui.draw.bars import bar
from app.tui.draw.clip import fit, wrap
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.picture import Line
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column, table
from app.tui.queries import overview
from app.tui.queries.guide import Guide
from app.tui.queries.overview import Overview

TROUBLE = (
    Column("", least=11),
    Column("", least=26, grows=True),
    Column("", least=12, rank=2),
    Column("", "right", least=10, rank=1),
)
FOUND = (Column("", least=11), Column("", least=30, most=200))
EVENTS = (Column("", "right", least=5), Column("", least=10, rank=2), Column("", least=20, most=200))


Verified = tuple[int, bool, str] | None
"""The last recorded verification: its event, whether it found all intact, when."""


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
    mine = tuple(_waiting(each, glyphs) for each in data.waiting if each.mine)
    others = tuple(_waiting(each, glyphs) for each in data.waiting if not each.mine)
    live = tuple(
        Row(
            (
                (f"{glyphs.ok} live", "ok") if each.status == "ok" else (f"{glyphs.impact} under way", "info"),
                (f"{short(each.subject)} in {each.environment}", ""),
                (each.strategy + (f" {each.slice:.0%}" if each.status != "ok" else ""), "muted"),
                (each.since, "muted"),
            ),
            f"deployment/{each.deployment}",
        )
        for each in data.live
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
        Section(
            "WAITS FOR YOU" + (f", {me}" if me else ""),
            TROUBLE,
            mine,
            empty="nothing",
            style="wait" if mine else "heading",
        ),
        Section("WAITS FOR OTHERS", TROUBLE, others),
        Section("SERVES, OR IS UNDER WAY", TROUBLE, live, empty="nothing is deployed"),
        Section("NEWEST EVENTS", EVENTS, newest, empty="no events yet", counted=False),
    ]


def doctor(found: Guide, glyphs: Glyphs) -> Section:
    """What the doctor found, each with the event that shows it."""
    rows = tuple(
        Row(
            ((f"{glyphs.bad} {each.id}", "bad"), (each.cause, "")),
            f"event/{each.seq}" if each.seq is not None else None,
        )
        for each in found.symptoms
    )
    return Section("THE DOCTOR FOUND", FOUND, rows, style="bad")


def _waiting(each: overview.Waiting, glyphs: Glyphs) -> Row:
    have = f"{each.have} approval{'' if each.have == 1 else 's'}"
    cells = (
        (f"{glyphs.wait} sign" if each.mine else f"{glyphs.other} open", "wait" if each.mine else "muted"),
        (f"{short(each.subject)} to {each.transition}, asked by {each.actor}", ""),
        (have, "muted"),
        (each.at[:10], "muted"),
    )
    return Row(cells, f"request/{each.seq}")


PROJECTS = (
    Column("project", least=12), Column("live", least=12, rank=1), Column("alerts", "right", least=6),
    Column("asked", "right", least=5, rank=2), Column("versions", "right", least=8, rank=3),
)  # fmt: skip


def standing(
    data: Overview, verified: Verified, cells: int, glyphs: Glyphs, consulted: Guide | None = None, late: bool = False
) -> tuple[Line, ...]:
    """The pane on the right: proof, projects, the guide's state, counts, what to do next.

    ``late``: the guide's state is of the moment shown before.
    """
    lines: list[Line] = [((" PROOF", "heading"),)]
    if verified is None:
        lines.append(((f"  {glyphs.warn} not verified yet", "warn"), ("  v verifies", "muted")))
    else:
        seq, ok, at = verified
        said = (f"  {glyphs.ok} intact", "ok") if ok else (f"  {glyphs.bad} findings", "bad")
        lines.append((said, (f"  event {seq:,}, {at[:10]}", "muted")))
    if data.since_checkpoint is None:
        lines.append(((f"  {glyphs.warn} no checkpoint", "warn"), ("  nobody signed yet", "muted")))
    elif data.since_checkpoint:
        lines.append(((f"  {glyphs.other} checkpoint", "info"), (f"  {data.since_checkpoint:,} events since", "muted")))
    else:
        lines.append(((f"  {glyphs.ok} checkpoint", "ok"), ("  signed at the head", "muted")))
    lines += [(), ((" PROJECTS", "heading"),)]
    body = [
        (
            (each.name, "strong"),
            (each.live or "—", "ok" if each.live else "muted"),
            (f"{each.alerts}", "alert" if each.alerts else "muted"),
            (f"{each.requests}", "wait" if each.requests else "muted"),
            (f"{each.versions:,}", "muted"),
        )
        for each in data.projects
    ]
    if body:
        lines += [(("  ", ""), *line) for line in table(PROJECTS, body, cells - 3)]
    else:
        lines.append((("  no project has a version yet", "muted"),))
    if consulted is not None:
        more = f"  {consulted.project}; {'pending …' if late else 'assay guide tells the rest'}"
        lines += [(), ((" GUIDE", "heading"), (more, "muted"))]
        for name, met, total in consulted.pages:
            share = bar(met, total, 10, glyphs, "ok" if met == total else "bar")
            lines.append((("  ", ""), *share, (f"  {met:>2} of {total:<2} ", "strong"), (name, "muted")))
    lines += [(), ((" NEXT", "heading"),)]
    for key, words in suggestions(data, verified):
        first, *rest = wrap(words, max(cells - 6, 8))
        lines.append(((fit(f"  {key}", 5), "key"), (first, "")))
        lines += [(("     ", ""), (more, "")) for more in rest]
    lines += [(), ((" RECORDED", "heading"),)]
    lines += [
        ((f"  {count:>9,}  ", "strong"), (kind.replace("_", " ") + ("" if count == 1 else "s"), f"kind.{kind}"))
        for kind, count in data.counts
    ]
    return tuple(lines)


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
