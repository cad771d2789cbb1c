"""Witnesses: being one for other ledgers, and asking one to vouch for this."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events, outputs, proving
from app.actions.answers import Answer, Mark, counted, fields, say, state, table
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.audit.witnessing import KnownLog, Witness
    from ledger.format.keys import VerifierKey
    from ledger.keystore import Keystore


def init(context: Context, *, name: str) -> Answer:
    """Make a witness's identity in the user's keys; nothing is recorded in any ledger."""
    from ledger.format.keys import is_key_name

    if not is_key_name(name) or len(name) > 255:
        raise InputError(f"{name!r} cannot be a witness's name; use one such as witness.example.com/ada")
    keystore = _keystore()
    key = str(keystore.make_witness(name))
    lines = [
        say(state("good", "made"), f"  the witness {name}; its key lies in {keystore.folder}"),
        *fields([("verifier key", key)]),
        say(Mark("dim", "`assay witness trust VKEY` makes it watch a ledger (`assay key show` prints its key)")),
    ]
    return Answer({"name": name, "key": key}, lines)


def trust(context: Context, *, keys: Sequence[str], name: str | None = None) -> Answer:
    """Make a witness watch ledgers, each by its verifier key."""
    from ledger.audit.trust import parse_keys

    witness = _witness(name)
    known = [witness.trust(key) for key in parse_keys(proving.key_texts(context, keys))]
    return Answer(
        {"name": witness.name, "logs": [_document(each) for each in known]},
        [say(state("good", "watched"), f"  {each.origin}, by {witness.name}") for each in known],
    )


def cosign(context: Context, *, request: str, name: str | None = None, output: str | None = None) -> Answer:
    """Cosign the checkpoint in a request, if it continues what this witness saw last."""
    from ledger.format.checkpoint import parse_body
    from ledger.format.note import parse

    if output is not None:
        outputs.place(context, output)
    witness = _witness(name)
    cosigned = witness.cosign((context.start / request).read_bytes(), int(time.time()))
    head = parse_body(parse(cosigned).text)
    document = {
        "name": witness.name,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "note": cosigned.decode(),
    }
    if output is None:
        return Answer(document, raw=cosigned.decode())
    outputs.write(context, output, cosigned)
    said = f"  {counted(head.size, 'event')} of {head.origin}, into {output}"
    return Answer(
        document,
        [
            say(state("good", "cosigned"), said),
            say(Mark("dim", f"there, `assay witness add {output} --key VKEY` takes it in")),
        ],
    )


def show(context: Context, *, name: str | None = None) -> Answer:
    """The witnesses here, their verifier keys, and what each saw last of the ledgers that it watches."""
    keystore = _keystore()
    names = keystore.witnesses() if name is None else [name]
    found = [_opened(keystore, each) for each in names]
    lines: list[str] = []
    for witness in found:
        lines += [say(Mark("title", witness.name)), *fields([("verifier key", str(witness.key))])]
        rows = [(each.origin, each.size, each.root[:16] or None) for each in witness.logs()]
        lines += table(rows, ("watches", "seen", "root"), indent="  ")
    if not found:
        lines = [say(Mark("dim", "there is no witness here; `assay witness init NAME` makes one"))]
    return Answer({"witnesses": [_shown(each) for each in found]}, lines)


def request(
    context: Context, *, witness: str | None = None, old: int | None = None, output: str | None = None
) -> Answer:
    """Ask a witness for a cosignature of the newest checkpoint: what it must be handed, as a file."""
    from ledger import vouching
    from ledger.format import addcheckpoint

    ledger = context.ledger
    if old is None:
        key = _which(context, witness)
        old = 0 if key is None else vouching.last_seen(ledger, key)
    if old < 0:
        raise InputError(f"--old {old}: a size is 0 or more")
    data = vouching.request(ledger, old)
    asked = addcheckpoint.parse(data)
    document = {"origin": ledger.origin, "old": old, "checkpoint": asked.checkpoint.decode(), "request": data.decode()}
    if output is None:
        return Answer(document, raw=data.decode())
    outputs.write(context, output, data)
    return Answer(
        document, [say(state("good", "written"), f"  {output}; at the witness, `assay witness cosign {output}`")]
    )


def add(context: Context, *, file: str, keys: Sequence[str] = (), policy: str | None = None) -> Answer:
    """Take in a checkpoint that witnesses cosigned, and record that they vouched."""
    from ledger import vouching
    from ledger.audit.trust import parse_keys

    ledger = context.ledger
    named = parse_keys(proving.key_texts(context, keys))
    if policy is not None:
        named = (*named, *(each.key for each in proving.read_policy(context, policy).witnesses))
    known = tuple(dict.fromkeys((*named, *vouching.known_witnesses(ledger))))
    if not known:
        raise InputError(
            "a cosignature counts only under a key that is known: --key VKEY, the witness's own, or --policy"
        )
    vouched = vouching.add(ledger, (context.start / file).read_bytes(), known, context.actor)
    document = {
        "size": vouched.size,
        "witnesses": list(vouched.witnesses),
        "note": vouched.note,
        "events": [events.described(each) for each in vouched.recorded],
    }
    return Answer(document, events.listing(vouched.recorded))


def _keystore() -> Keystore:
    from ledger.keystore import Keystore

    return Keystore()


def _witness(name: str | None) -> Witness:
    """The witness named, or the only one here."""
    keystore = _keystore()
    if name is None:
        names = keystore.witnesses()
        if len(names) != 1:
            there = f"there are {', '.join(names)}" if names else "there is none; `assay witness init NAME` makes one"
            raise InputError(f"say which witness with --name; {there}")
        name = names[0]
    return _opened(keystore, name)


def _opened(keystore: Keystore, name: str) -> Witness:
    from ledger.audit.witnessing import Witness

    secret, folder = keystore.witness(name)
    return Witness(name, secret, folder)


def _which(context: Context, witness: str | None) -> VerifierKey | None:
    """The witness to ask: by key or name, or the only one that has vouched yet."""
    from ledger import vouching
    from ledger.audit.trust import parse_keys

    if witness is not None and "+" in witness:
        return parse_keys([witness])[0]
    known = vouching.known_witnesses(context.ledger)
    if witness is None:
        if len(known) > 1:
            names = ", ".join(key.name for key in known)
            raise InputError(f"several witnesses have vouched ({names}); say which with --witness")
        return known[0] if known else None
    return next((key for key in known if key.name == witness), None)


def _shown(witness: Witness) -> dict[str, Any]:
    return {"name": witness.name, "key": str(witness.key), "logs": [_document(each) for each in witness.logs()]}


def _document(known: KnownLog) -> dict[str, Any]:
    return {
        "origin": known.origin,
        "keys": list(known.keys),
        "size": known.size,
        "root": known.root,
        "time": known.time,
    }
