"""Telling people over the workspace's routes what waits for them, or what somebody did that everybody should know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions.answers import say, state
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.notices import Notice


def tell(context: Context, kind: str, notice: Notice, routes: Sequence[str] = ()) -> list[str]:
    """Deliver a notice over routes, once on each; returns a line for each route.

    Args:
        context: whose workspace declares the routes; without one nothing is told.
        kind: which of ``[notices]`` in assay.toml serves where ``routes`` names none: ``approvals``, ``exceptions``.
        notice: what to tell.
        routes: the routes that a policy names.

    What was recorded stays recorded: a route that fails is a line, and no error. The agent tries it again.
    """
    from app.notices import deliver, delivered

    workspace = context.workspace_or_none
    if workspace is None:
        return []
    lines: list[str] = []
    try:
        wanted = dict.fromkeys((*routes, *workspace.config.notices.get(kind, ())))
    except InputError as error:
        return [say(state("warn", "not told"), f"  {error}")]
    for name in wanted:
        if delivered(workspace, notice.key, name):
            continue
        try:
            done = deliver(workspace, name, notice, environ=context.environ)
        except InputError as error:
            lines.append(say(state("warn", "not told"), f"  {error}"))
            continue
        mark = state("good", "told") if done.ok else state("warn", "not told")
        lines.append(say(mark, f"  over {name}: {done.detail}"))
    return lines


def of_request(request: Any, what: str, title: str, to: Sequence[str]) -> Notice:
    """A notice about a request: ``what`` is ``asked``, ``escalated-1``, ``expired``."""
    from app.notices import Notice

    return Notice(
        key=f"approval/{request.seq}/{what}",
        kind="approval",
        subject=request.subject,
        title=title,
        text=f"{request.note or ''}\n`assay approve {request.seq}` shows what to sign, and signs it.".strip(),
        project=request.project,
        to=tuple(to),
        seq=request.seq,
        at=request.at,
        data={
            "request": request.seq,
            "transition": request.transition,
            "sha256": request.digest,
            "roles": list(request.roles),
            "due": request.due,
            "expires": request.expires,
        },
    )
