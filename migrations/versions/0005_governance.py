"""Governance: policies, exceptions, criteria, delegations, vouchers; what becomes of requests; roles that were taken."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

# Frozen: what this migration made stays as it was, whatever the code says later.
STATEMENTS = (
    """CREATE TABLE request_terms (
    seq INTEGER PRIMARY KEY,
    due TEXT,
    expires TEXT
) STRICT""",
    """CREATE TABLE request_changes (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    change TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    number INTEGER,
    words TEXT
) STRICT""",
    "CREATE INDEX request_changes_by_request ON request_changes (request)",
    """CREATE TABLE role_ends (
    seq INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT""",
    "CREATE INDEX role_ends_by_principal ON role_ends (principal)",
    """CREATE TABLE criteria (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    bounds TEXT NOT NULL,
    note TEXT
) STRICT""",
    "CREATE INDEX criteria_by_subject ON criteria (subject)",
    """CREATE TABLE delegations (
    seq INTEGER PRIMARY KEY,
    delegation TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    delegate TEXT NOT NULL,
    project TEXT,
    role TEXT,
    until TEXT,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE exceptions (
    seq INTEGER PRIMARY KEY,
    exception TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    transition TEXT,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    words TEXT NOT NULL,
    expires TEXT
) STRICT""",
    "CREATE INDEX exceptions_by_subject ON exceptions (subject)",
    """CREATE TABLE policies (
    seq INTEGER PRIMARY KEY,
    policy TEXT NOT NULL,
    project TEXT,
    scope TEXT NOT NULL,
    digest TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT""",
    """CREATE TABLE vouchers (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    title TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX vouchers_by_subject ON vouchers (subject)",
)


def upgrade() -> None:
    """Make the projections; whoever runs this fills them from the events."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
