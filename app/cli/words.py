"""Words on a terminal: an answer as text or as one document, painted only where somebody sees the paint."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from app.actions.answers import Answer, Line, width
from ledger.format.text import visible

_PAINT = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "open": "36",
    "live": "35",
    "quiet": "2",
    "title": "1",
    "dim": "2",
}

_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "○": "o",
        "●": "*",
        "·": "-",
        "—": "-",
        "…": "...",
        "→": "->",
        "←": "<-",
        "▸": ">",
        "│": "|",
        "├": "|",
        "└": "`",
        "─": "-",
        "━": "=",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "±": "+/-",
    }
)

_REDRAWS_PER_SECOND = 8
_BAR = 24
_STEP = 0.01


def paints(stream: TextIO, environ: Mapping[str, str] = os.environ, *, plain: bool = False) -> bool:
    """Whether colour belongs on ``stream``: a terminal that has it, and nobody said no (https://no-color.org)."""
    return not plain and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb" and stream.isatty()


def show(answer: Answer, *, as_json: bool, plain: bool) -> None:
    """Print an answer on standard output."""
    if as_json:
        sys.stdout.write(document(answer.document) + "\n")
    elif answer.raw is not None:
        sys.stdout.write(answer.raw)
    else:
        colour = paints(sys.stdout, plain=plain)
        for line in answer.lines:
            sys.stdout.write(spell(paint(line) if colour else line, sys.stdout) + "\n")
    sys.stdout.flush()


def document(content: dict[str, Any]) -> str:
    """A JSON document as text; all but ASCII is escaped, so that it is safe on any terminal."""
    import json

    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f")


def paint(line: str) -> str:
    """A line with its roles as colours; colours end where their part ends."""
    if not isinstance(line, Line):
        return line
    drawn, end = "", 0
    for start, stop, role in line.spans:
        drawn += f"{line[end:start]}\x1b[{_PAINT[role]}m{line[start:stop]}\x1b[0m"
        end = stop
    return drawn + line[end:]


def spell(text: str, stream: TextIO) -> str:
    """``text`` as the stream's encoding can say it: signs become ASCII where it has none, the rest escapes."""
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return str(text).translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text


def complain(message: str, details: tuple[str, ...] = ()) -> None:
    """Print an error on standard error: one line, and the lines of what is missing."""
    for line in (f"assay: {visible(message)}", *(f"  {visible(detail)}" for detail in details)):
        sys.stderr.write(spell(line, sys.stderr) + "\n")
    sys.stderr.flush()


def note(message: str) -> None:
    """Print a remark on standard error."""
    sys.stderr.write(spell(visible(message), sys.stderr) + "\n")
    sys.stderr.flush()


class Progress:
    """A line on a terminal's standard error that says how far a long work is; it draws nothing anywhere else."""

    def __init__(self, *, quiet: bool) -> None:
        self._draws = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._drawn_at = 0.0
        self._drawn = 0.0
        self._began = time.monotonic()
        self._first: float | None = None
        self._shown = ""

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Say that ``done`` of ``total`` are done; ``None`` where the total is unknown."""
        if not self._draws:
            return
        now = time.monotonic()
        share = min(1.0, done / total) if total else 0.0
        # A long step may follow a short one: what is much further on is drawn at once, but for the end.
        if now - self._drawn_at < 1 / _REDRAWS_PER_SECOND and not self._drawn + _STEP <= share < 1:
            return
        self._drawn_at, self._drawn = now, share
        self._shown = self._line(done, total, text, now - self._began)
        self._draw(self._shown)

    def above(self, sentence: str) -> None:
        """Print a sentence, which stays; the line of progress moves below it."""
        wipe, below = ("\r\x1b[K", self._shown) if self._shown else ("", "")
        sys.stderr.write(f"{wipe}{spell(visible(sentence), sys.stderr)}\n{spell(below, sys.stderr)}")
        sys.stderr.flush()

    def close(self) -> None:
        """Wipe the line."""
        if self._shown:
            self._shown = ""
            self._draw("")

    def _draw(self, line: str) -> None:
        sys.stderr.write(f"\r\x1b[K{spell(line, sys.stderr)}")
        sys.stderr.flush()

    def _line(self, done: int, total: int | None, text: str, seconds: float) -> str:
        """The line, cut to the terminal's width: one that wrapped could not be wiped."""
        said = spell(visible(text), sys.stderr)
        if not total:
            return _cut(f"{said}  {done:,}", _columns())
        share = min(1.0, done / total)
        # A work that goes on where it was left has begun further on.
        self._first = share if self._first is None else self._first
        gone = share - self._first
        bar = "━" * round(_BAR * share)
        left = f"  {seconds * (1 - share) / gone:.0f} s left" if gone > 0 and share < 1 and seconds > 1 else ""
        head = f"{bar:<{_BAR}} {share:4.0%}  "
        return head + _cut(said, _columns() - len(head) - len(left)) + left


def _columns() -> int:
    """How many columns a line of progress may take."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns - 1
    except (OSError, ValueError):
        return 79


def _cut(text: str, columns: int) -> str:
    """``text``, cut so that it takes at most so many columns."""
    while width(text) > max(columns, 0):
        text = text[:-1]
    return text
