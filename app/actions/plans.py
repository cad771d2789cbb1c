"""A workspace's pipelines made ready: which one is meant, in which environment, with which parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import InputError
from ledger.format import times

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.decision import Judge
    from app.pipelines.declaration import Pipeline
    from app.pipelines.engine import Engine
    from app.pipelines.plan import Plan
    from app.pipelines.triggers import State
    from ledger.ledger import Ledger


class Ready(NamedTuple):
    """A pipeline that can be looked at or run: as declared, as planned, and who decides on its steps."""

    context: Context
    declared: Pipeline
    plan: Plan
    judge: Judge

    @property
    def ledger(self) -> Ledger:
        """The ledger that it is recorded in."""
        return self.context.ledger

    def states(self) -> list[State]:
        """The state of all that it watches."""
        from app.pipelines import triggers

        values = self.declared.bound(self.plan.environment)
        now = times.parse_time(self.ledger.now())
        root = self.context.workspace.root
        return triggers.states(self.ledger, root, self.plan, self.declared.triggers(values), self.judge, now)

    def seen(self) -> dict[str, str]:
        """The state of all that it watches, by trigger, as a run records it."""
        return {each.key: each.state for each in self.states()}

    def engine(self, executor: Callable[[], Executor], **more: Any) -> Engine:
        """What does it; ``more`` as of ``Engine``."""
        from app.actions.steps import WorkspaceHands
        from app.pipelines.engine import Engine

        context = self.context
        hands = WorkspaceHands(context)
        return Engine(context.ledger, context.workspace, self.judge, hands, executor, actor=context.actor, **more)


@contextmanager
def opened(context: Context) -> Iterator[Context]:
    """A context that may write to the store: to know a step's code is to have its bytes there. No event is recorded."""
    if context.writes:
        yield context
        return
    from app.actions.context import Context as Writing

    with Writing(
        ledger=context.named_ledger,
        actor=context.named_actor,
        writes=True,
        progress=context.progress,
        narrate=context.narrate,
        start=context.start,
        environ=context.environ,
    ) as hand:
        yield hand


def named(context: Context, pipeline: str | None, step: str | None = None) -> Pipeline:
    """The pipeline of a name; without one the only one, or the only one that has such a step.

    Raises:
        InputError: there is none, or several.
    """
    from app.pipelines import declaration

    root = context.workspace.root
    if pipeline is not None:
        return declaration.read(declaration.find(root, pipeline))
    found = [declaration.read(path) for path in declaration.listed(root)]
    if step is not None and len(found) > 1:
        found = [each for each in found if step in each.document.value["steps"]]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            f"no pipeline{f' with a step {step}' if step else ''} is declared in {root / declaration.FOLDER}; "
            "docs/pipelines.md says how to write one"
        )
    raise InputError(f"which pipeline? There are {', '.join(each.name for each in found)}")


def ready(
    context: Context,
    pipeline: str | None,
    environment: str | None,
    settings: Sequence[str],
    *,
    step: str | None = None,
    force: bool = False,
) -> Ready:
    """A pipeline, planned.

    Raises:
        InputError: it cannot be planned; the message names the file and the line.
    """
    return planned(context, named(context, pipeline, step), environment, settings, force=force)


def planned(
    context: Context,
    declared: Pipeline,
    environment: str | None,
    settings: Sequence[str] = (),
    *,
    force: bool = False,
) -> Ready:
    """A pipeline that was read, planned for an environment.

    Raises:
        InputError: as of ``ready``.
    """
    from app.actions.steps import WorkspaceHands
    from app.pipelines import plan as plans
    from app.pipelines.decision import Judge

    workspace = context.workspace
    if environment is not None:
        workspace.environment(environment)
    project = workspace.project(declared.project)
    known = workspace.config.projects.get(project)
    plan = plans.make(
        declared,
        workspace.root,
        project,
        environment=environment,
        team=known.team or None if known else None,
        settings=tuple(settings),
    )
    return Ready(context, declared, plan, Judge(context.ledger, workspace, plan, WorkspaceHands(context), force=force))
