from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import dsse
from ledger.format.dsse import EnvelopeError
from ledger.format.keys import SecretKey

TYPE = "http://example.com/HelloWorld"
ADA, BOB, EVE = (SecretKey(bytes([i]) * 32) for i in (1, 2, 3))


class TestPae:
    def test_published(self) -> None:
        """DSSE 1.0.2, protocol.md, "Test Vectors"."""
        assert dsse.pae(TYPE, b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

    def test_lengths_count_bytes(self) -> None:
        assert dsse.pae("ä", "ö€".encode()) == b"DSSEv1 2 \xc3\xa4 5 \xc3\xb6\xe2\x82\xac"
        assert dsse.pae("", b"") == b"DSSEv1 0  0 "

    @given(st.text("a 1", max_size=4), st.binary(max_size=4), st.text("a 1", max_size=4), st.binary(max_size=4))
    def test_is_injective(self, type_a: str, a: bytes, type_b: str, b: bytes) -> None:
        assert (dsse.pae(type_a, a) == dsse.pae(type_b, b)) == ((type_a, a) == (type_b, b))


class TestVerify:
    def test_round_trip_through_json(self) -> None:
        envelope = json.loads(json.dumps(dsse.sign(b"hello world", TYPE, [ADA])))
        assert envelope["payload"] == "aGVsbG8gd29ybGQ="
        assert dsse.verify(envelope, TYPE, [EVE.public, ADA.public]) == b"hello world"

    def test_the_payload_returned_is_the_one_verified(self) -> None:
        envelope = dsse.sign(b"\x00\xff not json", TYPE, [ADA])
        assert dsse.verify(envelope, TYPE, [ADA.public]) == b"\x00\xff not json"

    def test_threshold_counts_keys_not_signatures(self) -> None:
        both = dsse.sign(b"x", TYPE, [ADA, BOB])
        keys = [ADA.public, BOB.public, EVE.public]
        assert dsse.verify(both, TYPE, keys, threshold=2) == b"x"
        with pytest.raises(EnvelopeError, match="signed by 2 of the known keys, want 3"):
            dsse.verify(both, TYPE, keys, threshold=3)
        twice = dsse.sign(b"x", TYPE, [ADA, ADA])
        with pytest.raises(EnvelopeError, match="signed by 1 of the known keys, want 2"):
            dsse.verify(twice, TYPE, [ADA.public, ADA.public], threshold=2)

    def test_no_threshold_and_no_keys_prove_nothing(self) -> None:
        envelope = dsse.sign(b"x", TYPE, [ADA])
        with pytest.raises(EnvelopeError, match="a threshold of 0 proves nothing"):
            dsse.verify(envelope, TYPE, [ADA.public], threshold=0)
        with pytest.raises(EnvelopeError, match="signed by 0 of the known keys, want 1"):
            dsse.verify(envelope, TYPE, [])
        with pytest.raises(EnvelopeError, match="nobody to sign it"):
            dsse.sign(b"x", TYPE, [])

    def test_the_hint_proves_nothing(self) -> None:
        envelope = dsse.sign(b"x", TYPE, [ADA])
        envelope["signatures"][0]["keyid"] = dsse.key_hint(BOB.public)
        assert dsse.verify(envelope, TYPE, [ADA.public]) == b"x"
        with pytest.raises(EnvelopeError, match="signed by 0"):
            dsse.verify(envelope, TYPE, [BOB.public])
        del envelope["signatures"][0]["keyid"]
        assert dsse.verify(envelope, TYPE, [ADA.public]) == b"x"

    def test_url_safe_base64_is_read(self) -> None:
        payload = b"\xfb\xff\xfe" * 3
        envelope = dsse.sign(payload, TYPE, [ADA])
        assert "+" in envelope["payload"] or "/" in envelope["payload"]
        envelope["payload"] = base64.urlsafe_b64encode(payload).decode()
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        envelope["signatures"][0]["sig"] = base64.urlsafe_b64encode(signature).decode()
        assert dsse.verify(envelope, TYPE, [ADA.public]) == payload

    def test_unknown_members_are_ignored(self) -> None:
        envelope = dsse.sign(b"x", TYPE, [ADA])
        envelope["later"] = 1
        envelope["signatures"][0]["cert"] = "y"
        assert dsse.verify(envelope, TYPE, [ADA.public]) == b"x"

    def test_the_type_is_signed(self) -> None:
        envelope = dsse.sign(b"x", TYPE, [ADA])
        with pytest.raises(EnvelopeError, match=r"payloadType is 'http://example.com/HelloWorld', want other"):
            dsse.verify(envelope, "other", [ADA.public])
        envelope["payloadType"] = "other"
        with pytest.raises(EnvelopeError, match="signed by 0"):
            dsse.verify(envelope, "other", [ADA.public])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"payload": None}, "payload is not text"),
            ({"payload": "a"}, "payload is not base64"),
            ({"payload": "a b="}, "payload is not base64"),
            ({"payload": "+-=="}, "payload mixes two alphabets"),
            ({"payload": "ä==="}, "payload is not base64"),
            ({"signatures": None}, "no signatures"),
            ({"signatures": []}, "no signatures"),
            ({"signatures": {}}, "no signatures"),
            ({"signatures": ["x"]}, "a signature is no object"),
            ({"signatures": [{}]}, "sig is not text"),
            ({"signatures": [{"sig": "!"}]}, "sig is not base64"),
            ({"signatures": [{"sig": "eA==", "keyid": 7}]}, "a signature is no object with sig and keyid"),
            ({"signatures": [{"sig": "eA=="}]}, "signed by 0"),
            ({"payloadType": None}, "payloadType is None"),
        ],
    )
    def test_malformed(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(EnvelopeError, match=message):
            dsse.verify({**dsse.sign(b"x", TYPE, [ADA]), **change}, TYPE, [ADA.public])

    def test_no_object(self) -> None:
        no_object: Any = []
        with pytest.raises(EnvelopeError, match="not an object"):
            dsse.verify(no_object, TYPE, [ADA.public])

    def test_every_changed_bit_of_the_payload_fails(self) -> None:
        envelope = dsse.sign(b"hello", TYPE, [ADA])
        for bit in range(40):
            payload = bytearray(b"hello")
            payload[bit // 8] ^= 1 << bit % 8
            with pytest.raises(EnvelopeError, match="signed by 0"):
                dsse.verify({**envelope, "payload": base64.b64encode(payload).decode()}, TYPE, [ADA.public])
