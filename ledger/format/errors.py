"""The one error of this package: bytes or text that do not have the form the format prescribes."""

from __future__ import annotations

from ledger.errors import AssayError


class FormatError(AssayError, ValueError):
    """What was read, or is to be written, breaks the format. The message names the part and what is wrong with it."""
