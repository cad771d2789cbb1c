from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.pipelines import containerfile, interpreter
from ledger.errors import InputError
from ledger.format import canonical

DIGEST = "sha256:" + "a" * 64
DOCUMENT: dict[str, Any] = {
    "dependencies": [
        {"name": "assay", "version": "0.1.0"},
        {"name": "numpy", "version": "2.4.0"},
        {"name": "--index-url", "version": "http"},
        {"name": "torch", "version": "2.9.0+cpu"},
    ],
    "platform": {"libc": "glibc 2.36", "machine": "x86_64", "system": "Linux"},
    "python": {"implementation": "CPython", "version": "3.11.7"},
}


def test_the_files_name_the_interpreter_and_every_package_but_ours() -> None:
    found = containerfile.texts(DOCUMENT, DIGEST)
    assert "FROM docker.io/library/python:3.11.7-slim\n" in found["Containerfile"]
    assert found["requirements.lock"].splitlines()[1:] == ["numpy==2.4.0", "torch==2.9.0+cpu"]
    assert all(DIGEST in text for text in found.values())
    *_, last = found["Containerfile"].partition("ENV ")
    assert "OMP_NUM_THREADS=1" in last
    assert not last.rstrip().endswith("\\")
    lines = last.splitlines()
    assert all(line.endswith("\\") for line in lines[:-1])


def test_this_interpreter_can_be_written(tmp_path: Path) -> None:
    data = canonical.encode(interpreter.document())
    written = containerfile.write(tmp_path / "new" / "container", data, DIGEST)
    assert [path.name for path in written] == ["Containerfile", "requirements.lock"]
    assert containerfile.write(tmp_path / "new" / "container", data, DIGEST) == written, "a second time changes nothing"
    written[1].write_text("mine")
    with pytest.raises(InputError, match="is there already, with another text"):
        containerfile.write(tmp_path / "new" / "container", data, DIGEST)
    assert written[1].read_text() == "mine"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"image": DIGEST, "platform": "linux/amd64"}, "in a container already"),
        ({**DOCUMENT, "python": {"implementation": "PyPy", "version": "7.3"}}, "only CPython"),
        ({**DOCUMENT, "python": {"implementation": "CPython", "version": "3.15.0a1\nRUN x"}}, "no base image"),
    ],
)
def test_what_there_is_no_image_for_is_said(document: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        containerfile.texts(document, DIGEST)
