from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import b64, keys
from ledger.format.errors import FormatError
from ledger.format.keys import KeyFormatError, PublicKey, SecretKey, VerifierKey
from ledger.format.note import Ed25519Signer, Ed25519Verifier, NoteError

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]

# RFC 8032, section 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


class TestBase64:
    @given(st.binary(max_size=70))
    def test_round_trip(self, data: bytes) -> None:
        assert b64.decode(b64.encode(data)) == data
        assert b64.encode(data) == base64.b64encode(data).decode()

    @pytest.mark.parametrize(
        "text",
        [
            "QQ",
            "QQ=",
            "QR==",
            "QUJ=",
            "QUJDQUJD=",
            "QUJDQUJD==",
            "QUJD=QUJD",
            "Q Q=",
            " QQ==",
            "QQ==\n",
            "-_8=",
            "Ä",
            "=",
            None,
        ],
    )
    def test_one_spelling_only(self, text: str) -> None:
        with pytest.raises(FormatError, match="thing: not standard padded base64"):
            b64.decode(text, "thing")


class TestEd25519:
    @pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
    def test_published_signatures(self, seed: str, public: str, message: str, signature: str) -> None:
        secret = SecretKey.from_seed(bytes.fromhex(seed))
        assert secret.public.raw.hex() == public
        assert secret.sign(bytes.fromhex(message)).hex() == signature
        assert secret.public.verify(bytes.fromhex(signature), bytes.fromhex(message))
        assert not secret.public.verify(bytes.fromhex(signature), b"another")
        for at in range(64):
            wrong = bytearray.fromhex(signature)
            wrong[at] ^= 1
            assert not secret.public.verify(bytes(wrong), bytes.fromhex(message))
        assert not secret.public.verify(b"", b"")
        assert not secret.public.verify(bytes.fromhex(signature)[:-1], bytes.fromhex(message))

    def test_keys_are_their_bytes(self) -> None:
        secret = SecretKey.generate()
        assert SecretKey(secret.seed).public == secret.public
        assert PublicKey.parse(str(secret.public)) == secret.public
        assert SecretKey.generate().seed != secret.seed

    def test_no_text_form_shows_a_secret(self) -> None:
        secret = SecretKey.generate()
        for shown in (repr(secret), str(secret), f"{secret}"):
            assert secret.seed.hex() not in shown
            assert b64.encode(secret.seed) not in shown
            assert repr(secret.seed) not in shown

    def test_lengths(self) -> None:
        for size in (0, 31, 33, 64):
            with pytest.raises(KeyFormatError, match=f"secret key: {size} bytes, want 32"):
                SecretKey(bytes(size))
            with pytest.raises(KeyFormatError, match=f"public key: {size} bytes, want 32"):
                PublicKey(bytes(size))
        with pytest.raises(FormatError, match="public key: not standard"):
            PublicKey.parse("no key")

    def test_a_key_that_is_no_point_verifies_nothing(self) -> None:
        assert not PublicKey(b"\xff" * 32).verify(bytes(64), b"")


class TestVerifierKey:
    def test_published_key(self) -> None:
        key = VerifierKey.parse(PETER)
        assert (key.name, key.type, key.id.hex()) == ("PeterNeumann", keys.ED25519, "c74f20a3")
        assert str(key) == PETER
        secret = SecretKey(PETER_SEED)
        assert key == VerifierKey.ed25519("PeterNeumann", secret.public)
        assert Ed25519Signer("PeterNeumann", secret).key == key

    def test_key_id(self) -> None:
        public = bytes(range(32))
        want = hashlib.sha256(b"example.com/log\n\x01" + public).digest()[:4]
        assert keys.key_id("example.com/log", 1, public) == want
        encoded = base64.b64encode(b"\x01" + public).decode()
        assert str(VerifierKey("example.com/log", 1, public)) == f"example.com/log+{want.hex()}+{encoded}"

    def test_every_shortened_or_changed_key_is_refused(self) -> None:
        """As golang.org/x/mod/sumdb/note does: every part of a key, every byte plus one."""
        for end in range(len(PETER)):
            for start in range(end + 1):
                with pytest.raises(FormatError):
                    Ed25519Verifier(VerifierKey.parse(PETER[start:end]))
        for start in range(1, len(PETER)):
            with pytest.raises(FormatError):
                Ed25519Verifier(VerifierKey.parse(PETER[start:]))
        for at in range(len(PETER)):
            changed = PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :]
            with pytest.raises(FormatError):
                Ed25519Verifier(VerifierKey.parse(changed))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "malformed verifier key: want name"),
            ("a+b", "malformed verifier key: want name"),
            (PETER.replace("c74f20a3", "C74F20A3"), "malformed verifier key: want name"),
            (PETER.replace("c74f20a3", "c74f20a4"), "invalid verifier hash: got c74f20a4, want c74f20a3"),
            (PETER + "=", "malformed verifier key: its last part is not standard padded base64"),
            (PETER + "\n", "malformed verifier key: its last part"),
            (" " + PETER, "malformed verifier key: want name"),
            (PETER.replace("Peter", "Peter\u00a0"), "malformed verifier key: want name"),
            (PETER.replace("Peter", "Peter\n"), "malformed verifier key: want name"),
            ("a+00000000+", "malformed verifier key: no type or no key"),
            ("a+00000000+AQ==", "malformed verifier key: no type or no key"),
        ],
    )
    def test_errors(self, text: str, message: str) -> None:
        with pytest.raises(KeyFormatError, match=message):
            VerifierKey.parse(text)

    def test_other_types_are_parsed_and_not_used(self) -> None:
        other = VerifierKey("x", 0x02, bytes(32))
        assert VerifierKey.parse(str(other)) == other
        with pytest.raises(NoteError, match="unknown verifier algorithm: type 0x02, want 0x01"):
            Ed25519Verifier(other)
        with pytest.raises(FormatError, match="public key: 31 bytes"):
            Ed25519Verifier(VerifierKey("x", 0x01, bytes(31)))

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\u2003b", "a\u0085b", "a\x01b", "\ud800"])
    def test_names(self, name: str) -> None:
        assert not keys.is_key_name(name)
        with pytest.raises(KeyFormatError, match="malformed verifier key"):
            VerifierKey(name, 1, bytes(32))

    @pytest.mark.parametrize(("type_", "public"), [(1, b""), (-1, bytes(32)), (256, bytes(32))])
    def test_no_type_or_no_key(self, type_: int, public: bytes) -> None:
        with pytest.raises(KeyFormatError, match="malformed verifier key: no type or no key"):
            VerifierKey("a", type_, public)

    @pytest.mark.parametrize("name", ["a", "example.com/log", "Zoë", "日本"])
    def test_good_names(self, name: str) -> None:
        assert keys.is_key_name(name)
        assert VerifierKey.parse(str(VerifierKey(name, 1, bytes(32)))).name == name
