"""What changed between two versions, of each kind of thing, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.actions import registry
from app.actions.diffs import values
from tests.app.actions.test_shapes import _hold
from tests.app.story import Shell

LEA = ("--as", "lea")


def registered(shell: Shell, content: str | bytes | dict[str, str], name: str, kind: str, file: str) -> None:
    """The next version of a name, of a file's content or a folder's."""
    path = shell.root / file
    if isinstance(content, dict):
        for inner, text in content.items():
            (path / inner).parent.mkdir(parents=True, exist_ok=True)
            (path / inner).write_text(text)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    shell.ok(*LEA, "artifact", "register", file, "--kind", kind, "--name", name)


def diff(shell: Shell, name: str, *more: str) -> dict[str, Any]:
    found = shell.json("artifact", "diff", f"{name}@1", f"{name}@2", *more)
    _hold(found, registry.get("artifact diff").gives, "artifact diff")
    return found


TABLE = "day,usd,gbp\n" + "".join(f"2024-01-{n:02d},{1 + n / 100:.2f},0.8\n" for n in range(1, 31))


def test_tables_by_columns_distributions_and_rows(shell: Shell) -> None:
    registered(shell, TABLE, "rates", "dataset", "rates.csv")
    rows = TABLE.splitlines()
    rows[0] += ",chf"
    rows[3] = rows[3].replace("1.03", "1.30")
    new = [rows[0], *(f"{row},0.95" for row in rows[1:28]), "2024-02-01,3,0.9,0.95"]
    registered(shell, "\n".join(new).replace("gbp", "GBP") + "\n", "rates", "dataset", "rates.csv")
    found = diff(shell, "rates")
    assert (found["same"], found["kind"]) == (False, "table")
    changes = found["changes"]
    assert changes["rows"] == {"was": 30, "now": 28}
    assert (changes["columns"]["added"], changes["columns"]["removed"]) == (["GBP", "chf"], ["gbp"])
    by_row = changes["by_row"]
    assert (by_row["key"], by_row["added"], by_row["removed"], by_row["changed"]) == (["day"], 1, 3, 1)
    assert by_row["examples"] == [{"key": "2024-01-03", "column": "usd", "was": "1.03", "now": "1.30"}]
    (usd,) = [each for each in changes["shifts"] if each["column"] == "usd"]
    assert 0 < usd["distance"] < 0.2
    assert {"path": "rows", "kind": "changed", "was": 30, "now": 28} in found["facts"]
    said = shell.ok("artifact", "diff", "rates@1", "rates@2").out
    assert "by day: 1 row added, 3 removed, 1 changed" in said
    assert "2024-01-03  usd  1.03  →  1.30" in said
    assert "chf is new" in said


def test_rows_by_another_key_or_as_wholes(shell: Shell) -> None:
    text = "desk,day,x\na,1,5\na,2,6\nb,1,7\n"
    registered(shell, text, "positions", "dataset", "positions.csv")
    registered(shell, text.replace("b,1,7", "b,1,8"), "positions", "dataset", "positions.csv")
    found = diff(shell, "positions")["changes"]["by_row"]
    assert (found["key"], found["added"], found["removed"]) == ([], 1, 1), "no single column names a row"
    found = diff(shell, "positions", "--key", "desk,day")["changes"]["by_row"]
    assert (found["key"], found["changed"], found["columns"]) == (["desk", "day"], 1, {"x": 1})
    assert shell("artifact", "diff", "positions@1", "positions@2", "--key", "book").code == 2


def test_two_forms_of_one_table_are_compared_as_tables(shell: Shell) -> None:
    import pandas

    pandas.DataFrame({"n": [1, 2], "x": [0.5, 2.0]}).to_parquet(shell.root / "t.parquet")
    registered(shell, "n,x\n1,0.5\n2,2\n", "t", "dataset", "t.csv")
    registered(shell, (shell.root / "t.parquet").read_bytes(), "t", "dataset", "t.parquet")
    changes = diff(shell, "t")["changes"]
    assert [each["distance"] for each in changes["shifts"]] == [0, 0]
    assert changes["columns"]["kinds"] == []


@pytest.mark.parametrize(
    ("was", "now", "file"),
    [
        (
            '{"window": 22, "model": {"beta": [1, 2], "r2": 0.4}}',
            '{"window": 66, "model": {"beta": [1, 3, 4]}}',
            "c.json",
        ),
        ("window: 22\nmodel: {beta: [1, 2], r2: 0.4}\n", "window: 66\nmodel: {beta: [1, 3, 4]}\n", "c.yaml"),
        ("window = 22\n[model]\nbeta = [1, 2]\nr2 = 0.4\n", "window = 66\n[model]\nbeta = [1, 3, 4]\n", "c.toml"),
    ],
)
def test_configurations_key_by_key(shell: Shell, was: str, now: str, file: str) -> None:
    for text in (was, now):
        registered(shell, text, "settings", "config", file)
    found = diff(shell, "settings")
    assert found["kind"] == "values"
    assert [tuple(each.values()) for each in found["changes"]["values"]] == [
        ("model.beta[1]", "changed", 2, 3),
        ("model.beta[2]", "added", None, 4),
        ("model.r2", "removed", 0.4, None),
        ("window", "changed", 22, 66),
    ]
    assert "22  →  66" in shell.ok("artifact", "diff", "settings@1", "settings@2").out


@pytest.mark.parametrize("kind", ["dataset", "feature_view"])
def test_a_definition_in_json_is_no_table(shell: Shell, kind: str) -> None:
    for window in (5, 22):
        registered(shell, json.dumps({"entity": "currency", "window": window}), "har", kind, "har.json")
    found = diff(shell, "har")
    assert (found["kind"], [each["path"] for each in found["changes"]["values"]]) == ("values", ["window"])


def test_folders_file_by_file(shell: Shell) -> None:
    registered(shell, {"a.py": "a", "in/b.py": "b"}, "src", "code", "src")
    (shell.root / "src" / "a.py").unlink()
    registered(shell, {"in/b.py": "bb", "c.py": ""}, "src", "code", "src")
    found = diff(shell, "src")
    assert found["kind"] == "folder"
    assert [(each["name"], each["what"]) for each in found["changes"]["files"]] == [
        ("a.py", "removed"),
        ("c.py", "added"),
        ("in/b.py", "changed"),
    ]


def test_text_line_by_line_and_other_bytes_by_their_size(shell: Shell) -> None:
    registered(shell, "# Card\n\nfine\n", "card", "document", "card.md")
    registered(shell, "# Card\n\nfiner \x1b[31m\n", "card", "document", "card.md")
    found = diff(shell, "card")
    assert (found["kind"], found["changes"]["added"], found["changes"]["removed"]) == ("text", 1, 1)
    said = shell.ok("artifact", "diff", "card@1", "card@2").out
    assert "-fine" in said
    assert "\x1b" not in said
    for data in (b"\x00\x01", b"\x00\x02\x03"):
        registered(shell, data, "weights", "model", "weights.bin")
    found = diff(shell, "weights")
    assert (found["kind"], found["changes"]) == ("bytes", None)
    assert "2 and 3 bytes" in shell.ok("artifact", "diff", "weights@1", "weights@2").out


def test_models_and_how_their_runs_differ(shell: Shell) -> None:
    (shell.root / "code").mkdir()
    (shell.root / "code" / "fit.py").write_text(
        "import json\ndef fit(inputs, outputs, config, seed):\n"
        "    outputs['m'].write_text(json.dumps({'beta': [config['w'], 2]}))\n    return {'mae': config['w'] / 10}\n"
    )
    for window in (5, 22):
        (shell.root / "fit.yaml").write_text(
            f"job: fit\ncallable: fit:fit\ncode: code\nconfig: {{w: {window}}}\n"
            "inputs: {a: dataset/ecb-rates}\noutputs: {m: {artifact: model/fitted}}\n"
        )
        shell.ok(*LEA, "run", "fit.yaml")
    found = diff(shell, "fitted")
    assert [each["path"] for each in found["changes"]["values"]] == ["beta[0]"]
    made = {(each["kind"], each["name"]): (each["was"], each["now"]) for each in found["made"]}
    assert made["parameter", "w"] == (5, 22)
    assert made["metric", "mae"] == (0.5, 2.2)
    said = shell.ok("artifact", "diff", "fitted@1", "fitted@2").out
    assert "metric mae" in said


def test_the_same_bytes_and_things_of_two_kinds(shell: Shell) -> None:
    found = shell.json("artifact", "diff", "fx-vol@1", "fx-vol@1")
    assert (found["same"], found["changes"], found["facts"]) == (True, None, [])
    said = shell.ok("artifact", "diff", "fx-vol@1", "fx-vol@2").out
    assert "one is a folder, the other a file" in said
    assert shell("artifact", "diff", "fx-vol@1", "nothing").code == 2
    assert shell("artifact", "diff", "fx-vol@1", "ecb-rates", "--key", "day").code == 2


def test_values_of_any_depth_and_number() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert values.changes(deep, deep) == ([], 0)
    found, count = values.changes(list(range(2000)), list(range(1, 2001)))
    assert (len(found), count) == (values.MOST, 2000)
    assert values.changes({"a": 1, "b": True}, {"a": 1.0, "b": 1})[0] == [values.Change("b", "changed", True, 1)]
    assert values.changes([], {})[1] == 1


def test_the_ecbs_file_against_a_cut_of_it(shell: Shell) -> None:
    import zipfile

    source = Path(__file__).parents[3] / "sample_data" / "eurofxref-hist.zip"
    with zipfile.ZipFile(source) as archive:
        lines = archive.read("eurofxref-hist.csv").decode().splitlines()
    registered(shell, source.read_bytes(), "ecb", "dataset", "eurofxref-hist.zip")
    registered(shell, "\n".join(lines[:1] + lines[11:]) + "\n", "ecb", "dataset", "eurofxref-hist.csv")
    changes = diff(shell, "ecb")["changes"]
    assert (changes["rows"], changes["columns"]["kinds"]) == ({"was": 7126, "now": 7116}, [])
    by_row = changes["by_row"]
    assert (by_row["key"], by_row["added"], by_row["removed"], by_row["changed"]) == (["Date"], 0, 10, 0)
    assert all(each["distance"] is None or each["distance"] <= each["error"] + 0.01 for each in changes["shifts"])
    json.dumps(changes, allow_nan=False)
