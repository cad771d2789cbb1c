"""A pipeline made ready: every step with its specification, where its inputs come from, and the order of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from app.pipelines import spec as specs
from app.pipelines.declaration import Declared, Pipeline, Template
from app.pipelines.spec import SEED_LIMIT, Spec
from app.pipelines.yamltext import Document
from app.workspace import nearest
from ledger import lifecycle
from ledger.errors import InputError
from ledger.format import canonical, hashes

STAGES = {"training": "train", "evaluation": "evaluate", "check": "data_check"}
"""The standard step that a job's type is; the others are called as they are."""

_BOUNDS = ("least", "most")
EXPECTATIONS = ("performance", "baseline", "slice", "bias")
"""What an expectation of a metric may be about; the first where nothing is said."""
_MOST_BYTES = 16_384


class Source(NamedTuple):
    """Where something comes from: output ``output`` of step ``step``, or the registered ``ref`` where there is no step."""

    ref: str
    step: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, resolved.

    Attributes:
        name: its name.
        kind: what was declared: ``run``, ``train``, ``gate``, …
        stage: which standard step it is, for the record.
        needs: the steps before it: those that were named, and those that make what it takes.
        spec: what is run, where it is a run of a specification.
        sources: where its inputs come from, by name; the one of a step without a specification is ``subject``.
        makes: by output, the ``kind/project/name`` of what it makes.
        options: what else was said of it.
    """

    name: str
    kind: str
    stage: str
    needs: tuple[str, ...]
    spec: Spec | None
    sources: Mapping[str, Source]
    makes: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A pipeline in one environment, with its parameters' values; ``steps`` stand in an order in which they can be done."""

    pipeline: str
    project: str
    environment: str | None
    team: str | None
    template: Template | None
    parameters: Mapping[str, Any]
    steps: tuple[Step, ...]
    files: tuple[Path, ...] = ()

    def step(self, name: str) -> Step:
        """A step by its name.

        Raises:
            InputError: there is none.
        """
        for each in self.steps:
            if each.name == name:
                return each
        known = [each.name for each in self.steps]
        hint = nearest(name, known) or f"; it has {', '.join(known)}"
        raise InputError(f"the pipeline {self.pipeline} has no step {name!r}{hint}")

    def document(self) -> dict[str, Any]:
        """What the plan says, as plain data without this machine's paths: its digest is the pipeline's definition."""
        steps = [
            {
                "step": each.name,
                "kind": each.kind,
                "needs": list(each.needs),
                "spec": None if each.spec is None else each.spec.document(),
                "sources": {name: list(source) for name, source in sorted(each.sources.items())},
                "options": dict(each.options),
            }
            for each in self.steps
        ]
        return {"pipeline": self.pipeline, "steps": steps}

    def definition(self) -> bytes:
        """The canonical bytes of ``document``."""
        return canonical.encode(self.document())

    def digest(self) -> str:
        """The digest of the definition."""
        return hashes.digest(self.definition())


def make(
    pipeline: Pipeline,
    root: Path,
    project: str,
    *,
    environment: str | None = None,
    team: str | None = None,
    settings: Sequence[str] = (),
) -> Plan:
    """Resolve a pipeline for one environment.

    Args:
        pipeline: as read.
        root: the workspace's folder.
        project: which project it is for, where the pipeline does not say.
        environment: where it runs, if that is to count.
        team: whose it is, where the pipeline does not say.
        settings: parameters from the command line, ``name=value``.

    Raises:
        InputError: a file is not there or not as it must be, a name means nothing, two steps make one thing, or the steps
            need each other in a circle; the line is named.
    """
    project = pipeline.project or project
    values = pipeline.bound(environment, tuple(settings))
    document, declared = pipeline.steps(values)
    reader = _Resolver(document, pipeline.folder, project, [each.name for each in declared])
    drafts = [reader.draft(each) for each in declared]
    makers = reader.makers(drafts)
    steps = [reader.wired(step, each, makers) for step, each in zip(drafts, declared, strict=True)]
    files = (pipeline.file, *reader.files)
    bound = {name: _plain(value, root, pipeline.known[name].type) for name, value in values.items()}
    size = len(canonical.encode(bound))
    if size > _MOST_BYTES:
        raise InputError(
            f"{pipeline.file.name}: its parameters are {size:,} bytes, too much to be recorded; use a file"
        )
    return Plan(
        pipeline=pipeline.name,
        project=project,
        environment=environment,
        team=pipeline.team or team,
        template=pipeline.template,
        parameters=bound,
        steps=tuple(_ordered(document, steps)),
        files=files,
    )


def _plain(value: Any, root: Path, kind: str) -> Any:
    """A parameter's value as it is recorded: a path relative to the workspace."""
    if kind == "path" and Path(value).is_absolute():
        path = Path(value).resolve()
        return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else path.name
    return value


class _Resolver:
    """Turns declared steps into resolved ones, and says on which line it cannot."""

    def __init__(self, document: Document, folder: Path, project: str, names: Sequence[str]) -> None:
        self.files: list[Path] = []
        self._document = document
        self._folder = folder
        self._project = project
        self._names = list(names)

    def draft(self, declared: Declared) -> Step:
        """A step with its specification; what it needs is only what was named."""
        for each in declared.needs:
            if each not in self._names:
                raise self._error(declared, "needs", f"there is no step {each!r}{nearest(each, self._names)}")
        spec = self._spec(declared)
        stage = declared.kind
        makes: dict[str, str] = {}
        if spec is not None:
            if declared.kind == "run":
                stage = STAGES.get(spec.job_type, spec.job_type)
            makes = {name: lifecycle.artifact_base(each.artifact, self._project) for name, each in spec.outputs.items()}
        options = {key: value for key, value in declared.options.items() if key not in ("inputs", "set", "seed")}
        self._check_expectations(declared)
        return Step(declared.name, declared.kind, stage, declared.needs, spec, {}, makes, options)

    def makers(self, steps: Sequence[Step]) -> dict[str, Source]:
        """By ``kind/project/name``, which step's output it is."""
        found: dict[str, Source] = {}
        for step in steps:
            for output, base in step.makes.items():
                if base in found:
                    raise self._document.error(
                        ("steps", step.name), f"{step.name} and {found[base].step} both make {base}"
                    )
                found[base] = Source(base, step.name, output)
        return found

    def wired(self, step: Step, declared: Declared, makers: Mapping[str, Source]) -> Step:
        """A step whose inputs say where they come from; what makes them is needed too."""
        by_step = {(each.step, each.output): each for each in makers.values()}
        words: dict[str, str] = dict(step.spec.inputs) if step.spec is not None else {"subject": str(declared.use)}
        given = declared.options.get("inputs", {})
        for name, ref in given.items():
            if name not in words or not isinstance(ref, str):
                known = f"; it has {', '.join(words) or 'none'}"
                raise self._error(
                    declared, "inputs", f"{step.name} has no input {name!r}{nearest(name, list(words)) or known}"
                )
            words[name] = ref
        sources = {name: self._source(declared, ref, makers, by_step) for name, ref in words.items()}
        needs = [*step.needs, *(each.step for each in sources.values() if each.step)]
        if step.kind == "package" and step.spec is None:
            base = lifecycle.artifact_base(f"document/{_last_word(sources['subject'].ref)}-package", self._project)
            step = replace(step, makes={"package": base})
        return replace(step, sources=sources, needs=tuple(dict.fromkeys(needs)))

    def _source(
        self,
        declared: Declared,
        ref: str,
        makers: Mapping[str, Source],
        by_step: Mapping[tuple[str, str], Source],
    ) -> Source:
        step, dot, output = ref.partition(".")
        if dot and step in self._names and "/" not in ref:
            if (step, output) in by_step:
                return by_step[step, output]
            made = [name for owner, name in by_step if owner == step]
            hint = nearest(output, made) or (f"; it has {', '.join(made)}" if made else "; it makes nothing")
            raise self._document.error(("steps", declared.name), f"step {step!r} has no output {output!r}{hint}")
        if "@" not in ref and ref.count("/") in (1, 2):
            found = makers.get(lifecycle.artifact_base(ref, self._project))
            if found is not None and found.step != declared.name:
                return found
        called = [each for base, each in makers.items() if base.endswith(f"/{ref}") and each.step != declared.name]
        return called[0] if len(called) == 1 else Source(ref)

    def _spec(self, declared: Declared) -> Spec | None:
        use, kind = declared.use, declared.kind
        if kind == "test" and isinstance(use, list):
            return self._command(declared)
        if not isinstance(use, str) or not use:
            raise self._error(declared, kind, f"{kind}: must be a text, not {use!r}")
        wants_spec = kind in ("run", "train", "evaluate", "test") or (
            kind == "package" and use.endswith((".yaml", ".yml"))
        )
        if not wants_spec:
            return None
        path = self._folder / use
        if not path.is_file():
            raise self._error(declared, kind, f"there is no specification {use} in {self._folder}")
        self.files.append(path)
        spec = specs.read(path)
        try:
            spec = spec.with_values(declared.options.get("set", {}).items(), "set")
        except InputError as error:
            raise self._error(declared, "set", str(error)) from None
        if "seed" in declared.options:
            seed = declared.options["seed"]
            if type(seed) is not int or not 0 <= seed < SEED_LIMIT:
                raise self._error(declared, "seed", f"seed must be a whole number from 0 to {SEED_LIMIT - 1}")
            spec = replace(spec, seed=seed)
        return spec

    def _command(self, declared: Declared) -> Spec:
        """The specification of a test that is a command."""
        document: dict[str, Any] = {"job": declared.name, "job_type": "test", "command": declared.use}
        if "code" in declared.options:
            document["code"] = declared.options["code"]
        if "timeout" in declared.options:
            document["timeout"] = declared.options["timeout"]
        try:
            return specs.from_document(document, self._folder, f"step {declared.name}")
        except InputError as error:
            raise self._error(declared, declared.kind, str(error)) from None

    def _check_expectations(self, declared: Declared) -> None:
        for metric, stated in declared.options.get("expect", {}).items():
            kind = stated.get("kind", EXPECTATIONS[0]) if isinstance(stated, dict) else EXPECTATIONS[0]
            if kind not in EXPECTATIONS:
                allowed = ", ".join(EXPECTATIONS)
                raise self._error(declared, "expect", f"expect: {metric}: kind: must be one of {allowed}")
            bounds = {key: each for key, each in stated.items() if key != "kind"} if isinstance(stated, dict) else {}
            numbers = bounds and all(
                isinstance(each, int | float) and not isinstance(each, bool) for each in bounds.values()
            )
            if not numbers or not set(bounds) <= set(_BOUNDS):
                raise self._error(
                    declared, "expect", f"expect: {metric}: must be {{least: number}}, {{most: number}} or both"
                )

    def _error(self, declared: Declared, key: str, message: str) -> InputError:
        return self._document.error(("steps", declared.name, key), message)


def _last_word(ref: str) -> str:
    return ref.partition("@")[0].rpartition("/")[2]


def _ordered(document: Document, steps: Sequence[Step]) -> list[Step]:
    """The steps, each after those that it needs, and else as they were declared."""
    named = {each.name: each for each in steps}
    done: dict[str, Step] = {}

    def visit(step: Step, path: tuple[str, ...]) -> None:
        if step.name in done:
            return
        if step.name in path:
            circle = " needs ".join((*path[path.index(step.name) :], step.name))
            raise document.error(("steps", step.name), f"the steps need each other in a circle: {circle}")
        for each in step.needs:
            visit(named[each], (*path, step.name))
        done[step.name] = step

    for step in steps:
        visit(step, ())
    return list(done.values())
