"""Acting from the dashboard: contexts for the actions, signed decisions that wait, and quitting while one does. Mixed
in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.tui.messages import Failed, Noticed
from app.tui.screens.page import in_one_line
from app.tui.signing import Pending
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
        """Take back the signed decision that waits."""
        dropped = self.signing.take_back()
        words = f"taken back: {dropped.words}; nothing was recorded" if dropped else "no signed decision waits"
        self.post_message(Noticed(words, "warn" if dropped else "info"))
        self._pending_changed()

    def action_leave_dashboard(self) -> None:
        """Quit, unless a signed decision waits: then ask."""
        pending = self.signing.pending
        if pending is None:
            self.exit(0)
            return
        from app.tui.screens.prompt import Choice, ChoiceScreen

        asked = f"You signed: {pending.words}. It is not appended yet."
        choices = (Choice("a", "append it now, then quit"), Choice("d", "drop it, then quit"), Choice("escape", "stay"))
        self.push_screen(ChoiceScreen("A signed decision waits", asked, choices), self._quit_as)

    def _quit_as(self, choice: str | None) -> None:
        if choice == "d":
            self.signing.take_back()
            self.exit(0)
        elif choice == "a" and self.signing.pending is not None:
            self._append(self.signing.pending, then=lambda: self.exit(0))
            self.signing.pending = None

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

    def _append(self, pending: Pending, then: Callable[[], None] | None = None) -> None:
        """Append a signed decision on a worker, and say what was recorded."""
        self.run_worker(partial(self._record, pending, then), thread=True, exit_on_error=False)

    def _record(self, pending: Pending, then: Callable[[], None] | None) -> None:
        from app.tui import signing

        try:
            with self.acting(writes=True) as context:
                said = signing.append(context, pending)
        except Exception as error:
            self.post_message(Failed(f"not recorded: {in_one_line(error)}"))
            return
        self.post_message(Noticed(f"recorded: {said}", "ok"))
        if then is not None:
            self.call_from_thread(then)
