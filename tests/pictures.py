"""The pictures in the README: ``python -m tests.pictures`` tells the demo's story anew, draws its screens, and records a walk.

Usage: ``python -m tests.pictures [FOLDER [WORKSPACE]]``; they are written to docs/pictures unless another folder is named, of a
demo told anew unless a workspace is named.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from textual.pilot import Pilot
from textual.widgets import Input

from app.actions.context import Context
from app.tui.app import Dashboard
from app.tui.draw.svg import self_contained
from app.tui.screens.approvals.signpanel import SignPanel
from tests.app.tui.driving import press, settled
from tests.recording import Recording

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (120, 36)
PICTURES = {
    "overview": (),
    "lineage": ("6", "enter", "h", "enter", "i"),
    "approvals": ("s",),
    "rollouts": ("6",),
}
"""What is drawn: a name, and the keys that lead there (``type …`` fills a field)."""


class Step(NamedTuple):
    """A moment of the recording: the keys that lead to it, how long it is shown, what is said above it."""

    keys: tuple[str, ...]
    seconds: float
    words: str


WALK = (
    Step((), 3.5, "assay: what is wrong, what waits for me"),
    Step(("6",), 3.0, "6  what is live, and the evidence that put it there"),
    Step(("enter",), 2.5, "⏎  its lineage"),
    Step(("h",), 1.2, "h  walks along the edges, to the model"),
    Step(("h",), 1.2, "h  and on"),
    Step(("h",), 1.2, "h  to the data it began with"),
    Step(("enter", "i"), 3.0, "i  all that depends on it"),
    Step(("7", "plus"), 2.5, "7  what the monitors saw"),
    Step(("T", "type 2008-09-18"), 1.5, "T  any screen, as of any moment"),
    Step(("enter",), 3.0, "2008-09-18"),
    Step(("L", "1", "s"), 3.0, "s  what waits for my signature, on which evidence"),
    Step(("a",), 3.0, "a  the exact bytes, and their hash"),
    Step(("sign",), 2.5, "the last four of the hash sign it; ten seconds to think"),
    Step(("u",), 1.5, "u  takes it back"),
    Step(("9", "v"), 4.0, "v  every hash, link, signature and rule, verified"),
)


def dashboard(root: Path) -> Dashboard:
    """The dashboard on a workspace, for the one whom its demo lets act."""
    with Context(start=root) as context:
        workspace = context.workspace_or_none
        project = (workspace.config.project or "") if workspace is not None else ""
        return Dashboard(context.ledger_path, root=root, me=context.actor, project=project)


async def do(pilot: Pilot[int], keys: Sequence[str]) -> None:
    """Press keys, fill fields, and wait; ``sign`` types the end of the hash that is shown."""
    for key in keys:
        if key.startswith("type "):
            pilot.app.screen.query_one(Input).value = key.removeprefix("type ")
            await settled(pilot)
        elif key == "sign":
            drafted = pilot.app.screen.query_one(SignPanel).drafted
            assert drafted is not None
            await press(pilot, *drafted.fingerprint[-4:], "enter")
        else:
            await press(pilot, key)


async def draw(root: Path, keys: Sequence[str]) -> str:
    """One screen of the workspace as SVG, after some keys."""
    app = dashboard(root)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await do(pilot, keys)
        return self_contained(app.export_screenshot(title="Assay"))


async def record(root: Path) -> str:
    """The walk as an animated SVG. Nothing is recorded in the ledger: what is signed is taken back."""
    app, made = dashboard(root), Recording()
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        for step in WALK:
            await do(pilot, step.keys)
            made.add(app.export_screenshot(), step.seconds, step.words)
    return made.svg()


def main(folder: Path, root: Path) -> None:
    """Draw a workspace's screens into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, keys in PICTURES.items():
        (folder / f"{name}.svg").write_text(asyncio.run(draw(root, keys)), encoding="utf-8")
    (folder / "walk.svg").write_text(asyncio.run(record(root)), encoding="utf-8")
    for name in (*PICTURES, "walk"):
        sys.stdout.write(f"{folder / name}.svg\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if len(sys.argv) > 2:
        main(folder, Path(sys.argv[2]))
    else:
        with TemporaryDirectory() as place:
            told = Path(place) / "assay-demo"
            subprocess.run([sys.executable, "-m", "app.cli", "demo", str(told), "--no-tui"], check=True)
            main(folder, told)
