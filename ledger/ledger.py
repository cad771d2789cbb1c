"""The ledger: the only composer of journal, projections and rules."""

from __future__ import annotations

import getpass
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ledger import opening
from ledger.errors import AssayError, InputError, KeyUnavailable, LedgerError
from ledger.format import checkpoint as checkpoints
from ledger.format import names, proof, times
from ledger.format.keys import VerifierKey
from ledger.keystore import Keystore
from ledger.projections import folding
from ledger.projections.view import View
from ledger.rules import logs
from ledger.rules.logs import LogKey
from ledger.store import journal, sqlite
from ledger.store.journal import Draft, Journal, Recorded
from ledger.store.objects import Objects

if TYPE_CHECKING:
    from ledger.events.vocabulary import Fact
    from ledger.recording import Run

CHECKPOINT_EVERY = 4096
"""A checkpoint is signed, where the key is held, whenever the log grows past a multiple of this."""


_CONTINUE = "go on with this one under a name of its own: `assay continue --new-origin NAME`"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to record: the typed fact and its envelope. ``subject`` is needed where the fact does not settle it."""

    fact: Fact
    subject: str | None = None
    actor: str | None = None
    project: str | None = None
    cause: int | None = None
    at: str | datetime | None = None


class Ledger:
    """An open ledger. Made by :func:`create` and :func:`open`; a context manager that closes itself."""

    def __init__(self, path: Path, connection: sqlite3.Connection, keystore: Keystore, *, writable: bool) -> None:
        self.path = path
        self.connection = connection
        self.keystore = keystore
        first = next(journal.read(connection, 0, 1), None)
        self.clock = "system" if first is None else first.event.value["clock"]
        self.objects = Objects(path.parent / "objects")
        # Under a simulated clock: when what is recorded next happens, where the entry itself does not say.
        self.moment: str | None = None
        self._journal = _journal(path, connection, self.clock) if writable else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._journal is not None

    @property
    def verifier(self) -> VerifierKey | None:
        """The key that signs a checkpoint of the log as it stands; ``None`` before the first event."""
        return logs.key_at(keys, self.size) if (keys := self.log_keys()) else None

    @property
    def origin(self) -> str:
        """The ledger's global name; empty before the first event."""
        keys = self.log_keys()
        return keys[-1].origin if keys else ""

    def log_keys(self) -> tuple[LogKey, ...]:
        """The ledger's keys in the order in which they follow one another, each with the sizes that it signs."""
        return logs.log_keys(self.view())

    @property
    def size(self) -> int:
        """How many events there are."""
        return journal.size(self.connection)

    @property
    def head(self) -> str:
        """The last event's leaf hash in hex; 64 zeros before the first."""
        last = next(journal.read(self.connection, self.size - 1), None) if self.size else None
        return "0" * 64 if last is None else last.hash.hex()

    def root(self, size: int | None = None) -> bytes:
        """The Merkle root over the first ``size`` events (all where ``None``), 32 bytes, from the stored nodes."""
        return proof.root(self.size if size is None else size, journal.node_getter(self.connection))

    def now(self) -> str:
        """The ledger's present: the wall clock's, or the last event's ``at`` where the clock is simulated."""
        if self.clock == "simulated" and self.size:
            return next(journal.read(self.connection, self.size - 1)).event.at
        return times.format_time(datetime.now(UTC))

    def events(self, start: int = 0, stop: int | None = None) -> Iterator[Recorded]:
        """The events with ``start <= seq < stop``, in order."""
        return journal.read(self.connection, start, stop)

    def view(self, at: int | str | datetime | None = None) -> View:
        """The projections as of an event's seq or of a moment; as of now where ``None``.

        Raises:
            InputError: the seq is beyond the log, or the moment cannot be read.
        """
        last = self.size - 1
        if at is None:
            return View(self.connection, last)
        if isinstance(at, int):
            if not 0 <= at <= last:
                raise InputError(f"there is no event {at}; the log holds 0 to {last}")
            return View(self.connection, at)
        return View(self.connection, journal.position(self.connection, _moment(at)))

    def record(
        self,
        event: Fact,
        *,
        subject: str | None = None,
        actor: str | None = None,
        project: str | None = None,
        cause: int | None = None,
        at: str | datetime | None = None,
    ) -> Recorded:
        """Append one event; on return it is on the disk.

        Args:
            event: a fact of the vocabulary, such as ``ledger.events.monitors.MonitorObserved(…)``.
            subject: what it is about, where the fact alone does not say.
            actor: who; by default ``ASSAY_ACTOR``, else the login name.
            project: which project it belongs to, or ``None`` where it concerns the whole ledger.
            cause: the seq of the event that led to it.
            at: under a simulated clock, the moment that it happens; ignored under the system's clock.

        Raises:
            Refused: a rule forbids it; the message and ``missing`` say what is wanted.
            LedgerError: the ledger is open for reading only, locked, or cannot be written.
        """
        return self._append(
            self._writer(), [_draft(event, subject, actor, project, cause, self.moment if at is None else at)]
        )[0]

    def record_many(self, entries: Sequence[Entry]) -> list[Recorded]:
        """Append several events in one transaction: all of them, or none. Arguments and errors as of :meth:`record`."""
        writer = self._writer()
        drafts = [
            _draft(
                each.fact,
                each.subject,
                each.actor,
                each.project,
                each.cause,
                self.moment if each.at is None else each.at,
            )
            for each in entries
        ]
        return self._append(writer, drafts)

    def checkpoint(self) -> str:
        """Sign the log as it stands and store the note; the note that is there already where nothing was added.

        Raises:
            KeyUnavailable: the ledger's key is not held here.
            LedgerError: the log contradicts what this key signed before; nothing is signed.
        """

        def sign(size: int, root: bytes) -> str:
            keys = logs.log_keys(View(self.connection, size - 1))
            if not keys:
                raise LedgerError(f"{self.path} has no event yet, so nothing can be signed")
            verifier = logs.key_at(keys, size)
            secret = self.keystore.ledger(verifier)
            if secret is None:
                raise KeyUnavailable(
                    f"the key of {verifier.name} is not in {self.keystore.folder}; "
                    "whoever holds it can sign a checkpoint"
                )
            with self.keystore.signing(verifier):
                self._require_consistent(verifier)
                note = checkpoints.sign_checkpoint(checkpoints.Checkpoint(verifier.name, size, root), secret)
                self.keystore.remember_signed(verifier, size, root.hex())
            return note.decode()

        verifier = self.verifier
        if verifier is not None:
            # An older copy may hold a checkpoint of its own size: it is told so before that is handed out again.
            self._require_consistent(verifier)
        return self._writer().checkpoint(sign)

    def keep_checkpoint(self, size: int, note: str) -> None:
        """Store a checkpoint of this ledger that others have signed too; see :func:`ledger.vouching.add`."""
        self._writer().keep(size, note)

    def last_checkpoint(self) -> str | None:
        """The newest stored checkpoint, a signed note, or ``None``."""
        row = self.connection.execute("SELECT note FROM checkpoints ORDER BY size DESC, rowid DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Empty the projections and fold every event again. Returns how many events there are."""
        total = self.size

        def refill(connection: sqlite3.Connection) -> None:
            report = None if progress is None else (lambda done: progress(done, total))
            folding.rebuild(connection, (each.event for each in journal.read(connection)), report)

        self._writer().refill(refill)
        return total

    def run(self, job: str, **arguments: Any) -> Run:
        """Capture a run from inside training code; see :class:`ledger.recording.Run`."""
        from ledger.recording import Run

        return Run(self, job, **arguments)

    def close(self) -> None:
        """Close the database, folding its write-ahead log in where this is the last connection."""
        if self._journal is not None:
            self._journal.close()
        self.connection.close()

    def _writer(self) -> Journal:
        if self._journal is None:
            raise LedgerError(f"{self.path} is open for reading only")
        return self._journal

    def _require_consistent(self, verifier: VerifierKey) -> None:
        before = self.keystore.last_signed(verifier)
        if before is None:
            return
        signed_size, signed_root = before
        size = self.size  # read after what was signed: others may append and sign meanwhile
        if signed_size > size:
            raise LedgerError(
                f"this ledger has {size} events, but its key signed a checkpoint of {signed_size}: an older copy was put "
                f"in its place; restore the newer one, or {_CONTINUE}"
            )
        if self.root(signed_size).hex() != signed_root:
            raise LedgerError(
                f"the first {signed_size} events are not those that this ledger's key signed before; signing would fork "
                f"the log: restore the copy that was signed, or {_CONTINUE}"
            )

    def _append(self, writer: Journal, drafts: Sequence[Draft]) -> list[Recorded]:
        recorded = writer.append(drafts)
        if recorded and recorded[0].seq // CHECKPOINT_EVERY != (recorded[-1].seq + 1) // CHECKPOINT_EVERY:
            # What was recorded is recorded: whether it can be signed here is told by whoever asks for a checkpoint.
            with suppress(AssayError, OSError):
                self.checkpoint()
        return recorded


def create(
    path: str | os.PathLike[str],
    *,
    origin: str,
    administrators: Mapping[str, str] | None = None,
    clock: str = "system",
    keys: Path | None = None,
    passphrase: bytes | None = None,
    at: str | datetime | None = None,
) -> Ledger:
    """Make a new ledger and open it for writing.

    Args:
        path: the database's file, which must not exist; its folder is made.
        origin: the ledger's global name, such as ``example.com/ml-ledger``.
        administrators: who may enrol others: names and public keys (base64 of 32 bytes). By default the current actor,
            with the key that lies in the keystore or a new one.
        clock: ``system``, or ``simulated`` for a story told in its own time.
        keys: the folder of secret keys; by default the user's configuration folder.
        passphrase: encrypts the administrator's key where one is made.
        at: under a simulated clock, when it begins.

    Raises:
        InputError: the origin is malformed, or there is a file at ``path``.
        LedgerError: the folder cannot be written.
    """
    place = Path(path)
    names.check_origin(origin)
    if clock not in ("system", "simulated"):
        raise InputError(f"a clock is 'system' or 'simulated', not {clock!r}")
    if place.exists():
        raise InputError(f"{place} exists already; a ledger is never overwritten")
    keystore = Keystore.for_ledger(place, keys)
    admins = dict(administrators) if administrators is not None else _self_administered(keystore, passphrase)
    opening.make(place, keystore, origin, admins, clock, None if at is None else _moment(at))
    try:
        return open(place, keys=keys)
    except LedgerError as error:
        raise LedgerError(f"{place} was made, and cannot be opened now: {error}") from None


def open(  # noqa: A001  (the API's word, as in gzip.open)
    path: str | os.PathLike[str],
    read_only: bool = False,
    *,
    keys: Path | None = None,
    objects: str | Path | None = None,
) -> Ledger:
    """Open a ledger.

    Args:
        path: the database's file.
        read_only: read while others append; nothing is locked or upgraded.
        keys: the folder of secret keys; by default a demo's beside the ledger, else the user's configuration folder.
        objects: the object store, a folder or a URL such as ``s3://bucket/assay``; by default ``objects`` beside the ledger.

    Raises:
        InputError: there is no such file.
        LedgerError: it is no ledger, of a newer version, locked, damaged, or may not be written.
    """
    place = Path(path)
    keystore = Keystore.for_ledger(place, keys)
    connection = sqlite.read_only(place) if read_only else opening.writable(place)
    opened = Ledger(place, connection, keystore, writable=not read_only)
    if objects is not None:
        opened.objects = Objects(objects)
    return opened


def _self_administered(keystore: Keystore, passphrase: bytes | None) -> dict[str, str]:
    actor = _present_actor()
    public = keystore.public(actor) if keystore.has_person(actor) else keystore.make_person(actor, passphrase)
    return {actor: str(public)}


def _journal(path: Path, connection: sqlite3.Connection, clock: str) -> Journal:
    # Who only reads has no use for the vocabulary, nor the time to import it.
    from ledger.semantics import Semantics

    return Journal(connection, path, Semantics(clock))


def _draft(
    fact: Fact,
    subject: str | None,
    actor: str | None,
    project: str | None,
    cause: int | None,
    at: str | datetime | None,
) -> Draft:
    from ledger.semantics import described

    about, value = described(fact, subject, project)
    moment = None if at is None else _moment(at)
    return Draft(fact.TYPE, about, project, actor or _present_actor(), value, cause, moment)


def _present_actor() -> str:
    return os.environ.get("ASSAY_ACTOR") or names.quote(getpass.getuser())


def _moment(at: str | datetime) -> str:
    """A moment in the format's spelling. A bare day means its end, so that ``2008-09-17`` includes that day."""
    if isinstance(at, datetime):
        return times.format_time(at)
    try:
        if len(at) == len("2008-09-17"):
            day = datetime.strptime(at, "%Y-%m-%d").replace(tzinfo=UTC)
            return times.format_time(day + timedelta(days=1) - timedelta(microseconds=1))
        moment = datetime.fromisoformat(at)
        return times.format_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # the last day has no end, and the first no beginning further east
        raise InputError(
            f"{at!r} is no moment; write a day as 2008-09-17, a time as 2008-09-17T14:30:00Z, or an event's number"
        ) from None
