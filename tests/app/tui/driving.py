"""Driving the dashboard in tests: wait until it has settled, read what is on screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.pilot import Pilot

from app.tui.app import Dashboard
from app.tui.widgets.frame import KeyLine


async def settled(pilot: Pilot[int], seconds: float = 60.0) -> None:
    """Until no worker runs, no message waits and nothing is drawn any more."""
    app = pilot.app
    end = time.monotonic() + seconds
    quiet = 0
    while quiet < 3:
        assert time.monotonic() < end, "the dashboard does not settle"
        await pilot.pause()
        await asyncio.sleep(0.01)
        busy = any(not worker.is_finished for worker in app.workers)
        quiet = 0 if busy or getattr(app, "standing", None) is None else quiet + 1


async def until(pilot: Pilot[int], holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it does not come to that; on the screen is:\n{shown(pilot.app)}"
        await pilot.pause(0.02)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, each when the one before has had its effect."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def shown(app: Dashboard) -> str:
    """Everything that is on screen, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def noticed(app: Dashboard) -> str:
    """What the last line says, where it says something."""
    assert app.current is not None
    return app.current.query_one(KeyLine).said
