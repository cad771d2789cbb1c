"""Where versions stand as of a moment: stage, aliases, retirement, documents, environments; asked once for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions.answers import Mark, state
from app.actions.deployments import serving
from ledger.projections import approvals, artifacts, documents

if TYPE_CHECKING:
    from ledger.projections.artifacts import Artifact, Retirement
    from ledger.projections.documents import Document
    from ledger.projections.view import View


class Versions:
    """What is known of every version as of a view, or of one alone."""

    def __init__(self, view: View, only: Artifact | None = None) -> None:
        ref = only.ref if only else None
        self._stages = {each.subject: each.to_stage for each in approvals.promotions(view, ref)}
        self._aliases: dict[str, dict[str, int]] = {}
        for move in artifacts.aliases(view, only.base if only else None):
            self._aliases.setdefault(move.artifact, {})[move.alias] = move.version
        self._retired: dict[str, Retirement] = {each.ref: each for each in artifacts.retirements(view)}
        self._documents: dict[str, list[Document]] = {}
        for each in documents.listed(view, ref):
            self._documents.setdefault(each.subject, []).append(each)
        self._live: dict[str, list[str]] = {}
        for deployment in serving(view):
            if deployment.status == "ok":
                self._live.setdefault(deployment.subject, []).append(deployment.environment)

    def stage(self, artifact: Artifact) -> str | None:
        """candidate, staging, production or retired; ``None`` for what is no model and was never promoted."""
        if artifact.ref in self._retired:
            return "retired"
        return self._stages.get(artifact.ref, "candidate" if artifact.kind == "model" else None)

    def live(self, artifact: Artifact) -> list[str]:
        """The environments that it serves in."""
        return sorted(self._live.get(artifact.ref, []))

    def document(self, artifact: Artifact) -> dict[str, Any]:
        """A version as JSON."""
        moves = self._aliases.get(artifact.base, {})
        retired = self._retired.get(artifact.ref)
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
            "stage": self.stage(artifact),
            "aliases": sorted(alias for alias, version in moves.items() if version == artifact.version),
            "retired": retired.reason if retired else None,
            "replaced_by": retired.replaced_by if retired else None,
            "live": self.live(artifact),
            "documents": [
                {"seq": each.seq, "doc_kind": each.doc_kind, "sha256": each.digest, "title": each.title}
                for each in self._documents.get(artifact.ref, [])
            ],
        }


def stage_mark(stage: str | None, live: list[str] | None = None) -> Mark | str:
    """A stage as glyph and word; nothing where there is none. ``live`` are the environments that it serves in."""
    if stage is None:
        return ""
    if stage == "production" and live is not None:
        return state("good", "production, live") if "prod" in live else state("open", "production, not live")
    return state({"candidate": "open", "staging": "open", "retired": "quiet"}.get(stage, "good"), stage)
