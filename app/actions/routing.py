"""The tables that serving code routes by: made from the record, and put where routers look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, fields, say
from app.rollout import router
from ledger.errors import InputError
from ledger.projections import deployments

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View

FOLDER = "routes"


def route(
    context: Context, *, account: str | None = None, model: str | None = None, environment: str | None = None
) -> Answer:
    """Write the tables of routes anew, and say which version serves an account."""
    written = publish(context)
    tables = [
        (path, table)
        for path, table in written
        if model in (None, table.model, table.model.rpartition("/")[2]) and environment in (None, table.environment)
    ]
    if not tables:
        raise InputError("nothing is live that could be routed to; `assay deploy` puts a version into an environment")
    lines: list[str] = []
    documents: list[dict[str, Any]] = []
    for path, table in tables:
        served = None if account is None else router.Router(path).route(account)
        document = table.document() | {"file": str(path), "account": account, "version": served}
        documents.append(document)
        rows: list[tuple[str, Any]] = [
            ("champion", table.champion),
            ("candidate", table.candidate),
            ("slice", f"{table.fraction:.1%} by the salt {table.salt}" if table.candidate or table.shadow else None),
            ("in shadow", table.shadow),
            ("arms", ", ".join(version for version, _ in table.arms) or None),
            ("file", str(path)),
        ]
        lines += [say(Mark("title", f"{table.model} in {table.environment}")), *fields(rows)]
        if served is not None:
            lines.append(say(f"  {account} is served by ", Mark("title", served)))
    return Answer({"tables": documents}, lines)


def publish(context: Context) -> list[tuple[Path, router.Table]]:
    """Put the table of every model that is live, in every environment, where routers look."""
    view = context.ledger.view()
    found = []
    for model, environment in places(view):
        made = table(view, model, environment, context)
        if made is None:
            continue
        path = file(context.workspace.root, model, environment)
        router.write(made, path)
        found.append((path, made))
    return found


def file(root: Path, model: str, environment: str) -> Path:
    """Where the table of a model (``model/project/name``) in an environment lies."""
    _, project, name = model.split("/", 2)
    return root / ".assay" / FOLDER / environment / project / f"{name}.json"


def places(view: View) -> list[tuple[str, str]]:
    """The models and environments that anything was ever deployed in."""
    found = ((each.subject.rpartition("@")[0], each.environment) for each in deployments.listed(view))
    return sorted({(model, environment) for model, environment in found if model.startswith("model/")})


def table(view: View, model: str, environment: str, context: Context | None = None) -> router.Table | None:
    """Who is served by what, as a view has it; ``None`` where nothing of the model is live."""
    live = deployments.live(view, model, environment)
    if live is None:
        return None
    under_way = [
        each
        for each in deployments.listed(view, environment=environment)
        if each.status == "under way" and each.subject.rpartition("@")[0] == model
    ]
    base = router.Table(model, environment, view.at, live.subject, arms=_arms(view, model, environment))
    return next((_beside(base, each, view, context) for each in reversed(under_way)), base)


def _arms(view: View, model: str, environment: str) -> tuple[tuple[str, float], ...]:
    """The arms of the experiment under way, with the upper ends of their parts."""
    from app.actions.experiments import under_way

    found = under_way(view, model, environment)
    if found is None:
        return ()
    arms = list(found.arms)
    return tuple((ref, (place + 1) / len(arms)) for place, ref in enumerate(arms))


def _beside(base: router.Table, found: Deployment, view: View, context: Context | None) -> router.Table:
    """The table with a rollout under way: a canary serves its slice, a shadow nobody."""
    from dataclasses import replace

    steps = deployments.steps(view, found.deployment)
    fraction = steps[-1].slice if steps else found.slice
    salt = str(found.plan.get("salt", ""))
    if found.strategy == "shadow":
        return replace(base, shadow=found.subject, salt=salt, fraction=fraction)
    if found.strategy != "canary":
        return base
    if steps and steps[-1].decision in ("roll_back", "inconclusive") and steps[-1].evidence.get("final"):
        return base
    accounts = _members(found, salt, fraction, context)
    return replace(base, candidate=found.subject, salt=salt, fraction=fraction, accounts=accounts)


def _members(found: Deployment, salt: str, fraction: float, context: Context | None) -> tuple[str, ...] | None:
    """The slice's accounts where sizes matter; ``None`` where the hash alone chooses."""
    from app.rollout import slices

    method = str(found.plan.get("method", "hash"))
    if method == "hash" or context is None:
        return None
    from app.actions.rolling import sizes
    from app.actions.serving import declared

    chosen = slices.choose(sizes(context, declared(context)), salt=salt, fraction=fraction, method=method)  # type: ignore[arg-type]
    return chosen.accounts
