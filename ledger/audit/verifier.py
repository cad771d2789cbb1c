#!/usr/bin/env python3
"""Verify a bundle of an Assay ledger, offline, with Python 3.10 or newer and the package ``cryptography`` alone.

    python3 verify.py [FOLDER] [--key VKEY] [--witness VKEY]... [--checkpoint FILE]... [--json]

FOLDER is the bundle (by default where this file lies). --key is the ledger's verifier key AS YOU KNOW IT FROM ELSEWHERE:
without it the bundle's own keys/ledger.vkey is used, and the bundle vouches for nobody but itself. --checkpoint is a
signed checkpoint that was kept elsewhere, --witness the key of a witness that must have cosigned. Exit code: 0 nothing
found, 1 findings, 2 this is no bundle or the options are wrong.

This file shares no code with Assay and was written from the description of the format alone, so that one mistake is not
made twice. Read it from top to bottom: the tree (RFC 6962), notes (C2SP signed-note), events, decisions (in-toto in DSSE),
and the two kinds of bundles: whole logs (C2SP tlog-tiles), proofs of single events (C2SP tlog-proof). It only reads.

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
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FINDINGS: list[dict[str, Any]] = []
Events = dict[int, tuple[bytes, dict[str, Any]]]  # by place: the exact bytes, and what they say
RootOf = Callable[[int], "bytes | None"]  # the log's root at a size, where the bundle can tell
TROUBLE = (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError)  # what malformed data leads to


def find(kind: str, seq: int | None, detail: str) -> None:
    """Note that something is wrong: its kind, the event it concerns (or None), and what is known of it."""
    FINDINGS.append({"kind": kind, "seq": seq, "detail": detail})


def want(holds: object, otherwise: str) -> None:
    """Go on only where this holds; where it does not, what is being read is not in its form, or not as it was signed."""
    if not holds:
        raise ValueError(otherwise)


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
    return reduce(lambda right, left: sha(b"\x01", left, right), parts)


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to (section 2.1.1): its last hash is the half in which the leaf is not."""
    if size == 1 and not path:
        return leaf
    want(size > 1 and path, "the inclusion path is too long or too short")
    half = 1 << (size - 1).bit_length() - 1  # the largest power of two below the size
    if index < half:
        return sha(b"\x01", root_by_path(leaf, index, half, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], root_by_path(leaf, index - half, size - half, path[:-1]))


# --- Keys and signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature)


def unbase64(text: str, length: int | None = None) -> bytes:
    """Bytes out of standard, padded base64 in its one spelling."""
    data = base64.b64decode(text, validate=True)
    one = base64.b64encode(data).decode() == text and length in (None, len(data))
    want(one, f"not the base64 of what it should be: {text[:60]!a}")
    return data


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's over exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


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
        own = len(raw) == 33 and raw[0] in (1, 4) and sha(name.encode(), b"\n", raw)[:4].hex() == key_id
        want(own, f"not a verifier key: {text[:100]!a}")
        return cls(name, bytes.fromhex(key_id), raw[0], raw[1:])


class Checkpoint(NamedTuple):
    """What a log says of itself: its name, its size and the root of its tree, and who signed that text."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: list[tuple[str, bytes]]  # name; key id and signature

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """A signed note's text taken apart; no signature is looked at."""
        text, _, block = note.rpartition("\n\n")
        lines, signed = text.split("\n"), [line.split(" ") for line in block[:-1].split("\n")]
        want(len(lines) == 3 and re.fullmatch("[1-9][0-9]{0,18}", lines[1]), "not a checkpoint")
        want(block.endswith("\n") and all(dash == "\u2014" for dash, *_ in signed), "not a signed note")
        signatures = [(name, unbase64(encoded)) for _, name, encoded in signed]
        return cls(lines[0], int(lines[1]), unbase64(lines[2], 32), text + "\n", signatures)

    def signed_by(self, key: Key) -> bool:
        """Whether a key signed it: its text as it is, or as a witness together with the time it was seen."""
        for blob in (blob for name, blob in self.signatures if (name, blob[:4]) == (key.name, key.id)):
            if key.type == 1:
                return ed25519(key.public, blob[4:], self.text.encode())
            head = b"cosignature/v1\ntime %d\n" % int.from_bytes(blob[4:12], "big")
            return ed25519(key.public, blob[12:], head + self.text.encode())
        return False


# --- Events

MEMBERS = {"actor", "at", "cause", "prev", "project", "seq", "subject", "type", "v", "value"}


def parse_json(data: bytes) -> Any:
    """What JSON says, none of whose members may occur twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        want(len(dict(pairs)) == len(pairs), "a member occurs twice")
        return dict(pairs)

    return json.loads(data.decode("utf-8"), object_pairs_hook=once)


def parse_event(body: bytes, seq: int) -> dict[str, Any] | None:
    """An event, or None where its bytes have not the form of one, which is then a finding."""
    try:
        event: dict[str, Any] = parse_json(body)
        want(event.keys() == MEMBERS and event["v"] == 1 and len(body) <= 65535, "not an object with the ten members")
        want(re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{6}Z", event["at"]), "its time is spelled otherwise")
        want(event["cause"] is None or 0 <= event["cause"] < seq, "its cause is not an earlier event")
        want(isinstance(event["value"], dict), "its value is no object")
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
        if kind in ("ledger.created", "ledger.key_rotated", "ledger.continued"):
            self.ledger.append((event["seq"] + 1 + (kind == "ledger.key_rotated"), Key.parse(value["key"])))
        for each in value["administrators"] if kind == "ledger.created" else [value] if kind == "key.enrolled" else []:
            self.people.setdefault(each["name"], []).append(each["key"])
            self.administrators |= {each["name"]} if kind == "ledger.created" else set()
        if kind == "key.revoked":
            self.people[value["name"]].remove(value["key"])


# --- Decisions: what people signed (in-toto Statement v1 in a DSSE envelope)

VERDICTS = {"approval.granted": "approve", "charter.signed": "approve", "run.signed": "approve"}
VERDICTS |= {"approval.rejected": "reject", "approval.changes_requested": "reject", "exception.recorded": "waive"}
VERDICTS |= {"approval.revoked": "revoke", "key.revoked": "revoke", "policy.adopted": "adopt"}
VERDICTS |= dict.fromkeys(("key.enrolled", "ledger.key_rotated", "ledger.continued", "delegation.given"), "enrol")


def decided_on(event: dict[str, Any], said: dict[str, Any], events: Events) -> tuple[str, str | None]:
    """The name and the digest that a decision must be on, by its event and the request that it answers.

    An exception is over the digest of a version, which another event tells: that (None) is left to the ledger's rules.
    """
    value, kind = event["value"], event["type"]
    if kind.startswith("approval."):  # what was asked, frozen by its hash and the digest it names
        body, request = events[value["request"]]
        same = said["request"] == {"seq": request["seq"], "hash": sha(b"\0", body).hex()}
        want(same and event["subject"] == request["subject"], f"answers another request than {value['request']}")
        return request["subject"], request["value"]["sha256"]
    if kind.startswith("key."):
        return f"person/{value['name']}", f"sha256:{sha(unbase64(value['key'], 32)).hex()}"
    if kind.startswith("ledger."):
        return f"ledger/{Key.parse(value['key']).name}", f"sha256:{sha(Key.parse(value['key']).public).hex()}"
    if kind == "exception.recorded":
        return f"exception/{value['exception']}", None
    if kind == "delegation.given":
        facts = {name: value[name] for name in ("delegation", "role", "to", "until")}
        facts |= {"from": event["actor"], "project": event["project"]}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"person/{value['to']}", f"sha256:{sha(text.encode()).hex()}"
    return event["subject"], value["sha256"]


def check_decision(event: dict[str, Any], known: Known, events: Events, root_of: RootOf) -> None:
    """Whether the person in the event signed it, for this ledger, over this very thing, having seen this log."""
    actor, dsse = event["actor"], event["value"]["dsse"]
    kind, payload = dsse["payloadType"].encode(), unbase64(dsse["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    keys, signature = known.people.get(actor, []), unbase64(dsse["signatures"][0]["sig"], 64)
    signed = any(ed25519(unbase64(key, 32), signature, message) for key in keys)
    want(signed, f"the signature is not by a key of {actor} that was valid there")
    statement = parse_json(payload)
    said, subject = statement["predicate"], statement["subject"][0]
    facts = (said["signer"], said["origin"], said["verdict"])
    right = facts == (actor, known.ledger[-1][1].name, VERDICTS[event["type"]])
    want(right, "signed by, for, or with the verdict {}, {}, {}".format(*facts))
    if event["type"].startswith(("key.", "ledger.")):
        want(actor in known.administrators, f"{actor} does not administer the ledger")
    name, digest = decided_on(event, said, events)
    right = subject["name"] == name and digest in (None, f"sha256:{subject['digest']['sha256']}")
    want(right, f"signed on {subject['name']} with another digest, or on something else than {name}")
    if said["checkpoint"] is not None:
        seen = Checkpoint.parse(said["checkpoint"])
        right = seen.size <= event["seq"] and seen.signed_by(known.at(seen.size))
        want(right, "the checkpoint that it names was not signed by the ledger before it")
        want(root_of(seen.size) in (None, seen.root), "the checkpoint that it names belongs to another history")


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


def tiles(folder: Path, level: int | str, count: int, names: set[str]) -> Iterator[tuple[str, int, int, bytes]]:
    """The tiles of a level that holds ``count`` hashes or entries: name (also put into ``names``), first, width, bytes."""
    for first in range(0, count, 256):
        width, index = min(256, count - first), str(first // 256)
        groups = re.findall("...", index.zfill(-(-len(index) // 3) * 3))
        name = f"tile/{level}/" + "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        name, data = name + ("" if width == 256 else f".p/{width}"), b""
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            find("missing", None, f"{name} cannot be read: {error.strerror}")
        names.add(name)
        yield name, first, width, data


def read_entries(folder: Path, size: int, names: set[str]) -> list[bytes | None]:
    """The entries 0 … size-1, each after its length in two bytes; None where one is absent."""
    bodies: list[bytes | None] = []
    for name, first, width, data in tiles(folder, "entries", size, names):
        at, found = 0, list[bytes | None]()
        while at + 2 <= len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : end] if end <= len(data) else None)
            at = end
        if data and (at != len(data) or len(found) != width):
            find("damaged", first + min(len(found), width - 1), f"{name} does not hold exactly {width} entries")
        bodies += (found + [None] * width)[:width]
    return bodies


def check_tree(folder: Path, checkpoint: Checkpoint, bodies: list[bytes | None], names: set[str]) -> list[list[bytes]]:
    """The entries against the tiles and the signed root; those that were touched become None. Returns the tree's nodes."""
    size, root = checkpoint.size, checkpoint.root
    leaves = [b"" if body is None else sha(b"\0", body) for body in bodies]
    bottom = [data.ljust(32 * width, b"\0")[: 32 * width] for _, _, width, data in tiles(folder, 0, size, names)]
    fixed = [tile[i : i + 32] for tile in bottom for i in range(0, len(tile), 32)]
    # Where an entry and its hash in the tile differ, the signed root tells which of the two was touched.
    touched, levels = [seq for seq in range(size) if leaves[seq] != fixed[seq]], perfect_levels(leaves)
    if root_at(levels, size) == root:
        while touched:
            find("tree", touched.pop(0), "the hash in the tile is not the entry's, which the signed root fixes")
    elif touched and root_at(of_tiles := perfect_levels(fixed), size) == root:
        levels = of_tiles
        for seq in touched:
            find("edited", seq, "the entry's bytes do not give the hash that the signed root fixes")
    else:
        where = f"; of these the entries {touched[:20]} differ from the tiles" if touched else ""
        find("rewritten", min(touched, default=0), f"the entries are not those that were signed for{where}")
    for level in range(1, 8):
        for name, first, width, data in tiles(folder, level, size >> 8 * level, names):
            if data != b"".join(levels[8 * level][first : first + width]):
                find("tree", first << 8 * level, f"{name} is not what the entries give")
    for seq in touched:
        bodies[seq] = None
    return levels


def check_log(folder: Path, checkpoint: Checkpoint) -> tuple[Events, RootOf]:
    """Every entry, link and tile of a log, against the signed root."""
    names, events, last = set[str](), Events(), ""
    bodies = read_entries(folder, checkpoint.size, names)
    levels = check_tree(folder, checkpoint, bodies, names)
    there = {path.relative_to(folder).as_posix() for path in (folder / "tile").rglob("*") if not path.is_dir()}
    for name in sorted(there - names):
        find("tree", None, f"{name} does not belong to a log of {checkpoint.size} entries")
    for seq, body in enumerate(bodies):
        event = None if body is None else parse_event(body, seq)
        if body is None or event is None:
            continue
        if event["seq"] != seq or event["prev"] != (levels[0][seq - 1].hex() if seq else "0" * 64):
            find("reordered", seq, f"the event says that it is number {event['seq']}, after {event['prev']}")
        if event["at"] < last:
            find("clock", seq, f"it was recorded at {event['at']}, before the event ahead of it")
        events[seq], last = (body, event), event["at"]
    return events, lambda n: root_at(levels, n) if 0 < n <= checkpoint.size else None


# --- Single events (C2SP tlog-proof)


def check_proofs(folder: Path, checkpoint: Checkpoint) -> tuple[Events, RootOf]:
    """Each proof file of an event, against the one signed root."""
    events: Events = {}
    for path in sorted((folder / "proofs").iterdir(), key=lambda path: (len(path.name), path.name)):
        seq = None
        try:
            seq = int(path.name.partition(".")[0])
            head, _, note = path.read_bytes().decode("utf-8").partition("\n\n")
            title, extra, index, *lines = head.split("\n")
            right = (title, extra[:6], index) == ("c2sp.org/tlog-proof@v1", "extra ", f"index {seq}")
            want(right, "not the proof of the event that its name says")
            body, own = unbase64(extra[6:]), Checkpoint.parse(note)
            want(own.text == checkpoint.text and seq < own.size, "under another checkpoint, or beyond its end")
            root = root_by_path(sha(b"\0", body), seq, own.size, [unbase64(line, 32) for line in lines])
            want(root == own.root, "the event's bytes do not lead to the signed root")
        except TROUBLE as error:
            find("edited", seq, f"proofs/{path.name}: {error}")
            continue
        event = parse_event(body, seq)
        if event is not None and event["seq"] != seq:
            find("reordered", seq, f"the event says that it is number {event['seq']}")
        elif event is not None:
            events[seq] = (body, event)
    return events, {checkpoint.size: checkpoint.root}.get


# --- The whole


def digest_of(path: Path) -> str:
    """A file's SHA-256; a folder's is that of its manifest: the name, digest and size of every file, by name."""
    if not path.is_dir():
        return sha(path.read_bytes()).hex()
    files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if not file.is_dir())
    listed = [{"digest": f"sha256:{digest_of(at)}", "name": name, "size": at.stat().st_size} for name, at in files]
    return sha(json.dumps(listed, separators=(",", ":"), ensure_ascii=False).encode()).hex()


def check_artifacts(folder: Path, events: Events) -> int:
    """Every artifact in the bundle gives the digest that is its name, and some event names that digest."""
    paths, named = sorted((folder / "artifacts").glob("*")), b"".join(body for body, _ in events.values())
    for path in paths:
        if (got := digest_of(path)) != path.name:
            find("edited", None, f"artifacts/{path.name} has another digest, sha256:{got}")
        elif b'"sha256:%b"' % got.encode() not in named:
            find("edited", None, f"artifacts/{path.name} is named by no event in this bundle")
    return len(paths)


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
        # Other checkpoints of this ledger, kept elsewhere or vouched for by a witness, against the bundle's log.
        for path in [*map(Path, options.checkpoint), *sorted((folder / "checkpoints").glob("*"))]:
            other = Checkpoint.parse(path.read_text(encoding="utf-8"))
            if not other.signed_by(known.at(other.size)):
                find("signature", other.size - 1, f"{path.name} is not signed with the key that was the ledger's then")
            elif other.size > checkpoint.size:
                find("truncated", checkpoint.size, f"{path.name} covers {other.size} events, the bundle {last + 1}")
            elif root_of(other.size) not in (None, other.root):
                find("rewritten", 0, f"{path.name} was signed for another history")
    holds = "the whole log" if whole else "proofs of single events, and nothing on what lies between them"
    vouched = "as given" if options.key else "the bundle's own: it proves nothing unless you know it from elsewhere"
    said = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "holds": holds}
    said |= {"events": len(events), "decisions": decisions, "artifacts": check_artifacts(folder, events)}
    return said | {"key": vouched}


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
    print(*(f"{name:10} {said}" for name, said in checked.items()), sep="\n")
    for each in FINDINGS:
        where = "" if each["seq"] is None else f" at event {each['seq']}"
        print(f"FINDING    {each['kind']}{where}: {ascii(each['detail'])[1:-1]}")
    print(f"{len(FINDINGS)} finding(s)" if FINDINGS else "nothing found: every byte is as it was signed")
    return 1 if FINDINGS else 0


if __name__ == "__main__":
    sys.exit(main())
