"""``assay check run``: declared checks on a registered table, each verdict an event, mappings only once approved."""

from __future__ import annotations

import json

import pytest

from tests.app.story import Shell

CHECKS = """
checks:
  - {check: positive, kind: ranges, subject: dataset/fx-hedging/rates, above: 0.0}
  - {check: redenominations, kind: rebasing, subject: dataset/fx-hedging/rates, tolerance: 0.05}
"""
ROWS = "date,OLD,NEW\n2004-12-30,1800000,\n2004-12-31,1810000,\n2005-01-03,,1.82\n2005-01-04,,1.83\n"


def register(shell: Shell, name: str, text: str, kind: str = "dataset") -> None:
    (shell.root / name).write_text(text)
    shell.ok("--as", "lea", "artifact", "register", name, "--kind", kind, "--name", name)


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """A table in which a currency takes over from another at a millionth, and its checks."""
    register(shell, "rates", ROWS)
    (shell.root / "checks.yaml").write_text(CHECKS)
    return shell


def test_each_verdict_is_an_event_and_one_that_blocks_a_finding(ready: Shell) -> None:
    said = ready("--as", "lea", "check", "run", "rates", "--json")
    assert said.code == 1
    assert said.document["stopped"] == ["redenominations"]
    assert [each["verdict"] for each in said.document["checks"]] == ["pass", "block"]
    executed = ready.json("log", "--type", "check.executed")["events"]
    assert [each["subject"] for each in executed] == ["dataset/fx-hedging/rates@1"] * 2
    assert len(ready.json("log", "--type", "check.configured")["events"]) == 2
    assert ready("--as", "lea", "check", "run", "rates").out.startswith(
        "✗ stopped  dataset/fx-hedging/rates@1, 2 checks"
    )
    assert len(ready.json("log", "--type", "check.configured")["events"]) == 2, "declared once"


def test_a_subject_may_leave_out_its_project_and_a_changed_setting_is_recorded(ready: Shell) -> None:
    run = ("--as", "lea", "check", "run", "rates")
    short = "checks:\n  - {check: positive, kind: ranges, subject: dataset/rates, above: 0.0, columns: [NEW]}\n"
    (ready.root / "checks.yaml").write_text(short)
    ready.ok(*run)
    ready.ok(*run)
    assert len(ready.json("log", "--type", "check.configured")["events"]) == 1
    (ready.root / "checks.yaml").write_text(short.replace("0.0", "1.825"))
    said = ready(*run)
    assert said.code == 1
    assert "NEW has 1 values outside 1.825" in said.out
    told = ready.json("log", "--type", "check.configured")["events"]
    assert [each["subject"] for each in told] == ["dataset/fx-hedging/rates"] * 2


def test_a_column_about_persons_is_blocked_until_it_is_allowed(ready: Shell) -> None:
    register(ready, "trades", "date,USD,trader_name,desk\n2024-01-02,1.1,lea,A\n")
    declared = "checks:\n  - {check: private, kind: privacy, subject: dataset/trades}\n"
    (ready.root / "checks.yaml").write_text(declared)
    said = ready("--as", "lea", "check", "run", "trades")
    assert said.code == 1
    assert "trader_name may be about persons, by the word name in its name" in said.out
    assert "desk has 1 cells of text, which may name persons" in said.out
    (ready.root / "checks.yaml").write_text(declared.replace("}", ", allowed: [trader_name, desk]}"))
    ready.ok("--as", "lea", "check", "run", "trades")
    [*_, newest] = ready.json("log", "--type", "check.executed")["events"]
    assert newest["sentence"] == "the privacy check private passes dataset/fx-hedging/trades@1"


def test_an_unknown_setting_is_refused_with_its_line(ready: Shell) -> None:
    (ready.root / "checks.yaml").write_text(CHECKS.replace("tolerance", "tolerence"))
    said = ready("--as", "lea", "check", "run", "rates")
    assert said.code == 2
    assert said.err == (
        "assay: checks.yaml, line 4: check redenominations has no setting 'tolerence'; known are tolerance\n"
    )


def test_columns_narrow_what_is_judged(ready: Shell) -> None:
    assert ready("--as", "lea", "check", "run", "rates", "--columns", "USD").code == 0
    assert ready("--as", "lea", "check", "run", "rates", "--columns", "NEW,USD").code == 1


def test_a_mapping_counts_once_the_owner_has_approved_it(ready: Shell) -> None:
    register(ready, "mappings", json.dumps([{"source": "OLD", "target": "NEW", "factor": 1e-6}]), "config")
    run = ("--as", "lea", "check", "run", "rates", "--mapping", "mappings")
    before = ready.json("log", "--type", "check.executed")["events"]
    refused = ready(*run)
    assert refused.code == 1
    assert "config/fx-hedging/mappings@1 is not approved as a mapping of dataset/fx-hedging/rates" in refused.err
    asked = ready.json("--as", "lea", "request", "mappings", "--to", "mapping", "--role", "model_owner")
    number = str(asked["request"]["seq"])
    assert ready(*run).code == 1, "asked is not approved"
    assert ready.json("log", "--type", "check.executed")["events"] == before, "a refusal records nothing"
    ready.ok("--as", "mia", "approve", number, "--reason", "as published", "--yes")
    passed = ready(*run, "--json")
    assert passed.code == 0
    flagged = passed.document["checks"][1]["findings"]
    assert [each["verdict"] for each in flagged] == ["flag"]
    assert ready.json("verify")["ok"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ("ecb-rates",),
            "checks.yaml declares no check of dataset/fx-hedging/ecb-rates; it has checks of dataset/fx-hedging/rates",
        ),
        (("nowhere",), "nowhere"),
        (("rates", "--mapping", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_line(ready: Shell, words: tuple[str, ...], complaint: str) -> None:
    said = ready("--as", "lea", "check", "run", *words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1


def test_without_declarations_there_is_nothing_to_run(ready: Shell) -> None:
    (ready.root / "checks.yaml").unlink()
    said = ready("--as", "lea", "check", "run", "rates")
    assert said.code == 2
    assert "it declares the data checks" in said.err


def test_the_demos_panel_is_stopped_without_its_mapping_alone(demo: Shell) -> None:
    columns = ("--columns", "USD,TRY")
    assert demo("check", "run", "ecb-rates", *columns).code == 1
    said = demo("check", "run", "ecb-rates", "--mapping", "mappings", *columns)
    assert said.code == 0
    assert "mapped, as approved" in said.out


def test_a_table_of_words_is_checked_by_the_columns_that_are_named(ready: Shell) -> None:
    register(ready, "trades", "id,booked,desk\nT-1,2024-01-03,FX\nT-2,2024-01-02,rates\nT-2,2024-01-04,\n")
    (ready.root / "checks.yaml").write_text(
        "checks:\n"
        "  - {check: shape, kind: schema, subject: dataset/trades, columns: [id], types: {id: text, booked: day, desk: text}}\n"
        "  - {check: desks, kind: values, subject: dataset/trades, columns: [desk], allowed: [FX, rates]}\n"
        "  - {check: keys, kind: uniqueness, subject: dataset/trades, keys: [id]}\n"
        "  - {check: days, kind: uniqueness, subject: dataset/trades, day: booked}\n"
    )
    said = ready("--as", "lea", "check", "run", "trades", "--json")
    assert said.document["stopped"] == ["keys"]
    days = said.document["checks"][3]
    assert days["inputs"]["span"] == ["2024-01-02", "2024-01-04"]
    assert days["inputs"]["settings"] == {"day": "booked"}
    assert "span" not in said.document["checks"][0]["inputs"], "rows have days where a check names them"
    (ready.root / "checks.yaml").write_text(
        "checks:\n  - {check: new, kind: freshness, subject: dataset/trades, days: 2}\n"
    )
    before = ready.bytes()
    said = ready("--as", "lea", "check", "run", "trades")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "check new: trades: its first column, id, holds no days" in said.err
    assert ready.bytes() == before
    assert ready.json("verify")["ok"]
