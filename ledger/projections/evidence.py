"""Evidence: where in the log the events lie that prove levels, by type. What they say is read from the events.

Observations are left out: there are most of them, and they have a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.format.event import Event
from ledger.projections.view import Fold, Row

TABLES = (
    """CREATE TABLE evidence (
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (type, seq)
) STRICT, WITHOUT ROWID""",
)

TYPES = (
    "access.granted",
    "alert.acknowledged",
    "alert.raised",
    "alert.resolved",
    "approval.changes_requested",
    "approval.granted",
    "approval.rejected",
    "approval.requested",
    "approval.revoked",
    "approval.withdrawn",
    "artifact.registered",
    "artifact.retired",
    "assessment.recorded",
    "attestation.recorded",
    "charter.signed",
    "check.configured",
    "check.executed",
    "criteria.set",
    "deployment.completed",
    "deployment.rolled_back",
    "deployment.started",
    "deployment.step",
    "document.attached",
    "exception.closed",
    "exception.recorded",
    "experiment.concluded",
    "feature.materialized",
    "feature.retrieved",
    "gate.evaluated",
    "import.completed",
    "key.enrolled",
    "ledger.verified",
    "ledger.witnessed",
    "monitor.configured",
    "monitor.refused",
    "owner.assigned",
    "pipeline.completed",
    "pipeline.triggered",
    "policy.adopted",
    "promotion.recorded",
    "retraining.triggered",
    "review.held",
    "risk.closed",
    "risk.recorded",
    "run.completed",
    "run.reproduced",
    "run.started",
    "sla.set",
    "target.set",
    "template.adopted",
    "tier.assigned",
)
"""The event types that are found here."""


def _found(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "evidence", (event.seq, event.type)


FOLDS: dict[str, Fold] = dict.fromkeys(TYPES, _found)
