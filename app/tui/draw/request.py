"""A request whole: what is asked, the gate line by line, who decided, the evidence, the figures beside those of now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.clip import middle, safe, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.tables import Column, table

if TYPE_CHECKING:
    from app.tui.queries.approvals import Asked

FIGURES = (Column("figure", least=8), Column("now", "right", least=6), Column("new", "right", least=6))


def request(asked: Asked, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each at most ``cells`` cells wide."""
    room = max(cells - 3, 10)
    lines: list[Line] = [
        fitted(((f" {asked.subject}", "title"), (f" {glyphs.arrow} {asked.transition}", "strong")), cells),
        _state(asked, glyphs),
        ((f" asked by {asked.actor}, {asked.at[:16].replace('T', ' ')}, event {asked.seq:,}", "muted"),),
        (((" " + middle(asked.digest, room)), "muted"),),
    ]
    lines += [
        ((f" “{part}”" if n == 0 else f"  {part}", ""),) for n, part in enumerate(wrap(asked.note, room - 2)) if part
    ]
    lines += [(), ((" GATE", "heading"),)]
    for each in asked.gate:
        sign: Run = (f"  {glyphs.ok} held     ", "ok") if each.met else (f"  {glyphs.bad} missing  ", "bad")
        words = (
            each.what
            + (f"  (event {each.seq:,})" if each.seq is not None else "")
            + (f": {each.who}" if each.who else "")
        )
        parts = wrap(words, room - 12)
        lines.append((sign, (parts[0], "")))
        lines += [((" " * 13, ""), (part, "")) for part in parts[1:]]
    lines += [(), ((" RULE", "heading"),)]
    lines += [((f"  {part}", ""),) for part in wrap(asked.rule, room - 1)]
    lines += _decisions(asked, glyphs, room)
    if asked.evidence:
        lines += [(), ((" EVIDENCE", "heading"),)]
        for proof in asked.evidence:
            mark = (glyphs.ok, "ok") if proof.state == "as frozen" else (glyphs.bad, "bad")
            lines.append(((f"  {mark[0]} {proof.state}  ", mark[1]), (proof.ref, ""), (f"  {proof.title}", "muted")))
            lines.append(((f"    {middle(proof.sha256, room - 4)}", "muted"),))
    if asked.metrics:
        lines += [(), ((" FIGURES", "heading"), (f"  beside {asked.before}" if asked.before else "", "muted"))]
        body = [((name, ""), (old, "muted"), (new, "strong")) for name, old, new in asked.metrics]
        lines += [((("  "), ""), *line) for line in table(FIGURES, body, min(cells - 3, 60))]
    return tuple(fitted(line, cells) for line in lines)


def _state(asked: Asked, glyphs: Glyphs) -> Line:
    if asked.state == "approved":
        return ((f" {glyphs.ok} approved", "ok"),)
    if asked.state != "open":
        return ((f" {glyphs.bad} {asked.state}", "bad"),)
    if not asked.why_not:
        return ((f" {glyphs.wait} waits for you", "wait"), (f", as {' or '.join(asked.my_roles)}", "muted"))
    return ((f" {glyphs.other} open", "info"), (f"  {asked.why_not}", "muted"))


def _decisions(asked: Asked, glyphs: Glyphs, room: int) -> list[Line]:
    lines: list[Line] = []
    for n, each in enumerate(asked.decisions):
        sign: Run = (f"{glyphs.ok} ", "ok") if each.verdict == "approve" else (f"{glyphs.bad} ", "bad")
        head = "  have  " if n == 0 else "        "
        verdict = {"approve": "approved", "change": "changes asked for"}.get(each.verdict, "rejected")
        lines.append(
            (
                (head, "muted"),
                sign,
                (f"{verdict} by {each.signer}, as {each.role}", ""),
                (f"  event {each.seq:,}", "muted"),
            )
        )
        lines += [((f"          {part}", "muted"),) for part in wrap(each.reason, room - 10) if part]
    missing = [each for each in asked.gate if not each.met]
    if asked.state == "open" and missing:
        who = ", ".join(dict.fromkeys(each.who for each in missing if each.who))
        lines.append((("  need  ", "muted"), (f"{len(missing)} more", "wait"), (f": {who}" if who else "", "")))
    return lines


def statement(text: str, cells: int) -> tuple[Line, ...]:
    """The exact bytes that will be signed, over as many lines as they take."""
    room = max(cells - 2, 24)
    return tuple(((f" {safe(text[start : start + room])}", "strong"),) for start in range(0, len(text), room))


def seal(fingerprint: str, signer: str, key: str, cells: int) -> tuple[Line, ...]:
    """The hash of the bytes in groups, its last four marked; who signs, with which key."""
    room = max(cells - 2, 24)
    for size in (4, 8, 64):
        groups = " ".join(fingerprint[n : n + size] for n in range(0, len(fingerprint), size))
        if len(groups) + 9 <= room:
            break
    parts = [groups] if len(groups) + 9 <= room else [fingerprint[n : n + 32] for n in (0, 32)]
    lines: list[Line] = []
    for n, part in enumerate(parts):
        head = (" sha256  " if n == 0 else " " * 9, "muted")
        last = n == len(parts) - 1
        lines.append((head, (part[:-4], ""), (part[-4:], "impact")) if last else (head, (part, "")))
    lines.append(((" signs   ", "muted"), (signer, ""), (f"  {key}", "muted")))
    return tuple(lines)
