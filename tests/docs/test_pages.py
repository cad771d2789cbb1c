"""What the pages name is there: files, modules, and names inside them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

MADE_BY_A_RECIPE = {
    "app/actions/<noun>.py",
    "app/tui/screens/people/",
    "tests/app/tui/screens/people/",
    "ledger/projections/reviews.py",
    "migrations/versions/0003_reviews.py",
}
IN_A_WHEEL = {"ledger/migrations", "app/sample_data"}

_QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FILE = re.compile(r"(?:ledger|app|tests|migrations|docs|sample_data)/[\w<>./-]*|[\w-]+\.(?:toml|lock|svg)")
_DOTTED = re.compile(r"(?:ledger|app|tests)(?:\.\w+)+")


def quoted(page: Path) -> set[str]:
    """Everything between single backticks, fenced blocks left out."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return set(_QUOTED.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_are_there(page: Path) -> None:
    named = {each for each in quoted(page) if _FILE.fullmatch(each)} - MADE_BY_A_RECIPE - IN_A_WHEEL
    assert {each for each in named if not (ROOT / each).exists()} - {"assay.toml", "dashboard.toml"} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_and_their_names_are_there(page: Path) -> None:
    named = {each for each in quoted(page) if _DOTTED.fullmatch(each) and not _is_event_type(each)}
    assert {each for each in named if not _exists(each)} == set()


def test_what_the_recipes_lean_on_is_there() -> None:
    """The names that CONTRIBUTING.md gives without their module."""
    leaned_on = {
        "ledger.rules": ["RULES"],
        "ledger.projections.folding": ["NOUNS"],
        "ledger.store.schema": ["REVISION"],
        "ledger.events.vocabulary": ["Fact", "event_type", "short"],
        "tests.ledger.events.test_vocabulary": ["SENTENCES"],
        "tests.ledger.projections.histories": ["QUERIES"],
        "app.actions.answers": ["Answer", "say", "table"],
        "app.actions.registry.types": ["Action"],
        "app.tui.screens.catalogue": ["CATALOGUE"],
        "app.tui.screens.page": ["Page"],
        "app.tui.keys": ["Key"],
        "app.tui.draw.clip": ["clip", "fit"],
        "app.tui.widgets.paper": ["Paper"],
        "tests.app.tui.driving": ["settled", "shown"],
    }
    missing = [
        f"{module}.{name}"
        for module, names in leaned_on.items()
        for name in names
        if not hasattr(import_module(module), name)
    ]
    assert missing == []


def test_readme_s_python_works_when_pasted(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    command = [sys.executable, "-c", block]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "'ok': True" in said.stdout


def _is_event_type(text: str) -> bool:
    from ledger.events import VOCABULARY

    return text in VOCABULARY or text.endswith((".db", ".toml", ".db-wal"))


def _exists(dotted: str) -> bool:
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        try:
            found = find_spec(name)
        except ModuleNotFoundError:
            continue
        if found is not None:
            thing = import_module(name)
            for part in parts[count:]:
                if not hasattr(thing, part):
                    return False
                thing = getattr(thing, part)
            return True
    return False
