"""The online store: written from a materialisation, and held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import features, offline
from app.actions.answers import Answer, counted, say, state
from app.actions.featurechecks import cut, described, record_check
from ledger import lifecycle

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered
    from app.actions.offline import Offline
    from app.features.writing import Parity, Target
    from ledger.store.journal import Recorded

_SHOWN = 6


def push(context: Context, *, view: str, dataset: str | None = None) -> Answer:
    """Write a materialisation's newest features to the online store, all or nothing, and hold the store against it."""
    registered = features.find(context.ledger, context.ledger.view(), view)
    return pushed(context, registered, offline.found(context, registered, dataset))


def pushed(context: Context, registered: Registered, source: Offline) -> Answer:
    """Write the online store from offline features, compare, and record both; code 1 where they differ."""
    from app.features import writing
    from app.features.definition import values
    from app.features.view import schema
    from ledger.events.features import FeatureMaterialized
    from ledger.ledger import Entry

    lifecycle.require_input(context.ledger, registered.ref)
    path, target = offline.store_path(context), _target(context, registered, source)
    written = writing.write(path, target, source.table)
    fact = FeatureMaterialized(
        feature_view=registered.artifact.base,
        version=registered.artifact.version,
        store="online",
        rows=written.written,
        as_of=values.spelled(target.as_of),
        dataset=source.last.ref,
        sha256=source.last.digest,
        schema=schema(registered.document),
        kept=written.kept,
    )
    first = context.ledger.record_many(
        [Entry(fact, actor=context.actor, project=registered.artifact.project, cause=source.last.seq)]
    )
    found = writing.parity(path, target, source.table)
    recorded = first + recorded_parity(context, registered, source, found)
    document = {
        "written": written.written,
        "kept": written.kept,
        "withheld": written.withheld,
        "parity": parity_document(found),
    }
    kept = f", {written.kept:,} newer ones kept" if written.kept else ""
    withheld = f", {counted(written.withheld, 'row')} not known yet" if written.withheld else ""
    line = say(
        state("good", "online"),
        f"  {counted(written.written, 'entity', 'entities')} of {registered.ref}{kept}{withheld}",
    )
    answer = {"view": registered.ref, "datasets": source.refs, "online": document, "events": described(recorded)}
    return Answer(answer, [line, *parity_lines(found)], 0 if found.equal else 1)


def _target(context: Context, registered: Registered, source: Offline) -> Target:
    from app.features.definition import values
    from app.features.writing import Target

    as_of = values.parse_time(context.ledger.now())
    artifact = registered.artifact
    return Target(registered.name, artifact.version, artifact.digest, registered.document, source.last.digest, as_of)


def parity(context: Context, *, view: str, dataset: str | None = None) -> Answer:
    """Hold the online store against the offline features once more, and record the verdict; code 1 where they differ."""
    from app.features import writing

    registered = features.find(context.ledger, context.ledger.view(), view)
    source = offline.found(context, registered, dataset)
    found = writing.parity(offline.store_path(context), _target(context, registered, source), source.table)
    recorded = recorded_parity(context, registered, source, found)
    document = {
        "view": registered.ref,
        "datasets": source.refs,
        "parity": parity_document(found),
        "events": described(recorded),
    }
    return Answer(document, parity_lines(found), 0 if found.equal else 1)


def recorded_parity(context: Context, registered: Registered, source: Offline, found: Parity) -> list[Recorded]:
    """Record what a comparison of the stores found."""
    from ledger.events.checks import CheckExecuted

    shown = parity_document(found)
    fact = CheckExecuted(
        check=f"{registered.artifact.name}.parity",
        kind="parity",
        passed=found.equal,
        value=found.mismatches,
        threshold=0,
        verdict=None
        if not found.compared and found.schema and not found.mismatches
        else "pass"
        if found.equal
        else "block",
        findings=[{key: cut(value) for key, value in each.items()} for each in found.findings],
        inputs={
            "datasets": [{"ref": each.ref, "sha256": each.digest} for each in source.datasets[-20:]],
            **{key: value for key, value in shown.items() if key != "findings"},
        },
    )
    return record_check(context, registered, fact, {"mismatches": 0})


def parity_document(found: Parity) -> dict[str, Any]:
    """A comparison of the stores as JSON."""
    return {
        "equal": found.equal,
        "offline": found.offline,
        "online": found.online,
        "compared": found.compared,
        "newer": found.newer,
        "mismatches": found.mismatches,
        "max_difference": found.max_difference,
        "schema": found.schema,
        "findings": [dict(each) for each in found.findings],
    }


def parity_lines(found: Parity) -> list[str]:
    """A comparison of the stores in words."""
    told = state("good", "parity") if found.equal else state("bad", "no parity")
    gaps = "" if found.schema else "; what is stored of the version is not what is registered"
    of = counted(found.offline, "entity", "entities")
    lines: list[str] = [
        say(
            told,
            f"  {found.compared:,} of {of} compared, {found.mismatches:,} differ{gaps}",
        )
    ]
    for each in found.findings[:_SHOWN]:
        about = ", ".join(f"{key} {value}" for key, value in each.items() if key != "entity")
        lines.append(say("    ", ", ".join(map(str, each["entity"])), ": ", about))
    return lines
