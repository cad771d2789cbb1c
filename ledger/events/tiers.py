"""Events about materiality: how much hangs on a model or a dataset, and so how fresh its evidence must be."""

from __future__ import annotations

from typing import Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event

Tier = Literal["tier_1", "tier_2", "tier_3"]


@event_type("tier.assigned")
class TierAssigned(Fact, frozen=True, omit_defaults=True):
    """The subject's materiality: ``tier_1`` is the highest. ``exposure`` and ``purpose`` are in words.

    ``calendar`` names the business days that windows in such days count: ``weekdays`` or ``target``.
    """

    tier: Tier
    exposure: str | None = None
    purpose: str | None = None
    calendar: Literal["weekdays", "target"] | None = None

    def sentence(self, event: Event) -> str:
        exposure = f", exposed with {self.exposure}" if self.exposure else ""
        purpose = f", for {self.purpose}" if self.purpose else ""
        return f"{event.actor} put {event.subject} into {self.tier.replace('_', ' ')}{exposure}{purpose}"
