"""Which accounts a canary serves: by a salted hash, so that anyone can recompute it and nobody can choose.

An account's place is the first 32 bits of SHA-256(``salt:account``), as a fraction of 2³²; the slice holds the accounts whose
place lies below its fraction. A wider slice therefore contains the narrower one. Accounts differ in size: a tenth of them may
hold a seventh of the money, so the realised share of both is told, and a slice may be capped or stratified by size.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ledger.errors import InputError

Method = Literal["hash", "capped", "stratified"]


def place(salt: str, account: str) -> float:
    """Where an account stands in [0, 1), the same for the same salt whoever asks."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{account}".encode()).digest()[:4], "big") / 2**32


@dataclass(frozen=True, slots=True)
class Slice:
    """The accounts chosen, in the order of their names, with the shares that they turned out to have."""

    salt: str
    method: Method
    fraction: float
    accounts: tuple[str, ...]
    account_share: float
    size_share: float

    def document(self) -> dict[str, Any]:
        """As JSON-able data, without the accounts' names."""
        return {
            "salt": self.salt,
            "method": self.method,
            "fraction": self.fraction,
            "accounts": len(self.accounts),
            "account_share": self.account_share,
            "size_share": self.size_share,
        }


def choose(
    sizes: Mapping[str, float],
    *,
    salt: str,
    fraction: float,
    method: Method = "hash",
    cap: float = 0.01,
    strata: int = 5,
) -> Slice:
    """The slice of some accounts.

    Args:
        sizes: what each account manages, any unit, positive.
        salt: fixed before the start; another salt gives another slice.
        fraction: of the accounts, in (0, 1].
        method: ``hash`` as it falls; ``capped`` without accounts that hold more than ``cap`` of all; ``stratified`` the same
            fraction of each of ``strata`` classes of size, so that both shares come near the intended one.

    Raises:
        InputError: there are no accounts, a size is not positive, or the fraction is out of range.
    """
    if not sizes:
        raise InputError("there are no accounts to choose a slice from")
    if not 0 < fraction <= 1:
        raise InputError(f"a slice is a fraction above 0 and at most 1, not {fraction!r}")
    for account, size in sizes.items():
        if not (math.isfinite(size) and size > 0):
            raise InputError(f"the size of account {account} is {size!r}; a slice needs positive sizes")
    total = math.fsum(sizes.values())
    if method == "stratified":
        chosen = _stratified(sizes, salt, fraction, strata)
    else:
        chosen = [account for account in sizes if place(salt, account) < fraction]
        if method == "capped":
            chosen = [account for account in chosen if sizes[account] <= cap * total]
    held = math.fsum(sizes[account] for account in chosen)
    return Slice(salt, method, fraction, tuple(sorted(chosen)), len(chosen) / len(sizes), held / total)


def _stratified(sizes: Mapping[str, float], salt: str, fraction: float, strata: int) -> list[str]:
    """Of each class of about equally many accounts of like size, those with the lowest places."""
    if strata < 1:
        raise InputError(f"a stratified slice needs a class of size at least, not {strata}")
    by_size = sorted(sizes, key=lambda account: (sizes[account], account))
    chosen: list[str] = []
    for index in range(strata):
        stratum = by_size[index * len(by_size) // strata : (index + 1) * len(by_size) // strata]
        ordered = sorted(stratum, key=lambda account: (place(salt, account), account))
        chosen += ordered[: round(fraction * len(stratum))]
    return chosen
