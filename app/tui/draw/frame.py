"""The lines around every screen: what ledger this is and how far it is proven, the screens, the keys that work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.tui.draw.clip import clip, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted, measure


@dataclass(frozen=True, slots=True)
class Status:
    """What the first line says. ``shown`` is the time that is shown, empty where live."""

    origin: str = ""
    project: str = ""
    size: int = 0
    at: int = -1
    head: str = ""
    verified: tuple[int, bool] | None = None
    witnessed: int | None = None
    simulated: bool = False
    shown: str = ""
    pending: str = ""


def status(said: Status, cells: int, glyphs: Glyphs = UNICODE) -> Line:
    """The ledger's name on the left; size, head, verification, clock and LIVE on the right; the least needed goes
    first."""
    dot = (f" {glyphs.dot} ", "faint")
    if said.verified is None:
        proof: Run = (f"{glyphs.warn} not verified", "warn")
    elif said.verified[1]:
        proof = (f"{glyphs.ok} verified at {said.verified[0]:,}", "ok")
    else:
        proof = (f"{glyphs.bad} findings at {said.verified[0]:,}", "bad")
    live: Run = (f"{glyphs.impact} LIVE", "live") if not said.shown else (f"{glyphs.wait} {said.shown}", "past")
    parts: list[tuple[int, Run]] = [
        (4, (f"{said.size:,} events", "muted")),
        (5, (f"head {said.head[:8]}", "muted")),
        (3, proof),
        (6, ("", "") if said.witnessed is None else (f"{glyphs.ok} witnessed at {said.witnessed:,}", "ok")),
        (1, ("SIMULATED CLOCK", "warn")) if said.simulated else (9, ("", "")),
        (0, (said.pending, "alert")) if said.pending else (9, ("", "")),
        (0, live),
    ]
    shown = [part for part in parts if part[1][0]]
    name: tuple[Run, ...] = (("  ", ""), (said.origin, "strong"))
    if said.project:
        name = (*name, dot, (said.project, "muted"))
    while True:
        right: list[Run] = []
        for _, run in shown:
            right += [dot, run] if right else [run]
        taken = measure(tuple(right)) + 2
        if taken + min(measure(name) + 2, 34) <= cells or len(shown) == 1:
            break
        shown.remove(max(shown, key=lambda part: part[0]))
    if measure(name) + 2 > cells - taken:
        name = name[:2]
    left = fitted(fitted(name, max(cells - taken - 2, 0)), max(cells - taken, 0))
    return fitted((*left, *right, ("  ", "")), cells)


def tabs(screens: Sequence[tuple[str, str, int]], here: str, cells: int) -> Line:
    """The screens by number and name, the one in view marked, with how much waits there in parentheses; where tight, names
    shorten, but for that of the one in view."""
    for room, gap in ((99, 1), (99, 0), (4, 0), (0, 1), (0, 0)):
        runs: list[Run] = [(" ", "")]
        for key, name, count in screens:
            mark = f" ({count})" if count else ""
            label = f"{key} {name if name == here else clip(name, room, '') if room else ''}".rstrip()
            if name == here:
                runs += [(f"[{label}", "title"), (mark, "alert"), ("]", "title")]
            else:
                runs += [(f" {label}", "muted"), (mark, "alert"), (" ", "")]
            runs.append((" " * gap, ""))
        if measure(tuple(runs)) <= cells:
            break
    return fitted(tuple(runs), cells)


def hints(keys: Sequence[tuple[str, str, bool]], cells: int, always: Sequence[tuple[str, str, bool]] = ()) -> Line:
    """``hl edge  ⏎ focus  ? help``: as many as have room, those of ``always`` last and never left off.

    Each is (keys, word, whether it works now).
    """
    tail = sum(width(label) + width(word) + 3 for label, word, _ in always)
    room = cells - tail - 1
    runs: list[Run] = [(" ", "")]
    for label, word, works in keys:
        size = width(label) + width(word) + 3
        if size > room:
            break
        room -= size
        runs += _hint(label, word, works)
    for label, word, works in always:
        runs += _hint(label, word, works)
    return fitted(tuple(runs), cells)


def _hint(label: str, word: str, works: bool) -> list[Run]:
    return [(label, "key" if works else "faint"), (f" {word}  ", "muted" if works else "faint")]
