"""From the runtime that a run was recorded with: a Containerfile and a lock that build an image like it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.pipelines import runtime
from ledger.errors import InputError
from ledger.format import canonical

CONTAINERFILE = "Containerfile"
LOCK = "requirements.lock"

_OWN = frozenset({"assay"})
"""What a run's code never meets, and what is therefore no part of its image."""
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)
_PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*", re.ASCII)


def texts(document: Mapping[str, Any], digest: str) -> dict[str, str]:
    """The two files' texts by their names.

    Args:
        document: a runtime's, as ``interpreter.document`` gives it.
        digest: its digest, which both files name.

    Raises:
        InputError: it is no interpreter's, or not one that images exist for.
    """
    python = document.get("python")
    if python is None:
        raise InputError("the run was in a container already; its image is recorded by digest")
    version = str(python.get("version"))
    if python.get("implementation") != "CPython" or not _VERSION.fullmatch(version):
        raise InputError(
            f"there is no base image for {python.get('implementation')} {version}; only CPython's are known"
        )
    pins = [f"{each['name']}=={each['version']}" for each in document["dependencies"] if each["name"] not in _OWN]
    # What is no name and version could be an option to pip.
    lock = "".join(f"{pin}\n" for pin in pins if _PIN.fullmatch(pin))
    variables = "".join(f"    {name}={value} \\\n" for name, value in sorted(runtime.settings().items()))
    containerfile = (
        f"# The runtime {digest}, as an image.\n"
        f"# Build it:  podman build -t localhost/training .\n"
        f"# Use it:    image: localhost/training   (in a specification)\n"
        f"FROM docker.io/library/python:{version}-slim\n"
        f"COPY {LOCK} /{LOCK}\n"
        f"RUN python -m pip install --no-cache-dir --no-deps -r /{LOCK}\n"
        f"ENV {variables.strip().removesuffix(chr(92)).rstrip()}\n"
    )
    return {CONTAINERFILE: containerfile, LOCK: f"# The packages of the runtime {digest}.\n{lock}"}


def write(folder: Path, encoded: bytes, digest: str) -> list[Path]:
    """Write the files of a runtime's canonical bytes into a folder, which is made where it is not there.

    Raises:
        InputError: a file with another text is there already, or the folder cannot be written.
    """
    wanted = {folder / name: text for name, text in texts(canonical.decode(encoded), digest).items()}
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
            raise InputError(f"{path} is there already, with another text; move it away, or name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from None
    return list(wanted)
