"""Fixtures for the dashboard: the story's workspace, opened by somebody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.tui.app import Dashboard
from tests.app import story


@pytest.fixture
def opened(shell: story.Shell) -> Callable[..., Dashboard]:
    """Makes a dashboard on the story's ledger; ``me`` looks."""

    def make(me: str | None = "jon", **how: object) -> Dashboard:
        return Dashboard(shell.ledger, root=shell.root, me=me, project=story.PROJECT, **how)  # type: ignore[arg-type]

    return make
