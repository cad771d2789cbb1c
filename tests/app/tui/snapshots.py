"""Snapshots: a screen as SVG and as plain text, compared with the pair that lies in ``snapshots/``.

``SNAPSHOTS=rewrite python -m pytest tests/app/tui/test_snapshots.py`` writes them anew; look at each before committing it.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

import textual
from textual.widgets import Input

from app.tui.app import Dashboard
from app.tui.draw.svg import self_contained
from tests.app.tui.driving import shown

FOLDER = Path(__file__).parent / "snapshots"
DRAWN_BY = FOLDER / "TEXTUAL"
"""The toolkit's version that drew the SVGs: another one may write the same picture in other words."""
REWRITE = os.environ.get("SNAPSHOTS") == "rewrite"
FEW = 24
"""As many differing lines are told."""


def still(app: Dashboard) -> None:
    """Nothing blinks."""
    for field in app.screen.query(Input):
        field.cursor_blink = False


def check(app: Dashboard, name: str) -> None:
    """Compare what is on screen with its snapshot; the text first, since a person can read what differs in it."""
    text = "\n".join(line.rstrip() for line in shown(app).split("\n")) + "\n"
    svg = self_contained(app.export_screenshot(title="Assay"))
    if REWRITE:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        DRAWN_BY.write_text(f"{textual.__version__}\n", encoding="utf-8")
    _same(FOLDER / f"{name}.txt", text)
    if DRAWN_BY.read_text(encoding="utf-8").strip() == textual.__version__:
        _same(FOLDER / f"{name}.svg", svg)


def _same(file: Path, now: str) -> None:
    kept = file.read_text(encoding="utf-8") if file.exists() else ""
    if kept == now:
        return
    lines = unified_diff(
        kept.split("\n"), now.split("\n"), f"{file.name}, as kept", f"{file.name}, as drawn now", n=0, lineterm=""
    )
    told = "\n".join(line[:160] for line, _ in zip(lines, range(FEW), strict=False))
    raise AssertionError(f"{file.name} differs; SNAPSHOTS=rewrite writes it anew\n{told}")
