"""What an action would do, said before it is done: for those that change what serves, or end something.

Each function takes the arguments of the action that names it (``Action.confirms``), looks, and records nothing; it raises
what the action itself would raise where that is plain beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import InputError
from ledger.projections import artifacts, deployments

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View


class Review(NamedTuple):
    """What would be done, in sentences, and the word that a person types to have it done."""

    lines: tuple[str, ...]
    word: str


def rollback(context: Context, *, deployment: str | None = None, reason: str) -> Review:
    """Which version makes way for which, and for how many accounts."""
    from app.actions import rollbacks

    view = context.view
    found = rollbacks.chosen(context, deployment)
    before = rollbacks.predecessor(view, found)
    lines = [f"{found.environment}: {_named(found.subject)} → {_named(before.subject)}, {_whose(found)}"]
    lines += _others(view, found, "goes on")
    if found.status == "ok":
        lines.append(f"{_named(before.subject)} was live before it and needs no new approval; routers follow at once.")
    return Review((*lines, f"recorded as the reason: {reason}"), _named(found.subject))


def promote(context: Context, *, deployment: str | None = None) -> Review:
    """Which version a canary's candidate replaces."""
    from app.actions import canaries

    found = canaries.under_way(context, deployment)
    return Review(tuple(_takes_over(context.view, found.subject, found.environment)), _named(found.subject))


def deploy(context: Context, *, ref: str, to: str, strategy: str = "direct") -> Review:
    """Which version a deployment replaces where."""
    environment = context.workspace.environment(to)
    artifact = artifacts.resolve(context.view, ref)
    if strategy == "blue_green":
        lines = [f"{environment}: {_named(artifact.ref)} stands ready and serves nobody until `assay switch`"]
    else:
        lines = _takes_over(context.view, artifact.ref, environment)
    return Review(tuple(lines), _named(artifact.ref))


def switch(context: Context, *, deployment: str | None = None) -> Review:
    """Which version makes way for the one that stands ready."""
    ready = [
        each
        for each in deployments.listed(context.view)
        if each.strategy == "blue_green"
        and each.status == "under way"
        and deployment in (None, each.deployment, each.ref)
    ]
    if len(ready) != 1:
        raise InputError("nothing stands ready" if not ready else "several stand ready; name one")
    return Review(tuple(_takes_over(context.view, ready[0].subject, ready[0].environment)), _named(ready[0].subject))


def retire(context: Context, *, ref: str, reason: str, replaced_by: str | None = None) -> Review:
    """What is live of a version that ends, and what came from it."""
    from app.actions.answers import counted
    from app.actions.versions import Versions
    from ledger.projections import lineage

    view = context.view
    artifact = artifacts.resolve(view, ref)
    instead = None if replaced_by is None else artifacts.resolve(view, replaced_by).ref
    live, depending = Versions(view).live(artifact), lineage.impact(view, artifact.ref)
    lines = [f"{artifact.ref} is retired{f', {instead} takes its place' if instead else ''}: {reason}"]
    lines.append(f"it is live in {', '.join(live)} and goes on serving there" if live else "it is live nowhere")
    lines.append(
        f"{counted(len(depending), 'thing')} came from it and stays as it is; no run may take it as an input any more"
    )
    return Review(tuple(lines), _named(artifact.ref))


def revoke_approval(context: Context, *, approval: str, reason: str = "") -> Review:
    """Whose approval of what ends."""
    from app.actions import approvals, events

    seq = approvals.number(approval)
    found = events.read(context.view, seq).event
    if found.type != "approval.granted":
        raise InputError(f"event {seq} is no approval")
    lines = (
        f"event {seq}: {found.actor} approved {found.subject} for {found.value.get('transition', '')}",
        "from the next event on it counts no more; what was promoted with it stays as it is",
        f"recorded as the reason: {reason or 'none is given'}",
    )
    return Review(lines, str(seq))


def revoke_key(context: Context, *, name: str, key: str | None = None, reason: str = "") -> Review:
    """Whose key ends, and how many are left."""
    from ledger.projections import people

    keys = list(people.keys(context.view, name))
    which = key or (keys[0] if len(keys) == 1 else "the key you named")
    lines = (
        f"{name}: the key {which} counts no more from the next event on; what it signed before stays valid",
        f"{max(len(keys) - 1, 0)} of {len(keys)} keys of {name} are left",
        f"recorded as the reason: {reason or 'none is given'}",
    )
    return Review(lines, name)


def _named(ref: str) -> str:
    """``fx-vol@3`` of ``model/fx-hedging/fx-vol@3``."""
    return ref.rpartition("/")[2]


def _whose(found: Deployment) -> str:
    """Whose version it is that changes."""
    if found.status == "ok":
        return "for all accounts"
    realised: Any = found.plan.get("realised") or {}
    many = realised.get("accounts")
    if found.strategy in ("shadow", "blue_green"):
        return "which serves them already; the other served nobody"
    return f"for the {many:,} accounts of its slice" if isinstance(many, int) else "for the accounts of its slice"


def _takes_over(view: View, ref: str, environment: str) -> list[str]:
    """From which version to which, and what else is under way there."""
    live = deployments.live(view, ref.rpartition("@")[0], environment)
    before = "nothing" if live is None else _named(live.subject)
    lines = [f"{environment}: {before} → {_named(ref)}, for all accounts"]
    if live is not None:
        lines += [f"{before} serves since {(live.ended_at or live.at)[:10]}; `assay rollback` goes back to it"]
    return lines


def _others(view: View, found: Deployment, what: str) -> list[str]:
    model = found.subject.rpartition("@")[0]
    return [
        f"{_named(each.subject)} ({each.strategy}, under way in {each.environment}) {what}"
        for each in deployments.listed(view, environment=found.environment)
        if each.status == "under way"
        and each.deployment != found.deployment
        and each.subject.rpartition("@")[0] == model
    ]
