"""The first screen at a glance: what is wrong, what waits, the eight steps, the levels, the agent. A line each."""

from __future__ import annotations

from collections.abc import Sequence

from app.tui.draw import maturity
from app.tui.draw.clip import clip, fit
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted, measure
from app.tui.screens.overview.draw import agent as agents
from app.tui.screens.overview.draw.overview import NOW, Verified, state
from app.tui.screens.overview.queries.agent import Agent
from app.tui.screens.overview.queries.guide import TITLES, Guide
from app.tui.screens.overview.queries.overview import Overview

LINES = 5
"""So many lines it takes; one less where the levels and the agent share one."""
SHORT = 4
STEPS = ("assess", "risks", "targets", "train", "ci/cd", "canary", "govern", "scale")
"""The eight steps in a word each."""
LABEL = 9


def glance(
    data: Overview,
    cells: int,
    glyphs: Glyphs = UNICODE,
    *,
    verified: Verified = None,
    me: str | None = None,
    consulted: Guide | None = None,
    late: bool = False,
    agent: Agent | None = None,
    past: bool = False,
    lines: int = LINES,
    suspicion: str = "",
) -> tuple[Line, ...]:
    """All of it in ``lines`` lines of ``cells`` cells; what is said first is cut last.

    Args:
        data: the page.
        cells: how wide.
        glyphs: the signs.
        verified: the last verification.
        me: who looks.
        consulted: the guide's state, and the levels.
        late: whether that is of the moment shown before.
        agent: the agent, as it is now.
        past: whether a past moment is shown.
        lines: ``LINES`` or ``SHORT``.
        suspicion: what is wrong with the record at sight.
    """
    events = data.newest[0].seq + 1 if data.newest else 0
    levels, runs = _levels(consulted, glyphs, late=late, events=events), agents.brief(agent, glyphs, past=past)
    rows: list[tuple[str, Sequence[Run]]] = [
        ("WRONG", _wrong(data, verified, consulted, None if past else agent, glyphs, late=late, suspicion=suspicion)),
        ("WAITS", _waits(data, me, glyphs)),
        ("STEPS", _steps(consulted, glyphs, late=late, room=cells - LABEL - 1, events=events)),
    ]
    if lines >= LINES:
        rows += [("LEVELS", levels), ("AGENT", runs)]
    else:
        rows.append(("LEVELS", [*levels, ("   AGENT ", "heading"), *runs]))
    return tuple(fitted(((" " + fit(name, LABEL), "heading"), *runs), cells) for name, runs in rows)


def _joined(facts: Sequence[Run]) -> list[Run]:
    found: list[Run] = []
    for fact in facts:
        found += [("   ", ""), fact] if found else [fact]
    return found


def _many(count: int, word: str) -> str:
    return (
        f"{count:,} {word}" if count == 1 else f"{count:,} {word[:-1]}ies" if word[-1] == "y" else f"{count:,} {word}s"
    )


def _wrong(
    data: Overview,
    verified: Verified,
    consulted: Guide | None,
    agent: Agent | None,
    glyphs: Glyphs,
    *,
    late: bool,
    suspicion: str,
) -> list[Run]:
    weighed = consulted is not None and not late
    facts: list[Run] = []
    if suspicion or (verified is not None and not verified[1]):
        facts.append(
            (f"{glyphs.bad} {suspicion}, v tells" if suspicion else f"{glyphs.bad} the chain is broken", "bad")
        )
    raised = sum(each.state == "raised" for each in data.troubles)
    if raised:
        facts.append((f"{glyphs.alert} {_many(raised, 'alert')} raised", "alert"))
    if data.exceptions:
        facts.append((f"{glyphs.alert} {_many(len(data.exceptions), 'exception')} open", "alert"))
    if len(data.troubles) - raised:
        facts.append((f"{glyphs.warn} {_many(len(data.troubles) - raised, 'alert')} seen", "warn"))
    ill = len(consulted.symptoms) if consulted is not None and weighed else 0
    if ill:
        facts.append((f"{glyphs.bad} {_many(ill, 'finding')} of the doctor", "bad"))
    if agent is not None and agent.failed:
        facts.append((f"{glyphs.bad} {_many(len(agent.failed), 'duty')} of the agent failed", "bad"))
    if not facts:
        facts.append((f"{glyphs.ok} nothing" if weighed else f"{glyphs.ok} no alert", "ok"))
    if not weighed:
        facts.append(("the doctor looks …", "muted"))
    return _joined([*facts, *([] if suspicion else _chain(verified, glyphs))])


def _chain(verified: Verified, glyphs: Glyphs) -> list[Run]:
    """What is known of the chain where nothing is wrong with it: what is merely recorded is not said as a fact."""
    if verified is None:
        return [(f"{glyphs.warn} never verified", "warn")]
    if not verified[1]:
        return []
    if verified[2] == NOW:
        return [(f"{glyphs.ok} chain intact", "ok")]
    return [(f"{glyphs.other} chain recorded intact at {verified[0]:,}, v checks it now", "info")]


def _waits(data: Overview, me: str | None, glyphs: Glyphs) -> list[Run]:
    mine = sum(each.mine for each in data.waiting)
    late = sum(bool(each.due) and each.due <= data.now for each in data.waiting)
    who = f", {clip(me, 24)}" if me else ""
    facts: list[Run] = [
        (f"{glyphs.wait} {_many(mine, 'request')} for your signature{who}", "wait") if mine
        else (f"{glyphs.ok} nothing for you{who}", "ok" if me else "muted")
    ]  # fmt: skip
    if late:
        facts.append((f"{glyphs.warn} {late:,} overdue", "warn"))
    if len(data.waiting) - mine:
        facts.append((f"{glyphs.other} {len(data.waiting) - mine:,} for others", "info"))
    going = sum(each.status != "ok" for each in data.live)
    if going:
        facts.append((f"{glyphs.impact} {_many(going, 'rollout')} under way", "info"))
    return _joined(facts)


def _unweighed(events: int, glyphs: Glyphs, *, late: bool) -> list[Run]:
    """What nothing is known of yet, and what it waits for."""
    said = f"pending: the evidence of {events:,} events is being read {glyphs.ellipsis}"
    return [(said if late else "no event names a project yet", "muted")]


def _steps(consulted: Guide | None, glyphs: Glyphs, *, late: bool, room: int, events: int) -> list[Run]:
    """Each step's sign and number, in wide rooms its word; how many are met, of which project."""
    if consulted is None:
        return _unweighed(events, glyphs, late=late)
    steps = consulted.steps
    met = sum(each.met for each in steps)
    said = "pending …" if late else f"{met} of {len(steps)}, {clip(consulted.project, 28)}"

    def drawn(words: Sequence[str]) -> list[Run]:
        runs: list[Run] = []
        for place, each in enumerate(steps):
            sign, style = state(each, glyphs)
            runs += [(f"{sign[0]}{place + 1}{words[place]}", style), (" ", "")]
        runs.append((f" {said}", "muted"))
        for name, done, total in consulted.pages:
            if name != TITLES["steps"] and measure(tuple(runs)) + len(name) + 11 <= room:
                runs.append((f"   {name} {done} of {total}", "muted"))
        return runs

    wide = drawn([f" {word} " for word in STEPS])
    return wide if len(steps) == len(STEPS) and measure(tuple(wide)) <= room else drawn([" "] * len(steps))


def _levels(consulted: Guide | None, glyphs: Glyphs, *, late: bool, events: int) -> list[Run]:
    if consulted is None:
        return _unweighed(events, glyphs, late=late)
    runs: list[Run] = []
    for track, level in consulted.levels:
        runs += [("   ", "")] if runs else []
        text, style = maturity.level(level, glyphs)
        runs += [(f"{track.upper()} ", "strong"), (text.strip(), style)]
    return [*runs, ("   pending …", "muted")] if late else runs
