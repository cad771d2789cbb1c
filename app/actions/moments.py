"""Moments: what time it is for a view, and times to come as people write them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ledger.errors import InputError
from ledger.format import times

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.projections.view import View

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def present(view: View) -> str:
    """The moment by which things expire as of a view.

    For the present of a ledger on the system's clock that is the wall clock's; for the past, and under a simulated clock,
    the last event's ``at``.
    """
    row = view.row("SELECT at, (SELECT max(seq) FROM events) FROM events WHERE seq = :at")
    if row is None:
        return ""
    last, newest = str(row[0]), int(row[1])
    first = view.row("SELECT body FROM events WHERE seq = 0")
    if view.at < newest or json.loads(first[0])["value"]["clock"] != "system":
        return last
    return max(last, times.format_time(datetime.now(UTC)))


def until(ledger: Ledger, text: str, what: str) -> str:
    """A moment to come: a time from now (``36h``, ``2d``), a day (its end) or a moment.

    Raises:
        InputError: it cannot be read, or is over.
    """
    now = times.parse_time(ledger.now())
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text, re.ASCII)
    try:
        if match:
            moment = now + timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        elif len(text) == len("2026-12-31"):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            moment = day + timedelta(days=1) - timedelta(microseconds=1)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{what} {text!r} is no time; write 36h, 2d, a day as 2026-12-31, or a moment") from None
    if moment <= now:
        raise InputError(f"{what} {text} is over; it is {times.format_time(now)[:16].replace('T', ' ')} in this ledger")
    return times.format_time(moment)
