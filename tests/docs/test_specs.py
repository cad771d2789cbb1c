"""The page on specifications: its example runs, and it names every key and kind that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.actions import retrainrules, serving
from app.monitoring import basel, bias, changes, completeness, declaration, drift, limited, performance
from app.monitoring.quality import check
from app.pipelines import spec
from app.rollout.plan import Plan
from tests.app import story

PAGE = (Path(__file__).parents[2] / "docs" / "specs.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story.home(tmp_path / "home", monkeypatch)
    root = tmp_path / "work"
    for folder in ("specs", "src"):
        (root / folder).mkdir(parents=True)
    (root / "specs" / "train.yaml").write_text(block("yaml"))
    (root / "src" / "model.py").write_text(block("python"))
    (root / "rates.csv").write_text("1.0\n2.0\n")
    shell = story.Shell(root)
    shell.ok("--as", "ada", "init", "--origin", story.ORIGIN, "--project", story.PROJECT)
    shell.ok("--as", "ada", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    made = shell.json("--as", "ada", "run", "specs/train.yaml")["run"]
    assert (made["status"], made["metrics"]) == ("ok", {"mean": 3.0})
    assert [each["ref"] for each in made["outputs"]] == [f"model/{story.PROJECT}/mean@1"]


def test_every_key_and_kind_is_named() -> None:
    for name in (*spec._KEYS, *spec.JOB_TYPES, *declaration.KINDS, *check.KINDS):
        assert f"`{name}`" in PAGE, name


def test_every_setting_of_a_check_is_named() -> None:
    for kind, rule in check.KINDS.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |")]
        for each in fields(rule):
            if each.name not in ("mappings", "today"):
                assert re.search(rf"`{each.name}[`:]", row), (kind, each.name)


def test_every_setting_of_a_monitor_is_named() -> None:
    page = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")
    settings = {
        "drift": drift._OPTIONS,
        "performance": performance._OPTIONS,
        "change": changes._OPTIONS,
        "bias": bias._OPTIONS,
        "business": basel._OPTIONS,
        "quality": completeness._QUALITY,
        "parity": completeness._PARITY,
        **dict.fromkeys(("latency", "cost", "freshness"), limited._OPTIONS),
    }
    assert {*settings, "basel"} == {*declaration.KINDS}
    _, _, table = page.partition("### What a monitor says")
    for kind, names in settings.items():
        row = next(line for line in table.splitlines() if line.startswith(f"| `{kind}`"))
        for name in names:
            assert re.search(rf"`{name}[`:]", row), (kind, name)


def test_every_key_of_the_other_files_is_named() -> None:
    keys = {each.name for each in fields(Plan)} - {"shadow_variance"}  # measured, and never declared
    for name in (*keys, *serving._KEYS, *serving._LOGGED_KEYS, *retrainrules._KEYS, "all", "at_least"):
        assert re.search(rf"`{name}[`:]", PAGE), name
