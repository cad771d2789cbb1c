"""Evidence: where in the log the events lie that prove levels, by type."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

# Frozen: what this migration made stays as it was, whatever the code says later.
STATEMENTS = (
    """CREATE TABLE evidence (
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (type, seq)
) STRICT, WITHOUT ROWID""",
)


def upgrade() -> None:
    """Make the projection; whoever runs this fills it from the events."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
