"""The page on pipelines and the example for a CI: every key is named, every example works, every command is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from app.actions import registry
from app.cli.arguments import understand
from app.pipelines import declaration, parameters, plan, schedule
from ledger.events.pipelines import Cause

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "pipelines.md").read_text(encoding="utf-8")
WORKFLOW = DOCS / "examples" / "github-actions.yml"
SAMPLE = Path(__file__).parents[2] / "sample_data" / "project" / "pipelines" / "fx-vol.yaml"

SPEC = "job: {job}\ncommand: [x]\nconfig: {{window: {{first: 1}}}}\ninputs: {{{inputs}}}\noutputs: {{{outputs}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with the specifications that the page's examples name."""
    for name in ("specs", "src", "pipelines"):
        (tmp_path / name).mkdir()
    train = SPEC.format(job="train", inputs="rates: dataset/rates", outputs="model: {artifact: model/m}")
    evaluate = SPEC.format(job="evaluate", inputs="model: model/m", outputs="report: {artifact: document/r}")
    (tmp_path / "specs" / "train.yaml").write_text(train)
    (tmp_path / "specs" / "evaluate.yaml").write_text(evaluate)
    return tmp_path


def test_the_page_s_examples_can_be_planned(folder: Path) -> None:
    whole, template, made = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (folder / "pipelines" / "fx-vol.yaml").write_text(whole)
    (folder / "pipelines" / "standard.yaml").write_text(template)
    (folder / "pipelines" / "rates.yaml").write_text(made)
    first, second = (declaration.read(path) for path in declaration.listed(folder))
    assert [each.kind for each in first.triggers({})] == ["data", "schedule"]
    assert len(plan.make(first, folder, "fx", environment="dev").steps) == 7
    planned = plan.make(second, folder, "fx")
    assert planned.template is not None
    assert [each.name for each in planned.steps] == ["train", "gate"]


def test_the_sample_can_be_planned() -> None:
    found = plan.make(declaration.read(SAMPLE), SAMPLE.parents[1], "fx-hedging", environment="dev")
    assert [each.stage for each in found.steps] == [
        *("data_check", "test", "ingest", "features", "train", "evaluate", "package", "gate", "promote")
    ]


def test_every_key_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE)) | set(re.findall(r"`([a-z_]+):", PAGE))
    steps = {key for keys in declaration._STEP_KEYS.values() for key in keys}
    wanted = {*declaration._PIPELINE_KEYS, *declaration.KINDS, *declaration.TRIGGERS, *steps, *parameters.TYPES}
    assert wanted <= named, wanted - named
    causes = set(Cause.__args__) - {"manual"}  # type: ignore[attr-defined]
    assert causes <= named
    for text in re.findall(r"`((?:daily|business|mon|first|last|every)[a-z0-9 ,:-]*)`", PAGE):
        schedule.parse(text)


def _commands(text: str) -> list[list[str]]:
    found = re.findall(r"(?:run: |`|^)(assay [^`\n#]+)", text, re.MULTILINE)
    return [shlex.split(each.replace("$GITHUB_SHA", "4f2a91c")) for each in found]


def test_the_example_for_a_ci_is_a_workflow_whose_commands_exist() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["name"] == "assay"
    steps = workflow["jobs"]["pipeline"]["steps"]
    assert all("uses" in each or "run" in each for each in steps)
    commands = [words for each in steps for words in _commands(f"run: {each['run']}" if "run" in each else "")]
    assert len(commands) == 6
    for words in [*commands, *_commands(text)]:
        action = understand(words[1:]).action
        assert action is not None, words
        assert action in registry.ACTIONS
    assert {" ".join(words[1:3]) for words in commands} >= {"pipeline run", "pipeline compare"}
