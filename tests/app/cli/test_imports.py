"""What a command imports: reading and verifying never pay for what only writing, data work or the dashboard needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.app.cli.test_flow import READING
from tests.app.story import Shell

HEAVY = {
    "alembic",
    "argcomplete",
    "asyncio",
    "importlib.metadata",
    "matplotlib",
    "msgspec",
    "multiprocessing",
    "numpy",
    "pandas",
    "platformdirs",
    "plotext",
    "rich",
    "scipy",
    "sqlalchemy",
    "textual",
    "yaml",
}
SENTENCES = {"log", "show", "overview", "artifact show", "artifact check", "runs show"}
"""These tell events in sentences or record what they find, in the vocabulary's words, and that is msgspec's.
``whoami`` looks for a key."""


def imported(shell: Shell, *words: str) -> set[str]:
    """Of the heavy modules, those that a command has imported when it is done."""
    code = (
        "import sys; from app.cli.main import main; code = main(sys.argv[1:]); "
        f"print(code, *({HEAVY!r} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-C", str(shell.root), *words], capture_output=True, text=True, check=True
    )
    code_, *found = done.stderr.split()
    assert code_ == "0", done.stderr
    return set(found)


@pytest.mark.parametrize("name", READING)
def test_reading(shell: Shell, name: str) -> None:
    allowed = {"msgspec"} if name in SENTENCES else {"platformdirs"} if name == "whoami" else set()
    assert imported(shell, *name.split(), *READING[name]) <= allowed


@pytest.mark.parametrize(
    "words", [("verify",), ("verify", "--json"), ("verify", "--strict"), ("gate", "fx-vol@1", "--to", "dev")]
)
def test_proving(shell: Shell, words: tuple[str, ...]) -> None:
    assert imported(shell, *words) == set()


@pytest.mark.parametrize("words", [("--help",), ("log", "--help"), ("help", "artifact")])
def test_help_does_not_touch_the_ledger(shell: Shell, words: tuple[str, ...]) -> None:
    code = (
        "import sys; from app.cli.main import main; main(sys.argv[1:]); "
        "print(*(m for m in sys.modules if m.startswith(('ledger.', 'sqlite3', 'cryptography'))), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) <= {"ledger.errors", "ledger.format", "ledger.format.text"}
