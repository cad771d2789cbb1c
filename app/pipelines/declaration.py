"""A pipeline as its file declares it: its steps, what they need, what triggers it, and the template that it is made from.

    pipeline: fx-vol
    team: quant
    parameters: {first: 2004-01-01}
    triggers:
      - data: dataset/fx-hedging/ecb-rates
      - schedule: business-days 06:30
    steps:
      ingest: {run: ../specs/ingest.yaml}
      check: {data_check: dataset/fx-hedging/ecb-rates, needs: [ingest]}
      train: {train: ../specs/train.yaml, set: {window.first: "${first}"}}
      evaluate: {evaluate: ../specs/evaluate.yaml, expect: {mae: {most: 3}}}
      gate: {gate: train.model, to: staging, needs: [evaluate]}
      promote: {promote: train.model, to: staging, needs: [gate]}

With ``template: FILE`` in place of steps and triggers, these come from there, and ``parameters`` gives its values. Here a
file is read and its words are checked; ``plan`` resolves what they name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.pipelines import parameters, schedule, yamltext
from app.pipelines.parameters import Parameter
from app.pipelines.yamltext import Document, Place
from app.workspace import nearest
from ledger.errors import InputError
from ledger.format.hashes import digest

FOLDER = "pipelines"
"""The folder of a workspace that its pipelines stand in, a file each."""

KINDS = ("run", "data_check", "test", "train", "evaluate", "package", "gate", "promote")
"""What a step can be: a run of any specification, or one of the standard steps."""

TRIGGERS = ("data", "code", "config", "schedule", "alert")

_PIPELINE_KEYS = ("pipeline", "about", "project", "team", "template", "parameters", "environments", "triggers", "steps")
_TEMPLATE_KEYS = ("template", "version", "about", "parameters", "triggers", "steps")
_STEP_KEYS = {
    "run": ("set", "seed", "inputs", "expect"),
    "train": ("set", "seed", "inputs", "expect"),
    "evaluate": ("set", "seed", "inputs", "expect"),
    "test": ("set", "seed", "inputs", "expect", "code", "check", "timeout"),
    "data_check": ("columns", "mapping"),
    "package": ("set", "seed", "inputs", "expect"),
    "gate": ("to",),
    "promote": ("to",),
}
_ALERT_KEYS = ("monitor", "severity")
_CHECKS = ("unit", "integration", "lint", "dependency", "secret", "load")
_STAGES = ("staging", "production")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Template:
    """The template that a pipeline is made from: its name, its version, and the digest of its file."""

    name: str
    version: int
    sha256: str
    data: bytes = field(repr=False)

    @property
    def ref(self) -> str:
        """How it is named: ``standard@2``."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a pipeline by itself: ``kind`` is of ``TRIGGERS``, ``value`` what it watches."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Declared:
    """One step as it was written, with its parameters filled in. ``kind`` is of ``KINDS``, ``use`` that key's value."""

    name: str
    kind: str
    use: Any
    needs: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline's file, read and checked; ``known`` are its parameters, ``values`` what the file gives them.

    ``document`` holds the steps and triggers, in the template's file where there is one, and ``folder`` is what paths in
    it are relative to.
    """

    name: str
    file: Path
    project: str | None
    team: str | None
    template: Template | None
    known: Mapping[str, Parameter]
    values: Mapping[str, Any]
    environments: Mapping[str, Mapping[str, Any]]
    document: Document
    folder: Path

    def bound(self, environment: str | None, settings: tuple[str, ...] = ()) -> dict[str, Any]:
        """Every parameter's value in an environment, with the command line's settings on top.

        Raises:
            InputError: one has no value, or a setting is not one of them.
        """
        said = dict(parameters.spoken(each, self.known) for each in settings)
        layers = (self.values, self.environments.get(environment or "", {}), said)
        try:
            return parameters.bound(self.known, *layers)
        except InputError as error:
            raise InputError(f"{self.file.name}: {error}") from None

    def steps(self, values: Mapping[str, Any]) -> tuple[Document, list[Declared]]:
        """The steps with these values for the parameters, and the document that knows their lines.

        Raises:
            InputError: a step is not as it must be; the line is named.
        """
        document = parameters.filled(self.document, values)
        return document, [_step(document, name, item) for name, item in _steps(document).items()]

    def triggers(self, values: Mapping[str, Any]) -> list[Trigger]:
        """What starts it by itself.

        Raises:
            InputError: a trigger is not as it must be; the line is named.
        """
        document = self.document
        items = parameters.filled(document, values, ("triggers",)).value or []
        if not isinstance(items, list):
            raise document.error(("triggers",), "triggers: must be a list, such as [{data: dataset/rates}]")
        return [_trigger(document, ("triggers", n), each) for n, each in enumerate(items)]


def read(path: Path) -> Pipeline:
    """Read a pipeline's file, and its template's.

    Raises:
        InputError: a file cannot be read or is not as it must be; the message names the line.
    """
    document = yamltext.read(path, "pipeline")
    data = _mapping(document, (), "a pipeline is a mapping that begins with pipeline: and has steps: or template:")
    _only(document, data, _PIPELINE_KEYS, ())
    name = _named(document, data.get("pipeline"), ("pipeline",), "pipeline: must name this pipeline")
    if "template" in data:
        return _from_template(path, document, data, name)
    _ = _steps(document)
    known = parameters.declared(document)
    return Pipeline(
        name=name,
        file=path,
        project=_text(document, data, "project"),
        team=_text(document, data, "team"),
        template=None,
        known=known,
        values={},
        environments=_environments(document, data, known),
        document=document,
        folder=path.absolute().parent,
    )


def _from_template(path: Path, document: Document, data: Mapping[str, Any], name: str) -> Pipeline:
    for key in ("steps", "triggers"):
        if key in data:
            raise document.error((key,), f"{key}: come from the template; give its parameters instead")
    place = path.absolute().parent / str(_text(document, data, "template"))
    if not place.is_file():
        raise document.error(("template",), f"there is no template {place}")
    shared = yamltext.read(place, "template")
    declared = _mapping(shared, (), "a template is a mapping that begins with template: and version:")
    _only(shared, declared, _TEMPLATE_KEYS, ())
    version = declared.get("version")
    if type(version) is not int or version < 1:
        raise shared.error(("version",), f"version: must be a whole number from 1 on, not {version!r}")
    known = parameters.declared(shared)
    raw = place.read_bytes()
    folder = path.absolute().parent
    return Pipeline(
        name=name,
        file=path,
        project=_text(document, data, "project"),
        team=_text(document, data, "team"),
        template=Template(
            _named(shared, declared.get("template"), ("template",), "template: must name this template"),
            version,
            digest(raw),
            raw,
        ),
        known=_placed_defaults(known, place.parent),
        values=_placed(parameters.given(document, ("parameters",), known), known, folder),
        environments={
            each: _placed(values, known, folder) for each, values in _environments(document, data, known).items()
        },
        document=shared,
        folder=place.parent,
    )


def _placed(values: Mapping[str, Any], known: Mapping[str, Parameter], folder: Path) -> dict[str, Any]:
    """Values in which a path is one from the folder of the file that gives it."""
    return {name: str(folder / each) if known[name].type == "path" else each for name, each in values.items()}


def _placed_defaults(known: Mapping[str, Parameter], folder: Path) -> dict[str, Parameter]:
    return {
        name: each._replace(default=str(folder / each.default)) if each.type == "path" and each.has_default else each
        for name, each in known.items()
    }


def find(root: Path, name: str) -> Path:
    """The file of a pipeline: the path itself, or ``pipelines/NAME.yaml`` in the workspace.

    Raises:
        InputError: there is none; the message lists those that there are.
    """
    for path in (root / FOLDER / f"{name}.yaml", root / FOLDER / f"{name}.yml"):
        if path.is_file():
            return path
    if name.endswith((".yaml", ".yml")) and (root / name).is_file():
        return root / name
    known = [each.stem for each in listed(root)]
    hint = nearest(name, known) or (
        f"; there are {', '.join(known)}" if known else f"; declare it in {FOLDER}/{name}.yaml"
    )
    raise InputError(f"there is no pipeline {name!r}{hint}")


def listed(root: Path) -> list[Path]:
    """The pipelines' files of a workspace, by name. Files with ``template:`` as their first word are templates."""
    folder = root / FOLDER
    found = [each for each in sorted(folder.glob("*.y*ml")) if each.suffix in (".yaml", ".yml")]
    return [each for each in found if not _is_template(each)]


def _is_template(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r"^version\s*:", text, re.MULTILINE) is not None and not re.search(
        r"^pipeline\s*:", text, re.MULTILINE
    )


def _environments(document: Document, data: Mapping[str, Any], known: Mapping[str, Parameter]) -> dict[str, Any]:
    item = data.get("environments", {})
    if not isinstance(item, dict):
        raise document.error(("environments",), "environments: must be a mapping, name: {parameter: value}")
    return {name: parameters.given(document, ("environments", name), known) for name in item}


def _steps(document: Document) -> dict[str, Any]:
    steps = document.value.get("steps")
    if not isinstance(steps, dict) or not steps:
        raise document.error(("steps",), "steps: must be a mapping of at least one step, name: {run: specs/x.yaml}")
    return steps


def _step(document: Document, name: str, item: Any) -> Declared:
    place: Place = ("steps", name)
    if not _NAME.fullmatch(name):
        raise document.error(place, f"{name!r} cannot be a step's name; use letters, digits and . _ -")
    if not isinstance(item, dict):
        raise document.error(place, f"step {name!r} must be a mapping, such as {{run: specs/train.yaml}}")
    kinds = [key for key in item if key in KINDS]
    if len(kinds) != 1:
        unknown = [key for key in item if key not in ("needs", *KINDS)]
        hint = nearest(unknown[0], KINDS) if unknown and not kinds else ""
        raise document.error(place, f"step {name!r} needs exactly one of {', '.join(KINDS)}{hint}")
    kind = kinds[0]
    _only(document, item, (kind, "needs", *_STEP_KEYS[kind]), place)
    needs = item.get("needs", [])
    needs = [needs] if isinstance(needs, str) else needs
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
        raise document.error((*place, "needs"), "needs: must be a list of steps")
    if kind in ("gate", "promote") and not isinstance(item.get("to"), str):
        raise document.error(place, f"step {name!r} needs to: STAGE, such as to: staging")
    if kind == "promote" and item["to"] not in _STAGES:
        raise document.error((*place, "to"), f"to: a version is promoted to {' or '.join(_STAGES)}, not {item['to']!r}")
    if item.get("check", _CHECKS[0]) not in _CHECKS:
        raise document.error((*place, "check"), f"check: must be one of {', '.join(_CHECKS)}")
    for key in ("set", "inputs", "expect"):
        if not isinstance(item.get(key, {}), dict):
            raise document.error((*place, key), f"{key}: must be a mapping, name: value")
    options = {key: value for key, value in item.items() if key not in (kind, "needs")}
    return Declared(name, kind, item[kind], tuple(needs), options)


def _trigger(document: Document, place: Place, item: Any) -> Trigger:
    if not isinstance(item, dict) or len(item) != 1 or next(iter(item)) not in TRIGGERS:
        raise document.error(place, f"a trigger is one of {', '.join(TRIGGERS)}, such as data: dataset/rates")
    ((kind, value),) = item.items()
    where = (*place, kind)
    if kind == "alert":
        value = {"monitor": value} if isinstance(value, str) else value
        if not isinstance(value, dict) or not value:
            raise document.error(where, "alert: names a monitor, or is {monitor: …, severity: …}")
        _only(document, value, _ALERT_KEYS, where)
        return Trigger(kind, value)
    if kind in ("code", "config") and (value is True or value is None):
        return Trigger(kind, True)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(each, str) and each for each in values):
        raise document.error(where, f"{kind}: must be a text or a list of texts")
    if kind == "schedule":
        for each in values:
            try:
                schedule.parse(each)
            except InputError as error:
                raise document.error(where, str(error)) from None
    return Trigger(kind, tuple(values))


def _mapping(document: Document, place: Place, message: str) -> Mapping[str, Any]:
    if not isinstance(document.value, dict):
        raise document.error(place, message)
    return document.value


def _only(document: Document, data: Mapping[str, Any], known: tuple[str, ...], place: Place) -> None:
    for key in data:
        if key not in known:
            hint = nearest(key, known) or f"; known are {', '.join(known)}"
            raise document.error((*place, key), f"unknown key {key!r}{hint}")


def _named(document: Document, item: Any, place: Place, message: str) -> str:
    if not isinstance(item, str) or not _NAME.fullmatch(item):
        raise document.error(place, f"{message}, with letters, digits and . _ -, not {item!r}")
    return item


def _text(document: Document, data: Mapping[str, Any], key: str) -> str | None:
    item = data.get(key)
    if key in data and not (isinstance(item, str) and item):
        raise document.error((key,), f"{key}: must be a text that is not empty, not {item!r}")
    return item
