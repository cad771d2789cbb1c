from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import checkpoint, cosignature, hashes, note
from ledger.format.checkpoint import Checkpoint, CheckpointError
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Signer, Ed25519Verifier, NoteError
from tests.ledger.format import vectors

ORIGIN = "example.com/ml-ledger"
SECRET = SecretKey(bytes([7]) * 32)
LOG = Ed25519Verifier(VerifierKey.ed25519(ORIGIN, SECRET.public))
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))


class TestBody:
    def test_published(self) -> None:
        cases = vectors.load("signed_notes.json")["checkpoint_body"]
        for text in cases["invalid"]:
            with pytest.raises(CheckpointError, match="malformed checkpoint"):
                checkpoint.parse_body(text)
        for text, origin, size, root in cases["valid"]:
            raw = base64.b64decode(root)
            if len(raw) == 32:
                assert checkpoint.parse_body(text) == Checkpoint(origin, size, raw)
            else:  # the vectors hold short hashes, which a SHA-256 root never is
                with pytest.raises(CheckpointError, match=f"a root of {len(raw)} bytes, want 32"):
                    checkpoint.parse_body(text)
        golden = cases["golden"]
        own = Checkpoint(golden["origin"], golden["size"], hashes.leaf_hash(golden["leaf"].encode()))
        assert own.body() == golden["body"]
        assert checkpoint.parse_body(golden["body"]) == own

    @given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
    def test_round_trip(self, size: int, root: bytes) -> None:
        for extensions in ((), ("one", "two words")):
            own = Checkpoint(ORIGIN, size, root, extensions)
            assert checkpoint.parse_body(own.body()) == own

    ROOT = base64.b64encode(bytes(32)).decode()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "a\n1\n",
            f"\n1\n{ROOT}\n",
            f"a\n1\n{ROOT}",
            f"a\n1\n{ROOT}\nextension",
            f"a\n1\n{ROOT}\n\n",
            f"a\n1\n{ROOT}\nx\n\ny\n",
            f"a\n01\n{ROOT}\n",
            f"a\n+1\n{ROOT}\n",
            f"a\n-1\n{ROOT}\n",
            f"a\n 1\n{ROOT}\n",
            f"a\n1_0\n{ROOT}\n",
            f"a\n\u0661\n{ROOT}\n",
            f"a\n\n{ROOT}\n",
            f"a\n9223372036854775808\n{ROOT}\n",
            f"a\n1\n{ROOT[:-1]}\n",
            f"a\n1\n{ROOT} \n",
            f"a\n1\n{ROOT.replace('A', '-')}\n",
            f"a\n1\n{ROOT[:-2]}B=\n",
        ],
    )
    def test_malformed(self, text: str) -> None:
        with pytest.raises(CheckpointError, match="malformed checkpoint"):
            checkpoint.parse_body(text)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("", 1, bytes(32)),
            ("a\nb", 1, bytes(32)),
            ("a", -1, bytes(32)),
            ("a", 2**63, bytes(32)),
            ("a", 1, bytes(31)),
        ],
    )
    def test_none_is_made_malformed(self, arguments: Any) -> None:
        with pytest.raises(CheckpointError, match="malformed checkpoint"):
            Checkpoint(*arguments)


class TestSigned:
    def test_round_trip(self) -> None:
        message = checkpoint.sign_checkpoint(HEAD, SECRET)
        assert message.decode().startswith(HEAD.body() + f"\n— {ORIGIN} ")
        opened = checkpoint.open_checkpoint(message, LOG)
        assert opened.checkpoint == HEAD
        assert opened.note.text == HEAD.body()

    def test_nothing_is_signed_of_an_empty_log(self) -> None:
        with pytest.raises(CheckpointError, match="no checkpoint is signed of an empty log"):
            checkpoint.sign_checkpoint(Checkpoint(ORIGIN, 0, hashes.EMPTY_ROOT), SECRET)

    def test_another_logs_checkpoint_under_this_key(self) -> None:
        text = Checkpoint("example.com/other", 42, bytes(32)).body()
        message = note.sign(text, [Ed25519Signer(ORIGIN, SECRET)])
        with pytest.raises(CheckpointError, match=r"of another log: got example.com/other, want example.com/ml-ledger"):
            checkpoint.open_checkpoint(message, LOG)

    def test_another_key_of_the_same_name(self) -> None:
        message = checkpoint.sign_checkpoint(HEAD, SecretKey(bytes([8]) * 32))
        with pytest.raises(NoteError, match="no verifiable signatures"):
            checkpoint.open_checkpoint(message, LOG)

    def test_a_witness_does_not_stand_in_for_the_log(self) -> None:
        witness = cosignature.Ed25519Cosigner("w", SecretKey(bytes([9]) * 32), 5)
        known = cosignature.cosignature_verifier(witness.key)
        message = note.sign(HEAD.body(), [witness])
        with pytest.raises(CheckpointError, match=f"not signed by the log, {ORIGIN}"):
            checkpoint.open_checkpoint(message, LOG, [known])

    def test_a_signed_text_that_is_no_checkpoint(self) -> None:
        with pytest.raises(CheckpointError, match="malformed checkpoint"):
            checkpoint.open_checkpoint(note.sign("hello\n", [Ed25519Signer(ORIGIN, SECRET)]), LOG)

    def test_the_logs_signature_alone(self) -> None:
        alone = checkpoint.sign_checkpoint(HEAD, SECRET)
        opened = checkpoint.open_checkpoint(alone, LOG).note
        witness = cosignature.Ed25519Cosigner("w", SecretKey(bytes([9]) * 32), 5)
        cosigned = note.sign(opened.text, [witness], opened.verified)
        assert cosigned != alone
        assert checkpoint.log_signature_alone(cosigned, LOG) == alone
        assert checkpoint.log_signature_alone(alone, LOG) == alone
