"""Events about acceptance criteria: what a result must reach, said before it is known."""

from __future__ import annotations

import msgspec

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


class Criterion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bound on a run's metric: at least, at most, or both."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def words(self) -> str:
        """The bound in words: ``mae at most 2.5``."""
        low = "" if self.at_least is None else f" at least {self.at_least:g}"
        high = "" if self.at_most is None else f" at most {self.at_most:g}"
        return f"{self.metric}{low}{' and' if low and high else ''}{high}"


@event_type("criteria.set")
class CriteriaSet(Fact, frozen=True, omit_defaults=True):
    """What every version of the subject (``model/fx-hedging/fx-vol``) must reach, for runs that start after this event."""

    criteria: list[Criterion]
    note: str | None = None

    def sentence(self, event: Event) -> str:
        wanted = ", ".join(each.words() for each in self.criteria)
        return f"{event.actor} set the acceptance criteria of {event.subject}: {wanted or 'none'}"
