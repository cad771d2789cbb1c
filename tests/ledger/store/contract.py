"""What every store must do, whichever database it is: one suite, run against each of them.

A store joins by a subclass of :class:`StoreContract` whose ``place`` fixture makes an empty one.
"""

from __future__ import annotations

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import pytest

from ledger.errors import LedgerError, Refused
from ledger.format import event as events
from ledger.format import hashes
from ledger.format.errors import FormatError
from ledger.format.event import ZERO_PREV, Event
from ledger.store.journal import Draft, Recorded
from tests.ledger.format import naive


class Meaning:
    """Rules and folds of the simplest kind, for a journal that knows neither.

    Events of type ``guarded`` are refused where their value says ``refuse``; each event's fold fails where its value says
    ``break``. What was seen and folded is kept.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.folded: list[int] = []

    def guarded(self, event_type: str) -> bool:
        return event_type == "guarded"

    def check(self, connection: Any, event: Event) -> None:
        before = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        self.seen.append((event.seq, before))
        if event.value.get("refuse"):
            raise Refused("refused: it says so itself")

    def fold(self, connection: Any, events: Sequence[Event]) -> None:
        for event in events:
            if event.value.get("break"):
                raise sqlite3.IntegrityError("the fold fails")
            self.folded.append(event.seq)

    def stamp(self, last: str | None, moment: str | None) -> str:
        return max(last or "", moment or "2026-01-02T03:04:05.000000Z")


class Journal(Protocol):
    """The writing side of a store."""

    def append(self, drafts: Sequence[Draft]) -> list[Recorded]: ...

    def checkpoint(self, sign: Callable[[int, bytes], str]) -> str: ...

    def refill(self, work: Callable[[Any], None]) -> None: ...


@dataclass
class Opened:
    """One opening of a store, as a process of its own would have it."""

    journal: Journal
    connection: Any
    meaning: Meaning
    size: Callable[[], int]
    read: Callable[..., Iterator[Recorded]]
    position: Callable[[str], int]
    node: Callable[[int, int], bytes]
    close: Callable[[], None]


@dataclass
class Place:
    """Where a store lies: ``open`` may be called as often as wanted."""

    open: Callable[[], Opened]
    opened: list[Opened] = field(default_factory=list)

    def again(self) -> Opened:
        """Open it once more; closed at the test's end."""
        self.opened.append(self.open())
        return self.opened[-1]


def draft(type_: str = "plain", **value: Any) -> Draft:
    moment = value.pop("moment", None)
    return Draft(type_, "model/fx/vol@1", "fx", "ada", value, value.pop("cause", None), moment)


class StoreContract(ABC):
    @abstractmethod
    @pytest.fixture
    def place(self) -> Iterator[Place]:
        """An empty store."""

    @pytest.fixture
    def store(self, place: Place) -> Opened:
        return place.again()

    def whole(self, store: Opened, size: int) -> None:
        """The log holds exactly these many events, chained, with exactly the nodes of their tree."""
        found = list(store.read())
        assert store.size() == len(found) == size
        assert [each.seq for each in found] == list(range(size))
        assert [each.event.prev for each in found] == [ZERO_PREV, *(each.hash.hex() for each in found)][:size]
        assert [each.hash for each in found] == [hashes.leaf_hash(each.body) for each in found]
        assert [events.encode(each.event) for each in found] == [each.body for each in found]
        stored = {(level, index): bytes(node) for level, index, node in store.connection.execute("SELECT * FROM nodes")}
        bodies = tuple(each.body for each in found)
        assert stored == {
            (level, index): naive.mth(bodies[index << level : (index + 1) << level])
            for level in range(1, size.bit_length())
            for index in range(size >> level)
        }

    # Appending

    def test_it_begins_empty(self, store: Opened) -> None:
        self.whole(store, 0)

    @pytest.mark.parametrize("batches", [[1], [1, 1, 1], [7], [3, 1, 5, 8], [64], [33, 31]])
    def test_events_follow_one_another(self, store: Opened, batches: list[int]) -> None:
        for count in batches:
            recorded = store.journal.append([draft(n=n) for n in range(count)])
            assert [each.event.value["n"] for each in recorded] == list(range(count))
            assert recorded == list(store.read(store.size() - count))
        self.whole(store, sum(batches))
        assert store.meaning.folded == list(range(sum(batches)))

    def test_nothing_to_append(self, store: Opened) -> None:
        assert store.journal.append([]) == []
        self.whole(store, 0)

    def test_the_columns_say_what_the_event_says(self, store: Opened) -> None:
        store.journal.append([draft(), draft(cause=0)])
        columns = "seq, type, subject, project, actor, at, cause"
        rows = store.connection.execute(f"SELECT {columns} FROM events ORDER BY seq").fetchall()
        at = "2026-01-02T03:04:05.000000Z"
        assert rows[0] == (0, "plain", "model/fx/vol@1", "fx", "ada", at, None)

    def test_time_is_stamped_from_the_last_event(self, store: Opened) -> None:
        later, earlier = "2027-01-01T00:00:00.000000Z", "2026-06-01T00:00:00.000000Z"
        store.journal.append([draft(moment=later), draft(moment=earlier)])
        store.journal.append([draft(moment=earlier)])
        assert [each.event.at for each in store.read()] == [later] * 3

    def test_a_second_opening_goes_on(self, place: Place) -> None:
        one, other = place.again(), place.again()
        for n in range(20):
            (one if n % 3 else other).journal.append([draft(n=n), draft(n=n)])
        self.whole(one, 40)
        self.whole(place.again(), 40)

    @pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
    def test_however_much_others_wrote_meanwhile(self, place: Place, count: int) -> None:
        one, other = place.again(), place.again()
        one.journal.append([draft()] * 3)
        other.journal.append([draft(n=n) for n in range(count)])
        one.journal.append([draft()])
        self.whole(one, count + 4)

    # All or nothing

    @pytest.mark.parametrize("at", [0, 1, 4])
    @pytest.mark.parametrize(
        ("spoiled", "error"),
        [
            (draft("guarded", refuse=True), Refused),
            (draft(text="x" * 70_000), FormatError),
            (draft("no such type!"), FormatError),
            (draft(number=2**60), FormatError),
            (draft(**{"break": True}), LedgerError),
        ],
        ids=["refused", "too long", "bad type", "bad number", "fold fails"],
    )
    def test_one_bad_event_keeps_the_whole_batch_out(
        self, store: Opened, at: int, spoiled: Draft, error: type[Exception]
    ) -> None:
        store.journal.append([draft()] * 3)
        batch = [draft("guarded") if n % 2 else draft() for n in range(4)]
        with pytest.raises(error):
            store.journal.append([*batch[:at], spoiled, *batch[at:]])
        self.whole(store, 3)
        store.journal.append(batch)
        self.whole(store, 7)

    def test_a_rule_sees_all_that_comes_before(self, store: Opened) -> None:
        store.journal.append([draft(), draft("guarded"), draft(), draft(), draft("guarded"), draft("guarded")])
        assert store.meaning.seen == [(1, 1), (4, 4), (5, 5)]

    def test_an_interrupted_append_leaves_nothing(self, store: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        store.journal.append([draft()])

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(store.meaning, "fold", interrupted)
            with pytest.raises(KeyboardInterrupt):
                store.journal.append([draft()])
        self.whole(store, 1)
        store.journal.append([draft()])
        self.whole(store, 2)

    # Reading

    def test_reading_a_part(self, store: Opened) -> None:
        store.journal.append([draft(n=n) for n in range(10)])
        assert [each.seq for each in store.read(3, 6)] == [3, 4, 5]
        assert [each.seq for each in store.read(8)] == [8, 9]
        assert list(store.read(10)) == []
        assert list(store.read(4, 4)) == []

    def test_a_reader_sees_whole_batches_while_another_writes(self, place: Place) -> None:
        place.again().journal.append([draft()] * 10)
        done = threading.Event()

        def write() -> None:
            writer = place.open()
            for _ in range(30):
                writer.journal.append([draft()] * 10)
            writer.close()
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        reader = place.again()
        seen = []
        while not done.is_set():
            seen.append(reader.size())
        thread.join()
        assert all(size % 10 == 0 for size in seen)
        assert seen == sorted(seen)
        self.whole(reader, 310)

    def test_the_position_of_a_moment(self, store: Opened) -> None:
        days = ["01", "03", "03", "03", "07", "07", "09"]
        store.journal.append([draft(moment=f"2026-02-{day}T00:00:00.000000Z") for day in days])
        for day in range(11):
            moment = f"2026-02-{day:02}T00:00:00.000000Z"
            assert store.position(moment) == sum(int(each) <= day for each in days) - 1

    def test_the_nodes_are_there_by_place(self, store: Opened) -> None:
        store.journal.append([draft(n=n) for n in range(13)])
        bodies = tuple(each.body for each in store.read())
        assert store.node(0, 5) == naive.mth(bodies[5:6])
        assert store.node(3, 0) == naive.mth(bodies[:8])
        with pytest.raises(LedgerError, match="tree node 3 of level 2 is missing"):
            store.node(2, 3)

    # Checkpoints, and filling projections anew

    def test_a_checkpoint_is_signed_once_for_each_size(self, store: Opened) -> None:
        store.journal.append([draft(n=n) for n in range(5)])
        asked: list[tuple[int, bytes]] = []

        def sign(size: int, root: bytes) -> str:
            asked.append((size, root))
            return f"note {len(asked)}"

        assert store.journal.checkpoint(sign) == store.journal.checkpoint(sign) == "note 1"
        assert asked == [(5, naive.mth(tuple(each.body for each in store.read())))]
        store.journal.append([draft()])
        assert store.journal.checkpoint(sign) == "note 2"
        assert store.connection.execute("SELECT size, note FROM checkpoints").fetchall() == [
            (5, "note 1"),
            (6, "note 2"),
        ]

    def test_a_checkpoint_covers_what_others_wrote(self, place: Place) -> None:
        one, other = place.again(), place.again()
        one.journal.append([draft()])
        other.journal.append([draft(), draft()])
        sizes: list[int] = []
        one.journal.checkpoint(lambda size, root: f"{sizes.append(size)}")
        assert sizes == [3]

    def test_a_checkpoint_that_cannot_be_signed_leaves_nothing(self, store: Opened) -> None:
        store.journal.append([draft()])

        def sign(size: int, root: bytes) -> str:
            raise LedgerError("no")

        with pytest.raises(LedgerError, match="no"):
            store.journal.checkpoint(sign)
        assert store.connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)
        store.journal.append([draft()])
        self.whole(store, 2)

    def test_refilling_is_all_or_nothing(self, store: Opened) -> None:
        insert = "INSERT INTO retirements VALUES (7, 'r', 'why', NULL)"

        def half(connection: Any) -> None:
            connection.execute(insert)
            raise LedgerError("no")

        with pytest.raises(LedgerError, match="no"):
            store.journal.refill(half)
        assert store.connection.execute("SELECT count(*) FROM retirements").fetchone() == (0,)
        store.journal.refill(lambda connection: connection.execute(insert))
        assert store.connection.execute("SELECT count(*) FROM retirements").fetchone() == (1,)

    # Several writers

    def test_batches_of_two_writers_do_not_interleave(self, place: Place) -> None:
        def write(me: int) -> None:
            writer = place.open()
            for n in range(40):
                writer.journal.append([draft(writer=me, batch=n)] * 5)
            writer.close()

        threads = [threading.Thread(target=write, args=(me,)) for me in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        store = place.again()
        self.whole(store, 400)
        batches = [(each.event.value["writer"], each.event.value["batch"]) for each in store.read()]
        changes = sum(a != b for a, b in pairwise(batches))
        assert changes == 79
        for me in (0, 1):
            mine = [batch for writer, batch in batches if writer == me]
            assert mine == sorted(mine)
