"""The fresh folder that a run works in: a copy of its code, its inputs, read-only, and room for its outputs."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.pipelines.spec import Spec
from ledger.errors import InputError
from ledger.format import canonical
from ledger.store.objects import Objects

_PLACE = re.compile(r"\{(?:(inputs|outputs)\.([A-Za-z0-9._-]+)|(config|seed|metrics))\}")


@dataclass(frozen=True, slots=True)
class Material:
    """A stored object that a run is given: its digest, and whether it is a directory (``None``: look at its bytes)."""

    digest: str
    directory: bool | None = None


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A fresh folder, removed afterwards whatever was left in it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            # Only folders without write permission keep their files.
            for inner, _, _ in os.walk(folder):
                Path(inner).chmod(0o700)
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run finds and leaves things. It starts in ``work``; ``code`` is where its modules are imported from."""

    root: Path
    work: Path
    code: tuple[Path, ...]
    inputs: Mapping[str, Path]
    outputs: Mapping[str, Path]
    config: Path
    metrics: Path
    series: Path

    @classmethod
    def make(
        cls,
        root: Path,
        spec: Spec,
        objects: Objects,
        code: Material,
        paths: tuple[str, ...],
        inputs: Mapping[str, Material],
    ) -> Place:
        """Fill an empty folder for a run.

        Args:
            root: the folder.
            spec: what is to be run.
            objects: where code and inputs come from; their bytes are verified as they are copied.
            code: the directory with the code.
            paths: the folders in it that modules are imported from; the run starts in the first.
            inputs: what the run is given, by the specification's names.

        Raises:
            LedgerError: an object is absent or damaged, or the disk is full.
            InputError: an output is in the code already, where nobody could tell whether the run made it.
        """
        objects.restore(code.digest, root / "code", directory=True, durable=False)
        folders = tuple(root / "code" / path for path in paths)
        for name in ("inputs", "outputs", "tmp"):
            (root / name).mkdir()
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        given = {name: root / "inputs" / name for name in inputs}
        for name, material in inputs.items():
            objects.restore(material.digest, given[name], directory=material.directory, read_only=True, durable=False)
        work = folders[0]
        made = {name: work / each.path if each.path else root / "outputs" / name for name, each in spec.outputs.items()}
        metrics = work / spec.metrics if spec.metrics else root / "metrics.json"
        for each in (*made.values(), metrics):
            if os.path.lexists(each):
                raise InputError(f"{each.relative_to(work)} is to be made by the run, but is in its code already")
            each.parent.mkdir(parents=True, exist_ok=True)
        config = root / "config.json"
        config.write_bytes(canonical.encode(dict(spec.config)))
        config.chmod(0o444)
        return cls(root, work, folders, given, made, config, metrics, root / "series.jsonl")

    def variables(self, seed: int) -> dict[str, str]:
        """The environment variables that tell the code where things are."""
        return {
            "ASSAY_CONFIG": str(self.config),
            "ASSAY_INPUTS": str(self.root / "inputs"),
            "ASSAY_METRICS": str(self.metrics),
            "ASSAY_OUTPUTS": str(self.root / "outputs"),
            "ASSAY_SEED": str(seed),
            "ASSAY_SERIES": str(self.series),
            "PYTHONPATH": os.pathsep.join(map(str, self.code)),
            "TMPDIR": str(self.root / "tmp"),
        }

    def filled(self, word: str, seed: int) -> str:
        """A word of a command with ``{inputs.NAME}`` and the like replaced by what they stand for."""

        def fill(match: re.Match[str]) -> str:
            group, name, single = match.groups()
            if group:
                return str((self.inputs if group == "inputs" else self.outputs)[name])
            return {"config": str(self.config), "metrics": str(self.metrics), "seed": str(seed)}[single]

        return _PLACE.sub(fill, word)

    def holds(self, path: Path) -> bool:
        """Whether ``path`` is, without following a link, something below this folder."""
        return not path.is_symlink() and path.resolve().is_relative_to(self.root)
