"""A container image made on the spot, without a network: this Python, its library, and what they are linked with."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_LEFT_OUT = {"test", "site-packages", "dist-packages", "idlelib", "ensurepip", "lib2to3", "tkinter", "__pycache__"}
_ULIMITS = "--ulimit nofile=1024:1024 --ulimit nproc=1000:1000"


def engine() -> str:
    """How podman is called here. Within a container of its own it may not manage the machine's groups."""
    return "podman --runtime runc --cgroup-manager cgroupfs" if shutil.which("runc") else "podman"


@contextmanager
def image(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An image's name, while the block lasts; skips the test where podman is absent or cannot run it."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not here")
    monkeypatch.setenv("ASSAY_CONTAINER", engine())
    monkeypatch.setenv("ASSAY_CONTAINER_OPTIONS", _ULIMITS)
    name = f"localhost/assay-test-{secrets.token_hex(4)}"
    archive = folder / "image.tar"
    _pack(archive)
    podman = engine().split()
    try:
        done = _tried([*podman, "import", "--quiet", str(archive), name])
        archive.unlink()
        if done.returncode == 0:
            words = [
                "run",
                "--rm",
                "--network",
                "none",
                *_ULIMITS.split(),
                name,
                "/usr/bin/python3",
                "-c",
                "print(6 * 7)",
            ]
            done = _tried([*podman, *words])
        if done.returncode != 0 or (done.stdout.strip() != b"42"):
            pytest.skip(f"podman does not work here: {done.stderr.decode(errors='replace').strip()[-200:]}")
        yield name
    finally:
        subprocess.run([*podman, "image", "rm", "--force", name], capture_output=True, check=False)


def _tried(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"podman does not work here: {error}")


def _pack(archive: Path) -> None:
    python, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    linked = {
        word
        for each in (python, *library.glob("lib-dynload/*.so"))
        for word in subprocess.run(["ldd", str(each)], capture_output=True, text=True, check=False).stdout.split()
        if word.startswith("/")
    }
    with tarfile.open(archive, "w") as tar:
        for each in sorted(linked):
            tar.add(os.path.realpath(each), each.lstrip("/"))
        tar.add(python, str(python).lstrip("/"))
        tar.add(library, str(library).lstrip("/"), filter=_needed)
        link = tarfile.TarInfo("usr/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, str(python)
        tar.addfile(link)


def _needed(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = set(entry.name.split("/"))
    return None if parts & _LEFT_OUT or any(part.startswith("config-3") for part in parts) else entry
