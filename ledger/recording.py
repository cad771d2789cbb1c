"""Capturing a run from inside training code: ``Ledger.run``.

with ledger.run("train", project="fx-hedging", actor="ada", inputs=["dataset/fx-hedging/rates@3"], seed=7) as run:
    model = fit(run.input("dataset/fx-hedging/rates@3"))
    for epoch, loss in enumerate(model.losses):
        run.metric("loss", loss, step=epoch)
    run.metric("error", model.error)
    run.output("model/fx-hedging/fx-vol", model.save("model.json"))
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ledger.errors import AssayError, InputError
from ledger.events.runs import RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format import canonical
from ledger.format.errors import FormatError
from ledger.ledger import Ledger
from ledger.lifecycle import (
    Ended,
    Made,
    artifact_base,
    begin,
    claimed,
    end,
    is_directory,
    new_run,
    one_line,
    require_input,
)
from ledger.projections import artifacts
from ledger.store.journal import Recorded
from ledger.store.objects import Stored

_MAX_STEP = 2**53 - 1


class Run:
    """A run in this process; a context manager, made by ``Ledger.run``.

    An exception inside is recorded as failure, Ctrl-C as interruption, and both are raised again. ``outputs`` holds the
    references of what it made once it has ended.

    Args:
        ledger: open for writing.
        job: what is done, such as ``train``.
        project: which project it is for.
        actor: who runs it; by default as of ``Ledger.record``.
        job_type: ``training``, ``evaluation``, ``ingest``, ``features``, …
        inputs: references of all that it reads. They are recorded when it begins, so none can be added later.
        config: its configuration, plain JSON data; it is stored and registered.
        seed: of its random numbers. It is recorded; seeding is the caller's.
        code: the folder with its source files, which is stored and registered, or a digest.
        commit: of that code.
        dirty: whether the code differs from the commit.
        runtime: digest of what it runs in.
        team: who it is for.
        trigger: why it was started.
        experiment: what it is grouped under with other runs.
        parameters: anything else worth keeping, plain JSON data.
        cause: the seq of the event that led to it.
        at: under a simulated clock, when it begins.
    """

    def __init__(
        self,
        ledger: Ledger,
        job: str,
        *,
        project: str | None,
        actor: str | None = None,
        job_type: str = "training",
        inputs: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        seed: int | None = None,
        code: str | os.PathLike[str] | None = None,
        commit: str | None = None,
        dirty: bool | None = None,
        runtime: str | None = None,
        team: str | None = None,
        trigger: str | None = None,
        experiment: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        cause: int | None = None,
        at: str | datetime | None = None,
    ) -> None:
        """Describe a run; it begins when the block does."""
        self.run = new_run()
        self.outputs: dict[str, str] = {}
        self._ledger = ledger
        self._project = project
        self._actor = actor
        self._config = config
        self._code = code
        self._inputs = tuple(inputs)
        self._envelope: dict[str, Any] = {"actor": actor, "project": project, "cause": cause, "at": at}
        self._described: dict[str, Any] = {
            "job": job,
            "job_type": job_type,
            "seed": seed,
            "commit": commit,
            "dirty": dirty,
            "runtime": runtime,
            "team": team,
            "trigger": trigger,
            "experiment": experiment,
            "parameters": dict(parameters or {}),
        }
        self._metrics: dict[str, float] = {}
        self._series: dict[str, list[tuple[int, float]]] = {}
        self._made: dict[str, Made] = {}
        self._given: dict[str, artifacts.Artifact] = {}
        self._scratch: Path | None = None
        self._started: Recorded | None = None

    @property
    def ref(self) -> str:
        """How the run is named elsewhere: ``run/7c1e…``."""
        return f"run/{self.run}"

    def __enter__(self) -> Self:
        for text in self._inputs:
            found = require_input(self._ledger, text)
            self._given[text] = self._given[found.ref] = found
        sources = self._sources()
        inputs = {each.ref: Artifact(each.ref, each.digest) for each in self._given.values()}
        fact = RunStarted(run=self.run, inputs=list(inputs.values()), **self._described)
        self._claim = claimed(self._ledger, self.run)
        self._release = self._claim.__enter__()
        try:
            self._started = begin(self._ledger, fact, sources, **self._envelope)
        except BaseException:
            self._release()
            self._claim.__exit__(None, None, None)
            raise
        return self

    def metric(self, name: str, value: float, *, step: int | None = None) -> None:
        """Keep a number; the last one given for a name is the run's.

        Args:
            name: what it measures.
            value: the number.
            step: which step of the run it belongs to, from 0: all that are given with a step are kept as a series, in the
                store and not in the event, however many they are.

        Raises:
            InputError: it is not finite, or no number; or the step is no whole number from 0 on.
        """
        if step is not None and (isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= _MAX_STEP):
            raise InputError(f"metric {name!r}: a step is a whole number from 0 on, not {step!r}")
        number = float(value)
        if not math.isfinite(number):
            raise InputError(f"metric {name!r} is {number}, which is no finite number")
        self._metrics[name] = number
        if step is not None:
            self._series.setdefault(name, []).append((step, number))

    def input(self, ref: str) -> Path:
        """A verified copy of an input's bytes, a file or a folder that is removed when the run ends.

        Raises:
            InputError: it was not named when the run began.
        """
        artifact = self._given.get(ref)
        if artifact is None:
            raise InputError(f"{ref} is no input of {self.ref}; name it as inputs=[{ref!r}] when the run begins")
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="assay-run-"))
        copy = self._scratch / artifact.ref.replace("/", "-")
        if not copy.exists():
            directory = is_directory(artifact)
            self._ledger.objects.restore(artifact.digest, copy, directory=directory, read_only=True, durable=False)
        return copy

    def output(self, artifact: str, content: str | os.PathLike[str] | bytes, **facts: Any) -> str:
        """Store a file or folder as it is now, or bytes; it becomes a version when the run ends well.

        Args:
            artifact: ``kind/project/name``, or ``kind/name`` in the run's own project.
            content: the path of the file or folder, or the bytes themselves.
            facts: optional fields of ``artifact.registered``: ``media_type``, ``rows``, ``span``, ``summary``, …

        Returns:
            Its digest.

        Raises:
            InputError: the artifact was given before, or there is no such file.
        """
        base = artifact_base(artifact, self._project)
        if base in self._made:
            raise InputError(f"{base} is an output of {self.ref} already")
        self._made[base] = Made(base, self._stored(content), facts)
        return self._made[base].stored.digest

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._started is not None
        try:
            self._end(self._started, error)
            self._release()
        except AssayError as trouble:
            if error is None:
                raise
            error.add_note(f"and how {self.ref} ended could not be recorded: {trouble}")
        finally:
            self._claim.__exit__(None, None, None)
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)

    def _end(self, started: Recorded, error: BaseException | None) -> None:
        series = self._ledger.objects.put_bytes(canonical.encode(self._plain_series())).digest if self._series else None
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            ended = Ended("ok", tuple(self._made.values()), self._metrics, series=series)
        elif isinstance(error, KeyboardInterrupt):
            ended = Ended("interrupted", metrics=self._metrics, reason="interrupted from the keyboard", series=series)
        else:
            reason = one_line(f"{type(error).__name__}: {error}")
            ended = Ended("failed", metrics=self._metrics, reason=reason, series=series)
        self.outputs, recorded = end(self._ledger, started, ended)
        value = recorded[-1].event.value
        if value["status"] != ended.status:
            raise InputError(f"{self.ref}: {value['reason']}")

    def _plain_series(self) -> dict[str, list[list[float]]]:
        return {name: [[step, value] for step, value in points] for name, points in self._series.items()}

    def _sources(self) -> list[Made]:
        """Store the code and the configuration that were given, and enter their digests."""
        found = []
        if isinstance(self._code, str) and self._code.startswith("sha256:"):
            self._described["code"] = self._code
        elif self._code is not None:
            folder = Path(self._code).resolve()
            found.append(Made(artifact_base(f"code/{folder.name}", self._project), self._stored(folder)))
            self._described["code"] = found[-1].stored.digest
        if self._config is not None:
            try:
                stored = self._ledger.objects.put_bytes(canonical.encode(dict(self._config)))
            except FormatError as error:
                raise InputError(f"the configuration holds what JSON cannot: {error}") from None
            base = artifact_base(f"config/{self._described['job']}", self._project)
            found.append(Made(base, stored, {"media_type": "application/json"}))
            self._described["config"] = stored.digest
        return found

    def _stored(self, content: str | os.PathLike[str] | bytes) -> Stored:
        objects = self._ledger.objects
        if isinstance(content, bytes):
            return objects.put_bytes(content)
        path = Path(content)
        return objects.put_directory(path) if path.is_dir() else objects.put_file(path)
