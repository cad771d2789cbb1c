"""The pictures in the README: ``python -m tests.pictures`` tells the demo's story anew and draws its screens.

Usage: ``python -m tests.pictures [FOLDER]``; they are written to docs/pictures unless another folder is named.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.tui.app import Dashboard
from tests.app.tui.driving import press, settled

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (120, 36)
PICTURES = {
    "overview": (),
    "lineage": ("3", "i"),
    "approvals": ("5",),
    "rollouts": ("6",),
}
"""What is drawn: a name, and the keys that lead there."""


async def draw(root: Path, keys: tuple[str, ...]) -> str:
    """One screen of the workspace as SVG, after some keys."""
    app = Dashboard(root / ".assay" / "ledger.db", root=root, me="vera", project="fx-hedging")
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await press(pilot, *keys)
        return app.export_screenshot(title="Assay")


def main(folder: Path) -> None:
    """Tell the story in a folder that is thrown away, and draw it."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        root = Path(place) / "assay-demo"
        subprocess.run([Path(sys.executable).with_name("assay"), "demo", str(root), "--no-tui"], check=True)
        for name, keys in PICTURES.items():
            (folder / f"{name}.svg").write_text(asyncio.run(draw(root, keys)), encoding="utf-8")
            sys.stdout.write(f"{folder / name}.svg\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
