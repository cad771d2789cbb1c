"""The two sets of signs: Unicode, and ASCII for terminals without UTF-8. Every sign of a set is one cell wide."""

from __future__ import annotations

from dataclasses import dataclass

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8

_BOX = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
_ROUND = " ╵╶╰╷│╭├╴╯─┴╮┤┬┼"
_ASCII = " |-+||++-+-+++++"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. ``box`` is indexed by the sum of the directions that leave the cell."""

    name: str
    box: str
    focus: str
    impact: str
    alert: str
    other: str
    arrow: str
    back: str
    ellipsis: str
    spark: str
    playhead: str
    bar: str
    full: str
    held: str
    rest: str
    doing: str
    todo: str
    broken: str
    ok: str
    bad: str
    warn: str
    wait: str
    pointer: str
    dot: str
    up: str
    down: str


UNICODE = Glyphs(
    name="unicode", box=_ROUND, focus="◆", impact="●", alert="▲", other="○", arrow="▸", back="◂", ellipsis="…",
    spark=" ▁▂▃▄▅▆▇█", playhead="┃", bar="▐", full="█", held="▇", rest="░", doing="▒", todo="·", broken="X",
    ok="✓", bad="✗", warn="!", wait="◷", pointer="▸", dot="·", up="↑", down="↓",
)  # fmt: skip

ASCII = Glyphs(
    name="ascii", box=_ASCII, focus="@", impact="*", alert="!", other="o", arrow=">", back="<", ellipsis="~",
    spark=" .:-=+*#@", playhead="|", bar="|", full="#", held="#", rest="-", doing="+", todo=".", broken="X",
    ok="v", bad="x", warn="!", wait="~", pointer=">", dot=".", up="^", down="v",
)  # fmt: skip


def chosen(encoding: str | None) -> Glyphs:
    """The set for a terminal of this encoding (``sys.stdout.encoding``): Unicode for UTF-8, else ASCII."""
    return UNICODE if (encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf16"} else ASCII
