"""What each runtime dependency costs to import: a process that imports it and ends, divided by ``python -c pass``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import harness
from tests.benchmarks.startup import Stage

MODULES = {
    "alembic": "alembic.command",
    "argcomplete": "argcomplete",
    "bcrypt": "bcrypt",
    "cryptography": "cryptography.hazmat.primitives.asymmetric.ed25519",
    "fsspec": "fsspec",
    "msgspec": "msgspec",
    "numpy": "numpy",
    "orjson": "orjson",
    "pandas": "pandas",
    "platformdirs": "platformdirs",
    "pyarrow": "pyarrow.parquet",
    "pyyaml": "yaml",
    "rfc8785": "rfc8785",
    "rich": "rich.segment",
    "scipy": "scipy.stats",
    "sqlalchemy": "sqlalchemy",
    "textual": "textual.app",
}
"""Each distribution, and the module of it that is used."""


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks imports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each measurement (default: 7)")
    options = parser.parse_known_args(argv)[0]
    with tempfile.TemporaryDirectory(prefix="assay-imports-") as folder:
        stage = Stage(Path(folder))
        works = {name: stage.python(f"import {module}") for name, module in MODULES.items()}
        measured = harness.alternate({"": stage.python("pass"), **works}, rounds=options.rounds)
    bare = measured.pop("")
    figures = [
        harness.Figure(f"import {MODULES[name]}", sample.over(bare), harness.against(sample, bare), name)
        for name, sample in sorted(measured.items(), key=lambda each: each[1].median)
    ]
    return harness.report("imports", figures)
