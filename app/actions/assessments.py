"""What people say of levels: claims beside the proof, the map signed off by each function, governance reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import evaluating, events
from app.actions.answers import Answer, say, state
from ledger.errors import InputError
from ledger.format import canonical

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from ledger.store.journal import Recorded

TRACKS = ("data", "model", "code")
FUNCTIONS = ("data-science", "engineering", "operations")
"""The functions that sign off a maturity map; each is a role in the project."""
MAP = "maturity-map"
"""The transition that a sign-off is asked for, and the name of the document."""


def claim(context: Context, *, track: str, level: str, project: str | None = None, note: str | None = None) -> Answer:
    """Record what the actor claims of a track's level; the derived one is shown beside it."""
    from app.actions.maturity import level_word
    from ledger.events.assessments import AssessmentRecorded

    found = evaluating.ground(context)
    home = context.workspace.project(project)
    number = level_number(level)
    if track not in TRACKS:
        raise InputError(f"there is no track {track!r}; they are {', '.join(TRACKS)}")
    fact = AssessmentRecorded(track=track, level=number, claimed_by=context.actor, note=note or None)
    recorded = context.ledger.record(fact, actor=context.actor, project=home)
    derived = level_word(found.evaluation.levels(home, found.moment.t)[track])
    same = derived == f"L{number}"
    lines = [
        *events.listing([recorded]),
        say(state("good" if same else "warn", f"derived {derived}"), "  what the evidence shows now"),
    ]
    return Answer({"claimed": f"L{number}", "derived": derived, "event": events.described(recorded)}, lines)


def level_number(text: str) -> int:
    """A level as people write it: ``L2`` or ``2``.

    Raises:
        InputError: it is none.
    """
    digits = text.upper().removeprefix("L")
    if digits not in ("0", "1", "2", "3", "4"):
        raise InputError(f"{text!r} is no level; they are L0, L1, L2, L3, L4")
    return int(digits)


def freeze(context: Context, *, project: str | None = None, verify: bool = False) -> Answer:
    """Freeze the levels as of now as a document, and ask each function to sign it."""
    found = evaluating.ground(context, verify=verify)
    home = context.workspace.project(project)
    content = _map(found, home)
    levels = ", ".join(map(" ".join, content["levels"].items()))
    note = f"the maturity of {home} as of event {found.view.at}: {levels}"
    each_function = [[role] for role in FUNCTIONS]
    recorded = ask(context, home, MAP, canonical.encode(content), roles=each_function, note=note)
    requests = {role: made.seq for role, made in zip(FUNCTIONS, recorded[-len(FUNCTIONS) :], strict=True)}
    lines = [
        *events.listing(recorded),
        *(say(f"`assay approve {seq}` signs it for {role.replace('-', ' ')}") for role, seq in requests.items()),
    ]
    document_ = {"map": content, "requests": requests, "events": [events.described(each) for each in recorded]}
    return Answer(document_, lines)


def ask(
    context: Context,
    project: str,
    transition: str,
    content: bytes,
    *,
    roles: Sequence[list[str]],
    note: str,
    name: str | None = None,
    more: Any = None,
) -> list[Recorded]:
    """Store a document, register it as the next version, and ask that it be signed; all in one transaction.

    Args:
        context: whose doing it is.
        project: at home where.
        transition: what is asked for.
        content: the document's bytes, canonical JSON.
        roles: for each signature that is asked for, who may give it.
        note: what the signers read beside it.
        name: the document's name; the transition's where ``None``.
        more: from the document's reference to a fact about it that is recorded between the two, or ``None``.
    """
    from ledger.events.approvals import ApprovalRequested
    from ledger.events.artifacts import ArtifactRegistered
    from ledger.ledger import Entry
    from ledger.projections import artifacts

    ledger, view, actor = context.ledger, context.view, context.actor
    stored = ledger.objects.put_bytes(content)
    label = name or transition
    before = artifacts.latest(view, "document", project, label)
    version = 1 if before is None else before.version + 1
    ref = f"document/{project}/{label}@{version}"
    made = ArtifactRegistered("document", label, version, stored.digest, stored.size, media_type="application/json")
    entries = [Entry(made, actor=actor, project=project)]
    if more is not None:
        entries.append(Entry(more(ref), subject=ref, actor=actor, project=project))
    for able in roles:
        asked = ApprovalRequested(transition=transition, roles=able, sha256=stored.digest, note=note)
        entries.append(Entry(asked, subject=ref, actor=actor, project=project))
    return ledger.record_many(entries)


def review(
    context: Context,
    *,
    participants: Sequence[str],
    decisions: Sequence[str] = (),
    track: str = "all",
    project: str | None = None,
    everywhere: bool = False,
) -> Answer:
    """Record that a governance review was held, who took part, and what was decided."""
    from ledger.events.reviews import ReviewHeld

    if track not in ("all", *TRACKS):
        raise InputError(f"there is no track {track!r}; they are {', '.join(TRACKS)}, or all")
    home = None if everywhere else context.workspace.project(project)
    fact = ReviewHeld(track, list(dict.fromkeys(participants)), list(decisions))
    recorded = context.ledger.record(fact, actor=context.actor, project=home)
    return Answer({"event": events.described(recorded)}, events.listing([recorded]))


def _map(found: Ground, project: str) -> dict[str, Any]:
    from app.actions.maturity import level_word
    from ledger.projections import people
    from ledger.rules.maturity.moments import text

    standing = found.evaluation.standing(project, found.moment)
    if not standing.verified:
        raise InputError(
            "a ledger that is not verified has no levels to sign; `assay verify --record` first, or --verify"
        )
    owners = {
        f"{kind}/{project}": sorted(
            {
                each.principal
                for name in _names(found, kind, project)
                for each in people.owners(found.view, name)
                if each.role == "accountable"
            }
        )
        for kind in ("dataset", "model", "code")
    }
    return {
        "project": project,
        "as_of": {"seq": found.view.at, "time": text(found.moment.t)},
        "model": found.evaluation.model.digest,
        "levels": {track: level_word(level) for track, level in standing.levels.items()},
        "owners": owners,
        "criteria": {each.criterion.id: each.state for each in standing.states},
    }


def _names(found: Ground, kind: str, project: str) -> list[str]:
    registered = found.evaluation.index.grouped("artifact.registered", "value.kind").get(kind, [])
    return sorted({each.name for each in registered if each.name.startswith(f"{kind}/{project}/")})
