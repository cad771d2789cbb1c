"""Base64 as every format here writes it: RFC 4648, section 4, padded, one spelling for each byte string."""

from __future__ import annotations

import base64
import binascii

from ledger.format.errors import FormatError


def encode(data: bytes) -> str:
    """Return standard, padded base64."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str, what: str = "base64") -> bytes:
    """Return the bytes that ``encode`` was given.

    :param what: what the text is, for the error.
    :raises FormatError: for any other spelling: another alphabet, white space, missing or surplus padding, stray bits.
    """
    try:
        data = base64.b64decode(text, validate=True)
        if encode(data) == text:
            return data
    except (ValueError, TypeError, binascii.Error):
        pass  # said below, in one way
    raise FormatError(f"{what}: not standard padded base64: {ascii(text)[:80]}")
