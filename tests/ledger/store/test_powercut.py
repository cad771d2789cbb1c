"""The power fails: what was not synced is lost in part or whole, and still nothing acknowledged is.

Each operation is traced once. Then its calls are replayed on a disk that keeps only what was synced and, of all else, any
part of it, up to a call at which the power fails; what is left is opened, verified and written to.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest

import ledger
from tests.ledger.store import powercut
from tests.ledger.store.olden import record
from tests.ledger.store.operations import BATCH, CYCLE, create, observation, open_ledger
from tests.ledger.store.powercut import Disk, File
from tests.ledger.store.test_crashes import copied, stored
from tests.ledger.store.tracing import ROOT, SEED, no_strace, prepare

OPERATIONS = {
    "create": 1,
    "record": 1,
    "record_many": BATCH,
    "checkpoint": 0,
    "rebuild": 0,
    "upgrade": 0,
    "cycle": CYCLE,
    "close": 1,
    "backup": 0,
    "put": 0,
}
"""What is done, and how many events it adds at most."""


def traced(what: str, folder: Path) -> str:
    """Do an operation on the ledger in ``folder``; returns the trace of its system calls."""
    trace = folder.with_name(f"{folder.name}.trace")
    words = [sys.executable, "-B", "-m", "tests.ledger.store.operations", what, str(folder)]
    watch = ["strace", *powercut.OPTIONS, "-o", str(trace), *words]
    subprocess.run(watch, cwd=ROOT, capture_output=True, timeout=120, check=True)
    return trace.read_text(errors="replace")


def look(what: str, folder: Path, said: list[str], before: int) -> None:
    """Nothing acknowledged is lost, what is there verifies, the next append and checkpoint work."""
    acknowledged = [int(line.split()[1]) for line in said if line.startswith("done ")]
    path = folder / "ledger.db"
    copied(folder, acknowledged if what == "backup" else [])
    stored(folder, acknowledged if what == "put" else [])
    if not path.exists():
        assert what == "create"
        assert not acknowledged
        create(folder).close()
    with open_ledger(folder) as book:
        size = book.size
        most = before + OPERATIONS[what] + (what == "checkpoint")
        assert max(acknowledged, default=before) <= size <= most, said
        note = book.last_checkpoint()
        if what == "checkpoint" and acknowledged:
            assert note is not None
            assert int(note.splitlines()[1]) == acknowledged[-1]
        assert ledger.verify(path).findings == []
        book.record_many([observation(0)])
        book.checkpoint()
        assert book.size == size + 1
    assert ledger.verify(path).findings == []


def cut_power(what: str, folder: Path, told: Path, times: int | None) -> tuple[Counter[str], int]:
    """Cut the power at random ``times``, or four times after every call; returns the calls, and how often it was cut."""
    prepare(what, folder, told)
    kept = record(folder / "ledger.db") if what == "upgrade" else None
    before = 0 if what == "create" else 209
    began = Disk(folder)
    trace = traced(what, folder)
    calls = list(deepcopy(began).replay(trace))
    chance = random.Random(f"{SEED} {what}")
    every = [number for number in range(len(calls)) for _ in range(4)]
    chosen = Counter(every if times is None else [*chance.sample(range(len(calls) - 1), times - 1), len(calls) - 1])
    left = folder.with_name("left")
    for number, _ in enumerate(began.replay(trace)):
        for _ in range(chosen[number]):
            began.cut(left, chance)
            if kept is not None:
                assert record(left / "ledger.db") == kept
            look(what, left, began.said, before)
    return Counter(calls), chosen.total()


@pytest.mark.parametrize("what", OPERATIONS)
class TestPowerCuts:
    @pytest.fixture(autouse=True)
    def traceable(self) -> None:
        if no_strace():
            pytest.skip(no_strace())

    def test_some(self, what: str, told: Path, tmp_path: Path) -> None:
        cut_power(what, tmp_path / "ledger", told, 2)

    @pytest.mark.slow
    def test_every(self, what: str, told: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        calls, cuts = cut_power(what, tmp_path / "ledger", told, None)
        with capsys.disabled():
            listed = ", ".join(f"{count} {call}" for call, count in sorted(calls.items()))
            print(f"\n{what}: {calls.total()} calls ({listed}), {cuts} power cuts")


_LINES = {
    "made": 'openat(AT_FDCWD, "x", O_RDWR|O_CREAT, 0644) = 3<{folder}/f>',
    "write": 'write(3<{folder}/f>, "\\x61\\x62", 2) = 2',
    "put": 'pwrite64(3<{folder}/f>, "\\x63", 1, 4) = 1',
    "shorten": "ftruncate(3<{folder}/f>, 1) = 0",
    "sync": "fsync(3<{folder}/f>) = 0",
    "sync folder": "fsync(4<{folder}>) = 0",
    "unlink": 'unlink("{hex}") = 0',
    "failed": 'pwrite64(3<{folder}/f>, "\\x63", 1, 0) = -1 EIO (Input/output error)',
}


class TestDisk:
    """The disk itself: what it keeps, and what it may lose."""

    def after(self, folder: Path, *calls: str) -> Disk:
        folder.mkdir(exist_ok=True)
        disk = Disk(folder)
        name = "".join(f"\\x{byte:02x}" for byte in f"{folder}/f".encode())
        list(disk.replay("\n".join(_LINES[each].format(folder=folder, hex=name) for each in calls)))
        return disk

    def left(self, folder: Path, disk: Disk) -> set[bytes | None]:
        """All that was found in a hundred cuts: the file's bytes, or ``None`` where there is none."""
        found: set[bytes | None] = set()
        for n in range(100):
            disk.cut(folder / "left", random.Random(n))
            file = folder / "left" / "f"
            found.add(file.read_bytes() if file.exists() else None)
        return found

    @pytest.mark.parametrize(
        ("calls", "found"),
        [
            (["made"], {None, b""}),
            (["made", "write"], {None, b"", b"ab"}),
            (["made", "write", "sync"], {None, b"ab"}),
            (["made", "write", "sync folder"], {b"", b"ab"}),
            (["made", "write", "sync", "sync folder"], {b"ab"}),
            (["made", "write", "write", "sync", "sync folder"], {b"abab"}),
            (["made", "sync folder", "write", "sync", "put"], {b"ab", b"ab\0\0c"}),
            (["made", "sync folder", "write", "sync", "shorten"], {b"ab", b"a"}),
            (["made", "sync folder", "write", "sync", "unlink"], {b"ab", None}),
            (["made", "sync folder", "write", "sync", "unlink", "sync folder"], {None}),
            (["made", "sync folder", "write", "sync", "failed"], {b"ab"}),
        ],
    )
    def test_what_may_be_left(self, tmp_path: Path, calls: list[str], found: set[bytes | None]) -> None:
        assert self.left(tmp_path, self.after(tmp_path / "there", *calls)) == found

    def test_sectors_are_lost_one_by_one(self) -> None:
        file = File(since=[(100, b"x" * 1000)])
        kept = {file.torn(random.Random(n)).count(b"x") for n in range(200)}
        # 412 bytes of the first sector, all of the second, 76 of the third.
        assert kept == {0, 412, 512, 76, 412 + 512, 412 + 76, 512 + 76, 1000}
