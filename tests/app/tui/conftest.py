"""Fixtures for the dashboard: the story's workspace, opened by somebody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings

from app.tui.app import Dashboard
from tests.app import story

# How long one example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def opened(shell: story.Shell) -> Callable[..., Dashboard]:
    """Makes a dashboard on the story's ledger; ``me`` looks."""

    def make(me: str | None = "jon", **how: object) -> Dashboard:
        return Dashboard(shell.ledger, root=shell.root, me=me, project=story.PROJECT, **how)  # type: ignore[arg-type]

    return make
