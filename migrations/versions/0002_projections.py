"""The first projections: artifacts, runs, lineage, approvals, deployments, monitors, alerts, checks, people."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

# Frozen: what this migration made stays as it was, whatever the code says later.
STATEMENTS = (
    """CREATE TABLE alerts (
    seq INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    monitor TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    injected INTEGER NOT NULL,
    value TEXT NOT NULL,
    threshold TEXT NOT NULL,
    day TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX alerts_by_alert ON alerts (alert)",
    """CREATE TABLE alert_changes (
    seq INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    ref TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX alert_changes_by_alert ON alert_changes (alert)",
    """CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    transition TEXT NOT NULL,
    roles TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    note TEXT,
    evidence TEXT NOT NULL
) STRICT""",
    "CREATE INDEX requests_by_subject ON requests (subject)",
    """CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    subject TEXT NOT NULL,
    transition TEXT NOT NULL,
    signer TEXT NOT NULL,
    role TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX decisions_by_request ON decisions (request)",
    """CREATE TABLE gates (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    transition TEXT NOT NULL,
    policy TEXT NOT NULL,
    decision TEXT NOT NULL,
    reasons TEXT NOT NULL,
    inputs TEXT NOT NULL
) STRICT""",
    """CREATE TABLE promotions (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    from_stage TEXT NOT NULL,
    to_stage TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE artifacts (
    seq INTEGER PRIMARY KEY,
    ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    project TEXT,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    run TEXT,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX artifacts_by_ref ON artifacts (ref)",
    "CREATE INDEX artifacts_by_name ON artifacts (kind, project, name, version)",
    "CREATE INDEX artifacts_by_digest ON artifacts (digest)",
    """CREATE TABLE aliases (
    seq INTEGER PRIMARY KEY,
    artifact TEXT NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE retirements (
    seq INTEGER PRIMARY KEY,
    ref TEXT NOT NULL,
    reason TEXT NOT NULL,
    replaced_by TEXT
) STRICT""",
    """CREATE TABLE expectations (
    seq INTEGER PRIMARY KEY,
    check_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    threshold TEXT NOT NULL
) STRICT""",
    "CREATE INDEX expectations_by_subject ON expectations (subject)",
    """CREATE TABLE checks (
    seq INTEGER PRIMARY KEY,
    check_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    passed INTEGER NOT NULL,
    verdict TEXT,
    value TEXT NOT NULL,
    threshold TEXT NOT NULL,
    findings TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX checks_by_subject ON checks (subject)",
    """CREATE TABLE deployments (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    subject TEXT NOT NULL,
    environment TEXT NOT NULL,
    strategy TEXT NOT NULL,
    slice REAL NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    plan TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployments_by_deployment ON deployments (deployment)",
    """CREATE TABLE deployment_steps (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    slice REAL NOT NULL,
    decision TEXT NOT NULL,
    day TEXT,
    at TEXT NOT NULL,
    checks TEXT NOT NULL,
    evidence TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployment_steps_by_deployment ON deployment_steps (deployment)",
    """CREATE TABLE deployment_ends (
    seq INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    status TEXT NOT NULL,
    cause TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX deployment_ends_by_deployment ON deployment_ends (deployment)",
    """CREATE TABLE documents (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    doc_kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    title TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX documents_by_subject ON documents (subject)",
    """CREATE TABLE edges (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX edges_by_source ON edges (source)",
    "CREATE INDEX edges_by_target ON edges (target)",
    """CREATE TABLE monitors (
    seq INTEGER PRIMARY KEY,
    monitor TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    accepted INTEGER NOT NULL,
    facts TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE observations (
    seq INTEGER PRIMARY KEY,
    monitor TEXT NOT NULL,
    project TEXT,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    day TEXT,
    value REAL,
    threshold REAL,
    breached INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX observations_by_monitor ON observations (monitor)",
    """CREATE TABLE people_keys (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    public TEXT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    team TEXT,
    administrator INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE roles (
    seq INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT""",
    "CREATE INDEX roles_by_principal ON roles (principal)",
    """CREATE TABLE owners (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    principal TEXT NOT NULL,
    team TEXT
) STRICT""",
    "CREATE INDEX owners_by_subject ON owners (subject)",
    """CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    job TEXT NOT NULL,
    job_type TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX runs_by_run ON runs (run)",
    """CREATE TABLE run_ends (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX run_ends_by_run ON run_ends (run)",
)


def upgrade() -> None:
    """Make the projections; whoever runs this fills them from the events."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
