"""Proof: verifying a ledger, signing a checkpoint, making the projections anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import outputs, proving
from app.actions.answers import Answer, Mark, counted, say, state
from app.workspace import FILE, Workspace
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.audit.report import Report


def verify(
    context: Context,
    *,
    path: str | None = None,
    strict: bool = False,
    checkpoints: Sequence[str] = (),
    since: str | None = None,
    keys: Sequence[str] = (),
    policy: str | None = None,
    misbehaviour: str | None = None,
    record: bool = False,
) -> Answer:
    """Check a whole ledger, or a proof file, read-only; code 1 where something is found. ``record`` appends the result.

    Of a ledger, ``since`` names a checkpoint's file: only what came after it is looked at, and the answer says so.
    """
    from ledger.audit.verification import verify as audit

    if path is not None:
        elsewhere = proving.verify_elsewhere(context, context.start / path, keys, policy, checkpoints)
        if elsewhere is not None:
            if record or since is not None:
                raise InputError(f"{'--record' if record else '--since'} is for a whole ledger; leave it out")
            return elsewhere
    if misbehaviour is not None:
        outputs.place(context, misbehaviour)
    if record:
        _require_whole(path, since)
    place = _place(context, path)
    known = proving.key_texts(context, keys)
    quorum = None if policy is None else proving.read_policy(context, policy)
    notes = [_text(context.start / each) for each in checkpoints]
    begin = None if since is None else _text(context.start / since)
    report = audit(place, strict=strict, checkpoints=notes, key=known, policy=quorum, since=begin, **_watched(context))
    document, lines = report.document(), _lines(report)
    if not (notes or quorum or begin):
        hint = "that nothing was cut off at the end shows only by a checkpoint kept elsewhere (--checkpoint FILE)"
        lines.append(say("  ", Mark("dim", hint)))
    if any(each.kind == "forked" for each in report.findings):
        lines += _convict(context, place, notes if begin is None else [*notes, begin], known, misbehaviour)
    if record:
        recorded = _record(context, report)
        lines.append(say(state("good", "recorded"), f"  as event {recorded}"))
        document["recorded"] = recorded
    return Answer(document, lines, 0 if report.ok else 1)


def _watched(context: Context) -> dict[str, Any]:
    """Who is told how far a verification is."""

    def tell(what: str, done: int, total: int) -> None:
        context.progress(done, total, f"verifying {what}")

    return {"progress": tell, "watch": context.watch}


def _require_whole(path: str | None, since: str | None) -> None:
    """Only a verification of all of this workspace's ledger leaves evidence in it."""
    if since is not None:
        raise InputError("--record leaves evidence of a whole verification; leave --since out")
    if path is not None:
        raise InputError("--record appends to this workspace's ledger; leave the path out")


def _convict(
    context: Context, place: Path, notes: Sequence[str], known: Sequence[str], output: str | None
) -> list[str]:
    """Keep the proof that the log signed two histories, where asked to, and say that there is one."""
    from ledger.audit import misbehaviour
    from ledger.audit.trust import parse_keys, trusted
    from ledger.projections.view import View
    from ledger.rules import logs
    from ledger.store import journal, sqlite

    connection = sqlite.read_only(place)
    try:
        own = [each.verifier for each in logs.log_keys(View(connection, journal.size(connection) - 1))]
        data = misbehaviour.search(connection, notes, trusted([*parse_keys(known), *own]))
    finally:
        connection.close()
    if data is None:
        return []
    if output is None:
        return [say(Mark("dim", "  --misbehaviour FILE keeps the proof, which anyone can check with the ledger's key"))]
    outputs.write(context, output, data)
    return [
        say(state("bad", "proven"), f"  the two signed checkpoints are in {output}; `assay verify {output} --key VKEY`")
    ]


def checkpoint(context: Context, *, output: str | None = None) -> Answer:
    """Sign the tree's root at the log's size; the note is printed as it is, or written to a file."""
    if output is not None:
        outputs.place(context, output)
    ledger = context.ledger
    note = ledger.checkpoint()
    size = ledger.size
    document = {"origin": ledger.origin, "size": size, "root": ledger.root(size).hex(), "note": note}
    if output is None:
        return Answer(document, raw=note)
    outputs.write(context, output, note)
    return Answer(document, [say(state("good", "signed"), f"  {counted(size, 'event')}, into {output}")])


def rebuild(context: Context) -> Answer:
    """Fold every event again into fresh projections."""
    total = context.ledger.rebuild(lambda done, of: context.progress(done, of, "folding events"))
    return Answer(
        {"events": total}, [say(state("good", "rebuilt"), f"  every projection, from {counted(total, 'event')}")]
    )


def _place(context: Context, path: str | None) -> Path:
    """The ledger's file: the one named, the one in the workspace named, or this workspace's."""
    if path is None:
        return context.ledger_path
    named = context.start / path
    if named.is_dir():
        if not (named / FILE).is_file():
            raise InputError(
                f"{named} is neither a workspace (no {FILE} in it) nor a bundle; name one of them, or a ledger's file"
            )
        return Workspace(named).ledger_path
    return named


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is no checkpoint: it is not text") from None


def _lines(report: Report) -> list[str]:
    if report.ok:
        verdict = say(state("good", "intact"), f"  {counted(report.size, 'event')}, root {report.root[:16]}…")
    else:
        found = counted(len(report.findings), "finding")
        verdict = say(state("bad", "not intact"), f"  {found} in {counted(report.size, 'event')}")
    lines: list[str] = [verdict]
    lines += proving.findings(report)
    lines.append(say("  ", Mark("dim", f"origin {report.origin}   head {report.head}")))
    checked = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in report.checked.items())
    lines.append(say("  ", Mark("dim", f"checked {checked}")))
    if report.unchecked:
        lines.append(say(state("warn", "not checked")))
        lines += [say(f"    {each}") for each in report.unchecked]
    if report.incomplete:
        lines.append(say(state("warn", "not complete"), "  this is known to be unrecorded:"))
        lines += [say(f"    {each}") for each in report.incomplete]
    return lines


def _record(context: Context, report: Report) -> int:
    from ledger.events.ledgers import LedgerVerified

    fact = LedgerVerified(
        head=report.head,
        size=report.size,
        ok=report.ok,
        findings=[each.document() for each in report.findings],
        complete=not report.incomplete,
    )
    ledger = context.ledger
    recorded = ledger.record(fact, subject=f"ledger/{ledger.origin}", actor=context.actor)
    return recorded.seq
