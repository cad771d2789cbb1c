"""A signed decision on its way into the ledger: it waits ten seconds, and can be taken back until then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.deciding import Draft
    from ledger.format.dsse import Envelope

HELD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Drafted:
    """What will be signed: its exact bytes and their hash, beside the draft that holds them."""

    draft: Draft
    statement: str
    fingerprint: str
    signer: str
    demo_key: bool


@dataclass(slots=True)
class Pending:
    """A signed decision that is not appended yet; ``due`` on the monotonic clock."""

    drafted: Drafted
    envelope: Envelope
    due: float

    @property
    def left(self) -> float:
        """Seconds until it is appended."""
        return max(self.due - monotonic(), 0.0)

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        verdict = self.drafted.draft.decision.verdict
        return f"{verdict} {self.drafted.draft.request.subject}"


class Signing:
    """Holds at most one signed decision, and appends it when its time is up. Lives on the thread that draws."""

    def __init__(self, append: Callable[[Pending], None]) -> None:
        """Args: what appends a decision, on a worker."""
        self._append = append
        self.pending: Pending | None = None

    def hold(self, drafted: Drafted, envelope: Envelope) -> None:
        """Let a signed decision wait; one that waits already is appended first."""
        self.flush()
        self.pending = Pending(drafted, envelope, monotonic() + HELD_SECONDS)

    def take_back(self) -> Pending | None:
        """Drop the waiting decision; nothing of it was recorded. Returns it."""
        dropped, self.pending = self.pending, None
        return dropped

    def tick(self) -> bool:
        """Append what is due. Returns whether something waits or was appended."""
        if self.pending is None:
            return False
        if self.pending.left <= 0:
            self.flush()
        return True

    def flush(self) -> None:
        """Append the waiting decision now."""
        due, self.pending = self.pending, None
        if due is not None:
            self._append(due)


def draft(context: Context, request: int, verdict: str, role: str | None, reason: str) -> Drafted:
    """What the actor would sign on a request now. Nothing is signed.

    Raises:
        AssayError: there is no such request, or the rules bar the actor.
    """
    from app.actions import deciding

    made = deciding.draft(context.ledger.view(), request, context.actor, verdict, role, reason)
    return Drafted(made, made.statement.decode(), made.fingerprint, made.decision.signer, context.keystore.demo)


def sign(context: Context, drafted: Drafted) -> Envelope:
    """Sign exactly what was shown, with the actor's key; asks for its passphrase where it has one."""
    from app.actions import deciding

    return deciding.signed(drafted.draft, context.unlock(drafted.signer))


def append(context: Context, pending: Pending) -> str:
    """Record a signed decision; the ledger's rules check it once more. Returns what was recorded, in words."""
    from app.actions import deciding
    from ledger.events import sentence

    return sentence(deciding.record(context.ledger, pending.drafted.draft, pending.envelope).event)
