"""Artifacts: registering versions by digest, listing and showing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import describing, events
from app.actions.answers import Answer, Mark, at_most, earlier, fields, moment, say, state, table
from app.actions.versions import Versions, stage_mark
from ledger.errors import InputError
from ledger.projections import artifacts
from ledger.store.objects import DIRECTORY_MEDIA_TYPE

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.events.vocabulary import Fact
    from ledger.ledger import Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View
    from ledger.store.objects import Stored


def register(
    context: Context,
    *,
    path: str,
    kind: str,
    name: str | None = None,
    project: str | None = None,
    source_system: str | None = None,
    uri: str | None = None,
    media_type: str | None = None,
    alias: str | None = None,
    no_profile: bool = False,
) -> Answer:
    """Store a file or folder and record it as the next version, unless a version has these bytes already.

    Of a dataset that is a table its columns, rows and span are recorded with it, and its profile is stored, unless
    ``no_profile`` says that this would take too long.
    """
    from ledger.events.artifacts import ArtifactRegistered
    from ledger.format.names import quote
    from ledger.ledger import Entry

    actor, home = context.actor, context.workspace.project(project)
    source = context.start / path
    label = quote(name or source.name.partition(".")[0] or source.resolve().name)
    ledger = context.ledger
    stored = _stored(ledger, source)
    versions = artifacts.versions(ledger.view(), kind=kind, project=home, name=label)
    same = next((each for each in versions if each.digest == stored.digest), None)
    version = same.version if same else 1 + max((each.version for each in versions), default=0)
    base = f"{kind}/{home}/{label}"
    facts: list[Fact] = []
    told: list[str] = []
    if same is None:
        described, told = ({}, []) if no_profile else describing.facts(context, stored, kind, source.name, media_type)
        of = DIRECTORY_MEDIA_TYPE if stored.directory else media_type
        given = {"uri": uri, "source_system": source_system, "media_type": of, **described}
        facts.append(ArtifactRegistered(kind, label, version, stored.digest, stored.size, **given))
    facts += _moved(ledger.view(), base, alias, version)
    recorded = ledger.record_many([Entry(each, actor=actor, project=home) for each in facts]) if facts else []
    made = artifacts.get(ledger.view(), f"{base}@{version}")
    assert made is not None
    lines = [*events.listing(recorded), *told]
    if same is not None:
        lines.append(say(state("quiet", "unchanged"), f"  {same.ref} has these bytes since event {same.seq}"))
    document_ = {"artifact": document(ledger.view(), made), "registered": same is None}
    return Answer({**document_, "events": [events.described(each) for each in recorded]}, lines)


def list_artifacts(
    context: Context,
    *,
    kind: str | None = None,
    project: str | None = None,
    name: str | None = None,
    count: int = 50,
) -> Answer:
    """The newest registered versions in the order of their registration."""
    view = context.view
    found = artifacts.versions(view, kind=kind, project=project, name=name, newest=at_most(count))
    total = artifacts.count(view, kind=kind, project=project, name=name)
    standing = Versions(view)
    listed = [standing.document(each) for each in found]
    rows = [
        (
            each.ref,
            stage_mark(facts["stage"], facts["live"]),
            " ".join(f"@{alias}" for alias in facts["aliases"]),
            each.size,
            Mark("dim", each.digest[7:15]),
            each.actor,
            Mark("dim", moment(each.at)),
        )
        for each, facts in zip(found, listed, strict=True)
    ]
    lines = table(rows, ("version", "stage", "aliases", "bytes", "digest", "by", "registered"))
    told = [*earlier(len(found), total, "version"), *lines] or [say(Mark("dim", "no version is registered"))]
    return Answer({"at": view.at, "total": total, "artifacts": listed}, told)


def show_artifact(context: Context, *, ref: str) -> Answer:
    """One version with all that is recorded of it."""
    view = context.view
    return shown(view, artifacts.resolve(view, ref))


def shown(view: View, artifact: Artifact) -> Answer:
    """One version: its facts, then its history."""
    facts = document(view, artifact)
    past = events.history(view, artifact.ref)
    replaced = f"; {facts['replaced_by']} takes its place" if facts["replaced_by"] else ""
    rows: list[tuple[str, Any]] = [
        ("stage", stage_mark(facts["stage"], facts["live"]) or None),
        ("aliases", " ".join(f"@{alias}" for alias in facts["aliases"]) or None),
        ("digest", artifact.digest),
        ("size", f"{artifact.size:,} bytes"),
        ("registered", f"{moment(artifact.at)} by {artifact.actor}, event {artifact.seq}"),
        ("made by", f"run/{artifact.run}" if artifact.run else None),
        ("source", artifact.facts.get("source_system")),
        ("address", artifact.facts.get("uri")),
        ("media type", artifact.facts.get("media_type")),
        ("rows", artifact.facts.get("rows")),
        ("span", " to ".join(artifact.facts.get("span") or ()) or None),
        ("live in", ", ".join(facts["live"]) or None),
        ("retired", f"{facts['retired']}{replaced}" if facts["retired"] is not None else None),
    ]
    lines = [say(Mark("title", artifact.ref)), *fields(rows), *describing.shown(artifact.facts.get("summary") or {})]
    # What is attached again, to vouch for another year, is the same document still.
    once = {(each["doc_kind"], each["sha256"]): each for each in facts["documents"]}.values()
    papers = [
        (Mark("dim", each["doc_kind"].replace("_", " ")), each["title"], Mark("dim", each["sha256"])) for each in once
    ]
    lines += table(papers, indent="  ") if papers else []
    lines += ["", *events.recent(past, artifact.ref)]
    return Answer({"at": view.at, "artifact": facts, "history": [events.described(each) for each in past]}, lines)


def document(view: View, artifact: Artifact) -> dict[str, Any]:
    """A version as JSON."""
    return Versions(view, artifact).document(artifact)


def is_directory(artifact: Artifact) -> bool:
    """Whether a version is a folder."""
    return artifact.facts.get("media_type") == DIRECTORY_MEDIA_TYPE


def _moved(view: View, base: str, alias: str | None, version: int) -> list[Fact]:
    """What moves an alias to a version; nothing where none is named, or it points there already."""
    from ledger.events.artifacts import AliasMoved
    from ledger.format.names import quote

    if not alias:
        return []
    aliased = artifacts.aliased(view, base, alias)
    there = aliased is not None and aliased.version == version
    return [] if there else [AliasMoved(artifact=base, alias=quote(alias), version=version)]


def _stored(ledger: Ledger, source: Path) -> Stored:
    if not source.exists():
        raise InputError(f"there is no file or folder {source}")
    return ledger.objects.put_directory(source) if source.is_dir() else ledger.objects.put_file(source)
