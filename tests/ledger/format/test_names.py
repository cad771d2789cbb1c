from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import names
from ledger.format.errors import FormatError

ALLOWED = "ABCXYZabcxyz0189._:/@+-%"


@pytest.mark.parametrize(
    "name", ["ada", "svc:trainer", "model/fx-hedging/fx-vol@3", "run.completed:2", "a%20b", "+", ALLOWED]
)
def test_names(name: str) -> None:
    assert names.check_name(name, "actor") == name
    assert json.dumps(name) == f'"{name}"'


def test_every_other_ascii_character_is_refused() -> None:
    charset = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+-%")
    for character in map(chr, range(128)):
        if character in charset:
            names.check_name(character, "actor")
        else:
            with pytest.raises(FormatError, match="actor"):
                names.check_name(f"a{character}", "actor")


@pytest.mark.parametrize("name", ["", "a b", "ä", "a\n", '"', "\\", "\u0661", "a" * 200 + " ", None, 7])
def test_malformed_names(name: str) -> None:
    with pytest.raises(FormatError, match=r"^subject .*: want a name of") as caught:
        names.check_name(name, "subject")
    assert len(str(caught.value)) < 160
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("origin", ["a", "example.com/ml-ledger", "x" * 255, "A:9/@-_."])
def test_origins(origin: str) -> None:
    assert names.check_origin(origin) == origin


@pytest.mark.parametrize("origin", ["", "x" * 256, "a+b", "a%20b", "a b", "ä", "a\n"])
def test_malformed_origins(origin: str) -> None:
    with pytest.raises(FormatError, match="origin"):
        names.check_origin(origin)


class TestQuote:
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_round_trip_into_the_charset(self, text: str) -> None:
        quoted = names.quote(text)
        assert names.unquote(quoted) == text
        if text:
            names.check_name(quoted, "actor")
        assert not set(quoted) & set("/@:")

    def test_examples(self) -> None:
        assert names.quote("Ada Lovelace") == "Ada%20Lovelace"
        assert names.quote("ada@example.com") == "ada%40example.com"
        assert names.quote("a~b%") == "a%7Eb%25"
        assert names.quote("fx-vol_1.0+x") == "fx-vol_1.0+x"
        assert names.unquote("model/a%20b@3") == "model/a b@3"

    @pytest.mark.parametrize("text", ["%", "%2", "%zz", "a b", "ä", "%ff", "%ed%a0%80"])
    def test_malformed(self, text: str) -> None:
        with pytest.raises(FormatError, match="name"):
            names.unquote(text)

    def test_a_lone_surrogate_has_no_name(self) -> None:
        with pytest.raises(FormatError, match="surrogate"):
            names.quote("\ud800")
