"""Signing what another machine prepared: shown byte for byte, signed with a key that never leaves this one."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions import outputs
from app.actions.answers import Answer, Mark, say, state
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.format.decision import Decision
    from ledger.format.keys import SigningKey

_MOST = 1 << 20


def sign(
    context: Context, *, statement: str, output: str | None = None, key_file: str | None = None, yes: bool = False
) -> Answer:
    """Sign a statement that ``--statement-only`` wrote elsewhere; needs a key, and no ledger."""
    from ledger.format import decision, dsse
    from ledger.format.errors import FormatError

    with (context.start / statement).open("rb") as file:
        data = file.read(_MOST)
    try:
        stated = decision.parse(data)
    except FormatError as error:
        raise InputError(f"{statement} is no statement to sign: {error}") from None
    fingerprint = hashlib.sha256(data).hexdigest()
    if not yes:
        ask(_shown(stated, data), fingerprint)
    envelope = dsse.sign(data, decision.PAYLOAD_TYPE, [_key(context, stated.signer, key_file)])
    text = json.dumps(envelope, indent=2) + "\n"
    document = {
        "signer": stated.signer,
        "verdict": stated.verdict,
        "subject": stated.subject_name,
        "request": stated.request.seq if stated.request else None,
        "origin": stated.origin,
        "fingerprint": fingerprint,
        "envelope": envelope,
    }
    if output is None:
        return Answer(document, raw=text)
    outputs.write(context, output, text)
    back = "" if stated.request is None else f"; there, `assay {stated.verdict} {stated.request.seq} --signed {output}`"
    return Answer(document, [say(state("good", "signed"), f"  by {stated.signer}, into {output}{back}")])


def ask(lines: Iterable[str], fingerprint: str) -> None:
    """Show what is to be signed, and go on only where the signer types the end of its hash.

    Raises:
        InputError: nobody is there to be asked, or they typed something else.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError("nobody is here to be asked; --yes signs without asking")
    for line in (*lines, say(f"sha256 {fingerprint}")):
        sys.stderr.write(f"{line}\n")
    sys.stderr.write("Type the last 4 characters of the hash to sign: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != fingerprint[-4:]:
        raise InputError("those are not the hash's last 4 characters; nothing was signed")


def _shown(stated: Decision, data: bytes) -> list[str]:
    on = f"{stated.subject_name}  {stated.subject_sha256}"
    return [
        say(Mark("title", f"You will sign as {stated.signer}, for the ledger {stated.origin}:")),
        say(f"  {stated.verdict}  {on}"),
        say(f"  {stated.reason}" if stated.reason else "  without a reason"),
        say(data.decode("utf-8", "backslashreplace")),
    ]


def _key(context: Context, signer: str, key_file: str | None) -> SigningKey:
    from ledger.keystore import Keystore, open_file

    if key_file is not None:
        agent = context.environ.get("SSH_AUTH_SOCK")
        return open_file(Path(context.start / key_file), signer, context.passphrase, agent=agent)
    keystore = Keystore() if context.ledger_path_or_none is None else context.keystore
    return keystore.unlock(signer, context.passphrase)
