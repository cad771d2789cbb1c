"""The standard package: a version's bytes with all that running it takes, as one folder by one digest.

The same version gives the same package, wherever it is made: nothing in it says when, where or by whom.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.pipelines.place import scratch
from ledger import lifecycle
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.projections import runs
from ledger.projections.artifacts import Artifact
from ledger.projections.runs import Run
from ledger.store.objects import Stored

MANIFEST = "package.json"


def pack(ledger: Ledger, subject: Artifact) -> Stored:
    """Put a version, its configuration, its runtime and a manifest into one stored folder.

    Args:
        ledger: whose store has the bytes.
        subject: the version; where a run made it, the package says how.

    Raises:
        LedgerError: its bytes are absent or damaged, or the store cannot be written.
    """
    run = runs.get(ledger.view(), subject.run) if subject.run else None
    with scratch("assay-package-") as folder:
        inner = folder / "package"
        inner.mkdir()
        ledger.objects.restore(
            subject.digest, inner / subject.name, directory=lifecycle.is_directory(subject), durable=False
        )
        if run is not None:
            _keep(ledger, run.config, inner / "config.json")
            _keep(ledger, run.runtime, inner / "runtime.json")
        (inner / MANIFEST).write_bytes(_pretty(_manifest(subject, run)))
        return ledger.objects.put_directory(inner)


def _manifest(subject: Artifact, run: Run | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": subject.kind,
        "name": f"{subject.project}/{subject.name}",
        "path": subject.name,
        "sha256": subject.digest,
    }
    if run is not None:
        found["made_by"] = {
            "job": run.job,
            "code": run.code,
            "config": run.config,
            "runtime": run.runtime,
            "seed": run.seed,
            "command": list(run.command) or run.parameters.get("callable"),
            "inputs": sorted({digest for _, digest in run.inputs}),
            "metrics": run.metrics,
        }
    return found


def _keep(ledger: Ledger, digest: str | None, path: Path) -> None:
    if digest is not None and ledger.objects.has(digest):
        path.write_bytes(_pretty(canonical.decode(ledger.objects.read(digest))))


def _pretty(document: Any) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
