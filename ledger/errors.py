"""The errors a user may meet. Each message is one clear line: what is wrong, where, and what to do next."""

from __future__ import annotations

from typing import NamedTuple


class AssayError(Exception):
    """Base of every error that is shown to a user as one line. ``exit_code`` is what the command line returns."""

    exit_code = 2


class InputError(AssayError):
    """What the user handed in is wrong: an argument, a reference, a file, a specification."""


class LedgerError(AssayError):
    """The ledger's file cannot serve: no ledger, of a newer version, locked, damaged, read-only, or the disk is full."""


class Damaged(LedgerError):
    """The ledger's file is an SQLite database whose structure is broken."""


class KeyUnavailable(AssayError):
    """A secret key is absent, unreadable, or its passphrase is wrong."""


class Missing(NamedTuple):
    """One thing that a rule wants and the ledger does not hold.

    ``what`` says it in words, ``action`` names the action that supplies it (empty where none does), ``who`` the people
    or the role who may.
    """

    what: str
    action: str = ""
    who: str = ""


class Refused(AssayError):
    """A rule refused an event. Nothing was written; ``missing`` lists what the rule wants."""

    exit_code = 1

    def __init__(self, message: str, missing: tuple[Missing, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing
