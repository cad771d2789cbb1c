"""Verification spread over processes: each takes a stretch of whole blocks, and its results are joined.

Threads do not help, since hashing small messages keeps the interpreter's lock. A child is a plain interpreter with this
one's module path, which prints its progress and at last its result, one JSON document a line. What a child cannot do, for
whatever reason, this process does itself.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.audit.report import Finding
from ledger.audit.scan import BLOCK, LONGEST, Depth, Scan, depth_of, scan
from ledger.audit.watching import Joined, Reached, Tell, Told
from ledger.format.keys import VerifierKey
from ledger.store import sqlite

if TYPE_CHECKING:
    from ledger.audit.meaning import Meaning
    from ledger.rules.logs import LogKey

Progress = Callable[[Reached], None]
Result = TypeVar("Result")
Task = dict[str, Any]

_CHILD = (
    "import json, sys; task = json.loads(sys.argv[1]); sys.path[:] = task.pop('modules'); "
    "from ledger.audit.workers import work; work(task)"
)


def scan_all(
    connection: sqlite3.Connection,
    path: Path,
    stretch: tuple[int, int],
    depth: Depth,
    processes: int,
    progress: Progress,
) -> Scan:
    """As :func:`ledger.audit.scan.scan` of the places from ``stretch[0]`` to ``stretch[1]``, by several processes.

    Args:
        connection: the ledger, as ``scan`` takes it.
        path: its file, for the other processes.
        stretch: the first place, and one more than the last.
        depth: how closely to look.
        processes: how many there are, this one included.
        progress: told how far each process is.
    """
    task = {"what": "scan", "columns": depth.columns, "strict": depth.canonical is not None}

    def mine(start: int, stop: int, tell: Tell) -> Scan:
        return scan(connection, start, stop, depth, tell)

    parts = _spread(path, stretch, task, processes, mine, _to_scan, progress)
    for part in parts[1:]:
        parts[0].absorb(part)
    return parts[0]


def judge_all(
    connection: sqlite3.Connection,
    path: Path,
    stretch: tuple[int, int],
    keys: Sequence[LogKey],
    processes: int,
    progress: Progress,
) -> Meaning:
    """As :func:`ledger.audit.meaning.judge` of the events from ``stretch[0]`` to ``stretch[1]``, by several processes."""
    from ledger.audit.meaning import judge

    task = {"what": "meaning", "keys": [[key.since, str(key.verifier), key.seq] for key in keys]}

    def mine(start: int, stop: int, tell: Tell) -> Meaning:
        return judge(connection, start, stop, keys, tell)

    parts = _spread(path, stretch, task, processes, mine, _to_meaning, progress)
    for part in parts[1:]:
        parts[0].absorb(part)
    return parts[0]


def work(task: Task) -> None:
    """What a child does: one stretch, its result printed."""
    start, stop = task["start"], task["stop"]

    def tell(told: Told) -> None:
        print(json.dumps(told), flush=True)

    with closing(sqlite.read_only(Path(task["ledger"]))) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        connection.execute("BEGIN")
        if task["what"] == "scan":
            connection.text_factory = bytes
            print(
                json.dumps(_from_scan(scan(connection, start, stop, depth_of(task["columns"], task["strict"]), tell)))
            )
            return
        from ledger.audit.meaning import judge
        from ledger.rules.logs import LogKey

        keys = [LogKey(since, VerifierKey.parse(key), seq) for since, key, seq in task["keys"]]
        print(json.dumps(_from_meaning(judge(connection, start, stop, keys, tell))))


class _Child:
    """Another process at work on one stretch; ``hear`` takes up what it says of how far it is."""

    def __init__(self, task: Task, hear: Tell) -> None:
        self.start, self.stop = task["start"], task["stop"]
        self._hear = hear
        self._said: Any = None
        command = [sys.executable, "-I", "-S", "-c", _CHILD, json.dumps({**task, "modules": sys.path})]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Take up what the child says while this process does its own part."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                return
            if isinstance(said, list):
                self._hear(Told(*said))
            else:
                self._said = said

    def result(self, tell: Callable[[], None]) -> Any:
        """What the child found; ``None`` where it came to nothing."""
        while self._listener.is_alive():
            self._listener.join(_PAUSE)
            tell()
        return self._said

    def end(self) -> None:
        """Stop it, if it has not ended."""
        self._process.kill()
        self._listener.join()
        self._process.communicate()


_PAUSE = 0.1
"""Seconds between two looks at how far a child is."""


def _spread(
    path: Path,
    stretch: tuple[int, int],
    task: Task,
    processes: int,
    mine: Callable[[int, int, Tell], Result],
    read: Callable[[Any], Result],
    progress: Progress,
) -> list[Result]:
    """Results of consecutive stretches: of the first by this process, of the others by children meanwhile."""
    edges = _edges(*stretch, processes)
    spans = list(pairwise(edges))
    children: list[_Child] = []
    joined = Joined(spans, progress)

    def own(told: Told) -> None:
        joined.hear(0, told)
        joined.tell()

    try:
        for n, (start, stop) in enumerate(spans[1:], start=1):
            share = {**task, "ledger": str(path.resolve()), "start": start, "stop": stop}
            children.append(_Child(share, partial(joined.hear, n)))
        found = [mine(*spans[0], own)]
        for n, child in enumerate(children, start=1):
            said = child.result(joined.tell)
            found.append(mine(child.start, child.stop, lambda told: None) if said is None else read(said))
            joined.hear(n, Told(child.stop - child.start))
            joined.tell()
    finally:
        for child in children:
            child.end()
    return found


def _edges(start: int, stop: int, processes: int) -> list[int]:
    """Where stretches begin and end: at whole blocks."""
    share = -(-(stop - start) // processes) if processes > 1 else stop - start
    inner = {(start + n * share) // BLOCK * BLOCK for n in range(1, processes)}
    return [start, *sorted(edge for edge in inner if start < edge < stop), stop]


def _from_scan(found: Scan) -> Task:
    wrong = [[level, index, node.hex()] for (level, index), node in found.wrong.items()]
    tops = [[block, top.hex()] for block, top in found.tops.items()]
    plain = {name: getattr(found, name) for name in _PLAIN}
    return {**plain, "dirty": sorted(found.dirty), "wrong": wrong, "tops": tops}


_PLAIN = ("start", "stop", "suspects", "gaps", "unreadable", "unreadable_nodes", "events", "nodes")


def _to_scan(said: Task) -> Scan:
    found = Scan(said["start"], said["stop"])
    found.suspects, found.events, found.nodes = said["suspects"], said["events"], said["nodes"]
    found.gaps = [(start, stop) for start, stop in said["gaps"]]
    found.unreadable = [(start, stop, what) for start, stop, what in said["unreadable"]]
    found.unreadable_nodes = [(first, what) for first, what in said["unreadable_nodes"]]
    found.dirty = set(said["dirty"])
    found.wrong = {(level, index): bytes.fromhex(node) for level, index, node in said["wrong"]}
    found.tops = {block: bytes.fromhex(top) for block, top in said["tops"]}
    return found


def _from_meaning(found: Meaning) -> Task:
    return {name: getattr(found, name) for name in _MEANT}


_MEANT = ("findings", "decisions", "rows", "types", "notes", "unjudged", "differs")


def _to_meaning(said: Task) -> Meaning:
    from ledger.audit.meaning import Meaning
    from ledger.audit.signatures import Note

    found = Meaning()
    found.findings = [Finding(*each) for each in said["findings"]]
    found.notes = [Note(*each) for each in said["notes"]]
    found.types = Counter(said["types"])
    found.decisions, found.rows = said["decisions"], said["rows"]
    found.unjudged, found.differs = said["unjudged"], said["differs"]
    return found
