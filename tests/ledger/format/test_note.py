from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import b64, note
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.note import Ed25519Signer, Ed25519Verifier, NoteError, Signature
from tests.ledger.format import vectors

TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
ADA = Ed25519Signer("ada", SecretKey(bytes([1]) * 32))
BOB = Ed25519Signer("bob", SecretKey(bytes([2]) * 32))
EVE = Ed25519Signer("eve", SecretKey(bytes([3]) * 32))


def verifier(signer: Ed25519Signer) -> Ed25519Verifier:
    return Ed25519Verifier(signer.key)


def line(name: str, blob: bytes) -> bytes:
    return f"— {name} {b64.encode(blob)}\n".encode()


def names(signatures: tuple[Signature, ...]) -> list[str]:
    return [signature.name for signature in signatures]


class TestPublished:
    def test_valid(self) -> None:
        for case in vectors.load("signed_notes.json")["valid"]:
            verifiers = [Ed25519Verifier(VerifierKey.parse(key)) for key in case["vkeys"]]
            opened = note.open_note(case["note"].encode(), verifiers)
            assert opened.text == case["text"], case["name"]
            assert len(opened.verified) == case["verified"], case["name"]
            assert len(opened.verified) + len(opened.unknown) == case["note"].count("\n— "), case["name"]
            assert note.sign(opened.text, [], [*opened.verified, *opened.unknown]) == case["note"].encode()

    def test_malformed(self) -> None:
        cases = vectors.load("signed_notes.json")
        known = Ed25519Verifier(VerifierKey.parse(cases["valid"][0]["vkeys"][0]))
        for message in cases["malformed"]:
            with pytest.raises(NoteError, match="malformed note"):
                note.open_note(message.encode(), [known])

    def test_rejected(self) -> None:
        for case in vectors.load("signed_notes.json")["reject"]:
            verifiers = [Ed25519Verifier(VerifierKey.parse(key)) for key in case["vkeys"]]
            with pytest.raises(NoteError, match=r"^invalid signature for key PeterNeumann\+c74f20a3$"):
                note.open_note(case["note"].encode(), verifiers)

    def test_signing_gives_the_published_note(self) -> None:
        case = vectors.load("signed_notes.json")["valid"][0]
        seed = b64.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
        assert note.sign(case["text"], [Ed25519Signer("PeterNeumann", SecretKey(seed))]) == case["note"].encode()


class TestOpen:
    def test_unknown_signatures_are_kept_apart(self) -> None:
        opened = note.open_note(note.sign(TEXT, [ADA, EVE, BOB]), [verifier(BOB), verifier(ADA)])
        assert (opened.text, names(opened.verified), names(opened.unknown)) == (TEXT, ["ada", "bob"], ["eve"])
        assert opened.vouched_by(verifier(ADA))
        assert not opened.vouched_by(verifier(EVE))
        assert not opened.vouched_by(verifier(Ed25519Signer("ada", SecretKey(bytes([9]) * 32))))

    def test_none_known(self) -> None:
        for verifiers in ([], [verifier(BOB)]):
            with pytest.raises(NoteError, match=r"^note has no verifiable signatures$"):
                note.open_note(note.sign(TEXT, [ADA]), verifiers)

    def test_same_name_or_same_id_alone_is_unknown(self) -> None:
        other = Ed25519Signer("ada", SecretKey(bytes([9]) * 32))
        with pytest.raises(NoteError, match="no verifiable"):
            note.open_note(note.sign(TEXT, [ADA]), [verifier(other)])
        same_id = note.sign(TEXT, [], [Signature("mallory", ADA.key_id, ADA.sign(TEXT.encode()))])
        with pytest.raises(NoteError, match="no verifiable"):
            note.open_note(same_id, [verifier(ADA)])

    def test_a_known_key_that_fails_condemns_the_note(self) -> None:
        bad = Signature("ada", ADA.key_id, bytes(64))
        for signatures in ([bad], [Signature("bob", BOB.key_id, BOB.sign(TEXT.encode())), bad]):
            with pytest.raises(NoteError, match=rf"^invalid signature for key ada\+{ADA.key_id.hex()}$"):
                note.open_note(note.sign(TEXT, [], signatures), [verifier(ADA), verifier(BOB)])

    def test_a_second_signature_of_a_known_key_must_hold_too(self) -> None:
        good = Signature("ada", ADA.key_id, ADA.sign(TEXT.encode()))
        twice = note.sign(TEXT, [], [good, good])
        assert note.open_note(twice, [verifier(ADA)]).verified == (good,)
        with pytest.raises(NoteError, match="invalid signature"):
            note.open_note(note.sign(TEXT, [], [good, Signature("ada", ADA.key_id, bytes(64))]), [verifier(ADA)])

    def test_repeated_unknown_signatures_are_listed_once(self) -> None:
        eve = Signature("eve", EVE.key_id, b"x")
        message = note.sign(TEXT, [ADA], [eve, eve])
        assert note.open_note(message, [verifier(ADA)]).unknown == (eve,)

    def test_a_key_listed_twice_is_ambiguous(self) -> None:
        with pytest.raises(NoteError, match=rf"^ambiguous key ada\+{ADA.key_id.hex()}$"):
            note.open_note(note.sign(TEXT, [ADA]), [verifier(ADA), verifier(ADA)])

    def test_the_text_may_hold_blank_lines_and_signature_lines(self) -> None:
        text = "a\n\n— ada AAAA\n\nb\n"
        opened = note.open_note(note.sign(text, [ADA]), [verifier(ADA)])
        assert opened.text == text

    def test_any_changed_byte_of_text_or_signature_is_refused(self) -> None:
        good = note.sign(TEXT, [ADA])
        for at in range(len(good)):
            for flip in (1, 0x20, 0x80):
                bad = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
                with pytest.raises(NoteError):
                    note.open_note(bad, [verifier(ADA)])

    def test_every_truncation_is_refused(self) -> None:
        good = note.sign(TEXT, [ADA])
        for end in range(len(good)):
            with pytest.raises(NoteError, match="malformed note"):
                note.open_note(good[:end], [verifier(ADA)])


class TestMalformed:
    GOOD = note.sign(TEXT, [ADA])
    BLOB = b"\x00\x00\x00\x00x"

    @pytest.mark.parametrize(
        ("message", "why"),
        [
            (b"", "no blank line"),
            (b"text\n", "no blank line"),
            (b"text\n\n", "no signature, or the last one has no newline"),
            (b"text\n" + line("a", BLOB), "no blank line"),
            (b"text\n\n" + line("a", BLOB)[:-1], "the last one has no newline"),
            (b"text\n\n" + line("a", BLOB) + b"\n", "no signature"),
            (b"text\n\n" + line("a", BLOB).replace("—".encode(), b"-"), "em dash"),
            (b"text\n\n" + line("a", BLOB) + b"junk\n", "em dash"),
            (b"text\n\n" + line("", BLOB), "without a proper name"),
            (b"text\n\n" + line("a+b", BLOB), "without a proper name"),
            (b"text\n\n" + line("a\u2003b", BLOB), "without a proper name"),
            (b"text\n\n" + line("a b", BLOB), "not standard padded base64"),
            (b"text\n\n" + "— a \n".encode(), "too short"),
            (b"text\n\n" + "— a\n".encode(), "too short"),
            (b"text\n\n" + line("a", BLOB[:4]), "too short"),
            (b"text\n\n" + "— a AAAAAAA\n".encode(), "not standard padded base64"),
            (b"text\n\n" + line("a", BLOB).replace(b"\n", b" \n"), "not standard padded base64"),
            (b"te\x00xt\n\n" + line("a", BLOB), "a control character"),
            (b"te\txt\n\n" + line("a", BLOB), "a control character"),
            (b"text\r\n\n" + line("a", BLOB), "a control character"),
            (b"te\xffxt\n\n" + line("a", BLOB), "not UTF-8 at byte 2"),
            (b"te\xed\xa0\x80\n\n" + line("a", BLOB), "not UTF-8"),
        ],
    )
    def test_why(self, message: bytes, why: str) -> None:
        with pytest.raises(NoteError, match=f"^malformed note: .*{why}"):
            note.parse(message)

    def test_up_to_a_hundred_signatures(self) -> None:
        many = b"".join(line(f"k{i}", self.BLOB) for i in range(99))
        assert len(note.parse(self.GOOD + many).unknown) == 100
        with pytest.raises(NoteError, match="malformed note: 101 signatures, more than 100"):
            note.parse(self.GOOD + many + line("z", self.BLOB))

    def test_delete_and_c1_are_allowed(self) -> None:
        assert note.parse(b"a\x7f\xc2\x85\n\n" + line("a", self.BLOB)).text == "a\x7f\x85\n"

    @given(st.binary(max_size=60))
    def test_arbitrary_bytes_never_crash(self, message: bytes) -> None:
        with pytest.raises(NoteError):
            note.open_note(message, [verifier(ADA)])


class TestSign:
    def test_new_signatures_replace_and_follow_the_old(self) -> None:
        first = note.open_note(note.sign(TEXT, [ADA, BOB]), [verifier(ADA)])
        again = note.parse(note.sign(TEXT, [ADA], [*first.verified, *first.unknown]))
        assert names(again.unknown) == ["bob", "ada"]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("no newline", "does not end in a newline"),
            ("", "does not end in a newline"),
            ("a\tb\n", "a control character"),
            ("a\x00\n", "a control character"),
            ("\ud800\n", "a lone surrogate"),
        ],
    )
    def test_malformed_text(self, text: str, why: str) -> None:
        with pytest.raises(NoteError, match=f"malformed note: .*{why}"):
            note.sign(text, [ADA])

    def test_somebody_must_sign(self) -> None:
        with pytest.raises(NoteError, match="malformed note: no signature"):
            note.sign(TEXT, [])

    def test_a_signer_needs_a_proper_name(self) -> None:
        class Odd:
            name = "a b"
            key_id = b"\0\0\0\0"

            def sign(self, text: bytes) -> bytes:
                return text

        odd: Any = Odd()
        with pytest.raises(NoteError, match=r"^invalid signer"):
            note.sign(TEXT, [odd])

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))))))
    def test_round_trip(self, text: str) -> None:
        opened = note.open_note(note.sign(text + "\n", [ADA]), [verifier(ADA)])
        assert opened.text == text + "\n"
