"""What a page of ``assay serve`` runs: ``python -m app.tui.browser JSON``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(told: str) -> int:
    """Open the dashboard as the server says; the toolkit's driver for browsers is chosen by the environment."""
    from app.tui import run

    given = json.loads(told)
    return run(
        ledger=given["ledger"], actor=given["actor"], start=Path(given["start"]), looking=given["looking"], browser=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
