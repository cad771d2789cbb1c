"""Series by day, from a file and as days come."""

from __future__ import annotations

import numpy as np
import pytest

from app.monitoring import series
from ledger.errors import InputError


def write(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_rows_per_day_and_unit(tmp_path):
    found = series.read(write(tmp_path, "date,currency,x,y\nd1,A,1,2\nd1,B,3,\nd2,A,5,6\nd2,B,7,8\n"))
    assert (found.units, found.days) == (("A", "B"), ["d1", "d2"])
    np.testing.assert_array_equal(found.arrays()["x"], [[1, 3], [5, 7]])
    assert np.isnan(found.arrays()["y"][0, 1]), "an empty cell is missing, not zero"
    np.testing.assert_array_equal(found.arrays(last=1)["x"], [[5, 7]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs the columns date and currency"),
        ("date,x\nd1,1\n", "needs the columns"),
        ("date,currency,x\nd1,A,1\nd1,B,2\nd2,A,3\n", "line 4: every day must have the units A, B"),
        ("date,currency,x\nd2,A,1\nd1,A,2\n", "d1 comes after d2"),
        ("date,currency,x\nd1,A,one\n", "could not convert"),
        ("date,currency,x\nd1,A,1\nd2\n", "line 3: 1 cells, not 3"),
    ],
)
def test_a_file_that_is_none_says_where(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        series.read(write(tmp_path, text))


def test_days_come_in_order_each_once_and_with_the_same_series():
    found = series.Series()
    for number in range(200):
        found.append(f"{number:03}", {"x": float(number), "y": [1.0, None]})
    assert found.arrays()["x"].shape == (200, 1)
    assert np.isnan(found.arrays(3)["y"][:, 1]).all()
    with pytest.raises(InputError, match="150 comes after 199"):
        found.append("150", {"x": 0.0, "y": [1.0, 2.0]})
    with pytest.raises(InputError, match="200 brings x, not x, y"):
        found.append("200", {"x": 0.0})
    with pytest.raises(InputError, match="y has 3 values, not 2"):
        found.append("200", {"x": 0.0, "y": [1.0, 2.0, 3.0]})
    assert len(found) == 200
