"""How many different values there are: exact while they are few, estimated beyond, and exactly mergeable.

The *k* smallest hashes of a set are kept (Bar-Yossef et al., 2002; "bottom-k"). With fewer than *k* of them the count is
exact; else the *k*-th smallest, as a share *u* of the range, gives (k − 1)/u, with a standard error of 1/√(k − 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

KEPT = 1024
"""Counts are exact below it, and have a standard error of 3.1 % from it on."""

_BITS = 52
_DIGITS = 13


class Distinct:
    """The smallest hashes of all values seen, ascending. Merging is associative, commutative and idempotent."""

    __slots__ = ("hashes",)

    def __init__(self, hashes: Hashes | None = None) -> None:
        self.hashes = np.empty(0, dtype=np.uint64) if hashes is None else hashes

    @property
    def exact(self) -> bool:
        """Whether ``count`` is no estimate."""
        return len(self.hashes) < KEPT

    @property
    def count(self) -> int:
        """How many different values there were."""
        if self.exact:
            return len(self.hashes)
        return round((KEPT - 1) / ((float(self.hashes[-1]) + 1) / 2.0**_BITS))

    def with_hashes(self, hashes: Hashes) -> Distinct:
        """These as well; :func:`of_numbers` and :func:`of_texts` make them."""
        if not self.exact:
            hashes = hashes[hashes < self.hashes[-1]]
        if not len(hashes):
            return self
        return Distinct(np.union1d(self.hashes, hashes)[:KEPT])

    def merge(self, other: Distinct) -> Distinct:
        """Of both together."""
        return Distinct(np.union1d(self.hashes, other.hashes)[:KEPT])

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data: the hashes as 13 hex digits each, in one string."""
        return {
            "count": self.count,
            "exact": self.exact,
            "hashes": "".join(f"{int(each):013x}" for each in self.hashes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Distinct:
        """What ``to_json`` gave. Raises KeyError, TypeError or ValueError where it is none."""
        text = str(data["hashes"])
        found = [int(text[n : n + _DIGITS], 16) for n in range(0, len(text), _DIGITS)]
        return cls(np.array(found, dtype=np.uint64))


def of_numbers(values: npt.NDArray[np.float64]) -> Hashes:
    """Hashes of finite numbers, equal for equal numbers whatever their type was (SplitMix64's finaliser)."""
    bits = (values + 0.0).view(np.uint64)  # + 0.0: minus zero is zero
    return _mixed(bits)


def of_moments(values: npt.NDArray[np.int64]) -> Hashes:
    """Hashes of moments in microseconds; those of numbers are others."""
    return _mixed(values.view(np.uint64) ^ np.uint64(0xA5A5A5A5A5A5A5A5))


def of_texts(values: Sequence[str]) -> Hashes:
    """Hashes of texts."""
    found = [hashlib.blake2b(each.encode("utf-8", "surrogatepass"), digest_size=8).digest() for each in values]
    return np.frombuffer(b"".join(found), dtype="<u8").astype(np.uint64) >> np.uint64(64 - _BITS)


def _mixed(bits: Hashes) -> Hashes:
    z = bits + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((z ^ (z >> np.uint64(31))) >> np.uint64(64 - _BITS), dtype=np.uint64)
