"""A ledger with everybody in it, made once, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.rules.governing import cast_of
from tests.ledger.story import Story


@pytest.fixture(scope="session")
def governed(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ledger of a cast and one version of a model, closed; never to be changed."""
    folder = tmp_path_factory.mktemp("governed")
    story = cast_of(Story.resume(folder, begun))
    story.ledger.close()
    return folder


@pytest.fixture
def peopled(governed: Path, tmp_path: Path) -> Iterator[Story]:
    """A copy of it, open for writing; what it loses in a power cut is no matter."""
    story = Story.resume(tmp_path, governed)
    story.ledger.connection.execute("PRAGMA synchronous = OFF")
    yield story
    story.ledger.close()
