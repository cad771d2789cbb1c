"""Ledgers to test on: each made once, then copied."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.ledger.story import Story

# How long one example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the whole story's ledger (``ledger.db``) and ``keys``, closed; never to be changed."""
    folder = tmp_path_factory.mktemp("told")
    story = Story.begin(folder)
    story.tell()
    story.ledger.close()
    return folder


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of one event, closed; never to be changed."""
    folder = tmp_path_factory.mktemp("begun")
    Story.begin(folder).ledger.close()
    return folder


@pytest.fixture
def story(told: Path, tmp_path: Path) -> Iterator[Story]:
    """A copy of the whole story, open for writing."""
    resumed = Story.resume(tmp_path, told)
    yield resumed
    resumed.ledger.close()


@pytest.fixture
def fresh(begun: Path, tmp_path: Path) -> Iterator[Story]:
    """A copy of the ledger with one event, open for writing."""
    resumed = Story.resume(tmp_path, begun)
    yield resumed
    resumed.ledger.close()


class Powerless:
    """Runs programs for which permissions bind, even where the tests run as root."""

    def __call__(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python source in a process of its own; what it prints and its code come back."""
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=Path(__file__).parents[2],
            preexec_fn=_give_up_power if os.geteuid() == 0 else None,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _give_up_power() -> None:
    """Root reads and writes everything by two capabilities; what is executed next will not have them."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if libc.prctl(24, capability, 0, 0, 0) != 0:  # PR_CAPBSET_DROP
            os._exit(125)


@pytest.fixture
def powerless(tmp_path: Path) -> Powerless:
    """Skips where root cannot give up its power over permissions."""
    run = Powerless()
    closed = tmp_path / "closed"
    closed.touch(mode=0o000)
    tried = run("import sys; open(sys.argv[1])", str(closed))
    closed.unlink()
    if "PermissionError" not in tried.stderr:
        pytest.skip("this user may open any file, whatever its permissions")
    return run
