"""What somebody can do who may write the ledger's file: drop the guards, change anything, put the guards back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.format import canonical
from ledger.format import event as events
from ledger.format.checkpoint import Checkpoint, sign_checkpoint
from ledger.format.event import Event
from ledger.format.hashes import leaf_hash
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.proof import Frontier
from ledger.projections import folding
from ledger.store import schema

COLUMNS = ("seq", "hash", "body", "type", "subject", "project", "actor", "at", "cause")


class Forger:
    """A copy of a ledger's file, open, its guards dropped until it is closed."""

    def __init__(self, template: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "ledger.db"
        shutil.copy(template / "ledger.db", self.path)
        self.keys = template / "keys"
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA journal_mode = DELETE")
        self.guards: dict[str, str | None] = {schema.entity(statement): statement for statement in schema.GUARDS}
        for name in self.guards:
            self.connection.execute(f"DROP TRIGGER {name}")
        self.connection.execute("BEGIN")

    def close(self) -> Path:
        """Put the guards back, and let go. ``guards`` says which statement each is made by; ``None`` leaves it out."""
        for statement in self.guards.values():
            if statement is not None:
                self.connection.execute(statement)
        self.connection.execute("COMMIT")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.close()
        return self.path

    def __call__(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    @property
    def size(self) -> int:
        return int(self("SELECT max(seq) + 1 FROM events")[0][0])

    def body(self, seq: int) -> bytes:
        return bytes(self("SELECT body FROM events WHERE seq = ?", seq)[0][0])

    def members(self, seq: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body(seq))
        return found

    def kinds(self, *types: str) -> list[int]:
        """The seqs of the events of these types."""
        marks = ", ".join("?" * len(types))
        return [row[0] for row in self(f"SELECT seq FROM events WHERE type IN ({marks}) ORDER BY seq", *types)]

    # Tables

    def drop(self, table: str, *statements: str) -> None:
        """Drop a table, and its guards for good: put back, they would name what is not there. Then run the statements."""
        for statement in (f"DROP TABLE {table}", *statements):
            self(statement)
        told = (f"ON {table} ", f"FROM {table}")
        self.guards = {
            name: None if any(each in (made or "") for each in told) else made for name, made in self.guards.items()
        }

    def loosened(self, statement: str, *values: Any) -> None:
        """Run a statement while the tables take values of any type; their definitions are put back as they were."""
        tables = tuple(each for each in (*schema.RECORD, *folding.STATEMENTS) if each.startswith("CREATE TABLE"))
        self._define(tuple(each.replace(" STRICT", "", 1).replace(", WITHOUT", " WITHOUT") for each in tables))
        self("COMMIT")
        self.connection.close()
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self("BEGIN")
        self(statement, *values)
        self._define(tables)

    def _define(self, statements: tuple[str, ...]) -> None:
        self("PRAGMA writable_schema = ON")
        for statement in statements:
            self("UPDATE sqlite_master SET sql = ? WHERE name = ?", statement, schema.entity(statement))

    # Events

    def rewrite(self, seq: int, members: dict[str, Any]) -> bytes:
        """Store other bytes for an event, with their hash and columns; returns the hash."""
        body = canonical.encode(members)
        leaf = leaf_hash(body)
        columns = [members[name] for name in COLUMNS[3:]]
        self("UPDATE events SET hash = ?, body = ?, type = ?, subject = ?, project = ?, actor = ?, at = ?, cause = ? "
             "WHERE seq = ?", leaf, body, *columns, seq)  # fmt: skip
        return leaf

    def change(self, seq: int, change: Callable[[dict[str, Any]], None], stop: int | None = None) -> None:
        """Change an event and chain all after it anew, up to ``stop``."""
        members = self.members(seq)
        change(members)
        leaf = self.rewrite(seq, members)
        for following in range(seq + 1, self.size if stop is None else stop):
            members = self.members(following)
            members["prev"] = leaf.hex()
            leaf = self.rewrite(following, members)

    def append(self, type_: str, subject: str, actor: str, value: dict[str, Any], **more: Any) -> int:
        """Add an event that fits, by hand."""
        seq = self.size
        last = self.members(seq - 1)
        prev = self("SELECT hash FROM events WHERE seq = ?", seq - 1)[0][0].hex()
        event = Event(seq, type_, subject, more.get("project"), actor, more.get("at", last["at"]), None, prev, value)
        body = events.encode(event)
        self.insert(seq, body)
        return seq

    def insert(self, place: int, body: bytes) -> None:
        """Put an event's row in at a place."""
        said = json.loads(body)
        row = (place, leaf_hash(body), body, *(said[name] for name in COLUMNS[3:]))
        self("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)

    def shift(self, start: int, by: int) -> None:
        """Give all rows from ``start`` on other numbers."""
        order = "DESC" if by > 0 else "ASC"
        for (seq,) in self(f"SELECT seq FROM events WHERE seq >= ? ORDER BY seq {order}", start):
            self("UPDATE events SET seq = ? WHERE seq = ?", seq + by, seq)

    # What is derived

    def leaves(self) -> list[bytes]:
        return [leaf_hash(body) for (body,) in self("SELECT body FROM events ORDER BY seq")]

    def retree(self) -> None:
        """Derive the tree from the events as they now are."""
        self("DELETE FROM nodes")
        frontier = Frontier()
        rows = [node for leaf in self.leaves() for node in frontier.append(leaf)]
        self.connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", rows)

    def refold(self) -> None:
        """Derive the projections from the events as they now are."""
        read = (events.decode(body) for (body,) in self("SELECT body FROM events ORDER BY seq"))
        folding.rebuild(self.connection, read)

    # Checkpoints

    def root(self, size: int) -> bytes:
        frontier = Frontier()
        for leaf in self.leaves()[:size]:
            frontier.append(leaf)
        return frontier.root()

    def stolen_key(self) -> SecretKey:
        """The ledger's own secret key."""
        from ledger.keystore import Keystore

        value = self.members(0)["value"]
        key = Keystore(self.keys).ledger(VerifierKey.parse(value["key"]))
        assert key is not None
        return key

    def sign(self, size: int, key: SecretKey, origin: str | None = None) -> str:
        """A checkpoint of the log as it now is."""
        named = origin or self.members(0)["value"]["origin"]
        return sign_checkpoint(Checkpoint(named, size, self.root(size)), key).decode()

    def checkpoints(self) -> list[tuple[int, int]]:
        """Rowid and size of each stored checkpoint."""
        return self("SELECT rowid, size FROM checkpoints ORDER BY rowid")

    def resign(self) -> None:
        """Sign every stored checkpoint anew, with the ledger's stolen key."""
        key = self.stolen_key()
        for rowid, size in self.checkpoints():
            if size <= self.size:
                self("UPDATE checkpoints SET note = ? WHERE rowid = ?", self.sign(size, key), rowid)
            else:
                self("DELETE FROM checkpoints WHERE rowid = ?", rowid)
