"""``assay demo``: tell the story with a progress bar and plain words, then open the dashboard on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, counted, say, state, table
from app.demo import cast, story
from app.workspace import FOLDER, LEDGER
from ledger.errors import AssayError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.demo.story import Told


class Interrupted(AssayError):
    """Ctrl-C: what was recorded stands, and the next telling goes on from there."""

    exit_code = 130


def demo(context: Context, *, directory: str = "assay-demo", no_tui: bool = False, quick: bool = False) -> Answer:
    """Build the demo's workspace, or go on where it was left, and say what came of it."""
    root = (context.start / directory).absolute()
    opens = None if no_tui else root
    if story.finished(root):
        lines: list[str] = [say(state("good", "ready"), f"  the demo in {directory} was told to its end")]
        document = {"workspace": str(root), "new": False, "seconds": 0.0, **_standing(root)}
        return Answer(document, [*lines, *_next(directory, document["request"])], opens=opens)
    begun = time.monotonic()
    try:
        told = story.tell(root, _Teller(context), quick=quick)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; `assay demo {directory}` goes on where it stopped") from None
    seconds = time.monotonic() - begun
    document = {
        "workspace": str(root),
        "new": True,
        "seconds": round(seconds, 1),
        **_standing(root),
        "root": told.report.root,
        "ok": told.report.ok,
        "tampered": {"seq": told.touched, "findings": [each.document() for each in told.tampered.findings]},
    }
    lines = [
        *_proof(told),
        say(Mark("dim", f"told in {seconds:.0f} s; people and accounts are invented, the clock is simulated")),
        say(Mark("dim", "exchange rates: Source: ECB statistics")),
    ]
    return Answer(document, [*lines, *_next(directory, document["request"])], 0 if told.report.ok else 1, opens=opens)


class _Teller:
    """Tells the story to whoever called."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def say(self, words: str) -> None:
        self._context.narrate(words)

    def progress(self, words: str, share: float) -> None:
        self._context.progress(round(1000 * share), 1000, words)


def _proof(told: Told) -> list[str]:
    """What verification says of the ledger, and of the copy in which a byte was changed."""
    report, found = told.report, told.tampered.findings
    if report.ok:
        own = say(state("good", "intact"), f"  {report.size:,} events verified; root {report.root[:16]}…")
    else:
        own = say(state("bad", "damaged"), f"  {counted(len(report.findings), 'finding')}; see `assay verify`")
    copy = f"  in a copy, one byte of event {told.touched} was changed; verify "
    if not found:
        return [own, say(state("bad", "missed"), f"{copy}did not notice")]
    return [own, say(state("good", "found"), f"{copy}says: event {found[0].seq}, {found[0].kind}")]


def _standing(root: Path) -> dict[str, Any]:
    """How many events there are, and the request that is open, where one is."""
    import ledger.ledger as ledgers
    from app.actions.approvals import standing
    from ledger.projections import approvals

    with ledgers.open(root / FOLDER / LEDGER, read_only=True) as ledger:
        view = ledger.view()
        waiting = [each.seq for each in approvals.requests(view) if standing(view, each) == "open"]
        return {"size": ledger.size, "request": waiting[-1] if waiting else None}


def _next(directory: str, request: int | None) -> list[str]:
    """Where to go from here."""
    steps = [
        (f"cd {directory}", ""),
        ("assay", "the dashboard"),
        ("assay approvals", "what waits, and for whom"),
        *([] if request is None else [(f"assay approve {request}", f"your signature: you are {cast.PERSONA.name}")]),
        ("assay lineage fx-vol@champion", "from the deployed model back to the ECB's file"),
        ("assay verify", "check all of it yourself"),
    ]
    return ["", *table([(command, Mark("dim", words)) for command, words in steps], indent="  ")]
