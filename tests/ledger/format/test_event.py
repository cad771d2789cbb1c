from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import canonical, event, hashes
from ledger.format.errors import FormatError
from ledger.format.event import Event

FIRST = Event(
    seq=0,
    type="ledger.created",
    subject="ledger/example.com/ml-ledger",
    project=None,
    actor="ada",
    at="2026-01-02T03:04:05.000000Z",
    cause=None,
    prev=event.ZERO_PREV,
    value={"origin": "example.com/ml-ledger", "clock": "system"},
)
GOLDEN = (
    b'{"actor":"ada","at":"2026-01-02T03:04:05.000000Z","cause":null,'
    b'"prev":"0000000000000000000000000000000000000000000000000000000000000000","project":null,"seq":0,'
    b'"subject":"ledger/example.com/ml-ledger","type":"ledger.created","v":1,'
    b'"value":{"clock":"system","origin":"example.com/ml-ledger"}}'
)
SECOND = Event(
    seq=1,
    type="approval.granted",
    subject="model/fx-hedging/fx-vol@3",
    project="fx-hedging",
    actor="svc:b%C3%BCro+1",
    at="2026-01-02T03:04:06.000001Z",
    cause=0,
    prev=hashlib.sha256(b"\x00" + GOLDEN).hexdigest(),
    value={"z": [1.0, 0.5, -0.0], "a": "ü\n€", "\U00010000": None},
)


class TestGolden:
    """Bytes worked out by hand from the format."""

    def test_first(self) -> None:
        assert event.encode(FIRST) == GOLDEN
        assert event.decode(GOLDEN) == FIRST
        assert hashes.leaf_hash(GOLDEN).hex() == "885335027b2513be6866ccd0f6afb74e6e04dae8bf43173ea81cef6c5b6d7f4f"

    def test_second(self) -> None:
        want = (
            b'{"actor":"svc:b%C3%BCro+1","at":"2026-01-02T03:04:06.000001Z","cause":0,"prev":"'
            + SECOND.prev.encode()
            + b'","project":"fx-hedging","seq":1,"subject":"model/fx-hedging/fx-vol@3",'
            + b'"type":"approval.granted","v":1,"value":'
            + '{"a":"ü\\n€","z":[1,0.5,0],"\U00010000":null}'.encode()
            + b"}"
        )
        assert event.encode(SECOND) == want
        assert event.encode(event.decode(want)) == want


names = st.text("ABZabz019._:/@+-%", min_size=1, max_size=12)
events = st.builds(
    lambda seq, back, **rest: Event(
        seq=seq, cause=None if back is None or seq == 0 else max(0, seq - 1 - back), **rest
    ),
    seq=st.integers(0, canonical.MAX_SAFE),
    back=st.none() | st.integers(0, 2**53),
    type=names,
    subject=names,
    project=st.none() | names,
    actor=names,
    at=st.datetimes().map(lambda moment: moment.isoformat(timespec="microseconds") + "Z"),
    prev=st.binary(min_size=32, max_size=32).map(bytes.hex),
    value=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), st.integers(0, 9), max_size=3),
)


class TestForm:
    @given(events)
    def test_the_prefix_is_what_canonical_json_gives(self, given_event: Event) -> None:
        body = event.encode(given_event)
        members = {name: getattr(given_event, name) for name in event.MEMBERS if name != "v"}
        assert body == canonical.encode({**members, "v": 1})
        start = event.prefix(
            given_event.seq,
            given_event.type,
            given_event.subject,
            given_event.project,
            given_event.actor,
            given_event.at,
            given_event.cause,
            given_event.prev,
        )
        assert body == start + canonical.encode(given_event.value) + b"}"
        assert event.decode(body) == given_event

    def test_a_prefix_of_garbage_matches_nothing_and_never_fails(self) -> None:
        garbage = event.prefix(1, 'a"b', "\ud800", "ä", "\n", "", 7, "x")
        assert garbage.endswith(b'"value":')
        with pytest.raises(FormatError):
            event.decode(garbage + b"{}}")

    def test_members_sort_before_value(self) -> None:
        assert list(event.MEMBERS) == sorted(event.MEMBERS)
        assert event.MEMBERS[-1] == "value"


class TestSize:
    def test_the_limit_is_what_a_u16_says(self) -> None:
        empty = len(event.encode(FIRST._replace(value={"x": ""})))
        fits = FIRST._replace(value={"x": "a" * (event.MAX_BYTES - empty)})
        body = event.encode(fits)
        assert len(body) == 65_535
        assert event.decode(body) == fits
        with pytest.raises(
            FormatError, match=r"event 0: 65,536 bytes, more than 65,535; put what is large into the object"
        ):
            event.encode(FIRST._replace(value={"x": "a" * (event.MAX_BYTES - empty + 1)}))
        with pytest.raises(FormatError, match=r"65,536 bytes, more than 65,535"):
            event.decode(body[:-2] + b'a"}}'[:1] + body[-2:])

    def test_depth_counts_the_event_itself(self) -> None:
        value: Any = 1
        for _ in range(canonical.MAX_DEPTH - 2):
            value = [value]
        deepest = FIRST._replace(value={"x": value})
        assert event.decode(event.encode(deepest)) == deepest
        with pytest.raises(FormatError, match="nested deeper"):
            event.encode(FIRST._replace(value={"x": [value]}))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"v": 2}, "v is 2, want 1"),
    ({"v": "1"}, "v is '1', want 1"),
    ({"v": True}, "v is True, want 1"),
    ({"seq": -1}, "seq is -1"),
    ({"seq": True}, "seq is True"),
    ({"seq": "1"}, "seq is '1'"),
    ({"seq": None}, "seq is None"),
    ({"seq": 1.5}, "seq is 1.5"),
    ({"cause": 1}, "event 1: cause is 1, want null or the seq of an earlier event"),
    ({"cause": 2}, "cause is 2"),
    ({"cause": -1}, "cause is -1"),
    ({"cause": False}, "cause is False"),
    ({"cause": "0"}, "cause is '0'"),
    ({"prev": "0" * 63}, "prev is"),
    ({"prev": "A" * 64}, "prev is"),
    ({"prev": None}, "prev is None"),
    ({"actor": ""}, "actor ''"),
    ({"actor": None}, "actor None"),
    ({"actor": "a b"}, "actor 'a b'"),
    ({"subject": "ä"}, "subject"),
    ({"subject": None}, "subject None"),
    ({"type": 'a"b'}, "type"),
    ({"project": ""}, "project ''"),
    ({"project": 7}, "project 7"),
    ({"at": "2026-01-02T03:04:05Z"}, "time 2026|time '2026"),
    ({"at": None}, "time None"),
    ({"at": 7}, "time 7"),
    ({"value": []}, "value is not an object"),
    ({"value": None}, "value is not an object"),
    ({"value": "x"}, "value is not an object"),
    ({"extra": 1}, "unknown member 'extra'"),
]


class TestStrictness:
    @pytest.mark.parametrize(("change", "message"), WRONG)
    def test_each_malformed_member_is_named(self, change: dict[str, Any], message: str) -> None:
        members = {**json.loads(event.encode(SECOND)), **change}
        with pytest.raises(FormatError, match=message):
            event.decode(canonical.encode(members))
        own = {name: value for name, value in change.items() if name not in ("v", "extra")}
        if own:
            with pytest.raises(FormatError, match=message):
                event.encode(SECOND._replace(**own))

    @pytest.mark.parametrize("name", event.MEMBERS)
    def test_each_absent_member_is_named(self, name: str) -> None:
        members = json.loads(GOLDEN)
        del members[name]
        with pytest.raises(FormatError, match=f"no member '{name}'"):
            event.decode(canonical.encode(members))

    @pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b'"x"', b"{}"])
    def test_what_is_no_event(self, body: bytes) -> None:
        with pytest.raises(FormatError):
            event.decode(body)

    @pytest.mark.parametrize(
        "body",
        [
            GOLDEN + b"\n",
            b" " + GOLDEN,
            GOLDEN.replace(b'"seq":0', b'"seq": 0'),
            GOLDEN.replace(b'"seq":0', b'"seq":0.0'),
            GOLDEN.replace(b'"seq":0', b'"seq":-0'),
            GOLDEN.replace(b'"seq":0', b'"seq":0,"seq":0'),
            GOLDEN.replace(b'"ada"', b'"\\u0061da"'),
            GOLDEN.replace(b'{"clock":"system",', b"{").replace(b'ledger"}}', b'ledger","clock":"system"}}'),
        ],
    )
    def test_only_the_canonical_bytes_are_an_event(self, body: bytes) -> None:
        with pytest.raises(FormatError):
            event.decode(body)

    def test_cause_may_be_any_earlier_event(self) -> None:
        third = SECOND._replace(seq=2, cause=1)
        assert event.decode(event.encode(third)).cause == 1
        assert event.decode(event.encode(third._replace(cause=None))).cause is None

    @given(st.binary(max_size=80))
    def test_arbitrary_bytes_never_crash(self, body: bytes) -> None:
        with pytest.raises(FormatError):
            event.decode(body)
