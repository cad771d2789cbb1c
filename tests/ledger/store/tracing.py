"""What the campaigns share that watch an operation's system calls: whether strace serves here, and a ledger to operate on."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.ledger.store.olden import first_revision

SEED = int(os.environ.get("ASSAY_SEED", "20261123"))
ROOT = Path(__file__).parents[3]


@cache
def no_strace() -> str:
    """Why system calls cannot be watched here; empty where they can."""
    found = shutil.which("strace")
    if found is None:
        return "strace is not installed"
    tried = subprocess.run([found, "-f", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return f"strace does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def prepare(what: str, folder: Path, told: Path) -> None:
    """Put into ``folder`` what an operation begins with: a copy of the story's ledger, of an older schema for ``upgrade``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if what == "upgrade":
        first_revision(told, folder)
    elif what != "create":
        shutil.copytree(told, folder, dirs_exist_ok=True)
