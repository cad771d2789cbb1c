"""The maturity model, read: criteria, each with its window and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ledger.rules.maturity.moments import Window

TRACKS = ("data", "model", "code")
LEVELS = ("L0", "L1", "L2", "L3", "L4")

THINGS = (
    "datasets",
    "feature_views",
    "models",
    "code_units",
    "used_datasets",
    "sources",
    "derived",
    "candidate_models",
    "prod_models",
    "served_views",
)
"""Sets whose elements are versions."""

HAPPENINGS = ("training_runs", "finished_runs", "prod_deployments", "promotions", "pipeline_runs", "real_alerts")
"""Sets whose elements are events."""


class Match(NamedTuple):
    """Events of these types for which all conditions hold."""

    types: tuple[str, ...]
    where: Mapping[str, Any]


class Exists(NamedTuple):
    """At least ``least`` events match and count."""

    match: Match
    least: int


class Every(NamedTuple):
    """A share of a set's elements has evidence; all of them where ``share`` is 1 and ``ratio`` is false."""

    of: str
    has: tuple[Match, ...]
    share: float = 1.0
    grace: Window | None = None


class Nothing(NamedTuple):
    """Events match, and none of them violates."""

    match: Match
    violating: Mapping[str, Any]


class Pair(NamedTuple):
    """Events of one kind are answered by events of another, in time. ``within`` is ``None`` for the SLA's time."""

    first: Match
    then: Match
    within: Window | None
    least: int
    share: float


class Distinct(NamedTuple):
    """Matching events show at least ``least`` values of a field, within some group."""

    match: Match
    field: str
    least: int
    by: str


class AllOf(NamedTuple):
    """Every part."""

    parts: tuple[Any, ...]


Proof = Exists | Every | Nothing | Pair | Distinct | AllOf


class Criterion(NamedTuple):
    """One criterion. ``do`` is the cheapest next action; ``{subject}`` in it is the first element without evidence."""

    id: str
    track: str
    level: int
    need: str
    window: Window
    automated: bool
    proof: Proof
    do: str
    src: tuple[str, ...]


class Model(NamedTuple):
    """All criteria in order; ``digest`` names the model, ``document`` is its whole content."""

    criteria: tuple[Criterion, ...]
    tiers: dict[str, Window]
    verified: Window
    capabilities: dict[str, tuple[str, ...]]
    digest: str
    document: dict[str, Any]
    source: str

    def criterion(self, id_: str) -> Criterion | None:
        """The criterion of this id, in any case, or ``None``."""
        return next((each for each in self.criteria if each.id.lower() == id_.lower()), None)
