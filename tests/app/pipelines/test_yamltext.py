from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipelines import yamltext
from ledger.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12:30", "12:30"),
        ("010", 10),
        ("0o10", 8),
        ("0xff", 255),
        ("-3", -3),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("2007-01-02", "2007-01-02"),
        ("'3'", "3"),
        ('"true"', "true"),
        ("1.2.3", "1.2.3"),
        ("9" * 500, math.inf),
    ],
)
def test_words_have_the_type_that_they_look_like(text: str, value: object) -> None:
    found = yamltext.load(f"key: {text}", "x.yaml").value["key"]
    assert found == value
    assert type(found) is type(value)


def test_every_part_knows_its_line() -> None:
    document = yamltext.load("a: 1\nb:\n  c: [x,\n     y]\n", "spec.yaml")
    assert document.value == {"a": 1, "b": {"c": ["x", "y"]}}
    for place, line in [(("a",), 1), (("b",), 2), (("b", "c"), 3), (("b", "c", 1), 4), (("b", "c", "absent"), 3)]:
        assert str(document.error(place, "wrong")) == f"spec.yaml, line {line}: wrong"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "line 1"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']", "line 2: tags"),
        ("a: !!str 1", "tags"),
        ("a: 1\na: 2", "line 2: 'a' is given twice"),
        ("base: &b {x: 1}\nc:\n  <<: *b", "line 3: merge keys"),
        ("? [1, 2]\n: x", "a key must be a plain word"),
        ("a: 1\n---\nb: 2", "line 2"),
        ("a: \x07", "special characters are not allowed"),
        ("a: &a [*a]", "too large or too deeply nested"),
        ("a: 1\nb: 9007199254740992", "line 2: 9007199254740992 is too large for a whole number"),
        ("a:\n  " + "[" * 70, "line 2: too deeply nested; 64 levels are the most"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        yamltext.load(text, "spec.yaml")
    assert "spec.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bomb_of_aliases_is_refused_in_no_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InputError, match="too large"):
        yamltext.load("\n".join(lines), "bomb.yaml")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp"))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_is_yaml_and_means_the_same(value: object) -> None:
    text = json.dumps({"value": value}, ensure_ascii=False)
    assert yamltext.load(text, "x.json").value == {"value": value}


class TestReading:
    """A file: what is wrong with it is one line, with the file and where it can be said the line of it."""

    def test_what_it_holds(self, tmp_path: Path) -> None:
        file = tmp_path / "x.yaml"
        file.write_bytes("\ufeffa: ä\n".encode())
        assert yamltext.read(file, "form").value == {"a": "ä"}, "a mark of the byte order is no part of the text"
        file.write_bytes(b"")
        assert yamltext.read(file, "form").value is None

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"a: 1\nb: \xff\n", "x.yaml, line 2: the form is not UTF-8 text; save it as UTF-8"),
            (b"a: 1\n" * 300_000, "x.yaml is larger than 1 MiB; is it a form?"),
            (b"a: 1\nb: [\n", "x.yaml, line 3: "),
        ],
    )
    def test_what_it_cannot_hold(self, tmp_path: Path, data: bytes, said: str) -> None:
        (tmp_path / "x.yaml").write_bytes(data)
        with pytest.raises(InputError) as caught:
            yamltext.read(tmp_path / "x.yaml", "form", "x.yaml")
        assert str(caught.value).startswith(said)
        assert len(str(caught.value).splitlines()) == 1

    def test_where_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"none.yaml is not there; write one"):
            yamltext.read(tmp_path / "none.yaml", "form", hint="write one")
        with pytest.raises(InputError, match=r"the form .*none.yaml cannot be read: No such file"):
            yamltext.read(tmp_path / "none.yaml", "form")
        with pytest.raises(InputError, match=r"cannot be read: Is a directory"):
            yamltext.read(tmp_path, "form", hint="write one")
