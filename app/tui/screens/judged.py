"""What the screens have in common that ask how mature something is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from app.tui.screens.page import Page

if TYPE_CHECKING:
    from app.tui.judging import Question

Found = TypeVar("Found")

SURE_SECONDS = 0.4
"""So long the playhead must rest before what was answered quickly is asked exactly."""


class Judged(Page):
    """A screen that asks the judge."""

    @property
    def much(self) -> bool:
        """Whether there is so much evidence that an exact answer is slow."""
        from app.tui.judging import MUCH

        known = self.dashboard.standing
        return known is not None and known.size >= MUCH

    def judge(
        self, group: str, query: Question[Found], then: Callable[[Found], None], *, at: int | None = None
    ) -> None:
        """Ask the judge as of an event, else of the playhead; ``then`` gets the answer, unless asked again in the group."""
        ticket, at = self._tickets.get(group, 0) + 1, self.dashboard.moment.at if at is None else at
        gateway, judge = self.dashboard.gateway, self.dashboard.judge

        def ask() -> Found:
            size = gateway.ledger().size
            return judge.ask(query, at, size=size, wanted=lambda: self._tickets.get(group) == ticket)

        self.work(group, ask, then)

    def surely(self, group: str, ask: Callable[[], None]) -> None:
        """Ask exactly, unless anything was asked in the group meanwhile."""
        ticket = self._tickets.get(group)
        self.set_timer(SURE_SECONDS, lambda: ask() if self._tickets.get(group) == ticket else None)

    async def action_verify(self) -> None:
        """To the audit, verifying."""
        await self.dashboard.action_screen("9")
        await self.dashboard.page("9").run_action("verify")
