"""``assay demo``: tell the story with a progress bar and plain words, then open the dashboard on it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from app.actions.answers import Answer, Mark, say, state
from app.demo import cast, setting, story

if TYPE_CHECKING:
    from app.actions.context import Context


def demo(context: Context, *, directory: str = "assay-demo", no_tui: bool = False, quick: bool = False) -> Answer:
    """Build the demo's workspace, or go on where it was left, and say what came of it."""
    root = (context.start / directory).absolute()
    begun = time.monotonic()
    teller = _Teller(context)
    existed = setting.is_demo(root)
    if story.finished(root):
        lines: list[str] = [say(state("good", "ready"), f"  the demo in {root} was told to its end")]
        facts = {"workspace": str(root), "new": False, "seconds": 0.0}
        return Answer(facts, [*lines, *_next(directory, None)], opens=None if no_tui else root)
    if existed:
        teller.say("an unfinished demo is here; going on where it stopped")
    told = story.tell(root, teller, quick=quick)
    seconds = time.monotonic() - begun
    finding = told.tampered.findings[0]
    lines = [
        say(state("good", "intact"), f"  {told.report.size:,} events verified; root {told.report.root[:16]}…"),
        say(
            state("good", "found"),
            f"  in a copy, one byte of event {told.touched} was changed; verify says: event {finding.seq}, {finding.kind}",
        ),
        say(state("open", "open"), f"  request {told.request.seq} waits for {cast.PERSONA.name}, and that is you"),
        say(Mark("dim", f"told in {seconds:.0f} s; people and accounts are invented, the clock is simulated")),
        say(Mark("dim", "exchange rates: Source: ECB statistics")),
    ]
    document = {
        "workspace": str(root),
        "new": True,
        "seconds": round(seconds, 1),
        "size": told.report.size,
        "root": told.report.root,
        "ok": told.report.ok,
        "request": told.request.seq,
        "tampered": {"seq": told.touched, "findings": [each.document() for each in told.tampered.findings]},
    }
    return Answer(document, [*lines, *_next(directory, told.request.seq)], opens=None if no_tui else root)


class _Teller:
    """Tells the story on standard error: plain lines, and in a terminal a bar below them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._live = sys.stderr.isatty()

    def say(self, words: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        print(f"{clear}{say(words)}", file=sys.stderr, flush=True)

    def progress(self, words: str, share: float) -> None:
        self._context.progress(round(100 * share), 100, words)


def _next(directory: str, request: int | None) -> list[str]:
    """Where to go from here."""
    steps = [
        (f"cd {directory}", ""),
        ("assay", "the dashboard"),
        ("assay approvals", "what waits, and for whom"),
        (
            f"assay approve {request}" if request is not None else "assay log",
            "your signature" if request else "every event",
        ),
        ("assay lineage fx-vol@champion", "from the deployed model back to the ECB's file"),
        ("assay verify", "check all of it yourself"),
    ]
    width = max(len(command) for command, _ in steps)
    return [say(""), *(say(f"  {command:<{width}}  ", Mark("dim", words)) for command, words in steps)]
