"""Tellings of the demo, as a user starts them: whole, cut off at a moment, gone on with; and what each came to."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[3]


class Whole(NamedTuple):
    """A telling from beginning to end: its workspace, how long it took, what it printed."""

    root: Path
    seconds: float
    out: str
    err: str


@dataclass(frozen=True)
class Story:
    """What a telling came to, without what no two tellings share: names of runs, keys, signatures, hashes."""

    artifacts: dict[str, str]
    alerts: list[tuple[str, str]]
    decisions: list[tuple[str, str, str]]
    canary: list[tuple[str, str]]
    ended: list[tuple[str, str, str]]
    approvals: list[tuple[str, str]]
    refused: list[str]
    retrained: list[tuple[str, str]]
    looks: list[tuple[str, str, bool]]
    runs: list[str]


def story(root: Path) -> Story:
    """The story that a workspace's ledger holds."""
    events = recorded(root)

    def of(*types: str) -> list[dict[str, Any]]:
        return [each for each in events if each["type"] in types]

    jobs = {each["value"]["run"]: each["value"]["job"] for each in of("run.started")}
    return Story(
        artifacts={each["subject"]: each["value"]["sha256"] for each in of("artifact.registered")},
        alerts=[(each["value"]["alert"], each["subject"]) for each in of("alert.raised")],
        decisions=sorted(
            (each["type"], each["subject"], each["actor"]) for each in of("alert.acknowledged", "alert.resolved")
        ),
        canary=[(each["value"]["day"], each["value"]["decision"]) for each in of("deployment.step")],
        ended=[(each["subject"], each["value"]["status"], each["at"][:10]) for each in of("deployment.completed")],
        approvals=[(each["subject"], each["actor"]) for each in of("approval.granted")],
        refused=[each["value"]["monitor"] for each in of("monitor.refused")],
        retrained=[(each["value"]["cause"], each["actor"]) for each in of("retraining.triggered")],
        looks=[
            (each["value"]["monitor"], each["value"]["day"], each["value"]["breached"])
            for each in of("monitor.observed")
        ],
        runs=[jobs[each["value"]["run"]] for each in of("run.completed") if each["value"]["status"] == "ok"],
    )


def recorded(root: Path) -> list[dict[str, Any]]:
    """A ledger's events, as its file holds them."""
    place = root / ".assay" / "ledger.db"
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as connection:
        return [json.loads(body) for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]


def size(root: Path) -> int:
    """How many events are recorded by now; 0 where there is no ledger yet."""
    place = root / ".assay" / "ledger.db"
    if not place.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.Error:
        return 0


def begin(root: Path, *words: str, quick: bool = True) -> subprocess.Popen[str]:
    """Start ``assay demo ROOT --no-tui``, the shorter story, in a process of its own."""
    shorter = ["--quick"] if quick else []
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo", str(root), "--no-tui", *shorter, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def tell(root: Path, *words: str, quick: bool = True) -> subprocess.CompletedProcess[str]:
    """Tell it to its end, from wherever it was left."""
    process = begin(root, *words, quick=quick)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def whole(root: Path) -> Whole:
    """Tell it from beginning to end."""
    began = time.monotonic()
    done = tell(root)
    assert done.returncode == 0, done.stderr
    return Whole(root, time.monotonic() - began, done.stdout, done.stderr)


def cut(root: Path, *, seconds: float | None = None, events: int | None = None, by: int = signal.SIGKILL) -> int:
    """Begin a telling, and end it after so many seconds or once so many events are recorded; its exit code."""
    process = begin(root)
    began = time.monotonic()
    while process.poll() is None:
        if seconds is not None and time.monotonic() - began >= seconds:
            break
        if events is not None and size(root) >= events:
            break
        time.sleep(0.002)
    process.send_signal(by)
    process.communicate(timeout=60)
    return process.returncode


def leftovers(root: Path) -> list[str]:
    """Files in a workspace that no finished work leaves: halves, drafts, marks of what runs."""
    inside = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return sorted(
        str(path)
        for path in inside
        if ".new" in path.name
        or path.name.startswith((".incoming-", ".tmp"))
        or path.parts[:2] == (".assay", "running")
    )
