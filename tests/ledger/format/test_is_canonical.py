"""The quick answer whether bytes are canonical is the answer of the careful decoder."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.format import canonical

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

NUMBERS = [
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "-1.0",
    "10.0",
    "1.50",
    "0.5",
    "1e5",
    "1E5",
    "1e+21",
    "1e21",
    "1e-7",
    "1e-6",
    "0.000001",
    "1.5e300",
    "1.5e+300",
    "9007199254740991",
    "9007199254740992",
    "-9007199254740993",
    "123456789012345678901",
    "0.1234567890123456789",
    "0.30000000000000004",
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
]


def decodes(data: bytes) -> bool:
    try:
        canonical.decode(data)
    except canonical.CanonicalError:
        return False
    return True


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", '{{"a":{}}}', '{{"a":[{},1]}}', '{{"a":1,"b":{}}}', "[{}]", '{{"a":[1,{}]}}'])
def test_numbers(number: str, around: str) -> None:
    data = around.format(number).encode()
    assert canonical.is_canonical(data) == decodes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"{} ",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\u001b"}',
        b'{"a":"\\u001B"}',
        b'{"a":"\\/"}',
        b'{"a":"\x7f"}',
        b'{"a":"\x00"}',
        b'{"a":"\\ud800"}',
        '{"é":1}'.encode(),
        '{"\ufffd":1,"\U00010000":2}'.encode(),
        '{"\U00010000":2,"\ufffd":1}'.encode(),
        b'{"a":"\xff"}',
        b'{"a":' * 128 + b"1" + b"}" * 128,
        b'{"a":' * 129 + b"1" + b"}" * 129,
        b'{"a":"' + b"{" * 500 + b'"}',
        b'{"a":"x,1e5"}',
    ],
)
def test_forms(data: bytes) -> None:
    assert canonical.is_canonical(data) == decodes(data)


@example({"a": 1e16})
@example({"a": 1e-6})
@given(values)
def test_what_was_encoded(value: Any) -> None:
    try:
        data = canonical.encode(value)
    except canonical.CanonicalError:
        return
    assert canonical.is_canonical(data)


@given(values, st.integers(0, 2**16), st.integers(0, 255))
def test_a_byte_changed(value: Any, at: int, byte: int) -> None:
    try:
        data = bytearray(canonical.encode({"v": value}))
    except canonical.CanonicalError:
        return
    data[at % len(data)] = byte
    assert canonical.is_canonical(bytes(data)) == decodes(bytes(data))


@given(st.binary(max_size=30))
def test_any_bytes(data: bytes) -> None:
    assert canonical.is_canonical(data) == decodes(data)


GOOD = b'{"a":{"b":"text","n":0.5},"c":7}'


class TestSeveral:
    @pytest.mark.parametrize("number", NUMBERS)
    @pytest.mark.parametrize("around", ['{{"a":{}}}', '{{"a":[{},1]}}', '{{"a":[1,{}]}}', "{}"])
    def test_numbers(self, number: str, around: str) -> None:
        data = around.format(number).encode()
        for several in ([data], [GOOD, data], [data, GOOD], [GOOD, data, GOOD]):
            assert canonical.are_canonical(several) == canonical.is_canonical(data)

    @pytest.mark.parametrize(
        "several",
        [
            (b'{"a":1},{"a":1', b"}"),
            (b'{"a":1},{"b":[1', b'{"a":1}]}'),
            (b'{"a":"', b'"}'),
            (b'{"a":1}', b""),
            (b'{"a":1},{"a":1}', GOOD),
            (b'{"a":1}]', b'[{"a":1}'),
        ],
    )
    def test_what_is_whole_only_together(self, several: tuple[bytes, ...]) -> None:
        assert not canonical.are_canonical(several)
        assert not canonical.are_canonical([GOOD, *several, GOOD])

    def test_none_and_many(self) -> None:
        assert canonical.are_canonical([])
        assert canonical.are_canonical([GOOD] * 500)
        assert not canonical.are_canonical([GOOD] * 250 + [GOOD + b" "] + [GOOD] * 249)

    @given(st.lists(values, max_size=5), st.binary(max_size=8), st.integers(0, 5))
    def test_as_each_by_itself(self, several: list[Any], junk: bytes, at: int) -> None:
        data = []
        for value in several:
            try:
                data.append(canonical.encode(value))
            except canonical.CanonicalError:
                return
        assert canonical.are_canonical(data)
        data.insert(at, junk)
        assert canonical.are_canonical(data) == canonical.is_canonical(junk)
