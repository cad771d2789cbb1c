"""Runs the migrations, and what must follow them, in one transaction on the connection that is handed in."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
# Alembic takes SQLite's DDL for non-transactional and would commit before the projections are filled.
context.configure(connection=attributes["connection"], target_metadata=None, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
    attributes["finish"]()
