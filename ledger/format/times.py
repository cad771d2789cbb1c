"""Moments as the format writes them: RFC 3339, UTC, six fraction digits, ``Z``; so text order is time order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from ledger.format.errors import FormatError

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)


def format_time(moment: datetime) -> str:
    """Return an aware datetime as ``2026-01-02T03:04:05.000000Z``.

    :raises FormatError: if it has no time zone: a naive one names no moment.
    """
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise FormatError(f"{moment.isoformat()} has no time zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def format_ns(moment: int) -> str:
    """Return a moment in nanoseconds since 1970, as ``time.time_ns`` gives it, in the same form; what is finer is cut off."""
    seconds, rest = divmod(moment, 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    """Remembered: many events are recorded within a second."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def parse_time(text: str) -> datetime:
    """Return the aware UTC datetime that ``format_time`` wrote.

    :raises FormatError: for any other spelling, and for a day or minute that does not exist.
    """
    if isinstance(text, str) and _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise FormatError(f"time {text}: {error}") from error
    raise FormatError(f"time {ascii(text)[:80]}: want the form 2026-01-02T03:04:05.000000Z")
