"""The report in a bundle: what the record says, in Markdown, for whoever reads it without us."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.audit.bundle import ARTIFACTS, PROOFS, VERIFIER, Head
from ledger.audit.report import Report
from ledger.events import sentence
from ledger.format.text import visible
from ledger.projections import alerts, approvals, deployments, people
from ledger.projections.view import View
from ledger.store import journal

_SPECIAL = re.compile(r"([\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_TAIL = 100


class Enclosed(NamedTuple):
    """An artifact whose bytes lie in the bundle, by the digest in its name."""

    ref: str
    digest: str


def markdown(
    view: View,
    head: Head,
    report: Report,
    *,
    clock: str,
    made_at: str,
    subject: str | None = None,
    seqs: Sequence[int] | None = None,
    enclosed: Sequence[Enclosed] = (),
) -> str:
    """The report.

    Args:
        view: the ledger as of the last event that the checkpoint covers.
        head: the checkpoint.
        report: what a verification of the ledger found when the bundle was made.
        clock: the ledger's clock: ``system`` or ``simulated``.
        made_at: now, in the format's spelling.
        subject: what the bundle is about, where it does not hold the whole log.
        seqs: the events in it, where it does not hold the whole log.
        enclosed: the artifacts in it.
    """
    sections = [
        _title(head, subject, clock, made_at),
        _how_to_check(head),
        _found(report),
        _people(view),
        _decisions(view, subject),
        _deployments(view, subject),
        _alerts(view, subject),
        _enclosed(enclosed),
        _events(view, seqs),
        _limits(seqs is not None),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def escaped(text: object) -> str:
    """Recorded text that Markdown shows as it is: nothing in it is markup, and no character is hidden."""
    return _SPECIAL.sub(r"\\\1", visible(str(text)))


def _title(head: Head, subject: str | None, clock: str, made_at: str) -> str:
    about = f"What the ledger says of {escaped(subject)}" if subject else "The whole ledger"
    simulated = (
        "\n\n**SIMULATED CLOCK.** The moments in this ledger are those of a story, not of the world: nobody did these "
        "things at these times."
        if clock == "simulated"
        else ""
    )
    rows = [
        ("ledger", head.checkpoint.origin),
        ("events covered", f"{head.checkpoint.size:,}"),
        ("root of their tree", head.checkpoint.root.hex()),
        ("ledger's key, as this folder says", head.key),
        ("bundle made at", made_at),
    ]
    return f"# {about}\n\n{_table(('', ''), rows)}{simulated}"


def _how_to_check(head: Head) -> str:
    return (
        "## How to check it\n\n"
        "Do not take this page's word. With Python and the package `cryptography`, and nothing else of ours:\n\n"
        f"    python3 {VERIFIER} --key KEY\n\n"
        "where KEY is the ledger's verifier key, and comes from somewhere else than this folder: from its owner "
        f"({escaped(head.checkpoint.origin)}), a contract, a witness. The one above is only what this folder says. The "
        "verifier is one file with comments; read it. Any tool for transparency logs (C2SP tlog-tiles, tlog-proof) "
        "checks the same files."
    )


def _found(report: Report) -> str:
    lines = ["## What was found when it was made", ""]
    if report.ok:
        lines.append(f"A verification of all {report.size:,} events found nothing: the record is intact.")
    else:
        lines.append(f"A verification of {report.size:,} events found {len(report.findings)}:")
        lines.append("")
        rows = [(each.kind, "" if each.seq is None else each.seq, each.detail) for each in report.findings]
        lines.append(_table(("kind", "event", "what"), rows))
    if report.incomplete:
        lines += ["", "Known to be unrecorded:", "", *(f"- {escaped(each)}" for each in report.incomplete)]
    return "\n".join(lines)


def _people(view: View) -> str:
    rows = []
    for each in people.listed(view):
        held = view.rows(
            "SELECT DISTINCT scope, role FROM roles WHERE principal = :name AND seq <= :at ORDER BY seq",
            {"name": each.name},
        )
        roles = ", ".join(f"{role} in {str(scope).removeprefix('project/')}" for scope, role in held)
        kind = "administrator" if each.administrator else each.kind
        rows.append((each.name, kind, roles, ", ".join(each.keys) or "none valid", each.since))
    head = ("who", "is", "roles", "keys (Ed25519, base64)", "since event")
    return f"## Who may do what\n\n{_table(head, rows)}"


def _decisions(view: View, subject: str | None) -> str:
    rows = []
    for request in approvals.requests(view, subject=subject):
        rows.append(
            (request.seq, request.at, f"{request.actor} asked", request.subject, request.transition, request.note or "")
        )
        for each in request.decisions:
            verb = {"approve": "approved", "change": "asked for changes"}.get(each.verdict, "rejected")
            verb += "" if each.revoked is None else f" (revoked by event {each.revoked})"
            who = f"{each.signer} {verb}, as {each.role}"
            rows.append((each.seq, each.at, who, each.subject, each.transition, each.reason or ""))
    if not rows:
        return "## Decisions\n\nNobody asked for an approval."
    return f"## Decisions\n\n{_table(('event', 'at', 'who', 'on', 'for', 'reason'), rows)}"


def _deployments(view: View, subject: str | None) -> str:
    found = [each for each in deployments.listed(view) if subject in (None, each.subject)]
    rows = [
        (each.seq, each.at, each.deployment, each.subject, each.environment, each.strategy, each.status)
        for each in found
    ]
    if not rows:
        return ""
    return f"## Deployments\n\n{_table(('event', 'at', 'name', 'what', 'to', 'how', 'came to'), rows)}"


def _alerts(view: View, subject: str | None) -> str:
    found = [each for each in alerts.listed(view) if subject in (None, each.subject)]
    rows = [(each.seq, each.at, each.alert, each.subject, each.severity, each.state, each.message) for each in found]
    if not rows:
        return ""
    return f"## Alerts\n\n{_table(('event', 'at', 'name', 'on', 'severity', 'state', 'message'), rows)}"


def _enclosed(enclosed: Sequence[Enclosed]) -> str:
    if not enclosed:
        return ""
    rows = [(each.ref, f"{ARTIFACTS}/{each.digest.removeprefix('sha256:')}") for each in enclosed]
    return f"## Artifacts in this bundle\n\nThe name of each is the SHA-256 of its bytes.\n\n{_table(('what', 'where'), rows)}"


def _events(view: View, seqs: Sequence[int] | None) -> str:
    if seqs is None:
        first = max(0, view.at + 1 - _TAIL)
        shown: Iterable[int] = range(first, view.at + 1)
        heading = f"## The last {view.at + 1 - first} events" if first else "## The events"
    else:
        shown, heading = (
            seqs,
            f"## The events in this bundle\n\nEach is proven by the file of its number in `{PROOFS}/`.",
        )
    rows = []
    for seq in shown:
        recorded = next(journal.read(view.connection, seq, seq + 1))
        rows.append((seq, recorded.event.at, recorded.event.type, sentence(recorded.event)))
    return f"{heading}\n\n{_table(('event', 'at', 'type', 'what happened'), rows)}"


def _limits(partial: bool) -> str:
    lines = [
        "## What this does not say",
        "",
        "- That nothing happened which was never recorded. A ledger shows what was put into it, and that this was not "
        "changed since.",
        "- That whoever is named in an event without a signature did it: that is a claim of whoever could write the ledger. "
        "Decisions carry the person's own signature.",
        "- When something happened in the world. `at` is when it was recorded, by the clock of the machine that did.",
        "- Anything, if the key that it is checked with comes from this folder alone.",
    ]
    if partial:
        lines.append(
            "- What lies between the events in this bundle. A revoked key whose revocation was left out would not show; the "
            "whole log would show it."
        )
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)
