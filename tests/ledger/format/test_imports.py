"""The format reads and verifies with the standard library and cryptography; what else it uses is loaded when needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ledger.format

MODULES = sorted(path.stem for path in Path(ledger.format.__file__).parent.glob("*.py") if path.stem != "__init__")

CHECK = """
import sys
before = set(sys.modules)
import ledger.format.{module}
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(name for name in new if name not in sys.stdlib_module_names and name != "ledger"))
"""


@pytest.mark.parametrize("module", MODULES)
def test_nothing_heavy_is_loaded_by_importing(module: str) -> None:
    code = CHECK.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
