"""``assay serve-log``: records by day beside the ledger, their digests in it; what is odd is a finding, by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.actions import serve_log
from app.actions.context import Context
from app.actions.logged import log
from tests.app.demo import tellings
from tests.app.story import Said, Shell

MODEL = "model/fx-hedging/fx-vol"


def records(count: int = 300, day: str = "2024-05-01", **changes: Any) -> list[dict[str, Any]]:
    start = datetime.fromisoformat(f"{day}T08:00:00").replace(tzinfo=UTC)
    return [
        {
            "id": f"{day}-{n}",
            "account": f"M{n % 7}",
            "model": "fx-vol@1",
            "at": (start + timedelta(minutes=n)).isoformat(),
            "features": {"rv": n / 7, "x": 1.0},
            "prediction": 0.1,
            "latency": 3.0 + n % 9,
            "cost": 0.001,
            **changes,
        }
        for n in range(count)
    ]


def put(shell: Shell, rows: list[Any], name: str = "a.jsonl") -> Said:
    (shell.root / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return shell("--as", "lea", "serve-log", name, "--model", "fx-vol", "--json")


def findings(said: Said) -> str:
    return "; ".join(said.document["findings"])


def test_records_lie_by_day_and_the_ledger_holds_their_digests(shell: Shell) -> None:
    said = put(shell, [*records(), *records(20, "2024-05-02")])
    assert said.code == 0, said
    assert [(each["day"], each["answers"]) for each in said.document["days"]] == [
        ("2024-05-01", 300),
        ("2024-05-02", 20),
    ]
    last = tellings.recorded(shell.root)[-1]
    assert (last["type"], last["subject"], last["value"]["rows"]) == ("inference.logged", MODEL, 20)
    assert last["value"]["versions"] == {"fx-vol@1": 20}
    assert shell.json("serve-log", "--check") == {"files": 2, "wrong": []}
    seen = shell.json("serve-log", "--day", "2024-05-01")["days"][0]["series"]
    assert (seen["rows"], seen["missing"], seen["open"]) == (300, 0, 1.0)
    assert seen["error"] is None, "an open label is no error of zero"
    assert seen["latency"]["p50"] == pytest.approx(7)
    assert shell.json("verify")["ok"]


def test_late_labels_go_to_the_day_of_their_answers(shell: Shell) -> None:
    put(shell, records())
    said = put(shell, [{"id": f"2024-05-01-{n}", "label": 0.3} for n in range(100)], "labels.jsonl")
    assert (said.code, said.document["days"][0]["labels"]) == (0, 100)
    seen = shell.json("serve-log", "--day", "2024-05-01")["days"][0]["series"]
    assert seen["open"] == pytest.approx(2 / 3)
    assert seen["error"]["p50"] == pytest.approx(0.2)
    put(shell, [{"id": "2024-05-01-0", "label": 0.9}], "again.jsonl")
    assert shell.json("serve-log", "--day", "2024-05-01")["days"][0]["series"]["error"]["p100"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"model": "fx-vol@9"}, "300 records are of the version fx-vol@9, which is not registered"),
        ({"prediction": None}, "300 values of prediction are missing"),
        ({"features": {"rv": None}}, "300 values of feature.rv are missing"),
        ({"features": {"rv": float("inf")}}, "300 values of feature.rv are infinite"),
        ({"latency": -1.0}, "300 values of latency are negative"),
        ({"at": "2024-05-01T10:00:00"}, "300 times have no zone, and are taken for UTC"),
        ({"id": "one"}, "299 records repeat an id of their day, and are kept once"),
    ],
)
def test_what_is_odd_is_a_finding_by_name(shell: Shell, change: dict[str, Any], finding: str) -> None:
    said = put(shell, records(**change))
    assert said.code == 1
    assert finding in findings(said)
    assert finding in tellings.recorded(shell.root)[-1]["value"]["findings"]


def test_times_of_other_zones_fall_on_their_day_in_utc(shell: Shell) -> None:
    said = put(shell, records(2, at="2024-05-02T01:30:00+02:00"))
    assert [each["day"] for each in said.document["days"]] == ["2024-05-01"]


def test_late_repeated_and_unordered_records_are_findings(shell: Shell) -> None:
    put(shell, records(50, "2024-05-03"))
    late = put(shell, [*records(10, "2024-05-01")[::-1], {"id": "nobody", "label": 1.0}])
    assert "10 records came late, after 2024-05-03 was logged" in findings(late)
    assert "9 times go back" in findings(late)
    assert "1 labels are of unknown predictions" in findings(late)
    again = put(shell, records(10, "2024-05-01"))
    assert "10 records repeat an id of their day" in findings(again)
    assert again.document["days"] == []
    ahead = put(shell, records(3, "2999-01-01"))
    assert "3 records are of days to come" in findings(ahead)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no record"),
        ("\n", "line 1: the line is empty"),
        ("{nonsense}\n", "line 1: this is no JSON"),
        ("[1]\n", "line 1: a record is an object"),
        ('{"account": "a"}\n', "line 1: the record has no model"),
        ('{"id": 5, "label": 1}\n', "line 1: a label needs the id"),
        ('{"account":"a","model":"fx-vol@1","at":"soon","prediction":1}\n', "'soon' is no moment"),
        ('{"account":"a","model":"fx-vol@1","at":"2024-05-01T00:00:00Z","prediction":"high"}\n', "must be a number"),
        ('{"account":"","model":"fx-vol@1","at":"2024-05-01T00:00:00Z","prediction":1}\n', "must be a text"),
        ('{"account":"a","model":"fx-vol@1","at":"2024-05-01T00:00:00Z","prediction":1,"colour":2}\n', "no 'colour'"),
    ],
)
def test_what_cannot_be_kept_is_an_error_and_nothing_is_taken(shell: Shell, text: str, complaint: str) -> None:
    before = tellings.size(shell.root)
    (shell.root / "bad.jsonl").write_text(text)
    said = shell("--as", "lea", "serve-log", "bad.jsonl", "--model", "fx-vol")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert complaint in said.err
    assert tellings.size(shell.root) == before
    assert not (shell.root / ".assay" / "serve-log").exists()


def parquet(shell: Shell, **columns: Any) -> Said:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 1000
    given = {
        "account": ["a"] * count,
        "model": ["fx-vol@1"] * count,
        "at": pa.array([datetime(2024, 5, 1, tzinfo=UTC)] * count, pa.timestamp("us", "UTC")),
        "prediction": np.arange(count) / count,
        "feature.rv": np.arange(count),
        **columns,
    }
    pq.write_table(pa.table({name: each for name, each in given.items() if each is not None}), shell.root / "a.parquet")
    return shell("--as", "lea", "serve-log", "a.parquet", "--model", "fx-vol", "--json")


def test_parquet_and_python_calls_are_taken_in_too(shell: Shell) -> None:
    said = parquet(shell)
    assert (said.code, said.document["days"][0]["answers"]) == (0, 1000)
    with Context(start=shell.root, actor="lea", writes=True) as context:
        answer = serve_log.append(context, records(5, "2024-05-02"), "fx-vol")
    assert answer.document["days"][0]["answers"] == 5


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"prediction": ["x"] * 1000}, "the column prediction holds string, not numbers"),
        ({"prediction": None}, "there is no column prediction"),
        ({"account": [None, *["a"] * 999]}, "1 records have no account"),
        ({"extra": [1] * 1000}, "'extra' is no column of records"),
        ({"at": [5] * 1000}, "the column at holds int64"),
    ],
)
def test_columns_of_another_kind_are_refused(shell: Shell, columns: dict[str, Any], complaint: str) -> None:
    said = parquet(shell, **columns)
    assert said.code == 2
    assert complaint in said.err


def test_a_changed_or_missing_file_is_found(shell: Shell) -> None:
    put(shell, [*records(), *records(20, "2024-05-02")])
    files = sorted((shell.root / ".assay" / "serve-log").rglob("*.parquet"))
    data = bytearray(files[0].read_bytes())
    data[100] ^= 1
    files[0].write_bytes(bytes(data))
    files[1].unlink()
    said = shell("serve-log", "--check", "--json")
    assert said.code == 1
    assert [each["detail"] for each in said.document["wrong"]] == [
        "the file is not what was recorded",
        "the file is missing",
    ]


def test_monitors_look_at_logged_days_as_a_source(shell: Shell) -> None:
    shell.ok("--as", "lea", "deploy", "fx-vol@1", "--to", "staging")
    days = [f"2030-01-{n:02}" for n in range(1, 29)]
    rows = [each for n, day in enumerate(days) for each in records(60, day, latency=5.0 if n < 24 else 50.0)]
    put(shell, rows)
    (shell.root / "serving.yaml").write_text(
        "model: fx-vol\nenvironment: staging\nmonitors: monitors.yaml\nsource: serve-log\n"
        "reference: 2030-01-01..2030-01-20\nwarm_up: 0\n"
    )
    common = "subject: model/fx-vol, window: 3, severity: warning, route: none, clear_after: 3"
    (shell.root / "monitors.yaml").write_text(
        "monitors:\n"
        f"  - {{monitor: slow, kind: latency, series: latency, limit: 20, {common}}}\n"
        f"  - {{monitor: dear, kind: cost, series: cost, limit: 1, {common}}}\n"
        f"  - {{monitor: whole, kind: quality, series: [feature.rv], limit: 0, {common}}}\n"
        f"  - {{monitor: fresh, kind: freshness, series: age, limit: 4, {common}}}\n"
        f"  - {{monitor: open, kind: freshness, series: open, limit: 0.5, {common}}}\n"
    )
    said = shell.json("--as", "lea", "monitor", "run")
    assert said["days"] == 28, said
    assert said["alerts"] == ["open-2030-01-01", "slow-2030-01-26"] or "slow-2030-01-25" in said["alerts"]
    raised = next(e for e in tellings.recorded(shell.root) if e["value"].get("alert", "").startswith("slow"))["value"]
    assert raised["series"] == ["latency"]
    assert [each["what"] for each in raised["before"]] == ["deployment", "data version"]
    assert shell.json("verify")["ok"]


def test_a_day_without_latencies_is_inconclusive_and_no_pass(shell: Shell) -> None:
    with Context(start=shell.root, actor="lea", writes=True) as context:
        serve_log.append(context, [{k: v for k, v in each.items() if k != "latency"} for each in records()], "fx-vol")
        seen = log(context, MODEL).series("2024-05-01")
    assert all(np.isnan(seen["latency"]))
