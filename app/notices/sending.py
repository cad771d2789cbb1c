"""One attempt to send: into a file, to a command's standard input, to a webhook under an HMAC signature."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from app.workspace import Route, Workspace
from ledger.errors import InputError

SIGNATURE = "X-Assay-Signature"
"""``t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>." and the body>``, RFC 2104 with the route's secret as the key."""

DELIVERY = "X-Assay-Notice"
"""The notice's key, so that a receiver can drop what it has had already."""

_TIMEOUT = 10.0
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOLD = 200


class Outcome(NamedTuple):
    """What became of one attempt; ``again`` says that another may do better."""

    ok: bool
    detail: str
    again: bool = True


def send(workspace: Workspace, route: Route, body: bytes, key: str, moment: int, environ: Mapping[str, str]) -> Outcome:
    """Send ``body`` (one JSON document) over a route once.

    Args:
        workspace: what paths in the route are relative to.
        route: where to.
        body: the document.
        key: the notice's name.
        moment: seconds since 1970, for the signature.
        environ: the environment's variables: where a secret may stand.

    Raises:
        InputError: the route itself is wrong: a path outside the workspace, a secret that is not there.
    """
    timeout = route.timeout or _TIMEOUT
    if route.file:
        return _append(workspace.inside(route.file), body)
    if route.command:
        return _run(route.command, workspace.root, body, timeout, environ)
    secret = _secret(workspace, route, environ)
    return _post(route.webhook, body, key, signature(secret, body, moment) if secret else "", timeout)


def signature(secret: bytes, body: bytes, moment: int) -> str:
    """What the header :data:`SIGNATURE` says."""
    mac = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mac}"


def _append(path: Path, body: bytes) -> Outcome:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write to a file opened for appending: lines of several processes do not mix.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(handle, body + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        return Outcome(False, f"{path.name} cannot be written: {error.strerror}")
    return Outcome(True, f"appended to {path.name}")


def _run(words: tuple[str, ...], folder: Path, body: bytes, timeout: float, environ: Mapping[str, str]) -> Outcome:
    try:
        process = subprocess.Popen(
            list(words),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(False, f"{words[0]} cannot be started: {error.strerror}", again=False)
    try:
        _, said = process.communicate(body, timeout)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome(False, f"{words[0]} took more than {timeout:g} seconds and was ended")
    if process.returncode:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2][:_TOLD]
        return Outcome(False, f"{words[0]} ended with code {process.returncode}" + (f": {last}" if last else ""))
    return Outcome(True, f"{words[0]} took it")


def _post(url: str, body: bytes, key: str, signed: str, timeout: float) -> Outcome:
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {"Content-Type": "application/json", "User-Agent": "assay", DELIVERY: key}
    if signed:
        headers[SIGNATURE] = signed
    where = parts.hostname or ""
    connection = kind(where, parts.port, timeout=timeout)
    try:
        # No redirect is followed: what was signed for one place goes to no other.
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        answer.read(1024)
    except (OSError, HTTPException) as error:
        return Outcome(False, f"{where} cannot be reached: {error or type(error).__name__}")
    finally:
        connection.close()
    if 200 <= answer.status < 300:
        return Outcome(True, f"{where} answered {answer.status}")
    return Outcome(False, f"{where} answered {answer.status}", again=answer.status in _RETRIED)


def _secret(workspace: Workspace, route: Route, environ: Mapping[str, str]) -> bytes:
    """The route's secret, from the environment or a file; empty where it declares none."""
    if route.secret_env:
        found = environ.get(route.secret_env, "")
        if not found:
            raise InputError(f"route {route.name} signs with the secret in {route.secret_env}, which is not set")
        return found.encode()
    if not route.secret_file:
        return b""
    file = workspace.root / Path(route.secret_file).expanduser()
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise InputError(f"route {route.name}: the secret's file {file} cannot be read: {error.strerror}") from None
    if not secret:
        raise InputError(f"route {route.name}: the secret's file {file} is empty")
    return secret
