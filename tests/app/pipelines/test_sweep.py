from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipelines import yamltext
from app.pipelines.sweep import MAX_RUNS, combinations
from ledger.errors import InputError


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], [()]),
        (["a=1"], [("a=1",)]),
        (["a="], [("a=",)]),
        (["a=1,2", "b=x"], [("a=1", "b=x"), ("a=2", "b=x")]),
        (["a=1,2", "b=x,y"], [("a=1", "b=x"), ("a=1", "b=y"), ("a=2", "b=x"), ("a=2", "b=y")]),
        (["a=1, 2"], [("a=1",), ("a=2",)]),
        (["a=1,1"], [("a=1",)]),
        (["a=1", "a=2,3"], [("a=2",), ("a=3",)]),
        (['a="1,2"'], [('a="1,2"',)]),
        (['a="1,2",3'], [('a="1,2"',), ("a=3",)]),
        (["a='it''s, so',b"], [("a='it''s, so'",), ("a=b",)]),
        (['a=5",6'], [('a=5"',), ("a=6",)]),
        (["a=b=c,d"], [("a=b=c",), ("a=d",)]),
    ],
)
def test_one_run_for_every_combination(settings: list[str], expected: list[tuple[str, ...]]) -> None:
    assert combinations(settings) == expected


@pytest.mark.parametrize(
    "settings", [["a"], ["=1"], ["a=1,"], ["a=,1"], ["a=1,,2"], ["a=" + ",".join(map(str, range(MAX_RUNS + 1)))]]
)
def test_what_is_no_sweep_is_said(settings: list[str]) -> None:
    with pytest.raises(InputError, match="--set"):
        combinations(settings)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1), min_size=1, unique=True
    )
)
def test_any_text_in_quotes_comes_back(values: list[str]) -> None:
    quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
    found = [each.removeprefix("key=") for (each,) in combinations([f"key={quoted}"])]
    if all(value.isprintable() for value in values):
        assert [yamltext.load(each, "test").value for each in found] == values
