"""The two sets of signs: Unicode, and ASCII for terminals without UTF-8. Every sign of a set is one cell wide."""

from __future__ import annotations

from collections.abc import Mapping
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


def chosen(encoding: str | None, environ: Mapping[str, str] | None = None) -> Glyphs:
    """The set for a terminal: Unicode where its locale says UTF-8, else ASCII.

    Args:
        encoding: ``sys.stdout.encoding``, which decides where the environment names no locale. Python itself writes UTF-8
            in the locale ``C``, whatever the terminal can show, so it is asked last.
        environ: the environment; of ``LC_ALL``, ``LC_CTYPE`` and ``LANG`` the first that is set names the locale.
    """
    named = next((word for name in ("LC_ALL", "LC_CTYPE", "LANG") if (word := (environ or {}).get(name))), "")
    if named in ("C", "POSIX"):
        return ASCII
    charset = named.partition("@")[0].partition(".")[2]
    plain = (charset or encoding or "").lower().replace("-", "").replace("_", "")
    return UNICODE if plain in {"utf8", "utf16"} else ASCII
