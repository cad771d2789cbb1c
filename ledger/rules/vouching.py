"""Rules on what people vouch for beside requests: a run by who ran it, a project's charter; and on criteria."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ledger.errors import Missing
from ledger.format import hashes
from ledger.format.event import Event
from ledger.projections import View, documents, runs
from ledger.rules import decisions


def run_signed(view: View, event: Event) -> Iterator[Missing]:
    """A run is signed by whoever ran it, once it has ended, over the bytes of the event that ended it."""
    value = event.value
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    run = runs.get(view, value["run"])
    if run is None or run.ended_seq is None:
        yield Missing(f"run/{value['run']} has not ended", "runs")
        return
    if event.actor != run.actor:
        yield Missing(f"{run.ref} was {run.actor}'s, and {event.actor} cannot vouch for it", "", run.actor)
    if signed.subject_name != run.ref or signed.subject_sha256 != value["sha256"]:
        yield Missing(f"the decision is on {signed.subject_name} of other bytes than the event names")
    if value["sha256"] != run_digest(view, run):
        yield Missing(f"{value['sha256']} is not the digest of event {run.ended_seq}, in which {run.ref} ended")


def run_digest(view: View, run: runs.Run) -> str:
    """The digest of the bytes of the event that ended a run: what its signature is over. Empty where it has not ended."""
    row = view.row("SELECT body FROM events WHERE seq = :seq AND seq <= :at", {"seq": run.ended_seq})
    return "" if row is None else hashes.digest(bytes(row[0]))


def charter(view: View, event: Event) -> Iterator[Missing]:
    """A charter is signed over a document that is attached to the project."""
    signed, problem = decisions.signature(view, event, event.actor)
    if signed is None:
        yield Missing(problem)
        return
    sha256 = event.value["sha256"]
    if signed.subject_name != event.subject or signed.subject_sha256 != sha256:
        yield Missing(f"the decision is on {signed.subject_name} of other bytes than the event names")
    if not event.subject.startswith("project/"):
        yield Missing(f"a charter is a project's, and {event.subject} is none")
    if sha256 not in {each.digest for each in documents.listed(view, event.subject)}:
        yield Missing(f"no document with the digest {sha256} is attached to {event.subject}", "people charter")


def criteria_set(view: View, event: Event) -> Iterator[Missing]:
    """Criteria are about an artifact under any version, and each bounds a metric from one side at least."""
    if "@" in event.subject or "/" not in event.subject:
        yield Missing(
            f"criteria are set for every version, such as model/{event.project}/NAME, not for {event.subject}"
        )
    found = event.value["criteria"]
    if not found:
        yield Missing("there is no criterion in this; an empty list would prove nothing")
    for each in found:
        low, high = each.get("at_least"), each.get("at_most")
        if low is None and high is None:
            yield Missing(f"the criterion on {each['metric']} has no bound, so that anything would meet it")
        if any(bound is not None and not math.isfinite(bound) for bound in (low, high)):
            yield Missing(f"a bound on {each['metric']} is no number")
        elif low is not None and high is not None and low > high:
            yield Missing(f"{each['metric']} cannot be at least {low:g} and at most {high:g}")
