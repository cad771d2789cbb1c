"""Fixtures for the tests of what acts and what people touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app import story
from tests.app.demo import tellings


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story, told once: its workspace and the home with its keys."""
    base = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as monkeypatch:
        story.home(base / "home", monkeypatch)
        shell = story.Shell(base / "work")
        story.begun(shell)
        shell.ok("checkpoint")
        story.told(shell)
    return base


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without keys."""
    return story.home(tmp_path / "home", monkeypatch)


@pytest.fixture
def empty(tmp_path: Path, home: Path) -> story.Shell:
    """A shell in an empty folder."""
    (tmp_path / "empty").mkdir()
    return story.Shell(tmp_path / "empty")


@pytest.fixture
def shell(_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> story.Shell:
    """A shell in a copy of the story's workspace, with its keys."""
    story.copied(_template / "home", tmp_path / "home")
    story.home(tmp_path / "home", monkeypatch)
    return story.Shell(story.copied(_template / "work", tmp_path / "work"))


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tellings.Whole:
    """The demo's shorter story, told once from beginning to end; never to be changed."""
    return tellings.whole(tmp_path_factory.mktemp("whole") / "demo")


@pytest.fixture
def demo(whole: tellings.Whole, tmp_path: Path, home: Path) -> story.Shell:
    """A shell in a copy of the demo's workspace."""
    return story.Shell(story.copied(whole.root, tmp_path / "demo"))
