"""Running one specification in a fresh folder, and saying truthfully how it ended. Nothing here knows the ledger."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.pipelines import container, processes, series
from app.pipelines.output import Log
from app.pipelines.place import Material, Place, scratch
from app.pipelines.room import Room
from app.pipelines.spec import Spec
from ledger.errors import AssayError, InputError
from ledger.format import canonical
from ledger.lifecycle import Status, one_line
from ledger.store.objects import Objects, Stored

_TICK = 0.2
_METRICS_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run ended.

    Attributes:
        status: ``ok``, ``failed`` or ``interrupted``.
        outputs: by name, what was stored; empty unless the status is ``ok``.
        metrics: by name, finite numbers.
        exit_code: of the process; negative is the signal that ended it; ``None`` where it did not end by itself.
        seconds: wall time of the process.
        log: digest of what it wrote to its standard output and error, in the order in which it did.
        reason: one line that says why the status is not ``ok``.
        series: digest of its metrics over its steps, where it wrote any.
    """

    status: Status
    outputs: Mapping[str, Stored] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    exit_code: int | None = None
    seconds: float = 0.0
    log: str | None = None
    reason: str | None = None
    series: str | None = None


class _Failed(Exception):
    """What a run did not do that it had to; the message is the reason."""


def execute(
    spec: Spec,
    objects: Objects,
    *,
    code: Material,
    paths: tuple[str, ...] = (".",),
    inputs: Mapping[str, Material],
    stop: Callable[[], bool] | None = None,
    python: Path | None = None,
) -> Execution:
    """Run a specification once.

    Args:
        spec: what to run.
        objects: where code and inputs come from, and outputs and log go to.
        code: the directory with the code.
        paths: the folders in it that its modules are imported from; the run starts in the first.
        inputs: by the specification's names, what is given to the run.
        stop: asked a few times per second; the run is interrupted once it returns true.
        python: the interpreter that runs it; this one where none is named.

    Returns:
        How it ended. Ctrl-C ends it as ``interrupted``; trouble with the store, or outputs that are absent or not where
        they should be, as ``failed``.
    """
    with scratch("assay-run-") as folder:
        ended = Execution("ok")
        try:
            # The engine is asked before anything is made ready.
            engine = container.engine() if spec.image else None
            place = Place.make(folder, spec, objects, code, paths, inputs)
            log = Log(place.root / "log")
            ended = _run(spec, place, log, stop, python, engine)
            ended = replace(ended, log=objects.put_file(log.close()).digest)
            if ended.status != "ok":
                return _explained(_with_series(ended, place, objects), place, log)
            ended = _with_series(ended, place, objects)
            metrics = {**ended.metrics, **_metrics(spec, place)}
            return replace(ended, metrics=metrics, outputs=_outputs(spec, place, objects))
        except (AssayError, OSError, _Failed) as error:
            # A run that had failed before has its reason already.
            return ended if ended.reason else replace(ended, status="failed", reason=one_line(error))
        except KeyboardInterrupt:
            return replace(ended, status="interrupted", reason=ended.reason or "interrupted from the keyboard")


def _run(
    spec: Spec,
    place: Place,
    log: Log,
    stop: Callable[[], bool] | None,
    python: Path | None,
    engine: container.Engine | None,
) -> Execution:
    """Start the process, and wait until it has ended, is to be stopped, or is out of time."""
    status: Status = "ok"
    reason = None
    began = time.monotonic()
    room = Room(place.root, spec.limit)
    process, name = _start(spec, place, python, engine)
    assert process.stdout is not None
    try:
        speaks = True
        while not processes.has_ended(process):
            if speaks:
                speaks = log.take(process.stdout, _TICK)
            else:
                processes.wait(process, _TICK)
            if spec.timeout is not None and time.monotonic() - began > spec.timeout:
                status, reason = "failed", f"it ran longer than its timeout of {spec.timeout:g} s, and was ended"
                break
            if room.is_used_up():
                status, reason = "failed", f"it wrote more than its limit of {room.limit:,} MiB, and was ended"
                break
            if stop is not None and stop():
                status, reason = "interrupted", "it was told to stop"
                break
    except KeyboardInterrupt:
        status, reason = "interrupted", "interrupted from the keyboard"
    finally:
        seconds = time.monotonic() - began
        _end(process, engine, name)
        log.take_rest(process.stdout)
        process.stdout.close()
    code = process.returncode if reason is None else None
    if code is not None and engine is not None:
        code = container.ended_by(code)
    if code:
        status = "failed"
    elif status == "ok" and room.is_exceeded():  # it was done before anybody looked
        status, reason = "failed", f"it wrote more than its limit of {room.limit:,} MiB"
    return Execution(status, exit_code=code, seconds=round(seconds, 3), reason=reason)


def _end(process: subprocess.Popen[bytes], engine: container.Engine | None, name: str) -> None:
    """End a process with all that it started, and the container that it follows, where it follows one."""
    ended = processes.has_ended(process)
    if engine is not None and not ended:
        # Ending what follows a container does not end the container.
        engine.remove(name)
    processes.end_group(process)
    if engine is not None and ended and process.returncode < 0:
        engine.remove(name)


def _start(
    spec: Spec, place: Place, python: Path | None, engine: container.Engine | None
) -> tuple[subprocess.Popen[bytes], str]:
    """Start the process, in a container where there is an engine; the container's name, which is empty without one."""
    if engine is not None and spec.image is not None:
        return engine.start(spec.image, _job(spec, place), place, spec.seed, spec.env)
    process = processes.start(
        _job(spec, place),
        folder=place.work,
        job_file=place.root / "job.json",
        seed=spec.seed,
        variables={**place.variables(spec.seed), **spec.env},
        python=python,
    )
    return process, ""


def _job(spec: Spec, place: Place) -> dict[str, Any]:
    """What the child is to do."""
    if spec.command:
        return {"kind": "command", "argv": [place.filled(word, spec.seed) for word in spec.command]}
    return {
        "kind": "callable",
        "target": spec.callable,
        "path": [str(folder) for folder in place.code],
        "inputs": {name: str(path) for name, path in place.inputs.items()},
        "outputs": {name: str(path) for name, path in place.outputs.items()},
        "config": dict(spec.config),
        "seed": spec.seed,
        "result": str(place.root / "result.json"),
    }


def _explained(ended: Execution, place: Place, log: Log) -> Execution:
    """A failed run with its reason: the error that the code raised, the signal, or the last line that it wrote."""
    if ended.reason is not None or ended.exit_code is None:
        return ended
    if ended.exit_code < 0:
        try:
            name = signal.Signals(-ended.exit_code).name
        except ValueError:
            name = f"signal {-ended.exit_code}"
        hint = "; the system may have run out of memory" if ended.exit_code == -signal.SIGKILL else ""
        return replace(ended, reason=f"it was killed by {name}{hint}")
    said = _result(place).get("error")
    if said is None:
        last = log.last_line()
        said = f"exit code {ended.exit_code}" + (f": {last}" if last else "")
    return replace(ended, reason=one_line(said))


def _with_series(ended: Execution, place: Place, objects: Objects) -> Execution:
    """An execution with its metrics over its steps, each metric's last value among its metrics.

    Of a run that did not end well the lines that can be read count, if all can.
    """
    try:
        found = series.read(place.series)
    except InputError as error:
        if ended.status != "ok":
            return ended
        raise _Failed(str(error)) from None
    if not found:
        return ended
    kept = objects.put_bytes(canonical.encode(found)).digest
    return replace(ended, series=kept, metrics=series.last(found))


def _result(place: Place) -> dict[str, Any]:
    """What the child reported of a callable; nothing where it could not."""
    try:
        found = json.loads((place.root / "result.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _metrics(spec: Spec, place: Place) -> dict[str, float]:
    """The metrics that a callable returned, or that a command left in its file."""
    if spec.callable:
        result = _result(place)
        if "metrics" not in result:
            raise _Failed("the process ended without a result; the code itself ended it, as os._exit does")
        found = result["metrics"]
    elif not os.path.lexists(place.metrics):
        if spec.metrics:
            raise _Failed(f"the file of its metrics, {spec.metrics}, was not written")
        return {}
    else:
        _require_inside(place, place.metrics, "the file of its metrics")
        try:
            with place.metrics.open("rb") as file:
                found = canonical.parse(file.read(_METRICS_LIMIT))
        except (OSError, ValueError) as error:
            raise _Failed(f"the file of its metrics cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise _Failed("its metrics must be a mapping from name to number")
    metrics = {}
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _Failed(f"its metric {name!r} must be a finite number, not {value!r}")
        metrics[name] = float(value)
    try:
        canonical.encode(metrics)
    except AssayError as error:
        raise _Failed(f"its metrics cannot be recorded: {error}") from None
    return metrics


def _outputs(spec: Spec, place: Place, objects: Objects) -> dict[str, Stored]:
    """Store every output, once all of them are found to be there and inside the folder."""
    for name, path in place.outputs.items():
        if not os.path.lexists(path):
            raise _Failed(f"output {name!r} was not written ({spec.outputs[name].path or 'outputs/' + name})")
        _require_inside(place, path, f"output {name!r}")
    return {
        name: objects.put_directory(path) if path.is_dir() else objects.put_file(path)
        for name, path in place.outputs.items()
    }


def _require_inside(place: Place, path: Path, what: str) -> None:
    if not place.holds(path):
        raise _Failed(f"{what} lies outside the run's folder: {path.name} leads to {path.resolve()}")
