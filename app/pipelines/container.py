"""Running in a container: by podman or docker, whichever is here, from an image that is named and found by its digest.

A container sees the run's folder and nothing else of the machine: no network, no home, none of our packages. An image is
never fetched: what ran is what was here, by the digest of its configuration, which names all its layers.

``ASSAY_CONTAINER`` names another engine or gives it options (``podman --runtime runc``), ``ASSAY_CONTAINER_OPTIONS`` gives
options to its ``run`` (``--ulimit nofile=1024:1024``). Both are recorded with a run.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.pipelines import runtime
from app.pipelines.place import Place
from app.pipelines.processes import CHILD
from ledger.errors import InputError
from ledger.format import canonical

_ENGINES = ("podman", "docker")
_PYTHON = "python3"
_MACHINE = ("PATH", "HOME", "USER", "LOGNAME", "LD_LIBRARY_PATH")
"""Variables that describe this machine, and mean nothing in an image."""
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is here: what it was called, its digest (``sha256:…``), its platform, and the engine that has it."""

    name: str
    digest: str
    platform: str
    engine: Engine

    def encoded(self) -> bytes:
        """The canonical bytes of the runtime that it is, whatever it is called."""
        return canonical.encode({"image": self.digest, "platform": self.platform})


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs containers: its command, and the options of its ``run``."""

    command: tuple[str, ...]
    options: tuple[str, ...] = ()

    def described(self) -> list[str]:
        """What is recorded of it."""
        return [*self.command, *self.options]

    def image(self, name: str) -> Image:
        """The image of this name or digest.

        Raises:
            InputError: it is not here, or the engine cannot be asked.
        """
        form = "{{.Id}} {{.Os}}/{{.Architecture}}"
        done = self._asked("image", "inspect", "--format", form, "--", name)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[-1] if said else "no reason given"
            raise InputError(
                f"the image {name} is not here; fetch it by `{self.command[0]} pull {name}`, or build it ({why})"
            )
        digest, _, platform = done.stdout.decode().splitlines()[0].partition(" ")
        return Image(name, f"sha256:{digest.removeprefix('sha256:')}", platform, self)

    def start(
        self, image: str, job: Mapping[str, Any], place: Place, seed: int, own: Mapping[str, str]
    ) -> tuple[subprocess.Popen[bytes], str]:
        """Start a container that does a job of ``child.py``.

        Args:
            image: its digest.
            job: as of ``processes.start``.
            place: the run's folder; it is at the same path inside.
            seed: 0 to 2^32 - 1.
            own: what the specification sets in the environment.

        Returns:
            The process that follows it, and the container's name.

        Raises:
            OSError: the engine cannot be started.
        """
        name = f"assay-{secrets.token_hex(8)}"
        variables = {**place.variables(seed), **own}
        if job["kind"] == "command":
            words = list(job["argv"])
        else:
            # Inside, the child is the first process, and has no parent.
            late = {key: value for key, value in variables.items() if key.startswith("PYTHON")}
            described = {"parent": 0, "hidden": str(place.root / "none"), "variables": late, **job}
            (place.root / "job.json").write_text(json.dumps(described), encoding="utf-8")
            child = place.root / "child.py"
            shutil.copyfile(CHILD, child)
            variables = {key: value for key, value in variables.items() if key not in late}
            words = [_PYTHON, "-s", "-P", str(child), str(place.root / "job.json")]
        inside = runtime.environment(seed, variables)
        for each in _MACHINE:
            if each not in own:
                inside.pop(each, None)
        command = [*self.command, "run", "--rm", "--name", name, "--pull", "never", "--network", "none"]
        command += ["--log-driver", "none", "--entrypoint", "", "--workdir", str(place.work), *self._user()]
        command += ["--volume", f"{place.root}:{place.root}", *self._read_only(place.root / "inputs")]
        for key, value in inside.items():
            command += ["--env", f"{key}={value}"]
        process = subprocess.Popen(
            [*command, *self.options, image, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return process, name

    def remove(self, name: str) -> None:
        """End a container and leave nothing of it; one that is gone already is no trouble."""
        self._asked("rm", "--force", "--volumes", name)

    def _asked(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run([*self.command, *words], capture_output=True, timeout=_SECONDS, check=False)
        except OSError as error:
            raise InputError(f"{self.command[0]} cannot be started: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise InputError(f"{self.command[0]} did not answer within {_SECONDS:g} s") from None

    def _user(self) -> list[str]:
        # Docker's containers run as root, whose files we could not remove; podman's are the user's own.
        docker = Path(self.command[0]).name == "docker" and os.getuid() != 0
        return ["--user", f"{os.getuid()}:{os.getgid()}"] if docker else []

    @staticmethod
    def _read_only(folder: Path) -> list[str]:
        return ["--volume", f"{folder}:{folder}:ro"]


def engine(environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine of this machine: the one that ``ASSAY_CONTAINER`` names, else podman, else docker.

    Raises:
        InputError: there is none, or the variables cannot be read as words.
    """
    try:
        named = tuple(shlex.split(environ.get("ASSAY_CONTAINER", "")))
        options = tuple(shlex.split(environ.get("ASSAY_CONTAINER_OPTIONS", "")))
    except ValueError as error:
        raise InputError(f"ASSAY_CONTAINER or ASSAY_CONTAINER_OPTIONS cannot be read as words: {error}") from None
    command = named or next(((each,) for each in _ENGINES if shutil.which(each)), ())
    if not command or shutil.which(command[0]) is None:
        what = f"there is no {command[0]} on the PATH" if command else "neither podman nor docker is on the PATH"
        raise InputError(f"a specification with an image needs a container engine, and {what}")
    return Engine(command, options)


def find(name: str) -> Image:
    """The image of this name or digest, as this machine's engine has it.

    Raises:
        InputError: it is not here, or there is no engine.
    """
    return engine().image(name)


def ended_by(code: int) -> int:
    """A container's exit code as a process's: what a signal ended comes as 128 and its number, and becomes negative."""
    return 128 - code if 128 < code <= 128 + 64 else code
