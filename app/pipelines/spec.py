"""A run's specification: what is run, on which inputs, with which code, configuration and seed, and what it makes.

    job: train
    job_type: training
    callable: fx_model.training:train      # or command: [python, train.py, "{inputs.panel}", "{outputs.model}"]
    code: project                          # a folder or several; without it, the workspace
    config: {start: 2004-01-01, window: 22}
    seed: 7
    inputs: {panel: dataset/fx-hedging/panel@1}
    outputs: {model: {artifact: model/fx-hedging/fx-vol, media_type: application/json}}
    image: localhost/training:3            # a container image that is here; without one, the interpreter of Assay
    timeout: 600                           # seconds
    limit: 4096                            # MiB that it may write
    tolerance: 1.0e-9                      # how far numbers may be off when it is reproduced; without it, not at all

A callable is ``f(inputs: dict[str, Path], outputs: dict[str, Path], config: dict, seed: int) -> dict[str, float]``: it
reads the files it is given, writes the outputs where it is told, and returns its metrics. A command finds the same in
its arguments (``{inputs.NAME}``, ``{outputs.NAME}``, ``{config}``, ``{seed}``, ``{metrics}``) and in the environment
(``ASSAY_INPUTS``, ``ASSAY_OUTPUTS``, ``ASSAY_CONFIG``, ``ASSAY_SEED``, ``ASSAY_METRICS``), and runs in a copy of the
code. The whole specification is recorded, ``env`` included: it is no place for secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from app.pipelines import settings, yamltext
from app.workspace import nearest
from ledger.errors import AssayError, InputError
from ledger.format import canonical

JOB_TYPES = (
    "training",
    "evaluation",
    "ingest",
    "features",
    "scoring",
    "monitoring",
    "check",
    "test",
    "package",
    "report",
    "other",
)
OUTPUT_KINDS = ("dataset", "feature_view", "model", "document", "policy", "config", "code", "runtime")
SEED_LIMIT = 2**32
"""Seeds are below this: NumPy's and Python's own limit."""

_KEYS = (
    "job",
    "job_type",
    "command",
    "callable",
    "code",
    "config",
    "seed",
    "inputs",
    "outputs",
    "metrics",
    "image",
    "timeout",
    "limit",
    "tolerance",
    "env",
)
_OUTPUT_KEYS = ("artifact", "path", "media_type", "columns")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLACE = re.compile(r"\{(inputs|outputs)\.([A-Za-z0-9._-]+)\}")


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a run makes.

    ``artifact`` is what it is registered as: ``kind/project/name``, or ``kind/name`` in the run's own project. ``path``
    is where it is written, relative to the folder that the run starts in; without one, a place is chosen and told.
    ``columns`` says which columns of which inputs (``input#column``) each of its columns is computed from, where known.
    """

    artifact: str
    path: str | None = None
    media_type: str | None = None
    columns: Mapping[str, list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A specification, read and checked. ``folder`` is what the paths in ``code`` are relative to."""

    job: str
    job_type: str = "training"
    command: tuple[str, ...] = ()
    callable: str | None = None
    code: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    metrics: str | None = None
    image: str | None = None
    timeout: float | None = None
    limit: int | None = None
    tolerance: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()

    def document(self) -> dict[str, Any]:
        """The specification as plain data, which ``from_document`` reads; ``folder`` is not part of it."""
        outputs = {
            name: {key: value for key in _OUTPUT_KEYS if (value := getattr(each, key)) is not None}
            for name, each in self.outputs.items()
        }
        found: dict[str, Any] = {"job": self.job, "job_type": self.job_type, "seed": self.seed, "outputs": outputs}
        for key in ("command", "code"):
            found[key] = list(getattr(self, key))
        for key in ("config", "inputs", "env"):
            found[key] = dict(getattr(self, key))
        for key in ("callable", "metrics", "image", "timeout", "limit", "tolerance"):
            found[key] = getattr(self, key)
        return {key: value for key, value in found.items() if value not in (None, [], {})}

    def with_overrides(self, overrides: Iterable[str]) -> Spec:
        """A copy with values of the configuration replaced.

        Args:
            overrides: ``key=value`` each, ``a.b=value`` for a nested one; the value is one YAML scalar, typed as such.
                ``seed=value`` is the run's seed, where the configuration has no key of this name.

        Raises:
            InputError: the configuration has no such key, or the words are not of that form.
        """
        spec = self
        for each in overrides:
            spec = spec.with_values([settings.spoken(each)], f"--set {each}")
        return spec

    def with_values(self, values: Iterable[tuple[str, Any]], said: str) -> Spec:
        """As ``with_overrides``, with any plain data as values; ``said`` stands before an error."""
        config, seed = settings.replaced(self.config, values, said)
        _require_canonical(config, said)
        if seed is None:
            return replace(self, config=config)
        if type(seed) is not int or not 0 <= seed < SEED_LIMIT:
            raise InputError(f"{said}: the seed must be a whole number from 0 to {SEED_LIMIT - 1}, not {seed!r}")
        return replace(self, config=config, seed=seed)


def read(path: Path | str, overrides: Iterable[str] = ()) -> Spec:
    """Read a specification's file; see ``Spec.with_overrides`` for ``overrides``.

    Raises:
        InputError: the file cannot be read, or is not a specification; the message names the line.
    """
    file = Path(path)
    return _Reader(yamltext.read(file, "specification"), file.absolute().parent).spec().with_overrides(overrides)


def from_document(document: Mapping[str, Any], folder: Path, source: str = "the specification") -> Spec:
    """The specification that plain data describes, checked as a file's is.

    Raises:
        InputError: the data is not a specification.
    """
    return _Reader(yamltext.Document(dict(document), source), folder).spec()


class _Reader:
    """Turns plain data into a Spec, and says on which line it cannot."""

    def __init__(self, document: yamltext.Document, folder: Path) -> None:
        self._document = document
        self._folder = folder

    def spec(self) -> Spec:
        data = self._document.value
        if not isinstance(data, dict):
            raise self._error((), "a specification is a mapping that begins with job: and command: or callable:")
        self._only(data, _KEYS, ())
        outputs = {name: self._output(name, each) for name, each in self._mapping(data, "outputs").items()}
        spec = Spec(
            job=self._job(data),
            job_type=self._job_type(data),
            command=self._words(data, "command"),
            callable=self._text(data, "callable"),
            code=self._code(data),
            config=self._mapping(data, "config", names=False),
            seed=self._seed(data),
            inputs={name: self._input(name, each) for name, each in self._mapping(data, "inputs").items()},
            outputs=outputs,
            metrics=self._inner_path(data.get("metrics"), ("metrics",)),
            image=self._image(data),
            timeout=self._timeout(data),
            limit=self._limit(data),
            tolerance=self._tolerance(data),
            env=self._env(data),
            folder=self._folder,
        )
        self._check_way(spec)
        _require_canonical(spec.config, f"{self._document.source}: config")
        return spec

    def _check_way(self, spec: Spec) -> None:
        if bool(spec.command) == bool(spec.callable):
            raise self._error((), "give either command: [program, argument, …] or callable: package.module:function")
        if spec.callable and not _CALLABLE.fullmatch(spec.callable):
            raise self._error(("callable",), f"{spec.callable!r} must look like package.module:function")
        if spec.callable and spec.metrics:
            raise self._error(("metrics",), "a callable returns its metrics; metrics: names a command's file")
        paths = [each.path for each in spec.outputs.values() if each.path]
        if len(set(paths)) < len(paths):
            raise self._error(("outputs",), "two outputs have the same path")
        if len({each.artifact for each in spec.outputs.values()}) < len(spec.outputs):
            raise self._error(("outputs",), "two outputs are the same artifact")
        for name, output in spec.outputs.items():
            for source in (each for sources in (output.columns or {}).values() for each in sources):
                if source.partition("#")[0] not in spec.inputs:
                    where = ("outputs", name, "columns")
                    raise self._error(where, f"{source!r} names no input{nearest(source, list(spec.inputs))}")
        for index, word in enumerate(spec.command):
            for group, name in _PLACE.findall(word):
                known = spec.inputs if group == "inputs" else spec.outputs
                if name not in known:
                    message = f"{{{group}.{name}}} names no {group[:-1]}{nearest(name, list(known))}"
                    raise self._error(("command", index), message)

    def _job(self, data: Mapping[str, Any]) -> str:
        job = self._text(data, "job")
        if job is None:
            raise self._error((), "job: is missing; name what this run does, such as train")
        return self._named(job, ("job",))

    def _job_type(self, data: Mapping[str, Any]) -> str:
        kind = self._text(data, "job_type") or JOB_TYPES[0]
        if kind not in JOB_TYPES:
            hint = nearest(kind, JOB_TYPES) or f"; known are {', '.join(JOB_TYPES)}"
            raise self._error(("job_type",), f"{kind!r} is not a job_type{hint}")
        return kind

    def _code(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        item = data.get("code")
        return (item,) if isinstance(item, str) and item else self._words(data, "code")

    def _seed(self, data: Mapping[str, Any]) -> int:
        seed = data.get("seed", 0)
        if type(seed) is not int or not 0 <= seed < SEED_LIMIT:
            raise self._error(("seed",), f"seed must be a whole number from 0 to {SEED_LIMIT - 1}, not {seed!r}")
        return seed

    def _image(self, data: Mapping[str, Any]) -> str | None:
        image = self._text(data, "image")
        if image is not None and not _IMAGE.fullmatch(image):
            raise self._error(("image",), f"{image!r} cannot be an image's name, such as localhost/training:3")
        return image

    def _timeout(self, data: Mapping[str, Any]) -> float | None:
        timeout = data.get("timeout")
        if "timeout" not in data:
            return None
        if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not 0 < timeout < 1e9:
            raise self._error(("timeout",), f"timeout must be a number of seconds above 0, not {timeout!r}")
        return float(timeout)

    def _limit(self, data: Mapping[str, Any]) -> int | None:
        limit = data.get("limit")
        if "limit" in data and (type(limit) is not int or not 0 < limit < 1 << 30):
            raise self._error(("limit",), f"limit must be a whole number of MiB above 0, not {limit!r}")
        return limit

    def _tolerance(self, data: Mapping[str, Any]) -> float | None:
        tolerance = data.get("tolerance")
        if "tolerance" not in data:
            return None
        if not isinstance(tolerance, int | float) or isinstance(tolerance, bool) or not 0 < tolerance < 1:
            raise self._error(("tolerance",), f"tolerance must be a number above 0 and below 1, not {tolerance!r}")
        return float(tolerance)

    def _env(self, data: Mapping[str, Any]) -> dict[str, str]:
        env = self._mapping(data, "env", names=False)
        for name, value in env.items():
            if not _VARIABLE.fullmatch(name):
                raise self._error(("env", name), f"{name!r} cannot be the name of an environment variable")
            if not isinstance(value, str) or "\0" in value:
                raise self._error(("env", name), f'{name} must be a text; write it in quotes: "{value}"')
        return env

    def _input(self, name: str, item: Any) -> str:
        if not isinstance(item, str) or not item:
            raise self._error(("inputs", name), f"input {name!r} must name an artifact, such as dataset/project/name@1")
        return item

    def _output(self, name: str, item: Any) -> Output:
        where = ("outputs", name)
        if not isinstance(item, dict):
            raise self._error(where, f"output {name!r} must be a mapping, such as {{artifact: model/project/name}}")
        self._only(item, _OUTPUT_KEYS, where)
        artifact = item.get("artifact")
        parts = artifact.split("/") if isinstance(artifact, str) else []
        if len(parts) not in (2, 3) or not all(_NAME.fullmatch(part) for part in parts):
            raise self._error(
                (*where, "artifact"), f"output {name!r} needs artifact: kind/project/name, without a version"
            )
        if parts[0] not in OUTPUT_KINDS:
            hint = nearest(parts[0], OUTPUT_KINDS) or f"; known are {', '.join(OUTPUT_KINDS)}"
            raise self._error((*where, "artifact"), f"{parts[0]!r} is not a kind of artifact{hint}")
        media_type = item.get("media_type")
        if media_type is not None and not (isinstance(media_type, str) and media_type):
            raise self._error((*where, "media_type"), "media_type must be a text such as application/json")
        path = self._inner_path(item.get("path"), (*where, "path"))
        return Output(str(artifact), path, media_type, self._columns(item.get("columns"), (*where, "columns")))

    def _columns(self, item: Any, where: yamltext.Place) -> dict[str, list[str]] | None:
        """Where an output's columns come from; which inputs there are is checked once all of the file is read."""
        if item is None:
            return None
        if not isinstance(item, dict) or not all(isinstance(each, list) for each in item.values()):
            raise self._error(where, "columns must be a mapping, such as {usd: [rates#USD]}")
        for column, sources in item.items():
            for source in sources:
                if not isinstance(source, str) or not all(source.partition("#")):
                    raise self._error((*where, column), f"{source!r} must look like input#column")
        return {str(column): list(sources) for column, sources in item.items()}

    def _inner_path(self, item: Any, where: yamltext.Place) -> str | None:
        """A path below the folder that the run starts in, in its shortest form."""
        if item is None:
            return None
        path = PurePosixPath(item) if isinstance(item, str) and item and "\0" not in item else None
        if path is None or path.is_absolute() or ".." in path.parts or not path.parts:
            raise self._error(
                where, f"{'.'.join(map(str, where))} must be a path inside the run's folder, not {item!r}"
            )
        return str(path)

    def _mapping(self, data: Mapping[str, Any], key: str, *, names: bool = True) -> dict[str, Any]:
        item = data.get(key, {})
        if not isinstance(item, dict):
            raise self._error((key,), f"{key} must be a mapping, name: value")
        if names:
            for name in item:
                self._named(name, (key, name))
        return item

    def _words(self, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
        item = data.get(key, [])
        if not isinstance(item, list) or (key in data and not item):
            raise self._error((key,), f"{key} must be a list, such as [first, second]")
        for index, word in enumerate(item):
            if not isinstance(word, str) or not word or "\0" in word:
                raise self._error((key, index), f'{key} must be a list of texts; write {word!r} in quotes: "{word}"')
        return tuple(item)

    def _text(self, data: Mapping[str, Any], key: str) -> str | None:
        item = data.get(key)
        if key in data and not (isinstance(item, str) and item):
            raise self._error((key,), f"{key} must be a text that is not empty, not {item!r}")
        return item

    def _named(self, name: str, where: yamltext.Place) -> str:
        if not _NAME.fullmatch(name) or len(name) > 100:
            raise self._error(where, f"{name!r} cannot be a name; use letters, digits and . _ -")
        return name

    def _only(self, data: Mapping[str, Any], known: tuple[str, ...], where: yamltext.Place) -> None:
        for key in data:
            if key not in known:
                hint = nearest(key, known) or f"; known are {', '.join(known)}"
                raise self._error((*where, key), f"unknown key {key!r}{hint}")

    def _error(self, where: yamltext.Place, message: str) -> InputError:
        return self._document.error(where, message)


def _require_canonical(config: Mapping[str, Any], what: str) -> None:
    try:
        canonical.encode(dict(config))
    except AssayError as error:
        raise InputError(f"{what} holds what JSON cannot: {error}") from None
