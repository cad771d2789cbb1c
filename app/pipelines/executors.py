"""Where tasks are done: behind ``concurrent.futures.Executor``, so that a cluster's executor fits in the same place.

A task (``runner.Task``) is plain data and its result too; whoever does it needs nothing but this package and the store.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, TypeVar

_Result = TypeVar("_Result")

MOST = 4
"""So many processes work at once where nobody says."""


class Serial(Executor):
    """Does each task at once, in this process; its future is done when it is handed out."""

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        """Do it."""
        future: Future[_Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def made(processes: int) -> Executor:
    """An executor with so many processes; with one, tasks are done in this one."""
    if processes <= 1:
        return Serial()
    # Spawned, not forked: this process holds an open database, and perhaps threads.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_die_with, initargs=(os.getpid(),))


def default_processes() -> int:
    """How many processes this machine has for tasks."""
    return max(1, min(MOST, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def _die_with(parent: int) -> None:
    """Have the kernel end this worker where its parent is killed (Linux): nobody could record what it does."""
    # Ctrl-C is for the parent, which tells by a file what is to stop; programs that are started get the usual handler.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)
