"""Four processes write to one ledger: no event is lost, doubled or out of order, and nobody is left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import ledger
from tests.ledger.store.tracing import ROOT

WRITERS = 4
UNTIL = 400

_WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.ledger.store.operations import observation, open_ledger, say
name, until = sys.argv[2], int(sys.argv[3])
book = open_ledger(Path(sys.argv[1]))
say("ready")
sys.stdin.readline()
n = 0
while book.size < until:
    size = 5 if n % 7 == 6 else 1
    book.record_many([replace(observation(n), actor=f"svc:{name}") for _ in range(size)])
    say(f"{n}")
    n += 1
"""


def test_they_take_turns(begun: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    shutil.copytree(begun, folder)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _WRITER, str(folder), str(name), str(UNTIL)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for name in range(WRITERS)
        ]
        for each in writers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in writers:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        acknowledged = [len(each.communicate(timeout=300)[0].splitlines()) for each in writers]
    with ledger.open(folder / "ledger.db", read_only=True) as book:
        events = [each.event for each in book.events()][1:]
    assert ledger.verify(folder / "ledger.db").findings == []
    # Whoever saw the log one short of the end may still have added to it.
    assert UNTIL <= len(events) + 1 < UNTIL + 5 * WRITERS
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for name, count in enumerate(acknowledged):
        mine = [event.value["n"] for event in events if event.actor == f"svc:{name}"]
        assert mine == [n for n in range(count) for _ in range(5 if n % 7 == 6 else 1)]
    assert min(acknowledged) >= max(acknowledged) / 4, acknowledged
