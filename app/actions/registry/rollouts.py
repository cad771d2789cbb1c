"""The actions of rollouts beyond the canary: going back, routing, experiments, drills; and the log of what was served."""

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
        confirms="rollback",
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
        key="m",
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

SERVING = (
    Action(
        "serve-log",
        "take in inference records, or say what was logged of each day",
        group="watch",
        scope="monitoring",
        key="v",
        module="app.actions.serve_log",
        function="serve_log",
        arguments=(
            Argument("file", "records as JSON lines or Parquet", arity="optional", kind="path", metavar="FILE"),
            Argument("model", "whose records, where that is not plain", ("--model",), completes="model", metavar="REF"),
            Argument("day", "what monitors see of this day", ("--day",), metavar="DAY"),
            Argument("check", "hold every file against its recorded digest", ("--check",), kind="flag"),
        ),
        examples=(
            Example("assay serve-log answers.jsonl", "each line an answer, or a late label; exit code 1 at a finding"),
            Example("assay serve-log --day 2026-01-02", "its latencies, costs, errors, missing features"),
            Example("assay serve-log --check", "the files are what the ledger says"),
        ),
        description=(
            "A record has account, model, at and prediction, perhaps id, features, latency, cost and label. A line with an id "
            "and a label alone is the label of an earlier answer. Records lie beside the ledger as Parquet, by day; the ledger "
            "holds their digests. Python: app.actions.serve_log.append(context, records)."
        ),
        writes=True,
        gives="model days findings events:[event] files wrong",
    ),
)

_VALID = Argument(
    "valid", "for how many days it proves anything", ("--valid",), kind="integer", default=90, metavar="DAYS"
)
_DAYS = Argument(
    "days", "how many days of the copy are altered; the monitor's window else", ("--days",), kind="integer"
)

DRILLS = (
    Action(
        "drill drift",
        "move the inputs of a copy of the real stream: do the declared monitors raise an alert?",
        group="watch",
        scope="monitoring",
        key="i",
        module="app.actions.drills",
        function="drift",
        arguments=(
            Argument(
                "strength",
                "how far, in deviations of each series",
                ("--strength",),
                kind="number",
                default=3.0,
            ),
            _DAYS,
            _VALID,
        ),
        examples=(
            Example("assay drill drift", "exit code 1 where all stay silent, and by how much"),
            Example("assay drill drift --strength 0.1", "too weak to be seen"),
        ),
        description=(
            "Only monitors raise alerts, marked as injected to the end of their chain; nothing of the stream or of the "
            "monitors' states is changed. With a threshold that is too loose the same drill reports silence."
        ),
        writes=True,
        gives="scenario passed settings monitors refused alerts expires told events:[event]",
    ),
    Action(
        "drill quality",
        "take values out of a copy of the real stream: do the declared monitors raise an alert?",
        group="watch",
        scope="monitoring",
        key="Q",
        module="app.actions.drills",
        function="quality",
        arguments=(
            Argument("strength", "which share of the values", ("--strength",), kind="number", default=0.3),
            _DAYS,
            _VALID,
        ),
        examples=(Example("assay drill quality --strength 0.05", "one value in twenty"),),
        writes=True,
        gives="scenario passed settings monitors refused alerts expires told events:[event]",
    ),
    Action(
        "drill rollback",
        "walk the way back from a deployment, without ending it",
        group="decide",
        scope="rollouts",
        key="r",
        module="app.actions.drills",
        function="rollback",
        arguments=(
            Argument(
                "deployment",
                "which deployment, where several could be meant",
                arity="optional",
                completes="deployment",
            ),
            _VALID,
        ),
        examples=(Example("assay drill rollback", "the version before is whole, approved, loads and scores"),),
        writes=True,
        gives="scenario deployment:deployment to_version passed checks expires events:[event]",
    ),
)
