from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import addcheckpoint, checkpoint, hashes, proof, tlogproof
from ledger.format.addcheckpoint import AddCheckpoint, RequestError
from ledger.format.checkpoint import Checkpoint
from ledger.format.errors import FormatError
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Verifier
from ledger.format.proof import Frontier, ProofError
from ledger.format.tlogproof import ProofFileError, TlogProof
from tests.ledger.format import vectors

ORIGIN = "example.com/ml-ledger"
SECRET = SecretKey(bytes([7]) * 32)
LOG = Ed25519Verifier(VerifierKey.ed25519(ORIGIN, SECRET.public))
BODIES = [f"event {i}".encode() for i in range(20)]
NODES = {(0, i): hashes.leaf_hash(body) for i, body in enumerate(BODIES)}
_frontier = Frontier()
for _i in range(len(BODIES)):
    for _level, _index, _hash in _frontier.append(NODES[0, _i]):
        NODES[_level, _index] = _hash


def node(level: int, index: int) -> bytes:
    return NODES[level, index]


def signed(size: int) -> bytes:
    return checkpoint.sign_checkpoint(Checkpoint(ORIGIN, size, proof.root(size, node)), SECRET)


hash_lists = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)


class TestFile:
    def test_published(self) -> None:
        cases = vectors.load("tlog_proof.json")
        for case in cases["valid"]:
            own = TlogProof(
                case["index"],
                tuple(base64.b64decode(value) for value in case["hashes"]),
                case["checkpoint"].encode(),
                case.get("extra_utf8", "").encode(),
            )
            assert tlogproof.marshal(own) == case["text"].encode()
            assert tlogproof.parse(case["text"].encode()) == own
        for text in cases["invalid"]:
            with pytest.raises(ProofFileError, match=r"^proof file:"):
                tlogproof.parse(text.encode())

    @given(st.integers(0, 2**63 - 1), hash_lists, st.binary(max_size=40))
    def test_round_trip(self, index: int, path: tuple[bytes, ...], extra: bytes) -> None:
        own = TlogProof(index, path, signed(7), extra)
        assert tlogproof.parse(tlogproof.marshal(own)) == own

    def test_the_longest_path(self) -> None:
        own = TlogProof(2**63 - 1, (bytes(32),) * 63, b"x")
        assert tlogproof.parse(tlogproof.marshal(own)) == own
        request = AddCheckpoint(2**63 - 1, (bytes(32),) * 63, b"x")
        assert addcheckpoint.parse(addcheckpoint.marshal(request)) == request

    HASH = base64.b64encode(bytes(32)).decode()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "no blank line"),
            ("c2sp.org/tlog-proof@v1\nindex 0\n", "no blank line"),
            ("c2sp.org/tlog-proof@v1\nindex 0\n\n", "no blank line"),
            ("c2sp.org/tlog-proof@v2\nindex 0\n\nx\n", "the first line is not"),
            ("c2sp.org/tlog-proof@v1\n\nx\n", "want a line with index"),
            ("c2sp.org/tlog-proof@v1\nindex 00\n\nx\n", "want a line with index"),
            ("c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nx\n", "want a line with index"),
            ("c2sp.org/tlog-proof@v1\nindex 1 \n\nx\n", "want a line with index"),
            ("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx\n", "extra is empty"),
            ("c2sp.org/tlog-proof@v1\nextra QQ\nindex 0\n\nx\n", "extra: not standard"),
            ("c2sp.org/tlog-proof@v1\nindex 0\nextra QQ==\n\nx\n", "hash: not standard"),
            ("c2sp.org/tlog-proof@v1\nindex 0\nQQ==\n\nx\n", "at most 63 hashes of 32 bytes"),
            (f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH} \n\nx\n", "hash: not standard"),
            ("c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\nx\n", "at most 63 hashes"),
            ("c2sp.org/tlog-proof@v1\r\nindex 0\n\nx\n", "the first line is not"),
            ("c2sp.org/tlog-proof@v1\nindex \u0661\n\nx\n", "not ASCII"),
        ],
    )
    def test_malformed(self, text: str, why: str) -> None:
        with pytest.raises(ProofFileError, match=f"^proof file: .*{why}"):
            tlogproof.parse(text.encode())

    @pytest.mark.parametrize(
        "parts",
        [
            TlogProof(-1, (), b"x"),
            TlogProof(2**63, (), b"x"),
            TlogProof(0, (b"x",), b"x"),
            TlogProof(0, (bytes(32),) * 64, b"x"),
        ],
    )
    def test_none_is_written_malformed(self, parts: TlogProof) -> None:
        with pytest.raises(ProofFileError):
            tlogproof.marshal(parts)


def verify_file(data: bytes) -> None:
    read = tlogproof.parse(data)
    tlogproof.verify(read, read.extra, LOG)


class TestVerify:
    @pytest.mark.parametrize("size", [1, 2, 7, 8, 20])
    def test_every_event_of_a_ledger(self, size: int) -> None:
        for index in range(size):
            parts = TlogProof(index, tuple(proof.inclusion(index, size, node)), signed(size), BODIES[index])
            read = tlogproof.parse(tlogproof.marshal(parts))
            assert tlogproof.verify(read, read.extra, LOG).checkpoint.size == size
            with pytest.raises(ProofError):
                tlogproof.verify(read, b"another event", LOG)
            if size > 1:
                with pytest.raises(ProofError):
                    tlogproof.verify(replace(read, index=(index + 1) % size), read.extra, LOG)

    def test_every_changed_byte_of_the_file_is_refused(self) -> None:
        parts = TlogProof(3, tuple(proof.inclusion(3, 7, node)), signed(7), BODIES[3])
        good = tlogproof.marshal(parts)
        for at in range(len(good)):
            for flip in (1, 0x10, 0x80):
                bad = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
                with pytest.raises(FormatError):
                    verify_file(bad)


class TestAddCheckpoint:
    def test_round_trip_and_verify(self) -> None:
        for new in range(1, 21):
            for old in range(new + 1):
                request = AddCheckpoint(old, tuple(proof.consistency(old, new, node)), signed(new))
                data = addcheckpoint.marshal(request)
                assert data.startswith(b"old %d\n" % old)
                read = addcheckpoint.parse(data)
                assert read == request
                newer = checkpoint.open_checkpoint(read.checkpoint, LOG).checkpoint
                addcheckpoint.verify(read, proof.root(old, node), newer)
                if old:
                    with pytest.raises(ProofError):
                        addcheckpoint.verify(read, bytes(32), newer)

    def test_from_nothing_the_proof_is_empty(self) -> None:
        newer = Checkpoint(ORIGIN, 5, proof.root(5, node))
        addcheckpoint.verify(AddCheckpoint(0, (), b"x"), hashes.EMPTY_ROOT, newer)
        with pytest.raises(ProofError, match="got 1, want 0"):
            addcheckpoint.verify(AddCheckpoint(0, (bytes(32),), b"x"), hashes.EMPTY_ROOT, newer)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"old 0\n",
            b"old 0\n\n",
            b"\n\nx\n",
            b"old -1\n\nx\n",
            b"old 01\n\nx\n",
            b"old 9223372036854775808\n\nx\n",
            b"new 1\n\nx\n",
            b"old 1\nQQ==\n\nx\n",
            b"old 1\nQQ\n\nx\n",
            b"old 1\n\xff\n\nx\n",
            b"old 1\n" + base64.b64encode(bytes(32)) + b"\n" + (base64.b64encode(bytes(32)) + b"\n") * 63 + b"\nx\n",
        ],
    )
    def test_malformed(self, data: bytes) -> None:
        with pytest.raises(RequestError, match=r"^add-checkpoint:"):
            addcheckpoint.parse(data)

    @pytest.mark.parametrize("request_", [AddCheckpoint(-1, (), b"x"), AddCheckpoint(1, (b"x",), b"x")])
    def test_none_is_written_malformed(self, request_: AddCheckpoint) -> None:
        with pytest.raises(RequestError):
            addcheckpoint.marshal(request_)
