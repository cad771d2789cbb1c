"""Features in use: joined to labels for training, read for serving, and the two held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import events, features, offline, outputs
from app.actions.answers import Answer, Mark, counted, say, state, table
from app.actions.featurechecks import cut, described, record_check
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered
    from app.features.labels import Labels
    from app.features.skew import Skew
    from app.features.writing import Reads
    from ledger.projections.artifacts import Artifact
    from ledger.store.journal import Recorded

_SHOWN = 3


# Training


class _Part(NamedTuple):
    """What one view gives a frame: its columns' names, types and values, and for how many labels it knew nothing."""

    registered: Registered
    datasets: list[str]
    names: list[str]
    kinds: list[str]
    columns: list[tuple[Any, ...]]
    unknown: int
    stale: int

    @property
    def told(self) -> tuple[str, str, str]:
        """Where its features came from, and for how many labels there are none, in words."""
        older = len(self.datasets) - 1
        sources = f"{self.datasets[-1]}{f' and {older} before it' if older else ''}"
        return sources, f"{self.unknown:,} unknown", f"{self.stale:,} past their ttl"


def join(
    context: Context,
    *,
    views: Sequence[str],
    labels: str,
    time: str,
    zone: str | None = None,
    output: str | None = None,
    name: str | None = None,
) -> Answer:
    """Labels with the features that were known at their time; to a file, or as a recorded run into a dataset."""
    from app.features import labels as frames

    if (output is None) == (name is None):
        raise InputError("say where the frame goes: -o FILE, or --name NAME for a dataset with its lineage")
    view = context.ledger.view()
    chosen = [features.find(context.ledger, view, each) for each in views]
    if len({each.artifact.base for each in chosen}) < len(chosen):
        raise InputError("a view is named twice; a frame has each of its columns once")
    source, data = _labels(context, labels, name is not None)
    read = frames.read(data, time, zone)
    parts = [_part(context, each, read, len(views) > 1) for each in chosen]
    parquet = output.endswith(".parquet") if output is not None else read.parquet
    made = _framed(read, parts, parquet)
    document: dict[str, Any] = {
        "labels": source.ref if source else labels,
        "rows": len(read.rows),
        "views": [
            {"view": each.registered.ref, "datasets": each.datasets, "unknown": each.unknown, "stale": each.stale}
            for each in parts
        ],
        "path": None,
        "dataset": None,
    }
    if output is not None:
        document["path"] = str(outputs.write(context, output, made).absolute())
    elif source is not None and name is not None:
        document["dataset"] = _recorded_join(context, source, parts, name, made, parquet=parquet, time=time, zone=zone)
    where = document["dataset"] or output
    lines: list[str] = [say(state("good", "joined"), f"  {counted(len(read.rows), 'label')} to {where}")]
    rows = [(each.registered.ref, *each.told) for each in parts]
    return Answer(document, [*lines, *table(rows, indent="  ")])


def _framed(labels: Labels, parts: Sequence[_Part], parquet: bool) -> bytes:
    """The labels with what every view gives beside them."""
    from app.features import labels as frames

    names = [each for part in parts for each in part.names]
    kinds = [each for part in parts for each in part.kinds]
    columns = zip(*(part.columns for part in parts), strict=True)
    rows = [tuple(value for row in each for value in row) for each in columns]
    return frames.frame(labels, names, kinds, rows, parquet=parquet)


def _labels(context: Context, text: str, recorded: bool) -> tuple[Artifact | None, bytes]:
    """The labels' bytes, and what they are registered as where the words name no file."""
    path = context.start / text
    if path.is_file() and not recorded:
        try:
            return None, path.read_bytes()
        except OSError as error:
            raise InputError(f"the labels {text} cannot be read: {error.strerror}") from None
    try:
        found = artifacts.resolve(context.ledger.view(), text)
    except InputError as error:
        hint = "; a frame that is recorded needs registered labels: `assay artifact register`" if path.is_file() else ""
        raise InputError(f"labels: {error}{hint}") from None
    return found, context.ledger.objects.read(found.digest)


def _part(context: Context, registered: Registered, labels: Labels, several: bool) -> _Part:
    from app.features import join as joins

    document = registered.document
    source = offline.found(context, registered)
    keys = labels.keys({each["name"]: each["type"] for each in document["entity"]})
    joined = joins.table(keys, labels.times, source.table, document["ttl"])
    names = [each["name"] for each in document["features"]]
    shown = [f"{registered.artifact.name}.{name}" for name in names] if several else names
    kinds = [each["type"] for each in document["features"]]
    columns = joins.values(joined, source.table, names)
    return _Part(registered, source.refs, shown, kinds, columns, joined.unknown, joined.stale)


def _recorded_join(
    context: Context,
    labels: Artifact,
    parts: Sequence[_Part],
    name: str,
    made: bytes,
    *,
    parquet: bool,
    time: str,
    zone: str | None,
) -> str:
    """Record the frame as a dataset that a run made of labels, views and their features."""
    from ledger.format.names import quote

    project = context.workspace.project(labels.project)
    label = quote(name)
    inputs = [labels.ref, *(ref for each in parts for ref in (each.registered.ref, *each.datasets))]
    columns = {
        shown: [f"{ref}#{feature['name']}" for ref in each.datasets]
        for each in parts
        for shown, feature in zip(each.names, each.registered.document["features"], strict=True)
    }
    media_type = "application/vnd.apache.parquet" if parquet else "text/csv"
    run = context.ledger.run(
        f"join-{label}"[:100],
        project=project,
        actor=context.actor,
        job_type="features",
        inputs=list(dict.fromkeys(inputs)),
        config={"views": [each.registered.ref for each in parts], "time": time, "zone": zone},
    )
    with run:
        rows = made.count(b"\n") - 1 if not parquet else None
        facts = {
            "media_type": media_type,
            "summary": {"columns": columns},
            **({"rows": rows} if rows is not None else {}),
        }
        run.output(f"dataset/{project}/{label}", made, **facts)
    (ref,) = run.outputs.values()
    return ref


# Serving


def get(context: Context, *, view: str, key: Sequence[str], consumer: str | None = None) -> Answer:
    """One entity's features out of the online store, through its gate; code 1 where it refuses."""
    from app.features.online import OnlineStore
    from app.features.view import schema
    from ledger.format.times import parse_time

    registered = features.find(context.ledger, context.ledger.view(), view)
    entity = registered.document["entity"]
    if len(key) != len(entity):
        wanted = ", ".join(f"{each['name']} ({each['type']})" for each in entity)
        raise InputError(f"{' '.join(key)!r} is no key of {registered.ref}: it has {wanted}")
    values = [_key(text, each) for text, each in zip(key, entity, strict=True)]
    now = parse_time(context.ledger.now())
    reader = consumer or context.actor
    with OnlineStore(offline.store_path(context), consumer=reader) as store:
        found = store.get(
            registered.name, values, version=registered.artifact.version, schema=schema(registered.document), now=now
        )
    told = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.values.items()}
    document = {
        "view": registered.ref,
        "key": {each["name"]: value for each, value in zip(entity, values, strict=True)},
        "features": {name: _plain(value) for name, value in told.items()},
        "event_time": found.event_time.isoformat().replace("+00:00", "Z"),
        "age": found.age,
        "schema": found.schema,
    }
    lines: list[str] = [say(Mark("title", f"{registered.ref}  {', '.join(key)}"), f"  of {document['event_time']}")]
    lines += table(
        [(Mark("dim", name), "null" if value is None else str(value)) for name, value in told.items()], indent="  "
    )
    return Answer(document, lines)


def _plain(value: Any) -> Any:
    """A value as JSON has it: NaN and infinities by name."""
    from app.features.definition.values import written

    return written(value, "float") if isinstance(value, float) and value - value != 0 else value


def _key(text: str, entity: dict[str, Any]) -> str | int:
    from app.features.definition.values import BadValue, parsed

    if entity["type"] == "string":
        return text
    try:
        return int(parsed(text, "int"))
    except (BadValue, TypeError):
        raise InputError(f"{entity['name']} is a whole number, not {text!r}") from None


def record(context: Context) -> Answer:
    """Enter in the ledger what was read since the last time, by consumer, and whether the gate let it through."""
    from app.features import writing
    from ledger.ledger import Entry

    recorded: list[Recorded] = []
    path = offline.store_path(context)
    for batch, reads in writing.take(path):
        facts = [_retrieved(each, batch) for each in reads]
        if not _is_recorded(context, facts[0].about(None) if facts else None, batch):
            entries = [
                Entry(each, actor=context.actor, project=read.view.partition("/")[0])
                for each, read in zip(facts, reads, strict=True)
            ]
            recorded += context.ledger.record_many(entries) if entries else []
        writing.done(path, batch)
    rows = [
        (
            each.event.value["consumer"] or "—",
            each.event.subject,
            each.event.value.get("count", 1),
            state("good", "passed") if each.event.value["gate_passed"] else state("bad", "refused"),
            ", ".join(f"{reason} {count}" for reason, count in sorted(each.event.value.get("reasons", {}).items())),
        )
        for each in recorded
    ]
    lines = table(rows, ("consumer", "view", "reads", "gate", "why"))
    return Answer({"events": described(recorded)}, lines or [say(Mark("dim", "nothing was read since the last time"))])


def _retrieved(reads: Reads, batch: str) -> Any:
    from app.features.definition.values import spelled
    from ledger.events.features import FeatureRetrieved

    return FeatureRetrieved(
        feature_view=f"{features.KIND}/{reads.view}",
        version=reads.version,
        consumer=reads.consumer,
        gate_passed=reads.passed,
        count=reads.count,
        reasons=dict(reads.reasons),
        first=spelled(reads.first),
        last=spelled(reads.last),
        batch=batch,
    )


def _is_recorded(context: Context, subject: str | None, batch: str) -> bool:
    """Whether a batch reached the ledger before whoever recorded it could say so."""
    if subject is None:
        return False
    found = events.matching(context.ledger.view(), types=("feature.retrieved",), subject=subject)
    return any(each.event.value.get("batch") == batch for each in found)


# Skew


def skew(
    context: Context, *, view: str, served: str, tolerance: float | None = None, dataset: str | None = None
) -> Answer:
    """Hold a log of served features against what training would have seen; code 1 where they differ or data are missing."""
    from app.features import served as logs
    from app.features import skew as skews
    from ledger.events.checks import CheckExecuted
    from ledger.format.hashes import Digester

    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError(f"--tolerance {tolerance}: a share from 0 to below 1")
    registered = features.find(context.ledger, context.ledger.view(), view)
    source = offline.found(context, registered, dataset)
    path = context.start / served
    log = logs.read(path, registered.document)
    digester = Digester()
    digester.update(path.read_bytes())
    found = skews.compare(registered.document, registered.artifact.version, source.table, log, tolerance)
    fact = CheckExecuted(
        check=f"{registered.artifact.name}.skew",
        kind="parity",
        passed=found.verdict == "pass",
        value=found.differing,
        threshold=0,
        verdict={"pass": "pass", "flag": "flag", "inconclusive": None}[found.verdict],
        findings=_findings(found),
        inputs={
            "log": digester.digest(),
            "datasets": [{"ref": each.ref, "sha256": each.digest} for each in source.datasets[-20:]],
            "served": found.served,
            "compared": found.compared,
            "verdict": found.verdict,
            "missing": found.missing,
            "tolerance": sorted({each.tolerance for each in found.columns}),
        },
    )
    recorded = record_check(context, registered, fact, {"differing": 0})
    document = {
        "view": registered.ref,
        "datasets": source.refs,
        "verdict": found.verdict,
        "served": found.served,
        "missing": found.missing,
        "versions": {str(version): count for version, count in found.versions.items()},
        "columns": [each.document() for each in found.columns],
        "events": described(recorded),
    }
    return Answer(document, _skew_lines(registered, found), 0 if found.verdict == "pass" else 1)


def _findings(found: Skew) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [
        {
            "feature": each.feature,
            "compared": each.compared,
            "equal": each.equal,
            "max_difference": each.document()["max_difference"],
            "first": [{key: cut(value) for key, value in one.items()} for one in each.first[:1]],
        }
        for each in found.columns
        if each.equal < each.compared
    ]
    return said[:50] + [{"version": version, "served": count} for version, count in sorted(found.versions.items())][:20]


def _skew_lines(registered: Registered, found: Skew) -> list[str]:
    role = {"pass": "good", "flag": "bad", "inconclusive": "warn"}[found.verdict]
    word = {"pass": "no skew", "flag": "skew", "inconclusive": "inconclusive"}[found.verdict]
    lines: list[str] = [say(state(role, word), f"  {registered.ref}, {counted(found.served, 'answer')} served")]
    for version, count in sorted(found.versions.items()):
        lines.append(
            say("  ", f"{counted(count, 'answer')} of version {version} instead of {registered.artifact.version}")
        )
    lines += [say("  ", f"missing: {each}") for each in found.missing]
    rows = [
        (
            each.feature,
            each.compared,
            "—" if each.share is None else f"{each.share:.2%}",
            each.document()["max_difference"],
        )
        for each in found.columns
    ]
    lines += table(rows, ("feature", "compared", "equal", "largest difference"), indent="  ")
    for column in found.columns:
        for each in column.first[:_SHOWN]:
            told = f"{each['entity']} at {each['time']}: served {each['served']}, training {each['training']} ({each['place']})"
            lines.append(say(Mark("dim", f"    {column.feature}: {told}")))
    return lines
