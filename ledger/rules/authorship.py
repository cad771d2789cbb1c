"""Whose work a version is, and how material: what the separation of duties and a policy's tiers are judged on."""

from __future__ import annotations

import json

from ledger.projections import View, artifacts, runs
from ledger.projections.artifacts import Artifact

UNSET = "tier_1"
"""The tier of a model that nobody has assigned one: the strictest."""


def trainer(view: View, artifact: Artifact) -> str:
    """Who made a version: the actor of the run that it came from, else whoever registered it."""
    run = runs.get(view, artifact.run) if artifact.run else None
    return run.actor if run is not None else artifact.actor


def authors(view: View, artifact: Artifact) -> tuple[str, ...]:
    """Everybody whose work a version is, the one who made it first: who ran the run, who registered the version, who
    registered the code that the run ran, and whom that code's record names as its authors (``summary.authors``).
    """
    found = [trainer(view, artifact), artifact.actor]
    run = runs.get(view, artifact.run) if artifact.run else None
    if run is not None and run.code:
        for code in artifacts.by_digest(view, run.code):
            named = code.facts.get("summary", {}).get("authors", ())
            found += [code.actor, *(str(each) for each in named if isinstance(each, str))]
    return tuple(dict.fromkeys(found))


def tier(view: View, artifact: Artifact) -> str:
    """The materiality tier of a version: the one assigned to it, else to its model, else the strictest."""
    for subject in (artifact.ref, artifact.base):
        row = view.row(
            "SELECT body FROM events WHERE subject = :subject AND type = 'tier.assigned' AND seq <= :at "
            "ORDER BY seq DESC LIMIT 1",
            {"subject": subject},
        )
        if row is not None:
            try:
                return str(json.loads(row[0])["value"]["tier"])
            except (ValueError, KeyError, TypeError):
                return UNSET
    return UNSET
