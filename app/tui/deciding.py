"""Acting from the dashboard: contexts for the actions, signed decisions that wait, and quitting while one does. Mixed
in."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.tui.messages import Failed, Noticed
from app.tui.screens.page import in_one_line
from app.tui.signing import Batch, Outcome, Unrecorded
from ledger.errors import Refused

if TYPE_CHECKING:
    from textual.app import App

    from app.tui.acting import DashboardContext
    from app.tui.gateway import Gateway
    from app.tui.screens.page import Page
    from app.tui.signing import Signing

    Base = App[int]
else:
    Base = object


LOOKS = "this dashboard only looks; `assay serve --allow-actions` lets it act"
RECORDING = ("approve", "reject", "acknowledge")
"""The screens' own keys that record something; the others that do open an action's form."""


class Deciding(Base):
    """What the dashboard needs to act; the signed decision that waits belongs to it, not to a screen."""

    looking = False
    """Whether nothing can be recorded or written from here."""
    _leaving = False
    """Whether it closes as soon as what is being appended is through."""

    if TYPE_CHECKING:
        gateway: Gateway
        signing: Signing
        root: Path
        me: str | None

    @property
    def current(self) -> Page | None:
        """The numbered screen in view."""
        raise NotImplementedError

    def action_take_back(self) -> None:
        """Take back all signed decisions that wait."""
        dropped = self.signing.take_back()
        words = f"taken back: {dropped.words}; nothing was recorded" if dropped else "no signed decision waits"
        self.post_message(Noticed(words, "warn" if dropped else "info"))
        self._pending_changed()

    async def action_quit(self) -> None:
        """The toolkit's own key asks too."""
        self.action_leave_dashboard()

    def action_leave_dashboard(self) -> None:
        """Quit, unless a signed decision waits: then ask. One that is being appended is waited for; a second time not."""
        batch = self.signing.pending
        if batch is None and (self._leaving or not self.signing.appending):
            self.exit(0)
            return
        self._leaving = batch is None
        if batch is None:
            self.post_message(Noticed("a signed decision is being appended; the dashboard closes when it is"))
            return
        from app.tui.draw.statement import every
        from app.tui.screens.prompt import Choice, ChoiceScreen

        many = len(batch.signed)
        title = "A signed decision waits" if many == 1 else f"{many} signed decisions wait"
        asked = f"You signed: {batch.words}. {'It is' if many == 1 else 'They are'} not appended yet."
        them = "it" if many == 1 else every(many)
        choices = (
            Choice("a", f"append {them} now, then quit"), Choice("d", f"drop {them}, then quit"), Choice("escape", "stay"),
        )  # fmt: skip
        self.push_screen(ChoiceScreen(title, asked, choices), partial(self._quit_as, batch))

    def _quit_as(self, batch: Batch, choice: str | None) -> None:
        if choice is None:
            return
        if choice == "d" and self.signing.pending is not batch:
            self.post_message(Noticed("too late to drop: the ten seconds were over while you chose", "warn"))
            return
        if choice == "d":
            self.signing.take_back()
        else:
            self.signing.flush()
        self._leaving = self.signing.appending
        if not self._leaving:
            self.exit(0)

    def _tick(self) -> None:
        if self.signing.tick():
            self._pending_changed()

    def _pending_changed(self) -> None:
        if self.current is not None:
            self.current.reframe()

    def bars(self, action: str) -> str:
        """Why a screen's key cannot work where one only looks; empty where it can."""
        names = {f"do({each!r})": each for each in (action[4:-2],)}
        records = action in RECORDING or (action in names and not self.may(names[action]))
        return LOOKS if self.looking and records else ""

    def may(self, name: str) -> bool:
        """Whether an action of the command line can be done here: where one only looks, those that answer as of a moment."""
        from app.actions import registry

        return not self.looking or registry.get(name).at or name == "verify"

    def acting(self, **how: Any) -> DashboardContext:
        """A context for the actions, used and closed on one worker thread.

        Raises:
            Refused: it would record something, and this dashboard only looks.
        """
        from app.tui.acting import DashboardContext

        if self.looking and how.get("writes"):
            raise Refused(LOOKS)
        return DashboardContext(self.gateway.path, self.root, actor=self.me, ask=self._ask_passphrase, **how)

    def _ask_passphrase(self, name: str) -> str | None:
        """Ask for the passphrase of somebody's key; called on a worker, which waits for the answer."""
        from concurrent.futures import Future

        from app.tui.screens.prompt import PromptScreen

        answer: Future[str | None] = Future()
        asked = PromptScreen("Unlock a key", f"the passphrase of {name}'s key", password=True)
        self.call_from_thread(self.push_screen, asked, answer.set_result)
        return answer.result()

    def _append(self, batch: Batch) -> None:
        """Append signed decisions on a worker."""
        self.run_worker(partial(self._record, batch), thread=True, exit_on_error=False)

    def _record(self, batch: Batch) -> None:
        """Append each decision on its own: where one cannot be, the others go through."""
        from app.tui import signing

        recorded: list[str] = []
        failed: list[Unrecorded] = []
        try:
            with self.acting(writes=True) as context:
                for each in batch.signed:
                    try:
                        recorded.append(signing.append(context, each))
                    except Exception as error:
                        failed.append(Unrecorded(each.drafted.words, in_one_line(error)))
        except Exception as error:
            rest = batch.signed[len(recorded) + len(failed) :]
            failed += [Unrecorded(each.drafted.words, in_one_line(error)) for each in rest]
        self.call_from_thread(self._recorded, Outcome(tuple(recorded), tuple(failed)))

    def _recorded(self, outcome: Outcome) -> None:
        """Say what was recorded and what was not; quit where that was waited for, and all went well."""
        self.signing.appended(outcome)
        self.post_message(Failed(outcome.words) if outcome.unrecorded else Noticed(outcome.words, "ok"))
        self._pending_changed()
        if outcome.unrecorded:
            self._leaving = False
        elif self._leaving and not self.signing.appending:
            self.exit(0)
