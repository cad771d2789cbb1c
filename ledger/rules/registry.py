"""Rules on what may be registered and run: immutable versions, known inputs, runs that begin before they end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View, artifacts, deployments, lineage, runs

# The vocabulary's kinds of artifacts; written out, since rules are pure over projections and know no event structs.
_KINDS = frozenset({"dataset", "feature_view", "model", "code", "config", "runtime", "document", "policy"})
_NAME = re.compile(r"[A-Za-z0-9._:%+-]+", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def created(view: View, event: Event) -> Iterator[Missing]:
    """A ledger is created once, by its first event."""
    if event.seq != 0:
        yield Missing("a ledger is created by its first event, and only once")


def registered(view: View, event: Event) -> Iterator[Missing]:
    """Versions count up from 1 and are never given twice; what is registered has a home and a digest."""
    value = event.value
    if event.project is None:
        yield Missing("an artifact needs a project to be at home in")
    if value["kind"] not in _KINDS:
        yield Missing(f"{value['kind']!r} is no kind of artifact; the kinds are {', '.join(sorted(_KINDS))}")
    if not _NAME.fullmatch(value["name"]):
        yield Missing(f"{value['name']!r} cannot name an artifact; use letters, digits and . _ : % + -")
    if not _DIGEST.fullmatch(value["sha256"]):
        yield Missing(f"{value['sha256']!r} is no digest; it is sha256: and 64 hex digits")
    base, version = f"{value['kind']}/{event.project}/{value['name']}", value["version"]
    # By name, and not by the latest: seen from the past, all that came later would have to be passed over.
    follows = version == 1 or (version > 1 and artifacts.get(view, f"{base}@{version - 1}") is not None)
    if not follows or artifacts.get(view, f"{base}@{version}") is not None:
        before = artifacts.latest(view, value["kind"], event.project, value["name"])
        yield Missing(f"the next version of {base} is {1 if before is None else before.version + 1}")
    elif event.subject != f"{base}@{version}":
        yield Missing(f"the subject {event.subject} does not name the version that the value registers")


def moved(view: View, event: Event) -> Iterator[Missing]:
    """An alias points to a version that exists."""
    ref = f"{event.value['artifact']}@{event.value['version']}"
    if artifacts.get(view, ref) is None:
        yield Missing(f"{ref} is not registered", "artifact register")


def retired(view: View, event: Event) -> Iterator[Missing]:
    """What is retired was registered, is retired once, and gives way to another registered version."""
    ref, instead = event.value["artifact"], event.value.get("replaced_by")
    if artifacts.get(view, ref) is None:
        yield Missing(f"{ref} is not registered", "artifact register")
    elif artifacts.retired(view, ref) is not None:
        yield Missing(f"{ref} is retired already")
    if instead is not None and artifacts.get(view, instead) is None:
        yield Missing(f"{instead}, which is to take its place, is not registered", "artifact register")
    elif instead == ref:
        yield Missing(f"{ref} cannot take its own place")


def attached(view: View, event: Event) -> Iterator[Missing]:
    """A document about a version is about one that is registered, and is named by its digest."""
    if event.subject.partition("/")[0] in _KINDS and artifacts.get(view, event.subject) is None:
        yield Missing(f"{event.subject} is not registered", "artifact register")
    if not _DIGEST.fullmatch(event.value["sha256"]):
        yield Missing(f"{event.value['sha256']!r} is no digest; it is sha256: and 64 hex digits")


def run_started(view: View, event: Event) -> Iterator[Missing]:
    """A run's name is new, and its inputs are registered under the digests that it names."""
    if runs.get(view, event.value["run"]) is not None:
        yield Missing(f"run/{event.value['run']} was started before")
    yield from _known(view, event.value.get("inputs", ()), "input")


def run_completed(view: View, event: Event) -> Iterator[Missing]:
    """A run ends once, after it began; its outputs are registered and it is not its own ancestor."""
    run = runs.get(view, event.value["run"])
    outputs = event.value.get("outputs", ())
    if run is None:
        yield Missing(f"run/{event.value['run']} was never started")
        return
    if run.ended_seq is not None:
        yield Missing(f"{run.ref} has ended before, at event {run.ended_seq}")
    yield from _known(view, outputs, "output")
    used = {ref for ref, _ in run.inputs}
    for item in outputs:
        if item["ref"] in used:
            yield Missing(f"{item['ref']} is an input of {run.ref} and cannot be its output: lineage has no cycles")
        elif lineage.leads_to(view, item["ref"], run.ref):
            yield Missing(f"{run.ref} comes from {item['ref']}, which cannot be its output: lineage has no cycles")


def deployment_named(view: View, event: Event) -> Iterator[Missing]:
    """A deployment's name is new."""
    if deployments.get(view, event.value["deployment"]) is not None:
        yield Missing(f"there is a deployment {event.value['deployment']} already")


def deployment_known(view: View, event: Event) -> Iterator[Missing]:
    """What ends or steps a deployment names one that was started, of the same version."""
    found = deployments.get(view, event.value["deployment"])
    if found is None:
        yield Missing(f"there is no deployment {event.value['deployment']}", "deploy")
    elif found.subject != event.subject:
        yield Missing(f"deployment {found.deployment} is of {found.subject}, not of {event.subject}")
    elif event.type != "deployment.rolled_back" and found.ended_seq is not None:
        yield Missing(f"deployment {found.deployment} has ended before, at event {found.ended_seq}")
    elif event.type == "deployment.completed" and found.environment != event.value["environment"]:
        yield Missing(f"deployment {found.deployment} goes to {found.environment}, not to {event.value['environment']}")


def _known(view: View, items: Any, what: str) -> Iterator[Missing]:
    for item in items:
        artifact = artifacts.get(view, item["ref"])
        if artifact is None:
            yield Missing(f"the {what} {item['ref']} is not registered", "artifact register")
        elif artifact.digest != item["sha256"]:
            yield Missing(f"the {what} {item['ref']} has the digest {artifact.digest}, not {item['sha256']}")
