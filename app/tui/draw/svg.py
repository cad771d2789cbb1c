"""Pictures of the screen that show alike wherever they are opened: nothing is fetched, nothing depends on the moment."""

from __future__ import annotations

import re

CELL = 12.2
"""The width of a cell in the toolkit's pictures."""

_BLANK = "&#160;"
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_UNIQUE = re.compile(r"terminal-\d+")
_TEXT = re.compile(
    r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" clip-path="([^"]*)">(.*?)</text>'
)


def self_contained(svg: str) -> str:
    """The toolkit's SVG without fonts from elsewhere, without random names, and without blanks at the ends of a text,
    which some viewers drop: what follows them is put where it belongs instead."""
    found = _TEXT.sub(lambda text: _placed(*text.groups()), _FONTS.sub("", _UNIQUE.sub("terminal", svg)))
    return "\n".join(line.rstrip() for line in found.split("\n") if line.strip()) + "\n"


def _placed(style: str, x: str, y: str, length: str, clip: str, text: str) -> str:
    before = _blanks(text)
    if before * len(_BLANK) == len(text):
        return ""
    after = _blanks(text, last=True)
    kept = text[before * len(_BLANK) : len(text) - after * len(_BLANK)]
    start, room = float(x) + before * CELL, float(length) - (before + after) * CELL
    return f'<text class="{style}" x="{start:.6g}" y="{y}" textLength="{room:.6g}" clip-path="{clip}">{kept}</text>'


def _blanks(text: str, *, last: bool = False) -> int:
    count = 0
    while text and (text.endswith(_BLANK) if last else text.startswith(_BLANK)):
        text = text[: -len(_BLANK)] if last else text[len(_BLANK) :]
        count += 1
    return count
