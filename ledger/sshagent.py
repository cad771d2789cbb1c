"""A client of ``ssh-agent`` (draft-ietf-sshm-ssh-agent): it lists Ed25519 keys and lets the agent sign with one.

An agent signs any bytes with an Ed25519 key as they are, so that its signature over a decision is the same as the one
that the key itself makes.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from ledger.errors import KeyUnavailable
from ledger.format import openssh
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey

_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_FAILURE = 5
_MAX_ANSWER = 1 << 18
"""What OpenSSH's own client accepts."""

_LIST_SECONDS = 10.0
_SIGN_SECONDS = 120.0
"""An agent may ask its owner to confirm each signature."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that an agent holds: it signs like a secret key, which never leaves the agent."""

    socket: str
    public: PublicKey
    comment: str = ""

    def sign(self, message: bytes) -> bytes:
        """The agent's signature over exactly this message, 64 bytes, verified.

        Raises:
            KeyUnavailable: the agent refuses, is gone, or answers with something else.
        """
        request = openssh.string(openssh.public_blob(self.public)) + openssh.string(message) + b"\x00\x00\x00\x00"
        answer = _ask(self.socket, _SIGN_REQUEST, request, _SIGN_RESPONSE, _SIGN_SECONDS)
        try:
            blob, _ = openssh.take(answer)
            kind, rest = openssh.take(blob)
            signature, _ = openssh.take(rest)
        except FormatError:
            kind, signature = b"", b""
        if kind != openssh.ED25519.encode() or not self.public.verify(signature, message):
            raise KeyUnavailable("ssh-agent answered with a signature that does not hold; nothing was signed")
        return signature


def keys(path: str) -> list[AgentKey]:
    """The Ed25519 keys that the agent behind a socket holds; other kinds are passed over.

    Args:
        path: the socket, as SSH_AUTH_SOCK names it.

    Raises:
        KeyUnavailable: there is no agent, or it does not answer as one.
    """
    answer = _ask(path, _REQUEST_IDENTITIES, b"", _IDENTITIES_ANSWER, _LIST_SECONDS)
    found = []
    try:
        (count,), rest = struct.unpack(">I", answer[:4]), answer[4:]
        for _ in range(count):
            blob, rest = openssh.take(rest)
            comment, rest = openssh.take(rest)
            try:
                found.append(AgentKey(path, openssh.parse_blob(blob), comment.decode("utf-8", "replace")))
            except FormatError:
                continue  # a key of another kind
    except (FormatError, struct.error):
        raise KeyUnavailable(f"what listens at {path} does not answer as an ssh-agent does") from None
    return found


def _ask(path: str, kind: int, body: bytes, wanted: int, seconds: float) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(path)
            connection.sendall(openssh.string(bytes([kind]) + body))
            (length,) = struct.unpack(">I", _read(connection, 4))
            if not 1 <= length <= _MAX_ANSWER:
                raise KeyUnavailable(f"what listens at {path} does not answer as an ssh-agent does")
            answer = _read(connection, length)
    except OSError as error:
        reason = error.strerror or "it did not answer in time"
        raise KeyUnavailable(f"ssh-agent at {path} cannot be used: {reason}") from None
    if answer[0] == _FAILURE:
        raise KeyUnavailable("ssh-agent refused; does it still hold the key (`ssh-add -l`), and was it confirmed?")
    if answer[0] != wanted:
        raise KeyUnavailable(f"what listens at {path} does not answer as an ssh-agent does")
    return answer[1:]


def _read(connection: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = connection.recv(count)
        if not part:
            raise KeyUnavailable("ssh-agent hung up before it had answered")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
