"""Checkpoints: whether the log's own key signed them, and whether the log still is what they say."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ledger.audit.report import Finding, Report
from ledger.errors import InputError
from ledger.format.checkpoint import Checkpoint
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.projections.view import View
from ledger.rules import logs
from ledger.rules.logs import LogKey


class Note(NamedTuple):
    """A checkpoint as it was found: the size that it is kept under, its text, and words for where it was."""

    size: int
    text: str
    source: str
    outside: bool = False


class Claim(NamedTuple):
    """A checkpoint whose signature holds, the key that signed it, and the note that it came in."""

    checkpoint: Checkpoint
    key: VerifierKey
    note: Note

    @property
    def size(self) -> int:
        """How many events it covers."""
        return self.checkpoint.size

    @property
    def source(self) -> str:
        """Words for where it was found."""
        return self.note.source


def stored(connection: sqlite3.Connection, report: Report) -> list[Note]:
    """The stored checkpoints, by a connection whose text factory is ``bytes``. Where a row is gone, the report says so."""
    try:
        rows = connection.execute("SELECT rowid, size, note FROM checkpoints ORDER BY rowid").fetchall()
    except sqlite3.DatabaseError as error:
        report.findings.append(Finding("damaged", None, f"the checkpoints cannot be read: {error}"))
        return []
    if any(number != n for n, (number, _, _) in enumerate(rows, start=1)):
        lost = rows[-1][0] - sum(number > 0 for number, _, _ in rows)
        many = f"{lost} of the stored checkpoints are not there" if 0 < lost < _MOST else "one was put elsewhere"
        report.findings.append(Finding("missing", None, f"{many}; the stored checkpoints are numbered without a gap"))
    # Values of other types, which only a tampered schema lets in, are neither size nor note.
    notes = [
        (
            size if type(size) is int else -1,
            note.decode("utf-8", "backslashreplace") if isinstance(note, bytes) else "",
        )
        for _, size, note in rows
    ]
    twice = Counter(notes) if len({*notes}) < len(notes) else Counter()
    for size in sorted({size for (size, _), count in twice.items() if count > 1}):
        detail = f"the stored checkpoint of size {size} stands there twice: once in the place of another"
        report.findings.append(Finding("missing", None, detail))
    return [Note(size, text, f"the stored checkpoint of size {size if size >= 0 else '?'}") for size, text in notes]


_MOST = 1 << 24


def from_outside(texts: Iterable[str]) -> list[Note]:
    """Checkpoints that were kept elsewhere.

    Raises:
        InputError: one of them is no checkpoint at all.
    """
    found = []
    for n, text in enumerate(texts, start=1):
        lines = text.split("\n")
        if len(lines) < 3 or not lines[1].isdigit() or not lines[1].isascii():
            raise InputError("a checkpoint begins with the ledger's origin, its size and its root, a line each")
        size = int(lines[1])
        found.append(Note(size, text, f"the checkpoint from outside ({n}) of size {size}", True))
    return found


def log_keys(view: View, known: Sequence[VerifierKey], report: Report) -> tuple[LogKey, ...]:
    """The keys that checkpoints are held against; what the events say of origin and keys goes into the report.

    Args:
        view: the whole ledger.
        known: the ledger's keys as known from elsewhere.
        report: takes up the origin, and a finding where the events name another key.
    """
    try:
        own = logs.log_keys(view)
    except (FormatError, sqlite3.DatabaseError):
        own = ()
    report.origin = own[-1].origin if own else ""
    if not known or any(each.verifier in known for each in own):
        return own
    if own:
        named = own[-1].verifier
        detail = f"the ledger names the key {named}, not the one known from elsewhere"
        report.findings.append(Finding("signature", 0, detail))
    return (LogKey(1, known[-1]),)


def opened(
    notes: Iterable[Note], keys: Sequence[LogKey], report: Report, progress: Callable[[int], None] = lambda n: None
) -> list[Claim]:
    """The checkpoints that the log signed, each with the key that is the log's at its size.

    Args:
        notes: signed notes.
        keys: the log's keys, in the order in which they follow one another.
        report: takes up a finding for each other note.
        progress: told how many were opened.
    """
    claims = []
    read: dict[str, Checkpoint | FormatError] = {}
    for n, note in enumerate(notes, start=1):
        progress(n)
        if note.text not in read:
            read[note.text] = _read(note, keys)
        checkpoint = read[note.text]
        if isinstance(checkpoint, FormatError):
            lost = _of_the_lost_log(note, keys) if note.outside else None
            unsigned = Finding("signature", max(note.size - 1, 0), f"{note.source}: {checkpoint}")
            report.findings.append(lost or unsigned)
            continue
        if checkpoint.size != note.size:
            detail = f"{note.source} is signed for size {checkpoint.size}"
            report.findings.append(Finding("columns", max(checkpoint.size - 1, 0), detail))
        claims.append(Claim(checkpoint, logs.key_at(keys, checkpoint.size), note))
    return claims


def _read(note: Note, keys: Sequence[LogKey]) -> Checkpoint | FormatError:
    try:
        return logs.open_signed(keys, note.text.encode("utf-8", "surrogatepass")).checkpoint
    except FormatError as error:
        return error


def _of_the_lost_log(note: Note, keys: Sequence[LogKey]) -> Finding | None:
    """What a checkpoint says that was signed by the log which a restored copy parted from, after it parted."""
    for before, after in pairwise(keys):
        if before.origin == after.origin or note.size <= after.seq:
            continue
        if isinstance(_read(note, [before._replace(since=1)]), FormatError):
            continue
        gone = f"{note.size - after.seq} of the events that it covers are not here"
        detail = (
            f"{note.source} was signed by {before.origin}, from which this copy parted after {after.seq} events: {gone}"
        )
        return Finding("truncated", after.seq, detail)
    return None


def require_known(claims: Sequence[Claim], known: Sequence[VerifierKey], report: Report) -> None:
    """A key known from elsewhere must have signed something: a ledger can name any key without holding it."""
    if known and claims and not any(claim.key in known for claim in claims):
        last = max(claim.size for claim in claims)
        detail = f"no checkpoint is signed with the key known from elsewhere, {known[-1]}; all are by other keys"
        report.findings.append(Finding("signature", last - 1, detail))


def require_quorum(notes: Iterable[Note], policy: Policy, size: int, report: Report) -> None:
    """Some checkpoint must have the cosignatures that the policy asks for; how many events it covers is reported."""
    problem = "there is no checkpoint that could meet the policy"
    for n, note in enumerate(sorted(notes, key=lambda note: note.size, reverse=True)):
        try:
            signed = policy.open_checkpoint(note.text.encode("utf-8", "surrogatepass"))
        except FormatError as error:
            problem = problem if n else f"no checkpoint meets the policy; of the newest: {error}"
            continue
        report.checked["witnessed"] = signed.checkpoint.size
        return
    report.checked["witnessed"] = 0
    report.findings.append(Finding("signature", max(size - 1, 0), problem))


def agreeing(claims: Iterable[Claim], size: int, root: Callable[[int], bytes | None]) -> list[Claim]:
    """The checkpoints whose root is the log's own there."""
    return [claim for claim in claims if claim.size <= size and root(claim.size) == claim.checkpoint.root]


def compared(
    claims: Sequence[Claim],
    size: int,
    root: Callable[[int], bytes | None],
    explained: int,
    kept: Collection[int],
) -> list[Finding]:
    """Hold the log against what was signed of it.

    Args:
        claims: validly signed checkpoints.
        size: how many events there are.
        root: the root over the first so many of them as they were recorded; ``None`` where it cannot be known.
        explained: the first event of which other findings say that what was recorded is not known; a root over it may
            differ because of that.
        kept: the sizes of all stored checkpoints, whether or not their signatures hold.
    """
    findings = [*_truncated(claims, size)]
    parted = parting(claims, size, root)
    if parted is not None and (parted.other is not None or parted.first.size <= explained):
        findings.append(_another_history(parted))
    findings += _unstored(agreeing(claims, size, root), size, kept)
    return findings


class Parting(NamedTuple):
    """Where the log is not what was signed of it.

    ``first`` is the smallest checkpoint that it is not the log of; ``other``, where there is one, a checkpoint that no log
    satisfies together with that; ``agreed`` the size of the last before it that still agrees.
    """

    first: Claim
    other: Claim | None
    agreed: int


def parting(claims: Sequence[Claim], size: int, root: Callable[[int], bytes | None]) -> Parting | None:
    """Where the log parts from what was signed of it; ``None`` where it does not, or nothing can be said.

    Where the log's key vouches for both histories, only what was kept elsewhere tells where they part: whoever has the key
    can have signed the stored checkpoints anew.
    """
    roots = {claim.size: root(claim.size) for claim in claims if 0 < claim.size <= size}
    within = sorted((claim for claim in claims if roots.get(claim.size) is not None), key=lambda claim: claim.size)
    first = next((claim for claim in within if roots[claim.size] != claim.checkpoint.root), None)
    if first is None:
        return None
    agree = [claim for claim in within if roots[claim.size] == claim.checkpoint.root]
    rivals = [claim for claim in within if claim.size == first.size] + [c for c in agree if c.size > first.size]
    contradicting = (claim for claim in rivals if claim.checkpoint.root != first.checkpoint.root)
    other = next((claim for claim in contradicting if claim.key == first.key), None)
    credible = [claim for claim in agree if claim.size < first.size]
    if other is not None and first.note.outside:
        credible = [claim for claim in credible if claim.note.outside]
    return Parting(first, other, max((claim.size for claim in credible), default=0))


def _truncated(claims: Sequence[Claim], size: int) -> Iterable[Finding]:
    beyond = [claim for claim in claims if claim.size > size]
    if beyond:
        most = max(beyond, key=lambda claim: claim.size)
        detail = f"{most.source} covers {most.size} events; {most.size - size} at the end of the log are gone"
        yield Finding("truncated", size, detail)


def _another_history(parted: Parting) -> Finding:
    first, other, agreed = parted
    between = f"the first {agreed} events are as signed, something between event {agreed} and {first.size - 1} is not"
    if other is None:
        return Finding("rewritten", agreed, f"{first.source} was signed for another history: {between}")
    detail = f"{first.source} and {other.source} are both validly signed, and no one log satisfies both: {between}"
    return Finding("forked", agreed, detail)


def _unstored(agree: Iterable[Claim], size: int, kept: Collection[int]) -> Iterable[Finding]:
    """A checkpoint is stored before the log goes on: one that agrees, is not the newest, and is not there was removed."""
    told: set[int] = set()
    for claim in agree:
        if claim.note.outside and claim.size < size and claim.size not in kept and claim.size not in told:
            told.add(claim.size)
            detail = f"{claim.source} is not among the stored ones, where it was put before it was handed out"
            yield Finding("missing", claim.size - 1, detail)
