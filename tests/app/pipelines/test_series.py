"""Metrics over a run's steps: read off the lines that its code wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.pipelines import series
from ledger.errors import InputError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "series.jsonl"
    path.write_text(text)
    return path


def test_no_file_is_no_series(tmp_path: Path) -> None:
    assert series.read(tmp_path / "none") == {}


def test_steps_count_by_line_where_none_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, '{"loss": 2}\n\n{"loss": 1.5, "mae": 3}\n{"step": 10, "loss": 1}')
    found = series.read(path)
    assert found == {"loss": [[0, 2.0], [2, 1.5], [10, 1.0]], "mae": [[2, 3.0]]}
    assert series.last(found) == {"loss": 1.0, "mae": 3.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"loss": 1}\n{"loss"', "line 2 of its series is no JSON"),
        ("[1]", "line 1 of its series must be an object"),
        ('{"loss": "low"}', "loss must be a finite number, not 'low'"),
        ('{"loss": true}', "loss must be a finite number"),
        ('{"step": null, "loss": 1}', "step must be a finite number"),
    ],
)
def test_what_is_no_series(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        series.read(written(tmp_path, text))


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, '{"loss": 1}\n' * 50)
    monkeypatch.setattr(series, "MOST_POINTS", 20)
    with pytest.raises(InputError, match="more than 20 points"):
        series.read(path)
    monkeypatch.setattr(series, "MOST_BYTES", 20)
    with pytest.raises(InputError, match="larger than"):
        series.read(path)
