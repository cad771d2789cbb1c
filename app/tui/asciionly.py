"""Where the terminal has no UTF-8: whatever the toolkit draws by itself, such as the ends of a scrollbar, is ASCII too."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from app.tui.draw.clip import to_ascii

_BARS = str.maketrans({**dict.fromkeys("▁▂▃▄▅▆▇▉▊▋▌▍▎▏", " "), "█": "#", "⏎": "E", "⌫": "B"})
"""A scrollbar's thumb ends in a part of a cell; its cells are told by their background."""


class AsciiOnly(LineFilter):
    """Every sign by the nearest of ASCII, just as wide."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with no other signs."""
        return [
            each if each.text.isascii() else Segment(to_ascii(each.text.translate(_BARS)), each.style, each.control)
            for each in segments
        ]
