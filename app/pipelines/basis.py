"""What a step's result depends on, as digests; and what of it is not as it was, in words.

A basis is recorded with each run of a step, so that whether a result still holds is decided from the ledger alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.pipelines import container, runtime
from app.pipelines.code import Code
from app.pipelines.spec import Spec
from ledger.format import canonical, hashes
from ledger.projections.artifacts import Artifact
from ledger.projections.runs import Run
from ledger.store.objects import Objects

ASPECTS = ("data", "code", "config", "seed", "runtime", "outputs")
"""What a result can depend on, in the order in which a difference is told. ``config`` holds the parameters too."""

_LONGEST = 60
_MOST = 6

Basis = dict[str, Any]


def of_spec(spec: Spec, inputs: Mapping[str, Artifact], code: Code) -> Basis:
    """What a run of a specification depends on, with these inputs and this code."""
    image = container.find(spec.image).encoded() if spec.image else runtime.encoded()
    outputs = {
        name: [spec_output.artifact, spec_output.path, spec_output.media_type]
        for name, spec_output in spec.outputs.items()
    }
    return {
        "data": {name: each.digest for name, each in inputs.items()},
        "code": {
            "files": code.digest,
            "paths": list(code.paths),
            "call": spec.callable or list(spec.command),
        },
        "config": {"values": hashes.digest(canonical.encode(dict(spec.config))), "env": dict(spec.env)},
        "seed": spec.seed,
        "runtime": hashes.digest(image),
        "outputs": {**outputs, **({"metrics": spec.metrics} if spec.metrics else {})},
    }


def of_subject(subject: Artifact, config: Mapping[str, Any], code: str) -> Basis:
    """What a standard step on one artifact depends on: its bytes, how the step is set up, and the code that does it."""
    return {
        "data": {"subject": subject.digest},
        "code": {"files": code},
        "config": {"values": hashes.digest(canonical.encode(dict(config))), "env": {}},
    }


def recorded(run: Run) -> Basis | None:
    """The basis that a run of a step was recorded with; ``None`` where it has none."""
    step = run.parameters.get("step")
    found = step.get("basis") if isinstance(step, dict) else None
    return found if isinstance(found, dict) else None


def differences(objects: Objects, before: Run, basis: Basis, inputs: Mapping[str, Artifact], config: Any) -> list[str]:
    """What is not as it was in a run, a line each: ``config changed: alpha 0.1 → 0.2``; nothing where all is the same.

    Args:
        objects: where the recorded bytes are; what is not there is told by its digest alone.
        before: the recorded run.
        basis: what the result would depend on now.
        inputs: the inputs now, by name.
        config: the configuration now.
    """
    was = recorded(before)
    if was is None:
        return [f"{before.ref} does not say what it was made of"]
    words: list[str] = []
    for aspect in ASPECTS:
        one, other = was.get(aspect), basis.get(aspect)
        if one == other:
            continue
        details = list(_details(aspect, objects, before, one, other, inputs, config))
        shown = ", ".join(details[:_MOST]) + (f" and {len(details) - _MOST} more" if len(details) > _MOST else "")
        words.append(f"{aspect} changed: {shown}" if shown else f"{aspect} changed")
    return words


def _details(
    aspect: str, objects: Objects, before: Run, one: Any, other: Any, inputs: Mapping[str, Artifact], config: Any
) -> Iterator[str]:
    one, other = one if one is not None else {}, other if other is not None else {}
    if aspect == "seed":
        yield f"{one} → {other}"
    elif aspect == "data":
        yield from _data(before, one, other, inputs)
    elif aspect == "code":
        yield from _code(objects, one, other)
    elif aspect == "config":
        yield from _config(objects, one, other, config)
    elif aspect == "runtime":
        yield from _runtime(objects, one, other)
    else:
        yield from _changed(one, other)


def _data(before: Run, one: Any, other: Any, inputs: Mapping[str, Artifact]) -> Iterator[str]:
    refs = {digest: ref for ref, digest in before.inputs}
    for name in sorted({*one, *other}):
        if one.get(name) == other.get(name):
            continue
        was = refs.get(one.get(name, ""), "nothing") if name in one else "nothing"
        now = inputs[name].ref if name in inputs else "nothing"
        base, _, version = now.rpartition("@")
        yield f"{was} → @{version}" if was.rpartition("@")[0] == base and was != now else f"{name} {was} → {now}"


def _code(objects: Objects, one: Any, other: Any) -> Iterator[str]:
    if one.get("call") != other.get("call"):
        yield f"{_word(one.get('call'))} → {_word(other.get('call'))}"
    before, after = one.get("files"), other.get("files")
    if before == after:
        if one.get("paths") != other.get("paths"):
            yield f"folders {_word(one.get('paths'))} → {_word(other.get('paths'))}"
        return
    if not (before and after and objects.has(before) and objects.has(after)):
        yield f"{_short(before)} → {_short(after)}"
        return
    was, now = ({each.name: each.digest for each in objects.entries(digest)} for digest in (before, after))
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            yield f"{name}{'' if name in was and name in now else ' (new)' if name in now else ' (gone)'}"


def _short(digest: Any) -> str:
    return f"{digest[:15]}…" if isinstance(digest, str) else "nothing"


def _config(objects: Objects, one: Any, other: Any, config: Any) -> Iterator[str]:
    yield from _changed(one.get("env", {}), other.get("env", {}))
    before = one.get("values")
    if before == other.get("values"):
        return
    if not before or not objects.has(before):
        yield "what it was is no longer in the store"
        return
    yield from _changed(canonical.decode(objects.read(before)), config)


def _runtime(objects: Objects, one: Any, other: Any) -> Iterator[str]:
    before, now = (_described(objects, each) for each in (one, other))
    if before is None or now is None:
        yield f"{_short(one)} → {_short(other)}"
        return
    yield from runtime.differences(before, now)


def _described(objects: Objects, digest: Any) -> Any:
    """A runtime's document: the recorded one, or this interpreter's."""
    if digest == hashes.digest(runtime.encoded()):
        return canonical.decode(runtime.encoded())
    known = isinstance(digest, str) and objects.has(digest)
    return canonical.decode(objects.read(digest)) if known else None


def _changed(one: Any, other: Any) -> Iterator[str]:
    """What differs between two mappings, nested ones by dotted names."""
    was, now = dict(_flat(one, "")), dict(_flat(other, ""))
    for name in sorted({*was, *now}):
        if name not in was or name not in now or was[name] != now[name]:
            before = _word(was[name]) if name in was else "nothing"
            yield f"{name} {before} → {_word(now[name]) if name in now else 'nothing'}"


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or not name):
        for key in value:
            yield from _flat(value[key], f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else canonical.encode(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
