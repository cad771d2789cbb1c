"""Events about artifacts: datasets, feature views, models, code, configurations, runtimes, documents, policies."""

from __future__ import annotations

from typing import Any

from ledger.events.vocabulary import Fact, event_type, short
from ledger.format.event import Event

KINDS = ("dataset", "feature_view", "model", "code", "config", "runtime", "document", "policy")


@event_type("artifact.registered")
class ArtifactRegistered(Fact, frozen=True, omit_defaults=True):
    """One immutable version. ``size`` in bytes, ``rows`` of a table, ``span`` its first and last day, ``run`` that made it."""

    kind: str
    name: str
    version: int
    sha256: str
    size: int
    uri: str | None = None
    source_system: str | None = None
    media_type: str | None = None
    rows: int | None = None
    span: list[str] | None = None
    summary: dict[str, Any] = {}
    run: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"{self.kind}/{project}/{self.name}@{self.version}" if project else None

    def sentence(self, event: Event) -> str:
        made = f", made by run/{self.run}" if self.run else ""
        return f"{event.actor} registered {event.subject} ({short(self.sha256)}{made})"


@event_type("artifact.retired")
class ArtifactRetired(Fact, frozen=True, omit_defaults=True):
    """An artifact version is no longer to be used."""

    artifact: str
    reason: str
    replaced_by: str | None = None

    def about(self, project: str | None) -> str | None:
        return self.artifact

    def sentence(self, event: Event) -> str:
        instead = f"; {self.replaced_by} takes its place" if self.replaced_by else ""
        return f"{event.actor} retired {self.artifact}: {self.reason}{instead}"


@event_type("alias.moved")
class AliasMoved(Fact, frozen=True):
    """A moving name (``champion``) points to another version of ``artifact`` (``kind/project/name``) from now on."""

    artifact: str
    alias: str
    version: int

    def about(self, project: str | None) -> str | None:
        return f"{self.artifact}@{self.version}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} made version {self.version} the {self.alias} of {self.artifact}"
