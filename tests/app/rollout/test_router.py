"""The router of serving code: the accounts of the slice and no others, from a file that it follows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rollout import router, slices
from app.rollout.router import Router, Table
from ledger.errors import InputError

MODEL = "model/fx-hedging/fx-vol"
TABLE = Table(MODEL, "prod", 7, f"{MODEL}@1", candidate=f"{MODEL}@2", salt="s", fraction=0.1)
ACCOUNTS = [f"M{n:05}" for n in range(4000)]


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "routes" / "fx-vol.json"
    assert router.write(TABLE, path)
    return path


def test_the_slice_is_that_of_anyone_who_recomputes_it(file):
    chosen = set(slices.choose(dict.fromkeys(ACCOUNTS, 1.0), salt="s", fraction=0.1).accounts)
    served = Router(file)
    assert {account for account in ACCOUNTS if served.route(account) == f"{MODEL}@2"} == chosen
    assert served.route_many(ACCOUNTS) == [served.route(account) for account in ACCOUNTS]


@given(st.text(max_size=20), st.floats(0, 1))
def test_the_bound_is_the_fraction(account, fraction):
    from hashlib import sha256

    below = sha256(f"s:{account}".encode("utf-8", "surrogatepass")).digest() < router.bound(fraction)
    place = int.from_bytes(sha256(f"s:{account}".encode("utf-8", "surrogatepass")).digest()[:4], "big") / 2**32
    assert below == (place < fraction)


def test_it_follows_the_file_within_its_refresh(file):
    clock = Clock()
    served = Router(file, clock=clock)
    inside = next(account for account in ACCOUNTS if served.route(account) == f"{MODEL}@2")
    router.write(replace(TABLE, candidate=None, seq=8), file)
    assert served.route(inside) == f"{MODEL}@2", "not looked at again yet"
    clock.now = 1.5
    assert served.route(inside) == f"{MODEL}@1"
    assert served.table.seq == 8


@pytest.mark.parametrize("harm", ["gone", "half"])
def test_a_file_that_is_away_or_half_written_changes_nothing(file, harm):
    clock = Clock()
    served = Router(file, clock=clock)
    before = served.route_many(ACCOUNTS)
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:40])
    clock.now = 2
    assert served.route_many(ACCOUNTS) == before
    router.write(replace(TABLE, candidate=None), file)
    clock.now = 4
    assert set(served.route_many(ACCOUNTS)) == {f"{MODEL}@1"}


def test_a_shadow_serves_nobody(file):
    router.write(replace(TABLE, candidate=None, shadow=f"{MODEL}@2"), file)
    assert set(Router(file).route_many(ACCOUNTS)) == {f"{MODEL}@1"}


def test_listed_accounts_are_the_slice_where_sizes_matter(file):
    router.write(replace(TABLE, accounts=("M00001", "M00003")), file)
    served = Router(file)
    assert [account for account in ACCOUNTS if served.route(account) == f"{MODEL}@2"] == ["M00001", "M00003"]
    assert served.route_many(["M00001", "M00002"]) == [f"{MODEL}@2", f"{MODEL}@1"]


def test_arms_share_the_accounts(file):
    router.write(replace(TABLE, candidate=None, arms=((f"{MODEL}@1", 0.5), (f"{MODEL}@3", 1.0))), file)
    served = Router(file)
    found = served.route_many(ACCOUNTS)
    assert found == [served.route(account) for account in ACCOUNTS]
    assert 0.47 < found.count(f"{MODEL}@3") / len(found) < 0.53


def test_everybody_and_nobody(file):
    router.write(replace(TABLE, fraction=1.0), file)
    assert set(Router(file).route_many(ACCOUNTS)) == {f"{MODEL}@2"}
    router.write(replace(TABLE, fraction=0.0), file)
    assert set(Router(file).route_many(ACCOUNTS)) == {f"{MODEL}@1"}


def test_it_is_written_only_where_it_changed(file):
    assert not router.write(TABLE, file)
    assert [each.name for each in file.parent.iterdir()] == ["fx-vol.json"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": 2}', b"\xff"])
def test_what_is_no_table_is_refused(tmp_path, data):
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(InputError, match="no table of routes"):
        Router(tmp_path / "x.json")
    with pytest.raises(InputError, match="cannot be read"):
        Router(tmp_path / "nothing.json")


def test_its_file_is_plain_json(file):
    assert json.loads(file.read_bytes())["champion"] == f"{MODEL}@1"
