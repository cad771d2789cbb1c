"""Stored bytes: written back verified, and hashed again; what is found damaged is recorded, with what depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions.answers import Answer, Mark, counted, say, state
from app.actions.artifacts import is_directory
from app.actions.versions import Versions
from ledger.errors import AssayError, InputError, LedgerError
from ledger.projections import artifacts, lineage

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Entry
    from ledger.projections.artifacts import Artifact
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


class _Hurt(NamedTuple):
    """A version whose bytes are not as registered, what is wrong with each object, and what is touched by it."""

    artifact: Artifact
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
    chosen = [artifacts.resolve(view, ref) for ref in refs] if refs else artifacts.versions(view)
    hurt = _examined(context, chosen)
    lines = [line for each in hurt for line in _told(each)]
    lines.append(_verdict(len(chosen), len(hurt)))
    document_: dict[str, Any] = {
        "at": view.at,
        "ok": not hurt,
        "checked": len(chosen),
        "findings": [
            {
                "ref": each.artifact.ref,
                "sha256": damage.digest,
                "kind": "replaced" if each.replaced and damage.digest == each.artifact.digest else damage.kind,
                "detail": damage.detail,
                "depending": each.depending,
                "live": each.live,
            }
            for each in hurt
            for damage in each.damages
        ],
        "recorded": [],
    }
    entries = [_found(each) for each in hurt]
    if record and chosen:
        entries.append(_summed(context, chosen, hurt))
    if entries and not no_record:
        document_["recorded"] = _recorded(context, entries)
        first, *rest = document_["recorded"]
        told = f"event {first}" if not rest else f"events {first} to {rest[-1]}"
        lines.append(say(state("good", "recorded"), f"  as {told}"))
    return Answer(document_, lines, 1 if hurt else 0)


def _examined(context: Context, chosen: Sequence[Artifact]) -> list[_Hurt]:
    """Every version whose bytes are not as registered; each object is hashed once."""
    view, objects = context.view, context.ledger.objects
    known: dict[tuple[str, bool], list[Damage]] = {}
    found = []
    standing: Versions | None = None
    for n, artifact in enumerate(chosen):
        context.progress(n, len(chosen), artifact.ref)
        directory = is_directory(artifact)
        key = (artifact.digest, directory)
        if key not in known:
            known[key] = objects.check(artifact.digest, directory=directory, size=artifact.size)
        if not known[key]:
            continue
        standing = standing or Versions(view)
        others = [each.ref for damage in known[key] if damage.got for each in artifacts.by_digest(view, damage.got)]
        depending = lineage.impact(view, artifact.ref)
        live = [each for each in depending if each.startswith("deployment/")]
        serving = [f"{artifact.ref} in {each}" for each in standing.live(artifact)]
        found.append(_Hurt(artifact, known[key], others[0] if others else None, depending, serving or live))
    return found


def _told(hurt: _Hurt) -> list[str]:
    lines: list[str] = []
    for damage in hurt.damages:
        detail = damage.detail
        kind = damage.kind
        if hurt.replaced and damage.digest == hurt.artifact.digest:
            kind, detail = "replaced", f"{detail}, which are those of {hurt.replaced}"
        lines.append(say(state("bad", kind), f"  {hurt.artifact.ref}  event {hurt.artifact.seq}: {detail}"))
    if hurt.depending:
        named = ", ".join(hurt.depending[:4]) + (", …" if len(hurt.depending) > 4 else "")
        lines.append(say(Mark("dim", f"    touches {counted(len(hurt.depending), 'thing')} made from it: {named}")))
    if hurt.live:
        lines.append(say("    ", state("warn", "live"), f"  {', '.join(hurt.live[:4])}"))
    return lines


def _verdict(checked: int, hurt: int) -> str:
    versions = counted(checked, "version")
    if not checked:
        return say(state("warn", "nothing checked"), "  no version is registered")
    if not hurt:
        return say(state("good", "intact"), f"  {versions}, every byte as registered")
    return say(state("bad", "damaged"), f"  {hurt} of {versions}; put the right bytes back from a backup")


def _found(hurt: _Hurt) -> Entry:
    """The event of one damaged version."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    artifact = hurt.artifact
    findings = [
        {"sha256": each.digest, "kind": each.kind, "detail": each.detail, **({"got": each.got} if each.got else {})}
        for each in hurt.damages[:_NAMED]
    ]
    inputs: dict[str, Any] = {"sha256": artifact.digest, "depending": len(hurt.depending)}
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
    return Entry(fact, subject=artifact.ref, project=artifact.project, cause=artifact.seq)


def _summed(context: Context, chosen: Sequence[Artifact], hurt: Sequence[_Hurt]) -> Entry:
    """The event of the whole check: how many versions and bytes were hashed, and how many of them are hurt."""
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    inputs: dict[str, Any] = {
        "versions": len(chosen),
        "bytes": sum(each.size for each in chosen),
        "store": str(context.ledger.objects.root) if "://" in str(context.ledger.objects.root) else "local",
        "head": context.view.at,
    }
    if len(chosen) <= _NAMED:
        inputs["refs"] = [each.ref for each in chosen]
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
