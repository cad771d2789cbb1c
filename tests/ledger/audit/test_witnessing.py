"""A witness cosigns what continues what it saw, and nothing else, whatever a log or a requester tries."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger import keyfiles
from ledger.audit import misbehaviour, trust
from ledger.audit.witnessing import Forked, Witness
from ledger.errors import LedgerError, Refused
from ledger.format import addcheckpoint, b64, cosignature, proof
from ledger.format.addcheckpoint import AddCheckpoint
from ledger.format.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.format.hashes import leaf_hash
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Verifier
from ledger.format.proof import Frontier
from tests.ledger.story import Story

ORIGIN = "example.com/log"
NOW = 1_790_000_000


@dataclass
class Log:
    """A log of numbered entries that signs whatever it is told to."""

    salt: bytes = b""
    secret: SecretKey = field(default_factory=lambda: SecretKey(b"\x07" * 32))
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)

    def grow(self, size: int, salt: bytes | None = None) -> Log:
        while self.frontier.size < size:
            number = self.frontier.size
            leaf = leaf_hash(str(number).encode() + (self.salt if salt is None else salt))
            self.nodes[0, number] = leaf
            self.nodes.update({(level, index): node for level, index, node in self.frontier.append(leaf)})
        return self

    @property
    def key(self) -> VerifierKey:
        return VerifierKey.ed25519(ORIGIN, self.secret.public)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def note(self, size: int, origin: str = ORIGIN) -> bytes:
        return sign_checkpoint(Checkpoint(origin, size, proof.root(size, self.node)), self.secret)

    def request(self, old: int, size: int) -> bytes:
        path = tuple(proof.consistency(old, size, self.node)) if old <= size else ()
        return addcheckpoint.marshal(AddCheckpoint(old, path, self.note(size)))


@pytest.fixture
def log() -> Log:
    return Log().grow(300)


@pytest.fixture
def witness(tmp_path: Path, log: Log) -> Witness:
    made = Witness("witness.example/w", SecretKey(b"\x01" * 32), tmp_path / "memory")
    made.trust(log.key)
    return made


def seen(witness: Witness) -> int:
    (known,) = witness.logs()
    return known.size


def test_it_cosigns_what_continues_what_it_saw(witness: Witness, log: Log) -> None:
    verifier = cosignature.cosignature_verifier(witness.key)
    for n, (old, size) in enumerate([(0, 1), (1, 5), (5, 5), (5, 8), (8, 9), (9, 256), (256, 300)]):
        cosigned = witness.cosign(log.request(old, size), NOW + n)
        opened = open_checkpoint(cosigned, Ed25519Verifier(log.key), [verifier])
        assert opened.checkpoint.size == size
        assert cosignature.cosigned_at(opened.note, verifier) == NOW + n
        assert seen(witness) == size


def test_the_first_may_be_of_any_size_and_carries_what_others_signed(
    witness: Witness, log: Log, tmp_path: Path
) -> None:
    other = Witness("witness.example/x", SecretKey(b"\x02" * 32), tmp_path / "other")
    other.trust(log.key)
    cosigned = other.cosign(log.request(0, 77), NOW)
    request = addcheckpoint.marshal(AddCheckpoint(0, (), cosigned))
    both = witness.cosign(request, NOW)
    verifiers = [cosignature.cosignature_verifier(each.key) for each in (witness, other)]
    assert len(open_checkpoint(both, Ed25519Verifier(log.key), verifiers).note.verified) == 3


def refused(witness: Witness, request: bytes, wanted: str) -> None:
    """The request is refused with these words, and the memory is as it was."""
    before = {path.name: path.read_bytes() for path in witness.folder.glob("*.log")}
    with pytest.raises(Refused, match=wanted) as caught:
        witness.cosign(request, NOW)
    assert caught.value.exit_code == 1
    assert {path.name: path.read_bytes() for path in witness.folder.glob("*.log")} == before


def test_what_it_refuses(witness: Witness, log: Log) -> None:
    witness.cosign(log.request(0, 100), NOW)
    refused(witness, b"", "no request")
    refused(witness, b"old 1\n\nnonsense", "no request")
    refused(witness, log.request(99, 120), "last saw 100 events.*--old 100")
    refused(witness, log.request(0, 120), "last saw 100 events")
    refused(witness, log.request(0, 99), "has seen 100 events.*this checkpoint covers 99")
    refused(witness, addcheckpoint.marshal(AddCheckpoint(121, (), log.note(120))), "above its checkpoint's")
    assert seen(witness) == 100


def test_a_bad_proof_is_no_proof(witness: Witness, log: Log) -> None:
    witness.cosign(log.request(0, 100), NOW)
    good = addcheckpoint.parse(log.request(100, 200))
    hashes = good.path
    flipped = bytes([hashes[0][0] ^ 1, *hashes[0][1:]])
    for path in [
        (),
        hashes[:-1],
        (*hashes, hashes[0]),
        hashes[::-1],
        (flipped, *hashes[1:]),
        (b"\0" * 32,) * len(hashes),
    ]:
        request = addcheckpoint.marshal(AddCheckpoint(100, path, good.checkpoint))
        refused(witness, request, "it is not shown that the 200 events continue the 100")
    surplus = addcheckpoint.marshal(AddCheckpoint(100, (hashes[0],), log.note(100)))
    refused(witness, surplus, "not shown")
    witness.cosign(addcheckpoint.marshal(good), NOW)


def test_another_history_is_not_cosigned(witness: Witness, log: Log) -> None:
    witness.cosign(log.request(0, 100), NOW)
    rewritten = Log().grow(60).grow(300, b"x")
    refused(witness, rewritten.request(100, 200), "has rewritten its history")
    # The true log's proof does not help the false one.
    path = tuple(proof.consistency(100, 200, log.node))
    refused(witness, addcheckpoint.marshal(AddCheckpoint(100, path, rewritten.note(200))), "not shown")


def test_strangers_are_refused(witness: Witness, log: Log) -> None:
    stranger = Log(secret=SecretKey(b"\x09" * 32)).grow(10)
    refused(witness, stranger.request(0, 10), "did not sign this checkpoint")
    unknown = addcheckpoint.marshal(AddCheckpoint(0, (), log.note(10, "example.com/other")))
    refused(witness, unknown, r"does not watch the log example\.com/other")
    note = log.note(10)
    mixed = note.replace(b"\n10\n", b"\n11\n")
    refused(witness, addcheckpoint.marshal(AddCheckpoint(0, (), mixed)), "did not sign")
    assert seen(witness) == 0


def test_a_second_key_of_a_log_is_told_once_more(witness: Witness) -> None:
    second = Log(secret=SecretKey(b"\x09" * 32)).grow(10)
    refused(witness, second.request(0, 10), "did not sign")
    witness.trust(second.key)
    witness.trust(second.key)
    assert len(witness.logs()[0].keys) == 2
    witness.cosign(second.request(0, 10), NOW)


def test_two_roots_of_one_size_are_a_fork_and_proven_to_anyone(witness: Witness, log: Log) -> None:
    witness.cosign(log.request(0, 100), NOW)
    forked = Log().grow(60).grow(300, b"x")
    with pytest.raises(Forked, match="signed two roots of size 100") as caught:
        witness.cosign(forked.request(100, 100), NOW)
    data = caught.value.proof.read_bytes()
    found = misbehaviour.verify(data, trust.trusted([log.key]))
    assert {found.older.checkpoint.root, found.newer.checkpoint.root} == {
        proof.root(100, log.node),
        proof.root(100, forked.node),
    }
    assert "signed two histories" in found.words()
    with pytest.raises(misbehaviour.MisbehaviourError):
        misbehaviour.verify(data, trust.trusted([VerifierKey.ed25519(ORIGIN, SecretKey.generate().public)]))
    # The first history goes on.
    witness.cosign(log.request(100, 120), NOW)


def test_time_does_not_run_backwards(witness: Witness, log: Log) -> None:
    witness.cosign(log.request(0, 10), NOW)
    cosigned = witness.cosign(log.request(10, 20), NOW - 1000)
    verifier = cosignature.cosignature_verifier(witness.key)
    opened = open_checkpoint(cosigned, Ed25519Verifier(log.key), [verifier])
    assert cosignature.cosigned_at(opened.note, verifier) == NOW


def test_a_stalled_older_request_cannot_put_the_memory_back(witness: Witness, log: Log) -> None:
    """Twenty at once from the same old size: the larger sizes win or lose, but the memory only grows."""
    witness.cosign(log.request(0, 10), NOW)
    grown: list[int] = []
    lock = threading.Lock()

    def ask(size: int) -> None:
        try:
            witness.cosign(log.request(10, size), NOW)
        except Refused:
            return
        with lock:
            grown.append(size)

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(11, 31)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(grown) == 1
    assert seen(witness) == grown[0]


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be written durably."""

    def fail(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keyfiles, "replace", fail)


def test_nothing_is_cosigned_that_is_not_remembered(witness: Witness, log: Log, failing_disk: None) -> None:
    with pytest.raises(LedgerError, match="cannot be written: No space left"):
        witness.cosign(log.request(0, 10), NOW)
    assert seen(witness) == 0


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"origin": "x", "keys": [], "size": "1"}'])
def test_a_damaged_memory_is_no_memory(witness: Witness, log: Log, text: str) -> None:
    (file,) = witness.folder.glob("*.log")
    file.write_text(text)
    with pytest.raises(LedgerError, match=r"does not say what witness\.example/w saw last"):
        witness.cosign(log.request(0, 10), NOW)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_memory_that_may_not_be_written(witness: Witness, log: Log) -> None:
    witness.folder.chmod(0o500)
    with pytest.raises(LedgerError, match="cannot be used"):
        witness.cosign(log.request(0, 10), NOW)


def test_a_proof_over_two_sizes(log: Log) -> None:
    """Where the older checkpoint is not on the newer's way, the newer tree shows another root at that size."""
    policy = trust.trusted([log.key])
    forked = Log().grow(60).grow(300, b"x")
    data = misbehaviour.make(forked.note(200), log.note(100), policy, forked.node)
    assert data is not None
    assert misbehaviour.is_misbehaviour(data)
    found = misbehaviour.verify(data, policy)
    assert (found.older.checkpoint.size, found.newer.checkpoint.size) == (100, 200)
    assert found.root == proof.root(100, forked.node)


def test_what_does_not_contradict_itself_proves_nothing(log: Log) -> None:
    policy = trust.trusted([log.key])
    forked = Log().grow(60).grow(300, b"x")
    assert misbehaviour.make(log.note(100), log.note(200), policy, log.node) is None
    assert misbehaviour.make(log.note(100), log.note(100), policy) is None
    assert misbehaviour.make(log.note(50), forked.note(200), policy, forked.node) is None
    assert misbehaviour.make(log.note(100), forked.note(200), policy) is None
    # The nodes of the wrong history show nothing.
    assert misbehaviour.make(log.note(100), forked.note(200), policy, log.node) is None


def test_a_changed_proof_of_misbehaviour_proves_nothing(log: Log) -> None:
    policy = trust.trusted([log.key])
    forked = Log().grow(60).grow(300, b"x")
    data = misbehaviour.make(log.note(100), forked.note(200), policy, forked.node)
    assert data is not None
    document = json.loads(data)
    true_root = b64.encode(proof.root(100, log.node))
    changes = [
        {"root": true_root},
        {"root": b64.encode(b"\0" * 32)},
        {"root": 3},
        {"proof": document["proof"][1:]},
        {"proof": [*document["proof"], true_root]},
        {"proof": "x"},
        {"older": document["newer"], "newer": document["older"]},
        {"older": document["newer"]},
        {"older": log.note(100, "example.com/other").decode()},
        {"older": "nonsense"},
        {"_type": "x"},
        {"more": 1},
    ]
    for change in changes:
        with pytest.raises(misbehaviour.MisbehaviourError):
            misbehaviour.verify(json.dumps({**document, **change}).encode(), policy)
    for cut in (b"", b"{}", data[:-1]):
        with pytest.raises(misbehaviour.MisbehaviourError):
            misbehaviour.verify(cut, policy)


def test_a_ledger_and_a_checkpoint_kept_elsewhere(story: Story) -> None:
    """Two copies of one ledger went on apart, both signed: either one, with the other's checkpoint, gives the proof."""
    book = story.ledger
    assert book.verifier is not None
    policy = trust.trusted([book.verifier])
    outside = book.last_checkpoint() or ""
    assert misbehaviour.search(book.connection, [outside], policy) is None
    story.observe("model/fx-hedging/fx-vol@1", 5)
    secret = book.keystore.ledger(book.verifier)
    assert secret is not None
    for before in (0, 3):
        size = book.size - before
        false = sign_checkpoint(Checkpoint(book.origin, size, b"\x01" * 32), secret).decode()
        assert misbehaviour.search(book.connection, [false], policy) is None
        book.checkpoint()
        data = misbehaviour.search(book.connection, [outside, false], policy)
        assert data is not None
        assert misbehaviour.verify(data, policy).older.checkpoint.size == size
        story.observe("model/fx-hedging/fx-vol@1", 4)
