#!/usr/bin/env python3
"""Verify a bundle of an Assay ledger, offline, with Python 3.10 or newer and the package ``cryptography`` alone.

    python3 verify.py [FOLDER] [--key VKEY] [--witness VKEY]... [--checkpoint FILE]... [--json]

FOLDER is the bundle (by default the folder that this file lies in). --key is the ledger's verifier key AS YOU KNOW IT
FROM ELSEWHERE: without it the bundle's own keys/ledger.vkey is used, and then the bundle vouches for nobody but itself.
--checkpoint is a signed checkpoint that was kept elsewhere, --witness the key of a witness that must have cosigned.
Exit code: 0 nothing found, 1 findings, 2 this is no bundle or the options are wrong.

This file shares no code with Assay and was written from the description of the format alone, so that one mistake is not
made twice. Read it from top to bottom: the tree (RFC 6962), notes (C2SP signed-note), events, decisions (in-toto in
DSSE), then the two kinds of bundles: whole logs (C2SP tlog-tiles), and proofs of single events (C2SP tlog-proof). It
reads files and prints; it writes nothing and opens no connection.

NOT checked here: whether the history obeys the ledger's rules (who must approve what), whether each event is in its
canonical form, and whether anything was left unrecorded. Who acts in an event without a signature is a claim.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FINDINGS: list[dict[str, Any]] = []


class BadError(Exception):
    """Something is not in the form that the format prescribes, or a signature does not hold."""


TROUBLE = (BadError, KeyError, TypeError, AttributeError, IndexError, ValueError)  # what reading malformed data raises


def find(kind: str, seq: int | None, detail: str) -> None:
    """Note that something is wrong: its kind, the event it concerns (or None), and what is known of it."""
    FINDINGS.append({"kind": kind, "seq": seq, "detail": detail})


# --- The tree (RFC 6962, section 2.1) --------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """An event's identity, and its leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_levels(leaves: list[bytes]) -> list[list[bytes]]:
    """All nodes over complete pairs: levels[k][i] is the root of the 2**k leaves from i * 2**k on."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


def root_at(levels: list[list[bytes]], size: int) -> bytes:
    """The root over the first ``size`` leaves: perfect subtrees of falling size, joined from the right."""
    parts, start = [], 0
    for k in reversed(range(len(levels))):
        if size >> k & 1:
            parts.append(levels[k][start >> k])
            start += 1 << k
    top = parts.pop()
    while parts:
        top = node_hash(parts.pop(), top)
    return top


def root_from_path(top: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to (RFC 9162, section 2.1.3.2)."""
    here, last = index, size - 1
    for step in path:
        if last == 0:
            raise BadError("the inclusion path is too long")
        if here & 1 or here == last:
            top = node_hash(step, top)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            top = node_hash(top, step)
        here, last = here >> 1, last >> 1
    if last:
        raise BadError("the inclusion path is too short")
    return top


# --- Keys and signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) -------------------------------------


def unbase64(text: str, length: int | None = None) -> bytes:
    """Bytes out of standard, padded base64 in its one spelling."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise BadError(f"not the base64 of what it should be: {text[:60]!a}")
    return data


class Key(NamedTuple):
    """A verifier key, name+<id>+base64(type, key). Type 1 signs a log's checkpoints, type 4 a witness's cosignatures."""

    name: str
    id: bytes
    type: int
    public: bytes


def parse_key(text: str) -> Key:
    """A verifier key out of its line of text; its id must be the one that name and key give."""
    parts = text.strip().split("+", 2)
    data = unbase64(parts[2]) if len(parts) == 3 else b""
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] not in (1, 4) or key_id.hex() != parts[1]:
        raise BadError(f"not a verifier key: {text[:100]!a}")
    return Key(parts[0], key_id, data[0], data[1:])


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's over exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Checkpoint(NamedTuple):
    """What a log says of itself: its name, its size and the root of its tree, and who signed that text."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: list[tuple[str, bytes, bytes]]  # name, key id, signature


def parse_checkpoint(note: str) -> Checkpoint:
    """A signed note's text taken apart; no signature is looked at."""
    text, _, block = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(lines) != 3 or not re.fullmatch("[1-9][0-9]{0,18}", lines[1]) or not block.endswith("\n"):
        raise BadError("not a signed checkpoint")
    signatures = []
    for line in block[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        blob = unbase64(encoded)
        if dash != "\u2014":
            raise BadError("not a signature line")
        signatures.append((name, blob[:4], blob[4:]))
    return Checkpoint(lines[0], int(lines[1]), unbase64(lines[2], 32), text + "\n", signatures)


def signed_by(checkpoint: Checkpoint, key: Key) -> bool:
    """Whether a key signed a checkpoint: its text as it is, or as a witness together with the time it was seen."""
    for name, key_id, signature in checkpoint.signatures:
        if (name, key_id) == (key.name, key.id):
            message = checkpoint.text.encode()
            if key.type == 4:
                seen, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n%b" % (seen, message)
            return ed25519(key.public, signature, message)
    return False


# --- Events ----------------------------------------------------------------------------------------------------------

MEMBERS = {"actor", "at", "cause", "prev", "project", "seq", "subject", "type", "v", "value"}
Events = dict[int, tuple[bytes, dict[str, Any]]]  # by place: the exact bytes, and what they say


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, none of whose members may occur twice."""
    if len(dict(pairs)) != len(pairs):
        raise BadError("a member occurs twice")
    return dict(pairs)


def parse_event(body: bytes, seq: int) -> dict[str, Any] | None:
    """An event, or None where its bytes have not the form of one, which is then a finding."""
    try:
        event = json.loads(body.decode("utf-8"), object_pairs_hook=once)
        if not isinstance(event, dict) or event.keys() != MEMBERS or event["v"] != 1 or len(body) > 65535:
            raise BadError("not an object with the ten members of an event")
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["at"]):
            raise BadError("its time is not spelled as it should be")
        if not (event["cause"] is None or 0 <= event["cause"] < seq) or not isinstance(event["value"], dict):
            raise BadError("its cause is not an earlier event, or its value no object")
    except TROUBLE as error:
        find("malformed", seq, str(error))
        return None
    return event


class Known:
    """Who has which keys, and which key is the ledger's: each counts from the event after the one that says so."""

    def __init__(self) -> None:
        self.people: dict[str, list[str]] = {}
        self.administrators: set[str] = set()
        self.ledger: list[tuple[int, Key]] = []  # from which size on it signs checkpoints

    def at(self, size: int) -> Key:
        """The ledger's key that signs a checkpoint of this size."""
        return [key for since, key in self.ledger if since <= size][-1]

    def learn(self, event: dict[str, Any]) -> None:
        """Take in what an event says of keys; other events say nothing."""
        value, seq, kind = event["value"], event["seq"], event["type"]
        if kind == "ledger.created":
            self.ledger.append((1, parse_key(value["key"])))
            self.administrators = {each["name"] for each in value["administrators"]}
            for each in value["administrators"]:
                self.people.setdefault(each["name"], []).append(each["key"])
        elif kind == "ledger.key_rotated":  # the key before still signs over this very event, and so vouches for it
            self.ledger.append((seq + 2, parse_key(value["key"])))
        elif kind == "ledger.continued":  # a restored copy parts from the log that it was copied from
            self.ledger.append((seq + 1, parse_key(value["key"])))
        elif kind == "key.enrolled":
            self.people.setdefault(value["name"], []).append(value["key"])
        elif kind == "key.revoked":
            self.people[value["name"]].remove(value["key"])


# --- Decisions: what people signed (in-toto Statement v1 in a DSSE envelope) -----------------------------------------

VERDICTS = {
    "approval.granted": "approve",
    "approval.rejected": "reject",
    "key.enrolled": "enrol",
    "key.revoked": "revoke",
    "ledger.key_rotated": "enrol",
    "ledger.continued": "enrol",
}
RootOf = Callable[[int], bytes | None]  # the log's root at a size, where the bundle can tell


def check_decision(event: dict[str, Any], known: Known, events: Events, root_of: RootOf) -> None:
    """Whether the person in the event signed it, for this ledger, over this very thing, having seen this log."""
    value, actor = event["value"], event["actor"]
    payload = unbase64(value["dsse"]["payload"])
    kind = value["dsse"]["payloadType"].encode()
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    signature = unbase64(value["dsse"]["signatures"][0]["sig"], 64)
    if not any(ed25519(unbase64(key, 32), signature, message) for key in known.people.get(actor, [])):
        raise BadError(f"the signature is not by a key of {actor} that was valid there")
    statement = json.loads(payload.decode("utf-8"), object_pairs_hook=once)
    said, subject = statement["predicate"], statement["subject"][0]
    wanted = (actor, known.ledger[-1][1].name, VERDICTS[event["type"]])
    if (said["signer"], said["origin"], said["verdict"]) != wanted:
        raise BadError(f"signed by, for, or with the verdict {said['signer']}, {said['origin']}, {said['verdict']}")
    if event["type"].startswith("approval."):
        body, request = events[value["request"]]  # what was asked, frozen by its hash and the digest it names
        asked = {"seq": request["seq"], "hash": leaf_hash(body).hex()}
        name, digest = request["subject"], request["value"]["sha256"]
        if said["request"] != asked or event["subject"] != name:
            raise BadError(f"signed in answer to another request than {value['request']}")
    else:
        person = event["type"].startswith("key.")
        public = unbase64(value["key"], 32) if person else parse_key(value["key"]).public
        name = f"person/{value['name']}" if person else f"ledger/{parse_key(value['key']).name}"
        digest = f"sha256:{hashlib.sha256(public).hexdigest()}"
        if actor not in known.administrators:
            raise BadError(f"{actor} does not administer the ledger")
    if subject["name"] != name or f"sha256:{subject['digest']['sha256']}" != digest:
        raise BadError(f"signed on {subject['name']} with another digest, or on something else than {name}")
    if said["checkpoint"] is not None:
        seen = parse_checkpoint(said["checkpoint"])
        if seen.size > event["seq"] or not signed_by(seen, known.at(seen.size)):
            raise BadError("the checkpoint that it names was not signed by the ledger before it")
        if root_of(seen.size) not in (None, seen.root):
            raise BadError("the checkpoint that it names belongs to another history")


def check_facts(events: Events, root_of: RootOf) -> tuple[Known, int]:
    """Go through the events in order: what each says of keys, and whether each decision holds."""
    known, decisions = Known(), 0
    for seq, (_, event) in sorted(events.items()):
        try:
            if event["type"] in VERDICTS:
                decisions += 1
                check_decision(event, known, events, root_of)
            known.learn(event)
        except TROUBLE as error:
            find("signature", seq, f"{event['type']}: {error}")
    return known, decisions


# --- A whole log (C2SP tlog-tiles) -----------------------------------------------------------------------------------


def tiles(level: int | str, count: int) -> Iterator[tuple[str, int, int]]:
    """The tiles of a level that holds ``count`` hashes or entries: path, first, width."""
    for first in range(0, count, 256):
        width, index = min(256, count - first), str(first // 256)
        groups = re.findall("...", index.zfill(-(-len(index) // 3) * 3))
        name = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        yield f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}"), first, width


def read(folder: Path, name: str) -> bytes:
    """A file's bytes; empty, and a finding, where it is not there."""
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        find("missing", None, f"{name} cannot be read: {error.strerror}")
        return b""


def read_entries(folder: Path, size: int) -> list[bytes | None]:
    """The entries 0 … size-1, each after its length in two bytes; None where one is absent."""
    bodies: list[bytes | None] = []
    for name, first, width in tiles("entries", size):
        data, at, found = read(folder, name), 0, list[bytes | None]()
        while at + 2 <= len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : end] if end <= len(data) else None)
            at = end
        if data and (at != len(data) or len(found) != width):
            find("damaged", first + min(len(found), width - 1), f"{name} does not hold exactly {width} entries")
        bodies += (found + [None] * width)[:width]
    return bodies


def check_tree(folder: Path, checkpoint: Checkpoint, bodies: list[bytes | None]) -> tuple[list[list[bytes]], list[int]]:
    """The entries against the tiles and the signed root. Returns the tree's nodes, and the places that were touched."""
    size = checkpoint.size
    leaves = [leaf_hash(body) if body is not None else b"" for body in bodies]
    bottom = b"".join(read(folder, name).ljust(32 * width, b"\0")[: 32 * width] for name, _, width in tiles(0, size))
    fixed = [bottom[i : i + 32] for i in range(0, len(bottom), 32)]
    # Where an entry and its hash in the tile differ, the signed root tells which of the two was touched.
    differing = [seq for seq in range(size) if leaves[seq] != fixed[seq]]
    levels = perfect_levels(leaves)
    if root_at(levels, size) == checkpoint.root:
        for seq in differing:
            find("tree", seq, "the hash in the tile is not the entry's, which the signed root fixes")
        differing = []
    elif root_at(perfect_levels(fixed), size) == checkpoint.root:
        levels = perfect_levels(fixed)
        for seq in differing:
            find("edited", seq, "the entry's bytes do not give the hash that the signed root fixes")
    else:
        where = f"; of these the entries {differing[:20]} differ from the tiles" if differing else ""
        find("rewritten", differing[0] if differing else 0, f"the entries are not those that were signed for{where}")
    expected = {name for name, _, _ in tiles("entries", size)} | {name for name, _, _ in tiles(0, size)}
    for level in range(1, 8):
        for name, first, width in tiles(level, size >> 8 * level):
            expected.add(name)
            if read(folder, name) != b"".join(levels[8 * level][first : first + width]):
                find("tree", first << 8 * level, f"{name} is not what the entries give")
    there = {path.relative_to(folder).as_posix() for path in (folder / "tile").rglob("*") if not path.is_dir()}
    for name in sorted(there - expected):
        find("tree", None, f"{name} does not belong to a log of {size} entries")
    return levels, differing


def check_log(folder: Path, checkpoint: Checkpoint) -> tuple[Events, RootOf]:
    """Every entry, link and tile of a log, against the signed root."""
    bodies = read_entries(folder, checkpoint.size)
    levels, touched = check_tree(folder, checkpoint, bodies)
    events: Events = {}
    last = ""
    for seq, body in enumerate(bodies):
        event = None if body is None or seq in touched else parse_event(body, seq)
        if body is None or event is None:
            continue
        if event["seq"] != seq or event["prev"] != (levels[0][seq - 1].hex() if seq else "0" * 64):
            find("reordered", seq, f"the event says that it is number {event['seq']}, after {event['prev']}")
        if event["at"] < last:
            find("clock", seq, f"it was recorded at {event['at']}, before the event ahead of it")
        events[seq], last = (body, event), event["at"]
    return events, lambda n: root_at(levels, n) if 0 < n <= checkpoint.size else None


# --- Proofs of single events (C2SP tlog-proof) -----------------------------------------------------------------------


def check_proofs(folder: Path, checkpoint: Checkpoint) -> tuple[Events, RootOf]:
    """Each proof file, against the one signed root."""
    events: Events = {}
    for path in sorted((folder / "proofs").iterdir(), key=lambda path: (len(path.name), path.name)):
        seq = int(path.name.partition(".")[0]) if path.name[:1].isdigit() else None
        try:
            head, _, note = path.read_bytes().decode("utf-8").partition("\n\n")
            title, extra, index, *lines = head.split("\n")
            if seq is None or (title, extra[:6], index) != ("c2sp.org/tlog-proof@v1", "extra ", f"index {seq}"):
                raise BadError("not the proof of the event that its name says")
            body, own = unbase64(extra[6:]), parse_checkpoint(note)
            if own.text != checkpoint.text:
                raise BadError("proven under another checkpoint than the bundle's")
            if root_from_path(leaf_hash(body), seq, own.size, [unbase64(line, 32) for line in lines]) != own.root:
                raise BadError("the event's bytes do not lead to the signed root")
        except TROUBLE as error:
            find("edited", seq, f"proofs/{path.name}: {error}")
            continue
        event = parse_event(body, seq)
        if event is not None and event["seq"] != seq:
            find("reordered", seq, f"the event says that it is number {event['seq']}")
        elif event is not None:
            events[seq] = (body, event)
    return events, {checkpoint.size: checkpoint.root}.get


# --- Artifacts -------------------------------------------------------------------------------------------------------


def digest_of(path: Path) -> str:
    """A file's SHA-256; a folder's is that of its manifest: the name, digest and size of every file, by name."""
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if not file.is_dir()}
    listed = [
        {"digest": f"sha256:{digest_of(file)}", "name": name, "size": file.stat().st_size}
        for name, file in sorted(files.items())
    ]
    return hashlib.sha256(json.dumps(listed, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def check_artifacts(folder: Path, events: Events) -> int:
    """Every artifact in the bundle gives the digest that is its name, and some event names that digest."""
    named = b"".join(body for body, _ in events.values())
    paths = sorted((folder / "artifacts").iterdir()) if (folder / "artifacts").is_dir() else []
    for path in paths:
        got = digest_of(path)
        if got != path.name:
            find("edited", None, f"artifacts/{path.name} has another digest, sha256:{got}")
        elif b'"sha256:%b"' % got.encode() not in named:
            find("edited", None, f"artifacts/{path.name} is named by no event in this bundle")
    return len(paths)


# --- The whole -------------------------------------------------------------------------------------------------------


def check_other(path: Path, checkpoint: Checkpoint, known: Known, root_of: RootOf) -> None:
    """Another checkpoint of this ledger, kept elsewhere or vouched for by a witness, against the bundle's log."""
    other = parse_checkpoint(path.read_text(encoding="utf-8"))
    if not signed_by(other, known.at(other.size)):
        find("signature", other.size - 1, f"{path.name} is not signed with the key that was the ledger's then")
    elif other.size > checkpoint.size:
        find("truncated", checkpoint.size, f"{path.name} covers {other.size} events, the bundle {checkpoint.size}")
    elif root_of(other.size) not in (None, other.root):
        find("rewritten", 0, f"{path.name} was signed for another history")


def check(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All of a bundle. Returns what was checked, in words and numbers."""
    checkpoint = parse_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"))
    key = parse_key(options.key or (folder / "keys" / "ledger.vkey").read_text(encoding="utf-8"))
    last, whole = checkpoint.size - 1, (folder / "tile").is_dir()
    if key.name != checkpoint.origin or not signed_by(checkpoint, key):
        find("signature", last, f"the checkpoint is not signed with this key of {key.name}")
    for text in options.witness:
        if not signed_by(checkpoint, parse_key(text)):
            find("signature", last, f"the checkpoint is not cosigned by {parse_key(text).name}")
    before = len(FINDINGS)
    events, root_of = (check_log if whole else check_proofs)(folder, checkpoint)
    decisions = "not judged: events are touched or absent"
    if len(FINDINGS) == before:  # of a touched record only the touch is told, not all that follows from it
        known, count = check_facts(events, root_of)
        decisions = f"{count:,}"
        if known.ledger and whole and known.at(checkpoint.size) != key:
            find("signature", last, "the events name another key for a checkpoint of this size")
        for path in [*map(Path, options.checkpoint), *sorted((folder / "checkpoints").glob("*"))]:
            check_other(path, checkpoint, known, root_of)
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "holds": "the whole log" if whole else "proofs of single events, and nothing on what lies between them",
        "events": len(events),
        "decisions": decisions,
        "artifacts": check_artifacts(folder, events),
        "key": "as given" if options.key else "the bundle's own: it proves nothing unless you know it from elsewhere",
    }


def main() -> int:
    """Check, print, and say in the exit code whether anything was found."""
    parser = argparse.ArgumentParser(description="Verify a bundle of an Assay ledger, offline.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", help="the ledger's verifier key, as known from elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="a witness's key that must have cosigned")
    parser.add_argument("--checkpoint", action="append", default=[], help="a signed checkpoint kept elsewhere")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    try:
        checked = check(options.folder, options)
    except (*TROUBLE, OSError) as error:
        print(f"verify.py: {options.folder} is no bundle that can be read: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"ok": not FINDINGS, **checked, "findings": FINDINGS}, indent=2))
    else:
        for name, said in checked.items():
            print(f"{name:10} {said}")
        for each in FINDINGS:
            where = "" if each["seq"] is None else f" at event {each['seq']}"
            print(f"FINDING    {each['kind']}{where}: {ascii(each['detail'])[1:-1]}")
        print(f"{len(FINDINGS)} finding(s)" if FINDINGS else "nothing found: every byte is as it was signed")
    return 1 if FINDINGS else 0


if __name__ == "__main__":
    sys.exit(main())
