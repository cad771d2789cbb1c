from __future__ import annotations

from pathlib import Path

import pytest

from app.pipelines.spec import Output, Spec, from_document, read
from ledger.errors import InputError

FULL = """\
job: train
job_type: training
callable: fx_model.training:train
code: [project, shared/lib]
config:
  start: 2004-01-01
  window: 22
  model: {ridge: 1e-3, groups: [G10, NO]}
seed: 7
inputs:
  panel: dataset/fx-hedging/panel@1
outputs:
  model: {artifact: model/fx-hedging/fx-vol, path: out/model.json, media_type: application/json}
  report: {artifact: document/report}
timeout: 600
env: {MODE: fast}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "train.yaml"
    path.write_text(text)
    return path


def test_a_full_specification(tmp_path: Path) -> None:
    spec = read(write(tmp_path, FULL))
    assert spec == Spec(
        job="train",
        job_type="training",
        callable="fx_model.training:train",
        code=("project", "shared/lib"),
        config={"start": "2004-01-01", "window": 22, "model": {"ridge": 0.001, "groups": ["G10", "NO"]}},
        seed=7,
        inputs={"panel": "dataset/fx-hedging/panel@1"},
        outputs={
            "model": Output("model/fx-hedging/fx-vol", "out/model.json", "application/json"),
            "report": Output("document/report"),
        },
        timeout=600.0,
        env={"MODE": "fast"},
        folder=tmp_path,
    )


def test_its_document_gives_it_back(tmp_path: Path) -> None:
    spec = read(write(tmp_path, FULL))
    assert from_document(spec.document(), tmp_path) == spec
    least = from_document({"job": "x", "command": ["true"]}, tmp_path)
    assert (least.seed, least.job_type, least.code, least.timeout) == (0, "training", (), None)
    assert from_document(least.document(), tmp_path) == least


@pytest.mark.parametrize(
    ("line", "replaced", "said"),
    [
        ("seed: 7", "sead: 7", "line 9: unknown key 'sead'; did you mean 'seed'"),
        ("seed: 7", "colour: 7", "line 9: unknown key 'colour'; known are job, "),
        ("job: train", "title: train", "unknown key 'title'"),
        ("job: train\n", "", "job: is missing"),
        ("job: train", "job: my train", "line 1: 'my train' cannot be a name"),
        ("job_type: training", "job_type: traning", "line 2: 'traning' is not a job_type; did you mean 'training'"),
        ("callable: fx_model.training:train\n", "", "either command: .* or callable:"),
        ("seed: 7", "command: [python]", "either command: .* or callable:"),
        ("fx_model.training:train", "fx_model/training.py", "line 3: .*package.module:function"),
        ("seed: 7", "seed: -1", "line 9: seed must be a whole number"),
        ("seed: 7", "seed: 7.5", "seed must be a whole number"),
        ("seed: 7", "seed: true", "seed must be a whole number"),
        ("seed: 7", "seed: 4294967296", "seed must be a whole number"),
        ("timeout: 600", "timeout: 10 minutes", "line 15: timeout must be a number of seconds"),
        ("timeout: 600", "timeout: 0", "timeout must be a number of seconds"),
        ("timeout: 600", "timeout:", "timeout must be a number of seconds"),
        ("panel: dataset/fx-hedging/panel@1", "panel:", "line 11: input 'panel' must name an artifact"),
        ("  panel: dataset/fx-hedging/panel@1", "", "line 10: inputs must be a mapping"),
        ("panel: dataset", "../panel: dataset", "line 11: '../panel' cannot be a name"),
        ("artifact: document/report", "path: x", "line 14: output 'report' needs artifact"),
        ("document/report", "document/report@3", "without a version"),
        ("document/report", "modell/report", "line 14: 'modell' is not a kind of artifact; did you mean 'model'"),
        ("out/model.json", "../model.json", "line 13: outputs.model.path must be a path inside"),
        ("out/model.json", "/etc/passwd", "outputs.model.path must be a path inside"),
        ("media_type:", "mediatype:", "unknown key 'mediatype'; did you mean 'media_type'"),
        ("MODE: fast", "MODE: 3", 'line 16: MODE must be a text; write it in quotes: "3"'),
        ("MODE: fast", "MO=DE: fast", "cannot be the name of an environment variable"),
        ("code: [project, shared/lib]", "code: []", "line 4: code must be a list"),
        ("window: 22", "window: .nan", "config holds what JSON cannot"),
        ("window: 22", "window: 9007199254740993", "9007199254740993 is too large for a whole number"),
        ("timeout: 600", "metrics: m.json", "a callable returns its metrics"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, replaced: str, said: str) -> None:
    assert line in FULL
    with pytest.raises(InputError, match=said) as caught:
        read(write(tmp_path, FULL.replace(line, replaced, 1)))
    assert "train.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a specification is a mapping"),
        ("- job", "a specification is a mapping"),
        ("job: x\ncommand: python train.py", "line 2: command must be a list"),
        ("job: x\ncommand: [sleep, 3]", 'line 2: .*write 3 in quotes: "3"'),
        ("job: x\ncommand: []", "line 2: command must be a list"),
        ("job: x\ninputs: {a: dataset/a}\ncommand: [cat,\n '{inputs.b}']", r"line 4: \{inputs.b\} names no input"),
        ("job: x\ncommand: [touch, '{outputs.b}']", r"\{outputs.b\} names no output"),
        (
            "job: x\ncommand: [x]\noutputs: {a: {artifact: model/a, path: o}, b: {artifact: model/b, path: ./o}}",
            "line 3: two outputs have the same path",
        ),
        (
            "job: x\ncommand: [x]\noutputs: {a: {artifact: model/a}, b: {artifact: model/a}}",
            "line 3: two outputs are the same artifact",
        ),
        ("job: x\ncommand: [x]\nmetrics: ../m.json", "line 3: metrics must be a path inside"),
    ],
)
def test_commands_are_checked_too(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(write(tmp_path, text))


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "binary")
    (tmp_path / "large").write_bytes(b"#" * (1 << 20) + b"#")
    with pytest.raises(InputError, match="larger than 1 MiB"):
        read(tmp_path / "large")


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("window=5", 5),
        ("window=5.0", 5.0),
        ("window=true", True),
        ("window=null", None),
        ("window='5'", "5"),
        ("window=2007-01-02", "2007-01-02"),
        ("window=a=b", "a=b"),
        ("window=", ""),
    ],
)
def test_overrides_are_typed(tmp_path: Path, override: str, value: object) -> None:
    spec = read(write(tmp_path, FULL), [override])
    assert spec.config["window"] == value
    assert type(spec.config["window"]) is type(value)
    assert spec.config["start"] == "2004-01-01"


def test_overrides_reach_inside_and_leave_the_original_alone(tmp_path: Path) -> None:
    spec = read(write(tmp_path, FULL))
    changed = spec.with_overrides(["model.ridge=0.5", "window=3"])
    assert changed.config == {"start": "2004-01-01", "window": 3, "model": {"ridge": 0.5, "groups": ["G10", "NO"]}}
    assert spec.config["model"]["ridge"] == 0.001


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("windw=5", "--set windw=5: config has no 'windw'; did you mean 'window'"),
        ("model.rigde=5", "config has no 'model.rigde'; did you mean 'ridge'"),
        ("window.x=5", "config has no 'window.x'"),
        ("window", "write it as key=value"),
        ("=5", "write it as key=value"),
        ("window=[1, 2]", "must be a single word"),
        ("window=.inf", "what JSON cannot"),
    ],
)
def test_overrides_of_what_is_not_there_are_refused(tmp_path: Path, override: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(write(tmp_path, FULL), [override])


def test_the_seed_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("job: train\ncallable: a:b\nconfig: {alpha: 1}\nseed: 7\n")
    assert read(file, ["seed=8"]).seed == 8
    file.write_text("job: train\ncallable: a:b\nconfig: {seed: 1}\nseed: 7\n")
    found = read(file, ["seed=8"])
    assert (found.seed, found.config) == (7, {"seed": 8})


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "4294967296"])
def test_a_seed_that_is_none(tmp_path: Path, value: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("job: train\ncallable: a:b\n")
    with pytest.raises(InputError, match="the seed must be a whole number"):
        read(file, [f"seed={value}"])


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "much"])
def test_a_limit_is_a_number_of_mib(tmp_path: Path, value: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(f"job: train\ncallable: a:b\nlimit: {value}\n")
    with pytest.raises(InputError, match=r"line 3: limit must be a whole number of MiB"):
        read(file)
