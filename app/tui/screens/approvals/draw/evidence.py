"""Evidence: the list of what there is, with whether its bytes are those recorded; and what one piece says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.tui.draw.clip import safe, width, wrap
from app.tui.draw.glyphs import NORTH, SOUTH, UNICODE, Glyphs
from app.tui.draw.picture import Line, Run, fitted
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column, table

if TYPE_CHECKING:
    from app.tui.screens.approvals.queries.contents import Content
    from app.tui.screens.approvals.queries.evidence import Piece

COLUMNS = (
    Column("", least=9),
    Column("", least=8, most=18, rank=1),
    Column("", least=20),
    Column("", "right", least=6, rank=2),
)
CELL = 28
"""The widest cell of a table."""


def listing(pieces: Sequence[Piece], found: Mapping[str, Content], glyphs: Glyphs = UNICODE) -> list[Section]:
    """The pieces by heap; ``found`` has what was looked at already, by digest."""
    heaps = dict.fromkeys(piece.heap for piece in pieces)

    def row(n: int, piece: Piece) -> Row:
        content = found.get(piece.digest)
        size = piece.size if content is None or content.size is None else content.size
        cells = (state(piece, content, glyphs), (piece.kind, "muted"), (piece.title, ""), (_bytes(size), "muted"))
        return Row(cells, n)

    return [
        Section(
            heap, COLUMNS, tuple(row(n, piece) for n, piece in enumerate(pieces) if piece.heap == heap), counted=False
        )
        for heap in heaps
    ]


def state(piece: Piece, content: Content | None, glyphs: Glyphs = UNICODE) -> Run:
    """In two words how a piece stands: against the registry first, then against its bytes."""
    if piece.frozen in ("differs", "unknown"):
        return (f"{glyphs.bad} {'registry differs' if piece.frozen == 'differs' else 'not registered'}", "bad")
    if piece.passed is not None:
        return (f"{glyphs.ok} passed", "ok") if piece.passed else (f"{glyphs.bad} failed", "bad")
    if not piece.digest:
        return (f"{glyphs.dot} recorded", "muted")
    if content is None:
        return (f"{glyphs.doing} hashing", "muted")
    return {
        "match": (f"{glyphs.ok} bytes match", "ok"),
        "differ": (f"{glyphs.bad} bytes differ", "bad"),
        "absent": (f"{glyphs.bad} absent", "bad"),
    }.get(content.state, (f"{glyphs.warn} not read", "warn"))


def piece(piece: Piece, content: Content | None, cells: int, glyphs: Glyphs = UNICODE) -> tuple[Line, ...]:
    """One piece whole: what it is, whether its bytes are those recorded, how to get it, and what it says."""
    room = max(cells - 2, 10)
    lines: list[Line] = [((f" {part}", "title"),) for part in wrap(piece.title, room)]
    if piece.digest:
        lines += [((f" {part}", "muted"),) for part in wrap(piece.digest, room)]
    says, style = state(piece, content, glyphs)
    form = ", ".join(
        part
        for part in (piece.kind, piece.media_type, _bytes(content.size if content else piece.size, "bytes"))
        if part
    )
    lines.append(((f" {says}", style), (f"  {form}", "muted")))
    if content is not None and content.says:
        lines += [((f" {part}", style),) for part in wrap(content.says, room)]
    lines += [((f" {part}", "muted"),) for part in wrap(_way(piece), room)]
    lines.append(())
    if content is not None:
        lines += _said(content, room, glyphs)
    return tuple(fitted(tuple((safe(text), style) for text, style in line), cells) for line in lines)


def _way(piece: Piece) -> str:
    """How to get at all of it."""
    if piece.opens.startswith("event/"):
        attached = "; its file is kept under the digest" if piece.digest else ""
        return f"enter opens event {piece.opens.partition('/')[2]}{attached}"
    if piece.opens.startswith("run/"):
        return f"enter opens it; `assay runs show {piece.opens.partition('/')[2]}` tells it whole"
    return f"enter opens its lineage; `assay artifact restore {piece.opens} FILE` writes a verified copy"


def _said(content: Content, room: int, glyphs: Glyphs) -> list[Line]:
    """What it says, behind a rule of its own: no line of it can pass for one of ours."""
    heads = {
        "html": "A page, its text alone: tags, scripts and styles are left out.",
        "json": "JSON, a member to a line.",
        "directory": "A folder; its files:",
    }
    if content.kind == "binary":
        return [((" not text; restore it, and open it with what made it", "muted"),)]
    lines: list[Line] = [((f" {heads[content.kind]}", "muted"),), ()] if content.kind in heads else []
    rule: Run = (f" {glyphs.box[NORTH + SOUTH]} ", "faint")
    if content.rows:
        lines += [(rule, *line) for line in _table(content.rows, room - 3)]
    for line in content.lines:
        lines += [(rule, (part, "")) for part in broken(line, room - 3)]
    if content.cut:
        lines += [(), ((f" {glyphs.ellipsis} there is more of it than is shown here", "warn"),)]
    return lines


def broken(text: str, cells: int) -> list[str]:
    """A line over as many as it takes; its indentation stays on the first."""
    shown = safe(text)
    if width(shown) <= cells:
        return [shown]
    bare = shown.lstrip(" ")
    indent = min(len(shown) - len(bare), cells // 2)
    return [(" " * indent if n == 0 else " " * min(indent + 2, cells // 2)) + part
            for n, part in enumerate(wrap(bare, max(cells - indent - 2, 8)))]  # fmt: skip


def _table(rows: Sequence[Sequence[str]], room: int) -> list[Line]:
    """A table's rows in columns, the first of them the heading; of many columns those that have room."""
    count = max(len(row) for row in rows)
    shown = min(count, max(room // 8, 1))
    columns = tuple(
        Column(rows[0][n] if n < len(rows[0]) else "", least=4, most=CELL, rank=0 if n == 0 else n)
        for n in range(shown)
    )
    body = [tuple((row[n] if n < len(row) else "", "") for n in range(shown)) for row in rows[1:]]
    lines: list[Line] = list(table(columns, body, room))
    if shown < count:
        lines.append(((f"{shown} of {count} columns", "muted"),))
    return lines


def _bytes(size: int | None, unit: str = "B") -> str:
    if size is None:
        return ""
    if size < 10_000:
        return f"{size:,} {unit}"
    for limit, divisor, name in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if size < limit:
            return f"{size / divisor:,.1f} {name}"
    return f"{size / 1e9:,.1f} GB"
