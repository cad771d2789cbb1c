"""The example log of docs/format.md: seven events with fixed keys and times, and every figure that the page shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ledger.events import approvals, artifacts, documents, ledgers, people
from ledger.events.vocabulary import Fact
from ledger.format import addcheckpoint, canonical, cosignature, decision, dsse, event, hashes, note, proof, tiles
from ledger.format import checkpoint as checkpoints
from ledger.format import tlogproof as proofs
from ledger.format.decision import Decision, RequestRef
from ledger.format.event import Event
from ledger.format.hashes import ManifestEntry
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Verifier
from ledger.format.proof import Frontier
from ledger.store import schema

ORIGIN = "example.com/ml-ledger"
WITNESS = "witness.example/w1"
WITNESSED_AT = 1_767_323_045

LOG_KEY = SecretKey(bytes(range(32)))
ADA = SecretKey(bytes(range(32, 64)))
JON = SecretKey(bytes(range(64, 96)))
WITNESS_KEY = SecretKey(bytes(range(96, 128)))

LOG = VerifierKey.ed25519(ORIGIN, LOG_KEY.public)

MODEL = b'{"beta":[-0.541,0.015,0.07,0.741]}'
REFERENCE = "model/fx-hedging/fx-vol@1"

NUMBERS = (1.0, -0.0, 0.1, 1e-7, 1e21, 250.0, 2**53 - 1)


class Log:
    """The example log, event by event."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.nodes: dict[tuple[int, int], bytes] = {}
        self._frontier = Frontier()
        self.payloads: list[bytes] = []

        admins = [{"name": "ada", "key": str(ADA.public)}]
        created = ledgers.LedgerCreated(origin=ORIGIN, key=str(LOG), administrators=admins, clock="system")
        self.add(created, actor="ada", subject=f"ledger/{ORIGIN}")
        enrol = self._decision("person/jon", hashes.digest(JON.public.raw), None, "enrol", "ada")
        enrolled = people.KeyEnrolled(
            name="jon", key=str(JON.public), dsse=self._signed(enrol, ADA), title="Head of risk"
        )
        self.add(enrolled, actor="ada", subject="person/jon")
        granted = people.AccessGranted(principal="jon", role="risk_officer")
        self.add(granted, actor="ada", subject="project/fx-hedging", project="fx-hedging")
        registered = artifacts.ArtifactRegistered(
            kind="model",
            name="fx-vol",
            version=1,
            sha256=hashes.digest(MODEL),
            size=len(MODEL),
            summary={"r2": 0.47, "rows": 11565.0},
        )
        self.add(registered, actor="svc:trainer", subject=REFERENCE, project="fx-hedging")
        asked = approvals.ApprovalRequested(
            transition="prod", roles=["risk_officer"], sha256=hashes.digest(MODEL), note="out of time: 1.88 vol points"
        )
        self.add(asked, actor="lea", subject=REFERENCE, project="fx-hedging", cause=3)
        self.checkpoint_5 = self.checkpoint()
        request = RequestRef(4, self.leaf(4).hex())
        approve = self._decision(REFERENCE, hashes.digest(MODEL), request, "approve", "jon", self.checkpoint_5.decode())
        approved = approvals.ApprovalGranted(
            transition="prod", role="risk_officer", request=4, dsse=self._signed(approve, JON)
        )
        self.add(approved, actor="jon", subject=REFERENCE, project="fx-hedging", cause=4)
        attached = documents.DocumentAttached(
            doc_kind="data_source", sha256=hashes.digest(b""), title="Überblick: €-Referenzkurse"
        )
        self.add(attached, actor="lea", subject=REFERENCE, project="fx-hedging")
        self.checkpoint_7 = self.checkpoint()

    def add(
        self, fact: Fact, *, actor: str, subject: str, project: str | None = None, cause: int | None = None
    ) -> None:
        """Append an event, a second after the one before."""
        seq = len(self.bodies)
        made = Event(
            seq=seq,
            type=fact.TYPE,
            subject=subject,
            project=project,
            actor=actor,
            at=f"2026-01-02T03:04:{5 + seq:02d}.000000Z",
            cause=cause,
            prev=self.leaf(seq - 1).hex() if seq else event.ZERO_PREV,
            value=fact.to_value(),
        )
        body = event.encode(made)
        self.bodies.append(body)
        self.nodes[0, seq] = hashes.leaf_hash(body)
        for level, index, node in self._frontier.append(self.nodes[0, seq]):
            self.nodes[level, index] = node

    def leaf(self, seq: int) -> bytes:
        """An event's leaf hash."""
        return self.nodes[0, seq]

    def node(self, level: int, index: int) -> bytes:
        """A node of the tree, as :mod:`ledger.format.proof` asks for it."""
        return self.nodes[level, index]

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` events."""
        return proof.root(size, self.node)

    def checkpoint(self) -> bytes:
        """The log as it stands, signed."""
        size = len(self.bodies)
        return checkpoints.sign_checkpoint(checkpoints.Checkpoint(ORIGIN, size, self.root(size)), LOG_KEY)

    def _decision(
        self,
        subject: str,
        digest: str,
        request: RequestRef | None,
        verdict: str,
        signer: str,
        checkpoint: str | None = None,
    ) -> Decision:
        reason = "the error out of time is within the target" if verdict == "approve" else ""
        return Decision(
            subject_name=subject,
            subject_sha256=digest,
            origin=ORIGIN,
            request=request,
            verdict=verdict,
            reason=reason,
            signer=signer,
            signed_at=f"2026-01-02T03:04:{4 + len(self.bodies):02d}.500000Z",
            checkpoint=checkpoint,
        )

    def _signed(self, what: Decision, secret: SecretKey) -> dict[str, Any]:
        self.payloads.append(decision.statement(what))
        return decision.sign(what, secret)


def blocks() -> dict[str, str]:
    """Every example that docs/format.md shows, by the name that stands before it there."""
    log = Log()
    found = {f"event-{seq}": body.decode() for seq, body in enumerate(log.bodies)}
    found["leaf-hashes"] = _lines(f"{seq}  {log.leaf(seq).hex()}" for seq in range(7))
    inner = sorted(place for place in log.nodes if place[0])
    found["nodes"] = _lines(f"{level} {index}  {log.nodes[level, index].hex()}" for level, index in inner)
    found["roots"] = _lines(f"{size}  {log.root(size).hex()}" for size in range(8))
    found["inclusion"] = _lines(each.hex() for each in proof.inclusion(3, 7, log.node))
    found["consistency"] = _lines(each.hex() for each in proof.consistency(5, 7, log.node))
    found["numbers"] = _lines(f"{n!r:<18} {canonical.encode(n).decode()}" for n in NUMBERS)
    found["manifest"] = _manifest().decode()
    found["manifest-digest"] = hashes.digest(_manifest())
    found["keys"] = _lines(
        f"{who:<8} seed {secret.seed.hex()}\n         public {secret.public}"
        for who, secret in (("log", LOG_KEY), ("ada", ADA), ("jon", JON), ("witness", WITNESS_KEY))
    )
    found["verifier-key"] = str(LOG)
    found["witness-key"] = str(VerifierKey(WITNESS, cosignature.ED25519, WITNESS_KEY.public.raw))
    found["checkpoint-5"], found["checkpoint-7"] = log.checkpoint_5.decode(), log.checkpoint_7.decode()
    found["cosigned"] = _cosigned(log).decode()
    found["statement"] = log.payloads[1].decode()
    frame = dsse.pae(decision.PAYLOAD_TYPE, log.payloads[1])
    found["pae"] = frame[: frame.index(b"{") + 1].decode()
    found["envelope"] = json.dumps(json.loads(log.bodies[5])["value"]["dsse"], indent=2)
    found["proof"] = proofs.marshal(
        proofs.TlogProof(3, tuple(proof.inclusion(3, 7, log.node)), log.checkpoint_7, log.bodies[3])
    ).decode()
    found["add-checkpoint"] = addcheckpoint.marshal(
        addcheckpoint.AddCheckpoint(5, tuple(proof.consistency(5, 7, log.node)), log.checkpoint_7)
    ).decode()
    found["tiles"] = _lines(each.path for size in (7, 70_000) for each in _ends(size))
    found["record-tables"] = _statements(statement for statement in schema.RECORD if "TRIGGER" not in statement)
    found["record-guards"] = _statements(schema.GUARDS)
    bundle = tiles.pack(log.bodies)
    found["entries"] = f"{len(bundle)} bytes, {hashes.digest(bundle)}\nbegins {bundle[:12].hex(' ')}"
    return found


def _cosigned(log: Log) -> bytes:
    opened = checkpoints.open_checkpoint(log.checkpoint_7, Ed25519Verifier(LOG)).note
    witness = cosignature.Ed25519Cosigner(WITNESS, WITNESS_KEY, WITNESSED_AT)
    return note.sign(opened.text, [witness], opened.verified)


def _manifest() -> bytes:
    files = {"weights/beta.json": MODEL, "README": b"HAR, pooled least squares\n"}
    return hashes.manifest(ManifestEntry(name, hashes.digest(data), len(data)) for name, data in files.items())


def _ends(size: int) -> list[tiles.Tile]:
    """Of each kind of tile of a log, the first and the last."""
    rows: dict[int | None, list[tiles.Tile]] = {}
    for tile in (*tiles.hash_tiles(size), *tiles.entry_bundles(size)):
        rows.setdefault(tile.level, []).append(tile)
    return [tile for row in rows.values() for tile in dict.fromkeys((row[0], row[-1]))]


def _statements(statements: Iterable[str]) -> str:
    return "\n\n".join(f"{statement};" for statement in statements)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
