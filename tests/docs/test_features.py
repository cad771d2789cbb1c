"""The page on features: its example runs, and it names every key, type and reason that there is."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from app.features import declaration, online
from app.features.definition import values
from tests.app import story

PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story.home(tmp_path / "home", monkeypatch)
    monkeypatch.setenv("ASSAY_ACTOR", "ada")
    root = tmp_path / "work"
    for folder in ("features", "src"):
        (root / folder).mkdir(parents=True)
    (root / "features" / "momentum.yaml").write_text(block("yaml").replace("ttl: 5d", "ttl: 30000d"))
    (root / "src" / "momentum.py").write_text(block("python"))
    (root / "rates.csv").write_text("Date,USD,JPY\n2026-01-05,1.1,N/A\n2026-01-02,1.0,1\n2026-01-06,1.21,2\n")
    shell = story.Shell(root)
    shell.ok("init", "--origin", story.ORIGIN, "--project", story.PROJECT)
    shell.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    commands = [line.partition("#")[0].split()[1:] for line in block("sh").splitlines()]
    for words in commands[:-1]:
        shell.ok(*words)
    found = shell.json(*commands[-1])
    assert found["features"] == {"change": pytest.approx(0.1), "count": 2}


def test_every_key_type_and_reason_is_named() -> None:
    keys = (*declaration._KEYS, *declaration._SOURCE_KEYS, *declaration._FEATURE_KEYS)
    for name in (*keys, *values.TYPES, *typing.get_args(online.Reason)):
        assert f"`{name}`" in PAGE, name
