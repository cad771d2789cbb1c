"""Declarations: read with their defaults, and refused with the line of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.features import declaration, view
from app.features.view import View
from app.pipelines import yamltext
from ledger.errors import InputError
from tests.app.features.views import DAY, DECLARED, HOUR, document


def read(text: str) -> View:
    return declaration.read(yamltext.load(text, "features/momentum.yaml"), Path("features"))


def test_a_declaration_with_its_defaults() -> None:
    found = read(DECLARED)
    assert (found.name, found.dataset, found.delay, found.ttl) == ("momentum", "momentum-features", 16 * HOUR, 4 * DAY)
    assert found.features["n"] == {"type": "int", "nullable": False, "tolerance": view.TOLERANCE, "from": []}
    assert found.sources["rates"]["missing"] == []
    registered = found.document("sha256:00", ["."], {"rates": "dataset/fx/rates"})
    assert registered["sources"]["rates"]["dataset"] == "dataset/fx/rates"
    assert view.columns(registered) == {"r1": ["dataset/fx/rates#USD"]}, "of n nothing is said"
    assert view.columns(registered, {"rates": "dataset/fx/rates@3"})["r1"] == ["dataset/fx/rates@3#USD"]


def test_a_whole_source_is_its_declared_columns_unless_it_is_every_column() -> None:
    found = read(DECLARED.replace("n: int", "n: {type: int, from: rates}")).document("sha256:00", ["."], {"rates": "d"})
    assert view.columns(found)["n"] == ["d#Date", "d#USD"]
    found["sources"]["rates"]["columns"]["*"] = "float"
    assert "n" not in view.columns(found)


BAD = [
    ("view: momentum", "veiw: momentum", 1, "unknown key 'veiw'; did you mean 'view'"),
    ("view: momentum", "view: ../up", 1, "cannot be a name"),
    ("entity: {currency: string}", "entity: {currency: float}", 2, "a key's type is one of string, int"),
    ("entity: {currency: string}", "entity: {}", 2, "at least one"),
    ("event_time: day", "event_time: a day", 3, "cannot be a column's name"),
    ("event_time: day", "event_time: currency", 3, "two columns are called 'currency'"),
    ("delay: 16h", "delay: 16 hours", 4, "must be a duration"),
    ("delay: 16h", "delay: 16h\ncreated: made", 4, "either created: or delay:"),
    ("ttl: 4d", "ttl: 0d", 5, "longer than nothing"),
    ("ttl: 4d", "ttl: 4", 5, "must be a duration"),
    ("definition: views:rows", "definition: views.rows", 6, "package.module:function"),
    ("code: src", "code: []", 7, "names the folder"),
    ("dataset: rates, time: Date", "time: Date", 9, "source 'rates' lacks dataset:"),
    ("time: Date", "time: Day", 9, "time: Day must be among columns: as a timestamp"),
    ("zone: UTC", "zone: Mars/Olympus", 9, "is no time zone"),
    ("zone: UTC", "zones: UTC", 9, "unknown key 'zones'; did you mean 'zone'"),
    ("USD: float", "USD: number", 9, "'number' is not a type; known are"),
    ("USD: float", "USD: flaot", 9, "did you mean 'float'"),
    ("from: [rates#USD]", "from: [rate#USD]", 11, "names no source; did you mean 'rates'"),
    ("from: [rates#USD]", "from: [rates#EUR]", 11, "declares no column 'EUR'"),
    ("nullable: true", "nullable: maybe", 11, "must be true or false"),
    ("nullable: true", "tolerance: 2", 11, "tolerance must be a number"),
    ("n: int", "n: {nullable: true}", 12, "needs a type"),
    ("n: int", "day: int", 12, "two columns are called 'day'"),
    ("n: int", "n: int\nconfig: {x: .nan}", 13, "what JSON cannot"),
]


@pytest.mark.parametrize(("old", "new", "line", "complaint"), BAD, ids=[new for _, new, _, _ in BAD])
def test_what_is_wrong_is_named_by_its_line(old: str, new: str, line: int, complaint: str) -> None:
    assert old in DECLARED
    with pytest.raises(InputError) as said:
        read(DECLARED.replace(old, new))
    assert str(said.value).startswith(f"features/momentum.yaml, line {line}: ")
    assert complaint in str(said.value)


@pytest.mark.parametrize("key", ["view", "entity", "event_time", "ttl", "definition", "code", "sources", "features"])
def test_what_is_missing_is_named(key: str) -> None:
    lines, kept, skipping = DECLARED.splitlines(), [], False
    for each in lines:
        skipping = each.startswith(f"{key}:") or (skipping and each.startswith(" "))
        if not skipping:
            kept.append(each)
    with pytest.raises(InputError, match=rf"momentum\.yaml, line 1: .*{key}"):
        read("\n".join(kept))


def test_the_schema_is_what_a_reader_relies_on() -> None:
    one = view.schema(document())
    assert view.schema(document(ttl=1, description="x", config={"a": 1}, delay=5)) == one
    other = document()
    other["features"][0]["type"] = "int"
    assert view.schema(other) != one
    assert view.schema(document(created="made")) != one


@pytest.mark.parametrize(
    ("text", "micros"),
    [("90m", 90 * 60_000_000), ("0.5d", 12 * HOUR), ("2w", 14 * DAY), ("1.5s", 1_500_000), ("d", None)],
)
def test_durations(text: str, micros: int | None) -> None:
    assert view.duration(text) == micros


def test_a_duration_is_worded_as_it_is_declared() -> None:
    assert [view.worded(each) for each in (4 * DAY, 16 * HOUR, 90 * 60_000_000, 1_500_000)] == [
        "4d",
        "16h",
        "90m",
        "1.5s",
    ]
