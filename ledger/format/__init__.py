"""Bytes and hashes: how events, trees, notes, checkpoints and decisions are spelled. Pure; no clock, no I/O but reading.

From the bottom up: ``text``, ``names``, ``times`` and ``b64`` spell small things; ``canonical`` spells JSON (RFC 8785) and
``event`` an event; ``hashes``, ``tree`` and ``proof`` are RFC 6962; ``keys``, ``note``, ``checkpoint`` and ``cosignature``
are what a log and its witnesses sign (C2SP); ``dsse`` and ``decision`` what a person signs (in-toto); ``tlogproof``,
``addcheckpoint``, ``tiles`` and ``policy`` what leaves the ledger, and whom to trust with it (C2SP).
"""
