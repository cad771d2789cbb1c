"""Attacks on a ledger's file, each with what verification must say of it.

An attack is a function of a :class:`Forger` and a random generator; it returns what is expected. ``None`` means that it
changed nothing that anybody could detect.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random

from ledger.format import canonical, dsse
from ledger.format.decision import PAYLOAD_TYPE
from ledger.format.hashes import leaf_hash
from ledger.projections import folding
from ledger.store import schema
from tests.ledger.audit.forgery import COLUMNS, Forger
from tests.ledger.story import secret

SIZES = (16, 32, 187, 199)
"""The sizes of the story's checkpoints."""


@dataclass(frozen=True)
class Expected:
    """One finding of one of ``kinds`` at one of ``seqs`` (any place where ``None``).

    ``outside`` says that it takes a checkpoint that was kept elsewhere; ``bracket`` that the finding's seq is the last size
    that agrees, at most the first touched event; ``alone`` that nothing else is found.
    """

    kinds: Collection[str]
    seqs: Collection[int | None] | None = None
    outside: bool = False
    bracket: int | None = None
    alone: bool = True


Attack = Callable[[Forger, Random], Expected | None]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    ATTACKS[function.__name__] = function
    return function


def at(kind: str, seq: int | None, **more: bool) -> Expected:
    return Expected({kind}, {seq}, **more)  # type: ignore[arg-type]


# Single values


@attack
def flip_a_byte_of_a_body(forger: Forger, random: Random) -> Expected:
    seq = random.randrange(forger.size)
    body = bytearray(forger.body(seq))
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    forger("UPDATE events SET body = ? WHERE seq = ?", bytes(body), seq)
    return at("edited", seq)


@attack
def cut_or_lengthen_a_body(forger: Forger, random: Random) -> Expected:
    seq = random.randrange(forger.size)
    body = forger.body(seq)
    changed = random.choice([b"", body[:-1], body + b" ", body[: len(body) // 2], b"{}", body + body, bytes(70_000)])
    forger("UPDATE events SET body = ? WHERE seq = ?", changed, seq)
    return at("edited", seq)


@attack
def flip_a_byte_of_a_hash(forger: Forger, random: Random) -> Expected:
    seq = random.randrange(forger.size)
    stored = bytearray(forger("SELECT hash FROM events WHERE seq = ?", seq)[0][0])
    stored[random.randrange(32)] ^= 1 << random.randrange(8)
    forger("UPDATE events SET hash = ? WHERE seq = ?", random.choice([bytes(stored), b"", bytes(33)]), seq)
    return at("edited", seq)


@attack
def change_a_column(forger: Forger, random: Random) -> Expected:
    seq, column = random.randrange(forger.size), random.choice(COLUMNS[3:])
    before = forger(f"SELECT {column} FROM events WHERE seq = ?", seq)[0][0]
    other = _other(before, column, random)
    forger(f"UPDATE events SET {column} = ? WHERE seq = ?", other, seq)
    return at("columns", seq)


def _other(before: object, column: str, random: Random) -> object:
    if column == "cause":
        return random.choice([each for each in (None, 0, 1, -1, 2**40) if each != before])
    choices: list[object] = ["", "x", "x'\"{}", "ünï", "a\x00b", "9999", *([None] if column == "project" else [])]
    if isinstance(before, str):
        choices += [before + " ", before[:-1], before.upper() + "!"]
    return random.choice([each for each in choices if each != before])


@attack
def text_that_is_none(forger: Forger, random: Random) -> Expected:
    seq, column = random.randrange(forger.size), random.choice(("type", "subject", "actor", "at"))
    forger(f"UPDATE events SET {column} = CAST(x'ff00fe' AS TEXT) WHERE seq = ?", seq)
    return at("columns", seq)


@attack
def change_an_event_and_its_hash(forger: Forger, random: Random) -> Expected | None:
    seq = random.randrange(forger.size)
    members = forger.members(seq)
    members["at"] = members["at"][:-2] + "7Z"
    forger.rewrite(seq, members)
    return at("edited", seq) if seq < forger.size - 1 else None


@attack
def change_whom_an_event_follows(forger: Forger, random: Random) -> Expected:
    seq = random.randrange(1, forger.size)
    members = forger.members(seq)
    members["prev"] = random.choice([members["prev"][::-1], "0" * 64, forger.leaves()[seq - 2].hex()])
    forger.rewrite(seq, members)
    return at("edited", seq) if seq < forger.size - 1 else at("reordered", seq)


# Rows


@attack
def delete_events(forger: Forger, random: Random) -> Expected:
    count = random.choice([1, 1, 2, 7, 40])
    first = random.randrange(0, forger.size - count - 1)
    forger("DELETE FROM events WHERE seq >= ? AND seq < ?", first, first + count)
    return at("missing", first)


@attack
def delete_events_and_hide_it(forger: Forger, random: Random) -> Expected:
    count = random.choice([1, 1, 2, 7])
    first = random.randrange(0, forger.size - count - 1)
    forger("DELETE FROM events WHERE seq >= ? AND seq < ?", first, first + count)
    forger.shift(first + count, -count)
    return at("missing", first)


@attack
def delete_the_last_events(forger: Forger, random: Random) -> Expected:
    size = random.randrange(1, SIZES[-1])
    forger("DELETE FROM events WHERE seq >= ?", size)
    return at("truncated", size)


@attack
def delete_the_last_events_and_all_that_tells_of_them(forger: Forger, random: Random) -> Expected:
    size = random.randrange(1, SIZES[-1])
    forger("DELETE FROM events WHERE seq >= ?", size)
    forger("DELETE FROM checkpoints WHERE size > ?", size)
    forger.retree()
    forger.refold()
    return at("truncated", size, outside=True)


@attack
def put_a_copy_at_the_end(forger: Forger, random: Random) -> Expected:
    place = forger.size + random.choice([0, 0, 1, 50, 10**12])
    forger.insert(place, forger.body(random.randrange(forger.size)))
    return at("reordered", place)


@attack
def put_an_event_in_between(forger: Forger, random: Random) -> Expected:
    """The rows after it are renumbered; the one put in may claim their place and name the one before it."""
    place = random.randrange(1, forger.size - 1)
    body = forger.body(place)
    if random.random() < 0.5:
        members = forger.members(place)
        members["actor"] = "eve"
        body = canonical.encode(members)
    else:
        body = forger.body(random.randrange(place))
    forger.shift(place, 1)
    forger.insert(place, body)
    return at("reordered", place)


@attack
def swap_two_events(forger: Forger, random: Random) -> Expected:
    one, other = sorted(random.sample(range(forger.size), 2))
    for old, new in ((one, -9), (other, one), (-9, other)):
        forger("UPDATE events SET seq = ? WHERE seq = ?", new, old)
    return at("reordered", one)


@attack
def move_an_event(forger: Forger, random: Random) -> Expected:
    """Somewhere among the others, which make room; or far away."""
    seq = random.randrange(forger.size - 12)
    if random.random() < 0.3:
        forger("UPDATE events SET seq = ? WHERE seq = ?", 10**9, seq)
        return at("reordered", seq)
    to = seq + random.randrange(1, 12)
    forger("UPDATE events SET seq = -9 WHERE seq = ?", seq)
    for place in range(seq + 1, to + 1):
        forger("UPDATE events SET seq = ? WHERE seq = ?", place - 1, place)
    forger("UPDATE events SET seq = ? WHERE seq = -9", to)
    return at("reordered", seq)


@attack
def put_a_row_before_the_first(forger: Forger, random: Random) -> Expected:
    forger.insert(-random.randrange(1, 9), forger.body(random.randrange(forger.size)))
    return Expected({"reordered"}, range(-9, 0))


@attack
def swap_two_bodies(forger: Forger, random: Random) -> Expected:
    one, other = sorted(random.sample(range(forger.size), 2))
    bodies = forger.body(one), forger.body(other)
    forger("UPDATE events SET body = ? WHERE seq = ?", bodies[1], one)
    forger("UPDATE events SET body = ? WHERE seq = ?", bodies[0], other)
    return at("edited", one, alone=False)


# Chained anew


def _retold(forger: Forger, random: Random, first: int) -> None:
    """Change an event in a small way, and chain what follows anew."""
    digit = random.choice("123456789")
    forger.change(first, lambda members: members.update(at=members["at"][:-2] + digit + "Z"))


@attack
def chain_anew(forger: Forger, random: Random) -> Expected:
    first = random.randrange(forger.size - 1)
    _retold(forger, random, first)
    # The last leaf has no node of its own; of two leaves under one node nothing tells which was the first.
    return Expected({"edited"}, {first, first & ~1})


@attack
def chain_anew_for_a_while(forger: Forger, random: Random) -> Expected:
    first = random.randrange(forger.size - 12)
    stop = first + random.randrange(2, 10)
    digit = random.choice("123456789")
    forger.change(first, lambda members: members.update(at=members["at"][:-2] + digit + "Z"), stop)
    return Expected({"edited"}, {first, first & ~1})


@attack
def chain_anew_with_the_tree(forger: Forger, random: Random) -> Expected:
    first = random.randrange(SIZES[-1])
    _retold(forger, random, first)
    forger.retree()
    forger.refold()
    return Expected({"rewritten"}, bracket=first)


@attack
def chain_anew_and_drop_the_checkpoints(forger: Forger, random: Random) -> Expected:
    first = random.randrange(SIZES[-1])
    _retold(forger, random, first)
    forger.retree()
    forger.refold()
    forger("DELETE FROM checkpoints WHERE size > ?", first)
    return Expected({"rewritten"}, outside=True, bracket=first)


@attack
def chain_anew_with_the_stolen_key(forger: Forger, random: Random) -> Expected:
    first = random.randrange(SIZES[-1])
    _retold(forger, random, first)
    forger.retree()
    forger.refold()
    forger.resign()
    return Expected({"forked"}, outside=True, bracket=first)


@attack
def chain_anew_and_sign_the_end_alone(forger: Forger, random: Random) -> Expected:
    first = random.randrange(SIZES[-1])
    _retold(forger, random, first)
    forger.retree()
    forger.refold()
    forger("DELETE FROM checkpoints")
    note = forger.sign(forger.size, forger.stolen_key())
    forger("INSERT INTO checkpoints VALUES (?, ?)", forger.size, note)
    return Expected({"forked"}, outside=True, bracket=first, alone=False)


@attack
def run_time_backwards(forger: Forger, random: Random) -> Expected:
    """By whoever has the ledger's key and is trusted, so that no checkpoint tells."""
    first = random.randrange(SIZES[2], forger.size)
    forger.change(first, lambda members: members.update(at="1999-01-01T00:00:00.000000Z"))
    forger.retree()
    forger.refold()
    forger.resign()
    return at("clock", first, alone=False)


@attack
def sign_a_decision_anew(forger: Forger, random: Random) -> Expected:
    """With a key of one's own; chained anew, the tree and the ledger's signatures with it."""
    seq = random.choice(forger.kinds("approval.granted", "approval.rejected", "key.enrolled", "key.revoked"))
    payload = base64.b64decode(forger.members(seq)["value"]["dsse"]["payload"])
    envelope = dsse.sign(payload, PAYLOAD_TYPE, [secret("eve")])
    forger.change(seq, lambda members: members["value"].update(dsse=envelope))
    forger.retree()
    forger.refold()
    forger.resign()
    return at("signature", seq, alone=False)


# What is added by hand, and fits


@attack
def append_what_the_rules_forbid(forger: Forger, random: Random) -> Expected:
    seq = forger.append(
        "deployment.started",
        "model/fx-hedging/fx-vol@2",
        "eve",
        {"deployment": "d1", "environment": "prod", "slice": 1, "strategy": "direct"},
        project="fx-hedging",
    )
    forger.retree()
    forger.refold()
    return at("rule", seq)


@attack
def append_a_forged_approval(forger: Forger, random: Random) -> Expected:
    seq = forger.kinds("approval.granted")[-1]
    members = forger.members(seq)
    payload = base64.b64decode(members["value"]["dsse"]["payload"])
    value = {**members["value"], "dsse": dsse.sign(payload, PAYLOAD_TYPE, [secret("eve")])}
    added = forger.append("approval.granted", members["subject"], members["actor"], value, project="fx-hedging")
    forger.retree()
    forger.refold()
    return at("signature", added)


@attack
def append_and_forget_the_tree(forger: Forger, random: Random) -> Expected:
    seq = forger.append("tea.made", "cup/1", "eve", {})
    return at("tree", seq - 1)


# What is derived


@attack
def change_a_node(forger: Forger, random: Random) -> Expected:
    level, index = random.choice(forger("SELECT level, idx FROM nodes"))
    if random.random() < 0.5:
        forger("DELETE FROM nodes WHERE level = ? AND idx = ?", level, index)
    else:
        other = random.choice([random.randbytes(32), b"", bytes(31)])
        forger("UPDATE nodes SET hash = ? WHERE level = ? AND idx = ?", other, level, index)
    return at("tree", index << level)


@attack
def put_a_node_in(forger: Forger, random: Random) -> Expected:
    level, index = random.choice([(1, 9000), (7, 7), (0, 3), (63, 0), (5, -2), (2, 2**61)])
    forger("INSERT INTO nodes VALUES (?, ?, ?)", level, index, bytes(32))
    return Expected({"tree"})


@attack
def delete_nodes(forger: Forger, random: Random) -> Expected:
    level = random.randrange(0, 6)
    forger("DELETE FROM nodes WHERE level > ?", level)
    return at("tree", 0)


_ROWS = [table for table in folding.TABLES if table not in ("aliases", "retirements", "gates")]


@attack
def change_a_projection(forger: Forger, random: Random) -> Expected:
    table = random.choice([table for table in _ROWS if forger(f"SELECT 1 FROM {table}")])
    seq, rowwise = random.choice(forger(f"SELECT seq, count(*) FROM {table} GROUP BY seq"))
    columns = [row[1] for row in forger(f"PRAGMA table_info({table})") if row[2] == "TEXT"]
    column = random.choice(columns)
    if random.random() < 0.3:
        forger(f"DELETE FROM {table} WHERE seq = ?", seq)
    else:
        forger(f"UPDATE {table} SET {column} = 'eve''s' WHERE seq = ?", seq)
    assert rowwise
    return at("projections", seq)


@attack
def put_a_projection_in(forger: Forger, random: Random) -> Expected:
    seq = random.choice([forger.size + 5, forger.size - 1, -4])
    forger("INSERT INTO roles VALUES (?, 'eve', 'project/all', 'risk')", seq)
    return at("projections", seq)


@attack
def empty_a_projection(forger: Forger, random: Random) -> Expected:
    table = random.choice([table for table in _ROWS if forger(f"SELECT 1 FROM {table}")])
    first, count = forger(f"SELECT min(seq), count(DISTINCT seq) FROM {table}")[0]
    forger(f"DELETE FROM {table}")
    return at("projections", first, alone=count == 1 or count > 8)


# Schema, settings, checkpoints


@attack
def change_the_schema(forger: Forger, random: Random) -> Expected:
    table = random.choice([*folding.TABLES, "nodes", "events"])
    indexes = [schema.entity(each) for each in folding.STATEMENTS if each.startswith("CREATE INDEX")]
    forger(
        random.choice(
            [
                f"CREATE TRIGGER evil AFTER INSERT ON {table} BEGIN SELECT 1; END",
                f"CREATE INDEX evil ON {table} (1)",
                f"CREATE VIEW evil AS SELECT * FROM {table}",
                f"ALTER TABLE {random.choice(folding.TABLES)} ADD COLUMN evil TEXT",
                f"DROP INDEX {random.choice(indexes)}",
                "PRAGMA application_id = 77",
                "PRAGMA user_version = 77",
                "UPDATE alembic_version SET version_num = 'evil'",
                "DELETE FROM alembic_version",
                "INSERT INTO alembic_version VALUES ('0001')",
            ]
        ).replace("(1)", "(seq)" if table != "nodes" else "(hash)")
    )
    return Expected({"schema"}, {None})


@attack
def weaken_a_guard(forger: Forger, random: Random) -> Expected:
    """It is not put back as it was; see ``Forger.guards``."""
    name = random.choice(sorted(forger.guards))
    statement = forger.guards[name] or ""
    forger.guards[name] = random.choice([None, statement.replace("BEFORE", "AFTER", 1), statement.replace("guard", "")])
    return Expected({"schema"}, {None})


@attack
def replace_a_checkpoint(forger: Forger, random: Random) -> Expected:
    rowid, size = random.choice(forger.checkpoints())
    note = forger("SELECT note FROM checkpoints WHERE rowid = ?", rowid)[0][0]
    choice = random.randrange(4)
    if choice == 0:
        note = forger.sign(size, secret("eve"))
    elif choice == 1:
        note = forger.sign(size, secret("eve"), "example.com/other")
    elif choice == 2:
        cut = random.randrange(len(note) - 30)
        note = note[:cut] + ("A" if note[cut] != "A" else "B") + note[cut + 1 :]
    else:
        note = ""
    forger("UPDATE checkpoints SET note = ? WHERE rowid = ?", note, rowid)
    return at("signature", size - 1)


@attack
def give_a_checkpoint_another_size(forger: Forger, random: Random) -> Expected:
    rowid, size = random.choice(forger.checkpoints())
    other = random.choice([size + 1, size - 1, 10**6])
    forger("UPDATE checkpoints SET size = ? WHERE rowid = ?", other, rowid)
    return at("columns", size - 1)


@attack
def drop_a_checkpoint(forger: Forger, random: Random) -> Expected:
    rowid, _ = random.choice(forger.checkpoints())
    forger("DELETE FROM checkpoints WHERE rowid = ?", rowid)
    return Expected({"missing"}, outside=rowid == len(SIZES), alone=False)


@attack
def put_a_checkpoint_of_another_log_in(forger: Forger, random: Random) -> Expected:
    """Signed with the stolen key: two histories, vouched for by one key."""
    size = random.choice(SIZES)
    from ledger.format.checkpoint import Checkpoint, sign_checkpoint

    origin = forger.members(0)["value"]["origin"]
    note = sign_checkpoint(Checkpoint(origin, size, random.randbytes(32)), forger.stolen_key()).decode()
    forger("INSERT INTO checkpoints VALUES (?, ?)", size, note)
    before = max((each for each in SIZES if each < size), default=0)
    return at("forked", before)


# Against the one who verifies


@attack
def swap_the_columns_of_two_events(forger: Forger, random: Random) -> Expected:
    """Bodies and hashes stay; what is indexed of one is told of the other."""
    names = ", ".join(COLUMNS[3:])
    one, other = sorted(random.sample(range(forger.size), 2))
    rows = [forger(f"SELECT {names} FROM events WHERE seq = ?", seq)[0] for seq in (one, other)]
    marks = ", ".join(f"{name} = ?" for name in COLUMNS[3:])
    for seq, row in ((one, rows[1]), (other, rows[0])):
        forger(f"UPDATE events SET {marks} WHERE seq = ?", *row, seq)
    return at("columns", one, alone=False)


@attack
def store_a_value_as_another_type(forger: Forger, random: Random) -> Expected:
    seq = random.randrange(1, forger.size)
    value, kind = random.choice(
        [
            ("body = CAST(body AS TEXT)", "columns"),
            ("hash = lower(hex(hash))", "edited"),
            ("subject = CAST(subject AS BLOB)", "columns"),
            ("actor = CAST(actor AS BLOB)", "columns"),
            ("at = 7", "columns"),
            ("cause = 3.5", "columns"),
        ]
    )
    forger.loosened(f"UPDATE events SET {value} WHERE seq = ?", seq)
    return at(kind, seq)


@attack
def put_a_view_in_a_table_s_place(forger: Forger, random: Random) -> Expected:
    """One without end, which must not be read."""
    rows = {
        "nodes": "SELECT x AS level, x AS idx, x'00' AS hash FROM n",
        "checkpoints": "SELECT x AS size, '' AS note FROM n",
        **dict.fromkeys(_ROWS, "SELECT x AS seq, 0 AS a FROM n"),
    }
    table = random.choice(sorted(rows))
    endless = "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n)"
    forger.drop(table, f"CREATE VIEW {table} AS {endless} {rows[table]}")
    return Expected({"schema"}, {None}, alone=False)


@attack
def drop_a_table(forger: Forger, random: Random) -> Expected:
    forger.drop(random.choice(["events", "nodes", "checkpoints", "alembic_version", *_ROWS]))
    return Expected({"schema"}, {None}, alone=False)


@attack
def scatter_rows_beyond_the_end(forger: Forger, random: Random) -> Expected:
    first, step = random.randrange(forger.size + 1, 2**62), random.choice([1, 7, 10**6])
    names = ", ".join(COLUMNS[1:])
    forger(f"INSERT INTO events SELECT ? + seq * ?, {names} FROM events", first, step)
    return at("reordered", first)


@attack
def scatter_nodes_beyond_the_end(forger: Forger, random: Random) -> Expected:
    for _ in range(random.choice([1, 3, 40])):
        level = random.randrange(1, 61)
        index = random.randrange(1 << 8, 1 << 61 - level) if level < 50 else 1 << 61 - level
        forger("INSERT OR IGNORE INTO nodes VALUES (?, ?, ?)", level, index, bytes(32))
    return Expected({"tree"}, {forger.size}, alone=False)


@attack
def renumber_a_checkpoint(forger: Forger, random: Random) -> Expected:
    rowid, _ = random.choice(forger.checkpoints())
    forger("UPDATE checkpoints SET rowid = ? WHERE rowid = ?", random.choice([-5, 77, 2**24, 2**60]), rowid)
    return Expected({"missing"}, {None})


@attack
def append_what_means_nothing(forger: Forger, random: Random) -> Expected:
    """Bytes that begin like an event, of the length and hash that they should have."""
    seq = forger.append(random.choice(["monitor.observed", "tea.made"]), "cup/1", "svc:monitor", {})
    junk = random.choice(
        [
            b"null}",
            b"[]}",
            b"{",
            b"{}}}",
            b'{},"zz":1}',
            b'{},"actor":"eve"}',
            random.randbytes(40),
            b"{}}" + bytes([0]),
        ]
    )
    body = forger.body(seq).replace(b'"value":{}}', b'"value":' + junk)
    forger("UPDATE events SET hash = ?, body = ? WHERE seq = ?", leaf_hash(body), body, seq)
    forger.retree()
    return at("malformed", seq)


@attack
def append_a_name_that_reads_as_another(forger: Forger, random: Random) -> Expected:
    seq = forger.append("tea.made", "cup/1", "ada", {})
    name = random.choice(['ada","at":"2008-01-01T00:03:29.000000Z', "\\u0061da", "ada\u202e", "a da", "ad\u0430"])
    body = forger.body(seq).replace(b'"actor":"ada"', f'"actor":"{name}"'.encode())
    forger("UPDATE events SET hash = ?, body = ?, actor = ? WHERE seq = ?", leaf_hash(body), body, name, seq)
    forger.retree()
    return at("malformed", seq)


@attack
def replay_a_decision(forger: Forger, random: Random) -> Expected:
    """The same signed envelope once more, chained as it should be."""
    seq = random.choice(forger.kinds("approval.granted", "approval.rejected", "key.enrolled", "key.revoked"))
    said = forger.members(seq)
    added = forger.append(said["type"], said["subject"], said["actor"], said["value"], project=said["project"])
    forger.retree()
    forger.refold()
    return Expected({"rule", "signature"}, {added})


@attack
def move_a_projection_s_row(forger: Forger, random: Random) -> Expected:
    seq, to = random.choice(forger("SELECT seq FROM observations"))[0], random.choice([-3, 5, 2**40, 2**62])
    forger("UPDATE observations SET seq = ? WHERE seq = ?", to, seq)
    return Expected({"projections"}, {seq, to}, alone=False)
