"""Signed decisions on their way into the ledger: they wait ten seconds together, and can be taken back until then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
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

    @property
    def request(self) -> int:
        """The request that it decides on."""
        return self.draft.request.seq

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        asked = self.draft.request
        return f"{self.draft.decision.verdict} {asked.subject} for {asked.transition} (request {asked.seq:,})"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed decision."""

    drafted: Drafted
    envelope: Envelope


@dataclass(slots=True)
class Batch:
    """Decisions that were signed together and are not appended yet; ``due`` on the monotonic clock."""

    signed: tuple[Signed, ...]
    due: float

    @property
    def left(self) -> float:
        """Seconds until they are appended."""
        return max(self.due - monotonic(), 0.0)

    @property
    def words(self) -> str:
        """What they do, in a few words."""
        each = [signed.drafted.words for signed in self.signed]
        return each[0] if len(each) == 1 else f"{len(each)} decisions: {'; '.join(each)}"


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A signed decision that was not appended, and why."""

    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: what was recorded, in words, and what was not."""

    recorded: tuple[str, ...]
    unrecorded: tuple[Unrecorded, ...]

    @property
    def words(self) -> str:
        """All of it in one line; what was not recorded first, by name."""
        done = self.recorded[0] if len(self.recorded) == 1 else f"{len(self.recorded)} decisions"
        if not self.unrecorded:
            several = f": {'; '.join(self.recorded)}" if len(self.recorded) > 1 else ""
            return f"recorded: {done}{several}"
        failed = "; ".join(f"{each.words}: {each.why}" for each in self.unrecorded)
        return f"not recorded: {failed}" + (f"; recorded: {done}" if self.recorded else "")


class Signing:
    """Holds the batch that waits, and appends what is due, one batch after another. Lives on the thread that draws.

    All of a batch is taken back together, or appended together, each decision by an event of its own. A batch that is
    signed while another waits sends the other on its way first.
    """

    def __init__(self, append: Callable[[Batch], None]) -> None:
        """Args: what appends a batch, on a worker; it calls :meth:`appended` when that is over."""
        self._append = append
        self._queue: deque[Batch] = deque()
        self._under_way: Batch | None = None
        self.pending: Batch | None = None
        self.unrecorded: tuple[Unrecorded, ...] = ()
        """What was not appended, until somebody has read it."""

    @property
    def appending(self) -> bool:
        """Whether anything is being appended."""
        return self._under_way is not None

    def signs(self, request: int) -> bool:
        """Whether a decision on the request waits, or is being appended."""
        batches = (self.pending, self._under_way, *self._queue)
        return any(each.drafted.request == request for batch in batches if batch is not None for each in batch.signed)

    def hold(self, signed: Sequence[Signed]) -> None:
        """Let signed decisions wait; those that wait already are appended first."""
        self.flush()
        self.pending = Batch(tuple(signed), monotonic() + HELD_SECONDS)

    def take_back(self) -> Batch | None:
        """Drop all decisions that wait; nothing of them was recorded. Returns them."""
        dropped, self.pending = self.pending, None
        return dropped

    def tick(self) -> bool:
        """Append what is due. Returns whether something waits or was due."""
        if self.pending is None:
            return False
        if self.pending.left <= 0:
            self.flush()
        return True

    def flush(self) -> None:
        """Append the decisions that wait now, after those that are on their way."""
        if self.pending is not None:
            self._queue.append(self.pending)
            self.pending = None
        self._next()

    def appended(self, outcome: Outcome) -> None:
        """A batch is through: the next one goes."""
        self._under_way = None
        self.unrecorded = (*self.unrecorded, *outcome.unrecorded)
        self._next()

    def _next(self) -> None:
        if self._under_way is None and self._queue:
            self._under_way = self._queue.popleft()
            self._append(self._under_way)


def draft(context: Context, request: int, verdict: str, role: str | None, reason: str) -> Drafted:
    """What the actor would sign on a request now. Nothing is signed.

    Raises:
        AssayError: there is no such request, or the rules bar the actor.
    """
    from app.actions import deciding

    made = deciding.draft(context.ledger.view(), request, context.actor, verdict, role, reason)
    return Drafted(made, made.statement.decode(), made.fingerprint, made.decision.signer, context.keystore.demo)


def sign(context: Context, drafts: Sequence[Drafted]) -> tuple[Signed, ...]:
    """Sign exactly what was shown, each statement by itself, with the actor's key; its passphrase is asked for once."""
    from app.actions import deciding

    secret = context.unlock(drafts[0].signer)
    return tuple(Signed(each, deciding.signed(each.draft, secret)) for each in drafts)


def append(context: Context, signed: Signed) -> str:
    """Record a signed decision; the ledger's rules check it once more. Returns what was recorded, in words."""
    from app.actions import deciding
    from ledger.events import sentence

    return sentence(deciding.record(context.ledger, signed.drafted.draft, signed.envelope).event)
