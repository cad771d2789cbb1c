"""Consistency proofs as they travel: the body of a C2SP tlog-witness ``add-checkpoint`` request."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.format import b64, proof
from ledger.format.checkpoint import MAX_SIZE, Checkpoint
from ledger.format.errors import FormatError
from ledger.format.hashes import HASH_SIZE
from ledger.format.proof import ProofError

MAX_PATH = 63
"""Hashes in a request (C2SP tlog-witness)."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class RequestError(FormatError):
    """An add-checkpoint request is malformed."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request taken apart: the size that the witness knows, the proof's 32-byte hashes, the newer note as it is."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def marshal(request: AddCheckpoint) -> bytes:
    """Return the request's bytes.

    :raises RequestError: if the size or a hash is malformed.
    """
    if not 0 <= request.old <= MAX_SIZE:
        raise RequestError(f"add-checkpoint: old size {request.old}, want 0 to 2^63-1")
    _check_path(request.path)
    lines = [f"old {request.old}", *(b64.encode(value) for value in request.path), "", ""]
    return "\n".join(lines).encode("ascii") + request.checkpoint


def parse(data: bytes) -> AddCheckpoint:
    """Return a request taken apart.

    :raises RequestError: naming the line that is malformed.
    """
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not checkpoint:
        raise RequestError("add-checkpoint: no blank line with a checkpoint after it")
    try:
        first, *rest = head.decode("ascii").split("\n")
        path = tuple(b64.decode(line, "hash") for line in rest)
    except UnicodeDecodeError as error:
        raise RequestError(f"add-checkpoint: byte {error.start} is not ASCII") from error
    except FormatError as error:
        raise RequestError(f"add-checkpoint: {error}") from error
    found = _OLD.fullmatch(first)
    if not found or int(found[1]) > MAX_SIZE:
        raise RequestError("add-checkpoint: the first line is not old and a plain decimal number")
    _check_path(path)
    return AddCheckpoint(int(found[1]), path, checkpoint)


def verify(request: AddCheckpoint, known_root: bytes, newer: Checkpoint) -> None:
    """Return if the newer checkpoint continues the tree of ``request.old`` leaves whose root the witness knows.

    From size 0 the proof is empty and there is nothing to check it against: every tree continues the empty one.

    :param newer: the request's checkpoint, opened.
    :raises ProofError: with what was got and wanted.
    """
    if request.old == 0:
        if request.path:
            raise ProofError("consistency proof: wrong number of hashes", len(request.path), 0)
        return
    proof.verify_consistency(request.old, known_root, newer.size, newer.root, request.path)


def _check_path(path: tuple[bytes, ...]) -> None:
    if len(path) > MAX_PATH or any(len(value) != HASH_SIZE for value in path):
        raise RequestError(f"add-checkpoint: want at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
