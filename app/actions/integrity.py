"""Stored bytes: written back verified, and hashed again; what is found damaged is recorded, with what depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions.answers import Answer, Mark, counted, say, state
from app.actions.artifacts import is_directory
from app.actions.versions import Versions
from ledger.errors import AssayError, InputError, LedgerError
from ledger.projections import artifacts, checks, documents, lineage

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Entry
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View
    from ledger.store.objects import Damage

CHECK = "stored-bytes"
_NAMED = 20
"""Findings that one event names."""


def restore(
    context: Context, *, ref: str, dest: str | None = None, output: str | None = None, record: bool = False
) -> Answer:
    """Write a version's verified bytes to a path that does not exist yet.

    ``record`` leaves evidence that it was restored and matched its digest, or that it could not be.
    """
    if (dest is None) == (output is None):
        raise InputError("name one path to restore to: assay artifact restore REF DEST")
    context.writes = record
    artifact = artifacts.resolve(context.view, ref)
    path = dest or output or ""
    goal = context.start / path
    document_: dict[str, Any] = {"ref": artifact.ref, "sha256": artifact.digest, "path": str(goal.absolute())}
    document_["recorded"] = []
    try:
        context.ledger.objects.restore(artifact.digest, goal, directory=is_directory(artifact))
    except LedgerError as error:
        if record and context.ledger.objects.check(artifact.digest, directory=is_directory(artifact)):
            _recorded(context, [_restored(artifact, passed=False, why=str(error))])
        raise
    lines = [say(state("good", "restored"), f"  {artifact.ref} to {path}")]
    if record:
        document_["recorded"] = _recorded(context, [_restored(artifact, passed=True)])
        lines.append(say(state("good", "recorded"), f"  as event {document_['recorded'][0]}"))
    return Answer(document_, lines)


class _Kept(NamedTuple):
    """Bytes that the record names: a version's own, or those of a document about ``ref``, which ``what`` then is."""

    ref: str
    what: str
    digest: str
    size: int | None
    directory: bool
    seq: int
    project: str | None


class _Hurt(NamedTuple):
    """What is kept and not as it was, what is wrong with each object, and what is touched by it."""

    kept: _Kept
    damages: list[Damage]
    replaced: str | None
    depending: list[str]
    live: list[str]


def check(
    context: Context,
    *,
    refs: Sequence[str] = (),
    everything: bool = False,
    record: bool = False,
    no_record: bool = False,
) -> Answer:
    """Hash stored objects again; code 1 where one is absent or damaged. What is found is recorded.

    Args:
        refs: the versions; all where none is named, as ``everything`` says in so many words.
        record: leave evidence of an intact store too.
        no_record: append nothing, whatever is found.
    """
    if refs and everything:
        raise InputError("name versions or give --all, not both")
    if record and no_record:
        raise InputError("give either --record or --no-record")
    context.writes = not no_record
    view = context.view
    chosen = _chosen(view, refs)
    hurt = _examined(context, chosen)
    lines = [line for each in hurt for line in _told(each)]
    lines.append(_verdict(len(chosen), len(hurt)))
    findings = [finding for each in hurt for finding in _findings(each)]
    document_: dict[str, Any] = {
        "at": view.at,
        "ok": not hurt,
        "checked": len(chosen),
        "findings": findings,
        "recorded": [],
    }
    healed = _healed(view, chosen, hurt)
    lines += [say(state("good", "mended"), f"  {each.ref}: its bytes are as registered again") for each in healed]
    entries = [*map(_found, hurt), *map(_whole, healed)]
    if record and chosen:
        entries.append(_summed(context, chosen, hurt))
    if entries and not no_record:
        document_["recorded"] = _recorded(context, entries)
        first, *rest = document_["recorded"]
        told = f"event {first}" if not rest else f"events {first} to {rest[-1]}"
        lines.append(say(state("good", "recorded"), f"  as {told}"))
    return Answer(document_, lines, 1 if hurt else 0)


def _chosen(view: View, refs: Sequence[str]) -> list[_Kept]:
    """The versions that are named, or all, and the documents attached to them."""
    versions = [artifacts.resolve(view, ref) for ref in refs] if refs else artifacts.versions(view)
    named = {each.ref for each in versions}
    found = [
        _Kept(each.ref, "", each.digest, each.size, is_directory(each), each.seq, each.project) for each in versions
    ]
    known = {each.digest for each in versions}
    for each in documents.listed(view):
        if (each.subject in named or not refs) and each.digest not in known:
            project = each.subject.split("/")[1] if "/" in each.subject else None
            found.append(
                _Kept(each.subject, each.doc_kind.replace("_", " "), each.digest, None, False, each.seq, project)
            )
    return found


def _examined(context: Context, chosen: Sequence[_Kept]) -> list[_Hurt]:
    """All that is not as it was; each object is hashed once."""
    view, objects = context.view, context.ledger.objects
    known: dict[tuple[str, bool], list[Damage]] = {}
    found = []
    standing: Versions | None = None
    for n, each in enumerate(chosen):
        context.progress(n, len(chosen), each.ref)
        key = (each.digest, each.directory)
        if key not in known:
            known[key] = objects.check(each.digest, directory=each.directory, size=each.size)
        if not known[key]:
            continue
        standing = standing or Versions(view)
        others = [other.ref for damage in known[key] if damage.got for other in artifacts.by_digest(view, damage.got)]
        artifact = None if each.what else artifacts.get(view, each.ref)
        depending = lineage.impact(view, each.ref) if artifact else []
        live = [other for other in depending if other.startswith("deployment/")]
        serving = [f"{each.ref} in {where}" for where in standing.live(artifact)] if artifact else []
        found.append(_Hurt(each, known[key], others[0] if others else None, depending, serving or live))
    return found


def _healed(view: View, chosen: Sequence[_Kept], hurt: Sequence[_Hurt]) -> list[_Kept]:
    """The versions that are whole, and of which the record says that they are damaged."""
    touched = {each.kept.ref for each in hurt}
    newest = {each.subject: each for each in checks.executed(view) if each.check == CHECK}
    return [
        each
        for each in chosen
        if not each.what and each.ref not in touched and each.ref in newest and not newest[each.ref].passed
    ]


def _findings(hurt: _Hurt) -> list[dict[str, Any]]:
    """What is wrong with a thing's objects, as JSON."""
    return [
        {
            "ref": hurt.kept.ref,
            "sha256": damage.digest,
            "kind": "replaced" if hurt.replaced and damage.digest == hurt.kept.digest else damage.kind,
            "detail": damage.detail,
            "depending": hurt.depending,
            "live": hurt.live,
        }
        for damage in hurt.damages
    ]


def _told(hurt: _Hurt) -> list[str]:
    lines: list[str] = []
    for damage in hurt.damages:
        detail = damage.detail
        kind = damage.kind
        if hurt.replaced and damage.digest == hurt.kept.digest:
            kind, detail = "replaced", f"{detail}, which are those of {hurt.replaced}"
        what = f"its {hurt.kept.what}, " if hurt.kept.what else ""
        lines.append(say(state("bad", kind), f"  {hurt.kept.ref}  {what}event {hurt.kept.seq}: {detail}"))
    if hurt.depending:
        named = ", ".join(hurt.depending[:4]) + (", …" if len(hurt.depending) > 4 else "")
        lines.append(say(Mark("dim", f"    touches {counted(len(hurt.depending), 'thing')} made from it: {named}")))
    if hurt.live:
        lines.append(say("    ", state("warn", "live"), f"  {', '.join(hurt.live[:4])}"))
    return lines


def _verdict(checked: int, hurt: int) -> str:
    objects = counted(checked, "version and document", "versions and documents")
    if not checked:
        return say(state("warn", "nothing checked"), "  no version is registered")
    if not hurt:
        return say(state("good", "intact"), f"  {objects}, every byte as registered")
    return say(state("bad", "damaged"), f"  {hurt} of {objects}; put the right bytes back from a backup")


def _found(hurt: _Hurt) -> Entry:
    """The event of one thing that is damaged."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    kept = hurt.kept
    findings = [
        {"sha256": each.digest, "kind": each.kind, "detail": each.detail, **({"got": each.got} if each.got else {})}
        for each in hurt.damages[:_NAMED]
    ]
    inputs: dict[str, Any] = {"sha256": kept.digest, "depending": len(hurt.depending)}
    if kept.what:
        inputs["document"] = kept.what
    if hurt.depending:
        inputs["depends"] = hurt.depending[:_NAMED]
    if hurt.live:
        inputs["live"] = hurt.live[:_NAMED]
    if hurt.replaced:
        inputs["replaced_by_bytes_of"] = hurt.replaced
    fact = CheckExecuted(
        check=CHECK,
        kind="integrity",
        passed=False,
        value=len(hurt.damages),
        threshold=0,
        verdict="block",
        findings=findings,
        inputs=inputs,
    )
    return Entry(fact, subject=kept.ref, project=kept.project, cause=kept.seq)


def _whole(kept: _Kept) -> Entry:
    """The event of a version that was damaged, and is whole again."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    inputs = {"sha256": kept.digest}
    fact = CheckExecuted(CHECK, "integrity", True, value=0, threshold=0, verdict="pass", inputs=inputs)
    return Entry(fact, subject=kept.ref, project=kept.project, cause=kept.seq)


def _summed(context: Context, chosen: Sequence[_Kept], hurt: Sequence[_Hurt]) -> Entry:
    """The event of the whole check: how many versions and bytes were hashed, and how many of them are hurt."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    inputs: dict[str, Any] = {
        "objects": len(chosen),
        "bytes": sum(each.size or 0 for each in chosen),
        "store": str(context.ledger.objects.root) if "://" in str(context.ledger.objects.root) else "local",
        "head": context.view.at,
    }
    if len(chosen) <= _NAMED:
        inputs["refs"] = list(dict.fromkeys(each.ref for each in chosen))
    fact = CheckExecuted(
        check=CHECK,
        kind="integrity",
        passed=not hurt,
        value=len(hurt),
        threshold=0,
        verdict="block" if hurt else "pass",
        inputs=inputs,
    )
    return Entry(fact, subject=f"ledger/{context.ledger.origin}")


def _restored(artifact: Artifact, *, passed: bool, why: str = "") -> Entry:
    """The event of one restoration: what criteria of maturity ask for (``check.executed`` of kind ``restore``)."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    fact = CheckExecuted(
        check="restore",
        kind="restore",
        passed=passed,
        value=1 if passed else 0,
        threshold=1,
        verdict="pass" if passed else "block",
        findings=[] if passed else [{"kind": "not restored", "detail": why}],
        inputs={"sha256": artifact.digest},
    )
    return Entry(fact, subject=artifact.ref, project=artifact.project, cause=artifact.seq)


def _recorded(context: Context, entries: Sequence[Entry]) -> list[int]:
    """Record verdicts, by whoever acts; a bare login name serves where nobody is named. Returns their seqs."""
    from dataclasses import replace

    try:
        actor: str | None = context.actor
    except AssayError:
        actor = None
    recorded = context.ledger.record_many([replace(each, actor=actor) for each in entries])
    return [each.seq for each in recorded]
