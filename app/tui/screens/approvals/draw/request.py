"""A request whole: what is asked, gate by gate beside what serves now, the rule, who signed and who is needed, the
evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.clip import fit, middle, safe, wrap
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.tables import GAP, Column, widths

if TYPE_CHECKING:
    from app.tui.screens.approvals.queries.approvals import Item
    from app.tui.screens.approvals.queries.request import Asked, Gate, Verdict

VERDICTS = {"held": "ok", "missing": "bad", "waived": "warn", "": "muted"}
VERDICT = 7
"""Cells of the last column."""


def request(asked: Asked, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """The lines, each ``cells`` cells wide."""
    room = max(cells - 3, 10)
    lines: list[Line] = [
        *_head(asked.subject, asked.transition, glyphs),
        *_state(asked, glyphs, room),
        ((f" asked by {asked.actor}, {_moment(asked.at)}, event {asked.seq:,}", "muted"),),
        *_terms(asked, glyphs),
        ((" " + middle(asked.digest, room), "muted"),),
    ]
    lines += [
        ((f" “{part}”" if n == 0 else f"  {part}", ""),) for n, part in enumerate(wrap(asked.note, room - 2)) if part
    ]
    lines += [(), *_table("GATES", asked.gates, asked, cells, glyphs)]
    if asked.judged is not None:
        lines.append(((f"   as decided, event {asked.judged:,}", "muted"),))
    if asked.lapsed:
        lines.append(((fit(f"   would lapse today: {asked.lapsed}", cells, mark=glyphs.ellipsis), "muted"),))
    lines += [(), ((" RULE", "heading"),)]
    lines += [((f"  {part}", ""),) for part in wrap(asked.rule, room - 1)]
    lines += _seats(asked, glyphs, room)
    lines += _evidence(asked, glyphs, room)
    if asked.before:
        lines += [(), ((" DIFF ", "heading"), ("[d]", "key"), (f"  against {asked.before}, which serves now", "muted"))]
    if asked.figures:
        lines += [(), *_table("FIGURES", asked.figures, asked, cells, glyphs)]
    return _drawn(lines, cells)


def heading(item: Item, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """What the list knows of a request already, while the rest is asked for."""
    lines: list[Line] = [
        *_head(item.subject, item.transition, glyphs),
        ((f" {item.state}", "muted"),),
        ((f" asked by {item.actor}, {_moment(item.at)}, event {item.seq:,}", "muted"),),
        (),
        ((f" {glyphs.ellipsis}", "muted"),),
    ]
    return _drawn(lines, cells)


def _drawn(lines: list[Line], cells: int) -> tuple[Line, ...]:
    """Lines of just that width; what others recorded is escaped wherever it stands in them."""
    return tuple(fitted(tuple((safe(text), style) for text, style in line), cells) for line in lines)


def _head(subject: str, transition: str, glyphs: Glyphs) -> tuple[Line, ...]:
    return (((f" {subject}", "title"), (f" {glyphs.arrow} {transition}", "strong")),)


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")


def _state(asked: Asked, glyphs: Glyphs, room: int) -> list[Line]:
    if asked.state == "approved":
        return [((f" {glyphs.ok} approved", "ok"),)]
    if asked.state != "open":
        return [((f" {glyphs.bad} {asked.state}", "bad"),)]
    if not asked.why_not:
        return [((f" {glyphs.wait} waits for you", "wait"), (f", as {' or '.join(asked.my_roles)}", "muted"))]
    first, *more = wrap(f"open  {asked.why_not}", room - 2)
    return [
        ((f" {glyphs.other} open", "info"), (first.removeprefix("open"), "muted")),
        *((("   " + part, "muted"),) for part in more),
    ]


def _terms(asked: Asked, glyphs: Glyphs) -> list[Line]:
    """By when an answer is due, and when the request expires."""
    if asked.state != "open" or not (asked.due or asked.expires):
        return []
    runs: list[Run] = []
    if asked.due:
        late = asked.now >= asked.due
        words = f" {glyphs.warn} overdue since" if late else " an answer is due"
        runs.append((f"{words} {_moment(asked.due)}", "bad" if late else "warn"))
    if asked.expires:
        runs.append((f"{',' if runs else ''} {'' if runs else 'it '}expires {_moment(asked.expires)}", "muted"))
    return [tuple(runs)]


def _table(title: str, gates: tuple[Gate, ...], asked: Asked, cells: int, glyphs: Glyphs) -> list[Line]:
    """A heading, then a row per gate: metrics in columns, demands in words; each with its verdict at the right."""
    before, when = (asked.before, "now") if asked.judged is None else (asked.served, "then")
    serving, version = before.rpartition("@")[2], asked.subject.rpartition("@")[2]
    columns = (
        Column(title, least=10, most=40, grows=True),
        Column(f"v{serving} {when}" if serving.isdecimal() else when, "right", least=8, most=12, rank=3),
        Column(f"v{version} new" if version.isdecimal() else "new", "right", least=8, most=12),
        Column("policy", least=9, most=16, rank=2),
    )
    figures = [gate for gate in gates if gate.figure]
    bounded = any(gate.verdict for gate in gates)
    rows = [((gate.what, ""), (gate.now, "muted"), (gate.new, "strong"), (gate.policy, "muted")) for gate in figures]
    room = max(cells - 4 - ((VERDICT + GAP) if bounded else 0), 20)
    sizes = widths(columns, rows, room) if rows else [room, 0, 0, 0]
    if not before or not any(gate.now not in ("", "-") for gate in figures):
        sizes[0], sizes[1] = sizes[0] + (sizes[1] + GAP if sizes[1] else 0), 0
    if not bounded:
        sizes[0], sizes[3] = sizes[0] + (sizes[3] + GAP if sizes[3] else 0), 0
    names = [(column.title if n == 0 or figures else "", "heading") for n, column in enumerate(columns)]
    # The heading begins over the signs, the rows right of them.
    head = _row(columns, names, [sizes[0] + 2, *sizes[1:]])
    lines: list[Line] = [((" ", ""), *fitted(head, room + 2), *((("  verdict", "heading"),) if bounded else ()))]
    values = iter(rows)
    for gate in gates:
        body = _row(columns, next(values), sizes) if gate.figure else ()
        lines += _gate(gate, body, room, bounded, glyphs)
    return lines if gates else [*lines, (("  nothing is demanded", "muted"),)]


def _row(columns: tuple[Column, ...], cells: list[Run] | tuple[Run, ...], sizes: list[int]) -> Line:
    runs: list[Run] = []
    for column, (text, style), size in zip(columns, cells, sizes, strict=True):
        if size:
            runs += [("  ", "")] if runs else []
            runs.append((fit(text, size, column.align), style))
    return tuple(runs)


def _gate(gate: Gate, body: Line, room: int, bounded: bool, glyphs: Glyphs) -> list[Line]:
    style = VERDICTS[gate.verdict]
    sign = {"held": glyphs.ok, "missing": glyphs.bad, "waived": glyphs.warn, "": glyphs.dot}[gate.verdict]
    verdict = "WAIVED" if gate.verdict == "waived" else gate.verdict
    words = gate.what + (f"  (event {gate.seq:,})" if gate.seq is not None and gate.verdict == "held" else "")
    parts: list[Line] = [body] if body else [((part, ""),) for part in wrap(words, room)]
    tail: Line = ((f"  {verdict}", style),) if bounded else ()
    lines: list[Line] = [((f" {sign} ", style), *fitted(parts[0], room), *tail)]
    lines += [(("   ", ""), *part) for part in parts[1:]]
    says = gate.says + (f" (event {gate.seq:,})" if gate.verdict == "waived" and gate.seq is not None else "")
    return lines + [((f"     {part}", "muted"),) for part in wrap(says, room) if part]


def _seats(asked: Asked, glyphs: Glyphs, room: int) -> list[Line]:
    """Who signed, and who is needed; the one who looks is ``you``."""
    lines: list[Line] = []
    for n, each in enumerate(asked.decisions):
        lines += _signed(each, "  have  " if n == 0 else "        ", asked.me, glyphs, room)
    if asked.state == "open":
        for n, need in enumerate(asked.needs):
            who = ", ".join(_you(name, asked.me) for name in need.who.split(", ")) if need.who else ""
            words = wrap(f"{need.what}{f': {who}' if who else '; nobody holds such a role'}", room - 10)
            head = "  need  " if n == 0 else "        "
            lines.append(((head, "muted"), (f"{glyphs.wait} ", "wait"), (words[0], "")))
            lines += [((" " * 10 + part, ""),) for part in words[1:]]
    return lines


def _signed(each: Verdict, head: str, me: str, glyphs: Glyphs, room: int) -> list[Line]:
    sign: Run = (f"{glyphs.ok} ", "ok") if each.verdict == "approve" else (f"{glyphs.bad} ", "bad")
    words = {"approve": "approved", "change": "changes asked for"}.get(each.verdict, "rejected")
    if each.revoked is not None:
        sign, words = (f"{glyphs.bad} ", "bad"), f"{words}, and revoked by event {each.revoked:,},"
    said = f"{words} by {_you(each.signer, me)}, as {each.role}"
    lines: list[Line] = [((head, "muted"), sign, (said, ""), (f"  event {each.seq:,}", "muted"))]
    return lines + [((f"          {part}", "muted"),) for part in wrap(each.reason, room - 10) if part]


def _you(name: str, me: str) -> str:
    return f"{name} (you)" if me and name == me else name


def _evidence(asked: Asked, glyphs: Glyphs, room: int) -> list[Line]:
    attached = f"  {asked.attached:,} attached" if asked.attached else ""
    lines: list[Line] = [(), ((" EVIDENCE ", "heading"), ("[v]", "key"), (attached, "muted"))]
    for proof in asked.evidence:
        good = proof.state == "as frozen"
        sign: Run = (f"  {glyphs.ok if good else glyphs.bad} {proof.state}  ", "ok" if good else "bad")
        lines.append((sign, (proof.ref, ""), (f"  {proof.title}" if proof.title else "", "muted")))
        lines.append(((f"    {middle(proof.sha256, room - 4)}", "muted"),))
    if not asked.evidence:
        lines.append((("  none was frozen with the request", "muted"),))
    return lines
