"""From a specification to the record: what a run is given, that it began, how it ended, what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from app.pipelines import code as codes
from app.pipelines import container, locks, runtime
from app.pipelines.code import Code
from app.pipelines.execution import Execution, execute
from app.pipelines.place import Material
from app.pipelines.spec import Output, Spec
from app.profiling import registration
from app.workspace import Workspace
from ledger import lifecycle
from ledger.errors import InputError
from ledger.events.runs import RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.lifecycle import Ended, Made, Status
from ledger.projections import artifacts
from ledger.store.journal import Recorded
from ledger.store.objects import Objects, Stored


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as it stands in the record.

    Attributes:
        run: its id.
        status: ``ok``, ``failed`` or ``interrupted``.
        outputs: by the specification's names, the references of what it made.
        metrics: by name.
        reason: why the status is not ``ok``, in one line.
        log: digest of what the process wrote.
        seconds: wall time of the process.
        started: the event ``run.started``.
        recorded: the events at its end: ``artifact.registered`` for each new version, then ``run.completed``.
    """

    run: str
    status: Status
    outputs: Mapping[str, str]
    metrics: Mapping[str, float]
    reason: str | None
    log: str | None
    seconds: float
    started: Recorded
    recorded: tuple[Recorded, ...]

    @property
    def ref(self) -> str:
        """How the run is named elsewhere: ``run/7c1e…``."""
        return f"run/{self.run}"

    @property
    def completed(self) -> Recorded:
        """The event ``run.completed``."""
        return self.recorded[-1]


def run_spec(
    ledger: Ledger,
    workspace: Workspace,
    spec: Spec,
    *,
    actor: str | None,
    project: str,
    cause: int | None = None,
    at: str | datetime | None = None,
    team: str | None = None,
    trigger: str | None = None,
    experiment: str | None = None,
    stop: Callable[[], bool] | None = None,
) -> RunResult:
    """Run a specification once, and record it.

    Recorded before it runs: ``run.started``, with code, configuration and runtime as versions where they are new. After
    it, in one transaction: its outputs as versions, and ``run.completed``. Failure and interruption (Ctrl-C, ``stop``)
    are recorded as what they are, and returned.

    Args:
        ledger: open for writing.
        workspace: whose root is the code, where the specification names none.
        spec: what to run.
        actor: who runs it; by default as of ``Ledger.record``.
        project: which project the run is for, and its outputs where they name none.
        cause: the seq of the event that led to it.
        at: under a simulated clock, when it begins.
        team: who it is for.
        trigger: why it was started, such as ``manual`` or ``drift``.
        experiment: what it is grouped under with other runs.
        stop: asked a few times per second; the run is interrupted once it returns true.

    Raises:
        InputError: an input is not registered, is retired, or its bytes are not there; the code cannot be read; two
            outputs are one artifact; the image is not here. Nothing is recorded then.
        LedgerError: the store or the ledger cannot be written.
    """
    about = {"team": team, "trigger": trigger, "experiment": experiment}
    prepared = prepare(ledger, workspace, spec, project=project, about=about)
    with lifecycle.claimed(ledger, prepared.run) as release:
        started = begin(ledger, prepared, actor=actor, cause=cause, at=at)
        try:
            execution = perform(prepared.task(ledger), stop)
        except KeyboardInterrupt:
            execution = Execution("interrupted", reason="interrupted from the keyboard")
        result = finish(ledger, prepared, started, execution)
        release()
    return result


@dataclass(frozen=True, slots=True)
class Task:
    """One execution as any process can do it that reaches the store: plain data, which pickles."""

    spec: Spec
    store: Path | str
    code: str
    paths: tuple[str, ...]
    inputs: Mapping[str, Material]
    stop: Path | None = None


def perform(task: Task, stop: Callable[[], bool] | None = None) -> Execution:
    """Do a task. It ends early once ``stop`` returns true or, where there is none, the task's file ``stop`` is there."""
    if stop is None and task.stop is not None:
        stop = task.stop.exists
    return execute(
        task.spec,
        Objects(task.store),
        code=Material(task.code, directory=True),
        paths=task.paths,
        inputs=task.inputs,
        stop=stop,
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that is ready to begin: what is recorded at its beginning, and all that doing it takes.

    ``bases`` has for each output the ``kind/project/name`` that it is registered as; ``sources`` are code, configuration
    and runtime, as versions where they are new.
    """

    spec: Spec
    project: str
    bases: Mapping[str, str]
    inputs: Mapping[str, artifacts.Artifact]
    code: Code
    fact: RunStarted
    sources: tuple[Made, ...]

    @property
    def run(self) -> str:
        """The run's id."""
        return self.fact.run

    def task(self, ledger: Ledger, stop: Path | None = None) -> Task:
        """What any process can do of it."""
        given = {name: Material(each.digest, lifecycle.is_directory(each)) for name, each in self.inputs.items()}
        return Task(self.spec, ledger.objects.root, self.code.digest, self.code.paths, given, stop)


def prepare(
    ledger: Ledger,
    workspace: Workspace,
    spec: Spec,
    *,
    project: str,
    about: Mapping[str, str | None],
    parameters: Mapping[str, Any] | None = None,
    code: Code | None = None,
) -> Prepared:
    """Make a run ready; nothing is recorded, but the store holds its code, configuration and runtime.

    Args:
        ledger: open for writing.
        workspace: whose root is the code, where the specification names none.
        spec: what to run.
        project: which project the run is for.
        about: ``team``, ``trigger`` and ``experiment``.
        parameters: what else is recorded of it.
        code: its code, where that was captured already.

    Raises:
        InputError: as of ``run_spec``.
    """
    bases = _bases(spec, project)
    image = container.find(spec.image) if spec.image else None
    if image is not None:
        # By its digest: a name may point elsewhere tomorrow.
        spec = replace(spec, image=image.digest)
    inputs = {name: lifecycle.require_input(ledger, ref) for name, ref in spec.inputs.items()}
    code = captured(ledger, workspace, spec) if code is None else code
    fact, sources = _described(ledger, spec, project, code, inputs, about, image)
    locked = locks.recorded(ledger.objects, _folders(workspace, spec), workspace.root)
    fact = msgspec.structs.replace(fact, parameters={**fact.parameters, **locked, **(parameters or {})})
    return Prepared(spec, project, bases, inputs, code, fact, tuple(sources))


def begin(
    ledger: Ledger, prepared: Prepared, *, actor: str | None, cause: int | None, at: str | datetime | None = None
) -> Recorded:
    """Record that a run begins."""
    return lifecycle.begin(
        ledger, prepared.fact, prepared.sources, actor=actor, project=prepared.project, cause=cause, at=at
    )


def finish(ledger: Ledger, prepared: Prepared, started: Recorded, execution: Execution) -> RunResult:
    """Record how a run ended, with what it made."""
    refs, recorded = lifecycle.end(ledger, started, _ended(ledger.objects, prepared, execution))
    value = recorded[-1].event.value
    return RunResult(
        run=prepared.run,
        status=value["status"],
        outputs={name: refs[base] for name, base in prepared.bases.items() if base in refs},
        metrics=value.get("metrics", {}),
        reason=value.get("reason"),
        log=execution.log,
        seconds=execution.seconds,
        started=started,
        recorded=tuple(recorded),
    )


def _bases(spec: Spec, project: str) -> dict[str, str]:
    """By output, the ``kind/project/name`` that it is registered as."""
    bases = {name: lifecycle.artifact_base(each.artifact, project) for name, each in spec.outputs.items()}
    if len(set(bases.values())) < len(bases):
        raise InputError(f"two outputs of {spec.job} are the same artifact")
    return bases


def captured(ledger: Ledger, workspace: Workspace, spec: Spec) -> Code:
    """The code that a specification names, stored."""
    written = [each.path for each in spec.outputs.values() if each.path]
    return codes.capture(
        ledger.objects, _folders(workspace, spec), [*written, *([spec.metrics] if spec.metrics else [])]
    )


def _folders(workspace: Workspace, spec: Spec) -> list[Path]:
    """The folders with the code that a specification names; the workspace where it names none."""
    return [spec.folder / path for path in spec.code] or [workspace.root]


def _described(
    ledger: Ledger,
    spec: Spec,
    project: str,
    code: Code,
    inputs: Mapping[str, artifacts.Artifact],
    about: Mapping[str, str | None],
    image: container.Image | None,
) -> tuple[RunStarted, list[Made]]:
    """What is recorded at the beginning, and what of it is to be a version."""
    objects = ledger.objects
    # The inputs by version: with code and objects it is all that running it again takes.
    exact = replace(spec, inputs={name: each.ref for name, each in inputs.items()})
    config = objects.put_bytes(canonical.encode(dict(spec.config)))
    ran_in = objects.put_bytes(image.encoded() if image else runtime.encoded())
    parameters: dict[str, Any] = {
        "spec": objects.put_bytes(canonical.encode(exact.document())).digest,
        "paths": list(code.paths),
    }
    if spec.callable:
        parameters["callable"] = spec.callable
    if image is not None:
        parameters |= {"image": image.digest, "image_name": image.name, "engine": image.engine.described()}
    if code.patch:
        parameters["patch"] = code.patch
    fact = RunStarted(
        run=lifecycle.new_run(),
        job=spec.job,
        job_type=spec.job_type,
        inputs=[Artifact(ref, digest) for ref, digest in {each.ref: each.digest for each in inputs.values()}.items()],
        code=code.digest,
        commit=code.commit,
        dirty=code.dirty,
        config=config.digest,
        runtime=ran_in.digest,
        seed=spec.seed,
        command=list(spec.command),
        parameters=parameters,
        **about,
    )
    json = {"media_type": "application/json"}
    written = {"commit": code.commit} | ({"authors": list(code.authors)} if code.authors else {})
    return fact, [
        Made(f"code/{project}/{code.name}", code.stored, {"summary": written} if code.commit else {}),
        Made(f"config/{project}/{spec.job}", config, json),
        Made(f"runtime/{project}/{'container' if image else runtime.name()}", ran_in, json),
    ]


def _ended(objects: Objects, prepared: Prepared, execution: Execution) -> Ended:
    """An execution as the record takes it."""
    made = [
        Made(prepared.bases[name], stored, _facts(objects, prepared, prepared.spec.outputs[name], stored))
        for name, stored in execution.outputs.items()
    ]
    return Ended(
        execution.status,
        made,
        execution.metrics,
        execution.exit_code,
        execution.seconds,
        execution.log,
        execution.reason,
        execution.series,
    )


def _facts(objects: Objects, prepared: Prepared, output: Output, stored: Stored) -> dict[str, Any]:
    """What is registered of an output beside its digest: of a table its columns, rows and span, and where columns come from."""
    found: dict[str, Any] = {"media_type": output.media_type} if output.media_type else {}
    name = output.path or ""
    table = output.artifact.startswith("dataset/") and not stored.directory
    if table and registration.may_be_table(name, output.media_type):
        with suppress(InputError):  # what is no table after all is registered by its bytes
            found |= registration.facts(objects, stored.digest, name)[0]
    if output.columns:
        refs = {name: each.ref for name, each in prepared.inputs.items()}
        columns = {
            column: [f"{refs[source.partition('#')[0]]}#{source.partition('#')[2]}" for source in sources]
            for column, sources in output.columns.items()
        }
        found["summary"] = {**found.get("summary", {}), "columns": columns}
    return found
