"""The dashboard. :func:`run` is its only door; nothing heavy is imported before it is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ledger.errors import InputError


def require_terminal(stdin: IO[Any], stdout: IO[Any], environ: Mapping[str, str] = os.environ) -> None:
    """Refuse, in one line, to start where no screen can be drawn.

    Raises:
        InputError: the input or the output is no terminal, or the terminal is a dumb one.
    """
    if not (stdin.isatty() and stdout.isatty()):
        raise InputError("the dashboard needs a terminal; `assay overview` says the same in plain text")
    if environ.get("TERM", "") in ("dumb", "unknown"):
        raise InputError(
            f"the dashboard cannot draw on a terminal of the kind {environ['TERM']!r}; "
            "set TERM, or use `assay overview --plain`"
        )


def run(
    *,
    ledger: str | None = None,
    actor: str | None = None,
    at: str | None = None,
    start: Path | None = None,
    looking: bool = False,
    browser: bool = False,
) -> int:
    """Open the dashboard on a workspace's ledger, and stay until the user leaves. Returns the exit code.

    Args:
        ledger: another ledger's file than the workspace's.
        actor: who acts; found as on the command line where ``None``.
        at: as of which moment to begin; live where ``None``.
        start: where to look for the workspace from; the current folder where ``None``.
        looking: nothing can be recorded or written from it.
        browser: it is shown in a browser, so no terminal is needed.

    Raises:
        AssayError: there is no terminal, no workspace, or the ledger's file cannot serve.
    """
    if not browser:
        require_terminal(sys.stdin, sys.stdout)
    from app.actions.context import Context
    from app.tui.draw import glyphs
    from ledger.store import sqlite

    with Context(ledger=ledger, actor=actor, start=start) as context:
        path = context.ledger_path
        sqlite.read_only(path).close()
        me, why_nobody = None, ""
        try:
            me = context.actor
        except InputError as error:
            why_nobody = str(error)
        workspace = context.workspace_or_none
        project = (workspace.config.project or "") if workspace is not None else ""
        root = workspace.root if workspace is not None else context.start

    from app.tui.app import Dashboard

    dashboard = Dashboard(
        path.absolute(),
        root=root.absolute(),
        me=me,
        why_nobody=why_nobody,
        project=project,
        at=at,
        glyphs=glyphs.UNICODE if browser else glyphs.chosen(sys.stdout.encoding, os.environ),
    )
    dashboard.keeps = True
    dashboard.looking = looking
    return dashboard.run() or 0
