"""The actions of pipelines and of what happens by the clock."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

PIPELINE = Argument("pipeline", "which; the only one where none is named", arity="optional", metavar="PIPELINE")
OF_PIPELINE = Argument(
    "pipeline",
    "of this pipeline; the only one that has such a step where none is named",
    ("--pipeline",),
    metavar="NAME",
)
ENVIRONMENT = Argument("environment", "in this environment of assay.toml", ("--env",), metavar="ENVIRONMENT")
SETTINGS = Argument(
    "settings", "give a parameter another value (may be repeated)", ("--set",), arity="many", metavar="NAME=VALUE"
)
CAUSES = ("manual", "push", "schedule", "data", "drift", "alert")

PIPELINES = (
    Action(
        "pipeline list",
        "the pipelines that the workspace declares, and how each ended last",
        group="make",
        scope="pipelines",
        key="b",
        module="app.actions.pipelines",
        function="list_pipelines",
        examples=(Example("assay pipeline list", "a line for each file in pipelines/"),),
        at=True,
        gives="at pipelines",
    ),
    Action(
        "pipeline run",
        "run what is due in a pipeline, reuse what still holds, and say why",
        group="make",
        scope="pipelines",
        key="r",
        module="app.actions.pipelines",
        function="run",
        arguments=(
            PIPELINE,
            Argument(
                "environments",
                "in this environment of assay.toml; several run side by side (may be repeated)",
                ("--env",),
                arity="many",
                metavar="ENVIRONMENT",
            ),
            SETTINGS,
            Argument(
                "processes",
                "so many steps at once; as many as there are processors, up to 4, where none is given",
                ("--processes",),
                kind="integer",
                metavar="N",
            ),
            Argument("force", "run every step anew", ("--force",), kind="flag"),
            Argument("cause", "what led to it", ("--cause",), choices=CAUSES, default="manual"),
            Argument("ref", "what changed, such as a commit", ("--ref",)),
        ),
        examples=(
            Example("assay pipeline run", "the only pipeline: what is due, nothing else"),
            Example("assay pipeline run fx-vol --env dev --env staging", "in two environments, side by side"),
            Example("assay pipeline run fx-vol --cause push --ref 4f2a91c", "as a CI says it, after a push"),
            Example("assay pipeline run fx-vol --set first=2005-01-01", "with another value of a parameter"),
        ),
        description=(
            "A step is due when its data, code, configuration, seed, runtime or outputs are not as they were in a recorded "
            "run that ended well; else that run's result is taken, once its bytes are verified. Where nothing is due, "
            "nothing is recorded. What a killed process left is recorded as interrupted first. docs/pipelines.md says how "
            "to write a pipeline."
        ),
        writes=True,
        gives="executions",
    ),
    Action(
        "pipeline status",
        "what is due in a pipeline, step by step, and why; nothing is run or recorded",
        group="make",
        scope="pipelines",
        key="s",
        module="app.actions.pipelines",
        function="status",
        arguments=(PIPELINE, ENVIRONMENT, SETTINGS),
        examples=(Example("assay pipeline status fx-vol", "which steps would run, and because of what"),),
        gives="pipeline environment due steps last",
    ),
    Action(
        "pipeline why",
        "why a step would run: what changed since its last run; or why not",
        group="make",
        scope="pipelines",
        key="w",
        module="app.actions.pipelines",
        function="why",
        arguments=(Argument("step", "the step"), OF_PIPELINE, ENVIRONMENT, SETTINGS),
        examples=(Example("assay pipeline why train", "config changed: alpha 0.1 → 0.2"),),
        gives="pipeline environment step stage verdict reasons run outputs",
    ),
    Action(
        "pipeline graph",
        "a pipeline's steps, in order, with what each takes and makes",
        group="make",
        scope="pipelines",
        key="d",
        module="app.actions.pipelines",
        function="graph",
        arguments=(
            PIPELINE,
            ENVIRONMENT,
            Argument("mermaid", "print the source of a Mermaid flowchart", ("--mermaid",), kind="flag"),
            Argument("dot", "print the source of a Graphviz graph", ("--dot",), kind="flag"),
        ),
        examples=(
            Example("assay pipeline graph fx-vol", "as text"),
            Example("assay pipeline graph fx-vol --mermaid > pipeline.mmd", "as a flowchart"),
        ),
        gives="pipeline steps edges diagram",
    ),
    Action(
        "pipeline compare",
        "run a pipeline in two environments, and compare every result by digest, on record",
        group="make",
        scope="pipelines",
        key="c",
        module="app.actions.pipelines",
        function="compare",
        arguments=(
            PIPELINE,
            Argument(
                "environments",
                "an environment of assay.toml; give two",
                ("--env",),
                arity="many",
                metavar="ENVIRONMENT",
            ),
            SETTINGS,
            Argument("processes", "so many steps at once", ("--processes",), kind="integer", metavar="N"),
        ),
        examples=(Example("assay pipeline compare fx-vol --env dev --env staging", "whether the same comes out"),),
        description="What still holds is not run again. Exit code 1 where a result differs, or a step did not pass.",
        writes=True,
        gives="pipeline environments equal executions steps",
    ),
    Action(
        "pipeline history",
        "the executions of pipelines: cause, environment, stages passed, how each ended",
        group="make",
        scope="pipelines",
        key="m",
        module="app.actions.executions",
        function="history",
        arguments=(
            PIPELINE,
            Argument(
                "count", "at most this many, the newest; 0 for all", ("-n", "--count"), kind="integer", default=20
            ),
        ),
        examples=(Example("assay pipeline history", "the newest twenty"),),
        at=True,
        gives="at executions",
    ),
)

GATE = (
    Action(
        "gate",
        "what is missing before a version may go to a stage",
        group="decide",
        scope="approvals",
        key="c",
        module="app.actions.gates",
        function="gate",
        arguments=(
            Argument("ref", "which version", completes="model"),
            Argument("to", "the stage", ("--to",), required=True, metavar="STAGE"),
            Argument("record", "record the verdict, where it is news", ("--record",), kind="flag"),
        ),
        examples=(
            Example("assay gate fx-vol@3 --to prod", "a checklist; exit code 1 where something is missing"),
            Example("assay gate fx-vol@3 --to staging --record", "for a CI: the same, and its verdict on record"),
        ),
        description=(
            "A dry run of the rule that guards the ledger; nothing is recorded, unless asked for. "
            "docs/examples/github-actions.yml is a workflow that uses it."
        ),
        at=True,
        gives="at ref to allowed conditions:[condition] recorded",
    ),
)

DELIVERY = (
    Action(
        "delivery",
        "per team: lead time, frequency, failure rate, time to restore",
        group="watch",
        scope="pipelines",
        key="v",
        module="app.actions.delivery",
        function="delivery",
        arguments=(
            Argument("team", "only this team", ("--team",), metavar="NAME"),
            Argument("to", "of deployments to this environment", ("--to",), default="prod", metavar="ENVIRONMENT"),
            Argument("days", "in so many days", ("--days",), kind="integer", default=90),
        ),
        examples=(
            Example("assay delivery", "every team, in the last 90 days of the ledger"),
            Example("assay delivery --days 365 --at 2008-12-31", "in the year before the end of 2008"),
        ),
        description="docs/pipelines.md says what each measure is.",
        at=True,
        gives="at environment days teams",
    ),
)

AGENT = (
    Action(
        "agent",
        "do what is due by the clock: triggers, features, monitors, escalation; or one round of it",
        group="watch",
        scope="pipelines",
        key="a",
        module="app.agent.command",
        function="agent",
        arguments=(
            Argument("once", "do one round and end, as cron wants it", ("--once",), kind="flag"),
            Argument("status", "do nothing: say who leads, and when the agent last ran", ("--status",), kind="flag"),
            Argument(
                "every",
                "seconds from one round's beginning to the next's",
                ("--every",),
                kind="number",
                default=60.0,
                metavar="SECONDS",
            ),
            Argument("only", "only this duty (may be repeated)", ("--only",), arity="many", metavar="DUTY"),
        ),
        examples=(
            Example("assay agent", "in the foreground, a round each minute"),
            Example("assay --as svc-agent agent --once", "one round, for cron: nothing that is done is done twice"),
            Example("assay agent --status", "who leads this ledger, and what the last round did"),
        ),
        description=(
            "One agent leads a ledger: a second one says which, and ends (exit code 2; with --once, 0). A duty that "
            "fails is told in a line, and the others are done all the same. Under a simulated clock it is always the "
            "moment of the last event. Exit code 1 of --once: a duty failed."
        ),
        writes=True,
        gives="rounds work leader last",
    ),
)
