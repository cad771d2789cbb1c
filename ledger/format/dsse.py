"""DSSE 1.0.2 envelopes: bytes, what they are, and signatures over both. Lengths count bytes.

Reading takes standard and URL-safe base64, as DSSE asks; writing is standard and padded. ``keyid`` is a hint that
proves nothing: each signature is tried against every key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from ledger.format import b64
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey, SigningKey

Envelope = dict[str, Any]
"""``{"payload": base64, "payloadType": text, "signatures": [{"keyid": text, "sig": base64}]}``."""


class EnvelopeError(FormatError):
    """An envelope is malformed, or too few of the keys signed it."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: what is signed. ``DSSEv1 <len> <type> <len> <payload>``."""
    type_ = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(payload), payload)


def key_hint(public: PublicKey) -> str:
    """Return the ``keyid`` that is written: SHA-256 of the 32 key bytes, in hex."""
    return hashlib.sha256(public.raw).hexdigest()


def sign(payload: bytes, payload_type: str, secrets: Sequence[SigningKey]) -> Envelope:
    """Return an envelope with one signature for each key.

    :raises EnvelopeError: without any key.
    """
    if not secrets:
        raise EnvelopeError("envelope: nobody to sign it")
    message = pae(payload_type, payload)
    return {
        "payload": b64.encode(payload),
        "payloadType": payload_type,
        "signatures": [{"keyid": key_hint(s.public), "sig": b64.encode(s.sign(message))} for s in secrets],
    }


def verify(envelope: Envelope, payload_type: str, keys: Sequence[PublicKey], threshold: int = 1) -> bytes:
    """Return the payload: the very bytes that were verified, to be used instead of the envelope's.

    :param payload_type: what the payload must be declared as.
    :param keys: the keys that count; one key counts once, however often it signed or is listed.
    :param threshold: how many of them must have signed; at least 1.
    :raises EnvelopeError: if the envelope is malformed, of another type, or signed by fewer.
    """
    if threshold < 1:
        raise EnvelopeError(f"envelope: a threshold of {threshold} proves nothing")
    payload, signatures = _parse(envelope, payload_type)
    message = pae(payload_type, payload)
    signed = {key.raw for key in keys if any(key.verify(signature, message) for signature in signatures)}
    if len(signed) < threshold:
        raise EnvelopeError(f"envelope: signed by {len(signed)} of the known keys, want {threshold}")
    return payload


def _parse(envelope: Envelope, payload_type: str) -> tuple[bytes, list[bytes]]:
    """Return payload and signatures, nothing verified yet. Unknown members are ignored, as DSSE asks."""
    if not isinstance(envelope, dict):
        raise EnvelopeError("envelope: not an object")
    declared = envelope.get("payloadType")
    if declared != payload_type:
        raise EnvelopeError(f"envelope: payloadType is {ascii(declared)[:80]}, want {payload_type}")
    listed = envelope.get("signatures")
    if not isinstance(listed, list) or not listed:
        raise EnvelopeError("envelope: no signatures")
    signatures = []
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("keyid", ""), str):
            raise EnvelopeError("envelope: a signature is no object with sig and keyid")
        signatures.append(_decode(entry.get("sig"), "sig"))
    return _decode(envelope.get("payload"), "payload"), signatures


def _decode(text: object, what: str) -> bytes:
    """Decode standard or URL-safe base64; DSSE lets a verifier be told neither by the other's characters."""
    if not isinstance(text, str):
        raise EnvelopeError(f"envelope: {what} is not text")
    try:
        if "-" in text or "_" in text:
            if "+" in text or "/" in text:
                raise EnvelopeError(f"envelope: {what} mixes two alphabets of base64")
            return base64.b64decode(text, altchars=b"-_", validate=True)
        return base64.b64decode(text, validate=True)
    except EnvelopeError:
        raise
    except ValueError as error:
        raise EnvelopeError(f"envelope: {what} is not base64") from error
