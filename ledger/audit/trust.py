"""What a verifier brings along: the ledger's keys as known from elsewhere, and whose cosignatures it asks for.

Keys alone are a policy without witnesses, so that a checkpoint is always opened in one way.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import InputError
from ledger.format import policy as policies
from ledger.format.errors import FormatError
from ledger.format.keys import VerifierKey
from ledger.format.policy import LogEntry, Policy


def parse_keys(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """Verifier keys as text, each once.

    Raises:
        InputError: one of them is no verifier key.
    """
    found = []
    for text in texts:
        try:
            found.append(VerifierKey.parse(text.strip()))
        except FormatError as error:
            raise InputError(
                f"{text.strip()[:120]!r} is no verifier key: {error}; it looks like name+1a2b3c4d+AbCd…"
            ) from None
    return tuple(dict.fromkeys(found))


def parse_policy(data: bytes, what: str) -> Policy:
    """The trust policy in a file's bytes; ``what`` names the file in the error.

    Raises:
        InputError: it is none.
    """
    try:
        return policies.parse(data)
    except FormatError as error:
        raise InputError(f"{what}: {error}") from None


def trusted(keys: Sequence[VerifierKey], policy: Policy | None = None) -> Policy:
    """The policy that accepts logs with these keys, and those of ``policy``, under the quorum of ``policy``.

    Raises:
        InputError: no log's key is known at all: nothing could be held against anything.
    """
    base = policy or Policy((), (), (), policies.NONE)
    listed = {entry.key for entry in base.logs}
    logs = (*base.logs, *(LogEntry(key, None) for key in keys if key not in listed))
    if not logs:
        raise InputError("a proof holds only against a key that is known from elsewhere: --key VKEY")
    return base._replace(logs=logs)
