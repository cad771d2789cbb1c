"""Checkpoints: whether the log's own key signed them, and whether the log still is what they say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.audit.report import Finding
from ledger.audit.scan import Scan
from ledger.format.checkpoint import Checkpoint
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.policy import Policy
from ledger.rules import logs
from ledger.rules.logs import LogKey


class Claim(NamedTuple):
    """A checkpoint whose signature holds, where it was found, and the key that signed it."""

    checkpoint: Checkpoint
    source: str
    key: VerifierKey


def stored(connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """The stored checkpoints: the size column, the note, and words for where it stands."""
    rows = connection.execute("SELECT size, note FROM checkpoints ORDER BY size, rowid").fetchall()
    return [(int(size), str(note), f"the stored checkpoint of size {size}") for size, note in rows]


def opened(notes: Iterable[tuple[int, str, str]], keys: Sequence[LogKey]) -> tuple[list[Claim], list[Finding]]:
    """Open signed notes, each with the key that is the log's at its size.

    Args:
        notes: the size each is kept under, its text, and words for where it stands.
        keys: the log's keys, in the order in which they follow one another.

    Returns:
        The checkpoints that the log signed, and a finding for each other note.
    """
    claims, findings = [], []
    for size, text, source in notes:
        try:
            checkpoint = logs.open_signed(keys, text.encode("utf-8", "surrogatepass")).checkpoint
        except FormatError as error:
            findings.append(Finding("signature", max(size - 1, 0), f"{source}: {error}"))
            continue
        if checkpoint.size != size:
            findings.append(Finding("columns", size - 1, f"{source} is signed for size {checkpoint.size}"))
        claims.append(Claim(checkpoint, source, logs.key_at(keys, checkpoint.size)))
    return claims, findings


def witnessed(notes: Iterable[tuple[int, str]], policy: Policy) -> tuple[int, str]:
    """How many events the newest note covers that meets the policy; else 0, and why the newest of all does not.

    Args:
        notes: signed notes, each with the size that it is kept under.
        policy: whose cosignatures are asked for.
    """
    problem = "there is no checkpoint that could meet the policy"
    for n, (_, text) in enumerate(sorted(notes, key=lambda each: each[0], reverse=True)):
        try:
            return policy.open_checkpoint(text.encode("utf-8", "surrogatepass")).checkpoint.size, ""
        except FormatError as error:
            problem = problem if n else f"no checkpoint meets the policy; of the newest: {error}"
    return 0, problem


def compared(claims: Sequence[Claim], noted: Scan, touched: Iterable[int]) -> list[Finding]:
    """Hold the log against what was signed of it.

    Args:
        claims: validly signed checkpoints.
        noted: the scan, with the recomputed roots at the checkpoints' sizes.
        touched: the places that other findings name; a root over one of them differs because of it.
    """
    findings = _forks(claims)
    forked = bool(findings)
    beyond = [claim for claim in claims if claim.checkpoint.size > noted.size]
    if beyond:
        most = max(beyond, key=lambda claim: claim.checkpoint.size)
        lost = most.checkpoint.size - noted.size
        detail = f"{most.source} covers {most.checkpoint.size} events; {lost} at the end of the log are gone"
        findings.append(Finding("truncated", noted.size, detail))
    lowest = min(touched, default=noted.size)
    agreeing = 0
    for claim in sorted(claims, key=lambda claim: claim.checkpoint.size):
        size = claim.checkpoint.size
        if size > min(noted.size, lowest):
            break
        if noted.roots.get(size) == claim.checkpoint.root:
            agreeing = size
        elif not forked:
            detail = (
                f"{claim.source} was signed for another history: the first {agreeing} events are as signed, "
                f"something between event {agreeing} and {size - 1} is not"
            )
            findings.append(Finding("rewritten", agreeing, detail))
            break
    return findings


def _forks(claims: Sequence[Claim]) -> list[Finding]:
    """Two validly signed roots for one size: no log satisfies both."""
    by_size: dict[int, Claim] = {}
    agreed = 0
    for claim in sorted(claims, key=lambda claim: claim.checkpoint.size):
        size = claim.checkpoint.size
        other = by_size.setdefault(size, claim)
        if other.checkpoint.root != claim.checkpoint.root:
            detail = f"{other.source} and {claim.source} are both signed and have different roots at size {size}"
            return [Finding("forked", agreed, detail)]
        agreed = size
    return []
