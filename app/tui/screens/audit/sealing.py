"""The sealed report of a verification: what was found, by which Assay, under one hash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SEAL = "the SHA-256 of the member report in canonical JSON (RFC 8785)"


def sealed(document: Mapping[str, Any]) -> str:
    """A verification's document as JSON, with the tool's version, the range, the first break and the seal."""
    from importlib.metadata import version

    from ledger.format.canonical import encode
    from ledger.format.hashes import digest

    broken = [each for each in document["findings"] if each["seq"] is not None]
    report = {
        "tool": f"assay {version('assay')}",
        "range": [0, document["size"]],
        "first_break": min(broken, key=lambda each: each["seq"]) if broken else None,
        **document,
    }
    seal = digest(encode(json.loads(json.dumps(report))))
    return json.dumps({"report": report, "seal": seal, "sealed_by": SEAL}, indent=1, sort_keys=True) + "\n"
