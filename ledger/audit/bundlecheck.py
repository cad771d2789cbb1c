"""Verifying a bundle with all that verifies a ledger: its log is laid out as one, in a folder that is thrown away.

The verifier inside the bundle was written apart from this, so that neither has the other's mistakes.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.audit import bundle, proving
from ledger.audit.report import Finding, Report
from ledger.audit.verification import verify as verify_ledger
from ledger.errors import InputError, LedgerError
from ledger.format import note, proof, tiles, tlogproof
from ledger.format.checkpoint import Checkpoint, parse_body
from ledger.format.decision import peek
from ledger.format.errors import FormatError
from ledger.format.event import Event, decode
from ledger.format.hashes import HASH_SIZE, ManifestEntry, digest, file_digest, leaf_hash, manifest
from ledger.format.policy import Policy
from ledger.format.proof import Frontier
from ledger.projections import folding
from ledger.projections.view import View
from ledger.rules import decisions
from ledger.store import schema
from ledger.store.journal import node_getter

Progress = Callable[[str, int, int], None]

_NAMED = re.compile(rb'"(sha256:[0-9a-f]{64})"')
_PARTIAL = "this proves single events, and says nothing of what lies between them"
_UNREAD = Event(0, "unknown", "unknown", None, "unknown", "", None, "", {})


def is_bundle(folder: Path) -> bool:
    """Whether a folder is laid out as a bundle."""
    return (folder / bundle.CHECKPOINT).is_file() and any((folder / each).is_dir() for each in ("tile", bundle.PROOFS))


def own_key(folder: Path) -> str:
    """The verifier key that a bundle names as its ledger's: it proves nothing unless it is known from elsewhere too.

    Raises:
        InputError: it names none.
    """
    try:
        return (folder / bundle.KEY).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{folder} holds no {bundle.KEY}; name the ledger's key with --key") from None


def verify(
    folder: Path, policy: Policy, *, checkpoints: Sequence[str] = (), progress: Progress | None = None
) -> Report:
    """Verify a bundle: the log as a ledger is verified, or each proof; then the artifacts.

    Args:
        folder: the bundle.
        policy: the ledger's keys as known from elsewhere, and whose cosignatures are asked for.
        checkpoints: signed checkpoints kept elsewhere, for a bundle with the whole log.
        progress: told how far the verification is.
    """
    tell = progress or (lambda *_: None)
    report = Report()
    try:
        data = (folder / bundle.CHECKPOINT).read_bytes()
        head = parse_body(note.parse(data).text)
    except (OSError, FormatError) as error:
        report.findings.append(Finding("malformed", None, f"its checkpoint cannot be read: {error}"))
        return report
    try:
        policy.open_checkpoint(data)
    except FormatError as error:
        report.findings.append(Finding("signature", max(head.size - 1, 0), f"its checkpoint: {error}"))
    if (folder / "tile").is_dir():
        named = _verify_log(folder, head, data, policy, checkpoints, report, tell)
    else:
        named = _verify_proofs(folder, head, data, policy, report, tell)
    _verify_artifacts(folder, named, report)
    report.findings = sorted(dict.fromkeys(report.findings), key=lambda each: (each.seq is None, each.seq or 0))
    return report


def _verify_log(
    folder: Path,
    head: Checkpoint,
    data: bytes,
    policy: Policy,
    outside: Sequence[str],
    report: Report,
    tell: Progress,
) -> set[bytes]:
    laid = _Laid(folder, head, report)
    with tempfile.TemporaryDirectory(prefix="assay-") as place:
        path = Path(place) / "ledger.db"
        laid.out(path, data, outside, tell)
        keys = [str(entry.key) for entry in policy.logs if entry.key.name == head.origin]
        found = verify_ledger(path, key=keys, checkpoints=outside, progress=tell)
    # What is laid out for this alone needs no guards, so that nothing is said of its schema; one cause is told once.
    silent = {"schema"} | ({"signature"} & {each.kind for each in report.findings})
    report.findings += [each for each in found.findings if each.kind not in silent]
    report.origin, report.size, report.root, report.head = found.origin, found.size, found.root, found.head
    report.checked = {**found.checked, "tiles": laid.tiles}
    report.incomplete = found.incomplete
    return laid.named


class _Laid:
    """A bundle's log on its way into a ledger's database."""

    def __init__(self, folder: Path, head: Checkpoint, report: Report) -> None:
        self._folder = folder
        self._head = head
        self._report = report
        self.named: set[bytes] = set()
        self.tiles = 0
        self._seen: list[bytes] = []

    def out(self, path: Path, data: bytes, outside: Sequence[str], tell: Progress) -> None:
        """Write the database: events, nodes over what the tiles say, checkpoints, projections."""
        size = self._head.size
        bodies = [body for tile in tiles.entry_bundles(size) for body in self._bundle(tile)]
        hashes = self._hashes(bodies)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            for statement in (schema.EVENTS, schema.EVENTS_BY_SUBJECT, schema.NODES, schema.CHECKPOINTS):
                connection.execute(statement)
            for statement in folding.STATEMENTS:
                connection.execute(statement)
            for seq, body in enumerate(bodies):
                if body is not None:
                    self._insert(connection, seq, body, hashes[seq])
                if seq % 4096 == 0:
                    tell("entries", seq, size)
            self._grow(connection, hashes)
            self._keep_checkpoints(connection, data, outside)
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _bundle(self, tile: tiles.Tile) -> list[bytes | None]:
        first = tile.index * tiles.WIDTH
        data = self._read(tile)
        if data is None:
            return [None] * tile.width
        try:
            bodies = tiles.unpack(data)
        except FormatError as error:
            self._find("damaged", first, f"{tile.path}: {error}")
            return [None] * tile.width
        if len(bodies) != tile.width:
            self._find("damaged", first + min(len(bodies), tile.width - 1), f"{tile.path} holds {len(bodies)} entries")
        return [*bodies, *[None] * tile.width][: tile.width]

    def _hashes(self, bodies: Sequence[bytes | None]) -> list[bytes]:
        """The leaf hashes: the entries' own where they give the signed root, else what the tiles at the bottom say."""
        own = [b"\0" * HASH_SIZE if body is None else leaf_hash(body) for body in bodies]
        said: list[bytes] = []
        for tile in (each for each in tiles.hash_tiles(len(bodies)) if each.level == 0):
            data = self._read(tile)
            if data is not None and len(data) != HASH_SIZE * tile.width:
                self._find("tree", tile.index * tiles.WIDTH, f"{tile.path} does not hold {tile.width} hashes")
                data = None
            first = tile.index * tiles.WIDTH
            said += (
                [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)] if data else own[first:][: tile.width]
            )
        if _root(own) != self._head.root:
            return said
        for seq, (mine, tiled) in enumerate(zip(own, said, strict=True)):
            if mine != tiled:
                self._find("tree", seq, "the hash in the tile is not the entry's, which the signed root fixes")
        return own

    def _insert(self, connection: sqlite3.Connection, seq: int, body: bytes, leaf: bytes) -> None:
        self.named.update(_NAMED.findall(body))
        try:
            event = decode(body)
        except FormatError:
            event = _UNREAD
        columns = (event.type, event.subject, event.project, event.actor, event.at, event.cause)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, leaf, body, *columns))
        if event is _UNREAD:
            return
        if event.type in decisions.CARRIERS:
            self._remember(event)
        try:
            folding.fold(connection, [event])
        except (KeyError, TypeError, ValueError, AttributeError, sqlite3.Error):
            return  # verification refolds, and says what is wrong with it

    def _grow(self, connection: sqlite3.Connection, hashes: Sequence[bytes]) -> None:
        frontier = Frontier()
        levels: dict[int, list[bytes]] = {}
        for leaf in hashes:
            for level, index, node in frontier.append(leaf):
                connection.execute("INSERT INTO nodes VALUES (?, ?, ?)", (level, index, node))
                if level % tiles.HEIGHT == 0:
                    levels.setdefault(level // tiles.HEIGHT, []).append(node)
        expected = {tile.path for tile in tiles.entry_bundles(len(hashes))}
        for tile in tiles.hash_tiles(len(hashes)):
            expected.add(tile.path)
            first = tile.index * tiles.WIDTH
            level = tile.level or 0
            data = self._read(tile) if level else None
            if data is not None and data != b"".join(levels[level][first : first + tile.width]):
                self._find("tree", first << tiles.HEIGHT * level, f"{tile.path} is not what the entries give")
        files = (path for path in (self._folder / "tile").rglob("*") if not path.is_dir())
        for name in sorted({path.relative_to(self._folder).as_posix() for path in files} - expected):
            self._find("tree", None, f"{name} does not belong to a log of {len(hashes)} entries")

    def _remember(self, event: Event) -> None:
        """The checkpoint that a decision names."""
        try:
            seen = peek(event.value["dsse"]).checkpoint
        except (FormatError, KeyError, TypeError):
            return  # verification says what is wrong with it
        if seen is not None:
            self._seen.append(seen.encode())

    def _keep_checkpoints(self, connection: sqlite3.Connection, data: bytes, outside: Sequence[str]) -> None:
        """The bundle's checkpoints; and those that decisions name, or that were kept elsewhere, if the log is what they say.

        A ledger stores every checkpoint that it signs, a bundle does not: that these are not in it says nothing.
        """
        kept: list[tuple[int, bytes]] = []
        for each in (data, *(path.read_bytes() for path in sorted((self._folder / bundle.CHECKPOINTS).glob("*")))):
            try:
                kept.append((parse_body(note.parse(each).text).size, each))
            except FormatError as error:
                self._find("malformed", None, f"a checkpoint in {bundle.CHECKPOINTS}/: {error}")
        node = node_getter(connection)
        for each in dict.fromkeys((*self._seen, *(text.encode("utf-8", "surrogatepass") for text in outside))):
            try:
                seen = parse_body(note.parse(each).text)
                agrees = seen.size <= self._head.size and proof.root(seen.size, node) == seen.root
            except (FormatError, LedgerError):
                continue
            if agrees:
                kept.append((seen.size, each))
        for size, each in sorted(dict.fromkeys(kept)):
            connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, each.decode()))

    def _read(self, tile: tiles.Tile) -> bytes | None:
        self.tiles += 1
        try:
            return (self._folder / tile.path).read_bytes()
        except OSError as error:
            self._find("missing", None, f"{tile.path} cannot be read: {error.strerror}")
            return None

    def _find(self, kind: str, seq: int | None, detail: str) -> None:
        self._report.findings.append(Finding(kind, seq, detail))


def _verify_proofs(
    folder: Path, head: Checkpoint, data: bytes, policy: Policy, report: Report, tell: Progress
) -> set[bytes]:
    """Each proof under the one checkpoint; then the decisions among the proven events, with the keys among them."""
    report.origin, report.size, report.root = head.origin, head.size, head.root.hex()
    report.incomplete.append(_PARTIAL)
    named: set[bytes] = set()
    events: list[tuple[Event, bytes, bytes]] = []
    paths = sorted((folder / bundle.PROOFS).iterdir(), key=lambda path: (len(path.name), path.name))
    signed = not report.findings
    for n, path in enumerate(paths):
        content = path.read_bytes()
        found = proving.verify(content, policy)
        problems = [each for each in found.report.findings if each.kind != "signature" or signed]
        if not problems and path.name != f"{found.index}{proving.SUFFIX}":
            problems = [Finding("reordered", found.index, f"{path.name} proves event {found.index}")]
        if not problems and not content.endswith(data):
            problems = [Finding("signature", found.index, f"{path.name} is proven under another checkpoint")]
        report.findings += [Finding(each.kind, each.seq, f"{path.name}: {each.detail}") for each in problems]
        if found.event is not None and not problems:
            body = tlogproof.parse(content).extra
            events.append((found.event, body, found.leaf))
            named.update(_NAMED.findall(body))
        tell("proofs", n + 1, len(paths))
    report.checked = {"events": len(events), "proofs": len(paths)}
    if not report.findings:
        report.checked["decisions"] = _judge_decisions(events, report)
    return named


def _judge_decisions(events: Sequence[tuple[Event, bytes, bytes]], report: Report) -> int:
    """Who signed what, by the keys that the proven events name; how many decisions there were."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in (schema.EVENTS, schema.EVENTS_BY_SUBJECT, *folding.STATEMENTS):
            connection.execute(statement)
        for event, body, leaf in events:
            columns = (event.type, event.subject, event.project, event.actor, event.at, event.cause)
            connection.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (event.seq, leaf, body, *columns)
            )
        folding.fold(connection, [event for event, _, _ in events])
        carriers = [event for event, _, _ in events if event.type in decisions.CARRIERS]
        for event in carriers:
            signed, problem = decisions.statement(View(connection, event.seq - 1), event, event.actor)
            if signed is None:
                report.findings.append(Finding("signature", event.seq, problem))
        return len(carriers)
    finally:
        connection.close()


def _verify_artifacts(folder: Path, named: set[bytes], report: Report) -> None:
    place = folder / bundle.ARTIFACTS
    paths = sorted(place.iterdir()) if place.is_dir() else []
    for path in paths:
        try:
            got = _digest(path)
        except (FormatError, OSError) as error:
            report.findings.append(Finding("damaged", None, f"{bundle.ARTIFACTS}/{path.name} cannot be read: {error}"))
            continue
        if got != f"sha256:{path.name}":
            report.findings.append(Finding("edited", None, f"{bundle.ARTIFACTS}/{path.name} has another digest, {got}"))
        elif got.encode() not in named:
            report.findings.append(
                Finding("edited", None, f"{bundle.ARTIFACTS}/{path.name} is named by no event in the bundle")
            )
    report.checked["artifacts"] = len(paths)


def _digest(path: Path) -> str:
    if not path.is_dir():
        return file_digest(path)
    files = [file for file in path.rglob("*") if not file.is_dir()]
    return digest(
        manifest(
            ManifestEntry(file.relative_to(path).as_posix(), file_digest(file), file.stat().st_size) for file in files
        )
    )


def _root(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()
