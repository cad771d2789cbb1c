"""Account slices: anyone can recompute them, a wider one contains the narrower, and their real shares are told."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rollout import slices
from ledger.errors import InputError

SIZES = {f"A{n:04d}": float(size) for n, size in enumerate(np.random.default_rng(0).lognormal(size=2000))}


def test_a_place_is_the_hash_that_is_documented():
    expected = int(hashlib.sha256(b"salt:A0001").hexdigest()[:8], 16) / 2**32
    assert slices.place("salt", "A0001") == expected


def test_a_tenth_of_the_accounts_is_about_a_tenth_and_its_size_is_told():
    found = slices.choose(SIZES, salt="s", fraction=0.1)
    assert found.account_share == pytest.approx(0.1, abs=0.02)
    assert found.size_share == pytest.approx(sum(SIZES[each] for each in found.accounts) / sum(SIZES.values()))
    assert found.document()["accounts"] == len(found.accounts)


def test_another_salt_gives_another_slice():
    one, two = (set(slices.choose(SIZES, salt=salt, fraction=0.1).accounts) for salt in "ab")
    assert len(one & two) < len(one) / 3


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.sampled_from(["hash", "capped", "stratified"]))
def test_a_wider_slice_contains_the_narrower(first, second, method):
    narrow, wide = sorted((first, second))
    small = slices.choose(SIZES, salt="s", fraction=narrow, method=method)
    assert set(small.accounts) <= set(slices.choose(SIZES, salt="s", fraction=wide, method=method).accounts)


def test_the_order_of_the_accounts_does_not_matter():
    turned = dict(reversed(SIZES.items()))
    for method in ("hash", "capped", "stratified"):
        assert (
            slices.choose(SIZES, salt="s", fraction=0.2, method=method).accounts
            == slices.choose(turned, salt="s", fraction=0.2, method=method).accounts
        )


def test_a_stratified_slice_comes_nearer_to_the_intended_share_of_money():
    misses = {"hash": 0.0, "stratified": 0.0}
    for method in misses:
        for salt in range(40):
            found = slices.choose(SIZES, salt=str(salt), fraction=0.1, method=method)
            misses[method] += abs(found.size_share - 0.1)
    assert misses["stratified"] < misses["hash"]


def test_a_capped_slice_leaves_the_giants_out():
    sizes = {**SIZES, "giant": 1e6}
    salt = next(str(n) for n in range(1000) if slices.place(str(n), "giant") < 0.1)
    assert "giant" in slices.choose(sizes, salt=salt, fraction=0.1).accounts
    assert "giant" not in slices.choose(sizes, salt=salt, fraction=0.1, method="capped").accounts


@pytest.mark.parametrize(
    ("sizes", "fraction", "words"),
    [
        ({}, 0.1, "no accounts"),
        ({"a": 1.0}, 0, "fraction above 0"),
        ({"a": 1.0}, 1.1, "at most 1"),
        ({"a": float("nan")}, 1, "positive"),
    ],
)
def test_nonsense_is_refused(sizes, fraction, words):
    with pytest.raises(InputError, match=words):
        slices.choose(sizes, salt="s", fraction=fraction)
