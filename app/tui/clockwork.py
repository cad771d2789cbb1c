"""The playhead: which moment is shown, and how it moves. Mixed into the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from app.tui.draw import frame, ruler
from app.tui.gateway import Moment
from app.tui.messages import Failed, Noticed, WentTo
from app.tui.queries import standing as question
from app.tui.queries.standing import Memory, Standing
from app.tui.screens.catalogue import CATALOGUE

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

    from app.tui.gateway import Gateway
    from app.tui.screens.page import Page
    from app.tui.screens.prompt import PromptScreen
    from app.tui.signing import Signing
    from ledger.projections.view import View

    Base = App[int]
else:
    Base = object

PLAY_SECONDS = 0.4
LAST = "this is live: nothing was recorded later"


class Clockwork(Base):
    """Keeps the moment and the ledger's standing at it; tells the screen in view when either moves."""

    if TYPE_CHECKING:
        gateway: Gateway
        signing: Signing
        project: str
        _pages: dict[str, Page]

    @property
    def current(self) -> Page | None:
        """The numbered screen in view."""
        raise NotImplementedError

    moment = Moment()
    standing: Standing | None = None
    verdict: tuple[int, bool] | None = None
    """What a verification in this session said: how many events, and whether intact. It outweighs what is recorded."""
    waiting: tuple[tuple[str, int], ...] = ()
    _memory: Memory | None = None
    _turn = 0
    _loaded = 0
    _days = ruler.NO_DAYS
    _player: Timer | None = None

    def status(self) -> frame.Status:
        """The first line of every screen."""
        known = self.standing
        if known is None:
            return frame.Status(origin="opening the ledger …", project=self.project)
        pending = self.signing.pending
        return frame.Status(
            origin=known.origin,
            project=self.project,
            size=known.at + 1,
            at=known.at,
            head=known.head,
            verified=self.verdict or (known.verified[:2] if known.verified else None),
            checked=self.verdict is not None,
            suspicion=self.suspicion,
            witnessed=known.witnessed,
            simulated=known.simulated,
            shown=self._said(known),
            pending=f"appends {len(pending.signed)} in {pending.left:.0f} s, u takes back" if pending else "",
        )

    @property
    def suspicion(self) -> str:
        """What is wrong with the record at sight; empty where nothing is, or a verification has told more."""
        known, verdict = self.standing, self.verdict
        if known is None or (verdict is not None and not verdict[1]):
            return ""
        if verdict is not None and known.size < verdict[0]:
            return f"shorter than verified at {verdict[0]:,}"
        return known.suspicion

    def _said(self, known: Standing) -> str:
        """What moment is shown, in words; empty where it is live."""
        if self.moment.since is not None:
            return f"changes from event {self.moment.since:,} to {known.at:,}"
        when = f"{known.at_time[:16].replace('T', ' ')}, event {known.at:,} of {known.size:,}"
        return "" if self.moment.live else when

    def tabs(self) -> tuple[tuple[str, str, int], ...]:
        """The screens, with how much waits there."""
        counts = dict(self.waiting)
        return tuple((entry.key, entry.name, counts.get(entry.key, 0)) for entry in CATALOGUE)

    def ruler(self) -> ruler.Ruler:
        """The time ruler of every screen."""
        known = self.standing
        if known is None:
            return ruler.Ruler(said="…")
        if self.moment.live:
            return ruler.Ruler(self._days)
        return ruler.Ruler(self._days, known.at_time[:10], known.at_time[:10])

    def verified(self, size: int, ok: bool) -> None:
        """A verification in this session has ended: every screen says so from now on."""
        self.verdict = (size, ok)
        for page in self._pages.values():
            if page is not self.current:
                page.reload()
        self._reframe()

    def restand(self) -> None:
        """Ask anew where the ledger stands at the playhead; then the screen in view asks for its own matter."""
        self._turn += 1
        turn, at = self._turn, self.moment.at
        if self._memory is None:
            self._memory = Memory()
        self.run_worker(
            partial(self._stand, turn, at, self._memory), thread=True, group="standing", exit_on_error=False
        )

    def _stand(self, turn: int, at: int | None, memory: Memory) -> None:
        from app.tui.screens.page import in_one_line

        try:
            if not memory.counted:
                first = self.gateway.ask(lambda view: question.load(view, memory, with_days=False), at)
                self.call_from_thread(self._stands, turn, first)
            known = self.gateway.ask(lambda view: question.load(view, memory), at)
        except Exception as error:
            self.post_message(Failed(in_one_line(error)))
            return
        self.call_from_thread(self._stands, turn, known)

    def _stands(self, turn: int, known: Standing) -> None:
        if turn != self._turn:
            return
        before, self.standing = self.standing, known
        if self._days.counts is not known.days:
            self._days = ruler.Days(known.days)
        if before is not None and replace(before, days=known.days) == known and turn == self._loaded:
            self._reframe()
            return
        self._loaded = turn
        for page in self._pages.values():
            page.reload()
        self._reframe()

    def _reframe(self) -> None:
        if self.current is not None:
            self.current.reframe()

    def go(self, at: int | None) -> None:
        """Show the ledger as of an event; None, or the last event, is live."""
        known = self.standing
        last = at is not None and known is not None and at >= known.size - 1
        self.moment = replace(self.moment, at=None if at is None or last else max(at, 0))
        if self.moment.live:
            self._stop_playing()
        self.restand()

    def seek(self, text: str) -> None:
        """Go to the moment that the words name."""
        self._find(lambda view: question.find_time(view, text))

    def _find(
        self,
        query: Callable[[View], int],
        then: Callable[[int], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Find an event on a worker, then go there, or do something else with it, or with why it was not found."""

        def run() -> None:
            from app.tui.screens.page import in_one_line

            try:
                found = self.gateway.ask(query)
            except Exception as error:
                if failed is None:
                    self.post_message(Failed(in_one_line(error)))
                else:
                    self.call_from_thread(failed, in_one_line(error))
                return
            self.call_from_thread(then or self.go, found)

        self.run_worker(run, thread=True, group="seek", exclusive=True, exit_on_error=False)

    @property
    def _shown(self) -> int:
        known = self.standing
        if self.moment.at is not None:
            return self.moment.at
        return known.size - 1 if known else 0

    def action_step(self, events: int) -> None:
        """Some events on, or back."""
        if self.moment.live and events > 0:
            self.post_message(Noticed(LAST))
            return
        self.go(self._shown + events)

    def action_day(self, days: int) -> None:
        """One day on, or back: to the last event of the nearest day with events."""
        if self.moment.live and days > 0:
            self.post_message(Noticed(LAST))
            return
        at = self._shown
        self._find(lambda view: question.next_day(view, at) if days > 0 else question.day_before(view, at))

    def action_live(self) -> None:
        """Follow the ledger again."""
        self.go(None)

    def action_since(self) -> None:
        """Mark the moment shown: what changed after it is shown from now on."""
        self._compare(self._shown, f"marked event {self._shown:,}; move on, and what changed is shown; esc ends it")

    def action_until(self) -> None:
        """Compare the marked moment with the one shown, whichever is earlier first."""
        since, at = self.moment.since, self._shown
        if since is None:
            self._compare(at, f"what changed from event {at:,} until now; esc ends it")
            self.go(None)
            return
        first, last = sorted((since, at))
        self._compare(first, f"what changed from event {first:,} to {last:,}; esc ends it")
        self.go(last)

    def _compare(self, since: int | None, said: str) -> None:
        self.moment = replace(self.moment, since=since)
        self.post_message(Noticed(said))
        for page in self._pages.values():
            page.reload()
        self._reframe()

    def end_comparing(self) -> bool:
        """Show moments whole again; False where nothing was compared."""
        if self.moment.since is None:
            return False
        self._compare(None, "moments are shown whole again")
        return True

    def action_goto(self) -> None:
        """Ask for a time, and go there."""
        from app.tui.screens.prompt import PromptScreen

        says = "2008, 2008-09, 2008-09-17, 2008-09-17 14:30, or an event's number"
        self.push_screen(PromptScreen("Go to", says, submit=self._sought))

    def _sought(self, prompt: PromptScreen, text: str) -> None:
        """Find what was typed: go there, or say at the prompt why not."""

        def found(seq: int) -> None:
            if prompt.is_attached:
                prompt.dismiss(text)
                self.go(seq)

        if text.strip():
            self._find(lambda view: question.find_time(view, text), found, prompt.wrong)
        else:
            prompt.dismiss(None)

    def action_play(self) -> None:
        """Play on, day by day, until live; stop where it plays."""
        if self._player is not None:
            self._stop_playing()
        elif self.moment.live:
            self.post_message(Noticed("playing begins in the past: { or T goes there, P plays on from it", "warn"))
        else:
            self._player = self.set_interval(PLAY_SECONDS, lambda: self.action_day(1))

    def _stop_playing(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def on_went_to(self, message: WentTo) -> None:
        """A day was pointed at."""
        self.seek(message.day)
