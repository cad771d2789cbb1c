#!/usr/bin/env python3
"""Verify a bundle of an Assay ledger, offline, with Python 3.10 or newer and the package ``cryptography`` alone.

    python3 verify.py [FOLDER] [--key VKEY] [--witness VKEY]... [--checkpoint FILE]... [--json]

FOLDER is the bundle (by default the folder that this file lies in). --key is the ledger's verifier key AS YOU KNOW IT
FROM ELSEWHERE: without it the bundle's own keys/ledger.vkey is used, and then the bundle vouches for nobody but itself.
--checkpoint is a signed checkpoint that was kept elsewhere, --witness the key of a witness that must have cosigned.
Exit code: 0 nothing found, 1 findings, 2 this is no bundle or the options are wrong.

This file shares no code with Assay and was written from the description of the format alone, so that one mistake is not
made twice. Read it from top to bottom: the tree (RFC 6962), notes (C2SP signed-note), events, decisions (in-toto in DSSE),
then the two kinds of bundles: whole logs (C2SP tlog-tiles), and proofs of single events (C2SP tlog-proof). It reads files
and prints; it writes nothing and opens no connection.

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
Events = dict[int, tuple[bytes, dict[str, Any]]]  # by place: the exact bytes, and what they say
RootOf = Callable[[int], "bytes | None"]  # the log's root at a size, where the bundle can tell


class BadError(Exception):
    """Something is not in the form that the format prescribes, or a signature does not hold."""


TROUBLE = (BadError, KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError)  # of malformed data


def find(kind: str, seq: int | None, detail: str) -> None:
    """Note that something is wrong: its kind, the event it concerns (or None), and what is known of it."""
    FINDINGS.append({"kind": kind, "seq": seq, "detail": detail})


# --- The tree (RFC 6962, section 2.1): leaves are hashed behind a byte 0, pairs of nodes behind a byte 1.


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def perfect_levels(leaves: list[bytes]) -> list[list[bytes]]:
    """All nodes over complete pairs: levels[k][i] is the root of the 2**k leaves from i * 2**k on."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append([sha(b"\x01", *pair) for pair in zip(levels[-1][::2], levels[-1][1::2])])  # noqa: B905
    return levels


def root_at(levels: list[list[bytes]], size: int) -> bytes:
    """The root over the first ``size`` leaves: perfect subtrees of falling size, joined from the right."""
    parts = [levels[k][(size >> k + 1) << 1] for k in range(len(levels)) if size >> k & 1]
    top = parts[0]
    for part in parts[1:]:
        top = sha(b"\x01", part, top)
    return top


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to (section 2.1.1): its last hash is the half in which the leaf is not."""
    if size == 1 and not path:
        return leaf
    half = 1 << (size - 1).bit_length() - 1 if size > 1 else 0  # the largest power of two below the size
    if not half or not path:
        raise BadError("the inclusion path is too long or too short")
    if index < half:
        return sha(b"\x01", root_by_path(leaf, index, half, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], root_by_path(leaf, index - half, size - half, path[:-1]))


# --- Keys and signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature)


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

    @classmethod
    def parse(cls, text: str) -> Key:
        """Out of its line of text; the id must be the one that name and key give."""
        name, key_id, data = (*text.strip().split("+", 2), "", "")[:3]
        raw = unbase64(data)
        if len(raw) != 33 or raw[0] not in (1, 4) or sha(name.encode(), b"\n", raw)[:4].hex() != key_id:
            raise BadError(f"not a verifier key: {text[:100]!a}")
        return cls(name, bytes.fromhex(key_id), raw[0], raw[1:])


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

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """A signed note's text taken apart; no signature is looked at."""
        text, _, block = note.rpartition("\n\n")
        lines, signatures = text.split("\n"), [line.split(" ") for line in block[:-1].split("\n")]
        if len(lines) != 3 or not re.fullmatch("[1-9][0-9]{0,18}", lines[1]) or not block.endswith("\n"):
            raise BadError("not a signed checkpoint")
        if any(len(each) != 3 or each[0] != "\u2014" for each in signatures):
            raise BadError("not a signature line")
        blobs = [(name, unbase64(encoded)) for _, name, encoded in signatures]
        signed = [(name, blob[:4], blob[4:]) for name, blob in blobs]
        return cls(lines[0], int(lines[1]), unbase64(lines[2], 32), text + "\n", signed)

    def signed_by(self, key: Key) -> bool:
        """Whether a key signed it: its text as it is, or as a witness together with the time it was seen."""
        for signature in (each for name, key_id, each in self.signatures if (name, key_id) == (key.name, key.id)):
            if key.type == 1:
                return ed25519(key.public, signature, self.text.encode())
            head = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big")
            return ed25519(key.public, signature[8:], head + self.text.encode())
        return False


# --- Events

MEMBERS = {"actor", "at", "cause", "prev", "project", "seq", "subject", "type", "v", "value"}


def parse_json(data: bytes) -> Any:
    """What JSON says, none of whose members may occur twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise BadError("a member occurs twice")
        return dict(pairs)

    return json.loads(data.decode("utf-8"), object_pairs_hook=once)


def parse_event(body: bytes, seq: int) -> dict[str, Any] | None:
    """An event, or None where its bytes have not the form of one, which is then a finding."""
    try:
        event: dict[str, Any] = parse_json(body)
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
        # A rotated key signs from two on: the one before it still signs over this very event, and so vouches for it. A
        # continued ledger is a restored copy, which parts here from the log that it was copied from.
        value, kind = event["value"], event["type"]
        since = {"ledger.created": 1, "ledger.key_rotated": 2, "ledger.continued": 1}.get(kind)
        if since is not None:
            self.ledger.append((event["seq"] + since, Key.parse(value["key"])))
        for each in value["administrators"] if kind == "ledger.created" else ():
            self.administrators.add(each["name"])
            self.people.setdefault(each["name"], []).append(each["key"])
        if kind == "key.enrolled":
            self.people.setdefault(value["name"], []).append(value["key"])
        elif kind == "key.revoked":
            self.people[value["name"]].remove(value["key"])


# --- Decisions: what people signed (in-toto Statement v1 in a DSSE envelope)

VERDICTS = {
    "approval.granted": "approve",
    "approval.rejected": "reject",
    "key.enrolled": "enrol",
    "key.revoked": "revoke",
}
VERDICTS |= {"ledger.key_rotated": "enrol", "ledger.continued": "enrol", "delegation.given": "enrol"}
VERDICTS |= {"approval.changes_requested": "reject", "approval.revoked": "revoke", "exception.recorded": "waive"}
VERDICTS |= {"policy.adopted": "adopt", "charter.signed": "approve", "run.signed": "approve"}


def governed(event: dict[str, Any]) -> tuple[str, str | None]:
    """What a decision on a policy, an exception, a delegation, a charter or a run is on, and the digest it must name.

    An exception's covers the digest of its version, which another event tells: what it is over is left to the ledger's rules.
    """
    value = event["value"]
    if event["type"] == "exception.recorded":
        return f"exception/{value['exception']}", None
    if event["type"] == "delegation.given":
        facts = {name: value[name] for name in ("delegation", "role", "to", "until")}
        facts |= {"from": event["actor"], "project": event["project"]}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"person/{value['to']}", f"sha256:{sha(text.encode()).hex()}"
    return event["subject"], value["sha256"]


def check_decision(event: dict[str, Any], known: Known, events: Events, root_of: RootOf) -> None:
    """Whether the person in the event signed it, for this ledger, over this very thing, having seen this log."""
    value, actor = event["value"], event["actor"]
    kind, payload = value["dsse"]["payloadType"].encode(), unbase64(value["dsse"]["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    signature = unbase64(value["dsse"]["signatures"][0]["sig"], 64)
    if not any(ed25519(unbase64(key, 32), signature, message) for key in known.people.get(actor, [])):
        raise BadError(f"the signature is not by a key of {actor} that was valid there")
    statement = parse_json(payload)
    said, subject = statement["predicate"], statement["subject"][0]
    facts = (said["signer"], said["origin"], said["verdict"])
    if facts != (actor, known.ledger[-1][1].name, VERDICTS[event["type"]]):
        raise BadError("signed by, for, or with the verdict {}, {}, {}".format(*facts))
    if event["type"].startswith("approval."):
        body, request = events[value["request"]]  # what was asked, frozen by its hash and the digest it names
        name, digest = request["subject"], request["value"]["sha256"]
        if said["request"] != {"seq": request["seq"], "hash": sha(b"\0", body).hex()} or event["subject"] != name:
            raise BadError(f"signed in answer to another request than {value['request']}")
    elif not event["type"].startswith(("key.", "ledger.")):
        name, digest = governed(event)
    else:
        person = event["type"].startswith("key.")
        public = unbase64(value["key"], 32) if person else Key.parse(value["key"]).public
        name = f"person/{value['name']}" if person else f"ledger/{Key.parse(value['key']).name}"
        digest = f"sha256:{sha(public).hex()}"
        if actor not in known.administrators:
            raise BadError(f"{actor} does not administer the ledger")
    if subject["name"] != name or digest not in (None, f"sha256:{subject['digest']['sha256']}"):
        raise BadError(f"signed on {subject['name']} with another digest, or on something else than {name}")
    if said["checkpoint"] is not None:
        seen = Checkpoint.parse(said["checkpoint"])
        if seen.size > event["seq"] or not seen.signed_by(known.at(seen.size)):
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


# --- A whole log (C2SP tlog-tiles)


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
    leaves = [b"" if body is None else sha(b"\0", body) for body in bodies]
    bottom = b"".join(read(folder, name).ljust(32 * width, b"\0")[: 32 * width] for name, _, width in tiles(0, size))
    fixed = [bottom[i : i + 32] for i in range(0, len(bottom), 32)]
    # Where an entry and its hash in the tile differ, the signed root tells which of the two was touched.
    differing = [seq for seq in range(size) if leaves[seq] != fixed[seq]]
    levels, of_tiles = perfect_levels(leaves), perfect_levels(fixed) if differing else []
    if root_at(levels, size) == checkpoint.root:
        for seq in differing:
            find("tree", seq, "the hash in the tile is not the entry's, which the signed root fixes")
        differing = []
    elif differing and root_at(of_tiles, size) == checkpoint.root:
        levels = of_tiles
        for seq in differing:
            find("edited", seq, "the entry's bytes do not give the hash that the signed root fixes")
    else:
        where = f"; of these the entries {differing[:20]} differ from the tiles" if differing else ""
        find("rewritten", differing[0] if differing else 0, f"the entries are not those that were signed for{where}")
    expected = {name for level in ("entries", 0) for name, _, _ in tiles(level, size)}
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
    bodies, events, last = read_entries(folder, checkpoint.size), Events(), ""
    levels, touched = check_tree(folder, checkpoint, bodies)
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


def check_proofs(folder: Path, checkpoint: Checkpoint) -> tuple[Events, RootOf]:
    """Each proof file of a single event (C2SP tlog-proof), against the one signed root."""
    events: Events = {}
    for path in sorted((folder / "proofs").iterdir(), key=lambda path: (len(path.name), path.name)):
        seq = int(path.name.partition(".")[0]) if path.name[:1].isdigit() else None
        try:
            head, _, note = path.read_bytes().decode("utf-8").partition("\n\n")
            title, extra, index, *lines = head.split("\n")
            if seq is None or (title, extra[:6], index) != ("c2sp.org/tlog-proof@v1", "extra ", f"index {seq}"):
                raise BadError("not the proof of the event that its name says")
            body, own = unbase64(extra[6:]), Checkpoint.parse(note)
            if own.text != checkpoint.text or seq >= own.size:
                raise BadError("proven under another checkpoint than the bundle's, or beyond its end")
            if root_by_path(sha(b"\0", body), seq, own.size, [unbase64(line, 32) for line in lines]) != own.root:
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


# --- Artifacts, checkpoints kept elsewhere, and the whole


def digest_of(path: Path) -> str:
    """A file's SHA-256; a folder's is that of its manifest: the name, digest and size of every file, by name."""
    if not path.is_dir():
        return sha(path.read_bytes()).hex()
    files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if not file.is_dir())
    listed = [
        {"digest": f"sha256:{digest_of(file)}", "name": name, "size": file.stat().st_size} for name, file in files
    ]
    return sha(json.dumps(listed, separators=(",", ":"), ensure_ascii=False).encode()).hex()


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


def check_other(path: Path, checkpoint: Checkpoint, known: Known, root_of: RootOf) -> None:
    """Another checkpoint of this ledger, kept elsewhere or vouched for by a witness, against the bundle's log."""
    other = Checkpoint.parse(path.read_text(encoding="utf-8"))
    if not other.signed_by(known.at(other.size)):
        find("signature", other.size - 1, f"{path.name} is not signed with the key that was the ledger's then")
    elif other.size > checkpoint.size:
        find("truncated", checkpoint.size, f"{path.name} covers {other.size} events, the bundle {checkpoint.size}")
    elif root_of(other.size) not in (None, other.root):
        find("rewritten", 0, f"{path.name} was signed for another history")


def check(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All of a bundle. Returns what was checked, in words and numbers."""
    checkpoint = Checkpoint.parse((folder / "checkpoint").read_text(encoding="utf-8"))
    key = Key.parse(options.key or (folder / "keys" / "ledger.vkey").read_text(encoding="utf-8"))
    last, whole = checkpoint.size - 1, (folder / "tile").is_dir()
    if key.name != checkpoint.origin or not checkpoint.signed_by(key):
        find("signature", last, f"the checkpoint is not signed with this key of {key.name}")
    for witness in map(Key.parse, options.witness):
        if not checkpoint.signed_by(witness):
            find("signature", last, f"the checkpoint is not cosigned by {witness.name}")
    before, decisions = len(FINDINGS), "not judged: events are touched or absent"
    events, root_of = (check_log if whole else check_proofs)(folder, checkpoint)
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
        return 1 if FINDINGS else 0
    for name, said in checked.items():
        print(f"{name:10} {said}")
    for each in FINDINGS:
        where = "" if each["seq"] is None else f" at event {each['seq']}"
        print(f"FINDING    {each['kind']}{where}: {ascii(each['detail'])[1:-1]}")
    print(f"{len(FINDINGS)} finding(s)" if FINDINGS else "nothing found: every byte is as it was signed")
    return 1 if FINDINGS else 0


if __name__ == "__main__":
    sys.exit(main())
