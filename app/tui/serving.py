"""``assay serve``: the same dashboard in a browser, each page a process of its own. The server is textual-serve's."""

from __future__ import annotations

import json
import shlex
import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, say, state
from ledger.errors import InputError

if TYPE_CHECKING:
    from aiohttp import web

    from app.actions.context import Context

HERE = ("127.0.0.1", "localhost", "::1")
"""The names by which only this machine reaches the server."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Assay</title>
<link rel="stylesheet" href="/static/css/xterm.css">
<script src="/static/js/textual.js"></script>
<style>
@font-face { font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); }
body { background: #0c0f16; color: #d8dee9; margin: 0; font-family: monospace; }
.closed { display: none; }
body.-closed .closed { display: block; padding: 2em; }
body.-closed .textual-terminal { display: none; }
</style>
</head>
<body>
<button id="start" hidden></button>
<p class="closed">This page has ended. <a href="/" style="color: #63c7ff">Open another.</a></p>
<div id="terminal" class="textual-terminal" data-session-websocket-url="%s" data-font-size="16"></div>
</body>
</html>
"""
"""The page: nothing of it comes from elsewhere."""


def serve(context: Context, *, host: str = "127.0.0.1", port: int = 8000, allow_actions: bool = False) -> Answer:
    """Serve the dashboard until Ctrl-C.

    Raises:
        InputError: the extra is not installed, or the port cannot be had.
        LedgerError: the ledger's file cannot serve.
    """
    try:
        import textual_serve  # noqa: F401  (asked for before anything is bound)
        from aiohttp import web
    except ImportError:
        raise InputError(
            "`assay serve` needs textual-serve, which is not installed; `pip install 'assay[serve]'` does"
        ) from None
    from ledger.store import sqlite

    sqlite.read_only(context.ledger_path).close()
    listening = _bound(host, port)
    port = listening.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    _tell(context, url, host, allow_actions)
    server = _server(_command(context, allow_actions), host, port)
    try:
        web.run_app(server._make_app(), sock=listening, print=None, access_log=None)
    finally:
        listening.close()
    return Answer({"url": url, "actions": allow_actions}, [say(state("good", "ended"), f"  {url} is served no longer")])


def _tell(context: Context, url: str, host: str, allow_actions: bool) -> None:
    who = _actor(context) or "nobody"
    does = f"and signs as {who}, with the keys of this machine's user" if allow_actions else "and only looks"
    context.narrate(f"the dashboard is at {url}; whoever opens it sees this ledger, {does}; Ctrl-C ends it")
    if host not in HERE and not _loopback(host):
        risk = "sees this ledger" + (f" and acts as {who}" if allow_actions else "")
        context.narrate(
            f"warning: {host} is reached from other machines; whoever reaches the port {risk}, without a password"
        )


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _actor(context: Context) -> str | None:
    try:
        return context.actor
    except InputError:
        return None


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port < 1 << 16:
        raise InputError(f"port {port} cannot be listened on: ports are 0 to 65,535, and 0 is any that is free")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(place)
            listening.listen()
        except OSError:
            listening.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"{host} port {port} cannot be listened on: {why}; --port names another, 0 a free one"
        ) from None
    return listening


def _command(context: Context, allow_actions: bool) -> str:
    """What a page runs: the dashboard on this ledger, by this interpreter."""
    told = {
        "ledger": str(context.ledger_path.absolute()),
        "actor": _actor(context),
        "start": str(Path(context.start).absolute()),
        "looking": not allow_actions,
    }
    return "exec " + shlex.join([sys.executable, "-m", "app.tui.browser", json.dumps(told)])


def _server(command: str, host: str, port: int) -> Any:
    """textual-serve's server, with a page that fetches nothing from elsewhere, and deaf to other sites' pages."""
    from aiohttp import web
    from textual_serve.server import Server

    class Served(Server):
        async def on_startup(self, app: web.Application) -> None:
            """What is to say was said."""

        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            """The page."""
            _require_own(request, host)
            page = PAGE % f"ws://{request.host}/ws"
            return web.Response(text=page, content_type="text/html", headers={"Referrer-Policy": "no-referrer"})

        async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
            """The page's line to its dashboard."""
            _require_own(request, host)
            if request.headers.get("Origin") != f"http://{request.host}":
                raise web.HTTPForbidden(text="another site's page asked for this dashboard")
            return await super().handle_websocket(request)

    return Served(command, host, port, title="Assay")


def _require_own(request: web.Request, host: str) -> None:
    """A server that only this machine reaches is asked for by a name of this machine: else a site that points its own
    name here could read what the page shows."""
    from aiohttp import web

    asked = request.url.host or ""
    if (host in HERE or _loopback(host)) and asked not in HERE and not _loopback(asked):
        raise web.HTTPForbidden(text=f"{asked} is no name of this server")
