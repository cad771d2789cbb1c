"""Progress as a bar, with how much, how fast and how long still."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from app.tui.draw.clip import fit
from app.tui.draw.glyphs import UNICODE, Glyphs
from app.tui.draw.picture import Line, fitted


def bar(done: float, total: float, cells: int, glyphs: Glyphs = UNICODE, style: str = "bar") -> Line:
    """A bar of exactly ``cells`` cells. Full only when all is done, empty only when nothing is."""
    if cells <= 0:
        return ()
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    full = int(share * cells)
    if share > 0 and full == 0 and cells > 1:
        full = 1
    return ((glyphs.full * full, style), (glyphs.rest * (cells - full), "bar.rest"))


def sparkline(values: Sequence[float], glyphs: Glyphs = UNICODE) -> str:
    """One sign per value, from the lowest to the highest of them; all alike are in the middle. What is no number is
    a blank."""
    finite = [value for value in values if isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    levels = len(glyphs.spark) - 2
    span = high - low

    def sign(value: float) -> str:
        if not isfinite(value):
            return " "
        return glyphs.spark[1 + (round((value - low) / span * levels) if span > 0 else levels // 2)]

    return "".join(sign(value) for value in values)


def progress(
    label: str, done: int, total: int, cells: int, *, seconds: float = 0.0, glyphs: Glyphs = UNICODE, style: str = "bar"
) -> Line:
    """``label  ████░░  66%  692,104 / 1,048,576  412k/s  0:04 left``, in exactly ``cells`` cells."""
    percent = f"{int(100 * done / total) if total > 0 else 0:>4}%"
    count = f"  {done:,} / {total:,}"
    pace = ""
    if 0 < done < total and seconds > 0.2:
        rate = done / seconds
        pace = f"  {short(rate)}/s  {clock((total - done) / rate)} left"
    elif total and done >= total:
        pace = f"  {glyphs.ok} {clock(seconds)}" if seconds else f"  {glyphs.ok}"
    name = fit(label, 14)
    room = cells - len(name) - len(percent) - len(count) - len(pace)
    if room < 6:
        count = ""
        room = cells - len(name) - len(percent) - len(pace)
    if room < 6:
        pace, room = "", cells - len(name) - len(percent)
    return fitted(((name, ""), *bar(done, total, room, glyphs, style), (percent, ""), (count + pace, "muted")), cells)


def clock(seconds: float) -> str:
    """``0:04``, ``12:30``, ``1:02:03``."""
    whole = int(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def short(number: float) -> str:
    """A count in at most five characters: ``812``, ``6.1k``, ``412k``, ``1.2M``."""
    for limit, divisor, unit in ((1e3, 1, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M")):
        if number < limit:
            scaled = number / divisor
            return f"{scaled:.1f}{unit}" if unit and scaled < 10 else f"{scaled:.0f}{unit}"
    return f"{number / 1e9:.1f}G"
