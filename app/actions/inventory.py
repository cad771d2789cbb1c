"""The model inventory (SR 26-2): every model with its materiality, purpose, exposure, owner, and when validation is due."""

from __future__ import annotations

import csv
import html
import io
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import deployments, evaluating, events, outputs
from app.actions.answers import Answer, Mark, say, state, table
from ledger.errors import InputError
from ledger.format.text import visible
from ledger.projections import artifacts, documents, people

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground

TIERS = ("tier_1", "tier_2", "tier_3")
FORMATS = ("md", "html", "csv")
_HEAD = ("model", "version", "live", "tier", "purpose", "exposure", "owner", "validated", "validation due", "state")
_ROLES = {"validated": "good", "due": "warn", "overdue": "bad", "never validated": "bad", "not in use": "quiet"}
SOON = 30
"""Within so many days a validation counts as due."""


class Entry(NamedTuple):
    """A model in the inventory. ``validated`` and ``due`` are days; ``state`` says in words how the validation stands."""

    model: str
    project: str
    version: int
    live: str | None
    tier: str | None
    purpose: str | None
    exposure: str | None
    owner: str | None
    validated: str | None
    validated_seq: int | None
    due: str | None
    state: str


def inventory(context: Context, *, project: str | None = None) -> Answer:
    """Every model, the most material first."""
    found = evaluating.ground(context)
    rows = entries(found, project)
    lines = table([_row(each) for each in rows], _HEAD) or [
        say(Mark("dim", "no model is registered; `assay run TRAIN.yaml` makes one"))
    ]
    lines += [
        say(
            "  ",
            state("warn", each.model),
            "  has no tier; `assay inventory tier` gives it one, and tier_1 counts till then",
        )
        for each in rows
        if each.tier is None
    ]
    return Answer({"at": found.view.at, "models": [each._asdict() for each in rows]}, lines)


def assign(
    context: Context,
    *,
    ref: str,
    tier: str,
    purpose: str | None = None,
    exposure: str | None = None,
    calendar: str | None = None,
) -> Answer:
    """Say how material a model or a dataset is, and what it is for; its evidence ages by that."""
    from ledger.events.tiers import TierAssigned

    view = context.view
    if ref.startswith("project/"):
        subject, project = ref, ref.removeprefix("project/")
    else:
        artifact = artifacts.resolve(view, ref)
        subject, project = artifact.base, artifact.project or ""
    if tier not in TIERS:
        raise InputError(f"{tier!r} is no tier; they are {', '.join(TIERS)}, the first the most material")
    if calendar not in (None, "weekdays", "target"):
        raise InputError(f"{calendar!r} is no calendar; there are weekdays and target")
    fact = TierAssigned(tier, exposure, purpose, calendar)  # type: ignore[arg-type]  # both are checked above
    recorded = context.ledger.record(fact, subject=subject, actor=context.actor, project=project)
    return Answer({"event": events.described(recorded)}, events.listing([recorded]))


def export(context: Context, *, form: str = "md", output: str | None = None, project: str | None = None) -> Answer:
    """The inventory as a report, with the ledger's position and the checkpoint that it was taken at."""
    found = evaluating.ground(context)
    rows = entries(found, project)
    origin, position = _position(context, found)
    written = {"md": _markdown, "html": _html, "csv": _csv}[form](rows, origin, position)
    document_ = {
        "at": found.view.at,
        "format": form,
        "origin": origin,
        "position": position,
        "models": [each._asdict() for each in rows],
        "output": output,
    }
    if output is None:
        return Answer(document_, raw=written)
    outputs.write(context, output, written)
    return Answer(document_, [say(state("good", "written"), f"  {output}, {len(rows)} models, {position[0]}")])


def entries(found: Ground, project: str | None = None) -> list[Entry]:
    """The inventory as of the moment, the most material first."""
    view = found.view
    versions = artifacts.versions(view, kind="model", project=project)
    newest = {each.base: each for each in versions if artifacts.retired(view, each.ref) is None}
    live = {
        each.subject.rpartition("@")[0]: each.subject
        for each in deployments.serving(view)
        if each.environment == "prod" and each.status == "ok"
    }
    made = [_entry(found, base, artifact, live.get(base)) for base, artifact in newest.items()]
    return sorted(made, key=lambda each: (each.tier or "tier_1", each.live is None, each.model))


def _entry(found: Ground, base: str, artifact: artifacts.Artifact, live: str | None) -> Entry:
    from ledger.rules.maturity.moments import DAY, deadline, micros, text

    view = found.view
    assigned = found.evaluation.index.grouped("tier.assigned", "name").get(base, [])
    facts = assigned[-1].value if assigned else {}
    owner = next((each.principal for each in people.owners(view, base) if each.role == "accountable"), None)
    judged = live or artifact.ref
    reports = [each for each in documents.listed(view, judged) if each.doc_kind == "validation_report"]
    validated = reports[-1] if reports else None
    due = None
    if validated is not None:
        window = found.evaluation.model.tiers[facts.get("tier", "tier_1")]
        due = deadline(micros(validated.at), window, None)
    if live is None:
        word = "not in use"
    elif due is None:
        word = "never validated"
    elif due < found.moment.t:
        word = "overdue"
    else:
        word = "due" if due - found.moment.t < SOON * DAY else "validated"
    return Entry(
        model=base,
        project=artifact.project or "",
        version=artifact.version,
        live=live,
        tier=facts.get("tier"),
        purpose=facts.get("purpose"),
        exposure=facts.get("exposure"),
        owner=owner,
        validated=None if validated is None else validated.at[:10],
        validated_seq=None if validated is None else validated.seq,
        due=None if due is None else text(due)[:10],
        state=word,
    )


def _row(each: Entry) -> tuple[Any, ...]:
    live = None if each.live is None else f"@{each.live.rpartition('@')[2]}"
    facts = (each.tier, each.purpose, each.exposure, each.owner, each.validated, each.due)
    return (each.model, f"@{each.version}", live, *facts, state(_ROLES[each.state], each.state))


def _position(context: Context, found: Ground) -> tuple[str, list[str]]:
    """The ledger's name, and where in it the report was taken, in lines."""
    view = found.view
    row = view.row("SELECT hash, at FROM events WHERE seq = :at")
    lines = [f"as of event {view.at} ({row[1]}), head {row[0].hex()}"] if row is not None else ["an empty ledger"]
    note = view.row("SELECT size, note FROM checkpoints WHERE size <= :at + 1 ORDER BY size DESC, rowid DESC LIMIT 1")
    if note is None:
        return context.ledger.origin, [*lines, "no checkpoint was signed before"]
    return context.ledger.origin, [*lines, f"checkpoint at size {note[0]}:", *str(note[1]).strip().splitlines()]


def _cells(each: Entry) -> list[str]:
    live = "" if each.live is None else f"@{each.live.rpartition('@')[2]}"
    facts = (each.tier, each.purpose, each.exposure, each.owner, each.validated, each.due, each.state)
    return [each.model, f"@{each.version}", live, *(visible(item or "") for item in facts)]


def _markdown(rows: list[Entry], origin: str, position: list[str]) -> str:
    def escaped(text: str) -> str:
        for sign in "\\|`*_<>[]":
            text = text.replace(sign, f"\\{sign}")
        return text

    lines = [f"# Model inventory of {escaped(origin)}", "", f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}"]
    lines += [f"| {' | '.join(escaped(cell) for cell in _cells(each))} |" for each in rows]
    return "\n".join([*lines, "", "Taken", "", *(f"    {line}" for line in position), ""])


def _html(rows: list[Entry], origin: str, position: list[str]) -> str:
    def row(cells: list[str] | tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "\n".join(row(_cells(each), "td") for each in rows)
    title = html.escape(f"Model inventory of {origin}")
    taken = html.escape("\n".join(position))
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n<h1>{title}</h1>\n'
        f"<table>\n{row(_HEAD, 'th')}\n{body}\n</table>\n<h2>Taken</h2>\n<pre>{taken}</pre>\n</html>\n"
    )


def _csv(rows: list[Entry], origin: str, position: list[str]) -> str:
    """One table: each row says where in the ledger it was taken, and under which checkpoint.

    Text that a spreadsheet would take for a formula is quoted with an apostrophe.
    """

    def safe(cell: str) -> str:
        return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") and len(cell) > 1 and not cell[1:].isdigit() else cell

    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    taken = (origin, position[0], "\n".join(position[1:]))
    writer.writerow((*_HEAD, "ledger", "taken", "checkpoint"))
    writer.writerows([*map(safe, _cells(each)), *taken] for each in rows)
    return target.getvalue()
