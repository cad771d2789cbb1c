"""What leaves as a whole: a bundle for an auditor, and a backup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions import proving, references
from app.actions.answers import Answer, Mark, counted, fields, say, state
from ledger.errors import AssayError, LedgerError
from ledger.store.objects import DIRECTORY_MEDIA_TYPE, Objects

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.audit.bundle import Head
    from ledger.audit.dossier import Enclosed
    from ledger.audit.report import Report
    from ledger.ledger import Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View


def bundle(
    context: Context,
    *,
    directory: str,
    subject: str | None = None,
    artifacts: Sequence[str] = (),
    policy: str | None = None,
) -> Answer:
    """Write a bundle that an auditor verifies without us: the whole log, or the proofs of what concerns one subject."""
    from ledger import ledger as ledgers
    from ledger.audit import bundle as bundling
    from ledger.audit import dossier
    from ledger.audit.verification import verify
    from ledger.format.times import format_time
    from ledger.projections.artifacts import resolve

    folder = context.start / directory
    wanted = None if policy is None else proving.read_policy(context, policy)
    if wanted is None:
        _sign_head(context)
    report = verify(context.ledger_path, progress=_telling(context))
    with context.with_store(ledgers.open(context.ledger_path, read_only=True)) as ledger:
        head = bundling.choose(ledger.connection, wanted)
        view = ledger.view(head.checkpoint.size - 1)
        about = None if subject is None else _about(view, subject)
        seqs = None if about is None else bundling.related(view, about)
        chosen = [resolve(view, each) for each in artifacts]
        enclosed = [dossier.Enclosed(each.ref, each.digest) for each in chosen]
        text = dossier.markdown(
            view,
            head,
            report,
            clock=ledger.clock,
            made_at=format_time(datetime.now(UTC)),
            subject=about,
            seqs=seqs,
            enclosed=enclosed,
        )
        cosigned = bundling.cosigned(ledger.connection, head)
        bundling.write(folder, head, _filling(context, ledger, head, seqs, chosen), text, cosigned)
        left = ledger.size - head.checkpoint.size
    return _written(directory, head, about, seqs, enclosed, report, left)


def _filling(
    context: Context, ledger: Ledger, head: Head, seqs: Sequence[int] | None, chosen: Sequence[Artifact]
) -> Callable[[Path], None]:
    """What lays out a bundle's folder: the whole log, or the proofs of some events, with the artifacts that are enclosed."""
    from ledger.audit import bundle as bundling

    def tell(done: int, total: int) -> None:
        context.progress(done, total, "writing the bundle")

    def fill(draft: Path) -> None:
        if seqs is None:
            bundling.write_log(ledger.connection, head, draft, tell)
        else:
            bundling.write_proofs(ledger.connection, head, seqs, draft, tell)
        _enclose(ledger.objects, chosen, draft / bundling.ARTIFACTS)

    return fill


def backup(context: Context, *, file: str, objects: bool = False) -> Answer:
    """Copy the ledger while others may append, and verify the copy; code 1 where it holds a finding."""
    from ledger.audit.verification import verify
    from ledger.store import backup as copying

    target = context.start / file
    copying.copy(context.ledger_path, target)
    report = verify(target, progress=_telling(context))
    copied = _copy_objects(context, target) if objects else 0
    document = {
        "file": str(target.absolute()),
        "ok": report.ok,
        "size": report.size,
        "root": report.root,
        "head": report.head,
        "objects": copied,
        "findings": [each.document() for each in report.findings],
    }
    verdict = state("good", "copied and verified") if report.ok else state("bad", "copied, with findings")
    lines: list[str] = [say(verdict, f"  {counted(report.size, 'event')}, root {report.root[:16]}…, in {file}")]
    lines += proving.findings(report)
    if objects:
        lines.append(say(f"  {counted(copied, 'object')}, in {target.parent / 'objects'}"))
    else:
        lines.append(say(Mark("dim", "  the objects are not in it: --objects copies them too")))
    return Answer(document, lines, 0 if report.ok else 1)


def _sign_head(context: Context) -> None:
    """Have a checkpoint that covers everything, where the ledger's key is here; else the newest there is must serve."""
    from ledger import ledger as ledgers

    with context.with_store(ledgers.open(context.ledger_path, read_only=True)) as ledger:
        row = ledger.connection.execute("SELECT max(size) FROM checkpoints").fetchone()
        if row[0] == ledger.size:
            return
    with suppress(AssayError):
        context.ledger.checkpoint()


def _telling(context: Context) -> Callable[[str, int, int], None]:
    def tell(what: str, done: int, total: int) -> None:
        context.progress(done, total, f"verifying {what}")

    return tell


def _about(view: View, subject: str) -> str:
    """The full name of what a bundle is to be about."""
    target = references.find(view, subject)
    if target.kind != "event":
        return target.ref
    row = view.row("SELECT subject FROM events WHERE seq = :seq", {"seq": int(target.ref.removeprefix("seq:"))})
    return str(row[0])


def _enclose(objects: Objects, chosen: Sequence[Artifact], place: Path) -> None:
    if not chosen:
        return
    place.mkdir()
    for artifact in {each.digest: each for each in chosen}.values():
        directory = artifact.facts.get("media_type") == DIRECTORY_MEDIA_TYPE
        objects.restore(
            artifact.digest, place / artifact.digest.removeprefix("sha256:"), directory=directory, durable=False
        )


def _written(
    directory: str,
    head: Head,
    about: str | None,
    seqs: Sequence[int] | None,
    enclosed: Sequence[Enclosed],
    report: Report,
    left: int,
) -> Answer:
    size = head.checkpoint.size
    document = {
        "directory": directory,
        "origin": head.checkpoint.origin,
        "key": str(head.key),
        "size": size,
        "root": head.checkpoint.root.hex(),
        "subject": about,
        "events": size if seqs is None else len(seqs),
        "artifacts": [each.ref for each in enclosed],
        "findings": [each.document() for each in report.findings],
    }
    holds = counted(size, "event") if seqs is None else f"the proofs of {counted(len(seqs), 'event')} about {about}"
    rows = [
        ("holds", holds),
        ("artifacts", ", ".join(each.ref for each in enclosed) or None),
        ("ledger's key", str(head.key)),
        ("check it with", f"python3 {directory}/verify.py --key KEY, or `assay verify {directory} --key KEY`"),
    ]
    lines = [say(state("good", "written"), f"  {directory}"), *fields(rows)]
    if left:
        lines.append(
            say(state("warn", "not all"), f"  the last {counted(left, 'event')} are not signed yet, nor in it")
        )
    return Answer(document, [*lines, *proving.findings(report)], 0 if report.ok else 1)


def _copy_objects(context: Context, target: Path) -> int:
    """Every object, hashed on its way, beside the copy, where the ledger in it looks for them."""
    from ledger import ledger as ledgers

    with context.with_store(ledgers.open(context.ledger_path, read_only=True)) as ledger:
        source = ledger.objects
    goal = Objects(target.parent / "objects")
    digests = list(source.digests())
    for n, digest in enumerate(digests):
        context.progress(n, len(digests), "copying objects")
        got = goal.put_file(source.path(digest)).digest
        if got != digest:
            raise LedgerError(f"object {digest} is damaged: its bytes give {got}; the backup is not complete")
    return len(digests)
