"""Bundles: what an auditor is handed, to be checked without us (FORMAT §5).

A folder in the C2SP tlog-tiles layout with the whole log, or with the proofs of single events; in either case with the
signed checkpoint, the ledger's key, the artifacts asked for, a report that a person can read, and a verifier of one file.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ledger.audit import proving
from ledger.errors import InputError, LedgerError
from ledger.format import tiles
from ledger.format.checkpoint import Checkpoint
from ledger.format.errors import FormatError
from ledger.format.hashes import leaf_hash
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.format.proof import Frontier
from ledger.format.tiles import Tile
from ledger.projections import lineage
from ledger.projections.view import View
from ledger.rules import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKPOINT = "checkpoint"
CHECKPOINTS = "checkpoints"
KEY = "keys/ledger.vkey"
PROOFS = "proofs"
ARTIFACTS = "artifacts"
REPORT = "report.md"
VERIFIER = "verify.py"

KEY_EVENTS = (
    "ledger.created",
    "ledger.key_rotated",
    "ledger.continued",
    "key.enrolled",
    "key.revoked",
    "access.granted",
)
"""What a decision's validity rests on; every bundle of single events holds all of these."""

Progress = Callable[[int, int], None]


class Head(NamedTuple):
    """The checkpoint that a bundle rests on: the note as it is, what it says, and the key that signed it."""

    note: str
    checkpoint: Checkpoint
    key: VerifierKey


def choose(connection: sqlite3.Connection, policy: Policy | None = None) -> Head:
    """The newest stored checkpoint that meets the policy; of one size, the one with most signatures.

    Raises:
        InputError: there is none.
        LedgerError: the newest is not signed by the ledger's own key.
    """
    keys = logs.log_keys(View(connection, _last(connection)))
    rows = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC, length(note) DESC")
    problem = "there is no checkpoint yet; whoever holds the ledger's key runs `assay checkpoint`"
    for _, note in rows:
        try:
            if policy is not None:
                policy.open_checkpoint(note.encode())
            signed = logs.open_signed(keys, note.encode())
        except FormatError as error:
            if policy is None:
                raise LedgerError(f"a stored checkpoint is not the ledger's own: {error}; run `assay verify`") from None
            problem = f"no stored checkpoint meets the policy: {error}"
            continue
        return Head(str(note), signed.checkpoint, logs.key_at(keys, signed.checkpoint.size))
    raise InputError(problem)


def related(view: View, ref: str) -> list[int]:
    """The events that say what became of ``ref`` and what it came from, with those that its decisions rest on.

    Its own events, those of all upstream of it and of its alerts, what caused them, and every event on keys and roles.
    """
    upstream = set(lineage.graph(view, ref, down=0).nodes) - {ref}
    own = {row[0] for row in view.rows("SELECT seq FROM events WHERE subject = :ref AND seq <= :at", {"ref": ref})}
    if not own and not upstream:
        raise InputError(f"no event is about {ref}; `assay log --subject {ref}` looks for it")
    alerts = view.rows("SELECT DISTINCT alert FROM alerts WHERE subject = :ref AND seq <= :at", {"ref": ref})
    found = set(own)
    for name in [*upstream, *(f"alert/{row[0]}" for row in alerts)]:
        sql = "SELECT seq FROM events WHERE subject = :name AND seq <= :at AND type <> 'monitor.observed'"
        found.update(row[0] for row in view.rows(sql, {"name": name}))
    listed = ", ".join(f"'{each}'" for each in KEY_EVENTS)
    found.update(row[0] for row in view.rows(f"SELECT seq FROM events WHERE type IN ({listed}) AND seq <= :at"))
    return sorted(found | _causes(view, found))


def write(
    folder: Path,
    head: Head,
    fill: Callable[[Path], None],
    report: str,
    cosigned: Sequence[tuple[int, str]] = (),
) -> None:
    """Make a bundle: all of it, or nothing.

    Args:
        folder: where to; must not exist, or be empty.
        head: the checkpoint that it rests on.
        fill: writes the log or the proofs, and the artifacts, into the folder that it is handed.
        report: Markdown for people.
        cosigned: further checkpoints, with their sizes, that witnesses vouched for.

    Raises:
        InputError: something is at ``folder`` already.
    """
    with _beside(folder) as draft:
        (draft / CHECKPOINT).write_text(head.note, encoding="utf-8")
        (draft / KEY).parent.mkdir()
        (draft / KEY).write_text(f"{head.key}\n", encoding="utf-8")
        if cosigned:
            (draft / CHECKPOINTS).mkdir()
        for n, (size, note) in enumerate(cosigned):
            (draft / CHECKPOINTS / f"{size}-{n}").write_text(note, encoding="utf-8")
        fill(draft)
        (draft / REPORT).write_text(report, encoding="utf-8")
        shutil.copyfile(Path(__file__).with_name("verifier.py"), draft / VERIFIER)
        (draft / VERIFIER).chmod(0o755)


def write_log(connection: sqlite3.Connection, head: Head, folder: Path, progress: Progress | None = None) -> None:
    """Write entries and tiles of the log's first events, as many as the checkpoint covers; nodes are computed afresh.

    Raises:
        LedgerError: they are not what the checkpoint was signed for.
    """
    size = head.checkpoint.size
    frontier = Frontier()
    levels: dict[int, list[bytes]] = {0: []}
    for bundle in tiles.entry_bundles(size):
        first = bundle.index * tiles.WIDTH
        rows = connection.execute(
            "SELECT body FROM events WHERE seq >= ? AND seq < ? ORDER BY seq", (first, first + bundle.width)
        ).fetchall()
        bodies = [bytes(row[0]) for row in rows]
        _put(folder, bundle, tiles.pack(bodies))
        for body in bodies:
            leaf = leaf_hash(body)
            levels[0].append(leaf)
            for level, _, node in frontier.append(leaf):
                if level % tiles.HEIGHT == 0:
                    levels.setdefault(level // tiles.HEIGHT, []).append(node)
        if progress is not None:
            progress(first + bundle.width, size)
    if frontier.size != size or frontier.root() != head.checkpoint.root:
        raise LedgerError(
            f"the first {size} events are not those that the checkpoint was signed for; `assay verify` says what was touched"
        )
    for tile in tiles.hash_tiles(size):
        first = tile.index * tiles.WIDTH
        _put(folder, tile, b"".join(levels[tile.level or 0][first : first + tile.width]))


def write_proofs(
    connection: sqlite3.Connection, head: Head, seqs: Iterable[int], folder: Path, progress: Progress | None = None
) -> None:
    """Write the proofs of single events, all under one checkpoint.

    Raises:
        LedgerError: the ledger's own nodes do not prove one of them.
    """
    place = folder / PROOFS
    place.mkdir()
    chosen = sorted(seqs)
    for n, seq in enumerate(chosen):
        (place / f"{seq}{proving.SUFFIX}").write_bytes(proving.prove(connection, seq, head.note))
        if progress is not None:
            progress(n + 1, len(chosen))


def cosigned(connection: sqlite3.Connection, head: Head) -> list[tuple[int, str]]:
    """The other stored checkpoints, none greater than the bundle's, that somebody besides the ledger signed."""
    size = head.checkpoint.size
    rows = connection.execute("SELECT size, note FROM checkpoints WHERE size <= ? ORDER BY size, rowid", (size,))
    return [(int(each), str(note)) for each, note in rows if str(note).count("\n\u2014 ") > 1 and note != head.note]


def _causes(view: View, seqs: Iterable[int]) -> set[int]:
    """What led to these events, and to that, back to the beginning."""
    found: set[int] = set()
    waiting = list(seqs)
    while waiting:
        row = view.row("SELECT cause FROM events WHERE seq = :seq", {"seq": waiting.pop()})
        if row is not None and row[0] is not None and row[0] not in found:
            found.add(row[0])
            waiting.append(row[0])
    return found


def _put(folder: Path, tile: Tile, data: bytes) -> None:
    path = folder / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder beside the final one, which takes its place when the block ends without an error."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder} exists already; name a new folder")
    if not folder.parent.is_dir():
        raise InputError(f"the folder {folder.parent} does not exist; make it first")
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent))
    try:
        made = draft / "made"
        made.mkdir()
        yield made
        made.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _last(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT max(seq) FROM events").fetchone()
    return -1 if row[0] is None else int(row[0])
