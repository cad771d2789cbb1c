"""What every drawing returns: lines made of runs of text, each with the name of a style and never with a colour.

A style's name says what a thing *is* (``alert``, ``ok``, ``edge``); :mod:`app.tui.theme` says how that looks. So a
golden
picture compares words and glyphs, and a theme, ``NO_COLOR`` or another output changes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.tui.draw.clip import clip, width

Run = tuple[str, str]
"""Text, and the name of its style (``""`` is plain text)."""

Line = tuple[Run, ...]
Picture = tuple[Line, ...]


def plain(lines: Iterable[Line]) -> str:
    """The words and glyphs alone, one line of text per line, trailing blanks removed."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def measure(line: Line) -> int:
    """How many terminal cells the line takes."""
    return sum(width(text) for text, _ in line)


def fitted(line: Line, cells: int, style: str = "") -> Line:
    """The line at exactly ``cells`` cells: cut with an ellipsis where too long, filled with blanks of ``style`` where
    short."""
    if cells <= 0:
        return ()
    room, runs = cells, []
    total = measure(line)
    for text, name in line:
        size = width(text)
        if size < room or (size == room and total <= cells):
            runs.append((text, name))
            room -= size
            continue
        cut = clip(text if size > room else text + "  ", room)
        runs.append((cut, name))
        room -= width(cut)
        break
    if room:
        runs.append((" " * room, style))
    return tuple(runs)


def framed(lines: Iterable[Line], cells: int, rows: int) -> Picture:
    """Exactly ``rows`` lines of exactly ``cells`` cells: what is too much is left off, what is missing is blank."""
    picture = [fitted(line, cells) for line in lines][: max(rows, 0)]
    picture.extend([((" " * cells, ""),)] * (rows - len(picture)))
    return tuple(picture)


def restyled(line: Line, style: str) -> Line:
    """The same text in one style."""
    return tuple((text, style) for text, _ in line)
