"""Every example in docs/format.md is computed again, and the log that they make is one that this program verifies."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import ledger
from ledger.audit.report import KINDS
from ledger.events import VOCABULARY
from ledger.format import b64, tlogproof
from ledger.format.note import Ed25519Verifier
from ledger.projections import rebuild
from ledger.store import journal, migration
from tests.docs import example

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")

_BLOCK = re.compile(r"<!-- example: ([a-z0-9-]+) -->\n```[a-z]*\n(.*?)\n```\n", re.DOTALL)
_ROW = re.compile(r"^\| `([a-z_.:0-9]+)` \| (.*?) \|", re.MULTILINE)

SHOWN = dict(_BLOCK.findall(PAGE))
NOT_COMPUTED = {"reader"}


@pytest.fixture(scope="module")
def computed() -> dict[str, str]:
    """The examples, made by the code."""
    return {name: text.rstrip("\n") for name, text in example.blocks().items()}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's seven events and two checkpoints, put into a database as the page shows them, by hand."""
    log = example.Log()
    path = tmp_path_factory.mktemp("format") / "ledger.db"
    migration.make(path)
    with sqlite3.connect(path) as connection:
        for seq in range(7):
            event = msgspec.json.decode(SHOWN[f"event-{seq}"])
            columns = [event[name] for name in ("type", "subject", "project", "actor", "at", "cause")]
            row = (seq, log.leaf(seq), SHOWN[f"event-{seq}"].encode(), *columns)
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for line in SHOWN["nodes"].splitlines():
            level, index, node = line.split()
            connection.execute("INSERT INTO nodes VALUES (?, ?, ?)", (int(level), int(index), bytes.fromhex(node)))
        for size in (5, 7):
            note = SHOWN[f"checkpoint-{size}"] + "\n"
            connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, note))
        rebuild(connection, (each.event for each in journal.read(connection)))
    connection.close()
    return path


def test_the_page_shows_every_example_and_no_other(computed: dict[str, str]) -> None:
    marks = re.findall(r"<!-- example: ([a-z0-9-]+) -->", PAGE)
    assert len(marks) == len(set(marks))
    assert set(SHOWN) == set(computed) | NOT_COMPUTED
    assert set(marks) == set(SHOWN) | {"vocabulary"}


@pytest.mark.parametrize("name", sorted(set(SHOWN) - NOT_COMPUTED))
def test_an_example_is_what_the_code_computes(name: str, computed: dict[str, str]) -> None:
    assert SHOWN[name] == computed[name]


def test_the_page_s_log_is_intact(database: Path) -> None:
    report = ledger.verify(database, strict=True, key=SHOWN["verifier-key"], checkpoints=[SHOWN["cosigned"] + "\n"])
    assert report.findings == []
    assert (report.size, report.root) == (7, SHOWN["roots"].splitlines()[-1].split()[1])


def test_the_page_s_reader_finds_size_and_root(database: Path) -> None:
    """It runs apart from the project: no path of ours, no package of ours."""
    said = _read(database)
    assert said.returncode == 0, said.stderr
    size, root = SHOWN["checkpoint-7"].splitlines()[1:3]
    assert said.stdout.split() == [size, root]


def test_the_page_s_reader_notices_one_changed_byte(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.read_bytes().replace(b"1.88 vol points", b"1.87 vol points"))
    said = _read(copy)
    assert said.returncode == 1
    assert said.stderr.strip() == "event 4 does not fit"


def test_the_page_s_proof_holds() -> None:
    parts = tlogproof.parse((SHOWN["proof"] + "\n").encode())
    assert parts.extra.decode() == SHOWN["event-3"]
    signed = tlogproof.verify(parts, parts.extra, Ed25519Verifier(example.LOG))
    assert b64.encode(signed.checkpoint.root) == SHOWN["checkpoint-7"].splitlines()[2]


def test_the_page_names_every_event_type_with_its_members() -> None:
    table = dict(_ROW.findall(PAGE[PAGE.index("<!-- example: vocabulary -->") :]))
    named = {
        name: [f"{field.encode_name}{'' if field.required else '*'}" for field in msgspec.structs.fields(fact)]
        for name, fact in VOCABULARY.items()
    }
    assert {name: re.findall(r"`([^`]+)`", members) for name, members in table.items()} == named


def test_the_page_names_every_kind_of_finding() -> None:
    section = PAGE[PAGE.index("## 6.") : PAGE.index("## 7.")]
    assert [name for name, _ in _ROW.findall(section)] == list(KINDS)


def _read(database: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", SHOWN["reader"], str(database)]
    return subprocess.run(command, capture_output=True, text=True, cwd=database.parent, check=False)
