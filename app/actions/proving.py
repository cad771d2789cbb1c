"""Proof that leaves the ledger: the proof of one event, and verifying what somebody else was handed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import outputs
from app.actions.answers import Answer, Mark, counted, moment, say, state
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.audit.proving import ProvenEvent
    from ledger.audit.report import Report
    from ledger.format.policy import Policy

_HEAD = 64
_SHOWN = 200
"""More findings are for a program to read."""

_DATABASE = b"SQLite format 3\0"


def prove(context: Context, *, seq: str, output: str | None = None) -> Answer:
    """The proof of one event: printed as it is, or written to a file. Signs a checkpoint where none covers it yet."""
    from ledger.audit import proving
    from ledger.format import tlogproof
    from ledger.format.checkpoint import parse_body
    from ledger.format.note import parse
    from ledger.projections.view import View
    from ledger.rules import logs
    from ledger.store import sqlite

    number = _seq(seq)
    connection = sqlite.read_only(context.ledger_path)
    try:
        # A reader proves what is signed already; only where nothing covers the event does this need the ledger's key.
        if proving.covering(connection, number) is None and context.ledger.size > number:
            context.ledger.checkpoint()
        data = proving.prove(connection, number)
        head = parse_body(parse(tlogproof.parse(data).checkpoint).text)
        key = logs.key_at(logs.log_keys(View(connection, head.size - 1)), head.size)
    finally:
        connection.close()
    text = data.decode()
    document = {"seq": number, "origin": head.origin, "size": head.size, "root": head.root.hex(), "proof": text}
    if output is None:
        return Answer(document, raw=text)
    outputs.write(context, output, data)
    lines = [
        say(state("good", "proven"), f"  event {number} of {counted(head.size, 'event')}, into {output}"),
        say(Mark("dim", f"`assay verify {output} --key VKEY` checks it anywhere; the key: "), str(key)),
    ]
    return Answer(document, lines)


def verify_elsewhere(
    context: Context, place: Path, keys: Sequence[str], policy: str | None, checkpoints: Sequence[str] = ()
) -> Answer | None:
    """Verify what is no ledger: a proof of an event, of misbehaviour, or a bundle. ``None`` where it is none of these."""
    if place.is_dir():
        return _verified_bundle(context, place, keys, policy, checkpoints)
    if not place.is_file():
        return None
    with place.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_DATABASE):
        return None
    from ledger.audit import misbehaviour, proving
    from ledger.format.tlogproof import HEADER

    proof = place.suffix == proving.SUFFIX or proving.is_proof(head)
    convicts = place.name.endswith(misbehaviour.SUFFIX) or misbehaviour.is_misbehaviour(head)
    if not proof and not convicts:
        if head:
            raise InputError(
                f"{place} is neither a ledger (an SQLite database) nor a proof (its first line says {HEADER}, or it "
                "holds two signed checkpoints as JSON); if it was one, its beginning is damaged"
            )
        return None
    if checkpoints:
        raise InputError("--checkpoint is for a whole ledger or a bundle; a proof has a checkpoint of its own")
    return (_verified_proof if proof else _verified_misbehaviour)(place, trust(context, keys, policy))


def trust(context: Context, keys: Sequence[str], policy: str | None) -> Policy:
    """What the verifier brought along: keys, each as text or in a file, and a policy's file.

    Raises:
        InputError: one cannot be read, or none names a log's key.
    """
    from ledger.audit import trust as trusting

    parsed = trusting.parse_keys(key_texts(context, keys))
    return trusting.trusted(parsed, None if policy is None else read_policy(context, policy))


def key_texts(context: Context, keys: Sequence[str]) -> list[str]:
    """Verifier keys as text; one without a ``+`` names a file that holds it."""
    return [key if "+" in key else _text(context.start / key) for key in keys]


def read_policy(context: Context, file: str) -> Policy:
    """The trust policy in a file."""
    from ledger.audit.trust import parse_policy

    return parse_policy((context.start / file).read_bytes(), file)


def findings(report: Report) -> list[str]:
    """A report's findings as lines."""
    lines: list[str] = []
    for each in report.findings[:_SHOWN]:
        where = "" if each.seq is None else f" at event {each.seq:,}"
        lines.append(say("  ", state("bad", each.kind), f"{where}  {each.detail}"))
    if len(report.findings) > _SHOWN:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in Counter(e.kind for e in report.findings).items())
        lines.append(say("  ", Mark("dim", f"… {kinds} in all; --json lists every one")))
    return lines


def _verified_proof(place: Path, policy: Policy) -> Answer:
    from ledger.audit import proving

    found = proving.verify(place.read_bytes(), policy)
    return Answer(_document(found), _lines(found), 0 if found.report.ok else 1)


def _verified_bundle(
    context: Context, folder: Path, keys: Sequence[str], policy: str | None, checkpoints: Sequence[str]
) -> Answer | None:
    """A bundle, by the keys given; by its own where none is, and then that is said."""
    from ledger.audit import bundlecheck
    from ledger.audit.trust import parse_keys, trusted

    if not bundlecheck.is_bundle(folder):
        return None
    vouched = bool(keys) or policy is not None
    known = trust(context, keys, policy) if vouched else trusted(parse_keys([bundlecheck.own_key(folder)]))
    notes = [(context.start / each).read_text(encoding="utf-8") for each in checkpoints]

    def tell(what: str, done: int, total: int) -> None:
        context.progress(done, total, f"verifying {what}")

    report = bundlecheck.verify(folder, known, checkpoints=notes, progress=tell)
    said = f"  {counted(report.size, 'event')} of {report.origin}, root {report.root[:16]}…"
    verdict = state("good", "intact") if report.ok else state("bad", "not intact")
    lines: list[str] = [say(verdict, said), *findings(report)]
    checked = ", ".join(f"{count:,} {what}" for what, count in report.checked.items())
    lines.append(say(Mark("dim", f"  checked {checked}")))
    if not vouched:
        own = "the key is the bundle's own: it proves nothing unless you know it from elsewhere (--key)"
        lines.append(say(state("warn", "unvouched"), f"  {own}"))
    lines += [say(Mark("dim", f"  {each}")) for each in report.incomplete]
    return Answer(report.document() | {"vouched": vouched}, lines, 0 if report.ok else 1)


def _verified_misbehaviour(place: Path, policy: Policy) -> Answer:
    """A log that signed two histories is a finding; a file that does not show it is no proof at all."""
    from ledger.audit import misbehaviour
    from ledger.audit.report import Finding, Report

    try:
        found = misbehaviour.verify(place.read_bytes(), policy)
    except misbehaviour.MisbehaviourError as error:
        raise InputError(f"{place} proves no misbehaviour: {error}") from None
    older, newer = found.older.checkpoint, found.newer.checkpoint
    report = Report(older.origin, newer.size, newer.root.hex(), checked={"checkpoints": 2})
    report.findings.append(Finding("forked", older.size, found.words()))
    report.incomplete.append("this proves what a log signed; it says nothing of its events")
    return Answer(report.document(), [say(state("bad", "misbehaviour proven")), *findings(report)], 1)


def _document(found: ProvenEvent) -> dict[str, Any]:
    document = found.report.document() | {"index": found.index, "leaf": found.leaf.hex(), "event": None}
    document["cosigned"] = list(found.cosigned)
    if found.event is not None and found.report.ok:
        from ledger.events import sentence

        event = found.event
        document["event"] = {
            "seq": event.seq,
            "hash": found.leaf.hex(),
            "type": event.type,
            "subject": event.subject,
            "project": event.project,
            "actor": event.actor,
            "at": event.at,
            "cause": event.cause,
            "sentence": sentence(event),
            "value": event.value,
        }
    return document


def _lines(found: ProvenEvent) -> list[str]:
    report, event = found.report, found.event
    if not report.ok or event is None:
        return [say(state("bad", "not proven")), *findings(report)]
    from ledger.events import sentence

    lines = [
        say(state("good", "proven"), f"  event {event.seq:,} of {report.origin}, {moment(event.at)}"),
        say(f"  {sentence(event)}"),
        say(Mark("dim", f"  under the signed root {report.root} of {counted(report.size, 'event')}")),
    ]
    if found.cosigned:
        lines.append(say(Mark("dim", f"  cosigned by {', '.join(found.cosigned)}")))
    return [*lines, *(say(Mark("dim", f"  {each}")) for each in report.incomplete)]


def _seq(text: str) -> int:
    number = text.removeprefix("seq:")
    if not number.isdecimal() or len(number) > 15:
        raise InputError(f"{text!r} is no event's number; `assay log` shows them")
    return int(number)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise InputError(f"{file} holds no verifier key: it is not text") from None
    except FileNotFoundError:
        raise InputError(
            f"{str(file)!r} is neither a verifier key (name+1a2b3c4d+AbCd…) nor a file that holds one"
        ) from None
