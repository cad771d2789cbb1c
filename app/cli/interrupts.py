"""Ctrl-C that is not lost: where Python may not raise it, in a callback of its own cleaning up, it is raised again."""

from __future__ import annotations

import _thread
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SOON = 0.02
"""Seconds until it is raised again: the callback that swallowed it is over by then."""


@contextmanager
def heeded() -> Iterator[None]:
    """While it lasts, a ``KeyboardInterrupt`` that a destructor or a weak reference's callback swallows comes again.

    Python would print "Exception ignored in …" and go on, so that the one who pressed the keys is not heard.
    """
    before, here = sys.unraisablehook, _thread.get_ident()

    def hook(lost: UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            _thread.start_new_thread(_again, (here,))
        else:
            before(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _again(thread: int) -> None:
    import signal

    time.sleep(_SOON)
    signal.pthread_kill(thread, signal.SIGINT)  # a real one, which ends a wait as well
