"""Computing features by a recorded run, into the offline store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import features, offline
from app.actions.answers import Answer, Mark, number, say, state, table
from app.actions.featurechecks import described
from app.actions.features import Registered, fitting
from ledger import lifecycle
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.execution import Execution
    from app.pipelines.spec import Spec
    from ledger.lifecycle import Ended, Made
    from ledger.projections.artifacts import Artifact
    from ledger.store.journal import Recorded
    from ledger.store.objects import Stored


class Materialized(NamedTuple):
    """How a materialisation came out: its run, the events of its end, and the dataset; ``None`` where it failed."""

    run: str
    status: str
    reason: str | None
    metrics: Mapping[str, float]
    dataset: Artifact | None
    recorded: list[Recorded]


def materialize(
    context: Context,
    *,
    view: str,
    since: str | None = None,
    to: str | None = None,
    until: str | None = None,
    online: bool = False,
) -> Answer:
    """Compute a registered view's features as a recorded run, into a dataset; with ``online`` also into the online store.

    Code 1 where the run fails, which is recorded, or where the online store is not equal to it afterwards.
    """
    registered = features.find(context.ledger, context.ledger.view(), view)
    config = {
        key: _time(key, text) for key, text in (("from", since), ("to", to), ("until", until)) if text is not None
    }
    context.progress(0, None, f"computing {registered.artifact.name}")
    made = materialized(context, registered, config)
    document: dict[str, Any] = {
        "view": registered.ref,
        "run": made.run,
        "status": made.status,
        "dataset": None,
        "online": None,
    }
    if made.dataset is None:
        said = [say(state("bad", made.status), f"  run/{made.run}: {made.reason or ''}")]
        return Answer(
            {**document, "rows": 0, "events": described(made.recorded)},
            said,
            130 if made.status == "interrupted" else 1,
        )
    document |= {"dataset": made.dataset.ref, "rows": int(made.metrics["rows"])}
    lines = [
        say(state("good", "materialised"), f"  {registered.ref} as {made.dataset.ref}, run/{made.run}"),
        *table([(Mark("dim", name), number(value)) for name, value in sorted(made.metrics.items())], indent="  "),
    ]
    if not made.metrics["rows"]:
        lines.append(say(state("warn", "empty"), "  no row of features lies in that range"))
    recorded, code = made.recorded, 0
    if online:
        from app.actions import pushing

        pushed = pushing.pushed(context, registered, offline.found(context, registered))
        document["online"] = pushed.document["online"]
        lines, code = [*lines, *pushed.lines], pushed.code
        return Answer({**document, "events": described(recorded) + pushed.document["events"]}, lines, code)
    return Answer({**document, "events": described(recorded)}, lines, code)


def materialized(
    context: Context, registered: Registered, config: Mapping[str, Any], *, trigger: str = "manual"
) -> Materialized:
    """Run a view's definition on its sources' newest versions, and record the run, what triggered it and what it made.

    Raises:
        InputError: a source is not registered, is retired, or its bytes are not there. Nothing is recorded then.
    """
    from app.features import packing
    from app.features.view import schema
    from ledger.events.features import FeatureMaterialized
    from ledger.ledger import Entry

    ledger, document = context.ledger, registered.document
    project = registered.artifact.project
    inputs = given(context, registered)
    # A part has a name of its own: whoever names the features means all of them.
    name = f"{document['dataset']}{'-part' if config else ''}"
    output = {"features": {"artifact": f"dataset/{project}/{name}", "media_type": "text/csv"}}
    spec = specified(registered, packing.MATERIALIZE, config, inputs, output)
    base = spec.outputs["features"].artifact
    started, sources = _beginning(context, registered, spec, inputs, trigger)
    with lifecycle.claimed(ledger, started.run) as release:
        begun = lifecycle.begin(ledger, started, sources, actor=context.actor, project=project)
        execution = executed(context, registered, spec, inputs, sources[0].stored)
        ended, as_of = _ended(context, registered, execution, inputs, base)
        refs, recorded = lifecycle.end(ledger, begun, ended)
        release()
    value = recorded[-1].event.value
    dataset = artifacts.get(ledger.view(), refs[base]) if value["status"] == "ok" else None
    if dataset is not None:
        fact = FeatureMaterialized(
            feature_view=registered.artifact.base,
            version=registered.artifact.version,
            store="offline",
            rows=int(ended.metrics["rows"]),
            as_of=config.get("until") or as_of,
            dataset=dataset.ref,
            sha256=dataset.digest,
            schema=schema(document),
            run=started.run,
            span=ended.made[0].facts.get("span"),
            window=dict(config),
        )
        recorded += ledger.record_many([Entry(fact, actor=context.actor, project=project, cause=recorded[-1].seq)])
    return Materialized(started.run, value["status"], value.get("reason"), ended.metrics, dataset, recorded)


def _ended(
    context: Context, registered: Registered, execution: Execution, inputs: Mapping[str, Artifact], base: str
) -> tuple[Ended, str]:
    """How the run ended, as the record takes it, with its features as ``base``; and when the last of them became known."""
    from app.features.definition import tables, values
    from app.features.view import columns, schema
    from app.profiling import registration
    from ledger.lifecycle import Ended, Made

    document, as_of = registered.document, context.ledger.now()
    ended = Ended(
        execution.status,
        (),
        execution.metrics,
        execution.exit_code,
        execution.seconds,
        execution.log,
        execution.reason,
    )
    if execution.status != "ok":
        return ended, as_of
    stored = execution.outputs["features"]
    try:
        table = tables.read(context.ledger.objects.read(stored.digest), document)
    except ValueError as error:
        return replace(
            ended, status="failed", reason=lifecycle.one_line(f"what it wrote holds no features: {error}")
        ), as_of
    try:
        profiled = registration.facts(context.ledger.objects, stored.digest, "features.csv")[0]["summary"]
    except InputError:  # a table without rows has no profile
        profiled = {}
    summary = fitting(
        {
            **profiled,
            "feature_view": registered.ref,
            "feature_schema": schema(document),
            "columns": columns(document, {name: each.ref for name, each in inputs.items()}),
        }
    )
    facts: dict[str, Any] = {"media_type": "text/csv", "rows": len(table.rows), "summary": summary}
    if table.rows:
        facts["span"] = [values.spelled(table.rows[n][table.columns.keys]) for n in (0, -1)]
        as_of = values.spelled(max(table.known))
    return replace(ended, made=(Made(base, stored, facts),)), as_of


def job(registered: Registered) -> str:
    """What runs that compute a view are called."""
    return f"features-{registered.artifact.name}"[:100]


def given(context: Context, registered: Registered) -> dict[str, Artifact]:
    """By source, the version that is read."""
    lifecycle.require_input(context.ledger, registered.ref)
    found = {}
    for name, source in registered.document["sources"].items():
        try:
            found[name] = lifecycle.require_input(context.ledger, source["dataset"])
            if lifecycle.is_directory(found[name]):
                raise InputError(f"{found[name].ref} is a folder; a source is one table")
        except InputError as error:
            raise InputError(f"source {name} of {registered.ref}: {error}") from None
    return found


def specified(
    registered: Registered,
    target: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Artifact],
    outputs: Mapping[str, Any],
) -> Spec:
    """The specification of a run that computes a view; ``target`` is a callable in the package packed with its code."""
    from pathlib import Path

    from app.features.definition.compute import SOURCE, VIEW
    from app.pipelines import spec as specs

    described: dict[str, Any] = {
        "job": job(registered),
        "job_type": "features",
        "callable": target,
        "config": dict(config),
        "inputs": {VIEW: registered.ref, **{SOURCE + name: each.ref for name, each in inputs.items()}},
        "outputs": outputs,
    }
    if registered.document["timeout"] is not None:
        described["timeout"] = registered.document["timeout"]
    return specs.from_document(described, Path(), registered.ref)


def _beginning(
    context: Context, registered: Registered, spec: Spec, inputs: Mapping[str, Artifact], trigger: str
) -> tuple[Any, list[Made]]:
    """What is recorded when the run begins: the fact, and as versions its code, configuration and runtime."""
    from app.features import packing
    from app.pipelines import runtime
    from ledger.events.runs import RunStarted
    from ledger.events.vocabulary import Artifact as Given
    from ledger.format import canonical
    from ledger.lifecycle import Made

    objects, project = context.ledger.objects, registered.artifact.project
    code = packing.pack(objects, registered.document["code"]["sha256"])
    config = objects.put_bytes(canonical.encode(dict(spec.config)))
    ran_in = objects.put_bytes(runtime.encoded())
    parameters = {
        "spec": objects.put_bytes(canonical.encode(spec.document())).digest,
        "paths": list(packing.paths(registered.document["code"]["paths"])),
        "callable": spec.callable,
        "definition": registered.document["definition"],
    }
    summary = registered.artifact.facts.get("summary") or {}
    declared = context.workspace.config.projects.get(project or "")
    fact = RunStarted(
        run=lifecycle.new_run(),
        job=spec.job,
        job_type=spec.job_type,
        inputs=[
            Given(each.ref, each.digest)
            for each in {each.ref: each for each in (registered.artifact, *inputs.values())}.values()
        ],
        code=code.digest,
        commit=summary.get("commit"),
        dirty=summary.get("dirty"),
        config=config.digest,
        runtime=ran_in.digest,
        seed=spec.seed,
        trigger=trigger,
        team=(declared.team or None) if declared else None,
        parameters=parameters,
    )
    json = {"media_type": "application/json"}
    written = {key: summary[key] for key in ("commit", "authors") if summary.get(key)}
    return fact, [
        Made(f"code/{project}/{spec.job}", code, {"summary": written} if written else {}),
        Made(f"config/{project}/{spec.job}", config, json),
        Made(f"runtime/{project}/{runtime.name()}", ran_in, json),
    ]


def executed(
    context: Context, registered: Registered, spec: Spec, inputs: Mapping[str, Artifact], code: Stored
) -> Execution:
    """Run it in a process of its own."""
    from app.features import packing
    from app.features.definition.compute import SOURCE, VIEW
    from app.pipelines.execution import Execution, execute
    from app.pipelines.place import Material

    material = {VIEW: Material(registered.artifact.digest, directory=False)}
    material |= {SOURCE + name: Material(each.digest, lifecycle.is_directory(each)) for name, each in inputs.items()}
    paths = packing.paths(registered.document["code"]["paths"])
    try:
        return execute(
            spec, context.ledger.objects, code=Material(code.digest, directory=True), paths=paths, inputs=material
        )
    except KeyboardInterrupt:
        return Execution("interrupted", reason="interrupted from the keyboard")


def _time(flag: str, text: str) -> str:
    """A time that a user gave, in the one way that it is recorded; a day alone is its midnight, UTC."""
    from datetime import UTC

    from app.features.definition import values

    try:
        return values.spelled(values.parse_time(text, UTC))
    except ValueError as error:
        raise InputError(f"--{flag}: {error}") from None
