"""What running a recorded run again takes, out of the record and the store alone; and what of it two runs do not share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.pipelines import container, runtime
from app.pipelines import spec as specs
from app.pipelines.comparison import Results
from app.pipelines.place import Material
from app.pipelines.spec import Spec
from ledger import lifecycle
from ledger.errors import InputError
from ledger.events.vocabulary import Artifact
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.projections import artifacts
from ledger.projections.runs import Run

ASPECTS = ("data", "code", "config", "seed", "runtime")
"""What a result can depend on, as far as it is recorded."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a run is made of.

    Attributes:
        spec: what is run, with configuration and seed.
        code: the directory with the code.
        paths: the folders in it that modules are imported from.
        inputs: by the specification's names, version and digest.
        runtime: digest of what it ran in, or is to run in; ``None`` where that was not recorded.
        python: the interpreter to run it with; this process's own where ``None``.
        commit: of the code, where that is known.
        directories: the inputs that are directories.
    """

    spec: Spec
    code: str
    paths: tuple[str, ...]
    inputs: Mapping[str, Artifact]
    runtime: str | None
    python: Path | None = None
    commit: str | None = None
    directories: frozenset[str] = field(default=frozenset())

    def given(self) -> dict[str, Material]:
        """The inputs as a run takes them."""
        return {name: Material(each.sha256, name in self.directories) for name, each in self.inputs.items()}

    def aspect(self, name: str) -> Any:
        """What this recipe has for an aspect: equal values are the same thing."""
        spec = self.spec
        written = sorted((name, each.path or "") for name, each in spec.outputs.items())
        return {
            "data": {name: each.sha256 for name, each in self.inputs.items()},
            "code": (self.code, self.paths, spec.command, spec.callable, spec.metrics, written),
            "config": canonical.encode({"config": dict(spec.config), "env": dict(spec.env)}),
            "seed": spec.seed,
            "runtime": self.runtime,
        }[name]

    def taking(self, other: Recipe, aspects: Iterable[str]) -> Recipe:
        """A copy in which these aspects are another's."""
        made, spec = self, other.spec
        for name in aspects:
            if name == "data":
                inputs = replace(made.spec, inputs=dict(spec.inputs))
                made = replace(made, spec=inputs, inputs=other.inputs, directories=other.directories)
            elif name == "code":
                changed = replace(
                    made.spec,
                    command=spec.command,
                    callable=spec.callable,
                    metrics=spec.metrics,
                    outputs=dict(spec.outputs),
                )
                made = replace(made, spec=changed, code=other.code, paths=other.paths, commit=other.commit)
            elif name == "config":
                made = replace(made, spec=replace(made.spec, config=spec.config, env=spec.env))
            elif name == "seed":
                made = replace(made, spec=replace(made.spec, seed=spec.seed))
            else:
                imaged = replace(made.spec, image=spec.image)
                made = replace(made, spec=imaged, runtime=other.runtime, python=other.python)
        return made


def of(ledger: Ledger, run: Run) -> Recipe:
    """What a recorded run was made of, once all of it is found to be in the store.

    Raises:
        InputError: the run was not started from a specification, or something that it takes is not in the store.
        LedgerError: something in the store is damaged.
    """
    document, paths = run.parameters.get("spec"), run.parameters.get("paths")
    if not isinstance(document, str) or not isinstance(paths, list) or run.code is None:
        raise InputError(f"{run.ref} was not started by `assay run`: no specification is recorded to run it from")
    _require(ledger, run, {"its specification": document, "its code": run.code})
    spec = specs.from_document(canonical.decode(ledger.objects.read(document)), Path(), f"{run.ref}'s specification")
    view = ledger.view()
    versions = {name: artifacts.resolve(view, ref) for name, ref in spec.inputs.items()}
    _require(ledger, run, {each.ref: each.digest for each in versions.values()})
    return Recipe(
        spec=spec,
        code=run.code,
        paths=tuple(map(str, paths)),
        inputs={name: Artifact(each.ref, each.digest) for name, each in versions.items()},
        runtime=run.runtime,
        commit=run.commit,
        directories=directories(versions),
    )


def here(ledger: Ledger, recipe: Recipe) -> Recipe:
    """A recipe in the runtime that it gets on this machine: its image, or this interpreter.

    Raises:
        InputError: its image is not here.
    """
    data = container.find(recipe.spec.image).encoded() if recipe.spec.image else runtime.encoded()
    return replace(recipe, runtime=ledger.objects.put_bytes(data).digest)


def directories(versions: Mapping[str, artifacts.Artifact]) -> frozenset[str]:
    """The names of those that are directories."""
    return frozenset(name for name, each in versions.items() if lifecycle.is_directory(each))


def recorded(run: Run) -> Results:
    """What a run that ended well gave, its outputs by their names without version.

    Raises:
        InputError: the run did not end well, or made nothing that could be compared.
    """
    if run.status != "ok":
        raise InputError(f"{run.ref} is {run.status}; only a run that ended well has results to compare")
    found = Results("ok", {ref.rpartition("@")[0]: digest for ref, digest in run.outputs}, run.metrics)
    if not found.names():
        raise InputError(f"{run.ref} made no output and gave no metric: there is nothing to compare")
    return found


def _require(ledger: Ledger, run: Run, needed: Mapping[str, str]) -> None:
    for what, digest in needed.items():
        if not ledger.objects.has(digest):
            raise InputError(
                f"{run.ref} cannot be run again: {what} ({digest[:19]}…) is not in {ledger.objects.root}; "
                "restore it from a backup"
            )
