"""How runs begin and end in the ledger: what they make becomes versions, and what is left when their process dies.

A run's beginning is on the disk before it does anything; its outputs and its end are recorded in one transaction.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ledger.errors import InputError, LedgerError, Refused
from ledger.events.artifacts import KINDS, ArtifactRegistered
from ledger.events.runs import RunCompleted, RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format.errors import FormatError
from ledger.format.text import visible
from ledger.ledger import Entry, Ledger
from ledger.projections import artifacts, lineage, runs
from ledger.projections.view import View
from ledger.store.journal import Recorded
from ledger.store.objects import DIRECTORY_MEDIA_TYPE, Stored

Status = Literal["ok", "failed", "interrupted"]

REASON_LIMIT = 500
"""Characters of the line that says why a run failed."""

_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes in the store that are to be a version of ``artifact`` (``kind/project/name``).

    ``facts`` are optional fields of ``artifact.registered``: ``media_type``, ``rows``, ``span``, ``summary``, …
    """

    artifact: str
    stored: Stored
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, with what it made. ``log`` and ``series`` are digests, ``reason`` one line, ``seconds`` wall time."""

    status: Status
    made: Sequence[Made] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    exit_code: int | None = None
    seconds: float | None = None
    log: str | None = None
    reason: str | None = None
    series: str | None = None


def new_run() -> str:
    """A name for a run that no other has: 16 random hex digits."""
    return secrets.token_hex(8)


def one_line(text: object) -> str:
    """Free text as one line of bounded length, with escapes for what is no plain text."""
    line = visible(" ".join(str(text).split()))
    return line if len(line) <= REASON_LIMIT else line[: REASON_LIMIT - 1] + "…"


def artifact_base(text: str, project: str | None) -> str:
    """``kind/project/name`` out of that or of ``kind/name``, which is in ``project``.

    Raises:
        InputError: it is neither, or its kind is not known.
    """
    parts = text.split("/")
    if len(parts) == 2 and project:
        parts.insert(1, project)
    if len(parts) != 3 or not all(parts) or "@" in text:
        raise InputError(f"{text!r} must look like kind/project/name, without a version")
    if parts[0] not in KINDS:
        raise InputError(f"{parts[0]!r} is no kind of artifact; the kinds are {', '.join(KINDS)}")
    return "/".join(parts)


def require_input(ledger: Ledger, text: str) -> artifacts.Artifact:
    """The registered version that a run is to be given.

    Raises:
        InputError: nothing or more than one thing is called so, it is retired, or its bytes are not in the store.
    """
    view = ledger.view()
    found = artifacts.resolve(view, text)
    why = artifacts.retired(view, found.ref)
    if why is not None:
        raise InputError(f"{found.ref} is retired ({why}) and no longer to be used")
    if not ledger.objects.has(found.digest):
        raise InputError(f"the bytes of {found.ref} are not in {ledger.objects.root}; restore them from a backup")
    return found


def is_directory(artifact: artifacts.Artifact) -> bool:
    """Whether a version's digest is a directory's."""
    return artifact.facts.get("media_type") == DIRECTORY_MEDIA_TYPE


# Beginning and ending


def begin(
    ledger: Ledger,
    fact: RunStarted,
    sources: Sequence[Made] = (),
    *,
    actor: str | None,
    project: str | None,
    cause: int | None = None,
    at: str | datetime | None = None,
) -> Recorded:
    """Record that a run begins, and as versions what it is run with (code, configuration, runtime), all or nothing.

    Raises:
        Refused: the run's name is taken, or an input is not registered.
    """

    def entries(_: dict[str, str]) -> list[Entry]:
        return [Entry(fact, actor=actor, project=project, cause=cause, at=at)]

    return _record(ledger, sources, entries, actor=actor, cause=cause, at=at)[1][-1]


def end(
    ledger: Ledger, started: Recorded, ended: Ended, *, actor: str | None = None, at: str | datetime | None = None
) -> tuple[dict[str, str], list[Recorded]]:
    """Record that a run ended, and as versions what it made, all or nothing.

    Bytes that are the newest version of their name already are not registered again. Where the ledger refuses what an
    ``ok`` run made, it is recorded as failed, for that reason.

    Returns:
        The reference of each artifact made, by its name without version; and what was recorded, ``run.completed`` last.

    Raises:
        Refused: the run has ended before.
    """
    run, project = started.event.value["run"], started.event.project
    actor = actor or started.event.actor

    def entries(refs: dict[str, str]) -> list[Entry]:
        fact = RunCompleted(
            run=run,
            status=ended.status,
            outputs=[Artifact(refs[each.artifact], each.stored.digest) for each in ended.made],
            metrics=dict(ended.metrics),
            exit_code=ended.exit_code,
            seconds=ended.seconds,
            log=ended.log,
            reason=ended.reason,
            series=ended.series,
        )
        return [Entry(fact, actor=actor, project=project, cause=started.seq, at=at)]

    try:
        return _record(ledger, ended.made, entries, actor=actor, cause=started.seq, at=at, run=run)
    except (Refused, FormatError) as error:
        if not ended.made and not ended.metrics:
            raise
        status: Status = "failed" if ended.status == "ok" else ended.status
        reason = ended.reason or one_line(f"what it made could not be recorded: {error}")
        bare = replace(ended, status=status, made=(), metrics={}, reason=reason)
        return end(ledger, started, bare, actor=actor, at=at)


def _record(
    ledger: Ledger,
    made: Sequence[Made],
    then: Callable[[dict[str, str]], list[Entry]],
    *,
    actor: str | None,
    cause: int | None,
    at: str | datetime | None,
    run: str | None = None,
) -> tuple[dict[str, str], list[Recorded]]:
    """Register what was made and record what ``then`` gives for its references, in one transaction.

    Versions count up, so another writer may take the one that was meant: then it is tried with the next.
    """
    for attempt in range(_ATTEMPTS):
        view = ledger.view()
        refs, facts = _versions(view, made, run)
        entries = [_entry(base, fact, actor, cause, at) for base, fact in facts]
        try:
            return refs, ledger.record_many([*entries, *then(refs)])
        except Refused:
            bases = {base for base, _ in facts}
            if attempt == _ATTEMPTS - 1 or all(_newest(view, base) == _newest(ledger.view(), base) for base in bases):
                raise
    raise AssertionError("the last attempt returns or raises")


def _entry(
    base: str, fact: ArtifactRegistered, actor: str | None, cause: int | None, at: str | datetime | None
) -> Entry:
    return Entry(fact, actor=actor, project=base.split("/")[1], cause=cause, at=at)


def _versions(
    view: View, made: Sequence[Made], run: str | None
) -> tuple[dict[str, str], list[tuple[str, ArtifactRegistered]]]:
    """For each artifact the reference that its bytes have or get, and the registrations that this takes."""
    refs: dict[str, str] = {}
    facts: list[tuple[str, ArtifactRegistered]] = []
    for each in made:
        kind, _, name = each.artifact.split("/")
        newest = _newest(view, each.artifact)
        if newest and newest.digest == each.stored.digest and not _is_before(view, newest.ref, run):
            refs[each.artifact] = newest.ref
            continue
        version = newest.version + 1 if newest else 1
        refs[each.artifact] = f"{each.artifact}@{version}"
        given = dict(each.facts)
        if each.stored.directory:
            given["media_type"] = DIRECTORY_MEDIA_TYPE
        fact = ArtifactRegistered(
            kind=kind,
            name=name,
            version=version,
            sha256=each.stored.digest,
            size=each.stored.size,
            run=run,
            **given,
        )
        facts.append((each.artifact, fact))
    return refs, facts


def _newest(view: View, base: str) -> artifacts.Artifact | None:
    kind, project, name = base.split("/")
    return artifacts.latest(view, kind, project, name)


def _is_before(view: View, ref: str, run: str | None) -> bool:
    """Whether ``run`` comes from ``ref``: as its output too, the same version would close a circle."""
    return run is not None and lineage.leads_to(view, ref, f"run/{run}")


# Runs whose process is gone


@contextmanager
def claimed(ledger: Ledger, run: str) -> Iterator[Callable[[], None]]:
    """Mark a run as being worked on by this process, which the kernel ends with it, however it ends.

    Yields:
        What to call once the run's end is recorded; without it the mark stays, and ``abandoned`` finds the run.
    """
    path = _claims(ledger) / run
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        while not os.fstat(file.fileno()).st_nlink:  # swept between its making and its locking
            file.close()
            file = path.open("wb")
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        raise LedgerError(f"cannot mark run/{run} as running in {path.parent}: {error.strerror}") from None
    with file:
        yield lambda: path.unlink(missing_ok=True)


def abandoned(ledger: Ledger) -> list[runs.Run]:
    """Runs without an end whose process was killed: they are marked as running here, and nobody holds the mark."""
    found = []
    for run in runs.unfinished(ledger.view()):
        with suppress(OSError), (_claims(ledger) / run.run).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.append(run)
    return found


def close_abandoned(ledger: Ledger, *, actor: str | None = None, at: str | datetime | None = None) -> list[Recorded]:
    """Record each abandoned run as interrupted, and sweep the marks of the dead. Returns what was recorded."""
    recorded = []
    for run in abandoned(ledger):
        fact = RunCompleted(run.run, "interrupted", reason="its process ended without recording how")
        with suppress(Refused):  # another process closed it in this moment
            recorded += ledger.record_many([Entry(fact, actor=actor, project=run.project, cause=run.seq, at=at)])
        (_claims(ledger) / run.run).unlink(missing_ok=True)
    going_on = {run.run for run in runs.unfinished(ledger.view())}
    for mark in _claims(ledger).glob("*"):  # of a run that was never recorded, or whose end was, just before a kill
        if mark.name not in going_on:
            with suppress(OSError), mark.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                mark.unlink()
    return recorded


def _claims(ledger: Ledger) -> Path:
    return ledger.path.parent / "running"
