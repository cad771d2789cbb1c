"""What happens to a version after its registration: aliases that point to it, documents attached, retirement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, at_most, counted, earlier, moment, say, state, table
from app.actions.artifacts import document
from app.actions.versions import Versions
from ledger.errors import InputError
from ledger.projections import artifacts, documents, lineage

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.artifacts import Alias
    from ledger.projections.view import View


def alias(context: Context, *, ref: str, name: str) -> Answer:
    """Point an alias at a version from now on; where it points there already, nothing is recorded."""
    from ledger.events.artifacts import AliasMoved
    from ledger.format.names import quote

    artifact = artifacts.resolve(context.view, ref)
    label = quote(name.removeprefix("@"))
    before = artifacts.aliased(context.view, artifact.base, label)
    if before is not None and before.version == artifact.version:
        line = say(state("quiet", "unchanged"), f"  @{label} points to {artifact.ref} already")
        return Answer(
            {"artifact": document(context.view, artifact), "moved": False, "from": before.ref, "events": []}, [line]
        )
    fact = AliasMoved(artifact=artifact.base, alias=label, version=artifact.version)
    recorded = context.ledger.record(fact, actor=context.actor, project=artifact.project, cause=artifact.seq)
    document_ = {
        "artifact": document(context.ledger.view(), artifact),
        "moved": True,
        "from": before.ref if before else None,
        "events": [events.described(recorded)],
    }
    return Answer(document_, events.listing([recorded]))


def aliases(context: Context, *, ref: str | None = None, count: int = 50) -> Answer:
    """The newest moves of aliases: who pointed each where, when, until when."""
    view = context.view
    base = None if ref is None else artifacts.resolve(view, ref).base
    every = artifacts.aliases(view, base)
    ends, moves = _ends(every), every[-at_most(count) :]
    rows = [
        (
            each.artifact,
            f"@{each.alias}",
            each.version,
            Mark("dim", moment(each.at)),
            Mark("dim", f"to {moment(end.at)}") if (end := ends.get(each.seq)) else state("live", "now"),
            each.actor,
            f"event {each.seq}",
        )
        for each in moves
    ]
    document_ = {
        "at": view.at,
        "total": len(every),
        "moves": [
            {
                "artifact": each.artifact,
                "alias": each.alias,
                "version": each.version,
                "ref": f"{each.artifact}@{each.version}",
                "seq": each.seq,
                "actor": each.actor,
                "since": each.at,
                "until": ends[each.seq].at if each.seq in ends else None,
            }
            for each in moves
        ],
    }
    lines = table(rows, ("artifact", "alias", "version", "since", "until", "by", ""))
    told = [*earlier(len(moves), len(every), "move"), *lines]
    return Answer(document_, told or [say(Mark("dim", "no alias was ever moved"))])


def retire(context: Context, *, ref: str, reason: str, replaced_by: str | None = None) -> Answer:
    """Record that a version is no longer to be used; what depends on it is told, and goes on standing."""
    from ledger.events.artifacts import ArtifactRetired

    view = context.view
    artifact = artifacts.resolve(view, ref)
    if not reason.strip():
        raise InputError("--reason must say why")
    instead = None if replaced_by is None else artifacts.resolve(view, replaced_by).ref
    fact = ArtifactRetired(artifact=artifact.ref, reason=reason.strip(), replaced_by=instead)
    recorded = context.ledger.record(fact, actor=context.actor, project=artifact.project, cause=artifact.seq)
    depending = lineage.impact(view, artifact.ref)
    lines = events.listing([recorded])
    live = Versions(view).live(artifact)
    if live:
        lines.append(say(state("warn", "still live"), f"  in {', '.join(live)}: deploy another version there"))
    if depending:
        told = f"{counted(len(depending), 'thing')} came from it: `assay lineage {artifact.ref} --impact`"
        lines.append(say(Mark("dim", told)))
    document_ = {
        "artifact": document(context.ledger.view(), artifact),
        "depending": depending,
        "live": live,
        "events": [events.described(recorded)],
    }
    return Answer(document_, lines)


def attach(
    context: Context, *, ref: str, path: str, kind: str, title: str | None = None, project: str | None = None
) -> Answer:
    """Store a document and attach it to a version, or to a project (``project/NAME``)."""
    from ledger.events.documents import DocumentAttached

    view = context.view
    subject, home = _described(view, ref)
    source = context.start / path
    if not source.is_file():
        raise InputError(f"there is no file {source}")
    stored = context.ledger.objects.put_file(source)
    if any(each.digest == stored.digest and each.doc_kind == kind for each in documents.listed(view, subject)):
        line = say(state("quiet", "unchanged"), f"  {subject} has this document already")
        return Answer({"subject": subject, "sha256": stored.digest, "attached": False, "events": []}, [line])
    fact = DocumentAttached(doc_kind=kind, sha256=stored.digest, title=title or _title(source))
    recorded = context.ledger.record(fact, subject=subject, actor=context.actor, project=project or home)
    document_ = {
        "subject": subject,
        "sha256": stored.digest,
        "attached": True,
        "events": [events.described(recorded)],
    }
    return Answer(document_, events.listing([recorded]))


def _described(view: View, ref: str) -> tuple[str, str | None]:
    """What a document is about, and the project that this belongs to."""
    kind, _, name = ref.partition("/")
    if kind == "project" and name:
        return ref, name
    artifact = artifacts.resolve(view, ref)
    return artifact.ref, artifact.project


def _title(source: Path) -> str | None:
    """The first heading of a Markdown document."""
    if source.suffix.lower() not in (".md", ".markdown"):
        return None
    with source.open(encoding="utf-8", errors="replace") as file:
        first = next((line.lstrip("# ").strip() for line in file if line.startswith("#")), "")
    return first[:120] or None


def _ends(moves: list[Alias]) -> dict[int, Alias]:
    """By the seq of a move, the one that followed it on the same alias."""
    following: dict[tuple[str, str], Alias] = {}
    found: dict[int, Any] = {}
    for each in reversed(moves):
        key = (each.artifact, each.alias)
        if key in following:
            found[each.seq] = following[key]
        following[key] = each
    return found
