"""A finding of a verification with all that surrounds it: the event, its neighbours, what depends on it, checkpoints."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.tui.queries import log
from app.tui.screens.audit.queries.stories import CHAIN, NO_HASHES, Bracket, Hashes, Story, story, touched

if TYPE_CHECKING:
    from app.tui.queries.log import Entry, Whole
    from ledger.projections.view import View

NAMED = 3
"""As many of a kind are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Dependent:
    """Things of one kind that rest on an event: how many, what they are, and the first few by name."""

    count: int
    what: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Break:
    """One finding, the ``number``-th of ``of``.

    ``before`` says of the event ahead whether it fits (``None``: there is none); ``after`` how many events behind it still
    link to each other, up to ``until``, the next event at which the chain is broken, or the log's end where ``None``.
    ``depends`` is what rests on the event, ``None`` where the event itself is sound.
    """

    number: int
    of: int
    kind: str
    seq: int | None
    detail: str
    story: Story
    hashes: Hashes = NO_HASHES
    entry: Entry | None = None
    subject: str = ""
    before: bool | None = None
    after: int = 0
    until: int | None = None
    depends: tuple[Dependent, ...] | None = ()
    seals: tuple[Bracket | None, Bracket | None] = (None, None)


def load(
    view: View, findings: Sequence[Mapping[str, Any]], number: int, size: int, places: Collection[int] = ()
) -> Break:
    """The finding at place ``number`` of all findings of a verification of ``size`` events.

    ``places`` are the events at which the verification saw that something does not fit.
    """
    found = findings[number]
    kind, seq, detail = found["kind"], found["seq"], found["detail"]
    place = {"number": number, "of": len(findings), "kind": kind, "seq": seq, "detail": detail}
    if seq is None:
        return Break(**place, story=story(kind, detail=detail))
    whole = seen(view, seq) if seq < size else None
    hashes = NO_HASHES if whole is None else Hashes(whole.hash, whole.recomputed, whole.following)
    subject, type_ = ("", "") if whole is None else (whole.subject, whole.entry.type)
    if not subject:
        subject, type_ = remembered(view, seq)
    following = _following(view, seq, size)
    broken = {each["seq"] for each in findings if each["seq"] is not None and each["kind"] in CHAIN} | {*places}
    until = min((each for each in broken if each > following), default=None)
    return Break(
        **place,
        story=story(kind, hashes, detail, following - seq),
        hashes=hashes,
        entry=None if whole is None else whole.entry,
        subject=subject,
        before=None if seq == 0 else seq - 1 not in broken and _there(view, seq - 1),
        after=max((until or size) - following, 0),
        until=until,
        depends=_depends(view, seq, subject, type_) if touched(kind, detail) else None,
        seals=brackets(view, seq, size, newest=kind == "truncated"),
    )


def seen(view: View, seq: int) -> Whole | None:
    """An event whole; ``None`` where so much of it was touched that it cannot be read."""
    from ledger.errors import AssayError

    try:
        return log.whole(view, seq) if 0 <= seq <= view.at else None
    except (AssayError, sqlite3.Error):
        return None


def _depends(view: View, seq: int, subject: str, type_: str) -> tuple[Dependent, ...]:
    """What rests on an event, as far as it can be read."""
    found: list[Dependent] = []
    with suppress(sqlite3.Error, ValueError):
        found.extend(dependents(view, seq, subject, type_))
    return tuple(found)


def _there(view: View, seq: int) -> bool:
    return view.row("SELECT 1 FROM events WHERE seq = :seq", {"seq": seq}) is not None


def _following(view: View, seq: int, size: int) -> int:
    """The next event that is there; the log's size where none is."""
    row = view.row("SELECT min(seq) FROM events WHERE seq > :seq", {"seq": seq})
    return size if row is None or row[0] is None else int(row[0])


def remembered(view: View, seq: int) -> tuple[str, str]:
    """What an event was about that is not there any more, and its type, by the rows that were computed from it; empty where
    there is none."""
    for sql, type_ in _MEMORIES.items():
        with suppress(sqlite3.Error):
            row = view.row(f"SELECT {sql} WHERE seq = :seq", {"seq": seq})
            if row is not None:
                return str(row[0]), type_
    return "", ""


_MEMORIES = {
    "ref FROM artifacts": "artifact.registered",
    "'run/' || run FROM runs": "run.started",
    "'run/' || run FROM run_ends": "run.completed",
    "subject FROM requests": "approval.requested",
    "subject FROM decisions": "approval.granted",
    "subject FROM promotions": "promotion.recorded",
    "subject FROM gates": "gate.evaluated",
    "subject FROM deployments": "deployment.started",
    "'deployment/' || deployment FROM deployment_steps": "deployment.step",
    "'deployment/' || deployment FROM deployment_ends": "deployment.completed",
    "subject FROM alerts": "alert.raised",
    "subject FROM monitors": "monitor.configured",
    "subject FROM observations": "monitor.observed",
    "subject FROM owners": "owner.assigned",
}
"""Where an event's subject is remembered, and of which type an event that is remembered there was."""

_ORIGINS = frozenset({"artifact.registered", "run.started", "run.completed"})
"""What was made from the subject of such an event rests on the event too."""

_SEEN = frozenset({"monitor.observed", "check.executed", "deployment.step"})
"""What such an event says of its subject is one of many observations: later decisions name it as their cause, or do not rest
on it."""

_LATER = {
    "approval.granted": ("later approval", "later approvals"),
    "approval.rejected": ("later rejection", "later rejections"),
    "promotion.recorded": ("promotion", "promotions"),
    "deployment.started": ("deployment", "deployments"),
    "alert.raised": ("alert", "alerts"),
    "gate.evaluated": ("verdict of a gate", "verdicts of gates"),
}
"""Later events about the same thing that tell of a decision, by their types: the words for one, and for several."""

_MADE = {
    "run": ("run that used it", "runs that used it"),
    "deployment": ("deployment of it", "deployments of it or of what came from it"),
}


def dependents(view: View, seq: int, subject: str, type_: str) -> Iterator[Dependent]:
    """What rests on an event: decisions on it as a request, what was decided about its subject later, what was made from
    that, what names the event as its cause, what its key signed."""
    from ledger.projections import lineage

    at = {"seq": seq, "subject": subject}
    made = lineage.impact(view, subject) if type_ in _ORIGINS else []
    kinds: dict[str, list[str]] = {}
    for ref in made:
        kinds.setdefault(ref.partition("/")[0], []).append(ref)
    yield from _counted(view, "SELECT count(*) FROM decisions WHERE request = :seq", at, _ON_REQUEST)
    if subject and type_ not in _SEEN:
        rows = view.rows("SELECT type FROM events WHERE subject = :subject AND seq > :seq AND seq <= :at", at)
        later = Counter(row[0] for row in rows)
        for each, words in _LATER.items():
            if later[each] and not (each == "deployment.started" and "deployment" in kinds):
                yield Dependent(later[each], words[later[each] > 1])
    for kind, refs in kinds.items():
        name = kind.replace("_", " ")
        words = _MADE.get(kind, (f"{name} made from it", f"{name}s made from it"))
        yield Dependent(len(refs), words[len(refs) > 1], tuple(refs[:NAMED]))
    if type_ in ("key.enrolled", "access.granted") and subject.startswith("person/"):
        signed = "SELECT count(*) FROM decisions WHERE signer = :name AND seq > :seq AND seq <= :at"
        yield from _counted(view, signed, {"seq": seq, "name": subject.partition("/")[2]}, _SIGNED)
    yield from _counted(view, "SELECT count(*) FROM events WHERE cause = :seq AND seq <= :at", at, _CAUSED)


_ON_REQUEST = ("decision on this request", "decisions on this request")
_SIGNED = ("decision that they signed", "decisions that they signed")
_CAUSED = ("event that names it as its cause", "events that name it as their cause")


def _counted(view: View, sql: str, values: Mapping[str, Any], words: tuple[str, str]) -> Iterator[Dependent]:
    row = view.row(sql, dict(values))
    if row is not None and row[0]:
        yield Dependent(row[0], words[row[0] > 1])


def brackets(view: View, seq: int, size: int, *, newest: bool = False) -> tuple[Bracket | None, Bracket | None]:
    """The stored checkpoints next to an event of a log of ``size`` events: the last that does not cover it, and the first
    that does, or the ``newest``, which tells of a log that was cut how much is gone."""
    from ledger.errors import LedgerError
    from ledger.format.errors import FormatError
    from ledger.rules import logs

    try:
        keys = logs.log_keys(view)
    except (FormatError, LedgerError):
        keys = ()
    before = view.row("SELECT size, note FROM checkpoints WHERE size <= :seq ORDER BY size DESC LIMIT 1", {"seq": seq})
    order = "DESC" if newest else "ASC"
    after = view.row(
        f"SELECT size, note FROM checkpoints WHERE size > :seq ORDER BY size {order} LIMIT 1", {"seq": seq}
    )
    return _judged(view, before, keys, size), _judged(view, after, keys, size)


def _judged(view: View, row: Any, keys: Any, events: int) -> Bracket | None:
    from ledger.errors import LedgerError
    from ledger.format import proof
    from ledger.format.errors import FormatError
    from ledger.rules import logs
    from ledger.store.journal import node_getter

    if row is None:
        return None
    size, note = row
    try:
        signed = logs.open_signed(keys, str(note).encode("utf-8", "surrogatepass")).checkpoint
    except (FormatError, ValueError, IndexError):
        return Bracket(size, False, None)
    if size > events:
        return Bracket(size, signed.size == size, None, size - events)
    try:
        return Bracket(size, signed.size == size, proof.root(size, node_getter(view.connection)) == signed.root)
    except (FormatError, LedgerError):
        return Bracket(size, signed.size == size, None)
