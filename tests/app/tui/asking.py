"""More requests for the story's ledger, made through the ledger itself: hundreds take no time."""

from __future__ import annotations

import ledger
from ledger.events.approvals import ApprovalRequested, Evidence
from ledger.events.artifacts import ArtifactRegistered
from ledger.ledger import Ledger
from tests.app import story


def ask(
    shell: story.Shell,
    many: int,
    *,
    by: str = "lea",
    roles: tuple[str, ...] = ("risk_officer", "model_owner"),
    **more: str,
) -> list[int]:
    """So many new models, each with a request for production; the requests' numbers."""
    with ledger.open(shell.ledger) as book:
        return [_asked(book, n, by, roles, more) for n in range(many)]


def _asked(book: Ledger, n: int, by: str, roles: tuple[str, ...], more: dict[str, str]) -> int:
    name = more.get("name", "fx-carry")
    kept = book.objects.put_bytes(f'{{"name": "{name}", "n": {n}}}'.encode())
    version = n + 1
    registered = ArtifactRegistered(kind="model", name=name, version=version, sha256=kept.digest, size=kept.size)
    book.record(registered, actor="lea", project=story.PROJECT)
    ref = f"model/{story.PROJECT}/{name}@{version}"
    evidence = [Evidence(ref=ref, sha256=kept.digest, title=more.get("title"))]
    fact = ApprovalRequested(
        transition="prod", roles=list(roles), sha256=kept.digest, evidence=evidence, note=more.get("note")
    )
    return book.record(fact, subject=ref, actor=by, project=story.PROJECT).seq
