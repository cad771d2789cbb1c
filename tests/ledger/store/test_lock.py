"""Writers wait their turn in the kernel, and who waits is next."""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.store.lock import WriterLock

_HOLD = """
import sys, time, pathlib
from ledger.store.lock import WriterLock
with WriterLock(pathlib.Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_writer_waits_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    entered = threading.Event()

    def enter() -> None:
        lock = WriterLock(path)
        with lock.held():
            entered.set()
        lock.close()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(0.3)
    other.kill()
    assert entered.wait(30)
    waiting.join()
    other.wait()
    other.stdout.close()


def test_who_has_written_queues_behind_who_waits(tmp_path: Path) -> None:
    """Two loops take turns: neither gets two in a row while the other stands in the queue."""
    path = tmp_path / "ledger.db"
    turns: list[int] = []
    together = threading.Barrier(2)

    def write(me: int) -> None:
        lock = WriterLock(path)
        together.wait()
        for _ in range(50):
            with lock.held():
                turns.append(me)
                threading.Event().wait(0.001)
        lock.close()

    threads = [threading.Thread(target=write, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(turns) == 100
    in_the_middle = turns[5:95]
    alternations = sum(a != b for a, b in pairwise(in_the_middle))
    assert alternations >= 0.8 * len(in_the_middle)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"cannot open the writers' lock .*: No such file or directory; check"):
        WriterLock(tmp_path / "absent" / "ledger.db")


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "ledger.db")
    with pytest.raises(ZeroDivisionError), lock.held():
        raise ZeroDivisionError
    other = WriterLock(tmp_path / "ledger.db")
    with other.held():
        pass
    lock.close()
    other.close()
