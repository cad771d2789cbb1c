"""Proof files: what a verifier with nothing but the ledger's key accepts, and that it accepts nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import proving, trust
from ledger.errors import InputError, LedgerError
from ledger.format import tlogproof
from ledger.format.keys import SecretKey, VerifierKey
from ledger.format.policy import Policy
from tests.ledger.story import ORIGIN, Story


@pytest.fixture(scope="module")
def proven(told: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Policy]:
    """A proof file, and what it takes to verify it."""
    story = Story.resume(tmp_path_factory.mktemp("proven"), told)
    data = proving.prove(story.ledger.connection, 20)
    key = story.ledger.verifier
    story.ledger.close()
    assert key is not None
    return data, trust.trusted([key])


def policy_of(story: Story) -> Policy:
    key = story.ledger.verifier
    assert key is not None
    return trust.trusted([key])


def test_every_event_can_be_proven(story: Story) -> None:
    story.ledger.checkpoint()
    for recorded in story.ledger.events():
        found = proving.verify(proving.prove(story.ledger.connection, recorded.seq), policy_of(story))
        assert found.report.findings == []
        assert found.event == recorded.event
        assert (found.leaf, found.index) == (recorded.hash, recorded.seq)
        assert (found.report.origin, found.report.size) == (ORIGIN, story.ledger.size)
        assert not found.report.document()["complete"]


def test_a_proof_is_small_and_in_the_published_form(proven: tuple[bytes, Policy]) -> None:
    data, _ = proven
    assert len(data) < 4096
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
    assert proving.is_proof(data[:64])
    assert not proving.is_proof(b"SQLite format 3\x00")
    assert tlogproof.marshal(tlogproof.parse(data)) == data


def test_each_byte_counts(proven: tuple[bytes, Policy]) -> None:
    data, policy = proven
    for at in range(len(data)):
        for bit in (0x01, 0x20):
            changed = bytes([*data[:at], data[at] ^ bit, *data[at + 1 :]])
            found = proving.verify(changed, policy).report
            assert found.findings, (at, bit, data[at : at + 8])


@given(st.data())
def test_no_cut_and_no_addition_passes(proven: tuple[bytes, Policy], data: st.DataObject) -> None:
    whole, policy = proven
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    put = data.draw(st.binary(max_size=3))
    changed = whole[:start] + put + whole[stop:]
    if changed != whole:
        assert not proving.verify(changed, policy).report.ok


def kinds(data: bytes, policy: Policy) -> list[tuple[str, int | None]]:
    return [(each.kind, each.seq) for each in proving.verify(data, policy).report.findings]


def test_what_is_wrong_is_named(proven: tuple[bytes, Policy]) -> None:
    data, policy = proven
    parts = tlogproof.parse(data)
    event = parts.extra.replace(b'"actor":"', b'"actor":"x', 1)
    assert kinds(tlogproof.marshal(tlogproof.TlogProof(20, parts.path, parts.checkpoint, event)), policy) == [
        ("edited", 20)
    ]
    assert kinds(tlogproof.marshal(tlogproof.TlogProof(21, parts.path, parts.checkpoint, parts.extra)), policy) == [
        ("edited", 21)
    ]
    assert kinds(data[:40], policy) == [("malformed", None)]
    stranger = trust.trusted([VerifierKey.ed25519(ORIGIN, SecretKey.generate().public)])
    assert kinds(data, stranger) == [("signature", 20)]
    elsewhere = trust.trusted([VerifierKey.ed25519("example.com/other", SecretKey.generate().public)])
    assert kinds(data, elsewhere) == [("signature", 20)]


def test_without_a_key_nothing_is_proven() -> None:
    with pytest.raises(InputError, match="--key VKEY"):
        trust.trusted([])
    with pytest.raises(InputError, match="is no verifier key"):
        trust.parse_keys(["nonsense"])


def test_an_event_that_no_checkpoint_covers(story: Story) -> None:
    last = story.ledger.size - 1
    with pytest.raises(InputError, match=f"no checkpoint covers event {last} yet"):
        proving.prove(story.ledger.connection, last)
    with pytest.raises(InputError, match=f"the log holds 0 to {last}"):
        proving.prove(story.ledger.connection, last + 1)


def test_a_touched_ledger_proves_nothing(story: Story) -> None:
    path = story.ledger.path
    story.ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER events_keep_update")
        connection.execute("UPDATE events SET body = CAST(replace(body, 'enrolled', 'enroled') AS BLOB) WHERE seq = 1")
        with pytest.raises(LedgerError, match=r"event 1 cannot be proven.*assay verify"):
            proving.prove(connection, 1)
    connection.close()
