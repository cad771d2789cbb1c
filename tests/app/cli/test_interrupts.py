"""Ctrl-C is heard wherever it strikes."""

from __future__ import annotations

import subprocess
import sys

SWALLOWED = """
import signal, sys, time, weakref
from app.cli.interrupts import heeded

class Thing:
    pass

def pressed(_):
    signal.raise_signal(signal.SIGINT)
    for _ in range(1000):
        pass

with heeded():
    thing = Thing()
    watched = weakref.ref(thing, pressed)
    try:
        del thing
        print("went on", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("heard", flush=True)
"""


def test_what_a_callback_swallows_comes_again() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout == "went on\nheard\n"
    assert done.stderr == ""


def test_other_errors_are_told_as_ever() -> None:
    program = SWALLOWED.replace("signal.raise_signal(signal.SIGINT)", "raise ValueError('x')").replace("60", "0")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout == "went on\n"
    assert "ValueError: x" in done.stderr
