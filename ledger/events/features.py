"""Events about features: views materialised into a store, and read from one through its gate."""

from __future__ import annotations

from typing import Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("feature.materialized")
class FeatureMaterialized(Fact, frozen=True, omit_defaults=True):
    """A version of a feature view (``feature_view/project/name``) was written to a store.

    ``rows`` were written of what was known at ``as_of``; ``dataset`` holds them offline, ``sha256`` is the digest of its bytes;
    ``schema`` that of names and types; ``span`` the first and last event time; ``window`` the part of the features that was
    computed (``from``, ``to``, ``until``; empty is all); ``kept`` entities whose features were newer.
    """

    feature_view: str
    version: int
    store: Literal["offline", "online"]
    rows: int
    as_of: str
    dataset: str | None = None
    sha256: str | None = None
    schema: str | None = None
    run: str | None = None
    span: list[str] | None = None
    window: dict[str, str] = {}
    kept: int | None = None

    def about(self, project: str | None) -> str | None:
        return f"{self.feature_view}@{self.version}"

    def sentence(self, event: Event) -> str:
        return (
            f"{event.actor} wrote {self.rows:,} row{'' if self.rows == 1 else 's'} of {self.feature_view}@{self.version} "
            f"to the {self.store} store, as of {self.as_of}"
        )


@event_type("feature.retrieved")
class FeatureRetrieved(Fact, frozen=True, omit_defaults=True):
    """A consumer read features ``count`` times between ``first`` and ``last``; the gate let all of them through, or none.

    ``reasons`` counts refusals by reason: ``version``, ``schema``, ``entity``, ``stale``. ``batch`` names the reads that were
    counted together, so that none is recorded twice.
    """

    feature_view: str
    version: int
    consumer: str
    gate_passed: bool
    count: int = 1
    reasons: dict[str, int] = {}
    first: str | None = None
    last: str | None = None
    batch: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"{self.feature_view}@{self.version}"

    def sentence(self, event: Event) -> str:
        who = self.consumer or "somebody"
        times = "once" if self.count == 1 else f"{self.count:,} times"
        what = f"{self.feature_view}@{self.version}"
        if self.gate_passed:
            return f"{who} read {what} {times}"
        why = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.reasons.items()))
        return f"{who} was refused {what} {times}" + (f": {why}" if why else "")
