"""A workspace with a small pipeline in it, for the tests of pipelines: quick steps that are commands."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.app.story import Shell, copied, home

CODE = """
import json, os, sys, time
from pathlib import Path

config = json.loads(Path(os.environ["ASSAY_CONFIG"]).read_text())
inputs, outputs = Path(os.environ["ASSAY_INPUTS"]), Path(os.environ["ASSAY_OUTPUTS"])
if config.get("wait"):
    time.sleep(config["wait"])
if config.get("fail"):
    sys.exit("it was told to fail")
read = sorted(each.name + "=" + each.read_text() for each in inputs.iterdir())
made = {"alpha": config.get("alpha"), "read": read, "seed": os.environ["ASSAY_SEED"]}
(outputs / sys.argv[1]).write_text(json.dumps(made))
Path(os.environ["ASSAY_METRICS"]).write_text(json.dumps({"mae": config.get("mae", 1.0)}))
"""

FEATURES = """
job: features
job_type: features
command: [python, work.py, "table"]
code: ../src
config: {alpha: 1, wait: 0, fail: false}
inputs: {rates: dataset/rates}
outputs: {table: {artifact: feature_view/table}}
"""

TRAIN = """
job: train
command: [python, work.py, "model"]
code: ../src
config: {alpha: 0.1, wait: 0, fail: false, mae: 1.0}
seed: 7
inputs: {table: feature_view/table}
outputs: {model: {artifact: model/fx}}
"""

OTHER = TRAIN.replace("job: train", "job: rival").replace("model/fx", "model/rival").replace("0.1", "0.3")

PIPELINE = """
pipeline: fx
team: quant
parameters: {alpha: 0.1}
environments:
  dev: {}
  staging: {}
steps:
  features: {run: ../specs/features.yaml}
  train: {train: ../specs/train.yaml, set: {alpha: "${alpha}"}}
  rival: {train: ../specs/rival.yaml}
  package: {package: train.model}
"""


class Works(Shell):
    """A shell in such a workspace."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        root.mkdir(parents=True, exist_ok=True)
        self.ok("--as", "ada", "init", "--origin", "example.com/works", "--project", "fx")
        for name, text in (
            ("src/work.py", CODE),
            ("specs/features.yaml", FEATURES),
            ("specs/train.yaml", TRAIN),
            ("specs/rival.yaml", OTHER),
            ("pipelines/fx.yaml", PIPELINE),
        ):
            self.write(name, text)
        self.give("1.1 1.2")

    def write(self, name: str, text: str) -> Path:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the workspace."""
        path = self.root / name
        text = path.read_text()
        assert old in text, text
        path.write_text(text.replace(old, new))

    def give(self, text: str) -> None:
        """Register another version of the data."""
        self.write("rates.txt", text)
        self.ok("--as", "ada", "artifact", "register", "rates.txt", "--kind", "dataset", "--name", "rates")

    def run(self, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """Run the pipeline in this process, and say what each step came to."""
        said = self("--as", "ada", "pipeline", "run", "--processes", "1", "--json", *words)
        assert said.code == code, said
        (execution,) = said.document["executions"]
        return {each["step"]: each for each in execution["steps"]}

    def statuses(self, *words: str, code: int = 0) -> dict[str, str]:
        """Run the pipeline, and say how each step ended."""
        return {name: each["status"] for name, each in self.run(*words, code=code).items()}

    def why(self, step: str, *words: str) -> list[str]:
        """Why a step would run."""
        found: list[str] = self.json("--as", "ada", "pipeline", "why", step, *words)["reasons"]
        return found

    def events(self, *types: str) -> list[dict[str, Any]]:
        """The values of all events of these types, each with its envelope."""
        import ledger

        with ledger.open(self.ledger, read_only=True) as book:
            return [
                {**each.event.value, "_seq": each.seq, "_cause": each.event.cause, "_subject": each.event.subject}
                for each in book.events()
                if each.event.type in types
            ]

    @property
    def size(self) -> int:
        """How many events there are."""
        import ledger

        with ledger.open(self.ledger, read_only=True) as book:
            return book.size

    def stored(self, ref: str) -> Path:
        """Where the bytes of a version lie."""
        digest: str = self.json("artifact", "show", ref)["artifact"]["sha256"]
        return self.root / ".assay" / "objects" / digest[7:9] / digest[9:]


_BUILT: dict[str, Path] = {}
"""Where the workspace was built, as it is new and after its pipeline ran; each with its own home, whose keys remember."""


def copy(name: str, factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """A copy of the workspace, ``fresh`` or ``run`` (its pipeline ran once), in a home of its own."""
    if not _BUILT:
        base = factory.mktemp("works")
        with pytest.MonkeyPatch.context() as patch:
            home(base / "home", patch)
            Works(base / "fresh")
            copied(base / "home", base / "home-fresh")
            copied(base / "fresh", base / "run")
            Shell(base / "run").ok("--as", "ada", "pipeline", "run", "--processes", "1")
            copied(base / "home", base / "home-run")
        _BUILT.update(dict.fromkeys(("fresh", "run"), base))
    base = _BUILT[name]
    copied(base / f"home-{name}", tmp_path / "home")
    home(tmp_path / "home", monkeypatch)
    found = Works.__new__(Works)
    Shell.__init__(found, copied(base / name, tmp_path / "works"))
    return found
