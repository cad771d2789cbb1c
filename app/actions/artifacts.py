"""Artifacts: registering versions by digest, listing and showing them, getting their bytes back, checking them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, counted, fields, moment, say, state, table
from app.actions.deployments import serving
from ledger.errors import InputError
from ledger.projections import approvals, artifacts, documents
from ledger.store.objects import DIRECTORY_MEDIA_TYPE

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.projections.documents import Document
    from ledger.projections.view import View
    from ledger.store.objects import Damage, Stored


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
) -> Answer:
    """Store a file or folder and record it as the next version, unless a version has these bytes already."""
    from ledger.events.artifacts import AliasMoved, ArtifactRegistered
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
    entries = []
    if same is None:
        fact = ArtifactRegistered(
            kind=kind,
            name=label,
            version=version,
            sha256=stored.digest,
            size=stored.size,
            uri=uri,
            source_system=source_system,
            media_type=DIRECTORY_MEDIA_TYPE if stored.directory else media_type,
        )
        entries.append(Entry(fact, actor=actor, project=home))
    aliased = artifacts.aliased(ledger.view(), base, alias) if alias else None
    if alias and (aliased is None or aliased.version != version):
        entries.append(Entry(AliasMoved(artifact=base, alias=quote(alias), version=version), actor=actor, project=home))
    recorded = ledger.record_many(entries) if entries else []
    made = artifacts.get(ledger.view(), f"{base}@{version}")
    assert made is not None
    lines = events.listing(recorded)
    if same is not None:
        lines.append(say(state("quiet", "unchanged"), f"  {same.ref} has these bytes since event {same.seq}"))
    document_ = {"artifact": document(ledger.view(), made), "registered": same is None}
    return Answer({**document_, "events": [events.described(each) for each in recorded]}, lines)


def list_artifacts(
    context: Context, *, kind: str | None = None, project: str | None = None, name: str | None = None
) -> Answer:
    """The registered versions in the order of their registration."""
    view = context.view
    found = artifacts.versions(view, kind=kind, project=project, name=name)
    standing = Standing(view)
    listed = [standing.document(each) for each in found]
    rows = [
        (
            each.ref,
            _stage_mark(facts["stage"], retired=facts["retired"] is not None),
            " ".join(f"@{alias}" for alias in facts["aliases"]),
            each.size,
            Mark("dim", each.digest[7:15]),
            each.actor,
            Mark("dim", moment(each.at)),
        )
        for each, facts in zip(found, listed, strict=True)
    ]
    lines = table(rows, ("version", "stage", "aliases", "bytes", "digest", "by", "registered"))
    return Answer({"at": view.at, "artifacts": listed}, lines or [say(Mark("dim", "no version is registered"))])


def show_artifact(context: Context, *, ref: str) -> Answer:
    """One version with all that is recorded of it."""
    view = context.view
    return shown(view, artifacts.resolve(view, ref))


def shown(view: View, artifact: Artifact) -> Answer:
    """One version: its facts, then its history."""
    facts = document(view, artifact)
    past = events.history(view, artifact.ref)
    rows: list[tuple[str, Any]] = [
        ("stage", _stage_mark(facts["stage"], retired=facts["retired"] is not None)),
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
        ("retired", facts["retired"]),
    ]
    lines = [say(Mark("title", artifact.ref)), *fields(rows)]
    summary = artifact.facts.get("summary") or {}
    lines += table([(key, _short(summary[key])) for key in sorted(summary)], indent="    ")
    lines += [say(f"  document  {each['doc_kind']}  ", Mark("dim", each["sha256"])) for each in facts["documents"]]
    lines += ["", *events.listing(past)]
    return Answer({"at": view.at, "artifact": facts, "history": [events.described(each) for each in past]}, lines)


def restore(context: Context, *, ref: str, output: str) -> Answer:
    """Write a version's verified bytes to a path that does not exist yet."""
    artifact = artifacts.resolve(context.view, ref)
    goal = context.start / output
    context.ledger.objects.restore(artifact.digest, goal, directory=_is_directory(artifact))
    document_ = {"ref": artifact.ref, "sha256": artifact.digest, "path": str(goal.absolute())}
    return Answer(document_, [say(state("good", "restored"), f"  {artifact.ref} to {output}")])


def check(context: Context, *, refs: Sequence[str] = ()) -> Answer:
    """Hash stored objects again; code 1 where one is absent or damaged."""
    view = context.view
    chosen = [artifacts.resolve(view, ref) for ref in refs] if refs else artifacts.versions(view)
    findings: list[tuple[Artifact, Damage]] = []
    for n, artifact in enumerate(chosen):
        context.progress(n, len(chosen), artifact.ref)
        damages = context.ledger.objects.check(artifact.digest, directory=_is_directory(artifact))
        findings += [(artifact, damage) for damage in damages]
    lines = [
        say(state("bad", damage.kind), f"  {artifact.ref}  event {artifact.seq}: {damage.detail}")
        for artifact, damage in findings
    ]
    hurt = len({artifact.ref for artifact, _ in findings})
    if not chosen:
        lines.append(say(state("warn", "nothing checked"), "  no version is registered"))
    elif not findings:
        lines.append(say(state("good", "intact"), f"  {counted(len(chosen), 'version')}, every byte as registered"))
    else:
        lines.append(
            say(state("bad", "damaged"), f"  {hurt} of {counted(len(chosen), 'version')}; restore from a backup")
        )
    document_ = {
        "at": view.at,
        "ok": not findings,
        "checked": len(chosen),
        "findings": [
            {"ref": artifact.ref, "sha256": damage.digest, "kind": damage.kind, "detail": damage.detail}
            for artifact, damage in findings
        ],
    }
    return Answer(document_, lines, 1 if findings else 0)


def document(view: View, artifact: Artifact) -> dict[str, Any]:
    """A version as JSON."""
    return Standing(view).document(artifact)


class Standing:
    """Where versions stand: asked once for all of them, however many there are."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._stages = {each.subject: each.to_stage for each in approvals.promotions(view)}
        self._aliases: dict[str, dict[str, int]] = {}
        for move in artifacts.aliases(view):
            self._aliases.setdefault(move.artifact, {})[move.alias] = move.version
        self._documents: dict[str, list[Document]] = {}
        for each in documents.listed(view):
            self._documents.setdefault(each.subject, []).append(each)
        self._live: dict[str, list[str]] = {}
        for deployment in serving(view):
            if deployment.status == "ok":
                self._live.setdefault(deployment.subject, []).append(deployment.environment)

    def document(self, artifact: Artifact) -> dict[str, Any]:
        """A version as JSON."""
        moves = self._aliases.get(artifact.base, {})
        return {
            "ref": artifact.ref,
            "kind": artifact.kind,
            "project": artifact.project,
            "name": artifact.name,
            "version": artifact.version,
            "sha256": artifact.digest,
            "size": artifact.size,
            "seq": artifact.seq,
            "actor": artifact.actor,
            "at": artifact.at,
            "run": artifact.run,
            "facts": artifact.facts,
            "stage": self._stages.get(artifact.ref, "candidate"),
            "aliases": sorted(alias for alias, version in moves.items() if version == artifact.version),
            "retired": artifacts.retired(self._view, artifact.ref),
            "live": sorted(self._live.get(artifact.ref, [])),
            "documents": [
                {"seq": each.seq, "doc_kind": each.doc_kind, "sha256": each.digest, "title": each.title}
                for each in self._documents.get(artifact.ref, [])
            ],
        }


def _stored(ledger: Ledger, source: Path) -> Stored:
    if not source.exists():
        raise InputError(f"there is no file or folder {source}")
    return ledger.objects.put_directory(source) if source.is_dir() else ledger.objects.put_file(source)


def _is_directory(artifact: Artifact) -> bool:
    return artifact.facts.get("media_type") == DIRECTORY_MEDIA_TYPE


def _stage_mark(stage: str, *, retired: bool) -> Mark:
    if retired:
        return state("quiet", "retired")
    return state({"candidate": "open", "staging": "open"}.get(stage, "good"), stage)


def _short(item: Any) -> str | int | float:
    if isinstance(item, int | float | str):
        return item
    import json

    text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= 90 else f"{text[:89]}…"
