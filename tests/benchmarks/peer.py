"""Peers to measure beside: in an environment of their own, each a program that times itself whenever it is sent a line."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class Peer:
    """A program in the peers' environment, that measures itself whenever it is sent a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.last: list[str] = []

    def __call__(self, line: str = "") -> float:
        """The seconds that it says its work took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        self.last = self._process.stdout.readline().split()
        if not self.last:
            raise OSError("the peer ended before it answered")
        return float(self.last[0])


def environment(folder: Path, requirements: Sequence[str]) -> Path:
    """An interpreter that has the peers; made where it is not there.

    Raises:
        OSError: they cannot be installed; the message says why.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(requirements)}: {(done.stderr.strip() or '?').splitlines()[-1]}")
    return python


@contextmanager
def running(python: Path, program: str, *words: str) -> Iterator[Peer]:
    """A peer's program while it runs."""
    command = [str(python), "-c", program, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
