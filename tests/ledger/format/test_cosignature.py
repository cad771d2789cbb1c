from __future__ import annotations

import struct

import pytest

from ledger.format import checkpoint, cosignature, note
from ledger.format.checkpoint import Checkpoint
from ledger.format.cosignature import CosignatureError, Ed25519Cosigner, MLDSA44Cosigner
from ledger.format.errors import FormatError
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Verifier

ORIGIN = "example.com/ml-ledger"
LOG_SECRET = SecretKey(bytes([7]) * 32)
LOG = Ed25519Verifier(VerifierKey.ed25519(ORIGIN, LOG_SECRET.public))
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
TEXT = HEAD.body().encode()
TIME = 1679315147
SECRET = SecretKey(bytes([9]) * 32)
WITNESS = "witness.example.com/w1"

needs_ml_dsa = pytest.mark.skipif(not cosignature.has_ml_dsa_44(), reason="cryptography has no ML-DSA-44")


def test_published_framing() -> None:
    """The specification's own example: its keys are not published, its framing and message are."""
    message = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 "
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    parsed = note.parse(message)
    assert cosignature.timestamp(parsed.unknown[1].signature) == 1679315147
    assert cosignature.ed25519_message(parsed.text.encode(), 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    assert checkpoint.parse_body(parsed.text).size == 20852163


class TestEd25519:
    def test_signature_is_time_and_ed25519_over_the_message(self) -> None:
        cosigner = Ed25519Cosigner(WITNESS, SECRET, TIME)
        signature = cosigner.sign(TEXT)
        assert signature[:8] == struct.pack(">Q", TIME)
        assert SECRET.public.verify(signature[8:], b"cosignature/v1\ntime 1679315147\n" + TEXT)
        assert cosigner.key == VerifierKey(WITNESS, 0x04, SECRET.public.raw)
        assert cosignature.cosignature_verifier(cosigner.key).verify(TEXT, signature)

    def test_every_changed_bit_fails(self) -> None:
        cosigner = Ed25519Cosigner(WITNESS, SECRET, TIME)
        known = cosignature.cosignature_verifier(cosigner.key)
        good = cosigner.sign(TEXT)
        for bit in range(len(good) * 8):
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            assert not known.verify(TEXT, bytes(bad))
        for wrong in (good[:-1], good + b"\0", good[8:], b""):
            assert not known.verify(TEXT, wrong)
        assert not known.verify(Checkpoint(ORIGIN, 43, bytes(32)).body().encode(), good)

    def test_a_plain_signature_is_no_cosignature(self) -> None:
        known = cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x04, SECRET.public.raw))
        assert not known.verify(TEXT, SECRET.sign(TEXT))

    def test_on_a_checkpoint(self) -> None:
        opened = checkpoint.open_checkpoint(checkpoint.sign_checkpoint(HEAD, LOG_SECRET), LOG)
        cosigner = Ed25519Cosigner(WITNESS, SECRET, TIME)
        known = cosignature.cosignature_verifier(cosigner.key)
        message = note.sign(opened.note.text, [cosigner], opened.note.verified)
        cosigned = checkpoint.open_checkpoint(message, LOG, [known])
        assert cosignature.cosigned_at(cosigned.note, known) == TIME
        assert cosignature.cosigned_at(opened.note, known) is None
        assert [s.name for s in checkpoint.open_checkpoint(message, LOG).note.unknown] == [WITNESS]

    def test_only_checkpoints_are_cosigned(self) -> None:
        with pytest.raises(FormatError, match="malformed checkpoint"):
            Ed25519Cosigner(WITNESS, SECRET, TIME).sign(b"hello\n")

    @pytest.mark.parametrize("time", [-1, 2**63])
    def test_times(self, time: int) -> None:
        with pytest.raises(CosignatureError, match="time"):
            Ed25519Cosigner(WITNESS, SECRET, time)

    @pytest.mark.parametrize("time", [0, 2**63 - 1])
    def test_the_first_and_the_last_time(self, time: int) -> None:
        cosigner = Ed25519Cosigner(WITNESS, SECRET, time)
        assert cosignature.cosignature_verifier(cosigner.key).verify(TEXT, cosigner.sign(TEXT))

    def test_a_time_beyond_the_limit_fails(self) -> None:
        late = struct.pack(">Q", 2**63)
        signature = late + SECRET.sign(cosignature.ed25519_message(TEXT, 2**63))
        assert not cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x04, SECRET.public.raw)).verify(
            TEXT, signature
        )

    def test_other_key_types(self) -> None:
        with pytest.raises(CosignatureError, match="type 0x01, want 0x04"):
            cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x01, SECRET.public.raw))
        with pytest.raises(FormatError, match="31 bytes"):
            cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x04, bytes(31)))

    def test_no_time_in_a_short_signature(self) -> None:
        with pytest.raises(CosignatureError, match="hold no time"):
            cosignature.timestamp(bytes(7))


class TestMLDSA44:
    def test_message(self) -> None:
        """The structure ``cosigned_message``, byte for byte."""
        assert cosignature.ml_dsa_44_message(TEXT, "w", TIME) == (
            b"subtree/v1\n\x00"
            + b"\x01w"
            + struct.pack(">Q", TIME)
            + bytes([len(ORIGIN)])
            + ORIGIN.encode()
            + struct.pack(">QQ", 0, 42)
            + bytes(range(32))
        )

    def test_extension_lines_are_not_covered(self) -> None:
        text = Checkpoint(ORIGIN, 42, bytes(32), ("more",)).body().encode()
        with pytest.raises(CosignatureError, match="covers no extension lines"):
            cosignature.ml_dsa_44_message(text, "w", TIME)

    def test_names_beyond_what_a_byte_counts(self) -> None:
        with pytest.raises(CosignatureError, match="a name of 256 bytes, want 1 to 255"):
            cosignature.ml_dsa_44_message(TEXT, "w" * 256, TIME)

    @needs_ml_dsa
    def test_round_trip(self) -> None:
        cosigner = MLDSA44Cosigner(WITNESS, bytes([5]) * 32, TIME)
        known = cosignature.cosignature_verifier(cosigner.key)
        assert len(cosigner.key.public) == 1312
        assert VerifierKey.parse(str(cosigner.key)) == cosigner.key
        good = cosigner.sign(TEXT)
        assert len(good) == 8 + 2420
        assert known.verify(TEXT, good)
        for at in (0, 7, 8, 500, 2427):
            bad = bytearray(good)
            bad[at] ^= 1
            assert not known.verify(TEXT, bytes(bad))
        assert not known.verify(TEXT, good[:-1])
        assert not known.verify(b"hello\n", good)
        assert not known.verify(Checkpoint(ORIGIN, 43, bytes(range(32))).body().encode(), good)
        opened = checkpoint.open_checkpoint(checkpoint.sign_checkpoint(HEAD, LOG_SECRET), LOG)
        message = note.sign(opened.note.text, [cosigner], opened.note.verified)
        assert cosignature.cosigned_at(checkpoint.open_checkpoint(message, LOG, [known]).note, known) == TIME

    @needs_ml_dsa
    def test_it_commits_to_the_witnesss_name(self) -> None:
        cosigner = MLDSA44Cosigner(WITNESS, bytes([5]) * 32, TIME)
        renamed = cosignature.cosignature_verifier(VerifierKey("other", 0x06, cosigner.key.public))
        assert not renamed.verify(TEXT, cosigner.sign(TEXT))

    @needs_ml_dsa
    def test_malformed_keys(self) -> None:
        with pytest.raises(CosignatureError, match="31 bytes, want 32"):
            MLDSA44Cosigner(WITNESS, bytes(31), TIME)
        with pytest.raises(CosignatureError, match="type 0x04, want 0x06"):
            cosignature.MLDSA44CosignatureVerifier(VerifierKey(WITNESS, 0x04, bytes(1312)))
        with pytest.raises(CosignatureError, match="32 bytes, want 1312"):
            cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x06, bytes(32)))

    def test_where_the_algorithm_is_absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cosignature, "has_ml_dsa_44", lambda: False)
        for build in (
            lambda: MLDSA44Cosigner(WITNESS, bytes(32), TIME),
            lambda: cosignature.cosignature_verifier(VerifierKey(WITNESS, 0x06, bytes(1312))),
        ):
            with pytest.raises(CosignatureError, match="needs cryptography 48 or newer: pip install"):
                build()
