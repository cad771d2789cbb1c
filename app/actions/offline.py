"""The offline features of a view: the datasets that its runs made, read back together; and where the online store lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
    if ref is not None:
        named = artifacts.resolve(view, ref)
        if _made_by(named) != registered.ref:
            raise InputError(f"{named.ref} holds no features of {registered.ref}")
        return Offline([named], reread(context, named, registered))
    made = materializations(view, registered)
    if not made:
        name = registered.artifact.name
        raise InputError(f"{registered.ref} is not materialised; `assay feature materialize {name}` does it")
    whole = max((n for n, each in enumerate(made) if not _window(each)), default=0)
    parts = [reread(context, each, registered) for each in made[whole:]]
    return Offline(made[whole:], parts[0] if len(parts) == 1 else tables.merged(parts, registered.document["delay"]))


def materializations(view: View, registered: Registered) -> list[Artifact]:
    """The datasets that hold features of a version, oldest first."""
    project, name = registered.artifact.project, registered.document["dataset"]
    listed = artifacts.versions(view, kind="dataset", project=project, name=name)
    return [each for each in listed if _made_by(each) == registered.ref]


def _window(dataset: Artifact) -> dict[str, str]:
    """Which part of a view's features a materialisation holds; empty where all."""
    window: dict[str, str] = (dataset.facts.get("summary") or {}).get("window") or {}
    return window


def _made_by(dataset: Artifact) -> str | None:
    view: str | None = (dataset.facts.get("summary") or {}).get("feature_view")
    return view


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
    from app.features.online import FILE

    return context.ledger_path.parent / FILE
