"""Pipelines: running one in one or several environments, what is due in it and why, how it looks, and how two compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from app.actions import diagrams
from app.actions.answers import Answer, Mark, counted, moment, say, state, table
from app.actions.executions import execution, named, outcome_document, outputs, standing, told
from app.actions.plans import Ready, opened, ready
from ledger.errors import InputError
from ledger.projections import pipelines

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.actions.context import Context
    from app.pipelines.decision import Decision
    from app.pipelines.environments import Compared
    from app.pipelines.outcome import Outcome
    from app.pipelines.plan import Plan
    from ledger.events.pipelines import Cause
    from ledger.projections.lineage import Graph
    from ledger.projections.pipelines import Execution

_CODES = {"ok": 0, "failed": 1, "interrupted": 130}
_VERDICTS = {
    "current": ("quiet", "up to date"),
    "due": ("open", "runs"),
    "waits": ("open", "waits"),
    "stuck": ("bad", "cannot"),
}


def run(
    context: Context,
    *,
    pipeline: str | None = None,
    environments: Sequence[str] = (),
    settings: Sequence[str] = (),
    processes: int | None = None,
    force: bool = False,
    cause: Cause = "manual",
    ref: str | None = None,
) -> Answer:
    """Do what is due in a pipeline, in one or several environments side by side; code 1 where a step did not pass."""
    from app.pipelines import engine
    from app.pipelines.outcome import Why

    if processes is not None and not 1 <= processes <= 256:
        raise InputError(f"--processes {processes}: between 1 and 256")
    prepared = [
        ready(context, pipeline, environment, settings, force=force) for environment in (environments or (None,))
    ]
    with pool(processes) as executor:
        engines = [
            each.engine(
                executor,
                why=Why(cause, ref, each.seen(), None),
                told=lambda line, each=each: context.narrate(_within(each.plan, line, len(prepared))),
            )
            for each in prepared
        ]
        outcomes = engine.run(engines)
    lines = [line for each in outcomes for line in told(each)]
    document = {"executions": [outcome_document(each) for each in outcomes]}
    return Answer(document, lines, max(_CODES[each.status] for each in outcomes))


def compare(
    context: Context,
    *,
    pipeline: str | None = None,
    environments: Sequence[str] = (),
    settings: Sequence[str] = (),
    processes: int | None = None,
) -> Answer:
    """Run what is due in two environments side by side, and hold every result of one against the other's, on record."""
    from app.pipelines import engine
    from app.pipelines import environments as comparing

    if len(set(environments)) != 2:
        raise InputError("give --env twice, with the two environments to compare")
    prepared = [ready(context, pipeline, each, settings) for each in environments]
    with pool(processes) as executor:
        outcomes = engine.run(
            [
                each.engine(
                    executor, told=lambda line, plan=each.plan: context.narrate(_within(plan, line, len(prepared)))
                )
                for each in prepared
            ]
        )
    failed = [each for each in outcomes if each.status != "ok"]
    if failed:
        lines = [line for each in outcomes for line in told(each)]
        lines.append(say(state("bad", "not compared"), f"  {named(failed[0].plan)} {failed[0].status}"))
        return Answer(_compared_document(outcomes, []), lines, max(_CODES[each.status] for each in failed))
    found = comparing.compare(context.ledger, *outcomes, actor=context.actor)
    equal = all(each.equal is not False for each in found) and any(each.equal for each in found)
    verdict = state("good", "the same") if equal else state("bad", "not the same")
    head = say(Mark("title", f"{outcomes[0].plan.pipeline}: {' and '.join(environments)}"), "  ", verdict)
    return Answer(
        _compared_document(outcomes, found), [head, *table(map(_compared_row, found), indent="  ")], 0 if equal else 1
    )


def _compared_row(found: Compared) -> tuple[Mark, str, str]:
    if found.equal is None:
        return state("quiet", "nothing"), found.step, found.why or ""
    apart = f"; made with other {', '.join(found.apart)}" if found.apart else ""
    if found.equal:
        outputs = [each for each in found.names if not each.startswith("metric ")]
        metrics = len(found.names) - len(outputs)
        said = ", ".join([*outputs, *([counted(metrics, "metric")] if metrics else [])])
        return state("good", "the same"), found.step, f"{said}{apart}"
    return state("bad", "differs"), found.step, f"{', '.join(each.name for each in found.differing)}{apart}"


def _compared_document(outcomes: Sequence[Outcome], found: Sequence[Compared]) -> dict[str, Any]:
    return {
        "pipeline": outcomes[0].plan.pipeline,
        "environments": [each.plan.environment for each in outcomes],
        "equal": None if not found else all(each.equal is not False for each in found),
        "executions": [outcome_document(each) for each in outcomes],
        "steps": [
            {
                "step": each.step,
                "equal": each.equal,
                "runs": None if each.runs is None else list(each.runs),
                "compared": list(each.names),
                "differing": [
                    {"name": item.name, "want": item.want, "got": item.got, "where": item.where}
                    for item in each.differing
                ],
                "apart": list(each.apart),
                "seq": each.seq,
            }
            for each in found
        ],
    }


@contextmanager
def pool(processes: int | None = None) -> Iterator[Callable[[], Executor]]:
    """Where tasks are done, made once something asks for it, and ended with the block."""
    from app.pipelines import executors

    with ExitStack() as stack:
        made: list[Executor] = []

        def executor() -> Executor:
            if not made:
                made.append(stack.enter_context(executors.made(processes or executors.default_processes())))
            return made[0]

        yield executor


def list_pipelines(context: Context) -> Answer:
    """The pipelines that the workspace declares, and how each ended last."""
    from app.pipelines import declaration

    view = context.view
    documents, rows = [], []
    for path in declaration.listed(context.workspace.root):
        declared = declaration.read(path)
        ended = pipelines.executions(view, pipeline=declared.name)
        last = ended[-1] if ended else None
        steps = list(declared.document.value["steps"])
        documents.append(
            {
                "pipeline": declared.name,
                "file": path.relative_to(context.workspace.root).as_posix(),
                "team": declared.team,
                "template": declared.template.ref if declared.template else None,
                "environments": list(declared.environments),
                "steps": steps,
                "last": None if last is None else execution(last),
            }
        )
        rows.append(
            (
                declared.name,
                declared.team or None,
                declared.template.ref if declared.template else None,
                counted(len(steps), "step"),
                Mark("dim", "never run") if last is None else standing(last),
                "" if last is None else moment(last.at),
            )
        )
    lines = table(rows, ("pipeline", "team", "template", "steps", "last", "began"))
    none = say(
        Mark("dim", f"no pipeline is declared; one is a file {declaration.FOLDER}/NAME.yaml (docs/pipelines.md)")
    )
    return Answer({"at": view.at, "pipelines": documents}, lines or [none])


def status(
    context: Context, *, pipeline: str | None = None, environment: str | None = None, settings: Sequence[str] = ()
) -> Answer:
    """What is due in a pipeline and why; nothing is run or recorded. Code 0 whether or not something is due."""
    with opened(context) as hand:
        found = ready(hand, pipeline, environment, settings)
        decisions = found.judge.assess()
        last = _last(found)
    rows = [(_verdict(each), each.step.name, each.step.stage, _because(each)) for each in decisions]
    due = [each.step.name for each in decisions if each.verdict != "current"]
    head = state("good", "nothing to do") if not due else state("open", f"{counted(len(due), 'step')} to do")
    lines = [
        say(Mark("title", named(found.plan)), "  ", head),
        *table(rows, ("", "step", "stage", "why"), indent="  "),
    ]
    if last is not None:
        lines.append(
            say(Mark("dim", f"last: {moment(last.at)} by {last.actor}, {last.status}, because of {last.cause}"))
        )
    document = {
        "pipeline": found.plan.pipeline,
        "environment": found.plan.environment,
        "due": due,
        "steps": [_decision(each) for each in decisions],
        "last": None if last is None else execution(last),
    }
    return Answer(document, lines)


def why(
    context: Context,
    *,
    step: str,
    pipeline: str | None = None,
    environment: str | None = None,
    settings: Sequence[str] = (),
) -> Answer:
    """Why one step would run, or what lets its recorded result stand."""
    with opened(context) as hand:
        found = ready(hand, pipeline, environment, settings, step=step)
        found.plan.step(step)
        decisions = {each.step.name: each for each in found.judge.assess()}
    decision = decisions[step]
    lines: list[str] = [say(Mark("title", f"{named(found.plan)}: {step}"), "  ", _verdict(decision))]
    lines += [say("  ", each) for each in _explained(decision, decisions)]
    document = {"pipeline": found.plan.pipeline, "environment": found.plan.environment, **_decision(decision)}
    return Answer(document, lines)


def graph(
    context: Context,
    *,
    pipeline: str | None = None,
    environment: str | None = None,
    mermaid: bool = False,
    dot: bool = False,
) -> Answer:
    """A pipeline's steps and what they take, as text or a diagram's source."""
    if mermaid and dot:
        raise InputError("give either --mermaid or --dot")
    plan = ready(context, pipeline, environment, ()).plan
    drawn = _graph(plan)
    diagram = diagrams.mermaid(drawn) if mermaid else diagrams.dot(drawn) if dot else None
    lines: list[str] = [say(Mark("title", named(plan)))]
    for step in plan.steps:
        outside = [each.ref for each in step.sources.values() if not each.step]
        before = ", ".join([*step.needs, *outside])
        lines.append(say("  ", step.name, Mark("dim", f"  {step.stage}"), f"  ← {before}" if before else ""))
        lines += [say("    ", Mark("dim", f"makes {base}")) for base in step.makes.values()]
    document = {
        "pipeline": plan.pipeline,
        "steps": [
            {"step": each.name, "stage": each.stage, "needs": list(each.needs), "makes": list(each.makes.values())}
            for each in plan.steps
        ],
        "edges": [{"source": each.source, "target": each.target} for each in drawn.edges],
        "diagram": diagram,
    }
    return Answer(document, lines, raw=diagram)


def _graph(plan: Plan) -> Graph:
    from ledger.projections.lineage import Edge, Graph, Node

    depth: dict[str, int] = {}
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for step in plan.steps:
        depth[step.name] = 1 + max((depth[each] for each in step.needs), default=0)
        nodes[step.name] = Node(step.name, "run", step.name, depth[step.name])
        edges += [Edge(each, step.name, "input", 0) for each in step.needs]
        for source in step.sources.values():
            if not source.step:
                kind = source.ref.partition("/")[0]
                nodes.setdefault(source.ref, Node(source.ref, kind, source.ref, 0))
                edges.append(Edge(source.ref, step.name, "input", 0))
    return Graph(plan.steps[-1].name, nodes, tuple(dict.fromkeys(edges)))


def _last(found: Ready) -> Execution | None:
    from app.pipelines import triggers

    return triggers.last(found.ledger.view(), found.plan)


def _within(plan: Plan, line: str, count: int) -> str:
    return f"{plan.environment}  {line}" if count > 1 else line


def _verdict(decision: Decision) -> Mark:
    return state(*_VERDICTS[decision.verdict])


def _because(decision: Decision) -> str:
    if decision.verdict == "current" and decision.run is not None:
        return f"nothing changed since {decision.run.ref[:16]}"
    return "; ".join(decision.reasons)


def _explained(decision: Decision, others: dict[str, Decision]) -> Iterator[str]:
    """Why, a line each; of a step that waits also why those before it run."""
    if decision.verdict == "current" and decision.run is not None:
        run = decision.run
        yield f"nothing changed since {run.ref}, which ended {moment(run.ended_at or run.started_at)}"
        yield from (f"its result is {ref}, verified by its digest" for ref, _ in run.outputs)
        return
    yield from decision.reasons
    if decision.verdict == "waits":
        for each in decision.step.needs:
            if others[each].verdict != "current":
                yield from (f"{each}: {reason}" for reason in others[each].reasons)


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "step": decision.step.name,
        "stage": decision.step.stage,
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "run": decision.run.run if decision.run else None,
        "outputs": outputs(decision.step, decision.outputs),
    }
