"""Verification: everything that can be checked of a ledger's file, by reading alone."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ledger.audit import signatures, tables, trust
from ledger.audit.report import Finding, Report, once, unexplained
from ledger.audit.scan import BLOCK, LONGEST, MOST_EVENTS, Scan, depth_of, outliers, scan
from ledger.audit.tree import Tree
from ledger.audit.watching import Reached, Step, Teller, Watch, of_one
from ledger.errors import Damaged, InputError
from ledger.format.hashes import EMPTY_ROOT
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.projections.folding import STATEMENTS, TABLES
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

ENOUGH = 16 * BLOCK
"""How many events are worth another process."""

MOST = 8
"""No more processes than these, unless a caller wants them."""

__all__ = ["PARTS", "Finding", "Progress", "Report", "verify"]


def verify(
    path: str | os.PathLike[str],
    *,
    strict: bool = False,
    parts: Collection[str] = PARTS,
    checkpoints: Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    policy: Policy | None = None,
    since: str | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
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
        since: a signed checkpoint; what it covers is taken as verified once the stored tree gives its root. It takes time for
            what is new alone. Where anything does not fit, everything is verified.
        processes: how many processes share the work where there is much of it; as many as there are processors where ``None``.
        progress: told how far the verification is.
        watch: told more closely: each stage, how far each process is in it, and where something does not fit.

    Raises:
        InputError: there is no such file, or a checkpoint, the key or a part's name cannot be read.
        LedgerError: the file is no ledger, or of a version that cannot be read.
    """
    before = signatures.from_outside([since] if since is not None else [])
    asked = Asked(
        strict,
        _known(parts),
        before + signatures.from_outside(checkpoints),
        trust.parse_keys([key] if isinstance(key, str) else key or ()),
        policy,
        since is not None,
        processes,
        Teller(progress or (lambda *_: None), watch),
    )
    return _verified(Path(path), asked)


def _verified(place: Path, asked: Asked) -> Report:
    """What a verification says of a file; of one that cannot be read at all, that alone."""
    try:
        with _opened(place) as (connection, raw):
            return _Verification(place, connection, raw, asked).run()
    except Damaged as error:
        found = Finding("damaged", None, str(error).partition(";")[0] + tables.cut_off(place))
        return Report(findings=[found], unchecked=["everything in the file: none of it can be read"])


def _known(parts: Collection[str]) -> frozenset[str]:
    """The parts that are asked for, once each of them is one that there is."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise InputError(f"there is no part {unknown[0]!r} to verify; there are {', '.join(PARTS)}")
    return frozenset(parts)


@contextmanager
def _opened(place: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Two connections that see the ledger as it is now: text as text, and raw."""
    with ExitStack() as opened:
        connection, raw = (
            opened.enter_context(closing(sqlite.read_only(place, of_any_revision=True))) for _ in range(2)
        )
        raw.text_factory = bytes
        for each in (connection, raw):
            each.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            each.execute("BEGIN")
            each.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        yield connection, raw


class Asked(NamedTuple):
    """What a caller of :func:`verify` wants. ``since`` says that the first of the checkpoints from outside is the one to
    begin at."""

    strict: bool
    parts: frozenset[str]
    outside: list[signatures.Note]
    known: tuple[VerifierKey, ...]
    policy: Policy | None
    since: bool
    processes: int | None
    teller: Teller


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
        self.broken: frozenset[str] = frozenset()
        self.lacking: dict[str, str] = {}
        self.start = 0

    def run(self) -> Report:
        """Look at everything that was asked for, and say what was found."""
        report = self.report
        shape = tables.compared(self.path, (self.connection, self.raw))
        self.broken, self.lacking = shape.broken, shape.lacking
        if "schema" in self.asked.parts or self.lacking or not self.broken:
            report.findings += shape.findings
        if any(each.kind == "damaged" for each in report.findings):
            report.unchecked.append("whatever else there is to look at: the events cannot be read")
            return report
        size = self._size()
        start = self._start(size)
        noted = self._scan(start, size)
        if start and not (noted.clean and not noted.wrong):
            start, noted = 0, self._scan(0, size)
        self.start = start
        tree = self._tree(noted)
        report.size = tree.size
        report.root = (tree.root(tree.size) or b"").hex() if tree.size else EMPTY_ROOT.hex()
        report.head = (tree.leaf(tree.size - 1) or b"").hex() if tree.size else "0" * 64
        report.checked.update(events=noted.events, nodes=noted.nodes)
        self._history(noted, tree)
        self._structure()
        self._say_what_was_left_out()
        report.findings = once(report.findings)
        return report

    def _structure(self) -> None:
        """What SQLite itself says of the file; it looks at all of it, new and old."""
        if "structure" not in self.asked.parts or self.start:
            return
        self.asked.teller.step(Step("structure", 0, 1))
        if not self.broken and self._is_whole():
            self.asked.teller.step(Step("structure", 1, 1))
            return
        from ledger.audit import structure

        if self.broken and not structure.is_safe(self.connection, (*schema.RECORD, *STATEMENTS)):
            self.report.unchecked.append(f"structure: {PARTS['structure']}, among which are some that nobody expects")
            return
        self.report.findings += structure.findings(self.connection, self.report.findings, TABLES)

    def _is_whole(self) -> bool:
        try:
            return bool(self.connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
        except sqlite3.DatabaseError:
            return False

    def _say_what_was_left_out(self) -> None:
        left = [f"{part}: {words}" for part, words in PARTS.items() if part not in self.asked.parts]
        if self.start:
            told = (
                f"events 0 to {self.start - 1}: that the tree over them has the signed root is all that was looked at"
            )
            left += [told, "structure: the file's own pages and indexes"]
        if self.diagnosis is not None:
            left += self.diagnosis.unsaid()
        if "nodes" in self.lacking:
            left.append("the stored tree: there is none")
        self.report.unchecked += dict.fromkeys(left)

    def _start(self, size: int) -> int:
        """The first event to be looked at."""
        if not self.asked.since:
            return 0
        from ledger.audit.since import first_unverified

        keys = signatures.log_keys(View(self.connection, size - 1), self.asked.known, Report())
        return first_unverified(self.connection, self.asked.outside[0], keys, size)

    def _scan(self, start: int, size: int) -> Scan:
        noted = self._scanned(start, size, "columns" in self.asked.parts)
        if not noted.clean and "columns" not in self.asked.parts:
            noted = self._scanned(start, size, True)  # to tell what happened takes whole rows
        before, beyond = outliers(self.raw)
        noted.suspects = [*before, *noted.suspects, *beyond]
        return noted

    def _scanned(self, start: int, size: int, columns: bool) -> Scan:
        teller, total = self.asked.teller, size - start
        depth = depth_of(columns, self.asked.strict)
        processes = self._processes(total)
        if processes == 1:
            return scan(self.raw, start, size, depth, of_one(start, teller.spread("events", total)))
        from ledger.audit.workers import scan_all

        return scan_all(self.raw, self.path, (start, size), depth, processes, teller.spread("events", total))

    def _processes(self, size: int) -> int:
        """How many processes are worth their start; few events are done sooner than another process has begun."""
        if size < ENOUGH or not sys.executable or self.lacking:
            return 1
        return self.asked.processes or min(MOST, len(os.sched_getaffinity(0)))

    def _size(self) -> int:
        try:
            row = self.connection.execute("SELECT max(seq) FROM events WHERE seq < ?", (MOST_EVENTS,)).fetchone()
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

                fresh = corrected(self.path, self.connection, self.diagnosis, tree, self.lacking)
                self.fresh = opened.enter_context(closing(fresh))
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
        stored = signatures.stored(self.raw, report)
        notes = [*(note for note in stored if note.size > self.start or not self.start), *asked.outside]
        report.checked["checkpoints"] = len(notes)
        if not keys and not size and notes:
            most = max(notes, key=lambda note: note.size)
            detail = f"{most.source} speaks of {most.size} events; there is none, nor a key to hold it against"
            report.findings.append(Finding("truncated", 0, detail))
            return (), []
        certain = size if self.diagnosis is None or asked.known else self.diagnosis.keys_known()
        if certain < size:
            report.unchecked.append(f"checkpoints beyond event {certain}, which names the ledger's key and was touched")
        sure = [note for note in notes if note.size <= certain or certain == size]
        claims = signatures.opened(sure, keys, report, lambda n: asked.teller.step(Step("checkpoints", n, len(sure))))
        self.kept = {note.size for note in stored} | {claim.size for claim in claims if not claim.note.outside}
        signatures.require_known(claims, asked.known, report)
        if asked.policy is not None:
            signatures.require_quorum(notes, asked.policy, size, report)
        return keys, claims

    def _broken(self, noted: Scan, tree: Tree, claims: Sequence[signatures.Claim]) -> int:
        """Add what was found of events and nodes; return the first event of which is not known what was recorded."""
        beyond = any(claim.size > tree.size for claim in claims) or bool(self.report.findings and not tree.size)
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
        """Whether there are nodes at places that the tree of ``size`` leaves does not have; asked by the index alone."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM nodes WHERE level = :level AND idx < 0) "
            "OR EXISTS (SELECT 1 FROM nodes WHERE level = :level AND idx >= :end)"
        )
        ends = [{"level": level, "end": size >> level} for level in range(1, 63)]
        try:
            outside = self.connection.execute("SELECT EXISTS (SELECT 1 FROM nodes WHERE level < 1 OR level > 62)")
            return any(cursor.fetchone()[0] for cursor in (outside, *(self.connection.execute(query, e) for e in ends)))
        except sqlite3.DatabaseError:
            return True

    def _meaning(self, tree: Tree, keys: Sequence[LogKey], claims: list[signatures.Claim]) -> Meaning | None:
        """Fold and judge; where anything was found before, without trusting what is stored."""
        if "meaning" not in self.asked.parts:
            return None
        from ledger.audit import meaning

        if not self.report.findings and all(tree.root(claim.size) == claim.checkpoint.root for claim in claims):
            try:
                found = self._judged(tree.size, keys)
                if not found.differs and not any(meaning.strays(self.connection, tree.size)):
                    found.incomplete = meaning.incomplete(View(self.connection, tree.size - 1), self.start)
                    return found
            except sqlite3.DatabaseError:
                pass  # a text that is none, a table that is not there: what can be said is said below
        from ledger.audit import refolding

        known = refolding.Known(self._diagnosed(tree.size), tree, claims, keys, self.broken, self.lacking)
        with ExitStack() as opened:
            if self.fresh is None:
                fresh = refolding.corrected(self.path, self.connection, known.diagnosis, tree, self.lacking)
                self.fresh = opened.enter_context(closing(fresh))
            return refolding.judge(self.fresh, known, of_one(0, self._telling(tree.size)))

    def _judged(self, size: int, keys: Sequence[LogKey]) -> Meaning:
        processes, telling = self._processes(size - self.start), self._telling(size - self.start)
        if processes == 1:
            from ledger.audit.meaning import judge

            return judge(self.connection, self.start, size, keys, of_one(self.start, self._telling(size - self.start)))
        from ledger.audit.workers import judge_all

        return judge_all(self.connection, self.path, (self.start, size), keys, processes, telling)

    def _telling(self, total: int) -> Callable[[Reached], None]:
        """What those who work out the meaning report to."""
        from ledger.audit import meaning

        teller = self.asked.teller
        return teller.spread("meaning", total, meaning.signed(self.connection) if teller.watched else 0)

    def _told(self, meaning: Meaning) -> None:
        """Take up what folding and judging found."""
        report = self.report
        report.findings += unexplained(meaning.findings, report)
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
