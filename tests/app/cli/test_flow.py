"""The main path on the command line: from a new folder to an approved deployment, and what each command says of it."""

from __future__ import annotations

import json

import pytest

from app.actions import registry
from tests.app.story import ORIGIN, PROJECT, RUN, Shell, request_number

READING = {
    "overview": (),
    "whoami": ("--as", "lea"),
    "log": (),
    "show": ("fx-vol@1",),
    "lineage": ("fx-vol@1",),
    "orphans": (),
    "people list": (),
    "artifact list": (),
    "artifact show": ("ecb-rates",),
    "artifact check": (),
    "runs": (),
    "runs show": (RUN,),
    "approvals": (),
    "alerts": (),
}


def test_init_makes_a_workspace_whose_first_event_names_it(empty: Shell) -> None:
    made = empty.json("--as", "ada", "init", "--origin", ORIGIN, "--project", PROJECT)
    assert (made["origin"], made["administrator"], made["project"]) == (ORIGIN, "ada", PROJECT)
    assert made["key"].startswith(f"{ORIGIN}+")
    assert f'project = "{PROJECT}"' in (empty.root / "assay.toml").read_text()
    (event,) = empty.json("log")["events"]
    assert (event["type"], event["actor"], event["subject"]) == ("ledger.created", "ada", f"ledger/{ORIGIN}")
    assert empty.json("verify")["ok"]


def test_init_keeps_a_workspace_that_is_there(shell: Shell) -> None:
    before = shell.bytes()
    said = shell("--as", "ada", "init")
    assert (said.code, said.out) == (2, "")
    assert "is a workspace already" in said.err
    assert shell.bytes() == before


def test_init_gives_a_checked_out_workspace_its_ledger(empty: Shell) -> None:
    settings = 'project = "rates"\nenvironments = ["prod"]\n'
    (empty.root / "assay.toml").write_text(settings)
    assert empty.json("--as", "ada", "init", "--origin", ORIGIN)["project"] == "rates"
    assert (empty.root / "assay.toml").read_text() == settings


def test_init_under_a_login_name(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert empty.json("init", "deep/new folder")["administrator"] == "grace"
    assert json.loads(empty.ok("verify", "deep/new folder", "--json").out)["ok"]


def test_init_says_how_its_choice_of_a_name_sticks(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert "`export ASSAY_ACTOR=grace`" in empty.ok("init", "one").out
    assert "`export ASSAY_ACTOR=ada`" in empty.ok("--as", "ada", "init", "two").out
    monkeypatch.setenv("ASSAY_ACTOR", "ada")
    assert "export" not in empty.ok("init", "three").out


def test_settings_that_cannot_be_read_are_no_secret(shell: Shell) -> None:
    (shell.root / "assay.toml").write_text("# what\nproject = [")
    assert "line 2, the end" in shell("artifact", "register", "x", "--kind", "dataset", "--as", "lea").err
    lines = shell.ok("overview").out.splitlines()
    assert "assay.toml" in lines[1]
    assert "line 2, the end" in lines[1]


def test_a_long_note_is_folded_in_lists_and_a_longer_one_is_refused(shell: Shell) -> None:
    said = shell("--as", "lea", "request", "fx-vol@1", "--note", "é" * 4_001)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "a note of 8,002 bytes is too long; it takes 8,000" in said.err
    number = shell.json("--as", "lea", "request", "fx-vol@1", "--note", "why\n" + "é" * 3_998)["request"]["seq"]
    assert f": why {'é' * 95}…" in shell.ok("approvals").out
    assert "é" * 3_998 not in shell.ok("approvals").out
    assert "é" * 3_998 in shell.ok("show", str(number)).out


def test_two_signatures_open_the_gate_and_the_rule_holds_until_then(shell: Shell) -> None:
    number = request_number(shell)
    shut = shell("gate", "fx-vol@1", "--to", "prod", "--json")
    assert shut.code == 1
    assert not shut.document["allowed"]
    before = shell.json("log")["events"][-1]["seq"]
    refused = shell("--as", "lea", "deploy", "fx-vol@1", "--to", "prod")
    assert refused.code == 1
    assert "refused" in refused.err
    assert f"`assay approve {number}`" in refused.err
    assert shell.json("log")["events"][-1]["seq"] == before

    shell.ok("--as", "jon", "approve", number, "--yes", "--reason", "validated")
    shell.ok("--as", "mia", "approve", number, "--yes")
    assert shell.json("gate", "fx-vol@1", "--to", "prod")["allowed"]
    assert shell.json("approvals")["requests"] == []
    (request,) = shell.json("approvals", "--all")["requests"]
    assert request["state"] == "approved"
    assert [each["signer"] for each in request["decisions"]] == ["jon", "mia"]
    assert [each["reason"] for each in request["decisions"]] == ["validated", None]
    assert "validated" in shell.ok("approvals", "--all").out
    assert "validated" in shell.ok("show", f"request/{number}").out

    deployed = shell.json("--as", "lea", "deploy", "fx-vol@1", "--to", "prod")["deployment"]
    assert (deployed["subject"], deployed["status"]) == (f"model/{PROJECT}/fx-vol@1", "ok")
    shown = shell.json("artifact", "show", "fx-vol@champion")["artifact"]
    assert (shown["stage"], shown["live"], shown["version"]) == ("production", ["prod"], 1)
    again = shell("--as", "lea", "deploy", "fx-vol@1", "--to", "prod")
    assert again.code == 2
    assert "is live in prod already" in again.err
    assert shell.json("verify")["ok"]


def test_who_may_not_sign_is_told_why(shell: Shell) -> None:
    number = request_number(shell)
    said = shell("--as", "lea", "approve", number, "--yes")
    assert said.code == 1
    assert "lea" in said.err
    shell.ok("--as", "jon", "approve", number, "--yes")
    twice = shell("--as", "jon", "approve", number, "--yes")
    assert twice.code == 1
    assert "jon has decided" in twice.err
    assert shell("--as", "nobody", "approve", number, "--yes").code == 1


def test_a_rejection_ends_a_request_and_keeps_its_reason(shell: Shell) -> None:
    number = request_number(shell)
    assert shell("--as", "jon", "reject", number, "--reason", "  ", "--yes").code == 2
    shell.ok("--as", "jon", "reject", number, "--reason", "bias \x1b[31mreport", "--yes")
    (request,) = shell.json("approvals", "--all")["requests"]
    assert (request["state"], request["decisions"][0]["reason"]) == ("rejected", "bias \x1b[31mreport")
    drawn = shell.ok("approvals", "--all").out
    assert "\x1b" not in drawn
    assert "bias \\u{1b}[31mreport" in drawn
    late = shell("--as", "mia", "approve", number, "--yes")
    assert late.code == 1
    assert "was rejected" in late.err


def test_signing_asks_first_where_nobody_said_yes(shell: Shell) -> None:
    said = shell("--as", "jon", "approve", request_number(shell))
    assert said.code == 2
    assert "--yes" in said.err


def test_the_same_bytes_are_registered_once(shell: Shell) -> None:
    first = shell.json("artifact", "show", "ecb-rates")["artifact"]
    as_lea = ("--as", "lea", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "ecb-rates")
    again = shell.json(*as_lea)
    assert (again["registered"], again["artifact"]["seq"]) == (False, first["seq"])
    (shell.root / "rates.csv").write_text("day,usd\n2008-09-18,1.43\n")
    assert shell.json(*as_lea)["artifact"]["version"] == 2
    assert shell.json("artifact", "show", "ecb-rates@1")["artifact"]["sha256"] == first["sha256"]


def test_bytes_come_back_and_a_changed_one_is_found(shell: Shell) -> None:
    shell.ok("artifact", "restore", "ecb-rates", "-o", "copy.csv")
    assert (shell.root / "copy.csv").read_bytes() == (shell.root / "rates.csv").read_bytes()
    assert shell("artifact", "restore", "ecb-rates", "-o", "copy.csv").code == 2
    shell.ok("artifact", "restore", "fx-vol@2", "-o", "folder")
    assert (shell.root / "folder" / "weights.json").read_text() == '{"beta": [0.1, 0.2]}'

    sha256 = shell.json("artifact", "show", "ecb-rates")["artifact"]["sha256"]
    stored = shell.root / ".assay" / "objects" / sha256[7:9] / sha256[9:]
    stored.chmod(0o644)
    stored.write_bytes(b"D" + stored.read_bytes()[1:])
    checked = shell("artifact", "check", "--json")
    assert checked.code == 1
    (finding,) = checked.document["findings"]
    assert (finding["ref"], finding["kind"]) == (f"dataset/{PROJECT}/ecb-rates@1", "damaged")
    assert shell("artifact", "restore", "ecb-rates", "-o", "bad.csv").code == 2
    assert not (shell.root / "bad.csv").exists()


def test_lineage_goes_back_to_the_file_and_on_to_the_model(shell: Shell) -> None:
    up = shell.json("lineage", "fx-vol@1", "--up")
    assert [node["ref"] for node in up["nodes"]] == [
        f"dataset/{PROJECT}/ecb-rates@1",
        f"run/{RUN}",
        f"model/{PROJECT}/fx-vol@1",
    ]
    down = shell.json("lineage", "ecb-rates", "--down", "--depth", "1")
    assert {node["ref"] for node in down["nodes"]} == {f"dataset/{PROJECT}/ecb-rates@1", f"run/{RUN}"}
    assert "! drift-2008-09-17" in shell.ok("lineage", "fx-vol@1").out
    assert shell("lineage", "person/ada").code == 2


@pytest.mark.parametrize(
    ("ref", "what"),
    [
        ("fx-vol@1", "artifact"),
        ("fx-vol@challenger", "artifact"),
        (f"run/{RUN[:4]}", "run"),
        (RUN[:5], "run"),
        ("seq:0", "event"),
        ("0", "event"),
        ("alert/drift", "alert"),
        ("drift-2008", "alert"),
        ("person/ada", "person"),
        ("jon", "person"),
        (f"project/{PROJECT}", "project"),
    ],
)
def test_show_finds_whatever_is_named(shell: Shell, ref: str, what: str) -> None:
    shown = shell.json("show", ref)
    assert shown["what"] == what
    assert shell.ok("show", ref).out.strip()


def test_show_an_event_with_its_exact_bytes(shell: Shell) -> None:
    import hashlib

    event = shell.json("show", "seq:1")["event"]
    assert hashlib.sha256(b"\x00" + event["body"].encode()).hexdigest() == event["hash"]
    assert json.loads(event["body"])["value"] == event["value"]


def test_show_a_request_by_its_number(shell: Shell) -> None:
    number = request_number(shell)
    assert shell.json("show", number)["request"]["subject"] == f"model/{PROJECT}/fx-vol@1"
    assert shell.json("show", f"request/{number}")["request"]["state"] == "open"


def test_an_alert_is_acknowledged_once(shell: Shell) -> None:
    done = shell.json("--as", "mia", "alerts", "ack", "drift", "--note", "watching")
    assert (done["alert"]["state"], done["alert"]["changes"][0]["note"]) == ("acknowledged", "watching")
    again = shell("--as", "mia", "alerts", "ack", "drift")
    assert again.code == 2
    assert "acknowledged already, by mia" in again.err
    assert shell.json("alerts", "--state", "raised")["alerts"] == []


def test_the_log_filters(shell: Shell) -> None:
    everything = shell.json("log", "-n", "0")["events"]
    assert [each["seq"] for each in everything] == list(range(len(everything)))
    assert [each["seq"] for each in shell.json("log", "-n", "3")["events"]] == [each["seq"] for each in everything[-3:]]
    for words, fits in (
        (("--type", "run."), lambda each: each["type"].startswith("run.")),
        (("--type", "run.started", "--type", "alert."), lambda each: each["type"] in ("run.started", "alert.raised")),
        (("--subject", "model/"), lambda each: each["subject"].startswith("model/")),
        (("--actor", "lea"), lambda each: each["actor"] == "lea"),
        (("--project", PROJECT), lambda each: each["project"] == PROJECT),
    ):
        wanted = [each["seq"] for each in everything if fits(each)]
        assert wanted
        assert [each["seq"] for each in shell.json("log", "-n", "0", *words)["events"]] == wanted
    assert shell.json("log", "--type", "no.such")["events"] == []
    assert shell("log", "-n", "-1").code == 2


def test_every_reading_command_looks_back(shell: Shell) -> None:
    """As of event 4 there is nobody but the people: no version, run, alert or request."""
    for name in READING:
        assert registry.get(name).at, name
    for at in ("4", "seq:4"):
        assert shell.json("artifact", "list", "--at", at)["artifacts"] == []
        assert shell.json("runs", "--at", at)["runs"] == []
        assert shell.json("alerts", "--at", at)["alerts"] == []
        assert shell.json("approvals", "--all", "--at", at)["requests"] == []
        assert shell.json("log", "--at", at)["events"][-1]["seq"] == 4
        assert shell("show", "fx-vol", "--at", at).code == 2
    moment = shell.json("show", "seq:3")["event"]["at"]
    assert shell.json("log", "--at", moment)["at"] == 3
    for wrong in ("99999", "yesterday", "2001-01-01", "2008-13-01", "-1", "1" * 30):
        said = shell("log", "--at", wrong) if not wrong.startswith("-") else shell("log", f"--at={wrong}")
        assert (said.code, said.out) == (2, ""), wrong
        assert said.err.count("\n") == 1


@pytest.mark.parametrize("name", READING)
def test_every_reading_command_has_its_three_forms(shell: Shell, name: str) -> None:
    words = (*name.split(), *READING[name])
    document = shell.json(*words)
    assert document
    plain = shell.ok(*words, "--plain").out
    assert plain.strip()
    assert "\x1b" not in plain
    assert plain == shell.ok(*words).out  # no terminal here, so no paint


def test_verify_speaks_the_documented_shape_and_finds_a_changed_byte(shell: Shell) -> None:
    import sqlite3

    sound = shell.json("verify", "--strict")
    assert {"ok", "size", "root", "head", "origin", "checked", "findings", "complete"} <= sound.keys()
    assert (sound["ok"], sound["origin"], sound["findings"]) == (True, ORIGIN, [])
    assert len(bytes.fromhex(sound["root"])) == len(bytes.fromhex(sound["head"])) == 32
    assert sound["head"] == shell.json("log", "-n", "1")["events"][0]["hash"]

    with sqlite3.connect(shell.ledger) as connection:
        connection.execute("DROP TRIGGER events_keep_update")
        connection.execute("UPDATE events SET actor = 'eve' WHERE seq = 3")
    connection.close()
    said = shell("verify", "--json")
    assert said.code == 1
    found = {(each["kind"], each["seq"]) for each in said.document["findings"]}
    assert ("columns", 3) in found
    assert ("schema", None) in found
    assert "✗ columns at event 3" in shell("verify").out


def test_verify_against_a_checkpoint_kept_elsewhere(shell: Shell) -> None:
    note = shell.ok("checkpoint").out
    assert note.startswith(f"{ORIGIN}\n")
    shell.ok("checkpoint", "-o", "kept")
    assert (shell.root / "kept").read_text() == note
    assert shell.json("checkpoint")["note"] == note
    assert shell.ok("verify", "--checkpoint", "kept").code == 0
    key = shell.json("show", "seq:0")["event"]["value"]["key"]
    assert shell.ok("verify", "--key", key).code == 0
    forged = note.replace("\n", "\n1", 1)
    (shell.root / "forged").write_text(forged)
    assert shell("verify", "--checkpoint", "forged").code in (1, 2)
    (shell.root / "binary").write_bytes(b"\xff\xfe")
    assert shell("verify", "--checkpoint", "binary").code == 2
    assert shell("verify", "--key", "nonsense").code == 2


def test_verify_a_workspace_or_a_file_elsewhere_and_record_the_result(shell: Shell) -> None:
    assert shell.json("verify", str(shell.root))["ok"]
    assert shell.json("verify", str(shell.ledger))["ok"]
    recorded = shell.json("--as", "ada", "verify", "--record")["recorded"]
    last = shell.json("log", "-n", "1")["events"][0]
    assert (last["seq"], last["type"], last["actor"]) == (recorded, "ledger.verified", "ada")
    assert shell("--as", "ada", "verify", str(shell.ledger), "--record").code == 2


def test_rebuild_changes_nothing_that_can_be_seen(shell: Shell) -> None:
    before = [shell.ok(*name.split(), *READING[name], "--json").out for name in READING]
    assert shell.json("rebuild")["events"] == shell.json("verify")["size"]
    assert [shell.ok(*name.split(), *READING[name], "--json").out for name in READING] == before


def test_people_are_enrolled_by_an_administrator_alone(shell: Shell) -> None:
    size = shell.json("verify")["size"]
    assert shell("--as", "lea", "people", "add", "eve", "--role", "risk_officer").code in (1, 2)
    assert shell.json("verify")["size"] == size
    added = shell.json("--as", "ada", "people", "add", "svc:trainer", "--automation", "--role", "trainer")["person"]
    assert (added["kind"], added["roles"]) == ("automation", [{"scope": PROJECT, "role": "trainer"}])
    more = shell.json("--as", "ada", "people", "add", "jon", "--role", "auditor")["person"]
    assert {each["role"] for each in more["roles"]} == {"risk_officer", "auditor"}
    assert shell("--as", "ada", "people", "add", "jon", "--role", "auditor").code == 2
    for wrong in ("a b", "", "../x", "x/y"):
        assert shell("--as", "ada", "people", "add", wrong).code == 2


def test_an_enrolled_key_from_elsewhere(shell: Shell) -> None:
    from ledger.format.keys import SecretKey

    public = str(SecretKey.generate().public)
    added = shell.json("--as", "ada", "people", "add", "zoe", "--key", public, "--title", "Head of risk")["person"]
    assert (added["keys"], added["title"]) == ([public], "Head of risk")
    assert shell("--as", "ada", "people", "add", "yan", "--key", "short").code == 2


def test_a_wrong_passphrase_signs_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = shell.root.parent / "wrong"
    wrong.write_text("battery staple\n")
    monkeypatch.setenv("ASSAY_PASSPHRASE_FILE", str(wrong))
    before = shell.json("verify")["head"]
    said = shell("--as", "jon", "approve", request_number(shell), "--yes")
    assert said.code == 2
    assert "wrong passphrase" in said.err
    monkeypatch.delenv("ASSAY_PASSPHRASE_FILE")
    said = shell("--as", "jon", "approve", request_number(shell), "--yes")
    assert said.code == 2
    assert "ASSAY_PASSPHRASE_FILE" in said.err
    assert shell.json("verify")["head"] == before


def test_overview_says_what_waits_and_what_is_wrong(shell: Shell) -> None:
    facts = shell.json("overview")
    assert [each["seq"] for each in facts["requests"]] == [int(request_number(shell))]
    assert [each["alert"] for each in facts["alerts"]] == ["drift-2008-09-17"]
    assert facts["counts"]["model"] == 2
    said = shell()
    assert said.code == 0
    assert said.out == shell.ok("overview").out
    assert "the dashboard needs a terminal" in said.err
