"""Two batches compared: bad input is a finding by name, never a NaN that passes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.monitoring import columns, compare
from ledger.errors import InputError


def batch(**cells):
    return {name: columns.column(name, [str(each) for each in values]) for name, values in cells.items()}


def test_drift_is_found_and_its_absence_too():
    generator = np.random.default_rng(0)
    a, b, c = (generator.normal(size=500) for _ in range(3))
    same = compare.compare(batch(x=a, y=b), batch(x=c, y=generator.permutation(b)))
    assert (same.drifted, same.share) == (False, 0.0)
    moved = compare.compare(batch(x=a, y=b), batch(x=c + 1, y=b))
    assert (moved.drifted, moved.share) == (True, 0.5)
    assert [each.drifted for each in moved.columns] == [True, False]
    json.dumps(moved.document(), allow_nan=False)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([], "current: no values"),
        ([1], "current: one value only"),
        (["nan"] * 5, "current: no values"),
        ([1, "inf", 2], "1 values are infinite"),
        ([1, "", 2], "1 of 3 values are missing"),
        ([3] * 20, "current: constant"),
        (["a", "b"], "the type changed from numbers to words"),
    ],
)
def test_bad_input_is_a_finding_by_name(cells, words):
    found = compare.compare(batch(x=range(50)), batch(x=cells)).columns[0]
    assert any(words in each for each in found.findings)
    if len(cells) < 2 or words.startswith("the type"):
        assert found.drifted is None, "what cannot be compared has not passed"


def test_values_beyond_a_numbers_reach_are_a_finding():
    found = compare.compare(batch(x=[-1e308, 0, 1]), batch(x=[1e308, 0, 1])).columns[0]
    assert found.drifted is None
    assert "more than a number can hold" in found.findings[0]


def test_nothing_comparable_is_no_pass():
    found = compare.compare(batch(x=range(9)), {})
    assert (found.drifted, found.share) == (None, None)
    assert found.columns[0].findings == ("the column is missing",)


def test_words_and_new_categories():
    reference = batch(kind=["a"] * 50 + ["b"] * 50)
    same = compare.compare(reference, batch(kind=["a"] * 25 + ["b"] * 25)).columns[0]
    assert (same.drifted, same.findings) == (False, ())
    other = compare.compare(reference, batch(kind=["a"] * 5 + ["c"] * 45, new=[1, 2])).columns
    assert other[0].drifted is True
    assert other[0].findings == ("1 new categories, such as 'c'",)
    assert other[1].findings == ("the column is new",)


def test_a_file_that_is_no_table_says_where(tmp_path):
    path = tmp_path / "x.csv"
    for text, words in (
        ("a,a\n1,2\n", "names each column once"),
        ("a,b\n1\n", "line 2: 1 cells, not 2"),
        ("", "header"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            columns.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        columns.read(path)
