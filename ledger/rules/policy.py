"""Policies: who must have approved what, as data with a digest that decisions can name."""

from __future__ import annotations

from typing import NamedTuple

from ledger.format import canonical, hashes


class Policy(NamedTuple):
    """What a transition into an environment demands.

    ``approvals`` is how many people must have approved, each in a role that the trainer does not hold and none of them
    the trainer or the requester. A shadow or canary slice of up to ``unapproved_slice`` of the accounts may start before
    that: its evidence is what the approvers are shown.
    """

    name: str
    version: int
    environment: str
    approvals: int
    unapproved_slice: float

    def digest(self) -> str:
        """The digest of the policy's canonical JSON."""
        return hashes.digest(canonical.encode(self._asdict()))

    def words(self) -> str:
        """The policy in one sentence."""
        return (
            f"{_COUNT.get(self.approvals, self.approvals)} approvals by roles other than the trainer's before "
            f"{self.environment}; neither the trainer nor the requester may sign"
        )


_COUNT = {1: "one", 2: "two", 3: "three"}

PRODUCTION = Policy(name="two-approvals", version=1, environment="prod", approvals=2, unapproved_slice=0.1)
"""The policy in force for production."""
