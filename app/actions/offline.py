"""The offline features of a view: the datasets that its runs made, read back together; and where the online store lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from app.actions import events
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered
    from app.features.definition.tables import Table
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View


class Offline(NamedTuple):
    """The offline features of a version: the materialisations that they lie in, oldest first, and all of them together."""

    datasets: list[Artifact]
    table: Table

    @property
    def last(self) -> Artifact:
        """The newest of the materialisations."""
        return self.datasets[-1]

    @property
    def refs(self) -> list[str]:
        """The materialisations by reference."""
        return [each.ref for each in self.datasets]


def found(context: Context, registered: Registered, ref: str | None = None) -> Offline:
    """The offline features of a version: the last materialisation of all of it and those of a part since; or one that is named.

    Where two of them have a row of one entity and time, the later one counts.

    Raises:
        InputError: there is none, or the one named is of something else.
        LedgerError: bytes are absent or damaged.
    """
    from app.features.definition import tables

    view = context.ledger.view()
    made = materializations(view, registered)
    if ref is not None:
        named = artifacts.resolve(view, ref)
        if named.ref not in [each.dataset.ref for each in made]:
            raise InputError(f"{named.ref} holds no features of {registered.ref}")
        return Offline([named], reread(context, named, registered))
    if not made:
        name = registered.artifact.name
        raise InputError(f"{registered.ref} is not materialised; `assay feature materialize {name}` does it")
    whole = max((n for n, each in enumerate(made) if not each.window), default=0)
    datasets = [each.dataset for each in made[whole:]]
    parts = [reread(context, each, registered) for each in datasets]
    return Offline(datasets, parts[0] if len(parts) == 1 else tables.merged(parts, registered.document["delay"]))


class Materialization(NamedTuple):
    """A dataset that holds features of a version; ``window`` says which part of them, and is empty where it is all."""

    dataset: Artifact
    window: dict[str, str]


def materializations(view: View, registered: Registered) -> list[Materialization]:
    """What the offline store holds of a version, in the order in which it was last written.

    The events say it, and not the datasets: the same bytes may be the features of two versions.
    """
    last: dict[str, dict[str, str]] = {}
    for each in events.history(view, registered.ref):
        value = each.event.value
        if each.event.type == "feature.materialized" and value["store"] == "offline" and value.get("dataset"):
            last.pop(value["dataset"], None)
            last[value["dataset"]] = value.get("window", {})
    known = [(artifacts.get(view, ref), window) for ref, window in last.items()]
    return [Materialization(dataset, window) for dataset, window in known if dataset is not None]


def reread(context: Context, dataset: Artifact, registered: Registered) -> Table:
    """A materialisation's features, from its verified bytes.

    Raises:
        InputError: its bytes are no features of this view.
        LedgerError: they are absent or damaged.
    """
    from app.features.definition import tables

    try:
        return tables.read(context.ledger.objects.read(dataset.digest), registered.document)
    except ValueError as error:
        raise InputError(f"{dataset.ref} holds no features of {registered.ref}: {error}") from None


def store_path(context: Context) -> Path:
    """The workspace's online store."""
    from app.features.onlinefile import FILE

    return context.ledger_path.parent / FILE
