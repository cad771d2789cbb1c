"""Verification: everything that can be checked of a ledger's file, by reading alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ledger.audit import signatures, trust
from ledger.audit.report import CHAINED_ANEW, Finding, Report
from ledger.audit.scan import Depth, Scan, before_the_first, scan
from ledger.audit.tree import Tree
from ledger.errors import Damaged, InputError
from ledger.format.hashes import EMPTY_ROOT
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.projections.view import View
from ledger.store import schema, sqlite

if TYPE_CHECKING:
    from ledger.audit.diagnosis import Diagnosis
    from ledger.audit.meaning import Meaning
    from ledger.rules.logs import LogKey

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it is, and out of how much."""

PARTS = {
    "columns": "what the indexed columns repeat, and the order of time",
    "signatures": "checkpoints, and who signed them",
    "schema": "tables, indexes and guards",
    "meaning": "projections, rules and decisions",
    "structure": "the file's own pages and indexes",
}
"""What is looked at besides bodies, hashes, links and tree, in words."""

__all__ = ["PARTS", "Finding", "Progress", "Report", "verify"]


def verify(
    path: str | os.PathLike[str],
    *,
    strict: bool = False,
    parts: Collection[str] = PARTS,
    checkpoints: Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify a ledger: every body hashed, every link and node compared, and whatever ``parts`` names.

    Nothing is written, and others may append meanwhile: what they add is not looked at.

    Args:
        path: the ledger's database.
        strict: also hold every body against its canonical form.
        parts: what else is looked at, all of :data:`PARTS` by default; the report says what was not.
        checkpoints: signed checkpoints kept elsewhere.
        key: the ledger's verifier key as known from elsewhere, or several; those that the events name where ``None``.
        policy: whose cosignatures at least one checkpoint must have; how far it covers is said in ``checked``.
        progress: told how far the verification is.

    Raises:
        InputError: there is no such file, or a checkpoint, the key or a part's name cannot be read.
        LedgerError: the file is no ledger, or of a version that cannot be read.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise InputError(f"there is no part {unknown[0]!r} to verify; there are {', '.join(PARTS)}")
    known = trust.parse_keys([key] if isinstance(key, str) else key or ())
    outside = signatures.from_outside(checkpoints)
    asked = Asked(strict, frozenset(parts), outside, known, policy, progress or (lambda *_: None))
    place = Path(path)
    try:
        with closing(sqlite.read_only(place)) as connection, closing(sqlite.read_only(place)) as raw:
            raw.text_factory = bytes
            for each in (connection, raw):
                each.execute("BEGIN")
                each.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            return _Verification(place, connection, raw, asked).run()
    except Damaged as error:
        return Report(findings=[Finding("damaged", None, str(error).partition(";")[0])])


class Asked(NamedTuple):
    """What a caller of :func:`verify` wants."""

    strict: bool
    parts: frozenset[str]
    outside: list[signatures.Note]
    known: tuple[VerifierKey, ...]
    policy: Policy | None
    progress: Progress


class _Verification:
    """One verification under way, on two connections that see the ledger as it was when it began: text as text, and raw."""

    def __init__(self, path: Path, connection: sqlite3.Connection, raw: sqlite3.Connection, asked: Asked) -> None:
        self.path = path
        self.connection = connection
        self.raw = raw
        self.asked = asked
        self.report = Report()
        self.diagnosis: Diagnosis | None = None
        self.fresh: sqlite3.Connection | None = None
        self.kept: set[int] = set()
        self.broken: set[str] = set()

    def run(self) -> Report:
        """Look at everything that was asked for, and say what was found."""
        report = self.report
        noted = self._scan()
        tree = self._tree(noted)
        report.size = tree.size
        report.root = (tree.root(tree.size) or b"").hex() if tree.size else EMPTY_ROOT.hex()
        report.head = (tree.leaf(tree.size - 1) or b"").hex() if tree.size else "0" * 64
        report.checked.update(events=noted.events, nodes=noted.nodes)
        self._schema()
        self._history(noted, tree)
        self._structure()
        report.unchecked += [f"{part}: {words}" for part, words in PARTS.items() if part not in self.asked.parts]
        report.findings = _once(report.findings)
        return report

    def _scan(self) -> Scan:
        size = self._size()
        depth = self._depth("columns" in self.asked.parts)
        noted = scan(self.raw, 0, size, depth, lambda done: self.asked.progress("events", done, size))
        if not noted.clean and not depth.columns:
            # To tell what happened takes whole rows.
            noted = scan(self.raw, 0, size, self._depth(True), lambda done: self.asked.progress("events", done, size))
        noted.suspects[:0] = before_the_first(self.raw)
        return noted

    def _depth(self, columns: bool) -> Depth:
        if not self.asked.strict:
            return Depth(columns)
        from ledger.format.canonical import is_canonical

        return Depth(True, is_canonical)

    def _size(self) -> int:
        try:
            row = self.connection.execute("SELECT max(seq) FROM events").fetchone()
        except sqlite3.DatabaseError as error:
            self.report.findings.append(Finding("damaged", None, f"the events cannot be read: {error}"))
            return 0
        if row[0] is None:
            return 0
        return max(int(row[0]) + 1, 0)

    def _tree(self, noted: Scan) -> Tree:
        """The tree above the events, and what happened to those that do not fit."""
        if noted.clean:
            return Tree(self.raw, noted, noted.stop)
        from ledger.audit.diagnosis import diagnose
        from ledger.audit.evidence import Evidence

        self.diagnosis = found = diagnose(noted, Evidence(self.raw))
        return Tree(self.raw, noted, found.order.size, found.leaf, found.blocks() | noted.dirty)

    def _history(self, noted: Scan, tree: Tree) -> None:
        """Signatures, the tree's findings, and what the events mean: each in the light of those before."""
        with ExitStack() as opened:
            if self.diagnosis is not None:
                from ledger.audit.refolding import corrected

                self.fresh = opened.enter_context(closing(corrected(self.path, self.diagnosis, tree)))
            keys, claims = self._claims(tree.size)
            explained = self._broken(noted, tree, claims)
            meaning = self._meaning(tree, keys, claims)
            if meaning is not None:
                claims += signatures.opened(meaning.notes, keys, Report())
            self.report.findings += signatures.compared(claims, tree.size, tree.root, explained, self.kept)
            if meaning is not None:
                self._told(meaning)

    def _claims(self, size: int) -> tuple[Sequence[LogKey], list[signatures.Claim]]:
        """The log's keys, and the checkpoints that they signed."""
        if not self.asked.parts & {"signatures", "meaning"}:
            return (), []
        report, asked = self.report, self.asked
        keys = signatures.log_keys(View(self.fresh or self.connection, size - 1), asked.known, report)
        kept = signatures.stored(self.connection, report)
        notes = [*kept, *asked.outside]
        report.checked["checkpoints"] = len(notes)
        certain = size if self.diagnosis is None or asked.known else self.diagnosis.keys_known()
        if certain < size:
            report.unchecked.append(f"checkpoints beyond event {certain}, which names the ledger's key and was touched")
        claims = signatures.opened((note for note in notes if note.size <= certain or certain == size), keys, report)
        self.kept = {note.size for note in kept} | {claim.size for claim in claims if not claim.note.outside}
        signatures.require_known(claims, asked.known, report)
        if asked.policy is not None:
            signatures.require_quorum(notes, asked.policy, size, report)
        return keys, claims

    def _broken(self, noted: Scan, tree: Tree, claims: Sequence[signatures.Claim]) -> int:
        """Add what was found of events and nodes; return the first event of which is not known what was recorded."""
        beyond = any(claim.size > tree.size for claim in claims)
        if self.diagnosis is None and not (noted.wrong or noted.unreadable_nodes or self._surplus(tree.size)):
            return tree.size
        from ledger.audit import nodes

        diagnosis = self._diagnosed(tree.size)
        agreed = max((claim.size for claim in signatures.agreeing(claims, tree.size, tree.root)), default=0)
        on_nodes = nodes.findings(tree, noted, diagnosis, agreed)
        self.report.findings += [*diagnosis.findings, *on_nodes]
        self.report.findings += nodes.surplus(self.connection, tree.size, beyond or diagnosis.rewritten < tree.size)
        return diagnosis.unknown()

    def _diagnosed(self, size: int) -> Diagnosis:
        """The diagnosis; where every event fits, one that says so."""
        if self.diagnosis is None:
            from ledger.audit.diagnosis import Diagnosis
            from ledger.audit.evidence import Evidence

            self.diagnosis = Diagnosis.of_nothing(size, Evidence(self.raw))
        return self.diagnosis

    def _surplus(self, size: int) -> bool:
        try:
            query = "SELECT 1 FROM nodes WHERE level < 1 OR level > 62 OR idx < 0 OR idx >= ? >> level LIMIT 1"
            return self.connection.execute(query, (size,)).fetchone() is not None
        except sqlite3.DatabaseError:
            return True

    def _meaning(self, tree: Tree, keys: Sequence[LogKey], claims: list[signatures.Claim]) -> Meaning | None:
        """Fold and judge; where anything was found before, without trusting what is stored."""
        if "meaning" not in self.asked.parts:
            return None
        from ledger.audit import meaning

        def progress(done: int) -> None:
            self.asked.progress("meaning", done, tree.size)

        if not self.report.findings and all(tree.root(claim.size) == claim.checkpoint.root for claim in claims):
            try:
                found = meaning.judge(self.connection, 0, tree.size, keys, progress)
                if not found.differs and not any(meaning.strays(self.connection, tree.size)):
                    found.incomplete = meaning.incomplete(View(self.connection, tree.size - 1))
                    return found
            except sqlite3.DatabaseError:
                pass  # a text that is none, a table that is not there: what can be said is said below
        from ledger.audit import refolding

        known = refolding.Known(self._diagnosed(tree.size), tree, claims, keys, self.broken)
        with ExitStack() as opened:
            if self.fresh is None:
                self.fresh = opened.enter_context(closing(refolding.corrected(self.path, known.diagnosis, tree)))
            return refolding.judge(self.fresh, known, progress)

    def _told(self, meaning: Meaning) -> None:
        """Take up what folding and judging found."""
        report = self.report
        report.findings += _unexplained(meaning.findings, report)
        report.checked.update(decisions=meaning.decisions, projections=meaning.rows)
        report.incomplete += meaning.incomplete
        unknown = meaning.unknown()
        if unknown:
            report.checked["unknown"] = sum(unknown.values())
            types = ", ".join(unknown)
            report.unchecked.append(f"what {sum(unknown.values())} events of unknown types mean ({types})")
        if meaning.unjudged:
            told = ", ".join(map(str, meaning.unjudged[:10])) + (", …" if len(meaning.unjudged) > 10 else "")
            report.unchecked.append(f"whether the events {told} were allowed: what they rest on was touched")

    def _schema(self) -> None:
        if "schema" in self.asked.parts:
            from ledger.projections.folding import STATEMENTS

            try:
                problems = schema.difference(self.connection, STATEMENTS)
            except sqlite3.DatabaseError as error:
                self.report.findings.append(Finding("damaged", None, f"the schema cannot be read: {error}"))
                return
            self.broken = {problem.split()[0] for problem in problems}
            self.report.findings += [Finding("schema", None, problem) for problem in problems]

    def _structure(self) -> None:
        """What SQLite itself says of its pages and indexes; where a finding tells of the page already, no more."""
        if "structure" not in self.asked.parts:
            return
        try:
            said = [row[0] for row in self.connection.execute("PRAGMA integrity_check(20)")]
        except sqlite3.DatabaseError as error:
            said = [str(error)]
        report = self.report
        if said == ["ok"] or any(each.kind == "damaged" for each in report.findings):
            return
        changed = sum(each.kind in ("columns", "projections", "reordered", "missing") for each in report.findings)
        if sum("index" in each for each in said) == len(said) and len(said) <= 2 * changed:
            return  # an index still holds what a column held before it was changed behind SQLite's back
        told = " ".join("; ".join(said).split())[:500]
        report.findings.append(Finding("damaged", None, f"the file's structure: {told}"))


def _unexplained(findings: Iterable[Finding], report: Report) -> list[Finding]:
    """Findings on what events mean that do not follow from what is told already.

    Rows of events beyond the log's end are what is left of those that are gone. Where the tree tells of one of two events
    that it was changed, what the bytes of one of them mean tells of which.
    """
    malformed = {each.seq for each in report.findings if each.kind == "malformed"}
    end = min((each.seq or 0 for each in report.findings if each.kind == "truncated"), default=None)
    left: list[Finding] = []
    for each in findings:
        if each.kind == "malformed" and each.seq in malformed:
            continue
        if each.kind == "projections" and end is not None and (each.seq or 0) >= end:
            continue
        left.append(each)
    for n, history in enumerate(report.findings):
        pair = () if history.seq is None or CHAINED_ANEW not in history.detail else (history.seq, history.seq + 1)
        told = [each for each in left if each.seq in pair]
        if told:
            seq = min(each.seq or 0 for each in told)
            report.findings[n] = Finding("edited", seq, f"{history.detail}; {'; '.join(each.detail for each in told)}")
            left = [each for each in left if each not in told]
    return left


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Without repetitions, in the order of their places; what concerns the whole file comes last."""
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda each: (each.seq is None, each.seq or 0))
