from __future__ import annotations

from itertools import product

import pytest

from ledger.format import checkpoint, cosignature, note, policy
from ledger.format.checkpoint import Checkpoint, CheckpointError
from ledger.format.cosignature import Ed25519Cosigner
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Verifier, NoteError
from ledger.format.policy import PolicyError

ORIGIN = "example.com/ml-ledger"
SECRET = SecretKey(bytes([7]) * 32)
LOG = VerifierKey.ed25519(ORIGIN, SECRET.public)
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
COSIGNERS = {
    n: Ed25519Cosigner(f"w.example/{n}", SecretKey(bytes([20 + i]) * 32), 1000 + i) for i, n in enumerate(NAMES)
}

# The specification's example, with keys.
EXAMPLE = f"""
# a comment
log {LOG} https://example.com/log

witness X1 {COSIGNERS["X1"].key}
witness X2\t {COSIGNERS["X2"].key} https://w.example/
  witness X3 {COSIGNERS["X3"].key}
group X-witnesses 2 X1 X2 X3

witness Y1 {COSIGNERS["Y1"].key}
witness Y2 {COSIGNERS["Y2"].key}
witness Y3 {COSIGNERS["Y3"].key}
group Y-witnesses any Y1 Y2 Y3
\t # another
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def signed(*witnesses: str) -> bytes:
    opened = checkpoint.open_checkpoint(checkpoint.sign_checkpoint(HEAD, SECRET), Ed25519Verifier(LOG)).note
    return note.sign(opened.text, [COSIGNERS[w] for w in witnesses], opened.verified)


class TestExample:
    def test_parts(self) -> None:
        read = policy.parse(EXAMPLE.encode())
        assert [(str(log.key), log.url) for log in read.logs] == [(str(LOG), "https://example.com/log")]
        assert [(w.name, w.url) for w in read.witnesses] == [
            (n, "https://w.example/" if n == "X2" else None) for n in NAMES
        ]
        assert [(g.name, g.threshold, g.members) for g in read.groups] == [
            ("X-witnesses", 2, ("X1", "X2", "X3")),
            ("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
            ("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
        ]
        assert read.quorum == "X-and-Y"

    def test_every_set_of_witnesses(self) -> None:
        read = policy.parse(EXAMPLE.encode())
        for chosen in product([False, True], repeat=6):
            present = [name for name, there in zip(NAMES, chosen, strict=True) if there]
            assert read.satisfied(present) == (sum(chosen[:3]) >= 2 and any(chosen[3:]))

    def test_names_of_groups_and_strangers_do_not_count(self) -> None:
        read = policy.parse(EXAMPLE.encode())
        assert not read.satisfied(["X-and-Y", "X-witnesses", "Y-witnesses", "stranger"])
        assert not read.satisfied([])

    def test_on_checkpoints(self) -> None:
        read = policy.parse(EXAMPLE.encode())
        opened = read.open_checkpoint(signed("X1", "X3", "Y2"))
        assert opened.checkpoint == HEAD
        assert read.cosigners(opened.note) == {"X1", "X3", "Y2"}
        for too_few in ([], ["X1", "X2"], ["X1", "Y1"]):
            with pytest.raises(
                PolicyError, match=f"quorum X-and-Y is not met; cosigned by {', '.join(too_few) or 'none'}"
            ):
                read.open_checkpoint(signed(*too_few))

    def test_a_failing_cosignature_condemns_the_checkpoint(self) -> None:
        forged = note.Signature(COSIGNERS["X1"].name, COSIGNERS["X1"].key_id, bytes(72))
        opened = note.parse(signed("X2", "X3", "Y1"))
        with pytest.raises(NoteError, match="invalid signature"):
            policy.parse(EXAMPLE.encode()).open_checkpoint(note.sign(opened.text, [], [*opened.unknown, forged]))

    def test_the_log_must_have_signed(self) -> None:
        message = note.sign(HEAD.body(), [COSIGNERS[w] for w in ("X1", "X2", "Y1")])
        with pytest.raises(PolicyError, match="signed by none of its logs"):
            policy.parse(EXAMPLE.encode()).open_checkpoint(message)

    def test_a_log_signs_for_itself_alone(self) -> None:
        text = Checkpoint("example.com/other", 1, bytes(32)).body()
        message = note.sign(text, [note.Ed25519Signer(ORIGIN, SECRET)])
        with pytest.raises(CheckpointError, match="of another log"):
            policy.parse(f"log {LOG}\nquorum none\n".encode()).open_checkpoint(message)


class TestForms:
    def test_no_quorum_needed(self) -> None:
        read = policy.parse(f"log {LOG}\nquorum none".encode())
        assert read.satisfied([])
        assert read.open_checkpoint(signed()).checkpoint == HEAD

    def test_a_witness_alone(self) -> None:
        read = policy.parse(
            f"quorum w\nwitness w {COSIGNERS['X1'].key}\n".encode().replace(b"quorum w\n", b"", 1) + b"quorum w\n"
        )
        assert read.satisfied(["w"])
        assert not read.satisfied([])

    def test_names_are_opaque_bytes(self) -> None:
        lines = f"witness \u212a {COSIGNERS['X1'].key}\nwitness K {COSIGNERS['X2'].key}\n".encode()
        read = policy.parse(lines + b"witness \xff " + str(COSIGNERS["X3"].key).encode() + b"\nquorum \xff\n")
        assert [w.name for w in read.witnesses] == ["\u212a", "K", "\udcff"]
        assert read.satisfied(["\udcff"])

    @pytest.mark.skipif(not cosignature.has_ml_dsa_44(), reason="cryptography has no ML-DSA-44")
    def test_ml_dsa_44_witnesses(self) -> None:
        cosigner = cosignature.MLDSA44Cosigner("pq.example", bytes(32), 5)
        read = policy.parse(f"log {LOG}\nwitness pq {cosigner.key}\nquorum pq\n".encode())
        opened = note.parse(signed())
        message = note.sign(opened.text, [cosigner], opened.unknown)
        assert read.cosigners(read.open_checkpoint(message).note) == {"pq"}

    def test_many(self) -> None:
        keys = [Ed25519Cosigner(f"w{i}", SecretKey(bytes([i, 1]) * 16), 0).key for i in range(40)]
        lines = [f"witness w{i} {key}" for i, key in enumerate(keys)]
        lines += [f"group g{i} any w{i}" for i in range(40)]
        lines += ["group all 40 " + " ".join(f"g{i}" for i in range(40)), "quorum all"]
        read = policy.parse("\n".join(lines).encode())
        assert read.satisfied([f"w{i}" for i in range(40)])
        assert not read.satisfied([f"w{i}" for i in range(39)])


W1, W2 = COSIGNERS["X1"].key, COSIGNERS["X2"].key
TWO = f"witness a {W1}\nwitness b {W2}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no quorum line"),
        ("# quorum none\n", "no quorum line"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        ("quorum x\n", "line 1: 'x' is not defined above"),
        (f"quorum a\n{TWO}", "line 1: 'a' is not defined above"),
        ("quorum none more\n", "line 1: want log, witness, group or quorum"),
        ("quorum\n", "line 1: want log, witness, group or quorum"),
        ("Quorum none\n", "line 1: want log"),
        ("log\n", "line 1: want log"),
        (f"log {LOG} url more\n", "line 1: want log"),
        (f"log {LOG}\nlog {LOG}\n", "line 2: a log with this key stands above"),
        (f"log {LOG}\nlog {VerifierKey('other', 1, LOG.public)}\n", "line 2: a log with this key stands above"),
        (f"log {W1}\n", "line 1: a log does not sign by type 0x04"),
        ("log x+00000000+AAAA\n", "line 1: invalid verifier hash"),
        ("log nokey\n", "line 1: malformed verifier key"),
        (f"witness a {LOG}\n", "line 1: a witness does not sign by type 0x01"),
        (f"{TWO}witness c {W1}\n", "line 3: a witness with this key stands above"),
        (f"{TWO}witness a {COSIGNERS['X3'].key}\n", "line 3: 'a' is taken"),
        (f"witness none {W1}\n", "line 1: 'none' is taken"),
        (f"{TWO}group none all a\n", "line 3: 'none' is taken"),
        (f"{TWO}group a all b\n", "line 3: 'a' is taken"),
        (f"{TWO}group g all\n", "line 3: want log"),
        (f"{TWO}group g all c\n", "line 3: 'c' is not defined above"),
        (f"{TWO}group g all none\n", "line 3: 'none' is not defined above"),
        (f"{TWO}group g all g\n", "line 3: 'g' is not defined above"),
        (f"{TWO}group g all a a\n", "line 3: 'a' is a member already"),
        (f"{TWO}group g all a\ngroup h all a b\n", "line 4: 'a' is a member already"),
        (f"{TWO}group g 0 a b\n", "line 3: a threshold is all, any or a number from 1 to 2"),
        (f"{TWO}group g 3 a b\n", "line 3: a threshold is"),
        (f"{TWO}group g 01 a b\n", "line 3: a threshold is"),
        (f"{TWO}group g +1 a b\n", "line 3: a threshold is"),
        (f"{TWO}group g \u0661 a b\n", "line 3: a threshold is"),
        ("quorum none\r\n", "a control character"),
        ("quorum\x0bnone\n", "a control character"),
        ("# \x7f\nquorum none\n", "a control character"),
        ("quorum\u00a0none\n", "line 1: want log"),
    ],
)
def test_malformed(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^policy: {message}"):
        policy.parse(text.encode())
