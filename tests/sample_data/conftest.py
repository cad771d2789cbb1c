"""The demo's two models, made once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sample_data import story


@pytest.fixture(scope="session")
def v1(tmp_path_factory: pytest.TempPathFactory) -> story.Trained:
    """The first model, as the specifications stand."""
    return story.first_model(tmp_path_factory.mktemp("v1"))


@pytest.fixture(scope="session")
def v2(tmp_path_factory: pytest.TempPathFactory) -> story.Trained:
    """The model retrained on three years to the end of September 2008."""
    folder = tmp_path_factory.mktemp("v2")
    return story.train(folder, until="2008-09-30", first="2005-10-01", last="2008-09-30")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what the scorer needs."""
    return tmp_path_factory.mktemp("whole")
