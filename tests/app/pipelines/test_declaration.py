"""A pipeline's file and what it may say; every mistake is one line that names the file's."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from app.pipelines import declaration, plan
from app.pipelines.plan import Plan
from ledger.errors import InputError

SPEC = """
job: {job}
command: [python, x.py]
config: {{alpha: 1, window: {{first: 2004-01-01}}}}
inputs: {{{inputs}}}
outputs: {{{outputs}}}
"""

GOOD = """\
pipeline: fx
team: quant
parameters:
  first: 2004-01-01
  size: {type: integer, about: how many}
  mode: {default: fast, choices: [fast, exact]}
environments:
  staging: {size: 5}
triggers:
  - data: dataset/rates
  - schedule: [business-days 06:30, hourly]
  - code: true
  - alert: drift
steps:
  make: {run: make.yaml}
  train: {train: train.yaml, set: {alpha: "${size}", window.first: "${first}"}, seed: 9}
  gate: {gate: train.model, to: staging}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def spec(job: str, inputs: str = "", outputs: str = "") -> None:
        (tmp_path / f"{job}.yaml").write_text(SPEC.format(job=job, inputs=inputs, outputs=outputs))

    spec("make", "rates: dataset/rates", "table: {artifact: dataset/table}")
    spec("train", "table: dataset/table", "model: {artifact: model/m}")
    spec("back", "model: model/m", "rates: {artifact: dataset/rates}")
    return tmp_path


def planned(folder: Path, text: str, *settings: str, environment: str | None = None) -> Plan:
    path = folder / "fx.pipeline.yaml"
    path.write_text(textwrap.dedent(text))
    return plan.make(declaration.read(path), folder, "fx", environment=environment, settings=settings)


def refused(folder: Path, text: str, *settings: str) -> str:
    with pytest.raises(InputError) as caught:
        planned(folder, text, *settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_steps_are_wired_by_what_they_make(folder: Path) -> None:
    found = planned(folder, GOOD, environment="staging")
    make, train, gate = found.steps
    assert (make.needs, make.sources["rates"].ref) == ((), "dataset/rates")
    assert (train.needs, train.sources["table"].step, train.stage) == (("make",), "make", "train")
    assert (gate.needs, gate.sources["subject"].step) == (("train",), "train")
    assert train.spec is not None
    assert (train.spec.config, train.spec.seed) == ({"alpha": 5, "window": {"first": "2004-01-01"}}, 9)
    assert found.parameters == {"first": "2004-01-01", "size": 5, "mode": "fast"}


def test_a_bare_name_is_wired_too_and_a_version_is_not(folder: Path) -> None:
    train = (folder / "train.yaml").read_text()
    for ref, step in (("table", "make"), ("dataset/fx/table", "make"), ("dataset/table@1", ""), ("able", "")):
        (folder / "train.yaml").write_text(train.replace("dataset/table", ref))
        assert planned(folder, GOOD, "size=1").step("train").sources["table"].step == step


def test_the_command_line_has_the_last_word(folder: Path) -> None:
    assert planned(folder, GOOD, "size=7", "first=2005-05-05", environment="staging").parameters["size"] == 7


def test_the_definition_names_no_folder_and_changes_with_its_values(folder: Path, tmp_path: Path) -> None:
    one, other = planned(folder, GOOD, "size=1"), planned(folder, GOOD, "size=2")
    assert one.digest() != other.digest()
    assert str(tmp_path) not in one.definition().decode()


def test_an_order_in_which_all_can_be_done(folder: Path) -> None:
    text = "pipeline: fx\nsteps:\n  train: {train: train.yaml}\n  make: {run: make.yaml}\n"
    assert [each.name for each in planned(folder, text).steps] == ["make", "train"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a pipeline is a mapping"),
        ("pipeline: fx\nsteps: {}\n", "line 2: steps: must be a mapping of at least one step"),
        ("pipeline: fx\nstep:\n  a: {run: make.yaml}\n", "line 2: unknown key 'step'; did you mean 'steps'?"),
        ("pipeline: f x\nsteps:\n  a: {run: make.yaml}\n", "line 1: pipeline: must name this pipeline"),
        ("pipeline: fx\nsteps:\n  a: {run: gone.yaml}\n", "line 3: there is no specification gone.yaml"),
        ("pipeline: fx\nsteps:\n  a: {runs: make.yaml}\n", "line 3: step 'a' needs exactly one of run,"),
        ("pipeline: fx\nsteps:\n  a: {run: make.yaml, train: train.yaml}\n", "line 3: step 'a' needs exactly one of"),
        (
            "pipeline: fx\nsteps:\n  a:\n    run: make.yaml\n    needed: [b]\n",
            "line 5: unknown key 'needed'; did you mean",
        ),
        ("pipeline: fx\nsteps:\n  a: {run: make.yaml, needs: [bb]}\n", "line 3: there is no step 'bb'"),
        ("pipeline: fx\nsteps:\n  a: {gate: model/m}\n", "line 3: step 'a' needs to: STAGE"),
        (
            "pipeline: fx\nsteps:\n  a: {promote: model/m, to: prod}\n",
            "line 3: to: a version is promoted to staging or",
        ),
        (
            "pipeline: fx\nsteps:\n  make: {run: make.yaml}\n  g: {gate: make.mode, to: prod}\n",
            "step 'make' has no output 'mode'",
        ),
        (
            "pipeline: fx\nsteps:\n  a: {run: make.yaml, set: {alhpa: 1}}\n",
            "line 3: set: config has no 'alhpa'; did you mean 'alpha'",
        ),
        (
            "pipeline: fx\nsteps:\n  a: {run: make.yaml, inputs: {rate: x}}\n",
            "a has no input 'rate'; did you mean 'rates'",
        ),
        ("pipeline: fx\nsteps:\n  a: {run: make.yaml, seed: -1}\n", "line 3: seed must be a whole number"),
        ("pipeline: fx\nsteps:\n  a: {run: make.yaml, expect: {mae: 3}}\n", "expect: mae: must be {least: number}"),
        (
            "pipeline: fx\nsteps:\n  a: {run: make.yaml, expect: {mae: {most: 3, kind: x}}}\n",
            "mae: kind: must be one of",
        ),
        ('pipeline: fx\nsteps:\n  a: {run: make.yaml, set: {alpha: "${x}"}}\n', "${x} names no parameter"),
        (
            "pipeline: fx\nsteps:\n  a: {run: make.yaml}\n  b: {run: make.yaml}\n",
            "line 4: b and a both make dataset/fx/table",
        ),
        (
            "pipeline: fx\nsteps:\n  a: {run: make.yaml}\n  b: {train: train.yaml}\n  c: {run: back.yaml}\n",
            "the steps need each other in a circle: a needs c needs b needs a",
        ),
        (
            "pipeline: fx\nparameters: {n: {type: int}}\nsteps:\n  a: {run: make.yaml}\n",
            "line 2: n: the type must be one of",
        ),
        (
            "pipeline: fx\nparameters: {n: {type: integer, default: x}}\nsteps:\n  a: {run: make.yaml}\n",
            "n must be an integer, not 'x'",
        ),
        (
            "pipeline: fx\nparameters: {n: 1}\nenvironments: {dev: {m: 1}}\nsteps:\n  a: {run: make.yaml}\n",
            "line 3: there is no parameter 'm'",
        ),
        ("pipeline: fx\ntemplate: gone.yaml\n", "line 2: there is no template"),
        ("pipeline: fx\nsteps:\n  a: {test: [run, 3]}\n", "line 3: "),
        ("pipeline: fx\nsteps:\n  a: {run: make.yaml\n", "line 4: "),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, text: str, said: str) -> None:
    assert said in refused(folder, text)


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("- data", "a trigger is one of data, code, config, schedule, alert"),
        ("- {data: x, code: y}", "a trigger is one of"),
        ("- schedule: noon", "'noon' is no schedule"),
        ("- alert: {monitr: x}", "unknown key 'monitr'; did you mean 'monitor'?"),
        ("- data: []", "data: must be a text or a list of texts"),
        ("data: x", "triggers: must be a list"),
    ],
)
def test_triggers_that_are_none(folder: Path, trigger: str, said: str) -> None:
    path = folder / "fx.pipeline.yaml"
    path.write_text(f"pipeline: fx\ntriggers:\n  {trigger}\nsteps:\n  a: {{run: make.yaml}}\n")
    with pytest.raises(InputError, match=r"line [23]: ") as caught:
        declaration.read(path).triggers({})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("size", "write it as name=value"),
        ("sise=3", "the pipeline has no parameter 'sise'; did you mean 'size'?"),
        ("size=big", "size must be an integer, not 'big'"),
        ("first=2004-02-30", "first must be a date such as 2007-06-29"),
        ("mode=slow", "mode must be one of fast, exact, not 'slow'"),
    ],
)
def test_settings_that_cannot_be(folder: Path, setting: str, said: str) -> None:
    assert said in refused(folder, GOOD, "size=1", setting)


def test_a_parameter_without_a_value(folder: Path) -> None:
    assert "the parameter size (how many) has no value; give one" in refused(folder, GOOD)


def test_a_whole_text_keeps_the_value_s_type_and_a_part_takes_its_words(folder: Path) -> None:
    text = GOOD.replace('alpha: "${size}"', 'alpha: "$${n}-${size}-${mode}"')
    train = planned(folder, text, "size=3").step("train")
    assert train.spec is not None
    assert train.spec.config["alpha"] == "${n}-3-fast"


TEMPLATE = """\
template: standard
version: 2
parameters:
  spec: {type: path}
  to: {default: staging, choices: [staging, prod]}
steps:
  train: {train: "${spec}"}
  gate: {gate: train.model, to: "${to}"}
"""


def test_a_template_s_steps_with_the_team_s_values(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "standard.yaml").write_text(TEMPLATE)
    text = "pipeline: fx\nteam: quant\ntemplate: shared/standard.yaml\nparameters: {spec: train.yaml}\n"
    found = planned(folder, text)
    assert found.template is not None
    assert found.template.ref == "standard@2"
    assert [each.name for each in found.steps] == ["train", "gate"]
    assert found.parameters == {"spec": "train.yaml", "to": "staging"}


@pytest.mark.parametrize(
    ("template", "text", "said"),
    [
        (TEMPLATE, "parameters: {spc: train.yaml}", "line 3: there is no parameter 'spc'; did you mean 'spec'?"),
        (TEMPLATE, "parameters: {spec: 3}", "line 3: spec must be a path, not 3"),
        (TEMPLATE, "parameters: {}", "the parameter spec has no value"),
        (TEMPLATE, "steps: {}", "line 3: steps: come from the template"),
        (TEMPLATE.replace("2", "two", 1), "parameters: {spec: train.yaml}", "line 2: version: must be a whole number"),
        (TEMPLATE + "steps2: 1\n", "parameters: {spec: train.yaml}", "standard.yaml, line 9: unknown key 'steps2'"),
        (
            TEMPLATE.replace("${to}", "${two}"),
            "parameters: {spec: train.yaml}",
            "standard.yaml, line 8: ${two} names no",
        ),
    ],
)
def test_templates_that_do_not_fit(folder: Path, template: str, text: str, said: str) -> None:
    (folder / "standard.yaml").write_text(template)
    assert said in refused(folder, f"pipeline: fx\ntemplate: standard.yaml\n{text}\n")


def test_pipelines_are_found_by_name(folder: Path) -> None:
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "fx.yaml").write_text("pipeline: fx\n")
    (folder / "pipelines" / "standard.yaml").write_text(TEMPLATE)
    assert declaration.find(folder, "fx").name == "fx.yaml"
    assert [each.stem for each in declaration.listed(folder)] == ["fx"]
    with pytest.raises(InputError, match="there is no pipeline 'fy'; there are fx"):
        declaration.find(folder, "fy")


def test_parameters_that_no_event_could_hold(folder: Path) -> None:
    text = GOOD.replace("  size: {type", "  many: {type: list, default: []}\n  size: {type")
    many = ", ".join(["12345"] * 4000)
    assert "its parameters are" in refused(folder, text, "size=1", f"many=[{many}]")
