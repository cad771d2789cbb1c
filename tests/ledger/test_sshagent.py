"""The agent's client, against OpenSSH's agent and against things that are none."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger import sshagent
from ledger.errors import KeyUnavailable
from ledger.format import dsse, openssh
from ledger.format.keys import SecretKey
from ledger.keystore import Keystore, open_file

needs_agent = pytest.mark.skipif(
    not all(shutil.which(each) for each in ("ssh-agent", "ssh-add", "ssh-keygen")), reason="OpenSSH is not installed"
)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """A running ``ssh-agent`` of the test's own."""
    place = tmp_path / "agent"
    running = subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    for _ in range(500):
        if place.exists():
            break
        try:
            running.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
    yield str(place)
    running.terminate()
    running.wait(10)


def add(agent: str, file: Path, kind: str = "ed25519") -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "ada@host", "-f", str(file)], check=True)
    environment = {**os.environ, "SSH_AUTH_SOCK": agent}
    subprocess.run(["ssh-add", "-q", str(file)], env=environment, check=True, stderr=subprocess.DEVNULL)


@needs_agent
def test_openssh_signs_as_the_key_itself_would(agent: str, tmp_path: Path) -> None:
    assert sshagent.keys(agent) == []
    add(agent, tmp_path / "rsa", "ecdsa")
    add(agent, tmp_path / "id")
    (key,) = sshagent.keys(agent)
    assert key.comment == "ada@host"
    message = dsse.pae("application/vnd.in-toto+json", bytes(range(256)) * 40)
    own = open_file(tmp_path / "id", "ada")
    assert key.public == own.public
    assert key.sign(message) == own.sign(message)


@needs_agent
def test_the_keystore_turns_to_the_agent(agent: str, tmp_path: Path) -> None:
    add(agent, tmp_path / "id")
    (key,) = sshagent.keys(agent)
    store = Keystore(tmp_path / "keys")
    assert store.unlock("ada", among={str(key.public)}, agent=agent).public == key.public
    # A key that lies here and counts goes before the agent's; one that does not count goes after it.
    own = store.make_person("ada")
    assert store.unlock("ada", among={str(own), str(key.public)}, agent=agent).public == own
    assert store.unlock("ada", among={str(key.public)}, agent=agent).public == key.public
    assert open_file(tmp_path / "id.pub", "ada", agent=agent).public == key.public
    stranger = tmp_path / "stranger.pub"
    stranger.write_text(openssh.public_line(SecretKey.generate().public))
    with pytest.raises(KeyUnavailable, match="does not hold the key"):
        open_file(stranger, "ada", agent=agent)


@needs_agent
def test_a_key_that_was_taken_away(agent: str, tmp_path: Path) -> None:
    add(agent, tmp_path / "id")
    (key,) = sshagent.keys(agent)
    subprocess.run(["ssh-add", "-q", "-D"], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True, capture_output=True)
    with pytest.raises(KeyUnavailable, match="refused"):
        key.sign(b"m")


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Callable[[bytes], str]]:
    """Something that answers every question with the same bytes."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> str:
        path = str(tmp_path / f"s{len(servers)}")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return path

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (b"", "hung up"),
        (b"\x00\x00\x00\x05\x0c", "hung up"),
        (b"\x00\x00\x00\x01\x05", "refused"),
        (b"\x00\x00\x00\x01\x06", "does not answer as an ssh-agent"),
        (b"\x00\x00\x00\x00", "does not answer as an ssh-agent"),
        (b"\xff\xff\xff\xff\x0c", "does not answer as an ssh-agent"),
        (b"\x00\x00\x00\x05\x0c\x00\x00\x00\x01", "does not answer as an ssh-agent"),
        (b"\x00\x00\x00\x02\x0c\x00", "does not answer as an ssh-agent"),
    ],
)
def test_what_is_no_agent(listener: Callable[[bytes], str], answer: bytes, wanted: str) -> None:
    with pytest.raises(KeyUnavailable, match=wanted):
        sshagent.keys(listener(answer))


def test_a_false_signature_is_not_taken(listener: Callable[[bytes], str]) -> None:
    secret = SecretKey.generate()
    for signature in (b"\x00" * 64, secret.sign(b"other")):
        blob = openssh.string(openssh.string(b"ssh-ed25519") + openssh.string(signature))
        path = listener(struct.pack(">I", len(blob) + 1) + b"\x0e" + blob)
        with pytest.raises(KeyUnavailable, match="does not hold"):
            sshagent.AgentKey(path, secret.public).sign(b"m")


def test_no_agent_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="cannot be used"):
        sshagent.keys(str(tmp_path / "absent"))
