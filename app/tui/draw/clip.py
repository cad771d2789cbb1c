"""Text at a known width in terminal cells. The only door by which recorded text reaches the screen.

Whatever others recorded (control characters, direction overrides, zero-width joiners, 60-kB names, emoji, wide and
combining characters) passes :func:`safe` before it is measured, so it can neither break a line nor forge one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, split_graphemes

ELLIPSIS = "…"
LONGEST = 4096
"""Characters looked at of any one text. No screen is wider, and a 60-kB name should cost no more than a short one."""


def safe(text: str) -> str:
    """The text with every character that acts on the terminal, or hides, made visible, on one line."""
    if text.isascii() and text.isprintable():
        return text if len(text) <= LONGEST else text[:LONGEST] + ELLIPSIS
    return _escaped(text if len(text) <= LONGEST else text[:LONGEST] + ELLIPSIS)


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    from ledger.format.text import visible

    # Terminals disagree about how wide signs become by a variation selector, or joined; without these they agree.
    return visible(text).replace("\ufe0e", "").replace("\ufe0f", "").replace("\u200d", "\\u{200d}")


def titled(text: str, cells: int = 120) -> str:
    """Recorded text as a pane's title, where the toolkit would read markup."""
    return clip(text, cells).replace("[", "\\[")


def width(text: str) -> int:
    """How many cells the text takes in a terminal."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, cells: int, mark: str = ELLIPSIS) -> str:
    """The text, escaped, in at most ``cells`` cells; ``mark`` shows that something was cut. Never half a wide
    character."""
    text = safe(text)
    if cells <= 0:
        return ""
    if width(text) <= cells:
        return text
    room = cells - width(mark)
    if room < 0:
        return ""
    if text.isascii():
        return text[:room] + mark
    spans, _ = split_graphemes(text)
    end = 0
    for _, stop, size in spans:
        if size > room:
            break
        room, end = room - size, stop
    return text[:end] + mark


def middle(text: str, cells: int, mark: str = ELLIPSIS, tail: int = 0) -> str:
    """The text, escaped, in at most ``cells`` cells, cut in its middle: for hashes and names whose end tells them
    apart.

    ``tail`` is how much of the end stays; half where 0.
    """
    text = safe(text)
    if width(text) <= cells:
        return text
    if not text.isascii() or cells < tail + 5:
        return clip(text, cells, mark)
    tail = tail or cells - cells // 2 - width(mark)
    head = cells - tail - width(mark)
    return text[:head] + mark + text[len(text) - tail :]


def fit(text: str, cells: int, align: Literal["left", "right", "centre"] = "left", mark: str = ELLIPSIS) -> str:
    """The text, escaped, in exactly ``cells`` cells."""
    text = clip(text, cells, mark)
    blank = max(cells, 0) - width(text)
    if align == "right":
        return " " * blank + text
    if align == "centre":
        return " " * (blank // 2) + text + " " * (blank - blank // 2)
    return text + " " * blank


def wrap(text: str, cells: int, rows: int = 1_000) -> list[str]:
    """The text, escaped, broken at blanks (or inside a word longer than the line) into at most ``rows`` lines of
    ``cells`` cells."""
    lines: list[str] = []
    current, size = "", 0
    for word in safe(text).split(" "):
        span = width(word)
        if current and size + 1 + span <= cells:
            current, size = f"{current} {word}", size + 1 + span
            continue
        if current:
            lines.append(current)
        while span > cells > 1:
            piece = clip(word, cells, "")
            if not piece:
                break
            lines.append(piece)
            word = word[len(piece) :]
            span = width(word)
        current, size = word, span
    lines.append(current)
    if len(lines) > rows:
        lines = lines[: max(rows, 0)]
        if lines:
            lines[-1] = clip(lines[-1], cells - 1, "") + ELLIPSIS
    return lines


_PLAIN = {
    "…": "~", "—": "-", "–": "-", "·": ".", "“": '"', "”": '"', "×": "x", "╌": "-", "┊": ":", "←": "<", "→": ">", "↑": "^",
    "↓": "v", "⏎": "E", "⌫": "B",
}  # fmt: skip


def to_ascii(text: str) -> str:
    """The text for a terminal without UTF-8, just as wide: signs by the nearest of ASCII, all else by ``?``."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() else _PLAIN.get(sign, "?" * width(sign)) for sign in text)
