"""Versions and what happens to them: aliases that move, retirement, documents, damage found and recorded, restoring."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import ledger
from app.actions import registry
from tests.app.actions.test_shapes import _hold
from tests.app.story import PROJECT, RUN, Shell

DATA, MODEL = f"dataset/{PROJECT}/ecb-rates", f"model/{PROJECT}/fx-vol"
LEA = ("--as", "lea")


def stored(shell: Shell, ref: str) -> Path:
    """The file that holds a version's bytes, made writable."""
    sha256 = shell.json("artifact", "show", ref)["artifact"]["sha256"]
    path = shell.root / ".assay" / "objects" / sha256[7:9] / sha256[9:]
    path.chmod(0o644)
    return path


def newest(shell: Shell, event_type: str) -> dict[str, Any]:
    """The value of the newest event of a type."""
    seq = shell.json("log", "--type", event_type, "-n", "1")["events"][0]["seq"]
    found: dict[str, Any] = shell.json("show", f"seq:{seq}")["event"]
    return found


# Aliases


def test_every_move_of_an_alias_is_history(shell: Shell) -> None:
    moved = shell.json(*LEA, "artifact", "alias", "fx-vol@1", "champion")
    _hold(moved, registry.get("artifact alias").gives, "artifact alias")
    assert (moved["moved"], moved["from"]) == (True, None)
    first = moved["events"][0]
    again = shell.json(*LEA, "artifact", "alias", "fx-vol@2", "@champion")
    assert again["from"] == f"{MODEL}@1"
    assert shell.json(*LEA, "artifact", "alias", "fx-vol@2", "champion")["moved"] is False

    told = shell.json("artifact", "aliases", "fx-vol")
    _hold(told, registry.get("artifact aliases").gives, "artifact aliases")
    champions = [each for each in told["moves"] if each["alias"] == "champion"]
    assert [(each["version"], each["actor"]) for each in champions] == [(1, "lea"), (2, "lea")]
    assert champions[0]["until"] == champions[1]["since"]
    assert champions[1]["until"] is None
    assert shell.json("artifact", "show", "fx-vol@champion", "--at", str(first["seq"]))["artifact"]["version"] == 1
    assert shell.json("show", "fx-vol@champion")["artifact"]["version"] == 2
    assert len(shell.json("artifact", "aliases", "--at", str(first["seq"]))["moves"]) == 2
    assert "now" in shell.ok("artifact", "aliases").out
    assert shell("artifact", "show", "fx-vol@champion", "--at", str(first["seq"] - 1)).code == 2


def test_an_alias_points_to_what_is_registered(shell: Shell) -> None:
    said = shell(*LEA, "artifact", "alias", "fx-vol@9", "champion")
    assert said.code == 2
    assert "no version or alias '9'" in said.err


# Stages and retirement


def test_only_models_are_candidates(shell: Shell) -> None:
    stages = {each["ref"]: each["stage"] for each in shell.json("artifact", "list")["artifacts"]}
    assert stages == {f"{DATA}@1": None, f"{MODEL}@1": "candidate", f"{MODEL}@2": "candidate"}
    assert "candidate" not in shell.ok("artifact", "show", "ecb-rates").out


def test_what_is_retired_says_why_and_what_to_use(shell: Shell) -> None:
    (shell.root / "rates.csv").write_text("day,usd\n2008-09-18,1.43\n")
    shell.ok(*LEA, "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "ecb-rates")
    before = shell.json("log", "-n", "1")["events"][0]["seq"]
    words = ("artifact", "retire", "ecb-rates@1", "--reason", "wrong units", "--replaced-by", "ecb-rates@2")
    said = shell.json(*LEA, *words)
    _hold(said, registry.get("artifact retire").gives, "artifact retire")
    assert said["depending"] == [f"run/{RUN}", f"{MODEL}@1"]
    facts = said["artifact"]
    assert (facts["stage"], facts["retired"], facts["replaced_by"]) == ("retired", "wrong units", f"{DATA}@2")
    assert "wrong units; " in shell.ok("show", "ecb-rates@1").out
    assert shell.json("artifact", "show", "ecb-rates@1", "--at", str(before))["artifact"]["retired"] is None
    twice = shell(*LEA, *words)
    assert twice.code == 1
    assert "is retired already" in twice.err
    assert shell(*LEA, "artifact", "retire", "ecb-rates@2", "--reason", " ").code == 2
    itself = shell(*LEA, "artifact", "retire", "ecb-rates@2", "--reason", "x", "--replaced-by", "ecb-rates@2")
    assert "cannot take its own place" in itself.err
    assert shell.json("verify")["ok"]


# Documents


def test_documents_are_attached_once_by_digest(shell: Shell) -> None:
    (shell.root / "card.md").write_text("# Volatility, five days ahead\n\nLimits: pegs.\n")
    words = ("artifact", "attach", "fx-vol@1", "card.md", "--kind", "model_card")
    said = shell.json(*LEA, *words)
    _hold(said, registry.get("artifact attach").gives, "artifact attach")
    (document,) = shell.json("artifact", "show", "fx-vol@1")["artifact"]["documents"]
    assert (document["doc_kind"], document["title"]) == ("model_card", "Volatility, five days ahead")
    assert document["sha256"] == said["sha256"]
    assert "model card  Volatility" in shell.ok("show", "fx-vol@1").out
    assert shell.json(*LEA, *words)["attached"] is False
    assert shell.json(*LEA, "artifact", "attach", f"project/{PROJECT}", "card.md", "--kind", "runbook")["attached"]
    assert shell(*LEA, "artifact", "attach", "fx-vol@7", "card.md", "--kind", "runbook").code == 2
    assert shell(*LEA, "artifact", "attach", "fx-vol@1", "absent.md", "--kind", "runbook").code == 2
    assert shell(*LEA, "artifact", "attach", "fx-vol@1", "card.md", "--kind", "poem").code == 2


# Damage


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda path, other: path.write_bytes(b"X" + path.read_bytes()[1:]), "damaged"),
        (lambda path, other: path.write_bytes(path.read_bytes()[:-1]), "truncated"),
        (lambda path, other: path.unlink(), "absent"),
        (lambda path, other: path.write_bytes(other.read_bytes()), "replaced"),
    ],
)
def test_a_changed_byte_in_a_stored_model_is_found_and_recorded(shell: Shell, change: Any, kind: str) -> None:
    (shell.root / "better.json").write_text('{"beta": [0.1, 0.2, 0.4, 0.5]}')
    shell.ok(*LEA, "artifact", "register", "better.json", "--kind", "model", "--name", "better")
    change(stored(shell, "fx-vol@1"), stored(shell, "better"))
    said = shell(*LEA, "artifact", "check", "--all", "--json")
    assert said.code == 1
    (finding,) = said.document["findings"]
    assert (finding["ref"], finding["kind"]) == (f"{MODEL}@1", kind)
    event = newest(shell, "check.executed")
    assert said.document["recorded"] == [event["seq"]]
    value = event["value"]
    assert event["subject"] == f"{MODEL}@1"
    assert (value["kind"], value["passed"], value["verdict"]) == ("integrity", False, "block")
    assert "integrity check stored-bytes blocks" in shell.ok("show", "fx-vol@1").out
    if kind == "replaced":
        assert value["inputs"]["replaced_by_bytes_of"] == f"model/{PROJECT}/better@1"
        assert f"those of model/{PROJECT}/better@1" in shell("artifact", "check", "fx-vol@1", "--no-record").out


def test_what_is_whole_again_is_recorded(shell: Shell) -> None:
    path = stored(shell, "fx-vol@1")
    right = path.read_bytes()
    path.write_bytes(b"X" + right[1:])
    assert shell(*LEA, "artifact", "check", "fx-vol@1").code == 1
    path.write_bytes(right)
    said = shell.ok(*LEA, "artifact", "check", "--all")
    assert f"mended  {MODEL}@1: its bytes are as registered again" in said.out
    value = newest(shell, "check.executed")["value"]
    assert (value["kind"], value["passed"]) == ("integrity", True)
    assert shell.json(*LEA, "artifact", "check", "--all")["recorded"] == []


def test_damage_says_what_was_made_from_it(shell: Shell) -> None:
    stored(shell, "ecb-rates").unlink()
    said = shell("artifact", "check", "ecb-rates", "--json")
    (finding,) = said.document["findings"]
    assert finding["depending"] == [f"run/{RUN}", f"{MODEL}@1"]
    assert newest(shell, "check.executed")["value"]["inputs"]["depends"] == [f"run/{RUN}", f"{MODEL}@1"]
    assert "touches 2 things" in shell("artifact", "check", "ecb-rates").out


def test_an_intact_store_is_recorded_where_that_is_asked_for(shell: Shell) -> None:
    size = shell.json("log", "-n", "1")["events"][0]["seq"]
    assert shell.json("artifact", "check", "--all")["recorded"] == []
    assert shell.json("log", "-n", "1")["events"][0]["seq"] == size
    said = shell.json(*LEA, "artifact", "check", "--record")
    _hold(said, registry.get("artifact check").gives, "artifact check")
    value = newest(shell, "check.executed")["value"]
    assert (value["passed"], value["inputs"]["objects"], value["value"]) == (True, 3, 0)
    stored(shell, "ecb-rates").unlink()
    before = shell.bytes()
    assert shell("artifact", "check", "--no-record").code == 1
    assert shell.bytes() == before
    assert shell("artifact", "check", "--record", "--no-record").code == 2
    assert shell("artifact", "check", "ecb-rates", "--all").code == 2


def test_a_file_of_a_folder_that_is_damaged_is_named(shell: Shell) -> None:
    with ledger.open(shell.ledger, read_only=True) as book:
        digest = shell.json("artifact", "show", "fx-vol@2")["artifact"]["sha256"]
        (entry,) = book.objects.entries(digest)
        path = book.objects.path(entry.digest)
    path.chmod(0o644)
    path.write_bytes(b"")
    (finding,) = shell("artifact", "check", "fx-vol@2", "--json").document["findings"]
    assert (finding["sha256"], finding["kind"]) == (entry.digest, "truncated")


def test_a_document_that_is_damaged_is_found_as_well(shell: Shell) -> None:
    (shell.root / "card.md").write_text("# Card\n")
    sha256 = shell.json(*LEA, "artifact", "attach", "fx-vol@1", "card.md", "--kind", "model_card")["sha256"]
    path = shell.root / ".assay" / "objects" / sha256[7:9] / sha256[9:]
    path.chmod(0o644)
    path.write_text("# Cart\n")
    said = shell("artifact", "check", "fx-vol@1")
    assert said.code == 1
    assert "its model card" in said.out
    assert newest(shell, "check.executed")["value"]["inputs"]["document"] == "model card"
    assert shell("artifact", "check", "ecb-rates").code == 0


# Restoring


def test_restoring_leaves_evidence_where_that_is_asked_for(shell: Shell) -> None:
    said = shell.json(*LEA, "artifact", "restore", "ecb-rates", "back.csv", "--record")
    _hold(said, registry.get("artifact restore").gives, "artifact restore")
    value = newest(shell, "check.executed")["value"]
    assert (value["kind"], value["passed"]) == ("restore", True)
    path = stored(shell, "ecb-rates")
    path.write_bytes(b"other")
    assert shell(*LEA, "artifact", "restore", "ecb-rates", "again.csv", "--record").code == 2
    assert newest(shell, "check.executed")["value"]["passed"] is False
    assert not (shell.root / "again.csv").exists()
    for words in ((), ("a", "-o", "b")):
        assert shell("artifact", "restore", "ecb-rates", *words).code == 2


# Stores elsewhere


def test_a_workspace_whose_objects_lie_elsewhere(empty: Shell, tmp_path: Path) -> None:
    empty.ok("--as", "ada", "init", "--project", PROJECT)
    settings = empty.root / "assay.toml"
    settings.write_text(f'objects = "local://{tmp_path}/bucket"\n' + settings.read_text())
    (empty.root / "rates.csv").write_text("day,usd\n2008-09-17,1.42\n")
    register = ("--as", "ada", "artifact", "register", "rates.csv", "--kind", "dataset", "--name")
    facts = empty.json(*register, "rates")["artifact"]["facts"]
    assert (facts["rows"], facts["span"]) == (1, ["2008-09-17", "2008-09-17"])
    assert not (empty.root / ".assay" / "objects").exists()
    empty.ok("artifact", "restore", "rates", "back.csv")
    assert empty.json("artifact", "check")["ok"]
    size = empty.json("log", "-n", "1")["events"][0]["seq"]
    shutil.rmtree(tmp_path / "bucket")
    (tmp_path / "bucket").write_text("no folder any more")
    (empty.root / "rates.csv").write_text("day,usd\n2008-09-18,1.43\n")
    said = empty(*register, "rates")
    assert said.code == 2
    assert f"the object store local://{tmp_path}/bucket fails" in said.err
    assert empty.json("log", "-n", "1")["events"][0]["seq"] == size, "what could not be stored is not recorded"


def test_a_store_that_vanishes_in_the_midst_of_a_run_is_told_and_recorded(empty: Shell, tmp_path: Path) -> None:
    bucket = tmp_path / "bucket"
    empty.ok("--as", "ada", "init", "--project", PROJECT)
    settings = empty.root / "assay.toml"
    settings.write_text(f'objects = "local://{bucket}"\n' + settings.read_text())
    (empty.root / "code").mkdir()
    (empty.root / "code" / "vanish.py").write_text(
        f"import shutil, sys\nshutil.rmtree({str(bucket)!r})\nopen({str(bucket)!r}, 'w').close()\n"
        "open(sys.argv[1], 'w').write('made')\n"
    )
    (empty.root / "vanish.yaml").write_text(
        "job: vanish\ncommand: [python, vanish.py, '{outputs.m}']\ncode: code\noutputs: {m: {artifact: model/made}}\n"
    )
    said = empty("--as", "ada", "run", "vanish.yaml", "--json")
    assert said.code == 1
    (run,) = empty.json("runs")["runs"]
    assert (run["status"], run["outputs"]) == ("failed", [])
    assert f"the object store local://{bucket} fails" in run["reason"]
    assert empty("artifact", "check", "--all").code == 2, "what cannot be looked at is no finding"
    assert empty.json("verify")["ok"]


def test_the_python_interface_takes_a_store_by_its_url(shell: Shell, tmp_path: Path) -> None:
    with ledger.open(shell.ledger, objects=f"local://{tmp_path}/other") as book:
        with book.run("train", project=PROJECT, actor="lea") as run:
            run.output("model/elsewhere", b"weights")
        digest = book.objects.put_bytes(b"weights").digest
        assert book.objects.locate(digest).startswith(f"local://{tmp_path}/other/")
    with ledger.open(shell.ledger, read_only=True) as book:
        assert not book.objects.has(digest)


# What a registration says of a table


def test_a_table_is_registered_with_columns_rows_span_and_profile(shell: Shell) -> None:
    facts = shell.json("artifact", "show", "ecb-rates")["artifact"]["facts"]
    assert (facts["rows"], facts["span"]) == (1, ["2008-09-17", "2008-09-17"])
    day, usd = facts["summary"]["schema"]
    assert (day["name"], day["kind"], usd["name"], usd["kind"], usd["min"]) == ("day", "time", "usd", "real", 1.42)
    with ledger.open(shell.ledger, read_only=True) as book:
        from app.profiling.profile import Profile

        kept = Profile.decoded(book.objects.read(facts["summary"]["profile"]))
    assert kept.columns["usd"].numbers.moments.mean == 1.42
    assert "column  kind" in shell.ok("artifact", "show", "ecb-rates").out


def test_what_only_looks_like_a_table_is_registered_by_its_bytes(shell: Shell) -> None:
    (shell.root / "odd.csv").write_bytes(b"a,b\n1\n1,2,3\n")
    said = shell.ok(*LEA, "artifact", "register", "odd.csv", "--kind", "dataset")
    assert "no profile: odd.csv is no whole CSV" in said.out
    assert "rows" not in shell.json("artifact", "show", "odd")["artifact"]["facts"]
    (shell.root / "large.csv").write_text("a\n1\n")
    said = shell.json(*LEA, "artifact", "register", "large.csv", "--kind", "dataset", "--no-profile")
    assert said["artifact"]["facts"] == {}


def test_the_history_of_a_version_is_folded_where_it_is_long(shell: Shell) -> None:
    for number in range(20):
        shell.ok(*LEA, "artifact", "alias", f"fx-vol@{1 + number % 2}", "moving")
    drawn = shell.ok("show", "fx-vol@2").out
    assert drawn.count("made version 2 the moving") <= 12
    long = shell.json("show", "fx-vol@1")
    assert len(long["history"]) > 10


def test_bare_listing_imports_no_pandas(shell: Shell) -> None:
    import subprocess

    code = (
        "import sys; from app.cli.main import main; main(['-C', sys.argv[1], 'artifact', 'list']); "
        "sys.exit(any(name in sys.modules for name in ('pandas', 'pyarrow', 'fsspec')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, str(shell.root)], check=False, capture_output=True).returncode == 0
    )


# Listings


def test_a_listing_shows_the_newest_and_says_how_to_see_the_rest(shell: Shell) -> None:
    shell.ok(*LEA, "artifact", "alias", "fx-vol@2", "challenger")
    for words, member in (
        (("artifact", "list"), "artifacts"),
        (("artifact", "aliases"), "moves"),
        (("approvals", "--all"), "requests"),
        (("alerts",), "alerts"),
        (("runs",), "runs"),
    ):
        every, last = shell.json(*words, "-n", "0"), shell.json(*words, "-n", "1")
        assert last[member] == every[member][-1:]
        assert last["total"] == every["total"] == len(every[member])
        said = shell.ok(*words, "-n", "1").out
        assert ("earlier" in said and f"-n 0 lists all {every['total']}" in said) == (every["total"] > 1)
        assert "earlier" not in shell.ok(*words, "-n", "0").out
        assert "-n -1: a count is 0 (for all) or more" in shell(*words, "-n", "-1").err
