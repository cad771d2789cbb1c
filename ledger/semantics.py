"""What a ledger's journal is handed: the rules that guard, the folds that fill, the vocabulary that types, the clock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger import rules
from ledger.errors import InputError, Refused
from ledger.events.vocabulary import Fact, typed
from ledger.format import times
from ledger.format.event import Event
from ledger.projections import folding
from ledger.projections.view import View


class Semantics:
    """What events mean, for a journal that knows neither rules nor projections."""

    def __init__(self, clock: str) -> None:
        """Args: ``system`` or ``simulated``."""
        self._simulated = clock == "simulated"

    def guarded(self, event_type: str) -> bool:
        """Whether a rule speaks of events of this type."""
        return event_type in rules.RULES

    def check(self, connection: sqlite3.Connection, event: Event) -> None:
        """Raise Refused, with all that is missing, where a rule forbids the event after all that came before it."""
        gaps = rules.check(View(connection, event.seq - 1), event)
        if gaps:
            raise Refused(f"refused: {'; '.join(gap.what for gap in gaps)}", tuple(gaps))

    def fold(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Insert the projection rows of the events."""
        folding.fold(connection, events)

    def stamp(self, last: str | None, moment: str | None) -> str:
        """The ``at`` of the next event (FORMAT §1), given the last one's and what the writer handed in."""
        if not self._simulated:
            now = times.format_ns(time.time_ns())
            return now if last is None or last < now else last
        if last is None:
            return moment or times.format_time(datetime.now(UTC))
        following = times.format_time(times.parse_time(last) + timedelta(seconds=1))
        return max(moment, following) if moment else following


def described(fact: Fact, subject: str | None, project: str | None) -> tuple[str, dict[str, Any]]:
    """An event's subject, named or settled by the fact, and its value, held against its type.

    Raises:
        InputError: neither the writer nor the fact says what it is about, or a field is of the wrong type.
    """
    about = subject or fact.about(project)
    if about is None:
        raise InputError(f"{fact.TYPE} needs a subject: say what it is about")
    value = fact.to_value()
    typed(fact.TYPE, value)  # a struct does not look at what it is made of
    return about, value
