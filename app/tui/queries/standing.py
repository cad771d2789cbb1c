"""What every screen shows around its own matter: the ledger's name, size and head, what was verified, events per
day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from ledger.projections.view import View


@dataclass(frozen=True, slots=True)
class Standing:
    """The ledger as of the shown event: ``at`` is its seq, ``size`` the size of the whole log."""

    origin: str
    clock: str
    size: int
    at: int
    at_time: str
    head: str
    verified: tuple[int, bool, str] | None
    witnessed: int | None
    checkpoint: int | None
    days: tuple[tuple[str, int], ...]
    suspicion: str = ""
    """What is seen to be wrong with the record without verifying it; see :mod:`app.tui.queries.soundness`."""

    @property
    def simulated(self) -> bool:
        """Whether the ledger tells a story in its own time."""
        return self.clock == "simulated"


class Memory:
    """What was found in the log once and need not be looked for again: where each day ends, which events say
    verified. Workers share it, so it answers one at a time."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._ends: list[tuple[str, int]] = []
        self._counts: tuple[tuple[str, int], ...] = ()
        self._size = 0
        self._verified: list[tuple[int, bool, str]] = []
        self._witnessed: list[tuple[int, int]] = []
        self._looked = 0

    @property
    def counted(self) -> bool:
        """Whether the days were counted once, so that counting on is quick."""
        return self._size > 0

    def verified(self, view: View, origin: str, size: int) -> tuple[int, bool, str] | None:
        """The last recorded verification as of the view: (seq, whether it was intact, at)."""
        with self._guard:
            return self._last_verified(view, origin, size)

    def witnessed(self, view: View) -> int | None:
        """How many events a witness has cosigned, as of the view; asked for after :meth:`verified`."""
        with self._guard:
            return max((size for seq, size in self._witnessed if seq <= view.at), default=None)

    def _last_verified(self, view: View, origin: str, size: int) -> tuple[int, bool, str] | None:
        from ledger.format.event import decode

        if size < self._looked:
            self._verified, self._witnessed, self._looked = [], [], 0
        # By subject, because that has an index: nothing else of a log of a million events need be read.
        rows = view.connection.execute(
            "SELECT body FROM events WHERE subject = ? AND seq >= ? AND seq < ? "
            "AND type IN ('ledger.verified', 'ledger.witnessed') ORDER BY seq",
            (f"ledger/{origin}", self._looked, size),
        )
        for (body,) in rows.fetchall():
            event = decode(body)
            if event.type == "ledger.witnessed":
                self._witnessed.append((event.seq, int(event.value["size"])))
            else:
                self._verified.append((event.seq, bool(event.value["ok"]), event.at))
        self._looked = size
        return next((each for each in reversed(self._verified) if each[0] <= view.at), None)

    def days(self, connection: sqlite3.Connection, size: int) -> tuple[tuple[str, int], ...]:
        """The days with events, ascending, each with how many; ``at`` never runs backwards in a sound ledger."""
        with self._guard:
            return self._count(connection, size)

    def _count(self, connection: sqlite3.Connection, size: int) -> tuple[tuple[str, int], ...]:
        if size == self._size:
            return self._counts
        if size < self._size:
            self._ends, self._size = [], 0
        if self._ends and size > self._size:
            self._ends.pop()
        start = self._ends[-1][1] if self._ends else 0
        while start < size:
            day = _at(connection, start)[:10]
            end = _end_of(connection, day, start, size)
            self._ends.append((day, end))
            start = end
        self._size = size
        starts = [0, *(end for _, end in self._ends)]
        self._counts = tuple((day, end - begin) for (day, end), begin in zip(self._ends, starts, strict=False))
        return self._counts


def load(view: View, memory: Memory, *, with_days: bool = True) -> Standing:
    """The frame around every screen; the events per day are left out where they have to be counted first."""
    from app.tui.queries.soundness import suspicion
    from ledger.store import journal

    connection = view.connection
    size = journal.size(connection)
    first = next(journal.read(connection, 0, 1), None)
    value = first.event.value if first else {}
    head = view.row("SELECT hash, at FROM events WHERE seq = :at")
    signed = view.row("SELECT max(size) FROM checkpoints WHERE size <= :at + 1")
    return Standing(
        origin=str(value.get("origin", "")),
        clock=str(value.get("clock", "system")),
        size=size,
        at=view.at,
        at_time=head[1] if head else "",
        head=head[0].hex() if head else "",
        verified=memory.verified(view, str(value.get("origin", "")), size),
        witnessed=memory.witnessed(view),
        checkpoint=signed[0] if signed else None,
        days=memory.days(connection, size) if with_days or memory.counted else (),
        suspicion=suspicion(connection),
    )


def next_day(view: View, at: int) -> int:
    """The last event of the next day that has events after that of event ``at``."""
    from ledger.store import journal

    size = journal.size(view.connection)
    start = _end_of(view.connection, _at(view.connection, at)[:10], at, size)
    return _end_of(view.connection, _at(view.connection, start)[:10], start, size) - 1 if start < size else size - 1


def day_before(view: View, at: int) -> int:
    """The last event of the nearest earlier day with events; the first event where there is none."""
    from ledger.store import journal

    midnight = f"{_at(view.connection, at)[:10]}T00:00:00.000000Z"
    found = journal.position(view.connection, midnight)
    while found >= 0 and _at(view.connection, found) >= midnight:
        found -= 1
    return max(found, 0)


def find_time(view: View, text: str) -> int:
    """The event that the words name: a seq (``812`` or ``seq:812``), a day, or a time.

    Raises:
        InputError: they name none.
    """
    from ledger.errors import InputError
    from ledger.store import journal

    size = journal.size(view.connection)
    words = text.strip().removeprefix("seq:").replace(",", "")
    if words.isdecimal() and len(words) < 16 and len(words) != 4:
        if int(words) >= size:
            raise InputError(f"there is no event {int(words):,}; the log holds 0 to {size - 1:,}")
        return int(words)
    try:
        if len(words) == 10:
            return _by(view, words, f"{date.fromisoformat(words) + timedelta(days=1)}T00:00:00.000000Z")
        if len(words) in (4, 7):
            first = date(int(words[:4]), int(words[5:7] or 12), 1)
            return _by(view, words, f"{(first + timedelta(days=31)).replace(day=1)}T00:00:00.000000Z")
        if len(words) < 16:
            raise ValueError
        when = f"{words[:10]}T{words[11:16]}:59.999999Z" if len(words) == 16 else words.replace(" ", "T")
        date.fromisoformat(when[:10])
    except ValueError:
        raise InputError(
            f"{text!r} is no time; say 2008, 2008-09, 2008-09-17, 2008-09-17 14:30 or an event's number"
        ) from None
    return _by(view, words, when)


def _by(view: View, words: str, when: str) -> int:
    """The last event by ``when``, which is what ``words`` name.

    Raises:
        InputError: it is before the first event.
    """
    from ledger.errors import InputError
    from ledger.store import journal

    found = journal.position(view.connection, when)
    if found < 0:
        first = _at(view.connection, 0)[:16].replace("T", " ")
        raise InputError(f"nothing was recorded by {words}; the first event is of {first}")
    return found


def _at(connection: sqlite3.Connection, seq: int) -> str:
    row = connection.execute("SELECT at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", (seq,)).fetchone()
    return str(row[0]) if row else ""


def _end_of(connection: sqlite3.Connection, day: str, start: int, size: int) -> int:
    """The first event after ``day``, which event ``start`` is of: by leaps that double, then by halving."""
    low, leap = start, 1
    while low + leap < size and _at(connection, low + leap)[:10] <= day:
        low, leap = low + leap, leap * 2
    high = min(low + leap, size)
    while low + 1 < high:
        middle = (low + high) // 2
        if _at(connection, middle)[:10] <= day:
            low = middle
        else:
            high = middle
    return low + 1
