"""Notices: into files, commands and signed webhooks; tried again where that helps, and logged."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.notices import Notice, deliver, delivered, history
from app.notices.sending import DELIVERY, SIGNATURE
from app.workspace import Workspace
from ledger.errors import InputError

NOTICE = Notice(key="approval/7/asked", kind="approval", subject="model/fx/vol@1", title="wäiting", seq=7)


class Receiver:
    """A server that answers with the statuses it is given, one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                status = receiver.statuses[min(len(receiver.got), len(receiver.statuses)) - 1]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?team=risk"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def workspace(folder: Path, routes: str) -> Workspace:
    (folder / ".assay").mkdir(exist_ok=True)
    (folder / "assay.toml").write_text(routes, encoding="utf-8")
    return Workspace(folder)


class Pauses(list[float]):
    """Remembers how long it was asked to wait."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def test_a_file_gets_a_line_for_each(tmp_path: Path) -> None:
    place = workspace(tmp_path, '[routes.desk]\nfile = "out/notices.jsonl"')
    for _ in range(2):
        assert deliver(place, "desk", NOTICE).ok
    lines = (tmp_path / "out" / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [NOTICE.document()] * 2


def test_a_command_gets_it_on_its_standard_input(tmp_path: Path) -> None:
    program = "import sys, pathlib; pathlib.Path('got').write_bytes(sys.stdin.buffer.read())"
    place = workspace(tmp_path, f"[routes.desk]\ncommand = {json.dumps([sys.executable, '-c', program])}")
    assert deliver(place, "desk", NOTICE).ok
    assert json.loads((tmp_path / "got").read_bytes()) == NOTICE.document()


def test_a_command_that_fails_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    program = "import sys; sys.exit('no line to the pager')"
    place = workspace(tmp_path, f"[routes.desk]\ncommand = {json.dumps([sys.executable, '-c', program])}")
    pauses = Pauses()
    done = deliver(place, "desk", NOTICE, sleep=pauses)
    assert (done.ok, done.attempts, pauses) == (False, 3, [0.5, 1.0])
    assert done.detail.endswith("ended with code 1: no line to the pager")


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    place = workspace(
        tmp_path, f"[routes.desk]\ntimeout = 0.5\ncommand = {json.dumps([sys.executable, '-c', program])}"
    )
    done = deliver(place, "desk", NOTICE, attempts=1)
    assert not done.ok
    assert "took more than 0.5 seconds and was ended" in done.detail


def test_a_command_that_is_not_there_is_not_tried_again(tmp_path: Path) -> None:
    place = workspace(tmp_path, '[routes.desk]\ncommand = ["./no-such-program"]')
    done = deliver(place, "desk", NOTICE, sleep=Pauses())
    assert (done.ok, done.attempts) == (False, 1)


def test_a_webhook_is_signed(tmp_path: Path, receiver: Receiver) -> None:
    place = workspace(tmp_path, f'[routes.chat]\nwebhook = "{receiver.url}"\nsecret_env = "HOOK"')
    assert deliver(place, "chat", NOTICE, environ={"HOOK": "s3cret"}).ok
    [(headers, body)] = receiver.got
    assert json.loads(body) == NOTICE.document()
    assert headers[DELIVERY] == NOTICE.key
    moment, _, mac = headers[SIGNATURE].partition(",")
    said = hmac.new(b"s3cret", moment.removeprefix("t=").encode() + b"." + body, hashlib.sha256).hexdigest()
    assert mac == f"v1={said}"
    assert b"s3cret" not in body
    assert "s3cret" not in (tmp_path / ".assay" / "notices.jsonl").read_text()


def test_a_webhook_without_a_secret_is_not_signed(tmp_path: Path, receiver: Receiver) -> None:
    assert deliver(workspace(tmp_path, f'[routes.chat]\nwebhook = "{receiver.url}"'), "chat", NOTICE).ok
    assert SIGNATURE not in receiver.got[0][0]


@pytest.mark.parametrize(
    ("statuses", "ok", "attempts"),
    [([503, 429, 204], True, 3), ([500], False, 3), ([403], False, 1), ([302], False, 1)],
)
def test_what_a_webhook_answers(
    tmp_path: Path, receiver: Receiver, statuses: list[int], ok: bool, attempts: int
) -> None:
    receiver.statuses = statuses
    place = workspace(tmp_path, f'[routes.chat]\nwebhook = "{receiver.url}"')
    done = deliver(place, "chat", NOTICE, sleep=Pauses())
    assert (done.ok, done.attempts, len(receiver.got)) == (ok, attempts, attempts)


def test_a_webhook_that_nobody_answers(tmp_path: Path, receiver: Receiver) -> None:
    place = workspace(tmp_path, f'[routes.chat]\nwebhook = "{receiver.url}"')
    receiver.server.server_close()
    done = deliver(place, "chat", NOTICE, attempts=2, sleep=Pauses())
    assert (done.ok, done.attempts) == (False, 2)
    assert "cannot be reached" in done.detail


@pytest.mark.parametrize(
    ("secret", "said"),
    [('secret_env = "HOOK"', "HOOK, which is not set"), ('secret_file = "no.secret"', "cannot be read")],
)
def test_a_secret_that_is_not_there(tmp_path: Path, secret: str, said: str) -> None:
    place = workspace(tmp_path, f'[routes.chat]\nwebhook = "http://127.0.0.1:9/"\n{secret}')
    with pytest.raises(InputError, match=said):
        deliver(place, "chat", NOTICE, environ={})


def test_a_file_outside_the_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leads out of the workspace"):
        deliver(workspace(tmp_path, '[routes.desk]\nfile = "../notices"'), "desk", NOTICE)


def test_a_route_that_is_not_declared(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="declares no route 'desc'; did you mean 'desk'"):
        deliver(workspace(tmp_path, '[routes.desk]\nfile = "a"'), "desc", NOTICE)


def test_the_log_says_what_was_delivered(tmp_path: Path) -> None:
    place = workspace(tmp_path, '[routes.desk]\nfile = "a"\n[routes.pager]\ncommand = ["./none"]')
    assert not delivered(place, NOTICE.key)
    deliver(place, "pager", NOTICE)
    assert not delivered(place, NOTICE.key)
    deliver(place, "desk", NOTICE)
    with (tmp_path / ".assay" / "notices.jsonl").open("a") as log:
        log.write("torn")
    assert delivered(place, NOTICE.key)
    assert delivered(place, NOTICE.key, "desk")
    assert not delivered(place, NOTICE.key, "pager")
    assert [(each.route, each.ok) for each in history(place)] == [("pager", False), ("desk", True)]
