"""What a request rests on: the version itself, what was frozen with it, what was attached, what was recorded about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.approvals import Request
    from ledger.projections.view import View

ASKED, FROZEN, ATTACHED, RECORDED = "ASKED FOR", "FROZEN WITH THE REQUEST", "ATTACHED", "RECORDED ABOUT IT"
MOST_GATES = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence.

    ``digest`` is empty where it has no bytes of its own; ``size`` None where it was not recorded; ``frozen`` says whether
    the registry still agrees with the request (``as frozen``, ``differs``, ``unknown``; empty where it was not frozen).
    ``opens`` is the reference that another screen shows, on the screen of number ``screen``.
    """

    heap: str
    kind: str
    title: str
    opens: str
    digest: str = ""
    size: int | None = None
    media_type: str = ""
    name: str = ""
    frozen: str = ""
    screen: str = ""
    passed: bool | None = None


def load(view: View, seq: int) -> tuple[Piece, ...]:
    """All evidence of the request that event ``seq`` made, as of the view; nothing where it made none."""
    from ledger.projections import approvals

    request = approvals.get(view, seq)
    if request is None:
        return ()
    return (
        _version(view, request.subject, request.digest, ASKED),
        *(_version(view, each["ref"], each["sha256"], FROZEN, each.get("title") or "") for each in request.evidence),
        *_attached(view, request.subject),
        *_recorded(view, request),
    )


def _version(view: View, ref: str, digest: str, heap: str, title: str = "") -> Piece:
    """A registered version, and whether its digest is still the one that was asked about."""
    from ledger.projections import artifacts

    found, kind = artifacts.get(view, ref), ref.partition("/")[0]
    if found is None:
        return Piece(heap, kind, title or ref, ref, digest, frozen="unknown")
    return Piece(
        heap=heap,
        kind=found.kind,
        title=f"{ref}  {title}".rstrip(),
        opens=ref,
        digest=digest,
        size=found.size,
        media_type=str(found.facts.get("media_type") or ""),
        name=str(found.facts.get("uri") or ""),
        frozen="as frozen" if found.digest == digest else "differs",
        screen="3",
    )


def _attached(view: View, subject: str) -> list[Piece]:
    """Documents on the version and on what it is a version of."""
    from ledger.projections import documents

    found = [each for name in (subject, subject.rpartition("@")[0]) for each in documents.listed(view, name)]
    return [
        Piece(ATTACHED, each.doc_kind, each.title or each.doc_kind, f"event/{each.seq}", each.digest, screen="9")
        for each in found
    ]


def _recorded(view: View, request: Request) -> list[Piece]:
    """The run that made the version, the last verdicts of its gate, the newest result of each check."""
    from ledger.projections import approvals, artifacts, checks

    found: list[Piece] = []
    artifact = artifacts.get(view, request.subject)
    if artifact is not None and artifact.run:
        found.append(Piece(RECORDED, "run", f"run/{artifact.run} made it", f"run/{artifact.run}", screen="4"))
    for each in reversed(approvals.gates(view, request.subject, request.transition)[-MOST_GATES:]):
        said = f"{each.decision} for {each.transition}: {'; '.join(each.reasons)}"
        found.append(Piece(RECORDED, "gate", said, f"event/{each.seq}", screen="9", passed=each.decision == "allow"))
    newest = {each.check: each for each in checks.executed(view, request.subject)}
    for check in newest.values():
        said = f"{check.check} ({check.kind}) {'passed' if check.passed else 'failed'}"
        found.append(Piece(RECORDED, "check", said, f"event/{check.seq}", screen="9", passed=check.passed))
    return found
