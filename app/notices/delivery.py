"""Delivering a notice: attempts with a growing pause between them, and a log of what became of each.

The log lies beside the ledger and is no part of the record: what was told to whom by which machine is that machine's affair.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from app.notices.notice import Notice
from app.notices.sending import send
from app.workspace import FOLDER, Route, Workspace, nearest
from ledger.errors import InputError
from ledger.format import times

LOG = "notices.jsonl"
"""The log's name, in the workspace's ``.assay``."""

ATTEMPTS = 3
_PAUSE = 0.5


class Delivery(NamedTuple):
    """What became of a notice on a route: ``attempts`` is how often it was tried, ``detail`` what the last one said."""

    key: str
    route: str
    ok: bool
    attempts: int
    detail: str
    at: str

    def document(self) -> dict[str, Any]:
        """The delivery as JSON."""
        return self._asdict()


def deliver(
    workspace: Workspace,
    route: str | Route,
    notice: Notice,
    *,
    attempts: int = ATTEMPTS,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Send a notice over a route, again where that may help, and log what became of it.

    Args:
        workspace: declares the routes; its folder holds the log.
        route: the route, or its name.
        notice: what to tell.
        attempts: how often to try at most; the pause between two doubles from half a second.
        environ: where secrets may stand.
        sleep: waits so many seconds.

    Raises:
        InputError: there is no such route, or what it declares cannot work.
    """
    where = named(workspace, route) if isinstance(route, str) else route
    body = json.dumps(notice.document(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "replace"
    )
    tried, outcome = 0, None
    while tried < max(1, attempts):
        if tried:
            sleep(_PAUSE * 2 ** (tried - 1))
        tried += 1
        outcome = send(workspace, where, body, notice.key, int(time.time()), environ)
        if outcome.ok or not outcome.again:
            break
    assert outcome is not None
    done = Delivery(notice.key, where.name, outcome.ok, tried, outcome.detail, times.format_time(datetime.now(UTC)))
    _log(workspace, done)
    return done


def named(workspace: Workspace, name: str) -> Route:
    """The route that ``assay.toml`` declares under this name.

    Raises:
        InputError: it declares none; the message lists those it does.
    """
    routes = workspace.config.routes
    if name not in routes:
        known = f"; it declares {', '.join(routes)}" if routes else "; it declares none: add [routes.NAME]"
        raise InputError(f"{workspace.file} declares no route {name!r}{nearest(name, list(routes)) or known}")
    return routes[name]


def delivered(workspace: Workspace, key: str, route: str | None = None) -> bool:
    """Whether a notice has been delivered, over this route or any."""
    return any(each.ok and each.key == key and route in (None, each.route) for each in history(workspace))


def history(workspace: Workspace) -> Iterator[Delivery]:
    """What the log tells, oldest first; a line that cannot be read is passed over."""
    try:
        text = _path(workspace).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            yield Delivery(**json.loads(line))
        except (ValueError, TypeError):
            continue


def _log(workspace: Workspace, done: Delivery) -> None:
    line = json.dumps(done.document(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    handle = os.open(_path(workspace), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(handle, line + b"\n")
    finally:
        os.close(handle)


def _path(workspace: Workspace) -> Path:
    return workspace.root / FOLDER / LOG
