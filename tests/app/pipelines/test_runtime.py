from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from app.pipelines import interpreter, runtime
from ledger.format import canonical


def test_the_document_names_interpreter_platform_and_every_package() -> None:
    document = interpreter.document()
    assert document["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert set(document) == {"dependencies", "platform", "python"}
    expected: dict[str, str] = {}
    for each in distributions():
        expected.setdefault(re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(), each.version)
    found = {each["name"]: each["version"] for each in document["dependencies"]}
    assert found == expected
    assert canonical.decode(runtime.encoded()) == document


def test_two_processes_in_one_environment_have_one_runtime() -> None:
    script = "from app.pipelines import runtime; import sys; sys.stdout.buffer.write(runtime.encoded())"
    found = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, env={**os.environ, **extra}
        ).stdout
        for extra in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    }
    assert len(found) == 1
    assert json.loads(found.pop()) == interpreter.document()


def test_a_run_inherits_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_PASSPHRASE_FILE", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    found = runtime.environment(7, {"MODE": "fast"})
    assert "ASSAY_PASSPHRASE_FILE" not in found
    assert "PYTHONPATH" not in found
    assert (found["OMP_NUM_THREADS"], found["PYTHONHASHSEED"], found["TZ"], found["MODE"]) == ("1", "7", "UTC", "fast")
    assert found["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert runtime.environment(7, {"OMP_NUM_THREADS": "4"})["OMP_NUM_THREADS"] == "4", "the specification decides"


def test_numpy_takes_the_settings_without_a_word() -> None:
    script = "import numpy; print(numpy.log(numpy.arange(1, 9.0)).sum())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=runtime.environment(0, {})
    )
    assert done.stderr == ""
