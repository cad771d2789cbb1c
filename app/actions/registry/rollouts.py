"""The actions of rollouts beyond the canary: going back, routing, experiments, drills."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

EXPERIMENT = Argument("name", "which experiment, where several are under way", arity="optional", metavar="NAME")

ROLLOUTS = (
    Action(
        "rollback",
        "undo what is live or under way; the version before it serves again",
        group="decide",
        scope="rollouts",
        key="b",
        module="app.actions.rollbacks",
        function="rollback",
        arguments=(
            Argument(
                "deployment",
                "which deployment, where several could be meant",
                arity="optional",
                completes="deployment",
            ),
            Argument("reason", "why", ("--reason",), required=True, metavar="TEXT"),
        ),
        examples=(Example("assay rollback --reason 'orders were rejected'", "at once, and without a new approval"),),
        description=(
            "A canary under way is taken back. What is live makes way for the version that was live before it, which was "
            "approved then. Routers follow within a second. Canaries roll back by themselves when a gate is breached."
        ),
        writes=True,
        gives="deployment:deployment to_version events:[event]",
    ),
    Action(
        "route",
        "which version serves an account; writes the tables that serving code routes by",
        group="look",
        scope="rollouts",
        key="o",
        module="app.actions.routing",
        function="route",
        arguments=(
            Argument("account", "an account's name", arity="optional", metavar="ACCOUNT"),
            Argument("model", "only this model", ("--model",), metavar="NAME"),
            Argument("environment", "only this environment", ("--environment",), metavar="NAME"),
        ),
        examples=(
            Example("assay route M0001", "the champion, or a canary's candidate for an account in its slice"),
            Example("assay route", "the tables alone; they are also written with every deployment"),
        ),
        description=(
            "The tables lie in .assay/routes/ENVIRONMENT/PROJECT/MODEL.json. Serving code asks "
            "app.rollout.router.Router(file).route(account): no database is in the way, and the file is looked at once a "
            "second."
        ),
        gives="tables",
    ),
)

EXPERIMENTS = (
    Action(
        "experiment show",
        "the experiments, or one of them with what came of it",
        group="decide",
        scope="rollouts",
        key="x",
        module="app.actions.experiments",
        function="show",
        arguments=(Argument("name", "which experiment", arity="optional", metavar="NAME"),),
        examples=(Example("assay experiment show", "all of them, as they stand"),),
        at=True,
        gives="at experiments",
    ),
    Action(
        "experiment start",
        "compare versions over a time that is fixed before its first day",
        group="decide",
        scope="rollouts",
        key="s",
        module="app.actions.experiments",
        function="start",
        arguments=(
            Argument("name", "the experiment's name", metavar="NAME"),
            Argument("arms", "the versions, the one to beat first", arity="some", completes="model", metavar="REF"),
            Argument("metric", "what they are compared by", ("--metric",), default="loss", metavar="NAME"),
            Argument(
                "kind",
                "shadow: all arms score all accounts; ab: each serves its own; backtest: past days",
                ("--kind",),
                choices=("ab", "shadow", "backtest"),
                default="shadow",
            ),
            Argument("days", "how many days it takes", ("--days",), kind="integer", default=60),
            Argument("first_day", "its first day; today where none is given", ("--first-day",), metavar="DAY"),
            Argument("higher", "a higher value of the metric is better", ("--higher-is-better",), kind="flag"),
            Argument("confidence", "of the intervals; arms share it", ("--confidence",), kind="number", default=0.95),
        ),
        examples=(
            Example("assay experiment start wider-window fx-vol@2 fx-vol@3 --days 60", "both score every account"),
            Example("assay experiment start pricing fx-vol@2 fx-vol@3 --kind ab", "each serves half of the accounts"),
        ),
        writes=True,
        gives="experiment event:event",
    ),
    Action(
        "experiment conclude",
        "say which arm is better, once the declared days are over",
        group="decide",
        scope="rollouts",
        key="c",
        module="app.actions.experiments",
        function="conclude",
        arguments=(
            EXPERIMENT,
            Argument(
                "values",
                "a CSV with the columns day, arm and value, where the service does not know the metric",
                ("--values",),
                kind="path",
                metavar="FILE",
            ),
            Argument("until", "use days up to this one", ("--until",), metavar="DAY"),
        ),
        examples=(Example("assay experiment conclude wider-window", "the winner with its interval, or none"),),
        description="The interval comes from blocks of days. It is not looked at before its end: that would spoil it.",
        writes=True,
        gives="experiment outcome event:event",
    ),
)
