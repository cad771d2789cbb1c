"""What will be signed: the exact bytes, their hash, the row of statements that are signed together, and who has room
where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from app.tui.draw import bars
from app.tui.draw.clip import clip, fit, safe, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.draw.refs import short

if TYPE_CHECKING:
    from app.tui.signing import Drafted, Unrecorded

FRAME, FIELD, SAID = 2, 1, 2
"""Rows of the panel's border, of the field to type in, and of what is said below it."""
BESIDE = 5
"""Rows that the request above keeps, where there are so many."""
ONCE = 2_048
"""Characters that are escaped at once."""
ALONE = 22
"""With fewer rows the panel stands alone, so that a statement of the usual length is seen whole at 80×24."""


class Room(NamedTuple):
    """Rows of the panel's parts, and of all of it."""

    steps: int
    bytes: int
    seal: int
    whole: int


def room(rows: int, cells: int, lines: int, statements: int) -> Room:
    """Who gets how many rows: the hash, the field and what to do always show; bytes and steps share the rest.

    Args:
        rows: what the panel and the request above it have together.
        cells: the width inside the panel.
        lines: how many lines the bytes take.
        statements: how many are signed together.
    """
    sealed = len(seal("0" * 64, "", "", cells))
    most = rows if rows < ALONE else rows - BESIDE
    left = most - FRAME - FIELD - SAID - sealed
    steps = 0 if statements < 2 else max(min(statements, 6, left // 3), 1)
    shown = max(min(lines, left - steps), 1)
    return Room(steps, shown, sealed, FRAME + steps + shown + sealed + FIELD + SAID)


def statement(text: str, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The exact bytes that will be signed, over as many lines as they take; none is cut.

    A terminal without UTF-8 gets what it cannot show by its number, and not by a sign that is like it.
    """
    size = max(cells - 2, 24)
    if glyphs.name == "ascii":
        text = "".join(sign if sign.isascii() else f"\\u{{{ord(sign):x}}}" for sign in text)
    shown = "".join(safe(text[start : start + ONCE]) for start in range(0, len(text), ONCE))
    if shown.isascii():
        parts = [shown[start : start + size] for start in range(0, len(shown), size)]
    else:
        parts = list(_pieces(shown, size))
    return tuple(((f" {part}", "strong"),) for part in parts)


def _pieces(text: str, cells: int) -> Iterator[str]:
    """Escaped text in pieces of at most so many cells, where signs may be wide, or none of their own."""
    while text:
        piece = clip(text[: 4 * cells], cells, "") or text[:1]
        yield piece
        text = text[len(piece) :]


def seal(fingerprint: str, signer: str, key: str, cells: int) -> tuple[Line, ...]:
    """The hash of the bytes in groups, its last four marked; who signs, with which key."""
    size = max(cells - 2, 24)
    for group in (4, 8, 64):
        groups = " ".join(fingerprint[n : n + group] for n in range(0, len(fingerprint), group))
        if len(groups) + 9 <= size:
            break
    parts = [groups] if len(groups) + 9 <= size else [fingerprint[n : n + 32] for n in (0, 32)]
    lines: list[Line] = []
    for n, part in enumerate(parts):
        head = (" sha256  " if n == 0 else " " * 9, "muted")
        last = n == len(parts) - 1
        lines.append((head, (part[:-4], ""), (part[-4:], "impact")) if last else (head, (part, "")))
    lines.append(((" signs   ", "muted"), (safe(signer), ""), (f"  {key}", "muted")))
    return tuple(lines)


def steps(
    drafts: Sequence[Drafted], here: int, typed: Sequence[bool], cells: int, rows: int, glyphs: Glyphs = UNICODE
) -> tuple[Line, ...]:
    """The statements that are signed together, each with the beginning of its hash: those around the one in view."""
    first = min(max(here - rows // 2, 0), max(len(drafts) - rows, 0))
    lines: list[Line] = []
    for n, drafted in list(enumerate(drafts))[first : first + rows]:
        state = (f"{glyphs.ok} typed", "ok") if typed[n] else (f"{glyphs.todo} to type", "muted")
        sign = f" {glyphs.pointer} " if n == here else "   "
        words = f"{n + 1}  {drafted.draft.decision.verdict} {short(drafted.draft.request.subject)}"
        to = f" {glyphs.arrow} {drafted.draft.request.transition}"
        digest = f"{drafted.fingerprint[:8]}{glyphs.ellipsis}"
        mark = "!" if n == here else ""
        left = fitted(((sign, f"key{mark}"), (safe(words), mark), (safe(to), f"muted{mark}")), max(cells - 24, 10))
        lines.append((*left, (f"  {fit(digest, 9)}  ", "muted"), state))
    return tuple(lines)


def waiting(drafts: Sequence[Drafted], cells: int, rows: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The signed statements that wait, each with its hash; of many, how many more there are."""
    shown = drafts if len(drafts) <= rows else drafts[: rows - 1]
    lines: list[Line] = []
    for drafted in shown:
        digest = f"  {drafted.fingerprint[:8]} {glyphs.ellipsis} {drafted.fingerprint[-4:]}"
        asked = drafted.draft.request
        verdict = drafted.draft.decision.verdict
        words = f" {glyphs.ok} {verdict} {short(asked.subject)} {glyphs.arrow} {asked.transition}"
        lines.append((*fitted(((safe(words), ""),), max(cells - len(digest) - 1, 10)), (digest, "muted")))
    if len(shown) < len(drafts):
        lines.append(((f"   and {len(drafts) - len(shown):,} more", "muted"),))
    return tuple(lines)


def countdown(left: float, held: float, many: int, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """How long signed decisions wait still, of so many seconds, and how to take them back."""
    them = "takes it back" if many == 1 else f"takes {every(many)} back"
    bar = bars.bar(left, held, max(min(cells - 24 - len(them), 20), 3), glyphs, "warn")
    return (
        ((f" appends in {left:>2.0f} s  ", "warn"), *bar, ("   u", "key"), (f" {them}", "")),
        fitted(((" not recorded until then; afterwards only another event can answer it", "muted"),), cells),
    )


def every(many: int) -> str:
    """``both``, ``all 3``."""
    return "both" if many == 2 else f"all {many}"


def unrecorded(failed: Sequence[Unrecorded], cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The signed decisions that were not appended, by name, each with the reason."""
    lines: list[Line] = []
    for each in failed:
        lines += [
            ((f" {glyphs.bad if n == 0 else ' '} {part}", "bad"),) for n, part in enumerate(wrap(each.words, cells - 4))
        ]
        lines += [((f"     {part}", ""),) for part in wrap(each.why, cells - 6)]
    return tuple(lines)
