"""The serve log: inference records taken in, checked, kept beside the ledger by day, and proven by its digests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, counted, fields, say, state, table
from app.actions.days import day as day_
from app.actions.logged import log, recorded
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.monitoring.daylog import Written
    from app.monitoring.records import Batch
    from ledger.store.journal import Recorded


def serve_log(
    context: Context, *, file: str | None = None, model: str | None = None, day: str | None = None, check: bool = False
) -> Answer:
    """Take in a file of inference records; without one, say what is there. Exit code 1 where something is odd."""
    if file is not None and (check or day is not None):
        raise InputError("give a file to take in, or ask by --day or --check for what is there, not both")
    if file is None:
        return (
            _checked(context, model) if check else _shown(context, model, None if day is None else day_(day, "--day"))
        )
    from app.monitoring import records

    return _taken(context, records.read(context.start / file), model)


def append(context: Context, records: Iterable[Mapping[str, Any]], model: str | None = None) -> Answer:
    """Take in inference records from serving code: ``append(Context(start=…, actor=…, writes=True), [{…}, …])``.

    Raises:
        InputError: there is none, or one that cannot be kept; nothing is taken then.
    """
    from app.monitoring import records as given

    return _taken(context, given.batch_of(records), model)


def _taken(context: Context, batch: Batch, model: str | None) -> Answer:
    base, unknown = _model(context, batch, model)
    for name, number in unknown.items():
        batch.count(f"records are of the version {name}, which is not registered", number)
    _order(context, batch, recorded(context.ledger.view(), base))
    written = log(context, base).add(batch)
    done = _record(context, base, written, batch.findings)
    rows = [(each.day, each.answers, each.labels, len(each.parts), each.sha256[7:19] + "…") for each in written]
    lines = [
        say(
            state("warn" if batch.findings else "good", counted(sum(each.answers for each in written), "answer")),
            f"  on {counted(len(written), 'day')}",
        ),
        *table(rows, ("day", "answers", "labels", "files", "digest"), indent="  "),
        *(say(state("warn", "finding"), f"  {each}") for each in batch.findings),
    ]
    document = {
        "model": base,
        "days": [
            {"day": each.day, "answers": each.answers, "labels": each.labels, "sha256": each.sha256} for each in written
        ],
        "findings": batch.findings,
        "events": [events.described(each) for each in done],
    }
    return Answer(document, lines, int(bool(batch.findings)))


def _model(context: Context, batch: Batch, named: str | None) -> tuple[str, dict[str, int]]:
    """Whose records these are, and which versions they name that are not registered, how often each."""
    view = context.ledger.view()
    counts: dict[str, int] = {}
    for pieces in batch.answers.values():
        for piece in pieces:
            counted_ = piece.column("model").value_counts()
            pairs = zip(counted_.field(0).to_pylist(), counted_.field(1).to_pylist(), strict=True)
            for name, number in pairs:
                counts[name] = counts.get(name, 0) + number
    found, unknown = set(), {}
    for name, number in counts.items():
        try:
            found.add(artifacts.resolve(view, name).base)
        except artifacts.UnknownRef:
            unknown[name] = number
    base = artifacts.resolve(view, named).base if named is not None else _served(context)
    base = base or (next(iter(found)) if len(found) == 1 else "")
    if not base:
        raise InputError("whose records are these? name the model by --model")
    if found - {base}:
        raise InputError(
            f"these records are of {', '.join(sorted(found))}, not of {base} alone; log each model's apart"
        )
    return base, unknown


def _served(context: Context) -> str:
    """The model that serving.yaml declares, or an empty text."""
    from app.actions.serving import declared

    try:
        return declared(context).model
    except InputError:
        return ""


def _order(context: Context, batch: Batch, known: Mapping[str, Any]) -> None:
    """Count what came late, out of order, or from a clock that is ahead."""
    import pyarrow.compute as pc

    last = max(known, default="")
    present = context.ledger.now()[:10]
    for each, pieces in batch.answers.items():
        rows = sum(piece.num_rows for piece in pieces)
        if each < last:
            batch.count(f"records came late, after {last} was logged", rows)
        if each > present:
            batch.count(f"records are of days to come, after {present}", rows)
        for piece in pieces:
            moments = piece.column("at").combine_chunks()
            if len(moments) > 1:
                back = pc.sum(pc.less(moments[1:], moments[:-1]).cast("int64")).as_py()
                batch.count("times go back", back or 0)


def _record(context: Context, base: str, written: list[Written], findings: list[str]) -> list[Recorded]:
    """The digests of the days, in one transaction."""
    from ledger.events.serving import InferenceLogged
    from ledger.ledger import Entry

    project = base.split("/")[1]
    entries = [
        Entry(
            InferenceLogged(
                day=each.day,
                sha256=each.sha256,
                rows=each.answers,
                files=[part.document() for part in each.parts],
                labels=each.labels,
                versions=dict(each.versions),
                findings=findings,
            ),
            base,
            context.actor,
            project,
        )
        for each in written
    ]
    return context.ledger.record_many(entries) if entries else []


def _models(context: Context, model: str | None) -> list[str]:
    """The models that have records, or the one that is meant."""
    view = context.view
    found = {each.event.subject for each in events.matching(view, types=["inference.logged"])}
    if model is None:
        return sorted(found)
    wanted = artifacts.resolve(view, model).base
    return [wanted] if wanted in found else []


def _shown(context: Context, model: str | None, day: str | None) -> Answer:
    rows, documents = [], []
    lines: list[str] = []
    for base in _models(context, model):
        logged = log(context, base)
        for each in logged.days:
            parts = logged.parts(each)
            answers, labels = (sum(p.rows for p in parts if p.kind == kind) for kind in ("answers", "labels"))
            if day not in (None, each):
                continue
            rows.append((base, each, answers, labels, len(parts)))
            document: dict[str, Any] = {"model": base, "day": each, "answers": answers, "labels": labels}
            if day is not None:
                seen = logged.series(each)
                document["series"] = {name: _brief(value) for name, value in seen.items()}
                lines += ["", *fields([(name, _words(_brief(value))) for name, value in seen.items()])]
            documents.append(document | {"files": [part.document() for part in parts]})
    if day is not None and not rows:
        raise InputError(f"there are no records of {day}")
    head = table(rows, ("model", "day", "answers", "late labels", "files"))
    return Answer({"days": documents}, [*(head or [say(Mark("dim", "nothing is logged"))]), *lines])


def _checked(context: Context, model: str | None) -> Answer:
    """Every file held against its recorded digest."""
    wrong, files = [], 0
    for base in _models(context, model):
        logged = log(context, base)
        files += sum(len(logged.parts(each)) for each in logged.days)
        wrong += [{"model": base, "day": d, "file": name, "detail": what} for d, name, what in logged.check()]
    word = state("bad" if wrong else "good", counted(len(wrong), "file") + " changed" if wrong else "as recorded")
    lines = [say(word, f"  {counted(files, 'file')} checked")]
    lines += [say("  ", f"{each['model']} {each['day']} {each['file']}: {each['detail']}") for each in wrong]
    return Answer({"files": files, "wrong": wrong}, lines, int(bool(wrong)))


def _brief(value: list[float] | float) -> dict[str, float | None] | float | None:
    """A series of a day in a few numbers; null where nothing was measured."""
    if not isinstance(value, list):
        return value if value == value else None
    if not value or value[0] != value[0]:
        return None
    last = len(value) - 1
    return {f"p{share}": value[round(share / 100 * last)] for share in (0, 50, 95, 99, 100)}


def _words(value: dict[str, float | None] | float | None) -> str | None:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:.4g}" for name, number in value.items() if number is not None)
    return None if value is None else f"{value:.4g}"
