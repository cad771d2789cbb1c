"""Exchanging one thing that a run was made of: ``seed=8``, ``data=rates@2``, ``config=window=44``, ``code=./project``, …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.pipelines import code as codes
from app.pipelines import container, runtime, yamltext
from app.pipelines import spec as specs
from app.pipelines.recipe import ASPECTS, Recipe
from app.workspace import nearest
from ledger import lifecycle
from ledger.errors import InputError
from ledger.events.vocabulary import Artifact
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.projections import artifacts


def exchanged(ledger: Ledger, recipe: Recipe, words: Iterable[str], start: Path) -> tuple[Recipe, dict[str, str]]:
    """A recipe with some of it exchanged.

    Args:
        ledger: open for writing, where code is exchanged for a folder's: it is stored.
        recipe: what to start from.
        words: ``aspect=value`` each. ``data`` takes a version (``NAME=REF`` where several inputs could be meant),
            ``code`` a folder or a version, ``config`` a file, a version or ``key=value``, ``seed`` a number, ``runtime``
            a Python interpreter, the folder of its environment, or ``image:NAME``.
        start: what paths are relative to.

    Returns:
        The recipe, and what was exchanged for what, by aspect.

    Raises:
        InputError: an aspect or its value is not known, or the value is what the run had already.
    """
    made, said = recipe, dict[str, str]()
    for each in words:
        aspect, sign, value = each.partition("=")
        if not sign or not value or aspect not in ASPECTS:
            hint = nearest(aspect, ASPECTS) or f"; it is one of {', '.join(ASPECTS)}"
            raise InputError(f"--with {each}: write it as aspect=value{hint}")
        made = _EXCHANGES[aspect](ledger, made, value, start)
        said[aspect] = f"{said[aspect]}, {value}" if aspect in said else value
    for aspect in said:
        if made.aspect(aspect) == recipe.aspect(aspect):
            raise InputError(f"--with {aspect}={said[aspect]}: the run had this {aspect} already")
    return made, said


def _data(ledger: Ledger, recipe: Recipe, value: str, start: Path) -> Recipe:
    name, sign, ref = value.partition("=")
    found = lifecycle.require_input(ledger, ref if sign else value)
    base = found.ref.rpartition("@")[0]
    names = [each for each, given in recipe.inputs.items() if given.ref.rpartition("@")[0] == base]
    if sign:
        names = [name] if name in recipe.inputs else []
    elif not names and len(recipe.inputs) == 1:
        names = list(recipe.inputs)
    if len(names) != 1:
        raise InputError(
            f"--with data={value}: say which input it replaces, as data=NAME={found.ref}; "
            f"the run has {', '.join(recipe.inputs) or 'none'}"
        )
    inputs = {**recipe.inputs, names[0]: Artifact(found.ref, found.digest)}
    kept = recipe.directories - {names[0]}
    directories = kept | {names[0]} if lifecycle.is_directory(found) else kept
    named = replace(recipe.spec, inputs={each: given.ref for each, given in inputs.items()})
    return replace(recipe, spec=named, inputs=inputs, directories=directories)


def _code(ledger: Ledger, recipe: Recipe, value: str, start: Path) -> Recipe:
    folder = start / value
    if folder.is_dir():
        written = [each.path for each in recipe.spec.outputs.values() if each.path]
        leave_out = [*written, *([recipe.spec.metrics] if recipe.spec.metrics else [])]
        code = codes.capture(ledger.objects, [folder / path for path in recipe.paths], leave_out)
        return replace(recipe, code=code.digest, paths=code.paths, commit=code.commit)
    found = _version(ledger, "code", value)
    return replace(recipe, code=found.digest, commit=(found.facts.get("summary") or {}).get("commit"))


def _config(ledger: Ledger, recipe: Recipe, value: str, start: Path) -> Recipe:
    if "=" in value:
        return replace(recipe, spec=recipe.spec.with_overrides([value]))
    file = start / value
    found: Any
    if file.is_file():
        found = yamltext.read(file, "configuration").value
    else:
        found = canonical.decode(ledger.objects.read(_version(ledger, "config", value).digest))
    if not isinstance(found, Mapping):
        raise InputError(f"--with config={value}: a configuration is a mapping, key: value")
    return replace(recipe, spec=replace(recipe.spec, config=dict(found)).with_overrides(()))


def _seed(ledger: Ledger, recipe: Recipe, value: str, start: Path) -> Recipe:
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and int(value) < specs.SEED_LIMIT):
        raise InputError(f"--with seed={value}: a seed is a whole number from 0 to {specs.SEED_LIMIT - 1}")
    return replace(recipe, spec=replace(recipe.spec, seed=int(value)))


def _runtime(ledger: Ledger, recipe: Recipe, value: str, start: Path) -> Recipe:
    name = value.removeprefix("image:")
    if name != value:
        image = container.find(name)
        spec = replace(recipe.spec, image=image.digest)
        return replace(recipe, spec=spec, python=None, runtime=ledger.objects.put_bytes(image.encoded()).digest)
    path = start / value
    python = path / "bin" / "python" if path.is_dir() else path
    if not python.is_file():
        raise InputError(f"--with runtime={value}: {python} is no Python interpreter; name one, or its environment")
    # Not resolved: an environment's interpreter is a link, and its place says which environment it is.
    python = python.absolute()
    digest = ledger.objects.put_bytes(runtime.encoded_by(python)).digest
    return replace(recipe, spec=replace(recipe.spec, image=None), python=python, runtime=digest)


def _version(ledger: Ledger, kind: str, text: str) -> artifacts.Artifact:
    found = artifacts.resolve(ledger.view(), text)
    if found.kind != kind:
        raise InputError(f"--with {kind}={text}: {found.ref} is a {found.kind}")
    if not ledger.objects.has(found.digest):
        raise InputError(f"the bytes of {found.ref} are not in {ledger.objects.root}; restore them from a backup")
    return found


_EXCHANGES = {"data": _data, "code": _code, "config": _config, "seed": _seed, "runtime": _runtime}


def against(recipe: Recipe, other: Recipe) -> dict[str, str]:
    """What another recipe has otherwise, by aspect, in a few words.

    Raises:
        InputError: the two cannot be exchanged for each other: they have other inputs or outputs by name.
    """
    for what in ("inputs", "outputs"):
        one, two = getattr(recipe.spec, what), getattr(other.spec, what)
        if set(one) != set(two):
            raise InputError(
                f"the two runs cannot be compared: one has the {what} {', '.join(sorted(one)) or 'none'}, "
                f"the other {', '.join(sorted(two)) or 'none'}"
            )
    words = {
        "data": ", ".join(each.ref for name, each in other.inputs.items() if recipe.inputs[name] != each),
        "code": other.code,
        "config": ", ".join(_keys(recipe, other)) or "its variables",
        "seed": str(other.spec.seed),
        "runtime": f"image:{other.spec.image}" if other.spec.image else "this interpreter",
    }
    return {name: words[name] for name in ASPECTS if recipe.aspect(name) != other.aspect(name)}


def _keys(recipe: Recipe, other: Recipe) -> list[str]:
    """The configuration's first-level keys that differ."""
    one, two = recipe.spec.config, other.spec.config
    return [key for key in sorted({*one, *two}) if one.get(key) != two.get(key) or (key in one) != (key in two)]
