"""Starting ``child.py`` in a process group of its own, and ending such a group."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import app
from app.pipelines import runtime

GRACE = 5.0
"""Seconds between asking a process to end and killing it."""

CHILD = Path(__file__).with_name("child.py")

OURS = Path(app.__file__ or __file__).parent.parent
"""The folder that our packages lie in: a checkout, or ``site-packages``."""

_POLL = 0.005


def start(
    job: Mapping[str, Any],
    *,
    folder: Path,
    job_file: Path,
    seed: int,
    variables: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.STDOUT,
    python: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that does a job.

    Args:
        job: what ``child.py`` expects, without what every job has.
        folder: where it starts.
        job_file: the file to make that describes the job.
        seed: 0 to 2^32 - 1.
        variables: what its environment holds besides what every run's does; it has the last word.
        stdin: as of ``subprocess.Popen``.
        stderr: as of ``subprocess.Popen``.
        python: the interpreter that runs it; this one where none is named.

    Raises:
        OSError: it cannot be started.
    """
    # What Python reads from the environment is for the user's code, not for the child's own imports.
    late = {name: value for name, value in variables.items() if name.startswith("PYTHON")}
    early = {name: value for name, value in variables.items() if name not in late}
    described = {"parent": os.getpid(), "hidden": str(OURS), "variables": late, **job}
    job_file.write_text(json.dumps(described), encoding="utf-8")
    return subprocess.Popen(
        # Like -I, but with the hash seed: no user site, no folder of the script. The environment leaves out the rest.
        [str(python or sys.executable), "-s", "-P", str(CHILD), str(job_file)],
        cwd=folder,
        env=runtime.environment(seed, early, python),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended. Its id stays taken until ``end_group``, so that no other's group is meant by it."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a process to end, at most so long; whether it has."""
    until = time.monotonic() + seconds
    while not (ended := has_ended(process)) and time.monotonic() < until:
        time.sleep(_POLL)
    return ended


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started in its group: by asking, then, after ``GRACE`` seconds, by force."""
    if process.returncode is not None:
        return
    with suppress(KeyboardInterrupt, ProcessLookupError):
        if not has_ended(process):
            os.killpg(process.pid, signal.SIGTERM)
            wait(process, GRACE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
