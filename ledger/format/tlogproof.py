"""Proof files (C2SP tlog-proof): an event, its place, the way to the root, and the signed checkpoint of that root."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.format import b64, proof
from ledger.format.checkpoint import MAX_SIZE, SignedCheckpoint, open_checkpoint
from ledger.format.errors import FormatError
from ledger.format.hashes import HASH_SIZE, leaf_hash
from ledger.format.note import Verifier

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_PATH = 63
"""Hashes in the proof of the largest tree (2^63 leaves)."""

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class ProofFileError(FormatError):
    """A proof file is malformed."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof file taken apart: nothing in it is verified yet, ``extra`` least of all.

    ``path`` holds 32-byte hashes from the leaf's sibling upwards; ``checkpoint`` is the note as it is; ``extra`` is
    empty where the file has none, and an event's bytes in a ledger's proofs.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""


def marshal(parts: TlogProof) -> bytes:
    """Return the file's bytes.

    :raises ProofFileError: if the index or a hash is malformed.
    """
    if not 0 <= parts.index <= MAX_SIZE:
        raise ProofFileError(f"proof file: index {parts.index}, want 0 to 2^63-1")
    if len(parts.path) > MAX_PATH or any(len(value) != HASH_SIZE for value in parts.path):
        raise ProofFileError(f"proof file: want at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
    lines = [HEADER]
    if parts.extra:
        lines.append(f"extra {b64.encode(parts.extra)}")
    lines.append(f"index {parts.index}")
    lines.extend(b64.encode(value) for value in parts.path)
    return "\n".join([*lines, "", ""]).encode("ascii") + parts.checkpoint


def parse(data: bytes) -> TlogProof:
    """Return a proof file taken apart.

    :raises ProofFileError: naming the line that is malformed.
    """
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not checkpoint:
        raise ProofFileError("proof file: no blank line with a checkpoint after it")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofFileError(f"proof file: byte {error.start} is not ASCII") from error
    if lines.pop(0) != HEADER:
        raise ProofFileError(f"proof file: the first line is not {HEADER}")
    try:
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = b64.decode(lines.pop(0).removeprefix("extra "), "extra")
            if not extra:
                raise ProofFileError("proof file: extra is empty")
        found = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if not found or int(found[1]) > MAX_SIZE:
            raise ProofFileError("proof file: want a line with index and a plain decimal number")
        path = tuple(b64.decode(line, "hash") for line in lines)
    except ProofFileError:
        raise
    except FormatError as error:
        raise ProofFileError(f"proof file: {error}") from error
    if len(path) > MAX_PATH or any(len(value) != HASH_SIZE for value in path):
        raise ProofFileError(f"proof file: want at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
    return TlogProof(int(found[1]), path, checkpoint, extra)


def verify(parts: TlogProof, body: bytes, log: Verifier, witnesses: Sequence[Verifier] = ()) -> SignedCheckpoint:
    """Return the checkpoint that the log signed over a tree which holds ``body`` at the proof's index.

    :param body: the event's bytes; for a ledger's proof, ``parts.extra``.
    :raises FormatError: ``NoteError`` or ``CheckpointError`` for the checkpoint, ``ProofError`` for the way to its
        root.
    """
    signed = open_checkpoint(parts.checkpoint, log, witnesses)
    head = signed.checkpoint
    proof.verify_inclusion(leaf_hash(body), parts.index, head.size, parts.path, head.root)
    return signed
