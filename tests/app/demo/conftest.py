"""One whole telling of the shorter story, which the tests of this folder look at and hold others against."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.app.demo import tellings


class Whole(NamedTuple):
    """A telling from beginning to end: its workspace, how long it took, what it printed."""

    root: Path
    seconds: float
    out: str
    err: str


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The shorter story, told once; never to be changed."""
    root = tmp_path_factory.mktemp("whole") / "demo"
    began = time.monotonic()
    done = tellings.tell(root)
    assert done.returncode == 0, done.stderr
    return Whole(root, time.monotonic() - began, done.stdout, done.stderr)
