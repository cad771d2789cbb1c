"""The house: what stands before anything is trained, said once: policy, charter, owners, tiers, criteria, risks, targets."""

from __future__ import annotations

from typing import NamedTuple

from app.actions import approvals as approval_actions
from app.actions import criteria, policies, risks, standing, targets
from app.demo import beats, cast
from app.demo.stage import PROJECT, Stage
from ledger.events.people import OwnerAssigned
from ledger.events.tiers import TierAssigned
from ledger.ledger import Entry
from ledger.projections import approvals, people

DATASETS = tuple(
    f"dataset/{PROJECT}/{name}" for name in ("ecb-rates", "fx-panel", "monitoring-reference", "synthetic-mandates")
)
CODE = f"code/{PROJECT}/src"
_OWNERS = (
    *((each, "accountable", cast.DATA_OWNER) for each in DATASETS),
    (beats.MODEL, "accountable", cast.MODEL_OWNER),
    (beats.MODEL, "responsible", cast.ENGINEER),
    (beats.MODEL, "consulted", cast.RISK),
    (beats.MODEL, "informed", cast.SPONSOR),
    (CODE, "accountable", cast.ENGINEER),
)
BOUND = "model_qlike <= 1"
"""What every version has to reach in the runs that judge it."""


class _Risk(NamedTuple):
    name: str
    title: str
    area: str
    likelihood: int
    impact: int
    capability: str
    owner: cast.Member
    depends: tuple[str, ...] = ()


RISKS = (
    _Risk(
        *("unit-change", "a currency changes its unit and nobody notices", "data-quality", 3, 4, "data.tests"),
        cast.DATA_OWNER,
    ),
    _Risk(
        *("silent-decay", "forecasts lean to one side while markets change", "monitoring", 4, 4, "model.monitoring"),
        cast.MODEL_OWNER,
    ),
    _Risk(
        *("wrong-release", "a faulty build reaches clients' money", "deployment", 3, 5, "model.deployment"),
        cast.MODEL_OWNER,
        ("silent-decay",),
    ),
    _Risk(
        *("lost-training", "a version cannot be made again", "reproducibility", 2, 3, "model.reproducibility"),
        cast.ENGINEER,
    ),
)
TARGETS = (("data", "L2", cast.DATA_OWNER), ("model", "L2", cast.MODEL_OWNER), ("code", "L1", cast.ENGINEER))


def founded(stage: Stage) -> None:
    """Say what stands before anything is trained, as far as it was not said yet."""
    if not said(stage, "policy.adopted"):
        policies.adopt(stage.as_(cast.ADMINISTRATOR), reason="the house's rules for models", yes=True)
        stage.say("policy adopted: two signatures, a model card, and a baseline that is beaten")
    if not said(stage, "charter.signed"):
        standing.charter(stage.as_(cast.SPONSOR), file="docs/charter.md", title="Charter of the hedging desk")
    owned = [each for each in _OWNERS if each[1] not in {own.role for own in people.owners(stage.view, each[0])}]
    if owned:
        stage.record_many(
            [
                Entry(
                    OwnerAssigned(role=role, principal=who.name, team=who.team),  # type: ignore[arg-type]
                    subject,
                    cast.ADMINISTRATOR.name,
                    PROJECT,
                )
                for subject, role, who in owned
            ]
        )
    if not said(stage, "tier.assigned"):
        assign_tiers(stage)
    if not said(stage, "criteria.set"):
        note = "set before anything is trained"
        criteria.set_criteria(stage.as_(cast.MODEL_OWNER), ref=beats.MODEL, bounds=[BOUND], note=note)
    record_risks(stage, since="")
    set_targets(stage, since="")
    stage.say("owners, risks and targets recorded before anything is trained; leadership has signed the targets")


def assign_tiers(stage: Stage) -> None:
    """How material model and data are, by their owners; and by which calendar the project's business days are counted."""
    owner = cast.MODEL_OWNER.name
    model = TierAssigned("tier_2", "the hedges of 500 (synthetic) mandates", "volatility for hedge ratios", "target")
    project = TierAssigned("tier_2", calendar="target")
    data = TierAssigned("tier_3", "public rates, and accounts that are nobody's", "what the model learns from")
    entries = [Entry(model, beats.MODEL, owner, PROJECT), Entry(project, f"project/{PROJECT}", owner, PROJECT)]
    entries += [Entry(data, each, cast.DATA_OWNER.name, PROJECT) for each in DATASETS]
    stage.record_many(entries)


def record_risks(stage: Stage, *, since: str) -> None:
    """The register's risks as they are seen from now on, where they were not recorded since a day."""
    for each in RISKS:
        if not said(stage, "risk.recorded", since=since, subject=f"risk/{PROJECT}/{each.name}"):
            risks.add(
                stage.as_(each.owner),
                risk=each.name,
                title=each.title,
                area=each.area,
                likelihood=each.likelihood,
                impact=each.impact,
                capability=each.capability,
                owner=each.owner.name,
                depends=each.depends,
            )


def set_targets(stage: Stage, *, since: str) -> None:
    """A target for each track by the end of next year, signed by leadership, where none was set since a day."""
    due = stage.today.replace(year=stage.today.year + 1, month=12, day=31).isoformat()
    for track, level, owner in TARGETS:
        if not said(stage, "target.set", since=since, value=("track", track)):
            targets.set_target(stage.as_(cast.MODEL_OWNER), track=track, level=level, due=due, owner=owner.name)
        asked = [each for each in approvals.requests(stage.view) if each.transition == targets.TRANSITION]
        if asked and approval_actions.standing(stage.view, asked[-1]) == "open":
            stage.ledger.checkpoint()
            targets.sign(stage.as_(cast.SPONSOR), track=track, reason="within what the desk can carry", yes=True)


def said(
    stage: Stage, kind: str, *, since: str = "", subject: str | None = None, value: tuple[str, str] | None = None
) -> bool:
    """Whether an event of a type was recorded since a day, perhaps about something, or with a field that says so."""
    member, wanted = value or ("", "")
    rows = stage.view.rows(
        "SELECT subject, json_extract(body, :path) FROM events WHERE type = :type AND at >= :since AND seq <= :at",
        {"type": kind, "since": since, "path": f"$.value.{member}" if member else "$.type"},
    )
    return any(subject in (None, about) and (value is None or found == wanted) for about, found in rows)
