"""Crashes, full disks and failing disks: what was acknowledged is there, what is there verifies, the next append works.

Each system call of an operation that changes a file is counted under strace; then the operation runs once for each call and
fault: killed at it, failing with an input/output error, failing for want of space. Random kills come on top.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

import ledger
from ledger.format.hashes import digest
from ledger.store import schema, sqlite
from ledger.store.objects import Objects
from tests.ledger.store.olden import record
from tests.ledger.store.operations import BATCH, COPY, OBJECT, create, observation, open_ledger
from tests.ledger.store.tracing import ROOT, SEED, no_strace, prepare

WRITES = ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate")
CALLS = (*WRITES, "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat")
OPERATIONS = ("create", "record", "record_many", "checkpoint", "rebuild", "upgrade", "backup", "put")
FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")


@pytest.fixture
def watched() -> None:
    if no_strace():
        pytest.skip(no_strace())


class Run(NamedTuple):
    """How an operation under strace went: what it said, its code, and the calls, from ``begin`` on and before."""

    said: list[str]
    code: int
    during: Counter[str]
    before: Counter[str]


def run(what: str, folder: Path, fault: str = "") -> Run:
    trace = folder / "trace"
    inject = ["-e", f"inject={fault}"] if fault else []
    watch = ["strace", "-f", "-qq", "-e", f"trace={','.join('?' + call for call in CALLS)}", *inject, "-o", str(trace)]
    done = subprocess.run(
        [*watch, sys.executable, "-B", "-m", "tests.ledger.store.operations", what, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    lines = [line.split(maxsplit=1)[-1] for line in trace.read_text(errors="replace").splitlines()]
    calls = [line.partition("(")[0] for line in lines]
    begun = next((n for n, line in enumerate(lines) if '"begin' in line), len(lines))
    return Run(done.stdout.splitlines(), done.returncode, Counter(calls[begun + 1 :]), Counter(calls[: begun + 1]))


def faults(what: str, folder: Path, told: Path) -> list[str]:
    """Every fault at every call of an operation."""
    prepare(what, folder, told)
    went = run(what, folder)
    assert went.said[-1].startswith("done "), went
    return [
        f"{call}:{fault}:when={went.before[call] + n}"
        for call, count in sorted(went.during.items())
        if call in CALLS
        for n in range(1, count + 1)
        for fault in FAULTS
        if fault != "error=ENOSPC" or call in WRITES
    ]


def survive(what: str, folder: Path, told: Path, fault: str) -> None:
    """Run an operation into a fault, and see that nothing acknowledged is lost and everything goes on."""
    prepare(what, folder, told)
    path = folder / "ledger.db"
    before = record(path) if what == "upgrade" else None
    size = 0 if what == "create" else 209 + (what == "checkpoint")
    went = run(what, folder, fault)
    failures = [line for line in went.said if line.startswith("failed ")]
    if what == "create" and failures and "was made, and cannot be opened now" in failures[0]:
        assert failures[1:] == [f"failed InputError {path} exists already; a ledger is never overwritten"]
        failures.pop()
    assert all(line.split()[1] in ("LedgerError", "KeyUnavailable") for line in failures), went.said
    # A fault that comes once may fail one attempt; the next one in the same process succeeds.
    assert len(failures) <= 1, went.said
    acknowledged = [int(line.split()[1]) for line in went.said if line.startswith(("done ", "again "))]
    if before is not None:
        assert sqlite_revision(path) in ("0001", schema.REVISION)
        assert record(path) == before
    copied(folder, acknowledged if what == "backup" else [])
    stored(folder, acknowledged if what == "put" else [])
    if not path.exists():
        assert what == "create"
        assert not acknowledged
        create(folder).close()
    with open_ledger(folder) as book:
        assert book.size >= max(acknowledged, default=size), went.said
        assert book.size - size in {"create": (1,), "record": (0, 1), "record_many": (0, BATCH)}.get(what, (0,)), went
        found = ledger.verify(path)
        assert found.findings == [], (fault, found.findings)
        book.record_many([observation(0)])
        book.checkpoint()
    assert ledger.verify(path).findings == []


def copied(folder: Path, acknowledged: list[int]) -> None:
    """A copy that was acknowledged is there, and one that is there is whole."""
    copy = folder / COPY
    assert copy.exists() or not acknowledged
    if copy.exists():
        found = ledger.verify(copy)
        assert (found.size, found.findings) == (209, [])


def stored(folder: Path, acknowledged: list[int]) -> None:
    """An object that was acknowledged is there; one that is there is whole, and putting it again is no trouble."""
    objects = Objects(folder / "objects")
    name = digest(OBJECT)
    assert objects.has(name) or not acknowledged
    if objects.has(name):
        assert objects.read(name) == OBJECT
    assert objects.put_bytes(OBJECT).digest == name
    assert objects.read(name) == OBJECT


def sqlite_revision(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as connection:
        return sqlite.revision(connection)


@pytest.mark.usefixtures("watched")
class TestFaultsAtCalls:
    @pytest.mark.parametrize("what", OPERATIONS)
    def test_some(self, what: str, told: Path, tmp_path: Path) -> None:
        folder = tmp_path / "ledger"
        kinds: dict[str, list[str]] = {}
        for fault in faults(what, folder, told):
            kinds.setdefault(fault.partition(":")[0], []).append(fault)
        # Most calls write pages: a call of each kind has the same chance, however many there are.
        chance = random.Random(f"{SEED} {what}")
        chosen = [chance.choice(kinds[kind]) for kind in chance.choices(sorted(kinds), k=2)]
        for fault in chosen:
            survive(what, folder, told, fault)

    @pytest.mark.slow
    @pytest.mark.parametrize("what", OPERATIONS)
    def test_every(self, what: str, told: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = tmp_path / "ledger"
        every = faults(what, folder, told)
        calls = Counter(fault.split(":")[0] for fault in every if "KILL" in fault)
        with capsys.disabled():
            told_ = ", ".join(f"{count} {call}" for call, count in sorted(calls.items()))
            print(f"\n{what}: {sum(calls.values())} calls ({told_}), {len(every)} faults")
        for fault in every:
            survive(what, folder, told, fault)

    def test_an_append_waits_for_the_disk(self, told: Path, tmp_path: Path) -> None:
        """The last thing before the acknowledgement is a synchronisation of the log."""
        folder = tmp_path / "ledger"
        prepare("record", folder, told)
        run("record", folder)
        calls = [line.split(maxsplit=1)[1] for line in (folder / "trace").read_text(errors="replace").splitlines()]
        begun = next(n for n, line in enumerate(calls) if '"begin' in line)
        done = next(n for n, line in enumerate(calls) if '"done' in line)
        assert calls[done - 1].partition("(")[0] in ("fsync", "fdatasync")
        assert done - begun > 3


_WRITER = """
import os, sys
from pathlib import Path
from tests.ledger.store.operations import BATCH, observation, open_ledger, say
book = open_ledger(Path(sys.argv[1]))
say("begin")
n = 0
while True:
    n += 1
    if n % 7 == 0:
        book.record_many([observation(n)] * BATCH)
    elif n % 5 == 0:
        book.checkpoint()
    else:
        book.record_many([observation(n)])
    say(f"done {book.size} {book.head}")
"""


def kill_and_look(folder: Path, delay: float) -> int:
    """Kill a busy writer after ``delay`` seconds; returns how many operations it had acknowledged."""
    command = [sys.executable, "-c", _WRITER, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begin\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        said = [line.split() for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    with open_ledger(folder) as book:
        if said:
            _, size, head = said[-1]
            assert book.size >= int(size)
            assert next(book.events(int(size) - 1)).hash.hex() == head
        assert ledger.verify(folder / "ledger.db").findings == []
        before = book.size
        book.record_many([observation(0)])
        book.checkpoint()
        assert book.size == before + 1
    return len(said)


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments(kills: int, told: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    shutil.copytree(told, folder)
    chance = random.Random(SEED)
    acknowledged = sum(kill_and_look(folder, chance.uniform(0, 0.25)) for _ in range(kills))
    assert acknowledged > kills
