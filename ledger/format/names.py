"""Names inside events: a charset that JSON never escapes, and percent-encoding for names from outside."""

from __future__ import annotations

import re
from functools import lru_cache

from ledger.format.errors import FormatError

_NAME = re.compile(r"[A-Za-z0-9._:/@+%-]+", re.ASCII)
_ORIGIN = re.compile(r"[A-Za-z0-9._:/@-]{1,255}", re.ASCII)
_QUOTED = re.compile(r"(?:[A-Za-z0-9._:/@+-]|%[0-9A-Fa-f]{2})*", re.ASCII)


def check_name(text: str, what: str) -> str:
    """Return ``text``, an event's actor, project, subject or type, as it is.

    :param what: what the name is of, for the error.
    :raises FormatError: if it is empty or holds anything but ``A-Z a-z 0-9 . _ : / @ + - %``.
    """
    if not isinstance(text, str) or not _is_name(text):
        raise FormatError(f"{what} {_shown(text)}: want a name of A-Z a-z 0-9 . _ : / @ + - %")
    return text


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    """Remembered: a ledger's events bear few names, again and again."""
    return _NAME.fullmatch(text) is not None


def check_origin(text: str) -> str:
    """Return ``text``, a ledger's global name, as it is.

    :raises FormatError: if it is not 1 to 255 of ``A-Z a-z 0-9 . _ : / @ -``.
    """
    if not isinstance(text, str) or not _ORIGIN.fullmatch(text):
        raise FormatError(f"origin {_shown(text)}: want 1 to 255 of A-Z a-z 0-9 . _ : / @ -")
    return text


def quote(text: str) -> str:
    """Return one part of a name from outside as percent-encoded UTF-8; separators (``/ @ :``) are encoded too.

    :raises FormatError: if it holds a lone surrogate.
    """
    try:
        from urllib.parse import quote_from_bytes  # few commands quote, and its import takes long

        return quote_from_bytes(text.encode("utf-8"), safe="+").replace("~", "%7E")
    except UnicodeEncodeError as error:
        raise FormatError(f"name {_shown(text)}: a lone surrogate has no UTF-8") from error


def unquote(text: str) -> str:
    """Return what ``quote`` was given; other names come back as they are.

    :raises FormatError: if it is no name, holds an incomplete escape, or escapes what is not UTF-8.
    """
    if not _QUOTED.fullmatch(text):
        raise FormatError(f"name {_shown(text)}: not percent-encoded")
    try:
        from urllib.parse import unquote_to_bytes

        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"name {_shown(text)}: its escapes are not UTF-8") from error


def _shown(text: object) -> str:
    """For an error: escaped, and not longer than a line."""
    shown = ascii(text)
    return shown if len(shown) <= 80 else shown[:79] + "…"
