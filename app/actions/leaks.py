"""Leaks: a view computed on truncated history, to see whether its features change with what became known later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.actions import features, materializing
from app.actions.answers import Answer, Mark, counted, say, state
from app.actions.featurechecks import cut, described, record_check
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered


_KEPT = 30
"""Findings that stand in the event; the report, which the event names, has them all."""


def check(context: Context, *, view: str, samples: int = 12, seed: int = 0) -> Answer:
    """Compute a view on what was known at earlier moments; code 1 where features change once later rows are withheld."""
    import json
    from dataclasses import replace

    from app.features import packing

    if not 1 <= samples <= 1000:
        raise InputError(f"--samples {samples}: a number of moments from 1 to 1000")
    registered = features.find(context.ledger, context.ledger.view(), view)
    inputs = materializing.given(context, registered)
    output = {"report": {"artifact": f"document/{registered.artifact.project}/report"}}
    spec = materializing.specified(registered, packing.CHECK, {"samples": samples}, inputs, output)
    # Each moment is a computation of its own, and so are the two of all of history.
    timeout = None if spec.timeout is None else spec.timeout * (samples + 2)
    spec = replace(spec, seed=seed, timeout=timeout)
    code = packing.pack(context.ledger.objects, registered.document["code"]["sha256"])
    context.progress(0, None, f"computing {registered.artifact.name} on truncated history")
    execution = materializing.executed(context, registered, spec, inputs, code)
    if execution.status != "ok":
        raise InputError(f"{registered.ref} could not be computed: {execution.reason}")
    stored = execution.outputs["report"]
    report = json.loads(context.ledger.objects.read(stored.digest))
    given = {
        "samples": samples,
        "seed": seed,
        "report": stored.digest,
        "sources": {name: each.ref for name, each in inputs.items()},
    }
    return _judged(context, registered, report, given)


def _judged(context: Context, registered: Registered, report: dict[str, Any], given: dict[str, Any]) -> Answer:
    """The verdict on what truncated history gave."""
    from ledger.events.checks import CheckExecuted

    moments = report["moments"]
    leaks = [each for each in moments if each["columns"] or each["absent"] or each["new"]]
    errors = [each for each in moments if "error" in each]
    compared = sum(each["compared"] for each in moments if "error" not in each)
    leaking = {name for each in leaks for name in each["columns"]}
    passed = bool(compared) and not leaks and not errors and report["repeatable"]
    findings = [*_columns(leaks, sorted(leaking)), *_others(report, leaks, errors)]
    inconclusive = not leaks and report["repeatable"]
    fact = CheckExecuted(
        check=f"{registered.artifact.name}.leak",
        kind="quality",
        passed=passed,
        value=len(leaking) if report["repeatable"] else None,
        threshold=0,
        verdict="pass" if passed else None if inconclusive else "block",
        findings=findings[:_KEPT],
        inputs={**given, "moments": len(moments), "compared": compared, "rows": report["rows"]},
    )
    recorded = record_check(context, registered, fact, {"columns": 0})
    told = (
        state("good", "no leak") if passed else state("warn", "inconclusive") if inconclusive else state("bad", "leak")
    )
    lines: list[str] = [
        say(
            told,
            f"  {registered.ref}: {counted(compared, 'row')} compared at {counted(len(moments), 'moment')} of its history",
        )
    ]
    for each in findings:
        lines.append(say("  ", each["message"]))
        lines += [
            say(Mark("dim", f"    {row['row']}: {row['whole']} with all of history, {row['part']} as of {row['at']}"))
            for row in each.get("first", ())
        ]
    document = {
        "view": registered.ref,
        "passed": passed,
        "moments": len(moments),
        "compared": compared,
        "findings": findings,
    }
    return Answer({**document, "events": described(recorded)}, lines, 0 if passed else 1)


def _columns(leaks: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """By feature, how many rows of it changed, and the first of them."""
    found = []
    for name in names:
        hits = [(each["at"], each["columns"][name]) for each in leaks if name in each["columns"]]
        first = [{**_cuts(row), "at": at} for at, hit in hits for row in hit["first"][:1]][:3]
        rows = max(hit["rows"] for _, hit in hits)
        often = f"at {counted(len(hits), 'moment')}, up to {counted(rows, 'row')} each"
        message = f"{name} changes when later rows are withheld: {often}"
        found.append(
            {"kind": "leak", "feature": name, "moments": len(hits), "rows": rows, "first": first, "message": message}
        )
    return found


def _others(report: dict[str, Any], leaks: list[dict[str, Any]], errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What else is wrong: rows that come or go, a definition that fails, or never gives the same twice."""
    found: list[dict[str, Any]] = []
    if not report["repeatable"]:
        found.append(
            {
                "kind": "unrepeatable",
                "message": "the definition gives other features each time; seed its random numbers",
            }
        )
    for key, words in (("absent", "with"), ("new", "without")):
        hits = [each for each in leaks if each[key]]
        if hits:
            message = f"only {words} what became known after {hits[0]['at']}: {counted(hits[0][key], 'row')}"
            found.append({"kind": key, "moments": len(hits), "message": message})
    if errors:
        message = f"the definition fails on the history up to {errors[0]['at']}: {cut(errors[0]['error'])}"
        found.append({"kind": "error", "moments": len(errors), "message": message})
    if not report["moments"]:
        found.append({"kind": "too_short", "message": "the history is too short to withhold any of it"})
    return found


def _cuts(row: Mapping[str, str]) -> dict[str, str]:
    return {key: cut(value) for key, value in row.items()}
