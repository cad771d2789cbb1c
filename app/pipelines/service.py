"""A process of the user's code that answers requests: one line of JSON in, one line of JSON out."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.pipelines import processes
from ledger.errors import AssayError, InputError
from ledger.lifecycle import one_line

ANSWER_LIMIT = 256 << 20
"""Bytes that one answer may have."""

_BLOCK = 1 << 16
_TAIL = 1 << 14


class ServiceError(AssayError):
    """The user's code refused a request, answered with something else than JSON, or not at all."""


class Service:
    """A module of the user's project, started as ``python -m`` would start it; a context manager that ends it.

    The module reads JSON documents, one a line, from its standard input until that ends, and writes for each one line
    of JSON to its standard output: its answer, or ``{"error": "…"}``. It meets the project's packages and not ours.
    """

    def __init__(
        self,
        project: Path | str,
        module: str,
        arguments: Sequence[str] = (),
        *,
        timeout: float = 60.0,
        seed: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start the process; what it does first is only seen with the first answer.

        Args:
            project: the folder that the module is imported from, and that it starts in.
            module: its name, such as ``fxvol.serving``.
            arguments: what follows the name on a command line.
            timeout: seconds that an answer may take, where a request does not say.
            seed: of the random numbers, as of a run.
            env: further environment variables.

        Raises:
            InputError: there is no such folder.
            ServiceError: the process cannot be started.
        """
        folder = Path(project).resolve()
        if not folder.is_dir():
            raise InputError(f"there is no project folder {folder}")
        self._module = module
        self._timeout = timeout
        self._rest = b""
        self._scratch = tempfile.TemporaryDirectory(prefix="assay-service-")
        job_file = Path(self._scratch.name) / "job.json"
        self._log = (Path(self._scratch.name) / "log").open("w+b")
        job = {"kind": "service", "module": module, "arguments": list(arguments), "path": [str(folder)], "seed": seed}
        try:
            self._process = processes.start(
                job,
                folder=folder,
                job_file=job_file,
                seed=seed,
                variables={"PYTHONPATH": str(folder), **(env or {})},
                stdin=subprocess.PIPE,
                stderr=self._log,
            )
        except OSError as error:
            self._log.close()
            self._scratch.cleanup()
            raise ServiceError(f"{module} cannot be started: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: Any, timeout: float | None = None) -> Any:
        """Send one request and wait for its answer.

        Args:
            request: plain JSON data.
            timeout: seconds; by default the service's own. A service that has not answered in time is ended.

        Returns:
            The answer, plain JSON data.

        Raises:
            ServiceError: the code reports an error, which leaves the service as it is; or it takes too long, has ended,
                or writes what is no JSON, which ends it.
        """
        if self._process.returncode is not None:
            raise ServiceError(f"{self._module} has ended and answers no more")
        seconds = self._timeout if timeout is None else timeout
        line = json.dumps(request, allow_nan=False).encode() + b"\n"
        try:
            answered = self._exchange(line, time.monotonic() + seconds)
            answer = json.loads(answered)
        except TimeoutError:
            raise self._broken(f"did not answer within {seconds:g} s, and was ended") from None
        except (BrokenPipeError, EOFError):
            raise self._broken("ended without an answer") from None
        except ValueError:
            raise self._broken(f"answered with what is no JSON: {answered[:80]!r}") from None
        except BaseException:
            # Half a request is sent, or half an answer read: no later one could be told from it.
            self.close()
            raise
        if isinstance(answer, dict) and set(answer) == {"error"}:
            raise ServiceError(f"{self._module}: {one_line(answer['error'])}")
        return answer

    def close(self) -> None:
        """End the process: by ending its input, then by asking, then by force."""
        if self._process.returncode is None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            processes.wait(self._process, 1.0)
            processes.end_group(self._process)
            self._process.stdout.close()
            self._log.close()
            self._scratch.cleanup()

    def _exchange(self, line: bytes, until: float) -> bytes:
        """Write a line and read one, whichever the other side is ready for first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        into, out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(into, False)
        unsent = memoryview(line)
        parts = [self._rest]
        size = 0
        while b"\n" not in parts[-1]:
            poll = select.poll()
            poll.register(out, select.POLLIN)
            if unsent:
                poll.register(into, select.POLLOUT)
            ready = dict(poll.poll(max(0.0, until - time.monotonic()) * 1000))
            if not ready:
                raise TimeoutError
            if into in ready:
                unsent = unsent[os.write(into, unsent[:_BLOCK]) :]
            if out in ready:
                parts.append(os.read(out, _BLOCK))
                size += len(parts[-1])
                if not parts[-1]:
                    raise EOFError
                if size > ANSWER_LIMIT:
                    raise ValueError("the answer is too long")
        answer, _, self._rest = b"".join(parts).partition(b"\n")
        return answer

    def _broken(self, what: str) -> ServiceError:
        """End the service; the error says what was wrong, and the last line that the code wrote to its log."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _TAIL))
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        last = next((line for line in reversed(lines) if line.strip()), "")
        self.close()
        return ServiceError(one_line(f"{self._module} {what}" + (f"; it said last: {last}" if last else "")))
