"""The online store: what its gate lets through and what it refuses, how reads are counted, what a kill leaves behind."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.features import online, onlinefile, view, writing
from app.features.definition import tables, values
from app.features.definition.tables import Columns
from app.features.online import GateRefused, OnlineStore
from app.features.writing import Target
from ledger.errors import InputError, LedgerError
from tests.app.features.views import DAY, document, kinds

NOW = datetime(2026, 1, 10, tzinfo=UTC)
AT = values.micros(NOW)
NAME = "fx/momentum"


def target(version: int = 1, *, as_of: int = AT, dataset: str = "sha256:a", **changes: Any) -> Target:
    return Target(NAME, version, f"sha256:{version}", document(**changes), dataset, as_of)


def table(*rows: tuple[Any, ...], **changes: Any) -> tables.Table:
    made = document(**changes)
    return tables.sorted_table(Columns.of(made), rows, made["delay"])


def days(n: float) -> int:
    return AT + round(n * DAY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two entities, two days old and five days old: the ttl is four."""
    file = tmp_path / "features.db"
    writing.write(
        file, target(), table(("USD", days(-2), 0.5, 7), ("USD", days(-3), 0.4, 6), ("JPY", days(-5), None, 1))
    )
    return file


def refusal(store: OnlineStore, *arguments: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(GateRefused) as said:
        store.get(*arguments, **{"version": 1, "now": NOW, **options})
    assert said.value.exit_code == 1
    return said.value.reason, str(said.value)


def test_the_newest_features_of_an_entity(path: Path) -> None:
    with OnlineStore(path) as store:
        for key in ("USD", ["USD"], {"currency": "USD"}):
            found = store.get("momentum", key, version=1, schema=view.schema(document()), now=NOW)
            assert found.values == {"r1": 0.5, "n": 7}
            assert found.event_time == NOW - timedelta(days=2)
            assert (found.age, found.view, found.version) == (2 * 86_400, NAME, 1)
        assert store.get("feature_view/fx/momentum", "USD", version=1, now=NOW) == found
        assert store.versions("momentum") == [1]


def test_the_gate_says_why_it_refuses(path: Path) -> None:
    with OnlineStore(path) as store:
        assert refusal(store, "momentum", "GBP") == ("entity", "refused: fx/momentum@1 knows no currency GBP")
        assert refusal(store, "momentum", "USD", version=2) == (
            "version",
            "refused: the online store holds no version 2 of fx/momentum, but 1",
        )
        assert refusal(store, "momentum", "USD", schema="sha256:0")[0] == "schema"
        reason, words = refusal(store, "momentum", "JPY")
        assert reason == "stale"
        assert words.endswith("is of 2026-01-05T00:00:00Z, 5.0 days old; its ttl is 4.0 days")
        assert refusal(store, "momentum", "USD", now=NOW + timedelta(days=2, microseconds=1))[0] == "stale"
        assert store.get("momentum", "USD", version=1, now=NOW + timedelta(days=2)).values["n"] == 7
        assert refusal(store, "carry", "USD")[0] == "view"
        assert refusal(store, "fx/carry", "USD")[0] == "view"


@pytest.mark.parametrize("key", [3, ["USD", "JPY"], {"code": "USD"}, {"currency": "USD", "x": 1}, [], [None], [True]])
def test_a_key_of_another_form_is_no_key(path: Path, key: Any) -> None:
    with (
        OnlineStore(path) as store,
        pytest.raises(InputError, match=r"is no key of fx/momentum: it has currency \(string\)"),
    ):
        store.get("momentum", key, version=1, now=NOW)


@pytest.mark.parametrize("text", ["no json", "[0.5]", "[0.5, 7, 8]", "7", "null"])
def test_what_somebody_else_changed_is_refused(path: Path, text: str) -> None:
    with sqlite3.connect(path) as other:
        other.execute("UPDATE latest SET features = ?", (text,))
    other.close()
    with OnlineStore(path) as store:
        assert refusal(store, "momentum", "USD") == (
            "schema",
            "refused: what is stored of fx/momentum@1 for USD is not of its schema",
        )


def test_a_moment_without_a_zone_is_none(path: Path) -> None:
    with OnlineStore(path) as store, pytest.raises(InputError, match="has no time zone"):
        store.get("momentum", "USD", version=1, now=datetime(2026, 1, 10))  # noqa: DTZ001


def test_a_file_that_is_damaged_meanwhile_is_said(path: Path) -> None:
    with OnlineStore(path, count=False) as store:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE latest")
        other.close()
        with pytest.raises(LedgerError, match="cannot be read"):
            store.get("momentum", "USD", version=1, now=NOW)


def test_versions_live_side_by_side(path: Path) -> None:
    writing.write(path, target(2), table(("USD", days(-1), 0.9, 9)))
    with OnlineStore(path) as store:
        assert [store.get("momentum", "USD", version=each, now=NOW).values["n"] for each in (1, 2)] == [7, 9]
        assert refusal(store, "momentum", "JPY", version=2)[0] == "entity"


def test_a_name_in_two_projects_needs_its_project(path: Path) -> None:
    writing.write(
        path, Target("eq/momentum", 1, "sha256:1", document(), "sha256:b", AT), table(("USD", days(-1), 1.0, 1))
    )
    with OnlineStore(path) as store:
        assert (
            refusal(store, "momentum", "USD")[1] == "refused: momentum is ambiguous; it may be eq/momentum, fx/momentum"
        )
        assert store.get("eq/momentum", "USD", version=1, now=NOW).values["n"] == 1
        assert refusal(store, "m%", "USD")[0] == "view", "a name is no pattern"


def test_every_type_comes_back_as_it_was(tmp_path: Path) -> None:
    made = {
        "entity": [{"name": "a", "type": "string"}, {"name": "b", "type": "int"}],
        "features": kinds("float", "string", "bool", "timestamp", "int"),
    }
    key = ('"é,\\', -(2**63))
    row = (*key, days(-1), math.nan, "\u202e\x00'", True, 1, None)
    writing.write(tmp_path / "f.db", target(**made), table(row, **made))
    with OnlineStore(tmp_path / "f.db", count=False) as store:
        found = store.get("momentum", {"b": key[1], "a": key[0]}, version=1, now=NOW).values
    assert math.isnan(found.pop("f0"))
    assert found == {"f1": "\u202e\x00'", "f2": True, "f3": datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "f4": None}
    assert found["f2"] is True


def test_an_earlier_range_does_not_replace_newer_features(path: Path) -> None:
    found = writing.write(path, target(dataset="sha256:b"), table(("USD", days(-3), 0.1, 1), ("JPY", days(-1), 0.2, 2)))
    assert (found.written, found.kept) == (1, 1)
    with OnlineStore(path) as store:
        assert store.get("momentum", "USD", version=1, now=NOW).values["n"] == 7
        assert store.get("momentum", "JPY", version=1, now=NOW).values["n"] == 2
    corrected = writing.write(path, target(dataset="sha256:c"), table(("USD", days(-2), 0.5, 8)))
    assert corrected.written == 1, "of one event time the one written last stays"


def test_what_is_created_later_wins_whenever_it_is_written(tmp_path: Path) -> None:
    file, made = tmp_path / "f.db", {"created": "made"}
    writing.write(
        file, target(**made), table(("USD", days(-2), days(-1), 0.5, 2), ("USD", days(-2), days(-2), 0.4, 1), **made)
    )
    late = writing.write(file, target(**made), table(("USD", days(-2), days(-1.5), 0.9, 9), **made))
    assert (late.written, late.kept) == (0, 1)
    with OnlineStore(file) as store:
        assert store.get("momentum", "USD", version=1, now=NOW).values["n"] == 2


def test_what_is_not_known_yet_is_not_written(tmp_path: Path) -> None:
    made = {"delay": DAY}
    found = writing.write(
        tmp_path / "f.db", target(**made), table(("USD", days(-1), 0.4, 1), ("USD", days(-0.5), 0.5, 2), **made)
    )
    assert (found.written, found.withheld) == (1, 1)
    with OnlineStore(tmp_path / "f.db") as store:
        assert store.get("momentum", "USD", version=1, now=NOW).values["n"] == 1


# Counting reads


def test_reads_are_counted_and_handed_over_once(path: Path) -> None:
    with OnlineStore(path, consumer="desk") as store:
        for _ in range(3):
            store.get("momentum", "USD", version=1, now=NOW)
        store.get("momentum", "USD", version=1, now=NOW + timedelta(hours=1))
        refusal(store, "momentum", "GBP")
        refusal(store, "momentum", "JPY")
        refusal(store, "momentum", "JPY")
        refusal(store, "carry", "JPY")
    ((batch, reads),) = writing.take(path)
    assert [(each.passed, each.count, dict(each.reasons)) for each in reads] == [
        (False, 3, {"entity": 1, "stale": 2}),
        (True, 4, {}),
    ]
    assert (reads[1].first, reads[1].last, reads[1].consumer) == (AT, AT + 3_600_000_000, "desk")
    with OnlineStore(path, consumer="desk") as store:
        store.get("momentum", "USD", version=1, now=NOW)
    again = writing.take(path)
    assert len(again) == 2
    assert (batch, reads) in again, "a batch that was not recorded comes again, as it was"
    for each, _ in again:
        writing.done(path, each)
    assert writing.take(path) == []
    assert writing.take(path.with_name("nowhere.db")) == []


def test_counts_are_kept_while_somebody_writes_and_added_up(path: Path) -> None:
    with OnlineStore(path) as store:
        store.get("momentum", "USD", version=1, now=NOW)
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            store.flush()
            store.get("momentum", "USD", version=1, now=NOW)
            other.execute("ROLLBACK")
        other.close()
        store.flush()
        store.get("momentum", "USD", version=1, now=NOW)
    ((_, (reads,)),) = writing.take(path)
    assert reads.count == 3


def test_counts_are_kept_while_a_reader_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "_KEPT_READS", 2)
    with OnlineStore(path) as store:
        for _ in range(5):
            store.get("momentum", "USD", version=1, now=NOW)
        ((_, (reads,)),) = writing.take(path)
        assert reads.count == 4


def test_a_store_that_is_only_read_counts_nothing(path: Path) -> None:
    with OnlineStore(path, count=False) as store:
        store.get("momentum", "USD", version=1, now=NOW)
    assert writing.take(path) == []


def test_what_is_served_is_logged_line_by_line(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "served.jsonl"
    with OnlineStore(path, log=log) as store:
        store.get("momentum", "USD", version=1, now=NOW)
        refusal(store, "momentum", "JPY")
    (line,) = log.read_text().splitlines()
    assert json.loads(line) == {
        "view": NAME,
        "version": 1,
        "time": "2026-01-10T00:00:00Z",
        "key": {"currency": "USD"},
        "features": {"r1": 0.5, "n": 7},
    }
    with pytest.raises(InputError, match="cannot be written"):
        OnlineStore(path, log=tmp_path / "no" / "where")


# The file


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no online store"):
        OnlineStore(tmp_path / "nowhere.db")
    (tmp_path / "text.db").write_text("no database at all, but long enough to look like one " * 4)
    with pytest.raises(LedgerError, match="cannot be read"):
        OnlineStore(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(LedgerError, match="no online feature store"):
        OnlineStore(tmp_path / "other.db")
    writing.write(tmp_path / "new.db", target(), table(("USD", days(-1), 0.5, 1)))
    with sqlite3.connect(tmp_path / "new.db") as other:
        other.execute("PRAGMA user_version = 9")
    for attempt in (
        lambda: OnlineStore(tmp_path / "new.db"),
        lambda: writing.write(tmp_path / "new.db", target(), table()),
    ):
        with pytest.raises(LedgerError, match="of another version of Assay"):
            attempt()


def test_a_read_meets_the_state_before_a_write_or_after_it(tmp_path: Path) -> None:
    """Every entity of a materialisation carries its number; no reader ever sees two numbers at one moment of the store."""
    file = tmp_path / "f.db"
    codes = [f"C{n:02}" for n in range(20)]

    def generation(n: int) -> tables.Table:
        return table(*((code, days(-1), float(n), n) for code in codes))

    writing.write(file, target(), generation(0))
    stop, seen = threading.Event(), set()

    def read() -> None:
        connection = onlinefile.connect(file, read_only=True)
        while not stop.is_set():
            rows = connection.execute("SELECT features FROM latest").fetchall()
            seen.add(len({row[0] for row in rows}))
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(1, 15):
        writing.write(file, target(), generation(n))
    stop.set()
    reader.join()
    assert seen == {1}


class Slow(tuple[Any, ...]):
    """A row that says that it is being written, and then never ends."""

    __slots__ = ()

    def __getitem__(self, place: Any) -> Any:
        if place == slice(2, None):
            print("writing", flush=True)
            signal.pause()
        return super().__getitem__(place)


KILLED = """
import sys
from pathlib import Path
from app.features import writing
from tests.app.features.test_online import Slow, days, table, target
made = table(("AAA", days(-1), 0.9, 9), ("USD", days(-1), 0.9, 9))
chosen = made._replace(rows=[made.rows[0], Slow(made.rows[1])])
writing.write(Path(sys.argv[1]), target(dataset="sha256:z"), chosen)
"""


def test_a_kill_in_the_middle_of_a_write_leaves_what_was(path: Path) -> None:
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", KILLED, str(path)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": root})
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n", "one entity is written, the next is begun"
    with OnlineStore(path, count=False) as store:
        assert store.get("momentum", "USD", version=1, now=NOW).values["n"] == 7, "readers go on meanwhile"
    writer.kill()
    writer.wait()
    writer.stdout.close()
    with OnlineStore(path) as store:
        assert store.get("momentum", "USD", version=1, now=NOW).values["n"] == 7
        assert refusal(store, "momentum", "AAA")[0] == "entity"
    assert writing.write(path, target(), table(("AAA", days(-1), 0.9, 9))).written == 1


def test_reading_imports_nothing_heavy(path: Path) -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from app.features.online import OnlineStore\n"
        "with OnlineStore(sys.argv[1]) as store:\n"
        "    store.get('momentum', 'USD', version=1, now=datetime(2026, 1, 10, tzinfo=UTC))\n"
        "print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in said.stdout.split()}
    assert not tops & {"numpy", "pandas", "pyarrow", "sqlalchemy", "msgspec", "orjson", "yaml", "cryptography"}
