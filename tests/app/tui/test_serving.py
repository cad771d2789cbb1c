"""The dashboard in a browser: the page, its line to a process of its own, and what it may do."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from app.tui import serving
from app.tui.app import Dashboard
from app.tui.deciding import LOOKS
from app.tui.screens.approvals.page import ApprovalsPage
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
LIMIT = 90.0
"""Seconds that a busy machine may take."""


@pytest.fixture
def served(shell: story.Shell) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``assay serve`` on a free port: its address, and its process."""
    command = [sys.executable, "-m", "app.cli", "-C", str(shell.root), "--as", "jon", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.search(r"http://[\d.:]+", said)
    assert found is not None, said + process.stderr.read()
    try:
        yield found[0], process
    finally:
        process.kill()
        process.communicate()


async def test_the_page_shows_the_dashboard_which_only_looks(served: tuple[str, subprocess.Popen[str]]) -> None:
    url, process = served
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            page = await answer.text()
        assert answer.status == 200
        line = re.search(r'data-session-websocket-url="([^"]+)"', page)
        assert line is not None
        assert line[1] == url.replace("http", "ws") + "/ws"
        assert set(re.findall(r"https?://[^\"/]+", page)) == set(), "nothing is fetched from elsewhere"
        for part in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            async with session.get(url + part) as found:
                assert found.status == 200
        async with session.ws_connect(f"{line[1]}?width=120&height=36", origin=url) as socket_:
            screen = Screen(socket_)
            await screen.until("WAITS FOR YOU, jon")
            await socket_.send_json(["stdin", "5"])
            await screen.until("waits for you")
            await socket_.send_json(["stdin", "a"])
            await screen.until("this dashboard only looks")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0
    assert "served no longer" in said


class Screen:
    """What has come down the line, without the terminal's own signs."""

    def __init__(self, socket_: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket_
        self._text = ""

    async def until(self, words: str) -> None:
        """Wait for words."""
        async with asyncio.timeout(LIMIT):
            while words not in self._text:
                message = await self._socket.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), self._text
                data = message.data.decode() if isinstance(message.data, bytes) else message.data
                self._text += re.sub(r"\x1b\[[\d;?<>=]*[A-Za-z]", "", data)


async def test_other_sites_and_other_names_are_turned_away(served: tuple[str, subprocess.Popen[str]]) -> None:
    url, _ = served
    line = url.replace("http", "ws") + "/ws"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Host": "rebound.example"}) as answer:
            assert answer.status == 403
        for origin in ("http://elsewhere.example", None):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(line, origin=origin)


def test_without_the_extra_one_line_says_how_to_have_it(shell: story.Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    said = shell("serve")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "pip install 'assay[serve]'" in said.err


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", "taken"), ("127.0.0.1", "70000"), ("no such host", "0")])
def test_a_port_that_cannot_be_had_is_one_line(shell: story.Shell, host: str, port: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = shell("serve", "--host", host, "--port", str(other.getsockname()[1]) if port == "taken" else port)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "cannot be listened on" in said.err


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False), ("::1", False), ("here", True)])
def test_beyond_this_machine_it_warns(host: str, warned: bool) -> None:
    said: list[str] = []
    context = SimpleNamespace(narrate=said.append, actor="jon")
    serving._tell(context, "http://x", host, True)  # type: ignore[arg-type]
    assert "signs as jon" in said[0]
    assert (len(said) == 2) is warned
    assert not warned or "acts as jon" in said[1]


def test_what_a_page_runs_looks_unless_told_otherwise(shell: story.Shell) -> None:
    context = SimpleNamespace(ledger_path=shell.ledger, actor="jon", start=shell.root)
    for allowed in (False, True):
        command = serving._command(context, allowed)  # type: ignore[arg-type]
        assert json.loads(command[command.index("{") : command.rindex("}") + 1])["looking"] is not allowed


async def test_who_only_looks_records_and_writes_nothing(opened: Opened, shell: story.Shell) -> None:
    before = shell.bytes()
    app = opened("jon")
    app.looking = True
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for keys in (("5", "a"), ("r",), ("n",), ("7", "a"), ("s",), ("6", "d"), ("x",)):
            await press(pilot, *keys)
            assert noticed(pilot.app) == LOOKS
        await press(pilot, "5", "c")
        assert "not yet" in shown(pilot.app), "what only reads is done"
        await press(pilot, "escape", "ctrl+p", *"assay checkpoint", "enter", "enter")
        assert "only looks" in shown(pilot.app)
        await press(pilot, "escape")
        assert isinstance(pilot.app.current, ApprovalsPage)
        with pytest.raises(Exception, match="only looks"):
            pilot.app.acting(writes=True)
    assert shell.bytes() == before
