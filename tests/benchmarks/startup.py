"""How long a person waits for the first word: whole processes against a bare Python, the dashboard against a bare app.

Every process reads its own compiled modules from a cache that the first round fills, as an installed Assay does.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect
import pyte

from tests.benchmarks import harness, lifelike

ASSAY = str(Path(sys.executable).with_name("assay"))
COLUMNS, ROWS = 120, 36
EVENTS = 1_000
DASHBOARD_EVENTS = 10_000
_PATIENCE = 30.0

FLOOR = (
    "import argparse, hashlib, json, pathlib, sqlite3, typing\n"
    "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey"
)
"""What any command that verifies must import, whoever wrote it."""

MINIMAL = """
from textual.app import App
from textual.widgets import Footer, Header, Static

class Minimal(App):
    BINDINGS = [("q", "quit", "Quit")]

    def compose(self):
        yield Header()
        yield Static("hello")
        yield Footer()

Minimal().run()
"""
"""The least that has a title, a body and a footer of keys."""


class Stage:
    """A folder to run in, with a home of its own and a cache for compiled modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "PYTHON"))}
        self.environment = {
            **inherited,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
        }

    def process(self, *words: str) -> harness.Measurement:
        """The seconds from a process's start to its end; what it prints is thrown away."""

        def work() -> None:
            subprocess.run(words, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, check=True)

        return harness.timed(work)

    def python(self, code: str) -> harness.Measurement:
        """The same of a Python that runs ``code``."""
        return self.process(sys.executable, "-c", code)

    def paint(self, *words: str, until: str = "") -> harness.Measurement:
        """The seconds from a process's start in a terminal to its first full frame with ``until`` in it."""
        return lambda: first_frame(words, self.folder, self.environment, until)

    def ledger(self, events: int) -> Path:
        """A new lifelike ledger."""
        path = self.folder / str(events) / "ledger.db"
        path.parent.mkdir(exist_ok=True)
        lifelike.write(path, events)
        return path


def first_frame(words: Sequence[str], folder: Path, environment: dict[str, str], until: str = "") -> float:
    """Seconds until a program in a pseudo-terminal has drawn its first and its last line, and ``until`` somewhere.

    The bytes are stamped as they come and put on a screen only afterwards, so that the emulator costs nothing.

    Raises:
        TimeoutError: no full frame came; the message holds what was drawn.
    """
    began = time.perf_counter()
    child = pexpect.spawn(
        words[0],
        list(words[1:]),
        cwd=str(folder),
        env=environment,
        dimensions=(ROWS, COLUMNS),
        timeout=_PATIENCE,
    )
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    try:
        while time.perf_counter() - began < _PATIENCE:
            chunks = _burst(child)
            for at, chunk in chunks:
                stream.feed(known_to_pyte(chunk))
                if _is_full(screen.display, until):
                    return at - began
            if not chunks and not child.isalive():
                break
    finally:
        child.close(force=True)
    drawn = "\n".join(line.rstrip() for line in screen.display if line.strip())
    raise TimeoutError(f"{' '.join(words)[:80]}: no full frame; on the screen was:\n{drawn}")


def _is_full(lines: Sequence[str], wanted: str) -> bool:
    return bool(lines[0].strip() and lines[-1].strip()) and (not wanted or any(wanted in line for line in lines))


def _burst(child: pexpect.spawn[bytes]) -> list[tuple[float, bytes]]:
    """What the program writes until it pauses for a fifth of a second, each piece with the moment that it came."""
    chunks: list[tuple[float, bytes]] = []
    while True:
        try:
            chunk = child.read_nonblocking(65_536, timeout=0.2)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return chunks
        chunks.append((time.perf_counter(), chunk))


def known_to_pyte(chunk: bytes) -> bytes:
    """Without the queries of newer terminals (``CSI ? … $ p``, ``CSI > … q``), which pyte would print."""
    return re.sub(rb"\x1b\[[?>=<][0-9;]*(?:\$p|[uqc])", b"", chunk)


def processes(stage: Stage, rounds: int) -> list[harness.Figure]:
    """Commands as whole processes, divided by ``python -c pass``."""
    measured = harness.alternate(
        {
            "bare": stage.python("pass"),
            "import": stage.python("import ledger"),
            "floor": stage.python(FLOOR),
            "help": stage.process(ASSAY, "--help"),
            "verify": stage.process(ASSAY, "verify", str(stage.ledger(EVENTS))),
        },
        rounds=rounds,
    )
    bare = measured.pop("bare")
    told = {
        "verify": ("assay verify ÷ python -c pass", f"a lifelike ledger of {EVENTS:,} events", 5.0, 4.0),
        "floor": ("its standard library and cryptography ÷ python -c pass", "imported, nothing done", None, None),
        "help": ("assay --help ÷ python -c pass", "the list of commands", None, None),
        "import": ("import ledger ÷ python -c pass", "nothing used of it", None, None),
    }
    return [
        harness.Figure(what, measured[name].over(bare), harness.against(measured[name], bare), workload, bar, stretch)
        for name, (what, workload, bar, stretch) in told.items()
    ]


def painting(stage: Stage, rounds: int, events: int) -> list[harness.Figure]:
    """The dashboard's first full frame, and its first with data in it, divided by a minimal Textual app's."""
    dashboard = (ASSAY, "--ledger", str(stage.ledger(events)))
    measured = harness.alternate(
        {
            "minimal": stage.paint(sys.executable, "-c", MINIMAL),
            "frame": stage.paint(*dashboard),
            "data": stage.paint(*dashboard, until=lifelike.ORIGIN),
        },
        rounds=rounds,
    )
    minimal = measured.pop("minimal")
    workload = f"a lifelike ledger of {events:,} events, a pseudo-terminal of {COLUMNS}×{ROWS}"
    told = {
        "frame": ("first paint ÷ a minimal Textual app", f"{workload}, until first and last line are drawn", 1.6),
        "data": ("first data ÷ a minimal Textual app", f"{workload}, until the ledger's name is drawn too", None),
    }
    return [
        harness.Figure(what, measured[name].over(minimal), harness.against(measured[name], minimal), how, bar)
        for name, (what, how, bar) in told.items()
    ]


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each measurement (default: 15)")
    parser.add_argument(
        "--events", type=int, default=DASHBOARD_EVENTS, help="events in the dashboard's ledger (default: 10,000)"
    )
    options = parser.parse_known_args(argv)[0]
    with tempfile.TemporaryDirectory(prefix="assay-startup-") as folder:
        stage = Stage(Path(folder))
        figures = [*processes(stage, options.rounds), *painting(stage, options.rounds, options.events)]
    return harness.report("start-up", figures)
