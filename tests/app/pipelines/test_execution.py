from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import app
import ledger
from app.pipelines import output, processes
from app.pipelines.execution import Execution, execute
from app.pipelines.place import Material
from app.pipelines.spec import from_document
from ledger.format import canonical
from ledger.store.objects import Objects

TRAIN = """
import json, random
def train(inputs, outputs, config, seed):
    rates = [float(x) for x in inputs["rates"].read_text().split()]
    noise = random.random()
    outputs["model"].write_text(json.dumps({"mean": sum(rates) / len(rates) + config["shift"], "noise": noise}))
    print("trained", seed)
    return {"rows": len(rates), "noise": noise}
"""


class Runner:
    """Writes a project, stores it, runs a specification on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = Objects(folder / "objects")
        self.given: dict[str, Material] = {}

    def give(self, **inputs: bytes) -> None:
        self.given.update({name: Material(self.objects.put_bytes(data).digest) for name, data in inputs.items()})

    def run(self, files: dict[str, str], document: dict[str, Any], **arguments: Any) -> Execution:
        project = self.folder / f"project-{len(list(self.folder.iterdir()))}"
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(textwrap.dedent(text))
        code = Material(self.objects.put_directory(project).digest, directory=True)
        spec = from_document({"job": "test", **document}, project)
        return execute(spec, self.objects, code=code, inputs=self.given, **arguments)

    def command(self, script: str, **document: Any) -> Execution:
        return self.run({"script.py": script}, {"command": ["python", "script.py"], **document})

    def log(self, ended: Execution) -> str:
        assert ended.log is not None
        return self.objects.read(ended.log).decode()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    # Where runs make their folders: not below the project, and seen to be empty afterwards.
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    (tmp_path / "work").mkdir()
    yield Runner(tmp_path / "work")
    assert list(scratch.iterdir()) == [], "a run's folder is removed"


MODEL = {"model": {"artifact": "model/p/m"}}


# What goes well


def test_a_callable_gets_its_inputs_and_gives_outputs_and_metrics(runner: Runner) -> None:
    runner.give(rates=b"1 2 6")
    document = {"callable": "train:train", "config": {"shift": 0.5}, "seed": 7, "outputs": MODEL,
                "inputs": {"rates": "dataset/rates"}}  # fmt: skip
    ended = runner.run({"train.py": TRAIN}, document)
    assert (ended.status, ended.exit_code, ended.reason) == ("ok", 0, None)
    assert ended.metrics["rows"] == 3
    assert b'"mean": 3.5' in runner.objects.read(ended.outputs["model"].digest)
    assert runner.log(ended) == "trained 7\n"
    assert ended.seconds > 0


def test_the_same_specification_twice_gives_the_same_digests_and_another_seed_others(runner: Runner) -> None:
    runner.give(rates=b"1 2 6")
    document = {"callable": "train:train", "config": {"shift": 0.5}, "seed": 7, "outputs": MODEL,
                "inputs": {"rates": "dataset/rates"}}  # fmt: skip
    first, second = (runner.run({"train.py": TRAIN}, document) for _ in range(2))
    assert (first.outputs, first.metrics) == (second.outputs, second.metrics)
    other = runner.run({"train.py": TRAIN}, {**document, "seed": 8})
    assert other.outputs["model"].digest != first.outputs["model"].digest


def test_all_that_is_random_by_habit_is_seeded(runner: Runner) -> None:
    code = """
    import random
    def fit(inputs, outputs, config, seed):
        import numpy as np          # as late as this
        words = "-".join(sorted({"a", "b", "c", "d", "e"}, key=hash))
        outputs["model"].write_text(f"{random.random()} {np.random.random()} {words}")
    """
    document = {"callable": "fit:fit", "outputs": MODEL, "seed": 3}
    found = {runner.run({"fit.py": code}, document).outputs["model"].digest for _ in range(2)}
    assert len(found) == 1
    assert runner.run({"fit.py": code}, {**document, "seed": 4}).outputs["model"].digest not in found


def test_a_command_finds_everything_in_its_words_and_in_its_environment(runner: Runner) -> None:
    runner.give(rates=b"1 2 6")
    script = """
    import json, os, sys, pathlib
    rates, model, config, seed, metrics = sys.argv[1:]
    assert pathlib.Path(os.environ["ASSAY_INPUTS"], "rates") == pathlib.Path(rates)
    assert pathlib.Path(os.environ["ASSAY_OUTPUTS"], "model") == pathlib.Path(model)
    assert (os.environ["ASSAY_CONFIG"], os.environ["ASSAY_SEED"], os.environ["MODE"]) == (config, seed, "fast")
    assert os.environ["PYTHONHASHSEED"] == seed
    assert json.load(open(config)) == {"shift": 1}
    import helper
    pathlib.Path(model).write_text(open(rates).read() + helper.NAME)
    pathlib.Path("out/report.txt").write_text("{not a place}")
    json.dump({"rows": 3, "loss": .5}, open(metrics, "w"))
    """
    ended = runner.run(
        {"bin/script.py": script, "helper.py": "NAME = 'helper'"},
        {
            "command": [
                "python",
                "bin/script.py",
                "{inputs.rates}",
                "{outputs.model}",
                "{config}",
                "{seed}",
                "{metrics}",
            ],
            "config": {"shift": 1},
            "seed": 11,
            "env": {"MODE": "fast"},
            "inputs": {"rates": "dataset/rates"},
            "outputs": {**MODEL, "report": {"artifact": "document/report", "path": "out/report.txt"}},
        },
    )
    assert (ended.status, ended.reason) == ("ok", None), runner.log(ended)
    assert ended.metrics == {"rows": 3.0, "loss": 0.5}
    assert runner.objects.read(ended.outputs["model"].digest) == b"1 2 6helper"
    assert set(ended.outputs) == {"model", "report"}


def test_a_directory_can_be_input_and_output(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "sub" / "x").write_text("1")
    runner.given["data"] = Material(runner.objects.put_directory(tmp_path / "data").digest, directory=True)
    ended = runner.command(
        "import shutil; shutil.copytree('../inputs/data', 'copy')",
        inputs={"data": "dataset/data"},
        outputs={"copy": {"artifact": "dataset/copy", "path": "copy"}},
    )
    assert ended.reason is None
    assert ended.outputs["copy"].directory
    assert ended.outputs["copy"].digest == runner.given["data"].digest


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_inputs_cannot_be_written(runner: Runner) -> None:
    runner.give(rates=b"1")
    ended = runner.command("open('../inputs/rates', 'w')", inputs={"rates": "dataset/rates"})
    assert ended.reason is not None
    assert "PermissionError" in ended.reason


def test_inputs_are_copies_so_that_nothing_reaches_the_store(runner: Runner) -> None:
    runner.give(rates=b"1 2 6")
    ended = runner.command(
        "import os; os.chmod('../inputs/rates', 0o644); open('../inputs/rates', 'w').write('9')",
        inputs={"rates": "dataset/rates"},
    )
    assert ended.status == "ok"
    assert runner.objects.check(runner.given["rates"].digest) == []


# Whose modules


OWN_APP = {
    "app/__init__.py": "",
    "app/model.py": "from ledger import entries\nOWN = entries.OWN",
    "ledger/__init__.py": "",
    "ledger/entries.py": "OWN = 'mine'",
    "train.py": """
    from app.model import OWN
    import app, ledger
    def train(inputs, outputs, config, seed):
        outputs["model"].write_text(OWN)
        print(app.__path__, ledger.__path__)
    """,
}


@pytest.mark.parametrize("packages", ["regular", "namespace"])
def test_a_project_with_packages_called_as_ours_meets_its_own(runner: Runner, packages: str) -> None:
    files = {name: text for name, text in OWN_APP.items() if packages == "regular" or "__init__" not in name}
    ended = runner.run(files, {"callable": "train:train", "outputs": MODEL})
    assert ended.reason is None, runner.log(ended)
    assert runner.objects.read(ended.outputs["model"].digest) == b"mine"


def test_a_command_with_packages_called_as_ours_meets_its_own(runner: Runner) -> None:
    files = {**OWN_APP, "bin/run.py": "from app.model import OWN; import os; open('model', 'w').write(OWN)"}
    ended = runner.run(
        files, {"command": ["python", "bin/run.py"], "outputs": {"model": {"artifact": "model/m", "path": "model"}}}
    )
    assert ended.reason is None, runner.log(ended)
    assert runner.objects.read(ended.outputs["model"].digest) == b"mine"


@pytest.mark.parametrize("name", ["app", "ledger", "app.pipelines.spec", "sample_data", "tests"])
def test_a_project_without_such_packages_does_not_meet_ours(runner: Runner, name: str) -> None:
    code = f"""
    def train(inputs, outputs, config, seed):
        import importlib, numpy
        try:
            importlib.import_module({name!r})
        except ModuleNotFoundError as error:
            return {{}}
        raise SystemError("ours was imported")
    """
    ended = runner.run({"train.py": code}, {"callable": "train:train"})
    assert ended.reason is None, ended.reason


def test_modules_named_as_the_childs_own_do_not_break_it(runner: Runner) -> None:
    shadows = dict.fromkeys(("signal.py", "json.py", "numbers.py", "random.py"), "raise SystemError('shadowed')")
    code = "def train(inputs, outputs, config, seed): outputs['model'].write_text('x')"
    assert runner.run({**shadows, "train.py": code}, {"callable": "train:train", "outputs": MODEL}).reason is None
    ended = runner.run({"numbers.py": "raise SystemError('shadowed')"}, {"command": ["python", "-c", "print(1)"]})
    assert ended.reason is None


def test_installed_as_a_wheel_the_projects_own_packages_still_come_first(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    for package in (app, ledger):
        (source,) = package.__path__
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, site / package.__name__, ignore=ignored)
    (site / "assay-0.1.0.dist-info").mkdir()
    dependencies = Path(str(yaml.__file__)).parent.parent
    (site / "dependencies.pth").write_text(str(dependencies))
    for n, kind in enumerate(("regular", "namespace", "none")):
        project = tmp_path / f"project-{n}"
        for name, text in OWN_APP.items():
            if name == "train.py" or kind == "regular" or (kind == "namespace" and "__init__" not in name):
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                (project / name).write_text(textwrap.dedent(text))
    script = """
import sys
from pathlib import Path
import app
from app.pipelines import execution, place, spec
from ledger.format import canonical
from ledger.store.objects import Objects
assert "venv" in app.__file__, app.__file__
objects = Objects(sys.argv[1])
for n in range(3):
    project = Path(sys.argv[2]) / f"project-{n}"
    found = spec.from_document({"job": "x", "callable": "train:train", "outputs": {"model": {"artifact": "model/m"}}}, project)
    code = place.Material(objects.put_directory(project).digest)
    print(execution.execute(found, objects, code=code, inputs={}).reason)
"""
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "python", "-c", script, tmp_path / "objects", tmp_path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1"},
    )
    assert done.stdout.splitlines() == ["None", "None", "ModuleNotFoundError: No module named 'app'"], done.stderr


# What goes wrong


def test_an_error_is_a_failure_with_its_message_and_a_log_without_our_frames(runner: Runner) -> None:
    code = """
    def train(inputs, outputs, config, seed):
        outputs["model"].write_text("half")
        raise ValueError("no\\nrates")
    """
    ended = runner.run({"train.py": code}, {"callable": "train:train", "outputs": MODEL})
    assert (ended.status, ended.exit_code, ended.reason) == ("failed", 1, "ValueError: no rates")
    assert ended.outputs == {}
    assert "child.py" not in runner.log(ended)
    assert "train.py" in runner.log(ended)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; sys.exit(0)", "the code called sys.exit(0)"),
        ("import os; os._exit(0)", "the process ended without a result"),
        ("return 3", "TypeError: the function must return its metrics"),
        ("return {'loss': float('nan')}", "ValueError: metric 'loss' is nan"),
        ("return {'loss': 'low'}", "TypeError: metric 'loss' must be a number"),
        ("return {'loss': True}", "TypeError: metric 'loss' must be a number"),
        ("return {3: 1}", "TypeError: a metric's name must be a text"),
        ("return {'parameters': 10**17}", "its metrics cannot be recorded"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise RuntimeError('\\x1b[31m\\u202e')", "RuntimeError: \\u{1b}[31m\\u{202e}"),
    ],
)
def test_what_a_callable_does_wrong_is_said_in_one_line(runner: Runner, body: str, said: str) -> None:
    ended = runner.run(
        {"train.py": f"def train(inputs, outputs, config, seed):\n    {body}"}, {"callable": "train:train"}
    )
    assert ended.status == "failed"
    assert ended.reason is not None
    assert ended.reason.startswith(said)
    assert "\n" not in ended.reason


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("absent:train", "ModuleNotFoundError: No module named 'absent'"),
        ("train:absent", "AttributeError"),
        ("train:VALUE", "TypeError: train:VALUE is not callable"),
    ],
)
def test_a_callable_that_is_not_there(runner: Runner, target: str, said: str) -> None:
    ended = runner.run({"train.py": "VALUE = 3"}, {"callable": target})
    assert ended.status == "failed"
    assert ended.reason is not None
    assert ended.reason.startswith(said)


def test_numpys_numbers_are_metrics(runner: Runner) -> None:
    code = """
    import numpy as np
    def train(inputs, outputs, config, seed):
        return {"a": np.float64(.5), "b": np.int64(3), "c": np.float32(.25)}
    """
    assert runner.run({"train.py": code}, {"callable": "train:train"}).metrics == {"a": 0.5, "b": 3.0, "c": 0.25}


def test_a_failed_command_says_its_exit_code_and_last_line(runner: Runner) -> None:
    ended = runner.command("import sys; print('reading'); sys.exit('no rates for CHF')")
    assert (ended.status, ended.exit_code, ended.reason) == ("failed", 1, "exit code 1: no rates for CHF")
    assert runner.log(ended) == "reading\nno rates for CHF\n"


def test_a_program_that_is_not_there(runner: Runner) -> None:
    ended = runner.run({"x": ""}, {"command": ["no-such-program"]})
    assert ended.reason == "exit code 1: no-such-program cannot be started: No such file or directory"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_death_by_a_signal_is_recorded_as_such(runner: Runner, number: signal.Signals) -> None:
    ended = runner.command(f"import os, time; os.kill(os.getpid(), {int(number)}); time.sleep(60)")
    assert (ended.status, ended.exit_code) == ("failed", -number)
    assert ended.reason is not None
    assert ended.reason.startswith(f"it was killed by {number.name}")


def test_output_that_is_not_written(runner: Runner) -> None:
    outputs = {**MODEL, "report": {"artifact": "document/r", "path": "out/r.txt"}}
    ended = runner.command("import os; open(os.environ['ASSAY_OUTPUTS'] + '/model', 'w')", outputs=outputs)
    assert (ended.status, ended.reason) == ("failed", "output 'report' was not written (out/r.txt)")
    assert (ended.outputs, ended.exit_code) == ({}, 0)


@pytest.mark.parametrize(
    "script",
    [
        "import os; os.symlink('/etc/hostname', 'out/model')",
        "import os; os.symlink('../../inputs', 'out/model')",
        "import os; os.rmdir('out'); os.symlink('/etc', 'out'); os.path.exists('out/hostname')",
        "import os; os.mkdir('out/model'); os.symlink('/etc', 'out/model/link')",
        "import os; os.mkfifo('out/model')",
    ],
)
def test_output_outside_the_folder_or_no_file_is_a_failure(runner: Runner, script: str) -> None:
    name = "hostname" if "hostname'" in script and "rmdir" in script else "model"
    ended = runner.command(script, outputs={"model": {"artifact": "model/m", "path": f"out/{name}"}})
    assert ended.status == "failed"
    assert ended.reason is not None
    assert any(said in ended.reason for said in ("outside the run's folder", "symbolic link", "no regular file"))
    assert ended.outputs == {}


def test_an_output_that_is_in_the_code_already_proves_nothing(runner: Runner) -> None:
    ended = runner.run(
        {"out/model": "stale"},
        {"command": ["true"], "outputs": {"model": {"artifact": "model/m", "path": "out/model"}}},
    )
    assert (ended.status, ended.reason) == ("failed", "out/model is to be made by the run, but is in its code already")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "m.json, was not written"),
        ("{", "cannot be read as JSON"),
        ("[1]", "must be a mapping"),
        ('{"a": "b"}', "its metric 'a' must be a finite number"),
        ('{"a": true}', "its metric 'a' must be a finite number"),
        ('{"a": NaN}', "cannot be read as JSON"),
        ('{"a": 1, "a": 2}', "cannot be read as JSON"),
    ],
)
def test_metrics_that_cannot_be_read(runner: Runner, written: str | None, said: str) -> None:
    script = "pass" if written is None else f"open('m.json', 'w').write({written!r})"
    ended = runner.command(script, metrics="m.json")
    assert ended.status == "failed"
    assert ended.reason is not None
    assert said in ended.reason


# What takes too long, or too much


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def dead_within(seconds: float, pid: int) -> bool:
    until = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


BREEDING = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
{body}
time.sleep(60)
"""


def test_a_hanging_command_is_ended_with_all_that_it_started(runner: Runner) -> None:
    began = time.monotonic()
    ended = runner.command(BREEDING.format(body=""), timeout=0.7)
    assert time.monotonic() - began < 5
    assert (ended.status, ended.exit_code) == ("failed", None)
    assert ended.reason == "it ran longer than its timeout of 0.7 s, and was ended"
    assert dead_within(2, int(runner.log(ended)))


def test_one_that_will_not_end_is_killed(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.3)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    ended = runner.command(BREEDING.format(body=stubborn), timeout=0.5)
    assert ended.status == "failed"
    assert dead_within(2, int(runner.log(ended)))


def test_what_a_command_leaves_behind_is_ended_and_does_not_hold_the_run(runner: Runner) -> None:
    began = time.monotonic()
    ended = runner.command(BREEDING.format(body="sys.exit()"))
    assert ended.status == "ok"
    assert time.monotonic() - began < 5
    assert dead_within(2, int(runner.log(ended)))


def test_a_command_that_closes_its_output_is_still_waited_for(runner: Runner) -> None:
    ended = runner.command(
        "import os, time; os.close(1); os.close(2); time.sleep(.5); open('model', 'w')",
        outputs={"model": {"artifact": "model/m", "path": "model"}},
    )
    assert (ended.status, ended.reason) == ("ok", None)


def test_stopping_from_outside_is_an_interruption(runner: Runner) -> None:
    stop = threading.Event()
    threading.Timer(0.4, stop.set).start()
    ended = runner.run({"x": ""}, {"command": ["sleep", "60"]}, stop=stop.is_set)
    assert (ended.status, ended.reason) == ("interrupted", "it was told to stop")


def test_a_key_press_is_an_interruption(runner: Runner) -> None:
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    ended = runner.command(BREEDING.format(body=""))
    assert (ended.status, ended.exit_code, ended.reason) == ("interrupted", None, "interrupted from the keyboard")
    assert dead_within(2, int(runner.log(ended)))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends a child with its parent")
@pytest.mark.parametrize("way", ["command", "callable"])
def test_a_killed_parent_takes_the_run_with_it(runner: Runner, tmp_path: Path, way: str) -> None:
    project = tmp_path / "orphan"
    project.mkdir()
    pid_file = tmp_path / "pid"
    body = f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
    (project / "script.py").write_text(body)
    (project / "train.py").write_text("def train(*_):\n    import script")
    what = {"command": ["python", "script.py"]} if way == "command" else {"callable": "train:train"}
    script = f"""
from pathlib import Path
from app.pipelines import execution, place, spec
from ledger.format import canonical
from ledger.store.objects import Objects
objects, project = Objects({str(tmp_path / "objects")!r}), Path({str(project)!r})
found = spec.from_document({{"job": "x", **{what!r}}}, project)
execution.execute(found, objects, code=place.Material(objects.put_directory(project).digest), inputs={{}})
"""
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], env=env) as parent:
        until = time.monotonic() + 20
        while not (pid_file.exists() and pid_file.read_text()):
            assert time.monotonic() < until
            time.sleep(0.02)
        parent.kill()
    assert dead_within(5, int(pid_file.read_text()))


def test_a_flood_of_output_is_kept_within_bounds_with_its_end(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "HEAD", 10_000)
    monkeypatch.setattr(output, "TAIL", 5_000)
    ended = runner.command("print('first'); print(('x' * 99 + '\\n') * 100_000, end=''); raise SystemExit('the cause')")
    text = runner.log(ended)
    assert text.startswith("first\n")
    assert text.endswith("the cause\n")
    assert len(text) < 10_000 + 5_000 + 2 * 65_536 + 100
    assert "bytes are not kept" in text
    kept = len(text) - len(next(line for line in text.splitlines() if "not kept" in line)) - 2
    dropped = int(text.partition("[... ")[2].partition(" ")[0])
    assert kept + dropped == len("first\n") + 100 * 100_000 + len("the cause\n")
    assert ended.reason == "exit code 1: the cause"


def test_an_input_that_is_not_in_the_store_or_damaged_fails_before_anything_runs(runner: Runner) -> None:
    runner.give(rates=b"1 2 6")
    path = runner.objects.path(runner.given["rates"].digest)
    path.chmod(0o644)
    path.write_bytes(b"1 2 7")
    ended = runner.command("open('ran', 'w')", inputs={"rates": "dataset/rates"})
    assert ended.status == "failed"
    assert ended.reason is not None
    assert "is damaged" in ended.reason
    path.unlink()
    gone = runner.command("open('ran', 'w')", inputs={"rates": "dataset/rates"})
    assert gone.reason is not None
    assert "is not in" in gone.reason


def test_a_store_that_vanishes_midway_is_a_failure(runner: Runner) -> None:
    runner.objects = Objects(runner.folder / "deep" / "objects")
    runner.objects.root.parent.mkdir()
    code = f"import shutil; shutil.rmtree({str(runner.objects.root.parent)!r}); open('model', 'w')"
    ended = runner.command(code, outputs={"model": {"artifact": "model/m", "path": "model"}})
    assert (ended.status, ended.log) == ("failed", None)
    assert ended.reason is not None
    assert "its folder is gone" in ended.reason


def test_a_folder_left_without_write_permission_is_removed_too(runner: Runner) -> None:
    ended = runner.command("import os; os.mkdir('x'); open('x/y', 'w'); os.chmod('x', 0o500)")
    assert ended.status == "ok"


STEPS = """
import json, os
def train(inputs, outputs, config, seed):
    with open(os.environ["ASSAY_SERIES"], "a") as file:
        for loss in (3, 2, 1):
            print(json.dumps({"loss": loss, "mae": 2 * loss}), file=file)
    if config["fails"]:
        raise ValueError("diverged")
    return {"mae": 1.5}
"""


@pytest.mark.parametrize("fails", [False, True])
def test_metrics_over_steps_are_kept_of_a_failure_too(runner: Runner, fails: bool) -> None:
    ended = runner.run({"m.py": STEPS}, {"callable": "m:train", "config": {"fails": fails}})
    assert ended.status == ("failed" if fails else "ok")
    assert ended.metrics == {"loss": 1.0, "mae": 2.0 if fails else 1.5}
    assert ended.series is not None
    kept = canonical.decode(runner.objects.read(ended.series))
    assert kept["loss"] == [[0, 3], [1, 2], [2, 1]]


def test_series_that_cannot_be_read_fail_the_run(runner: Runner) -> None:
    ended = runner.command("import os; open(os.environ['ASSAY_SERIES'], 'w').write('loss: 1')")
    assert ended.status == "failed"
    assert "line 1 of its series is no JSON" in (ended.reason or "")


def test_a_run_that_writes_without_end_is_ended(runner: Runner) -> None:
    flood = "import os\nwhile True:\n  with open('big', 'ab') as file: file.write(os.urandom(1 << 20))"
    ended = runner.command(flood, limit=3)
    assert (ended.status, ended.reason) == ("failed", "it wrote more than its limit of 3 MiB, and was ended")


def test_a_run_that_wrote_too_much_before_anybody_looked_has_failed(runner: Runner) -> None:
    ended = runner.command("import os; open('big', 'wb').write(os.urandom(4 << 20))", limit=3)
    assert (ended.status, ended.reason) == ("failed", "it wrote more than its limit of 3 MiB")


def test_what_a_run_is_given_does_not_count_as_written(runner: Runner) -> None:
    runner.give(rates=os.urandom(3 << 20))
    code = "import time; time.sleep(1.2); open('model', 'w').write('x')"
    ended = runner.command(
        code, limit=1, inputs={"rates": "dataset/r"}, outputs={"model": {"artifact": "model/m", "path": "model"}}
    )
    assert ended.status == "ok", ended.reason
