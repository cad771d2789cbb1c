"""Pipelines: executions, the runs of their steps, templates adopted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

# Frozen: what this migration made stays as it was, whatever the code says later.
STATEMENTS = (
    """CREATE TABLE pipelines (
    seq INTEGER PRIMARY KEY,
    noun TEXT NOT NULL,
    name TEXT NOT NULL,
    execution TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX pipelines_by_name ON pipelines (name)",
    """CREATE TABLE pipeline_steps (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    step TEXT NOT NULL,
    environment TEXT NOT NULL,
    execution TEXT NOT NULL,
    project TEXT
) STRICT""",
    "CREATE INDEX pipeline_steps_by_step ON pipeline_steps (pipeline, step)",
)


def upgrade() -> None:
    """Make the projections; whoever runs this fills them from the events."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
