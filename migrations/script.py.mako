"""${message}."""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Forward only: a ledger is never taken back to an older schema; the verified copy is the way back."""
    ${upgrades if upgrades else "op.execute(...)"}
