"""Words on a terminal: an answer as text or as one document, painted only where somebody sees the paint."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from app.actions.answers import Answer, Line
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
        self._began = time.monotonic()
        self._open = False

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Say that ``done`` of ``total`` are done; ``None`` where the total is unknown."""
        now = time.monotonic()
        if not self._draws or now - self._drawn_at < 1 / _REDRAWS_PER_SECOND:
            return
        self._drawn_at = now
        sys.stderr.write(f"\r\x1b[K{spell(self._line(done, total, text, now - self._began), sys.stderr)}")
        sys.stderr.flush()
        self._open = True

    def close(self) -> None:
        """Wipe the line."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._open = False

    @staticmethod
    def _line(done: int, total: int | None, text: str, seconds: float) -> str:
        said = visible(text)[:60]
        if not total:
            return f"{said}  {done:,}"
        share = min(1.0, done / total)
        bar = "━" * round(24 * share)
        left = f"  {seconds * (1 - share) / share:.0f} s left" if 0 < share < 1 and seconds > 1 else ""
        return f"{bar:<24} {share:4.0%}  {said}{left}"
