"""The agent as it is at this moment: who leads the ledger, what the last round did. Beside the ledger, not in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Did:
    """What came of a duty in the last round: how many things it did, or what was wrong."""

    duty: str
    did: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Agent:
    """``leader`` runs now, since then; the last round began at ``ran``; both empty where there is none. Times are of the wall
    clock, ``now`` too; ``duties`` are done in this order."""

    now: str
    leader: str
    since: str
    ran: str
    by: str
    seconds: float
    work: tuple[Did, ...]
    duties: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether it ever ran here."""
        return bool(self.leader or self.ran)

    @property
    def failed(self) -> tuple[Did, ...]:
        """The duties that failed in the last round."""
        return tuple(each for each in self.work if each.trouble)


def load(ledger: Path) -> Agent:
    """The agent of the ledger in this file, out of what it keeps beside it."""
    from app.actions import agent
    from app.agent.duties import DUTIES

    leads, last = agent.leader(ledger), agent.last_round(ledger)
    return Agent(
        agent.wall_time(),
        "" if leads is None else f"{leads.actor}, process {leads.pid} on {leads.host}",
        "" if leads is None else leads.since,
        "" if last is None else last.at,
        "" if last is None else last.by,
        0.0 if last is None else last.seconds,
        () if last is None else tuple(Did(each.duty, each.did, each.trouble or "") for each in last.work),
        tuple(DUTIES),
    )
