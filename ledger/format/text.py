"""Recorded text made safe to draw: what a terminal would obey, hide or reorder becomes visible instead."""

from __future__ import annotations

import re
from functools import cache

# Everything that moves the cursor, hides, or reorders what stands around it:
_HIDDEN = (
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 (ESC among them), DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"  # soft hyphen, joiner, Arabic mark, fillers, inherent vowels
    "\u180b-\u180f"  # Mongolian variation selectors and vowel separator
    "\u200b-\u200f"  # zero-width space and joiners, direction marks
    "\u2028-\u202e"  # line and paragraph separator, embeddings and overrides
    "\u2060-\u206f"  # word joiner, invisible operators, isolates, deprecated format characters
    "\u3164\ufeff\uffa0\ufff0-\ufffb"  # fillers, byte order mark, specials, interlinear annotations
    "\ud800-\udfff"  # lone surrogates: a str holds pairs as one character
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags, and the rest of the ignorable plane
    "\ufffe\uffff"  # no characters
    "]"
)

_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_SKIN = "\U0001f3fb-\U0001f3ff"
# Inside an emoji these are not hidden text but part of the picture: one selector after it, a joiner between two.
_JOINED = f"[0-9#*]\ufe0f\u20e3|[{_EMOJI}][\ufe0f{_SKIN}]?(?:\u200d[{_EMOJI}][\ufe0f{_SKIN}]?)*"


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    """Compiled when first needed: most text is plain, and compiling costs a command's start as much as a module does."""
    return re.compile(expression)


def visible(text: str, *, newline: bool = False) -> str:
    r"""Return ``text`` with every control, bidirectional, invisible or unpaired character spelled ``\u{202e}``.

    Ordinary text in any script, combining marks and emoji sequences stay as they are. The result holds no character
    that a terminal obeys, and no lone surrogate, so it can be encoded.

    :param newline: keep line feeds, where the caller lays out several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    parts: list[str] = []
    end = 0
    for emoji in _pattern(_JOINED).finditer(text):
        parts.append(_escape(text[end : emoji.start()], newline))
        parts.append(emoji[0] if len(emoji[0]) > 1 else _escape(emoji[0], newline))
        end = emoji.end()
    parts.append(_escape(text[end:], newline))
    return "".join(parts)


def _escape(text: str, newline: bool) -> str:
    def spell(match: re.Match[str]) -> str:
        character = match[0]
        return character if newline and character == "\n" else f"\\u{{{ord(character):x}}}"

    return _pattern(_HIDDEN).sub(spell, text)
