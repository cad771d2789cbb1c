from __future__ import annotations

import enum
import json
import math
import struct
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.format import canonical
from ledger.format.canonical import MAX_DEPTH, MAX_SAFE, CanonicalError
from tests.ledger.format import vectors

any_float = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack(">d", struct.pack(">Q", bits))[0])
floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    any_float,
    # Where the two encoders differ: integral, 1e16 to 1e21, 1e-6 to 1e-5, tiny, huge.
    st.integers(-MAX_SAFE, MAX_SAFE).map(float),
    st.floats(1e15, 1e22),
    st.floats(1e-8, 1e-4),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e21, 1e22, 1e-5, 9.999999999999999e-6, 1e-6, 1e-7, 2.0**53, 1e16]),
)
characters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(
    st.text(characters, max_size=6),
    st.text(st.sampled_from('a\uffff\ue000\U00010000\U0010ffff\u20ac\x7f\x00"\\/\b'), max_size=4),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-MAX_SAFE, MAX_SAFE), floats, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(texts, inner, max_size=5),
    ),
    max_leaves=12,
)


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for item in value.values() for n in numbers(item)]
    if isinstance(value, (list, tuple)):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, float) else []


def refused(number: float) -> bool:
    return not math.isfinite(number) or (number.is_integer() and 2**53 <= abs(number) < 1e21)


def plain(value: Any) -> Any:
    """The value as JSON gives it back: lists for tuples, integers for integral floats below 1e21."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


class TestEncode:
    @given(values)
    @example({"\U00010000": 1, "\uffff": 2})
    @example([1e-6, 1.5e-6, 1e16 + 2, 0.1, 1.0, -0.0])
    def test_is_byte_identical_to_the_reference(self, value: Any) -> None:
        if any(refused(number) for number in numbers(value)):
            with pytest.raises(CanonicalError):
                canonical.encode(value)
            return
        data = canonical.encode(value)
        assert data == rfc8785.dumps(value)
        assert canonical.decode(data) == canonical.parse(data) == plain(value)
        assert canonical.encode(canonical.parse(data)) == data

    @given(
        st.dictionaries(
            st.one_of(texts, st.sampled_from(["value", "n", "\U00010000", "\uffff", 7, None])),
            st.one_of(
                scalars,
                any_float,
                st.integers(2**53 - 2, 2**53 + 2),
                st.sampled_from([[], {}, (), b"x", UUID(int=0), datetime(2026, 1, 2, tzinfo=UTC)]),
            ),
            max_size=6,
        )
    )
    def test_one_object_of_scalars_goes_a_shorter_way_to_the_same_bytes(self, value: dict[Any, Any]) -> None:
        def judged(wrapped: Any) -> bytes | None:
            try:
                return canonical.encode(wrapped)
            except CanonicalError:
                return None

        alone, within = judged(value), judged([value])
        assert within == (None if alone is None else b"[%b]" % alone)

    @given(floats)
    def test_floats(self, number: float) -> None:
        if refused(number):
            with pytest.raises(CanonicalError):
                canonical.encode(number)
        else:
            assert canonical.encode([number]) == rfc8785.dumps([number])

    @pytest.mark.parametrize(
        ("number", "spelled"),
        [
            (1.0, b"1"),
            (-0.0, b"0"),
            (0, b"0"),
            (-5.0, b"-5"),
            (1e21, b"1e+21"),
            (-1e21, b"-1e+21"),
            (1e-6, b"0.000001"),
            (1e-7, b"1e-7"),
            (1.5e-6, b"0.0000015"),
            (333333333.33333329, b"333333333.3333333"),
            (5e-324, b"5e-324"),
            (1.7976931348623157e308, b"1.7976931348623157e+308"),
            (4503599627370495.5, b"4503599627370495.5"),
            (MAX_SAFE, b"9007199254740991"),
            (float(MAX_SAFE), b"9007199254740991"),
            (-MAX_SAFE, b"-9007199254740991"),
            (True, b"true"),
        ],
    )
    def test_spelling_of_numbers(self, number: float, spelled: bytes) -> None:
        assert canonical.encode(number) == spelled

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (float("nan"), "nan is not a finite number"),
            (float("inf"), "inf is not a finite number"),
            (-float("inf"), "-inf is not a finite number"),
            (MAX_SAFE + 1, "an integer of 54 bits lies outside"),
            (-MAX_SAFE - 1, "an integer of 54 bits lies outside"),
            pytest.param(10**5000, "an integer of 16610 bits lies outside", id="too many digits to print"),
            (2.0**53, "9007199254740992.0 would be spelled as an integer"),
            (1e20, "1e[+]20 would be spelled as an integer"),
            ("\ud800", "surrogates not allowed"),
            ({"\udfff": 1}, "not encodable as JSON"),
            ({"\udfff": 1.0}, "not encodable as JSON"),
            ({1: 1}, "member names are strings, not int"),
            ({None: 1}, "member names are strings, not NoneType"),
            (b"bytes", "builtins.bytes is not a JSON type"),
            ({1, 2}, "builtins.set is not a JSON type"),
            (datetime(2026, 1, 1, tzinfo=UTC), "datetime.datetime is not a JSON type"),
            (UUID(int=0), "uuid.UUID is not a JSON type"),
        ],
    )
    def test_refusals(self, value: Any, message: str) -> None:
        for nested in (value, [value], {"a": [{"b": value}]}):
            with pytest.raises(CanonicalError, match=message):
                canonical.encode(nested)

    def test_subclasses_are_spelled_as_what_they_are(self) -> None:
        class Level(enum.IntEnum):
            TWO = 2

        class Kind(enum.StrEnum):
            MODEL = "model"

        class Share(float):
            pass

        class Facts(dict[str, Any]):
            pass

        value = Facts(a=Level.TWO, b=Kind.MODEL, c=Share(0.5), d=Share(1.0))
        assert canonical.encode(value) == b'{"a":2,"b":"model","c":0.5,"d":1}'
        assert canonical.encode([Share(0.5)]) == b"[0.5]"
        with pytest.raises(CanonicalError):
            canonical.encode(Share("nan"))

    def test_keys_sort_by_utf_16_code_units(self) -> None:
        # U+FFFF sorts before U+10000 by code point, and after it by code unit (D800 DC00).
        assert canonical.encode({"\uffff": 1, "\U00010000": 2}) == '{"\U00010000":2,"\uffff":1}'.encode()

    def test_nothing_handed_in_is_changed(self) -> None:
        value = {"b": [1.0, (2, 3)], "a": {"\U00010000": 1}}
        before = repr(value)
        canonical.encode(value)
        assert repr(value) == before


class TestDepth:
    @staticmethod
    def nested(levels: int, leaf: Any = 1) -> Any:
        for _ in range(levels):
            leaf = [leaf]
        return leaf

    @pytest.mark.parametrize("leaf", [1, 1.0])
    def test_the_limit_is_fixed(self, leaf: float) -> None:
        value = self.nested(MAX_DEPTH, leaf)
        data = canonical.encode(value)
        assert canonical.decode(data) == canonical.parse(data) == value
        for deeper in (self.nested(MAX_DEPTH + 1, leaf), self.nested(100_000, leaf)):
            with pytest.raises(CanonicalError, match=f"nested deeper than {MAX_DEPTH}"):
                canonical.encode(deeper)
        with pytest.raises(CanonicalError, match="nested deeper"):
            canonical.encode(value, within=1)

    @pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 1_000, 30_000])
    @pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"a":', b"}")])
    def test_reading_deep_input_fails_clearly(self, levels: int, left: bytes, right: bytes) -> None:
        data = left * levels + b"1" + right * levels
        for read in (canonical.parse, canonical.decode):
            with pytest.raises(CanonicalError, match="nested deeper"):
                read(data)

    def test_a_value_that_holds_itself(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        with pytest.raises(CanonicalError, match="nested deeper"):
            canonical.encode(loop)


class TestRead:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b'{"a":1,"a":1}', "duplicate member 'a'"),
            (b'{"a":1,"\\u0061":2}', "duplicate member 'a'"),
            (b'[{"b":{"a":1,"a":1}}]', "duplicate member 'a'"),
            (b'"\\ud800"', "lone surrogate"),
            (b'"\\udc00\\ud800"', "lone surrogate"),
            (b'{"\\ud800":1}', "lone surrogate"),
            (b'"\xed\xa0\x80"', "not UTF-8: invalid continuation byte at byte 1"),
            (b'"\xff"', "not UTF-8: invalid start byte at byte 1"),
            (b'"\xc0\x80"', "not UTF-8"),
            (b"\xef\xbb\xbf1", "not JSON"),
            (b"NaN", "NaN is not a JSON number"),
            (b"[Infinity]", "Infinity is not a JSON number"),
            (b"[-Infinity]", "-Infinity is not a JSON number"),
            (b"1e400", "inf is not a finite number"),
            (b"-1e400", "-inf is not a finite number"),
            (b"9007199254740992", "outside"),
            (b"-9007199254740992", "outside"),
            (b"9007199254740992.0", "would be spelled as an integer"),
            (b"1e20", "would be spelled as an integer"),
            (b"100000000000000000000", "outside"),
            (b"9" * 5000, "an integer lies outside"),
            (b"", "not JSON"),
            (b"01", "not JSON"),
            (b"+1", "not JSON"),
            (b".5", "not JSON"),
            (b"1.", "not JSON"),
            (b"[1,]", "not JSON"),
            (b"{'a':1}", "not JSON"),
            (b"[1]x", "not JSON"),
            (b'"\n"', "not JSON"),
            (b"\x00", "not JSON"),
            ("[\u0661]".encode(), "not JSON"),
        ],
    )
    def test_what_is_not_strict_json_is_refused(self, data: bytes, message: str) -> None:
        for read in (canonical.parse, canonical.decode):
            with pytest.raises(CanonicalError, match=message):
                read(data)

    @pytest.mark.parametrize(
        ("data", "value"),
        [
            (b" 1", 1),
            (b"1 ", 1),
            (b"1\n", 1),
            (b"1.0", 1),
            (b"-0", 0),
            (b"0.10", 0.1),
            (b"1E5", 100000),
            (b"1e+22", 1e22),
            (b"1e22", 1e22),
            (b'{"b":1,"a":2}', {"a": 2, "b": 1}),
            (b'{"a": 1}', {"a": 1}),
            (b'"\\u0061"', "a"),
            (b'"\\/"', "/"),
            (b'"\\u20ac"', "€"),
            (b'"\\ud83d\\ude00"', "😀"),
            (b'"\\u000A"', "\n"),
            ('{"\uffff":1,"\U00010000":2}'.encode(), {"\uffff": 1, "\U00010000": 2}),
        ],
    )
    def test_other_spellings_are_parsed_and_not_decoded(self, data: bytes, value: Any) -> None:
        assert canonical.parse(data) == value
        if canonical.encode(value) != data:
            with pytest.raises(CanonicalError, match="not canonical JSON: at byte"):
                canonical.decode(data)

    def test_the_first_difference_is_named(self) -> None:
        with pytest.raises(CanonicalError, match=r"at byte 2 got b'b\":1.*want b'a\":2"):
            canonical.decode(b'{"b":1,"a":2}')
        with pytest.raises(CanonicalError, match=r"at byte 3 got b' ', want b''"):
            canonical.decode(b"[1] ")

    @given(st.binary(max_size=40))
    def test_arbitrary_bytes_never_crash(self, data: bytes) -> None:
        try:
            value = canonical.decode(data)
        except CanonicalError:
            return
        assert canonical.encode(value) == data

    @given(values, st.data())
    def test_a_changed_byte_is_refused_or_another_value(self, value: Any, data: st.DataObject) -> None:
        try:
            good = canonical.encode(value)
        except CanonicalError:
            return
        at = data.draw(st.integers(0, len(good) - 1))
        bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
        try:
            other = canonical.decode(bad)
        except CanonicalError:
            return
        assert other != plain(value)


class TestPublishedVectors:
    @vectors.needed
    @pytest.mark.parametrize("path", vectors.files("rfc8785/input/*.json"), ids=lambda path: path.stem)
    def test_documents(self, path: Any) -> None:
        expected = (vectors.ROOT / "rfc8785" / "output" / path.name).read_bytes()
        in_hex = (vectors.ROOT / "rfc8785" / "outhex" / f"{path.stem}.txt").read_text()
        value = canonical.parse(path.read_bytes())
        assert canonical.encode(value) == expected == bytes.fromhex("".join(in_hex.split()))
        assert canonical.decode(expected) == value

    def test_the_es6_number_sequence(self) -> None:
        if not vectors.ROOT.is_dir():
            pytest.skip("the published vectors are absent")
        lines = (vectors.ROOT / "rfc8785" / "es6numbers_2k.txt").read_text().split()
        assert len(lines) == 2_000
        for line in lines:
            bits, spelled = line.split(",")
            number = struct.unpack(">d", bytes.fromhex(bits.zfill(16)))[0]
            if refused(number):
                with pytest.raises(CanonicalError):
                    canonical.encode(number)
            else:
                assert canonical.encode(number) == spelled.encode()


def test_the_standard_library_reads_what_is_written() -> None:
    value = {"a": [1, 0.5, "ä\n", None, True], "b": {}}
    assert json.loads(canonical.encode(value)) == value
