"""Days as a command line spells them."""

from __future__ import annotations

from datetime import date

from ledger.errors import InputError


def day(text: str, what: str) -> str:
    """``text``, where it is a day.

    Args:
        text: what was given.
        what: what it is for, such as ``--until``.

    Raises:
        InputError: it is no day, or not spelled as one.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise InputError(f"{what} {text!r} is no day; write it as 2009-06-30")
    return text
