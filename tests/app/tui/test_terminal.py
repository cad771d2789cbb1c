"""The dashboard in a real pseudo-terminal: start-up, resize, no colour, a dumb terminal, the approval flow."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

import ledger
from ledger.projections import approvals
from tests.app import story
from tests.app.tui import asking

ASSAY = str(Path(sys.executable).with_name("assay"))
UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[?>=<][0-9;]*(?:\$p|[uqc])")


class Terminal:
    """A program in a pseudo-terminal, and the screen that it draws."""

    def __init__(self, words: list[str], folder: Path, *, columns: int = 120, rows: int = 40, **environ: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        self.child = pexpect.spawn(
            words[0],
            words[1:],
            cwd=str(folder),
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **environ},
            dimensions=(rows, columns),
            timeout=60,
        )
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    def read(self, seconds: float = 0.15) -> None:
        """Take what comes, until it pauses."""
        while True:
            try:
                chunk = self.child.read_nonblocking(65_536, timeout=seconds)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.raw += chunk
            self._stream.feed(UNKNOWN_TO_PYTE.sub(b"", chunk))

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def until(self, words: str, seconds: float = 60.0) -> str:
        """Wait until the words are on the screen."""
        end = time.monotonic() + seconds
        while words not in self.text:
            self.read()
            assert time.monotonic() < end, f"{words!r} did not come; on the screen was:\n{self.text}"
        return self.text

    def press(self, keys: str) -> None:
        """Type."""
        self.child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another size."""
        self.child.setwinsize(rows, columns)
        self.screen.resize(rows, columns)

    def ended(self) -> int | None:
        """Wait for the end; the exit code."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def terminal(shell: story.Shell) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str, **how: object) -> Terminal:
        opened.append(Terminal([ASSAY, *words], shell.root, **how))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for each in opened:
        each.child.close(force=True)


def test_it_starts_shows_and_quits(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("--as", "jon")
    text = shown.until("4 of 8 features have drifted")
    assert story.ORIGIN in text.split("\n")[0]
    assert "? help" in text.split("\n")[-1]
    shown.press("q")
    assert shown.ended() == 0


def test_the_approval_flow_from_start_to_the_ledger(terminal: Callable[..., Terminal], shell: story.Shell) -> None:
    shown = terminal("--as", "jon", columns=140, rows=50)
    shown.until("WAITS FOR YOU, jon (1)")
    shown.press("s")
    shown.until("waits for you, as risk_officer")
    shown.press("a")
    text = shown.until("sha256  ")
    groups = re.search(r"sha256  ((?:[0-9a-f]{4} ){15}[0-9a-f]{4})", text)
    assert groups is not None
    shown.press(groups[1][-4:] + "\r")
    shown.until("takes it back")
    shown.until("recorded: jon approved", 25)
    shown.press("q")
    assert shown.ended() == 0
    with ledger.open(shell.ledger, read_only=True) as book:
        (request,) = approvals.requests(book.view())
        assert [each.signer for each in request.approvals] == ["jon"]


def sign(shown: Terminal, count: str) -> None:
    """Type the end of the hash that is on the screen, once the statement is the one that is meant."""
    text = shown.until(count)
    while (groups := re.search(r"sha256  ((?:[0-9a-f]{4} ){15}[0-9a-f]{4})", text)) is None:
        text = shown.until("sha256  ")
    shown.press(groups[1][-4:] + "\r")


def two_signed(shown: Terminal, requests: list[int]) -> None:
    """Mark two requests and sign both."""
    shown.until("WAITS FOR YOU, jon (3)")
    shown.press("5")
    shown.until(f"Request {max(requests)}")
    shown.press(" j")
    shown.until("1 marked")
    shown.until(f"Request {min(requests)}")
    shown.press(" ")
    shown.until("NEEDS YOU (3), 2 marked")
    shown.press("a")
    sign(shown, "You will sign 1 of 2")
    sign(shown, "You will sign 2 of 2")
    shown.until("takes both back")


def signers(shell: story.Shell, requests: list[int]) -> list[list[str]]:
    with ledger.open(shell.ledger, read_only=True) as book:
        found = [approvals.get(book.view(), each) for each in requests]
        return [[decision.signer for decision in each.approvals] for each in found if each is not None]


def test_two_marked_requests_are_approved_together(terminal: Callable[..., Terminal], shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    shown = terminal("--as", "jon", columns=140, rows=50)
    two_signed(shown, requests)
    shown.press("q")
    shown.until("2 signed decisions wait")
    shown.press("a")
    assert shown.ended() == 0
    assert signers(shell, requests) == [["jon"], ["jon"]]


def test_what_waits_when_it_is_killed_was_never_recorded(terminal: Callable[..., Terminal], shell: story.Shell) -> None:
    requests = asking.ask(shell, 2)
    size = shell.json("overview")["ledger"]["size"]
    shown = terminal("--as", "jon", columns=140, rows=50)
    two_signed(shown, requests)
    os.kill(shown.child.pid, signal.SIGKILL)
    shown.ended()
    assert signers(shell, requests) == [[], []]
    assert shell.json("verify")["ok"]
    assert shell.json("overview")["ledger"]["size"] == size


def test_it_survives_being_made_tiny_and_large_again(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("--as", "jon")
    shown.until("WAITS FOR YOU")
    shown.resize(20, 5)
    shown.until("Assay needs")
    shown.resize(160, 45)
    shown.until("WAITS FOR YOU")
    shown.press("9")
    shown.until("Event 14")
    shown.press("q")
    assert shown.ended() == 0


def test_no_color_sends_no_colour(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("--as", "jon", NO_COLOR="1")
    shown.until("▲ raised")
    colours = re.findall(rb"\x1b\[[0-9;]*?(?:38;2;(\d+);(\d+);(\d+))", shown.raw)
    assert all(red == green == blue for red, green, blue in colours)
    shown.press("q")
    assert shown.ended() == 0


def test_without_utf8_only_ascii_is_sent(terminal: Callable[..., Terminal]) -> None:
    shown = terminal(
        "--as", "jon", LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    assert "! raised" in shown.until("WAITS FOR YOU")
    assert set(shown.raw.decode()) - set(map(chr, range(128))) <= set("▁▂▃▄▅▆▇█")
    shown.press("q")
    shown.ended()


def test_a_dumb_terminal_gets_the_overview_as_text(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("--as", "jon", TERM="dumb")
    shown.until("waits for a signature")
    assert b"\x1b[?1049h" not in shown.raw
    assert shown.ended() == 0


def test_a_ledger_that_is_none_is_refused_before_the_screen_is_taken(
    terminal: Callable[..., Terminal], shell: story.Shell
) -> None:
    (shell.root / "rubbish.db").write_bytes(b"rubbish" * 999)
    shown = terminal("--ledger", "rubbish.db")
    shown.until("is not a ledger")
    assert b"\x1b[?1049h" not in shown.raw
    assert shown.ended() == 2
