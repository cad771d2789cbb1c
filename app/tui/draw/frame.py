"""The lines around every screen: what ledger this is and how far it is proven, the screens, the keys that work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.tui.draw.clip import clip, width
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted, measure


@dataclass(frozen=True, slots=True)
class Status:
    """What the first line says. ``shown`` is the time that is shown, empty where live; ``verified`` what a verification
    said at which event, which is only recorded but where ``checked`` in this session; ``suspicion`` what is wrong at
    sight."""

    origin: str = ""
    project: str = ""
    size: int = 0
    at: int = -1
    head: str = ""
    verified: tuple[int, bool] | None = None
    checked: bool = False
    suspicion: str = ""
    witnessed: int | None = None
    simulated: bool = False
    shown: str = ""
    pending: str = ""


_STEPS = (
    ("", 0, 34), ("", 1, 34), ("w", 1, 34), ("wh", 1, 34), ("wh", 1, 14), ("whe", 1, 14), ("whe", 2, 10),
    ("whe", 2, 0), ("whes", 2, 0),
)  # fmt: skip
"""How the first line shortens: what it leaves out (witnessed, head, events, simulated clock), how short the proof is, how
many cells the ledger's name has at least."""


def proof(said: Status, glyphs: Glyphs = UNICODE) -> tuple[Run, Run, Run]:
    """How far the chain is proven: long, short, shortest. What is recorded is told from what was checked here and now."""
    if said.suspicion:
        brief: Run = (f"{glyphs.bad} {said.suspicion}", "bad")
        return (f"{brief[0]}, v tells", "bad"), brief, (clip(brief[0], 28, glyphs.ellipsis), "bad")
    if said.verified is None:
        brief = (f"{glyphs.warn} not verified", "warn")
        return brief, brief, brief
    where, ok = f" at {said.verified[0]:,}", said.verified[1]
    if not ok:
        return (f"{glyphs.bad} findings{where}", "bad"), (f"{glyphs.bad} findings{where}", "bad"), (
            f"{glyphs.bad} findings", "bad",
        )  # fmt: skip
    if said.checked:
        sign = f"{glyphs.ok} verified"
        return (f"{sign} now{where}", "ok"), (f"{sign}{where}", "ok"), (sign, "ok")
    sign = f"{glyphs.other} recorded"
    return (f"{sign} as verified{where}", "info"), (f"{sign}{where}", "info"), (sign, "info")


def status(said: Status, cells: int, glyphs: Glyphs = UNICODE) -> Line:
    """The ledger's name on the left; size, head, proof, clock and LIVE on the right. Where tight the name shortens before
    the events and the proof do, and how far the chain is proven is never left out."""
    dot = (f" {glyphs.dot} ", "faint")
    live: Run = (f"{glyphs.impact} LIVE", "live") if not said.shown else (f"{glyphs.wait} {said.shown}", "past")
    name: tuple[Run, ...] = (("  ", ""), (said.origin, "strong"))
    if said.project:
        name = (*name, dot, (said.project, "muted"))
    opened = bool(said.size or said.suspicion)
    for without, brief, least in _STEPS:
        clock = "SIMULATED" if brief == 2 or "h" in without else "SIMULATED CLOCK"
        parts: list[tuple[str, Run]] = [
            ("e", (f"{said.size:,} events" if opened else "", "muted")),
            ("h", (f"head {said.head[:8]}" if opened else "", "muted")),
            ("", proof(said, glyphs)[brief] if opened else ("", "")),
            ("w", ("" if said.witnessed is None else f"{glyphs.ok} witnessed at {said.witnessed:,}", "ok")),
            ("s", (clock if said.simulated else "", "warn")),
            ("", (said.pending, "alert")),
            ("", live),
        ]
        right: list[Run] = []
        for kind, run in parts:
            if run[0] and (not kind or kind not in without):
                right += [dot, run] if right else [run]
        taken = measure(tuple(right)) + 2
        if taken + min(measure(name) + 2, least) <= cells:
            break
    if measure(name) + 2 > cells - taken:
        name = name[:2]
    left = fitted(fitted(name, max(cells - taken - 2, 0)), max(cells - taken, 0))
    return fitted((*left, *right, ("  ", "")), cells)


_COUNTS = 10
"""Cells that are kept for what waits at the screens' names."""


def tabs(screens: Sequence[tuple[str, str, int]], here: str, cells: int) -> Line:
    """The screens by number and name, the one in view marked, with how much waits there in parentheses. Where tight, all
    names but that of the one in view shorten: by the width alone, so that they stay as they are from screen to screen."""
    longest = max((name for _, name, _ in screens), key=width, default="")
    waits = max(_COUNTS, sum(len(f" ({count})") for _, _, count in screens if count))
    for room, gap in ((99, 1), (99, 0), (4, 0), (0, 1), (0, 0)):
        if measure(_tabs([(key, name, 0) for key, name, _ in screens], longest, room, gap)) + waits <= cells:
            break
    return fitted(_tabs(screens, here, room, gap), cells)


def _tabs(screens: Sequence[tuple[str, str, int]], here: str, room: int, gap: int) -> Line:
    runs: list[Run] = [(" ", "")]
    for key, name, count in screens:
        mark = f" ({count})" if count else ""
        label = f"{key} {name if name == here else clip(name, room, '') if room else ''}".rstrip()
        if name == here:
            runs += [(f"[{label}", "title"), (mark, "alert"), ("]", "title")]
        else:
            runs += [(f" {label}", "muted"), (mark, "alert"), (" ", "")]
        runs.append((" " * gap, ""))
    return tuple(runs)


def narrowed(text: str, cells: int, glyphs: Glyphs = UNICODE) -> Line:
    """``filter: drift · esc shows all``: what begins the last line while a filter is active, in half its width at most."""
    if not text:
        return ()
    aside = f" {glyphs.dot} esc shows all "
    room = cells // 2 - 1
    said = clip(
        f"filter: {text}", max(room - width(aside), 16) if cells >= 80 else max(cells // 3, 12), glyphs.ellipsis
    )
    return ((" ", ""), (said, "past"), (aside if width(said + aside) <= room else " ", "muted"))


def hints(keys: Sequence[tuple[str, str, bool]], cells: int, always: Sequence[tuple[str, str, bool]] = ()) -> Line:
    """``hl edge  ⏎ focus  ? help``: as many as have room, those of ``always`` last; of them the last stays longest.

    Each is (keys, word, whether it works now).
    """
    while len(always) > 1 and sum(width(label) + width(word) + 3 for label, word, _ in always) > cells:
        always = always[1:]
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
