"""Rules on what is recorded of features: only of registered views, and of datasets that are what is said of them."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View, artifacts


def materialized(view: View, event: Event) -> Iterator[Missing]:
    """What is written to a store is of a registered version that is not retired; its dataset has the digest that is named."""
    value = event.value
    yield from _named(event)
    if artifacts.get(view, event.subject) is None:
        yield Missing(f"the feature view {event.subject} is not registered", "feature register")
    elif (why := artifacts.retired(view, event.subject)) is not None:
        yield Missing(f"{event.subject} is retired ({why}) and no longer to be used")
    if value.get("dataset") is None:
        return
    dataset = artifacts.get(view, value["dataset"])
    if dataset is None:
        yield Missing(f"the dataset {value['dataset']} is not registered", "feature materialize")
    elif dataset.digest != value.get("sha256", dataset.digest):
        yield Missing(f"{dataset.ref} has the digest {dataset.digest}, not {value['sha256']}")


def retrieved(view: View, event: Event) -> Iterator[Missing]:
    """A count counts something, and what was let through was not refused.

    The version need not be registered: that something else was read is what an auditor wants to see.
    """
    value = event.value
    yield from _named(event)
    if value.get("count", 1) < 1:
        yield Missing(f"{value['count']} reads are none")
    if value["gate_passed"] and value.get("reasons"):
        yield Missing("what the gate let through has no reasons for a refusal")


def _named(event: Event) -> Iterator[Missing]:
    ref = f"{event.value['feature_view']}@{event.value['version']}"
    if event.subject != ref:
        yield Missing(f"the subject {event.subject} is not the version that the value names, {ref}")
