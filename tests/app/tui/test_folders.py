"""A screen is a folder that nothing else reaches into, and drawing knows neither the toolkit nor the ledger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app.tui
from app.tui.screens.catalogue import CATALOGUE

HOME = Path(app.tui.__file__).parent
NAMES = [entry.name.lower() for entry in CATALOGUE]
MODULES = sorted(HOME.rglob("*.py"))
DRAWINGS = [path for path in MODULES if "draw" in path.parts]


def imports(path: Path) -> set[str]:
    """Every module of which a file imports something, wherever in it."""
    text = path.read_text(encoding="utf-8")
    return {name for pair in re.findall(r"^\s*(?:from ([\w.]+) import|import ([\w.]+))", text, re.M) for name in pair}


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_is_a_folder(name: str) -> None:
    held = {path.name for path in (HOME / "screens" / name).iterdir()}
    assert {"__init__.py", "page.py", "page.tcss"} <= held


@pytest.mark.parametrize("name", NAMES)
def test_nothing_reaches_into_a_screens_folder(name: str) -> None:
    package, folder = f"app.tui.screens.{name}", HOME / "screens" / name
    others = [path for path in MODULES if not path.is_relative_to(folder)]
    assert not [path for path in others if any(f"{each}.".startswith(f"{package}.") for each in imports(path))]


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: str(path.relative_to(HOME)))
def test_drawing_is_pure(path: Path) -> None:
    assert not {each.partition(".")[0] for each in imports(path)} & {"textual", "sqlite3"}
