"""Ledgers to test on: each made once, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.story import Story


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
