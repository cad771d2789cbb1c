"""``assay feature …``: a view registered, computed, checked, joined, served and compared, as its users do it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.actions import registry
from app.features.online import OnlineStore
from tests.app.actions.test_shapes import _hold
from tests.app.cli.test_imports import imported
from tests.app.story import Shell

VIEW = """\
view: momentum
description: returns over some days
entity: {currency: string}
event_time: day
delay: 16h
ttl: 30000d
definition: app.views:rows
code: ../project
config: {days: 2, ahead: 0}
sources:
  rates: {dataset: rates, time: Date, zone: UTC, delay: 16h, missing: [N/A], columns: {Date: timestamp, "*": float}}
features:
  change: {type: float, nullable: true, from: [rates#USD, rates#JPY]}
  count: {type: int, from: rates}
"""
CODE = '''\
"""A project whose package is called like one of ours."""

from app import names


def rows(sources, config):
    rates = sources["rates"]
    for n, row in enumerate(rates):
        for code in names.CODES:
            later = rates[min(n + config["ahead"], len(rates) - 1)]
            before = rates[n - config["days"]][code] if n >= config["days"] else None
            change = None if before is None or later[code] is None else later[code] / before - 1
            yield {"currency": code, "day": row["Date"], "change": change, "count": n}
'''
RATES = "Date,USD,JPY,\n" + "".join(f"2008-09-{day:02},{1.4 + day / 100},{100 + day},\n" for day in range(30, 0, -1))
REF = "feature_view/fx-hedging/momentum@1"
DATA = "dataset/fx-hedging/momentum-features"


def write(shell: Shell, path: str, text: str) -> Path:
    file = shell.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def declare(shell: Shell, old: str = "", new: str = "", name: str = "momentum") -> None:
    assert old in VIEW
    write(shell, f"features/{name}.yaml", VIEW.replace(old, new) if old else VIEW)


def code(shell: Shell, text: str = CODE) -> None:
    write(shell, "project/app/__init__.py", "")
    write(shell, "project/app/names.py", 'CODES = ("USD", "JPY")\n')
    write(shell, "project/app/views.py", text)


@pytest.fixture
def ready(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A workspace with rates, a view's declaration, and its code in a package that is called app."""
    monkeypatch.setenv("ASSAY_ACTOR", "lea")
    write(shell, "rates.csv", RATES)
    shell.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    declare(shell)
    code(shell)
    return shell


@pytest.fixture
def made(ready: Shell) -> Shell:
    """The same, registered and materialised, online too."""
    ready.ok("feature", "register", "momentum")
    ready.ok("feature", "materialize", "momentum", "--online")
    return ready


def events(shell: Shell, kind: str) -> list[dict[str, Any]]:
    """The values of all events of a type."""
    found = shell.json("log", "--type", kind, "-n", "0")["events"]
    return [shell.json("show", f"seq:{each['seq']}")["event"]["value"] for each in found]


def restored(shell: Shell, ref: str) -> str:
    goal = shell.root / f"restored-{ref.replace('/', '-')}"
    shell.ok("artifact", "restore", ref, "-o", str(goal))
    return goal.read_text()


# Registering


def test_a_declaration_is_registered_with_its_code_once(ready: Shell) -> None:
    said = ready.json("feature", "register", "momentum")
    assert said["registered"]
    assert said["view"]["ref"] == REF
    assert said["view"]["columns"]["change"] == ["dataset/fx-hedging/rates#USD", "dataset/fx-hedging/rates#JPY"]
    assert [each["type"] for each in said["events"]] == ["artifact.registered"] * 2
    again = ready.json("feature", "register", "features/momentum.yaml")
    assert (again["registered"], again["events"], again["view"]["ref"]) == (False, [], REF)
    code(ready, CODE + "\n")
    assert ready.json("feature", "register", "momentum")["view"]["version"] == 2, "other code is another version"
    declare(ready, "30000d", "3d")
    assert ready.json("feature", "register", "momentum")["view"]["version"] == 3
    facts = ready.json("artifact", "show", "feature_view/momentum@1")["artifact"]["facts"]
    assert facts["summary"]["features"] == {"change": "float", "count": "int"}
    assert facts["summary"]["feature_schema"] == said["view"]["schema"]


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("dataset: rates", "dataset: rats", 11, "source rates: no artifact is called"),
        ("dataset: rates", "dataset: model/fx-vol", 11, "is no dataset"),
        ("app.views:rows", "app.viewz:rows", 7, "there is no module app.viewz in the code"),
        ("app.views:rows", "app.views:row", 7, "app/views.py defines no row"),
        ("code: ../project", "code: ../elsewhere", 8, "does not exist"),
        ("type: float", "type: double", 13, "'double' is not a type"),
        ("nullable: true", "nulable: true", 13, "did you mean 'nullable'"),
    ],
)
def test_what_is_wrong_with_a_declaration_is_named_by_its_line(
    ready: Shell, old: str, new: str, line: int, complaint: str
) -> None:
    declare(ready, old, new)
    before = ready.json("log", "-n", "0")["events"]
    said = ready("feature", "register", "momentum")
    assert (said.code, said.out) == (2, "")
    assert f"momentum.yaml, line {line}: " in said.err
    assert complaint in said.err
    assert ready.json("log", "-n", "0")["events"] == before


def test_a_view_that_is_declared_nowhere_is_said(ready: Shell) -> None:
    said = ready("feature", "register", "carry")
    assert said.code == 2
    assert "declared are momentum" in said.err
    assert ready("feature", "show", "carry").code == 2
    assert ready("feature", "show", "dataset/rates").code == 2


# Computing


def test_features_are_computed_by_a_run_and_made_again_byte_for_byte(made: Shell) -> None:
    text = restored(made, f"{DATA}@1")
    assert text.splitlines()[:3] == [
        "currency,day,change,count",
        "JPY,2008-09-01T00:00:00Z,,0",
        "USD,2008-09-01T00:00:00Z,,0",
    ]
    assert len(text.splitlines()) == 61
    artifact = made.json("artifact", "show", f"{DATA}@1")["artifact"]
    assert artifact["facts"]["rows"] == 60
    assert artifact["facts"]["span"] == ["2008-09-01T00:00:00Z", "2008-09-30T00:00:00Z"]
    wanted = {"change": ["dataset/fx-hedging/rates@1#USD", "dataset/fx-hedging/rates@1#JPY"]}
    assert artifact["facts"]["summary"]["columns"] == wanted
    assert artifact["facts"]["summary"]["feature_view"] == REF
    offline, online = events(made, "feature.materialized")
    assert (offline["store"], offline["rows"], offline["as_of"]) == ("offline", 60, "2008-09-30T16:00:00Z")
    assert (online["store"], online["rows"], online["dataset"]) == ("online", 2, f"{DATA}@1")
    assert made("reproduce", artifact["run"]).code == 0
    nodes = {each["ref"] for each in made.json("lineage", f"{DATA}@1", "--up")["nodes"]}
    assert {REF, "dataset/fx-hedging/rates@1", f"run/{artifact['run']}"} <= nodes
    assert made.json("verify")["ok"]


def test_what_is_run_is_the_registered_version(made: Shell) -> None:
    code(made, CODE.replace('"count": n', '"count": -n'))
    made.ok("feature", "materialize", "momentum")
    assert restored(made, f"{DATA}@1").endswith(",29\n")
    assert made.json("artifact", "list", "--name", "momentum-features")["artifacts"][-1]["version"] == 1


def test_a_range_and_a_moment(made: Shell) -> None:
    said = made.json("feature", "materialize", "momentum", "--from", "2008-09-10", "--to", "2008-09-12T00:00:00Z")
    assert (said["rows"], said["dataset"]) == (4, f"{DATA}-part@1")
    told = made.json("feature", "materialize", "momentum", "--until", "2008-09-05T15:59:59Z")
    assert told["rows"] == 8, "the fifth's rates are known at 16:00"
    assert events(made, "feature.materialized")[-1]["as_of"] == "2008-09-05T15:59:59Z"
    write(made, "labels.csv", "currency,at\nUSD,2008-09-30T12:00:00Z\nUSD,2008-09-30T16:00:00Z\n")
    made.ok("feature", "join", "momentum", "--labels", "labels.csv", "--time", "at", "-o", "frame.csv")
    rows = (made.root / "frame.csv").read_text().splitlines()
    assert [row.rpartition(",")[2] for row in rows] == ["count", "28", "29"], "a part hides nothing of the whole"
    empty = made("feature", "materialize", "momentum", "--from", "2020-01-01")
    assert "no row of features lies in that range" in empty.out
    wrong = made("feature", "materialize", "momentum", "--from", "yesterday")
    assert (wrong.code, "--from: 'yesterday' is no time" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"count": n}', '"count": n / 2}', "count: 0.0 is no int"),
        ('"count": n}', '"count": None}', "count is null"),
        ('"count": n}', '"count": n, "more": 1}', "has 'more', which the view does not declare"),
        ('row["Date"]', 'row["Date"].replace(tzinfo=None)', "without a time zone"),
        ('row["Date"]', 'rates[0]["Date"]', "there are two rows of JPY at 2008-09-01T00:00:00Z"),
        ("    rates = ", '    raise ValueError("no luck")\n    rates = ', "no luck"),
        ("    rates = ", "    import os; os._exit(3)\n    rates = ", "exit code 3"),
    ],
)
def test_a_definition_that_gives_something_else_is_a_failed_run(
    ready: Shell, old: str, new: str, complaint: str
) -> None:
    assert old in CODE
    code(ready, CODE.replace(old, new))
    ready.ok("feature", "register", "momentum")
    said = ready("feature", "materialize", "momentum")
    assert said.code == 1
    assert complaint in said.out
    run = ready.json("runs", "--job", "features-momentum")["runs"][-1]
    assert (run["status"], run["outputs"]) == ("failed", [])
    assert events(ready, "feature.materialized") == []
    assert ready("feature", "push", "momentum").code == 2
    assert not (ready.root / ".assay" / "features.db").exists()


def test_a_view_that_is_retired_is_computed_and_pushed_no_more(made: Shell) -> None:
    made.ok("artifact", "retire", REF, "--reason", "too slow")
    before = made.bytes()
    for command in ("materialize", "push"):
        said = made("feature", command, "momentum")
        assert (said.code, "is retired (too slow)" in said.err) == (2, True), said
    assert made.bytes() == before


def test_a_folder_is_no_source(ready: Shell) -> None:
    ready.ok("feature", "register", "momentum")
    ready.ok("artifact", "register", "project", "--kind", "dataset", "--name", "rates")
    said = ready("feature", "materialize", "momentum")
    assert (said.code, "dataset/fx-hedging/rates@2 is a folder; a source is one table" in said.err) == (2, True)


def test_a_view_of_very_many_features_fits_an_event(ready: Shell) -> None:
    names = "".join(f"  f{n}: {{type: float, nullable: true, from: [rates#USD, rates#JPY]}}\n" for n in range(600))
    declare(ready, "  count: {type: int, from: rates}\n", names)
    code(ready, CODE.replace('"count": n}', '**{f"f{i}": float(n) for i in range(600)}}'))
    ready.ok("feature", "register", "momentum")
    assert ready.json("feature", "materialize", "momentum", "--online")["online"]["parity"]["equal"]
    code(ready, CODE.replace('"count": n}', '**{f"f{i}": float(len(rates)) for i in range(600)}}'))
    ready.ok("feature", "register", "momentum")
    said = ready("feature", "check", "momentum", "--json", "--samples", "1")
    assert (said.code, len(said.document["findings"])) == (1, 600)


def test_a_definition_that_hangs_is_ended(ready: Shell) -> None:
    code(ready, CODE.replace("    rates = ", "    import time; time.sleep(1000)\n    rates = "))
    declare(ready, "ttl: 30000d", "ttl: 30000d\ntimeout: 0.3s")
    ready.ok("feature", "register", "momentum")
    assert "longer than its timeout" in ready("feature", "materialize", "momentum").out


def test_bad_data_name_their_line(ready: Shell) -> None:
    write(ready, "rates.csv", RATES.replace("1.41", "oops"))
    ready.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    ready.ok("feature", "register", "momentum")
    assert "rates, line 31: USD: 'oops' is no float" in ready("feature", "materialize", "momentum").out


# Leaks


def test_a_view_without_a_leak_passes(made: Shell) -> None:
    said = made.json("feature", "check", "momentum")
    assert (said["passed"], said["moments"], said["findings"]) == (True, 12, [])
    (fact,) = events(made, "check.executed")[-1:]
    assert (fact["check"], fact["kind"], fact["verdict"]) == ("momentum.leak", "quality", "pass")
    assert fact["inputs"]["sources"] == {"rates": "dataset/fx-hedging/rates@1"}


def test_a_planted_leak_is_found_with_its_column_and_rows(ready: Shell) -> None:
    declare(ready, "ahead: 0", "ahead: 1")
    ready.ok("feature", "register", "momentum")
    said = ready("feature", "check", "momentum", "--json", "--samples", "4")
    assert said.code == 1
    (finding,) = said.document["findings"]
    assert (finding["feature"], finding["moments"], finding["rows"]) == ("change", 4, 2)
    assert finding["first"][0]["row"].startswith("USD at 2008-09-")
    assert events(ready, "check.executed")[-1]["verdict"] == "block"
    assert "✗ leak" in ready.ok("feature", "list").out


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ('"count": n}', '"count": len(rates)}', ["leak"]),
        ("    for n, row in", "    for n, row in list(enumerate(rates))[:-1] if 0 else", []),
        ("in enumerate(rates)", "in enumerate(rates[: len(rates) // 2])", ["absent"]),
        ("    rates = ", "    if len(sources['rates']) < 30: raise ValueError('short')\n    rates = ", ["error"]),
        ('"count": n}', '"count": __import__("os").getpid()}', ["leak", "unrepeatable"]),
    ],
)
def test_other_ways_to_look_ahead(ready: Shell, old: str, new: str, kinds: list[str]) -> None:
    assert old in CODE
    code(ready, CODE.replace(old, new))
    ready.ok("feature", "register", "momentum")
    said = ready("feature", "check", "momentum", "--json", "--samples", "3")
    assert [each["kind"] for each in said.document["findings"]] == kinds
    assert said.code == int(bool(kinds))


def test_a_row_that_claims_to_be_known_too_early_is_a_leak(ready: Shell) -> None:
    """The rates of a day are known at 16:00; features that say midnight have looked ahead."""
    declare(ready, "delay: 16h\nttl", "ttl")
    ready.ok("feature", "register", "momentum")
    assert ready("feature", "check", "momentum").code == 1


LATE = "Date,Seen,USD,\n" + "".join(f"2008-09-{day:02},2008-09-{day:02},{day},\n" for day in range(1, 31))
CORRECTED = LATE.replace("2008-09-05,2008-09-05,5,", "2008-09-05,2008-09-20,50,")
SEEN = "rates: {dataset: rates, time: Date, known: Seen, zone: UTC, columns: {Date: timestamp, Seen: timestamp, USD: float}}"
MEANS = """\
def rows(sources, config):
    rates = sources["rates"]
    for row in rates:
        until = [each for each in rates if each["Date"] <= row["Date"]]
        for made in sorted({max(row["Date"], row["Seen"], each["Seen"]) for each in until}):
            known = [each["USD"] for each in until if each["Seen"] <= made]
            yield {"currency": "USD", "day": row["Date"], "made": made, "change": sum(known) / len(known), "count": len(known)}
"""


def late(shell: Shell, text: str) -> None:
    """Rates of which one comes fifteen days late, and a view of them."""
    write(shell, "rates.csv", CORRECTED)
    shell.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    source = next(line for line in VIEW.splitlines() if line.startswith("  rates:"))
    view = (
        VIEW.replace(source, f"  {SEEN}")
        .replace("from: [rates#USD, rates#JPY]", "from: rates")
        .replace("delay: 16h\n", "")
    )
    write(shell, "features/momentum.yaml", text.replace("VIEW", view))
    shell.ok("feature", "register", "momentum")


def test_a_late_row_that_changes_features_of_the_past_is_a_leak(ready: Shell) -> None:
    code(
        ready,
        MEANS.replace('"made": made, ', "").replace("for made in sorted(", "for made in [rates[-1]['Seen']] or ("),
    )
    late(ready, "VIEW")
    said = ready("feature", "check", "momentum", "--json")
    assert said.code == 1
    assert "leak" in [each["kind"] for each in said.document["findings"]]


def test_features_that_say_when_they_were_created_are_joined_as_they_were_known(ready: Shell) -> None:
    code(ready, MEANS)
    late(ready, "VIEW".replace("VIEW", "created: made\nVIEW"))
    assert ready.json("feature", "check", "momentum", "--samples", "25")["passed"]
    ready.ok("feature", "materialize", "momentum", "--online")
    write(ready, "labels.csv", "currency,at\nUSD,2008-09-10T12:00:00Z\nUSD,2008-09-20T12:00:00Z\n")
    ready.ok("feature", "join", "momentum", "--labels", "labels.csv", "--time", "at", "-o", "frame.csv")
    rows = (ready.root / "frame.csv").read_text().splitlines()
    assert [row.rpartition(",")[2] for row in rows] == ["count", "9", "20"], "nine until the late one came"
    assert ready.json("feature", "get", "momentum", "USD")["features"]["count"] == 30


# Serving


def test_the_gate_at_the_command_line(made: Shell) -> None:
    found = made.json("feature", "get", "momentum", "USD", "--consumer", "desk")
    assert found["features"]["count"] == 29
    assert (found["view"], found["event_time"]) == (REF, "2008-09-30T00:00:00Z")
    unknown = made("feature", "get", "momentum", "GBP")
    assert (unknown.code, unknown.out) == (1, "")
    assert "refused: fx-hedging/momentum@1 knows no currency GBP" in unknown.err
    declare(made, "30000d", "3d")
    made.ok("feature", "register", "momentum")
    assert "holds no version 2" in made("feature", "get", "momentum", "USD").err
    made.ok("feature", "materialize", "momentum", "--online")
    assert "its ttl is 3.0 days" in made("feature", "get", "momentum", "USD").err
    assert made.ok("feature", "get", "momentum@1", "USD").code == 0, "the earlier version is still served"
    assert made("feature", "get", "momentum@1", "USD", "JPY").code == 2


def test_reads_are_recorded_by_consumer_and_once(made: Shell) -> None:
    with OnlineStore(made.root / ".assay" / "features.db", consumer="fx-vol@3") as store:
        for _ in range(5):
            store.get("momentum", "USD", version=1)
    made("feature", "get", "momentum", "GBP", "--consumer", "desk")
    assert len(made.json("feature", "record")["events"]) == 2
    told = {each["consumer"]: each for each in events(made, "feature.retrieved")}
    assert (told["fx-vol@3"]["gate_passed"], told["fx-vol@3"]["count"]) == (True, 5)
    assert (told["desk"]["gate_passed"], told["desk"]["reasons"]) == (False, {"entity": 1})
    assert made.json("feature", "record")["events"] == []
    shown = made.json("feature", "show", "momentum")["view"]
    assert (shown["reads"], shown["refused"]) == (5, 1)
    assert [each["subject"] for each in made.json("log", "--type", "feature.retrieved")["events"]] == [REF, REF]


def test_a_batch_that_reached_the_ledger_is_not_recorded_again(made: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.features import writing

    made("feature", "get", "momentum", "USD")
    with monkeypatch.context() as patched:
        patched.setattr(writing, "done", lambda path, batch: (_ for _ in ()).throw(KeyboardInterrupt))
        made("feature", "record")
    assert len(events(made, "feature.retrieved")) == 1
    assert made.json("feature", "record")["events"] == []
    assert len(events(made, "feature.retrieved")) == 1


def test_parity_is_recorded_after_every_write_and_when_asked(made: Shell) -> None:
    (fact,) = events(made, "check.executed")
    assert (fact["check"], fact["kind"], fact["passed"], fact["value"]) == ("momentum.parity", "parity", True, 0)
    assert fact["inputs"]["compared"] == 2
    assert len(events(made, "check.configured")) == 1
    with sqlite3.connect(made.root / ".assay" / "features.db") as connection:
        connection.execute("UPDATE latest SET features = '[0.5, 29]' WHERE entity = '[\"USD\"]'")
    connection.close()
    said = made("feature", "parity", "momentum", "--json")
    assert said.code == 1
    assert said.document["parity"]["findings"][0]["feature"] == "change"
    assert events(made, "check.executed")[-1]["verdict"] == "block"
    made.ok("feature", "push", "momentum")
    made.ok("feature", "parity", "momentum")
    assert len(events(made, "check.configured")) == 1, "declared once"


def test_skew_between_what_was_served_and_training(made: Shell) -> None:
    log = made.root / "served.jsonl"
    with OnlineStore(made.root / ".assay" / "features.db", log=log) as store:
        store.get("momentum", "USD", version=1)
    run = ("feature", "skew", "momentum", "--served", "served.jsonl")
    assert made.json(*run)["verdict"] == "pass"
    line = json.loads(log.read_text())
    late = {**line, "time": "2008-09-30T15:00:00Z"}
    log.write_text(f"{json.dumps(line)}\n{json.dumps(late)}\n")
    said = made(*run, "--json")
    assert (said.code, said.document["verdict"]) == (1, "flag"), "served an hour before it was known"
    assert said.document["columns"][1]["share"] == 0.5
    assert "served 29, training 28 (line 2)" in made(*run).out
    log.write_text("")
    assert made(*run, "--json").document["missing"] == ["the log holds no answer about this view"]
    fact = events(made, "check.executed")[-1]
    assert (fact["passed"], fact.get("verdict"), fact["inputs"]["verdict"]) == (False, None, "inconclusive")
    assert made(*run, "--tolerance", "2").code == 2


# Training


def test_a_frame_sees_what_was_known_and_is_recorded_with_its_lineage(made: Shell) -> None:
    text = "currency,at,y\nUSD,2008-09-10T15:59:59Z,1\nUSD,2008-09-10T16:00:00Z,2\nGBP,2008-09-10T16:00:00Z,3\n"
    write(made, "labels.csv", text)
    join = ("feature", "join", "momentum", "--time", "at", "--labels")
    told = made.json(*join, "labels.csv", "-o", "frame.csv")
    assert told["views"] == [{"view": REF, "datasets": [f"{DATA}@1"], "unknown": 1, "stale": 0}]
    rows = (made.root / "frame.csv").read_text().splitlines()
    assert [row.split(",")[-1] for row in rows] == ["count", "8", "9", ""]
    unregistered = made(*join, "labels.csv", "--name", "frame")
    assert (unregistered.code, "needs registered labels" in unregistered.err) == (2, True)
    made.ok("artifact", "register", "labels.csv", "--kind", "dataset", "--name", "labels")
    recorded = made.json(*join, "labels", "--name", "frame")
    assert recorded["dataset"] == "dataset/fx-hedging/frame@1"
    assert restored(made, "frame@1") == (made.root / "frame.csv").read_text()
    nodes = {each["ref"] for each in made.json("lineage", "frame@1", "--up")["nodes"]}
    assert {"dataset/fx-hedging/labels@1", f"{DATA}@1", REF, "dataset/fx-hedging/rates@1"} <= nodes
    facts = made.json("artifact", "show", "frame@1")["artifact"]["facts"]
    assert facts["summary"]["columns"] == {name: [f"{DATA}@1#{name}"] for name in ("change", "count")}
    assert made(*join, "labels.csv").code == 2
    assert made(*join, "nowhere.csv", "-o", "x.csv").code == 2


def test_two_views_are_told_apart_in_one_frame(made: Shell) -> None:
    declare(made, "view: momentum", "view: slow", name="slow")
    made.ok("feature", "register", "slow")
    made.ok("feature", "materialize", "slow")
    write(made, "labels.csv", "currency,at\nUSD,2008-09-10\n")
    made.ok(
        *("feature", "join", "momentum", "slow", "--labels", "labels.csv", "--time", "at", "--zone", "UTC"),
        *("-o", "frame.csv"),
    )
    head = (made.root / "frame.csv").read_text().splitlines()[0]
    twice = made("feature", "join", "momentum", "momentum@1", "--labels", "labels.csv", "--time", "at", "-o", "f.csv")
    assert (twice.code, "named twice" in twice.err) == (2, True)
    assert head == "currency,at,momentum.change,momentum.count,slow.change,slow.count"


COMMANDS = [
    "feature register momentum",
    "feature list",
    "feature show momentum",
    "feature materialize momentum",
    "feature check momentum --samples 1",
    "feature join momentum --labels labels.csv --time at -o frame.csv",
    "feature push momentum",
    "feature parity momentum",
    "feature get momentum USD",
    "feature record",
    "feature skew momentum --served labels.csv",
]


def test_documents_have_the_shapes_that_are_documented(made: Shell) -> None:
    write(made, "labels.csv", "currency,at,time,version\nUSD,2008-09-10T16:00:00Z,2008-09-10T16:00:00Z,1\n")
    assert {" ".join(each.split()[:2]) for each in COMMANDS} == {each.name for each in registry.family("feature")}
    for command in COMMANDS:
        name = " ".join(command.split()[:2])
        _hold(made(*command.split(), "--json").document, registry.get(name).gives, name)


@pytest.mark.parametrize("command", ["feature list", "feature show momentum", "feature get momentum USD"])
def test_looking_imports_nothing_heavy(made: Shell, command: str) -> None:
    assert imported(made, *command.split()) <= {"msgspec"}


def test_looking_at_views(made: Shell) -> None:
    listed = made.json("feature", "list")["views"]
    assert [each["ref"] for each in listed] == [REF]
    assert listed[0]["offline"] == f"{DATA}@1"
    assert listed[0]["online"] == events(made, "feature.materialized")[1]["as_of"]
    assert [each["check"] for each in listed[0]["checks"]] == ["momentum.parity"]
    before = made.json("feature", "list", "--at", str(listed[0]["checks"][0]["seq"] - 1))["views"][0]
    assert before["checks"] == []
    shown = made.ok("feature", "show", "momentum").out
    for words in (
        "returns over some days",
        "16h later",
        "rates#USD, rates#JPY",
        "or null",
        "✓ passed  momentum.parity",
    ):
        assert words in shown
