"""Members of a mapping: what each may be, and that every error names file and line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.pipelines import yamltext
from app.pipelines.fields import Fields
from ledger.errors import InputError

TEXT = """\
name: x
count: 3
share: 0.5
on: true
list: [a, b]
inner:
  deep: 1
rows:
  - {a: 1}
  - {b: 2}
"""


def fields(text: str = TEXT) -> Fields:
    return Fields(yamltext.load(text, "f.yaml"), (), "a form")


def test_what_there_is() -> None:
    found = fields()
    found.only(("name", "count", "share", "on", "list", "inner"), ("rows",))
    assert (found.text("name"), found.whole("count"), found.number("share"), found.flag("on")) == ("x", 3, 0.5, True)
    assert found.words("list") == ("a", "b")
    assert found.table("inner").value == {"deep": 1}
    assert [each.value for each in found.tables("rows", "a row")] == [{"a": 1}, {"b": 2}]
    assert found.table("inner").where("deep") == "f.yaml, line 7"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda f: f.only(("name",)), "f.yaml, line 2: a form has no 'count'; known are name"),
        (lambda f: f.only(f.value, ()) or f.only((*f.value, "more")), "f.yaml, line 1: a form lacks 'more': add more:"),
        (lambda f: f.text("count"), "f.yaml, line 2: count must be a text, not 3"),
        (lambda f: f.whole("share"), "f.yaml, line 3: share must be a whole number from 0 to 100000, not 0.5"),
        (lambda f: f.whole("on"), "f.yaml, line 4: on must be a whole number"),
        (lambda f: f.whole("count", 4), "f.yaml, line 2: count must be a whole number from 4"),
        (lambda f: f.number("on"), "f.yaml, line 4: on must be a number, not True"),
        (lambda f: f.flag("name"), "f.yaml, line 1: name is true or false, not 'x'"),
        (lambda f: f.words("name"), "f.yaml, line 1: name must be a list of at least one name"),
        (lambda f: f.table("list"), "f.yaml, line 5: list must be a mapping"),
        (lambda f: f.table("inner").text("deep"), "f.yaml, line 7: deep must be a text"),
        (lambda f: f.tables("inner", "a row"), "f.yaml, line 6: inner must be a list of at least one"),
        (lambda f: list(f.tables("list", "a row")), "f.yaml, line 5: a row must be a mapping"),
        (lambda f: list(f.tables("rows", "a row"))[1].only(("a",)), "f.yaml, line 10: a row has no 'b'"),
    ],
)
def test_what_there_is_not(ask: Callable[[Fields], Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        ask(fields())
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("text", ["", "[1, 2]", "7"])
def test_what_is_no_mapping(text: str) -> None:
    with pytest.raises(InputError, match=r"^f.yaml.*: a form must be a mapping, key: value, not"):
        fields(text)


@pytest.mark.parametrize("value", [".nan", ".inf", "1e400", "x", "~"])
def test_numbers_are_finite(value: str) -> None:
    found = fields(f"a: {value}\n")
    with pytest.raises(InputError, match=r"^f.yaml, line 1: a must be a"):
        found.whole("a")
    with pytest.raises(InputError, match="a must be a number"):
        found.number("a")
