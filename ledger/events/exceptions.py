"""Events about exceptions: a gate passed without what its policy demands, by whom, until when, and how it ended."""

from __future__ import annotations

from typing import Any

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("exception.recorded")
class ExceptionRecorded(Fact, frozen=True):
    """Breaking glass: the subject may make a transition without what the policy demands, until ``expires``.

    ``dsse`` is the decision (``waive``) of whoever breaks it.
    """

    exception: str
    transition: str
    reason: str
    expires: str
    dsse: dict[str, Any]

    def sentence(self, event: Event) -> str:
        until = self.expires[:16].replace("T", " ")
        let = f"{event.actor} lets {event.subject} into {self.transition} until {until}"
        return f"EXCEPTION {self.exception}: {let}: {self.reason}"


@event_type("exception.closed")
class ExceptionClosed(Fact, frozen=True, omit_defaults=True):
    """An exception is over, and this came of it."""

    exception: str
    outcome: str
    note: str | None = None

    def sentence(self, event: Event) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{event.actor} closed the exception {self.exception} of {event.subject}: {self.outcome}{note}"
