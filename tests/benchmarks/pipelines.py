"""Pipelines: one with nothing to do beside ``dvc status`` on an equal project; what ``assay run`` costs around a command.

DVC lives in an environment of its own, which is made when this is run and kept in ``--peers`` where that is given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import harness, peer

DVC = "dvc==3.67.1"
ASSAY = str(Path(sys.executable).with_name("assay"))
STEPS = 8
FILES = 40
DATA_MIB = 8

_STEP = """
import sys
source, target = sys.argv[1:]
data = open(source, "rb").read()
open(target, "wb").write(data[::-1])
"""

_SPEC = """
job: step{n}
job_type: other
command: [python, step.py, "{{inputs.data}}", "{{outputs.data}}"]
code: ../src
inputs: {{data: dataset/d{before}}}
outputs: {{data: {{artifact: dataset/d{n}}}}}
"""


class Project:
    """A project of so many steps, each of which reads what the one before it wrote, once for each of the two."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir(parents=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "PYTHON"))}
        (home / "passphrase").write_text("correct horse\n")
        self.environment = {
            **inherited,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "ASSAY_PASSPHRASE_FILE": str(home / "passphrase"),
            "ASSAY_ACTOR": "ada",
            "DVC_NO_ANALYTICS": "1",
        }
        self.root = folder / "project"
        (self.root / "src").mkdir(parents=True)
        (self.root / "src" / "step.py").write_text(_STEP)
        for n in range(FILES):
            (self.root / "src" / f"module{n}.py").write_text(f"VALUE = {n}\n" * 50)
        (self.root / "d0").write_bytes(os.urandom(DATA_MIB << 20))
        (self.root / ".gitignore").write_text(".assay/\n/d?\n")
        self.run("git", "init", "-q")

    def run(self, *words: str) -> None:
        """Run a command in the project, which must succeed.

        Raises:
            OSError: it fails; the message has what it said.
        """
        done = subprocess.run(words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")

    def timed(self, *words: str) -> harness.Measurement:
        """How long a command in the project takes, as a process."""
        return harness.timed(lambda: self.run(*words))

    def for_assay(self) -> None:
        """Make it a workspace whose pipeline has run."""
        self.run(ASSAY, "init", "--origin", "example.com/bench", "--project", "bench")
        self.run(ASSAY, "artifact", "register", "d0", "--kind", "dataset")
        (self.root / "specs").mkdir()
        (self.root / "pipelines").mkdir()
        lines = ["pipeline: bench", "steps:"]
        for n in range(1, STEPS + 1):
            (self.root / "specs" / f"step{n}.yaml").write_text(_SPEC.format(n=n, before=n - 1))
            lines.append(f"  step{n}: {{run: ../specs/step{n}.yaml}}")
        (self.root / "pipelines" / "bench.yaml").write_text("\n".join([*lines, ""]))
        self.commit()
        self.run(ASSAY, "pipeline", "run")
        (self.root / "bare.yaml").write_text('job: bare\njob_type: other\ncommand: [python, -c, "pass"]\ncode: src\n')

    def for_dvc(self, dvc: str) -> None:
        """Make it a DVC project whose pipeline has run."""
        self.run(dvc, "init", "-q")
        stages = ["stages:"]
        for n in range(1, STEPS + 1):
            command = f"{sys.executable} src/step.py d{n - 1} d{n}"
            stages += [f"  step{n}:", f"    cmd: {command}", f"    deps: [src, d{n - 1}]", f"    outs: [d{n}]"]
        (self.root / "dvc.yaml").write_text("\n".join([*stages, ""]))
        (self.root / ".gitignore").write_text("")
        self.run(dvc, "repro", "-q")
        self.commit()

    def commit(self) -> None:
        """Commit all that git does not ignore."""
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "x")


def installed(folder: Path) -> str:
    """DVC's command, out of an environment in ``folder`` that is made where there is none.

    Raises:
        OSError: it cannot be installed; the message says why.
    """
    return str(peer.environment(folder / "dvc", (DVC,)).with_name("dvc"))


def nothing_to_do(folder: Path, dvc: str, rounds: int) -> harness.Figure:
    """A pipeline whose every result still holds, beside ``dvc status`` of an equal project."""
    ours, theirs = Project(folder / "assay"), Project(folder / "peer")
    ours.for_assay()
    theirs.for_dvc(dvc)
    works = {"assay": ours.timed(ASSAY, "pipeline", "run"), "dvc": theirs.timed(dvc, "status", "-q")}
    found = harness.alternate(works, rounds=rounds)
    return harness.Figure(
        "a pipeline with nothing to do ÷ `dvc status`",
        found["assay"].over(found["dvc"]),
        harness.against(found["assay"], found["dvc"]),
        f"{STEPS} steps, {FILES + 1} source files, {DATA_MIB} MiB through each, in git; both as processes; {DVC}",
        bar=1.0,
        notes=("ours hashes every output again, where DVC believes size, time and its own cache",),
    )


def around(folder: Path, rounds: int) -> harness.Figure:
    """``assay run`` of a command that does nothing, beside the command."""
    project = Project(folder / "around")
    project.for_assay()
    works = {
        "run": project.timed(ASSAY, "run", "bare.yaml"),
        "bare": project.timed(sys.executable, "-c", "pass"),
    }
    found = harness.alternate(works, rounds=rounds)
    extra = found["run"].median - found["bare"].median
    return harness.Figure(
        "`assay run` of a command that does nothing ÷ the command",
        found["run"].over(found["bare"]),
        f"{harness.against(found['run'], found['bare'])}: {harness.seconds(extra)} more",
        f"`python -c pass`, {FILES + 1} source files in git; both as processes",
    )


def main(argv: Sequence[str]) -> int:
    """Measure, and print. Returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks pipelines", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--peers", type=Path, help="keep DVC's environment in this folder, and take it from there")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        figures = [around(folder, options.rounds)]
        try:
            dvc = installed(options.peers or folder)
            figures.insert(0, nothing_to_do(folder, dvc, options.rounds))
        except OSError as error:
            print(f"not measured beside DVC: {error}", file=sys.stderr)
        return harness.report("pipelines", figures)
