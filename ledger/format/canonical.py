"""Canonical JSON: RFC 8785 (JCS), with the restrictions that make one value have one spelling and no loss.

Numbers: a token without ``.`` or ``e`` lies within ±(2^53-1); all others are finite floats. An integral float below
1e21 is spelled as an integer, so integral floats from 2^53 to 1e21 are refused; 1.0 is ``1`` and -0 is ``0``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import repeat
from typing import Any, NoReturn

from ledger.format.errors import FormatError

MAX_SAFE = 2**53 - 1
"""The largest integer that a double holds exactly together with all its predecessors (RFC 8785, section 3.2.2.3)."""

MAX_DEPTH = 128
"""Arrays and objects may be nested this deep; fixed, so that no verdict depends on an interpreter's stack."""


class CanonicalError(FormatError):
    """A value has no canonical form, or bytes are not the canonical form of any value."""


def encode(value: Any, *, within: int = 0) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON value.

    :param value: None, bool, int, float, str, list, tuple or dict with str keys, nested; nothing is changed.
    :param within: how many levels will enclose the result; they count towards ``MAX_DEPTH``.
    :raises CanonicalError: for any other type, a number that the format refuses, a lone surrogate, too deep nesting.
    """
    if (_is_simple(value) and within < MAX_DEPTH) or _survey(value, within):
        import orjson

        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except TypeError as error:
            raise CanonicalError(f"not encodable as JSON: {error}") from error
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise CanonicalError(f"not encodable as JSON: {error}") from error


def parse(data: bytes) -> Any:
    """Return the value of strict JSON in any spelling; ``encode`` accepts whatever this returns.

    :raises CanonicalError: for invalid UTF-8 or JSON, a duplicate member, a lone surrogate, NaN or Infinity, a number
        that the format refuses, too deep nesting.
    """
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        if "\\u" in text:
            # Only an escape can bring a surrogate in; writing the strings back as UTF-8 is what notices a lone one.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except CanonicalError:
        raise
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except UnicodeEncodeError as error:
        raise CanonicalError("a string holds a lone surrogate") from error
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:  # the interpreter's own limit on the digits of an integer
        raise CanonicalError(f"an integer lies outside ±(2^53-1): {error}") from error
    _survey(value, 0)
    return value


def decode(data: bytes) -> Any:
    """Return the value whose canonical form ``data`` is.

    :raises CanonicalError: as ``parse`` does, and where the bytes are not the canonical form of their value.
    """
    import orjson

    # Whatever encode returns is canonical: bytes that it reproduces are proven so, however leniently they were read.
    try:
        value = orjson.loads(data)
        if encode(value) == data:
            return value
    except ValueError:
        pass  # the strict parser below names the reason
    value = parse(data)
    expected = encode(value)
    if expected == data:
        return value
    at = next((i for i, (got, want) in enumerate(zip(data, expected, strict=False)) if got != want), None)
    at = min(len(data), len(expected)) if at is None else at
    raise CanonicalError(
        f"not canonical JSON: at byte {at} got {data[at : at + 24]!r}, want {expected[at : at + 24]!r}"
    )


def is_canonical(data: bytes) -> bool:
    """Return whether ``data`` is the canonical form of some value: whether ``decode`` would return."""
    import orjson

    # ASCII leaves no key that orjson would sort otherwise. A number that it repeats and RFC 8785 spells otherwise, or
    # refuses, has an exponent, ends in .0 or is long. So few brackets are not nested too deep.
    plain = data.startswith(b"{") and data.isascii() and data.count(b"{") + data.count(b"[") <= MAX_DEPTH
    if not plain or _pattern(_DOUBTFUL).search(data):
        return _is_decodable(data)
    try:
        return orjson.dumps(orjson.loads(data), option=orjson.OPT_SORT_KEYS) == data or _is_decodable(data)
    except ValueError:
        return False


def are_canonical(several: Sequence[bytes]) -> bool:
    """Return whether each ``is_canonical``. Together, many that are plain take half the time."""
    import orjson

    # Parsed and written together, with a word between them that none of them can know: wherever one of them should not
    # end as it began, a word does not stand where it is due.
    word = os.urandom(16).hex()
    joined = b"[%b]" % (b',"%b",' % word.encode()).join(several)
    deepest = sum(max(map(bytes.count, several, repeat(bracket)), default=0) for bracket in (b"{", b"["))
    plain = joined.isascii() and deepest <= MAX_DEPTH
    if plain and not any(_pattern(each).search(joined) for each in _DOUBTFUL_TOGETHER):
        try:
            values = orjson.loads(joined)
            due = [word] * (len(several) - 1)
            whole = len(values) == 2 * len(several) - 1 and values[1::2] == due
            if whole and orjson.dumps(values, option=orjson.OPT_SORT_KEYS) == joined:
                return True
        except ValueError:
            pass
    return all(map(is_canonical, several))


# As _DOUBTFUL, in what follows a name; and any number at all in an array.
_DOUBTFUL_TOGETHER = (rb'":-?(?:[0-9]+\.0[,\]}]|[0-9.]+e|[0-9]{16})', rb",[-0-9]", rb"\[[-0-9]")


def _is_decodable(data: bytes) -> bool:
    try:
        decode(data)
    except CanonicalError:
        return False
    return True


_DOUBTFUL = rb"[:,\[]-?(?:[0-9]+\.0[,\]}]|[0-9.]+e|[0-9]{16})"


@cache
def _pattern(expression: bytes) -> re.Pattern[bytes]:
    """Compiled when first needed: few commands look this closely."""
    return re.compile(expression)


def _is_simple(value: Any) -> bool:
    """Whether it is what most events hold: one object of scalars that :func:`_survey` would find plain. A shorter look."""
    if type(value) is not dict:
        return False
    for item in value.values():
        kind = type(item)
        if kind is float:
            if not 1e-5 <= abs(item) < 2**53 or item.is_integer():
                return False
        elif kind is int:
            if not -MAX_SAFE <= item <= MAX_SAFE:
                return False
        elif not (kind is str or kind is bool or item is None):
            return False
    try:
        return "".join(value).isascii()
    except TypeError:  # a name that is no string
        return False


def _survey(value: Any, depth: int) -> bool:
    """Refuse what the format refuses, level by level, and say whether orjson spells the rest as RFC 8785 does."""
    plain = True
    level: Iterable[Any] = (value,)
    while level:
        below: list[Any] = []
        containers = False
        for item in level:
            kind = type(item)
            if kind is str or item is None or kind is bool:
                continue
            if kind is float or isinstance(item, float):
                plain = _check_float(item) and plain and kind is float
            elif kind is int or isinstance(item, int):
                if not -MAX_SAFE <= item <= MAX_SAFE:
                    raise CanonicalError(f"an integer of {item.bit_length()} bits lies outside ±(2^53-1)")
                plain = plain and kind is int
            elif isinstance(item, dict):
                containers = True
                plain = _check_keys(item) and plain and kind is dict
                below.extend(item.values())
            elif isinstance(item, (list, tuple)):
                containers = True
                plain = plain and (kind is list or kind is tuple)
                below.extend(item)
            elif isinstance(item, str):
                plain = False
            else:
                raise CanonicalError(f"{kind.__module__}.{kind.__qualname__} is not a JSON type")
        if containers:
            depth += 1
            if depth > MAX_DEPTH:
                raise CanonicalError(f"nested deeper than {MAX_DEPTH} levels")
        level = below
    return plain


def _check_float(number: float) -> bool:
    """Refuse a float without a canonical form; return whether orjson spells it as ECMAScript does."""
    size = abs(number)
    if 1e-5 <= size < 2**53:
        return not number.is_integer()
    if not size < float("inf"):
        raise CanonicalError(f"{number} is not a finite number")
    if 2**53 <= size < 1e21:
        raise CanonicalError(f"{number!r} would be spelled as an integer outside ±(2^53-1)")
    return False


def _check_keys(members: dict[Any, Any]) -> bool:
    """Refuse keys that are not strings; return whether sorting by code point sorts them by UTF-16 code unit too."""
    plain = True
    for key in members:
        if type(key) is not str:
            if not isinstance(key, str):
                raise CanonicalError(f"an object's member names are strings, not {type(key).__qualname__}")
            plain = False
        if not key.isascii() and max(key) > "\uffff":
            plain = False
    return plain


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise CanonicalError(f"duplicate member {name!r}")
            seen.add(name)
    return members


def _refuse_constant(token: str) -> NoReturn:
    raise CanonicalError(f"{token} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant)
