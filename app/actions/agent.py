"""The agent as others see it: who leads a ledger, and when the clock's work was last done, out of two files beside it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from app.actions.answers import Mark, counted, moment, say, state, table
from ledger.errors import InputError, LedgerError
from ledger.format import times

_LIMIT = 1 << 20


class Work(NamedTuple):
    """What came of a duty when it was last done: how many things it did, or what was wrong, in one line."""

    duty: str
    did: int
    trouble: str | None = None

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return self._asdict()


class Round(NamedTuple):
    """One round of the agent: when it began by the wall clock, the ledger's moment in it, and what each duty did."""

    at: str
    now: str
    by: str
    seconds: float
    work: tuple[Work, ...]

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return {**self._asdict(), "work": [each.document() for each in self.work]}


class Leader(NamedTuple):
    """The process that leads: the only one that does the clock's work for a ledger."""

    actor: str
    pid: int
    host: str
    since: str

    @property
    def words(self) -> str:
        """Who leads, in words."""
        return f"{self.actor} (process {self.pid} on {self.host}, since {moment(self.since)})"


class Led(InputError):
    """Another agent leads this ledger."""


@contextmanager
def leading(ledger: Path, actor: str) -> Iterator[None]:
    """Lead a ledger for the block: the kernel ends it with the process, however that ends.

    Raises:
        Led: another process leads; the message names it.
        LedgerError: the folder takes no file.
    """
    path = _lock(ledger)
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
    except OSError as error:
        raise LedgerError(f"cannot open the agent's lock {path}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = _read_leader(file)
            who = other.words if other else "another process"
            raise Led(f"the agent of {who} leads this ledger; one is enough: end that one to lead from here") from None
        _say_leader(file, actor)
        try:
            yield
        finally:
            file.truncate(0)


def leader(ledger: Path) -> Leader | None:
    """Who leads a ledger at this moment; ``None`` where nobody does."""
    try:
        file = _lock(ledger).open("r", encoding="utf-8")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _read_leader(file)
    return None


def last_round(ledger: Path) -> Round | None:
    """The last round that was done for a ledger; ``None`` before the first, and where the file cannot be read."""
    try:
        with _file(ledger).open("rb") as file:
            found = json.loads(file.read(_LIMIT))
        work = tuple(Work(str(each["duty"]), int(each["did"]), each["trouble"]) for each in found["work"])
        return Round(str(found["at"]), str(found["now"]), str(found["by"]), float(found["seconds"]), work)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_round(ledger: Path, done: Round) -> None:
    """Keep a round as the last.

    Raises:
        OSError: the file cannot be written.
    """
    path = _file(ledger)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(done.document()), encoding="utf-8")
    draft.replace(path)


def document(ledger: Path) -> dict[str, Any]:
    """Who leads and what was last done, as JSON."""
    leads, last = leader(ledger), last_round(ledger)
    return {
        "leader": None if leads is None else leads._asdict(),
        "last": None if last is None else last.document(),
    }


def standing(ledger: Path) -> list[str]:
    """Who leads and what was last done, as lines."""
    leads, last = leader(ledger), last_round(ledger)
    head = state("live", "agent") if leads else state("open", "no agent")
    said = f"  {leads.words} leads" if leads else "  nobody runs `assay agent`; `assay agent --once` does one round"
    lines: list[str] = [say(head, said)]
    if last is None:
        return [*lines, say("  ", Mark("dim", "it has never run"))]
    lines.append(say(f"  last round at {moment(last.at)} by {last.by}, {last.seconds:.1f} s"))
    return [*lines, *table([_row(each) for each in last.work], indent="  ")]


def short(ledger: Path) -> str | None:
    """When the agent last ran, in one line; ``None`` where it never did."""
    last, leads = last_round(ledger), leader(ledger)
    if last is None and leads is None:
        return None
    troubled = [each.duty for each in last.work if each.trouble] if last else []
    when = f"last ran {moment(last.at)}" if last else "has not finished a round yet"
    going = f"; {leads.words} leads" if leads else "; not running now"
    return say(
        state("warn" if troubled else "live" if leads else "quiet", "agent"),
        f"  {when}{going}",
        f"; trouble with {', '.join(troubled)}" if troubled else "",
    )


def wall_time() -> str:
    """Now by the wall clock, as events spell it."""
    return times.format_time(datetime.now(UTC))


def _row(work: Work) -> tuple[Mark, str, str]:
    if work.trouble is not None:
        return state("bad", work.duty), "failed", work.trouble
    if work.did:
        return state("good", work.duty), "did", counted(work.did, "thing")
    return state("quiet", work.duty), "nothing to do", ""


def _lock(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".agent.lock")


def _file(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".agent")


def _say_leader(file: IO[str], actor: str) -> None:
    import socket

    file.truncate(0)
    file.seek(0)
    json.dump(Leader(actor, os.getpid(), socket.gethostname(), wall_time())._asdict(), file)
    file.flush()


def _read_leader(file: IO[str]) -> Leader | None:
    try:
        file.seek(0)
        found = json.loads(file.read(_LIMIT))
        return Leader(str(found["actor"]), int(found["pid"]), str(found["host"]), str(found["since"]))
    except (ValueError, KeyError, TypeError):
        return None  # it has only just begun to lead
