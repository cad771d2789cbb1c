"""The published test vectors, where they lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3].parent / "shared" / "vectors"

needed = pytest.mark.skipif(not ROOT.is_dir(), reason=f"the published vectors are not at {ROOT}")


def load(path: str) -> Any:
    """Return one JSON file of the vectors, or skip the test that asks."""
    if not ROOT.is_dir():
        pytest.skip(f"the published vectors are not at {ROOT}")
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def files(pattern: str) -> list[Path]:
    """Return the files of the vectors that match, as test parameters; none where the vectors are absent."""
    return sorted(ROOT.glob(pattern)) if ROOT.is_dir() else []
