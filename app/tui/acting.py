"""The dashboard's way into the actions: a context that asks for passphrases on screen and says how far it is by
message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from app.actions.context import Context
from ledger.errors import KeyUnavailable

REDRAW_SECONDS = 0.125
"""Progress is said at most eight times a second."""

Ask = Callable[[str], str | None]
"""Asks for the passphrase of the named person's key, on any thread; None where the user leaves."""


class Cancelled(Exception):
    """The user left a long work."""


class DashboardContext(Context):
    """A context of the actions whose questions appear on screen. Used on one worker thread, then closed."""

    def __init__(
        self,
        ledger: Path,
        start: Path,
        *,
        actor: str | None = None,
        at: int | None = None,
        writes: bool = False,
        ask: Ask | None = None,
        tell: Callable[[str, int, int], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(
            ledger=str(ledger.absolute()),
            actor=actor,
            at=None if at is None else str(at),
            writes=writes,
            progress=self._progress,
            start=start,
        )
        self._ask = ask
        self._tell = tell
        self._cancelled = cancelled
        self._said: dict[str, float] = {}

    def _progress(self, done: int, total: int | None, text: str) -> None:
        if self._cancelled():
            raise Cancelled
        now = monotonic()
        if self._tell is not None and (now - self._said.get(text, 0.0) >= REDRAW_SECONDS or done == total):
            self._said[text] = now
            self._tell(text, done, total or 0)

    def passphrase(self, name: str, *, new: bool = False) -> bytes:
        """The passphrase from the named file where there is one, else asked for on screen."""
        if self.environ.get("ASSAY_PASSPHRASE_FILE") or self._ask is None or new:
            return super().passphrase(name, new=new)
        word = self._ask(name)
        if not word:
            raise KeyUnavailable("no passphrase was given; nothing was signed")
        return word.encode()
