"""The vocabulary: one module per area, one frozen struct per event type, one plain sentence each."""

from ledger.events import (
    alerts,
    approvals,
    artifacts,
    checks,
    deployments,
    documents,
    experiments,
    features,
    ledgers,
    monitors,
    people,
    pipelines,
    runs,
    serving,
)
from ledger.events.vocabulary import VOCABULARY, Artifact, Fact, sentence, typed

__all__ = [
    "VOCABULARY",
    "Artifact",
    "Fact",
    "alerts",
    "approvals",
    "artifacts",
    "checks",
    "deployments",
    "documents",
    "experiments",
    "features",
    "ledgers",
    "monitors",
    "people",
    "pipelines",
    "runs",
    "sentence",
    "serving",
    "typed",
]
