"""The record: events, tree nodes, checkpoints, and the guards on them."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

# Frozen: what this migration made stays as it was, whatever the code says later.
STATEMENTS = (
    """CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    body BLOB NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    cause INTEGER
) STRICT""",
    "CREATE INDEX events_by_subject ON events (subject)",
    """CREATE TABLE nodes (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE checkpoints (
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT""",
    """CREATE TRIGGER events_keep_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'guard: events are never changed or removed'); END""",
    """CREATE TRIGGER events_keep_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'guard: events are never changed or removed'); END""",
    """CREATE TRIGGER events_keep_order BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM events)
  OR json_extract(NEW.body, '$.prev') IS NOT
     coalesce((SELECT lower(hex(hash)) FROM events ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
BEGIN SELECT RAISE(ABORT, 'guard: an event must follow the last one'); END""",
    """CREATE TRIGGER nodes_keep_update BEFORE UPDATE ON nodes BEGIN SELECT RAISE(ABORT, 'guard: nodes are never changed or removed'); END""",
    """CREATE TRIGGER nodes_keep_delete BEFORE DELETE ON nodes BEGIN SELECT RAISE(ABORT, 'guard: nodes are never changed or removed'); END""",
    """CREATE TRIGGER nodes_keep_place BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'guard: this node is already there'); END""",
    """CREATE TRIGGER checkpoints_keep_update BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'guard: checkpoints are never changed or removed'); END""",
    """CREATE TRIGGER checkpoints_keep_delete BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'guard: checkpoints are never changed or removed'); END""",
    """CREATE TRIGGER checkpoints_keep_rows BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'guard: this checkpoint is already there'); END""",
)


def upgrade() -> None:
    """Make the record and mark the file as a ledger."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
    op.get_bind().exec_driver_sql("PRAGMA application_id = 1095979865")  # ASSY
