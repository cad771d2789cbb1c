"""The record and what it means: an event-sourced, hash-chained ledger that anyone can verify.

Everything here is imported when first used, so that ``import ledger`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own costs half a bare interpreter's start

if TYPE_CHECKING:
    from ledger.audit.verification import Report, verify
    from ledger.errors import AssayError, InputError, LedgerError, Refused
    from ledger.ledger import Entry, Ledger, create, open  # noqa: A004  (the API's word, as in gzip.open)
    from ledger.store.journal import Recorded

_HOMES = {
    "AssayError": "ledger.errors",
    "Entry": "ledger.ledger",
    "InputError": "ledger.errors",
    "Ledger": "ledger.ledger",
    "LedgerError": "ledger.errors",
    "Recorded": "ledger.store.journal",
    "Refused": "ledger.errors",
    "Report": "ledger.audit.verification",
    "create": "ledger.ledger",
    "open": "ledger.ledger",
    "verify": "ledger.audit.verification",
}

__all__ = [
    "AssayError",
    "Entry",
    "InputError",
    "Ledger",
    "LedgerError",
    "Recorded",
    "Refused",
    "Report",
    "create",
    "open",
    "verify",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ledger' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
