"""Data checks: those that a workspace declares in ``checks.yaml``, run on a registered table; each verdict is an event."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, counted, say, state
from ledger.errors import InputError, Missing, Refused
from ledger.projections import approvals, artifacts, checks, people

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.monitoring.quality.check import Check
    from app.monitoring.quality.finding import Finding, Result
    from ledger.projections.artifacts import Artifact

FILE = "checks.yaml"
TRANSITION = "mapping"
"""What a request asks for that wants a mapping approved."""

_ROLES = {"pass": "good", "flag": "warn", "quarantine": "bad", "block": "bad"}
_SHOWN = 4


def run(context: Context, *, ref: str, mapping: str | None = None, columns: str | None = None) -> Answer:
    """Run the declared checks on a table and record every verdict; exit code 1 where one stops the work on ``columns``."""
    table = artifacts.resolve(context.view, ref)
    approved = artifacts.resolve(context.view, mapping) if mapping else None
    results = checked(context, table, approved)
    chosen = [each.about(columns.split(",")) for each in results] if columns else list(results)
    stopped = [each.check for each in chosen if not each.passed]
    document = {"ref": table.ref, "checks": [each.document() for each in chosen], "stopped": stopped}
    told = state("bad", "stopped") if stopped else state("good", "passed")
    head = say(told, f"  {table.ref}, {counted(len(chosen), 'check')}" + (f" on {columns}" if columns else ""))
    return Answer(document, [head, *(line for each in chosen for line in _told(each))], 1 if stopped else 0)


def checked(context: Context, table: Artifact, mapping: Artifact | None = None) -> tuple[Result, ...]:
    """Run the declared checks on a registered table and record them.

    Args:
        context: whose doing it is.
        table: the version to check; its bytes come out of the store.
        mapping: a registered list of mappings that the data's owner has approved; jumps that it explains do not block.

    Raises:
        InputError: nothing is declared for this artifact, or its bytes are no table, or the mapping's none.
        Refused: the mapping is not approved.
    """
    from ledger.ledger import Entry

    declared_here = _declared(context)
    wanted = [each for each in declared_here if is_about(each.subject, table)]
    if not wanted:
        others = ", ".join(dict.fromkeys(each.subject for each in declared_here))
        raise InputError(f"{FILE} declares no check of {table.base}; it has checks of {others}")
    mappings = [] if mapping is None else _approved(context, table, mapping)
    results = examined(context, table, wanted, mappings)
    known = {each.check: (each.kind, each.threshold) for each in checks.configured(context.view, table.base)}
    facts = [each for each in map(_configuration, wanted) if known.get(each.check) != (each.kind, each.threshold)]
    actor, project = context.actor, table.project
    entries = [Entry(fact, table.base, actor, project, table.seq) for fact in facts]
    entries += [Entry(execution(context, each, mapping), table.ref, actor, project, table.seq) for each in results]
    context.ledger.record_many(entries)
    return results


def examined(
    context: Context, table: Artifact, wanted: Sequence[Check], mappings: Sequence[Mapping[str, Any]] = ()
) -> tuple[Result, ...]:
    """What some checks find in a registered table, whose bytes come out of the store; nothing is recorded.

    Raises:
        InputError: its bytes are no table, or not one that a check can judge.
    """
    from app.monitoring.quality import check as declared
    from app.monitoring.quality import table as tables

    named = {each.day for each in wanted}
    with tempfile.TemporaryDirectory(prefix="assay-check-") as folder:
        copy = Path(folder) / table.name
        context.ledger.objects.restore(table.digest, copy, directory=False, durable=False)
        read = tables.read(copy, "" if "" in named else min(named))
    return declared.execute(wanted, read, mappings=mappings, today=context.ledger.now()[:10])


def is_about(subject: Any, table: Artifact) -> bool:
    """Whether a check's subject, which may leave out the project, is this artifact."""
    return subject in (table.base, f"{table.kind}/{table.name}")


def _approved(context: Context, table: Artifact, mapping: Artifact) -> list[dict[str, Any]]:
    """The mappings in an artifact's bytes, once whoever owns the table has approved them."""
    view = context.view
    owners = {each.principal for each in people.owners(view, table.base)}
    requests = [each for each in approvals.requests(view, subject=mapping.ref) if each.transition == TRANSITION]
    signers = {decision.signer for each in requests if not each.rejected for decision in each.approvals}
    if not (signers & owners if owners else signers):
        who = ", ".join(sorted(owners))
        action = f"approve {requests[-1].seq}" if requests else ""
        what = f"{mapping.ref} is not approved as a mapping of {table.base}"
        raise Refused(f"refused: {what}", (Missing(what, action, who),))
    try:
        found = json.loads(context.ledger.objects.read(mapping.digest))
        return [{**each, "factor": float(each["factor"])} for each in found if each["source"] and each["target"]]
    except (ValueError, TypeError, KeyError):
        raise InputError(f"{mapping.ref} holds no list of mappings, each with source, target and factor") from None


def _declared(context: Context) -> Sequence[Check]:
    from app.monitoring.quality import check as declared
    from app.pipelines import yamltext

    hint = "it declares the data checks (see the demo's)"
    document = yamltext.read(context.workspace.root / FILE, "declaration of checks", FILE, hint)
    return declared.read(document.value, FILE, document.where)


def _configuration(check: Check) -> Any:
    from ledger.events.checks import CheckConfigured

    return CheckConfigured(check=check.check, kind=_kind(check.kind), threshold=check.declared)


def execution(context: Context, result: Result, mapping: Artifact | None = None) -> Any:
    """The event of one check; a report that is long goes into the store, and the event keeps the gravest findings."""
    from ledger.events.checks import CheckExecuted
    from ledger.format import canonical

    findings = [each.document() for each in sorted(result.findings, key=_gravity)]
    inputs: dict[str, Any] = dict(result.inputs)
    if mapping is not None:
        inputs["mapping"] = mapping.ref
    if len(canonical.encode(findings)) > _LONGEST:
        inputs["report"] = context.ledger.objects.put_bytes(canonical.encode(findings)).digest
        findings = findings[:_KEPT]
    return CheckExecuted(
        check=result.check,
        kind=_kind(result.kind),
        passed=result.passed,
        value=result.value,
        threshold=0,
        verdict=result.verdict,
        findings=findings,
        inputs=inputs,
    )


_LONGEST = 16_384
_KEPT = 20


def _gravity(finding: Finding) -> int:
    return ("block", "quarantine", "flag", "pass").index(finding.verdict)


def _kind(kind: str) -> str:
    """The ledger's word for a check: some have their own, the others are about quality."""
    words: Mapping[str, str] = {
        "schema": "schema",
        "privacy": "privacy",
        "freshness": "freshness",
        "stale": "staleness",
    }
    return words.get(kind, "quality")


def _told(result: Result) -> list[str]:
    lines: list[str] = [
        say(
            state(_ROLES[result.verdict], result.verdict),
            f"  {result.check}  {counted(len(result.findings), 'finding')}",
        )
    ]
    shown = sorted(result.findings, key=_gravity)[:_SHOWN]
    lines += [say("    ", each.message) for each in shown]
    rest = len(result.findings) - len(shown)
    return [*lines, say(Mark("dim", f"    and {rest} more"))] if rest > 0 else lines
