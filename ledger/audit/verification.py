"""Verification: everything that can be checked of a ledger's file, by reading alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ledger.audit import meaning, signatures, trust
from ledger.audit.diagnosis import Diagnosis
from ledger.audit.report import Finding, Report
from ledger.audit.scan import scan
from ledger.errors import Damaged, InputError
from ledger.format import canonical
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.projections.folding import STATEMENTS
from ledger.projections.view import View
from ledger.rules import logs
from ledger.rules.logs import LogKey
from ledger.store import schema, sqlite

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it is, and out of how much."""

__all__ = ["Finding", "Progress", "Report", "verify"]


def verify(
    path: str | os.PathLike[str],
    *,
    strict: bool = False,
    checkpoints: Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify a ledger: every body hashed, every link, column and node compared, signatures, schema, projections, rules.

    Nothing is written, and others may append meanwhile: what they add is not looked at.

    Args:
        path: the ledger's database.
        strict: also hold every body against its canonical form, and the file's own structure.
        checkpoints: signed checkpoints kept elsewhere.
        key: the ledger's verifier key as known from elsewhere, or several; those that the events name where ``None``.
        policy: whose cosignatures at least one checkpoint must have; how far it covers is said in ``checked``.
        progress: told how far the verification is.

    Raises:
        InputError: there is no such file, or a checkpoint or the key cannot be read.
        LedgerError: the file is no ledger, or of a version that cannot be read.
    """
    place = Path(path)
    try:
        connection = sqlite.read_only(place)
    except Damaged as error:
        return Report(findings=[Finding("damaged", None, str(error).partition(";")[0])])
    try:
        connection.execute("BEGIN")
        known = trust.parse_keys([key] if isinstance(key, str) else key or ())
        return _verify(connection, place, strict, checkpoints, known, policy, progress or (lambda *_: None))
    finally:
        connection.close()


def _verify(
    connection: sqlite3.Connection,
    path: Path,
    strict: bool,
    outside: Sequence[str],
    known: Sequence[VerifierKey],
    policy: Policy | None,
    progress: Progress,
) -> Report:
    report = Report()
    size = _size(connection, report)
    keys = _log_keys(connection, size, known, report)
    claims = _claims(connection, keys, outside, report)
    _require_known(claims, known, report)
    if policy is not None:
        _require_quorum(connection, outside, policy, size, report)
    sizes = [claim.checkpoint.size for claim in claims]
    noted = scan(connection, size, sizes, lambda done: progress("chain", done, size))
    report.size, report.root, report.head = size, noted.frontier.root().hex(), noted.head.hex()
    report.checked.update(events=noted.events, nodes=noted.compared_nodes)
    broken = Diagnosis(connection, noted).findings()
    report.findings += broken
    report.findings += _surplus_nodes(connection, size, any(each > size for each in sizes))
    touched = [each.seq for each in broken if each.seq is not None and each.kind not in ("tree", "columns", "clock")]
    report.findings += signatures.compared(claims, noted, touched)
    problems = schema.difference(connection, STATEMENTS)
    report.findings += [Finding("schema", None, problem) for problem in problems]
    if not touched:
        _judge_meaning(connection, path, size, report, lambda done: progress("meaning", done, size))
    if strict:
        _check_strictly(connection, size, report, lambda done: progress("canonical form", done, size))
    report.findings = _once(report.findings)
    return report


def _size(connection: sqlite3.Connection, report: Report) -> int:
    try:
        row = connection.execute("SELECT max(seq) FROM events").fetchone()
    except sqlite3.DatabaseError as error:
        report.findings.append(Finding("damaged", None, f"the events cannot be read: {error}"))
        return 0
    return 0 if row[0] is None else int(row[0]) + 1


def _log_keys(
    connection: sqlite3.Connection, size: int, known: Sequence[VerifierKey], report: Report
) -> tuple[LogKey, ...]:
    """The keys that checkpoints are held against; what the events say of origin and keys goes into the report."""
    try:
        own = logs.log_keys(View(connection, size - 1))
    except (FormatError, sqlite3.DatabaseError):
        own = ()
    report.origin = own[-1].origin if own else ""
    if not known or any(each.verifier in known for each in own):
        return own
    if own:
        named = own[-1].verifier
        detail = f"the ledger names the key {named}, not the one known from elsewhere"
        report.findings.append(Finding("signature", 0, detail))
    return (LogKey(1, known[-1]),)


def _require_known(claims: Sequence[signatures.Claim], known: Sequence[VerifierKey], report: Report) -> None:
    """A key known from elsewhere must have signed something: a ledger can name any key without holding it."""
    if known and claims and not any(claim.key in known for claim in claims):
        last = max(claim.checkpoint.size for claim in claims)
        detail = f"no checkpoint is signed with the key known from elsewhere, {known[-1]}; all are by other keys"
        report.findings.append(Finding("signature", last - 1, detail))


def _require_quorum(
    connection: sqlite3.Connection, outside: Sequence[str], policy: Policy, size: int, report: Report
) -> None:
    """Some checkpoint must have the cosignatures that the policy asks for; how many events it covers is reported."""
    try:
        kept = [(size, text) for size, text, _ in signatures.stored(connection)]
    except sqlite3.DatabaseError:
        kept = []
    covered, problem = signatures.witnessed([*kept, *((_claimed_size(text), text) for text in outside)], policy)
    report.checked["witnessed"] = covered
    if problem:
        report.findings.append(Finding("signature", max(size - 1, 0), problem))


def _claims(
    connection: sqlite3.Connection, keys: Sequence[LogKey], outside: Sequence[str], report: Report
) -> list[signatures.Claim]:
    try:
        kept = signatures.stored(connection)
    except sqlite3.DatabaseError as error:
        report.findings.append(Finding("damaged", None, f"the checkpoints cannot be read: {error}"))
        kept = []
    report.checked["checkpoints"] = len(kept) + len(outside)
    if not keys:
        return []
    claims, findings = signatures.opened(kept, keys)
    report.findings += findings
    for n, note in enumerate(outside, start=1):
        size = _claimed_size(note)
        more, problems = signatures.opened([(size, note, f"the checkpoint from outside ({n}) of size {size}")], keys)
        claims += more
        report.findings += problems
    return claims


def _claimed_size(note: str) -> int:
    lines = note.split("\n")
    if len(lines) < 3 or not lines[1].isdigit():
        raise InputError("a checkpoint begins with the ledger's origin, its size and its root, a line each")
    return int(lines[1])


def _surplus_nodes(connection: sqlite3.Connection, size: int, told: bool) -> Iterable[Finding]:
    """Nodes over leaves that are not there: of a log that was longer, or put in by hand."""
    try:
        rows = connection.execute(
            "SELECT level, idx FROM nodes WHERE (idx + 1) << level > ? ORDER BY level, idx", (size,)
        ).fetchall()
        invalid = connection.execute("SELECT count(*) FROM nodes WHERE level < 1 OR level > 62 OR idx < 0").fetchone()[
            0
        ]
    except sqlite3.DatabaseError as error:
        return [Finding("damaged", None, f"the tree's nodes cannot be read: {error}")]
    surplus = {(level, index) for level, index in rows if 1 <= level <= 62 and index >= 0}
    findings = [Finding("tree", None, f"{invalid} nodes stand at places that no tree has")] if invalid else []
    if not surplus or told:
        return findings
    longest = max((index + 1) << level for level, index in surplus)
    expected = _completed_between(size, longest)
    if surplus == expected:
        detail = f"the tree's nodes cover {longest} events; {longest - size} or more at the end of the log are gone"
        return [*findings, Finding("truncated", size, detail)]
    return [
        *findings,
        *(Finding("tree", min(i << lv, size), f"node {i} of level {lv} covers no event") for lv, i in surplus),
    ]


def _completed_between(size: int, longest: int) -> set[tuple[int, int]]:
    """The inner nodes that a log of ``longest`` events has and one of ``size`` has not."""
    nodes: set[tuple[int, int]] = set()
    level = 1
    while 1 << level <= longest:
        nodes.update((level, index) for index in range(size >> level, longest >> level))
        level += 1
    return nodes


def _judge_meaning(
    connection: sqlite3.Connection, path: Path, size: int, report: Report, progress: Callable[[int], None]
) -> None:
    """Refold and judge, where the bodies are what was recorded: of touched ones there is nothing to say."""
    immutable = not os.access(path.parent, os.W_OK)
    judged = meaning.judge(connection, path, size, immutable=immutable, progress=progress)
    known = {each.seq for each in report.findings if each.kind == "malformed"}
    report.findings += [each for each in judged.findings if each.kind != "malformed" or each.seq not in known]
    report.checked.update(decisions=judged.decisions, projections=judged.rows)
    report.incomplete += judged.incomplete


def _check_strictly(connection: sqlite3.Connection, size: int, report: Report, progress: Callable[[int], None]) -> None:
    told = {each.seq for each in report.findings}
    for seq, body in connection.execute("SELECT seq, body FROM events WHERE seq < ? ORDER BY seq", (size,)):
        try:
            canonical.decode(body)
        except FormatError as error:
            if seq not in told:
                report.findings.append(Finding("malformed", seq, str(error)))
        if seq % 4096 == 0:
            progress(seq)
    for (said,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
        if said != "ok":
            report.findings.append(Finding("damaged", None, str(said)))


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Without repetitions, in the order of their places; what concerns the whole file comes last."""
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda each: (each.seq is None, each.seq or 0))
