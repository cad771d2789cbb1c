"""Drift between two registered tables, as a command says it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tests.app.story import Shell


def register(shell: Shell, name: str, text: str) -> None:
    (shell.root / f"{name}.csv").write_text(text)
    shell.ok("--as", "lea", "artifact", "register", f"{name}.csv", "--kind", "dataset", "--name", name)


@pytest.fixture
def tables(shell: Shell) -> Shell:
    """Two hundred days of two columns; in ``moved``, a later year and one of them a deviation higher."""
    generator = np.random.default_rng(3)
    for name, first, shift in (
        ("base", date(2007, 1, 1), 0.0),
        ("same", date(2008, 1, 1), 0.0),
        ("moved", date(2008, 1, 1), 1.0),
    ):
        rows = [
            f"{first + timedelta(day)},{generator.normal() + shift:.6f},{generator.normal():.6f}" for day in range(200)
        ]
        register(shell, name, "\n".join(["date,rv22,return5", *rows]) + "\n")
    return shell


def test_a_column_that_moved_is_named_and_half_of_them_is_a_finding(tables: Shell):
    said = tables("drift", "base", "moved", "--json")
    assert said.code == 1
    found = said.document
    assert (found["reference"], found["current"]) == ("dataset/fx-hedging/base@1", "dataset/fx-hedging/moved@1")
    assert {each["column"]: each["drifted"] for each in found["columns"]} == {"rv22": True, "return5": False}
    assert (found["share"], found["threshold"], found["drifted"]) == (0.5, 0.5, True)


def test_alike_tables_are_no_finding_although_their_days_differ(tables: Shell):
    said = tables("drift", "base", "same")
    assert said.code == 0
    assert "date" not in said.out
    assert "independent rows alone" in said.out


def test_days_are_compared_where_they_are_asked_for(tables: Shell):
    said = tables("drift", "base", "same", "--features", "date", "--json")
    assert [each["column"] for each in said.document["columns"]] == ["date"]
    assert "new categories" in said.document["columns"][0]["findings"][0]


def test_a_missing_and_a_new_column_are_findings(tables: Shell):
    register(tables, "other", "date,return5,extra\n2008-01-01,0.1,1\n2008-01-02,0.2,2\n")
    found = {
        each["column"]: each["findings"] for each in tables("drift", "base", "other", "--json").document["columns"]
    }
    assert found["rv22"] == ["the column is missing"]
    assert found["extra"] == ["the column is new"]


def test_where_nothing_can_be_compared_nothing_has_passed(tables: Shell):
    register(tables, "bare", "other\n1\n")
    said = tables("drift", "base", "bare", "--features", "rv22")
    assert said.code == 1
    assert "no column could be compared" in said.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("drift", "base", "moved", "--features", "rv23"), "has no column 'rv23'; there are date, rv22, return5"),
        (("drift", "base", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(tables: Shell, words: tuple[str, ...], complaint: str):
    said = tables(*words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1


def test_by_profiles_the_same_is_found_and_the_error_stated(tables: Shell) -> None:
    said = tables("drift", "base", "moved", "--profiles", "--json")
    assert said.code == 1
    found = {each["column"]: each for each in said.document["columns"]}
    assert {name: each["drifted"] for name, each in found.items()} == {"rv22": True, "return5": False}
    exact = {each["column"]: each for each in tables("drift", "base", "moved", "--json").document["columns"]}
    assert abs(found["rv22"]["measures"]["ks"] - exact["rv22"]["measures"]["ks"]) <= found["rv22"]["error"] + 1e-12
    assert exact["rv22"]["bins"]["psi"] == 10
    assert "has no column" in tables("drift", "base", "moved", "--profiles", "--features", "nothing").err


def test_parquet_is_read_too(tables: Shell) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, shift in (("one", 0.0), ("two", 2.0)):
        values = np.random.default_rng(1).normal(shift, 1, 100)
        pq.write_table(pa.table({"x": values, "w": ["a"] * 100}), tables.root / f"{name}.parquet")
        tables.ok("--as", "lea", "artifact", "register", f"{name}.parquet", "--kind", "dataset", "--name", name)
    found = {each["column"]: each for each in tables("drift", "one", "two", "--json").document["columns"]}
    assert found["x"]["drifted"] is True
    assert found["w"]["kind"] == "words"
