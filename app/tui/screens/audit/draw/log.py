"""The log: an event in a line, and the bar that shows which part of it is in sight."""

from __future__ import annotations

from app.tui.draw.clip import fit
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.picture import Line, fitted
from app.tui.queries.log import Entry


def entry_line(entry: Entry, cells: int, broken: bool = False, digits: int = 9) -> Line:
    """One event in a line: its number in so many cells, when, what; the least needed goes first where there is little
    room."""
    style = "bad" if broken or entry.type in ("damaged", "missing") else _STYLES.get(entry.type.partition(".")[0], "")
    runs: list[tuple[str, str]] = [(f"{'X' if broken else ' '}{entry.seq:>{digits},}  ", "bad" if broken else "muted")]
    if cells >= 60:
        runs.append((fit(entry.at[:16].replace("T", " "), 16) + "  ", "muted"))
    if cells >= 100:
        runs.append((fit(entry.type, 20) + "  ", style))
    return fitted((*runs, (entry.sentence, "" if cells >= 100 and not broken else style)), cells)


def blank_line(seq: int, cells: int, digits: int) -> Line:
    """The line of an event that is not read yet."""
    return fitted(((f" {seq:>{digits},}  ", "muted"), ("·", "faint")), cells)


_STYLES = {
    "alert": "alert", "approval": "wait", "promotion": "ok", "deployment": "ok", "gate": "wait", "run": "kind.run",
    "artifact": "kind.dataset", "alias": "kind.dataset", "ledger": "key", "key": "info", "access": "info",
    "owner": "info", "monitor": "muted", "check": "muted", "retraining": "impact", "document": "kind",
}  # fmt: skip


def pointed_at(line: Line, glyphs: Glyphs) -> Line:
    """The line under the cursor: raised, and led by a sign, for terminals without colours; one at which something is broken
    keeps its own."""
    (text, style), *rest = line
    sign = glyphs.pointer if text.startswith(" ") else text[0]
    return ((sign + text[1:], f"{style}!"), *((each, f"{name}!") for each, name in rest))


def thumb(rows: int, total: int, top: int) -> range:
    """Which of so many ``rows`` the bar marks, where ``rows`` of ``total`` lines are in sight from line ``top`` on; none where
    all are."""
    if rows <= 0 or total <= rows:
        return range(0)
    length = max(rows * rows // total, 1)
    first = round((rows - length) * min(max(top, 0), total - rows) / (total - rows))
    return range(first, first + length)


def pointed(row: int, rows: int, total: int) -> int:
    """The line that a row of the bar stands for."""
    return min(max(row, 0), rows - 1) * (total - 1) // max(rows - 1, 1)
