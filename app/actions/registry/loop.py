"""The actions of the loop: run, monitor, retrain, canary, and the demo that tells of them."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

UNTIL = Argument("until", "stop after this day", ("--until",), metavar="DAY")
OF_PROJECT = Argument("project", "the project; assay.toml's where none is named", ("--project",), completes="project")
DEPLOYMENT = Argument(
    "deployment", "which canary, where several are under way", ("--deployment",), completes="deployment"
)

DEMO = (
    Action(
        "serve",
        "the dashboard in a browser, to look; with --allow-actions, to act too",
        group="start",
        scope="everywhere",
        key="ctrl+b",
        module="app.tui.serving",
        function="serve",
        arguments=(
            Argument("host", "the address to listen on", ("--host",), default="127.0.0.1", metavar="ADDRESS"),
            Argument(
                "port", "the port; 0 for any that is free", ("--port",), kind="integer", default=8000, metavar="PORT"
            ),
            Argument(
                "allow_actions",
                "let the page record, sign and write files, as the one who serves it",
                ("--allow-actions",),
                kind="flag",
            ),
        ),
        examples=(
            Example("assay serve", "at http://127.0.0.1:8000, for this machine alone, until Ctrl-C"),
            Example("assay serve --port 0", "on a port that is free"),
        ),
        description=(
            "Needs textual-serve: pip install 'assay[serve]'. Each page that is opened is a dashboard of its own, on the same "
            "ledger. There is no password: whoever reaches the port sees the ledger, and with --allow-actions acts with the "
            "keys of the user who serves it. To reach it from elsewhere, forward the port through ssh."
        ),
        gives="url actions",
    ),
    Action(
        "demo",
        "build a worked example on real market data, and open it",
        group="start",
        scope="everywhere",
        key="D",
        module="app.demo.command",
        function="demo",
        arguments=(
            Argument(
                "directory",
                "the folder to build it in",
                arity="optional",
                kind="path",
                metavar="DIR",
                default="assay-demo",
            ),
            Argument("no_tui", "stop before the dashboard, and say where to go next", ("--no-tui",), kind="flag"),
            Argument("quick", "the same story over a shorter span, in about 15 seconds", ("--quick",), kind="flag"),
        ),
        examples=(
            Example("assay demo", "in ./assay-demo; then the dashboard opens"),
            Example("assay demo /path/to/folder --no-tui --quick", "a shorter story, and no dashboard"),
        ),
        description=(
            "A currency hedger's volatility model on the European Central Bank's rates: checked, trained, approved, live, "
            "watched through a crisis, retrained, and its successor proven on a tenth of the accounts. Everything is run, "
            "nothing is replayed. An unfinished demo is continued where it stopped; a finished one is opened."
        ),
        gives="workspace size root ok",
    ),
)

LOOP = (
    Action(
        "run",
        "run a specification, and record what it was given and what it made",
        group="make",
        scope="registry",
        key="r",
        module="app.actions.running",
        function="run",
        arguments=(
            Argument("spec", "the specification, a YAML file", kind="path"),
            Argument(
                "settings",
                "replace a value of its configuration; several with commas between make a sweep (may be repeated)",
                ("--set",),
                arity="many",
                metavar="KEY=VALUE",
            ),
            Argument("experiment", "group the runs under this name", ("--experiment",), metavar="NAME"),
            Argument(
                "make_container",
                "then write a Containerfile and a lock of what ran into this folder",
                ("--make-container",),
                kind="path",
                metavar="DIR",
            ),
            OF_PROJECT,
        ),
        examples=(
            Example("assay run specs/train.yaml", "inputs out of the store, outputs into it, all by digest"),
            Example("assay run specs/train.yaml --set window.first=2005-01-01", "with one setting replaced"),
            Example("assay run specs/train.yaml --set ridge=0,0.1,1 --set days=22,44", "a sweep: six runs, compared"),
            Example(
                "assay run specs/train.yaml --make-container container", "the same runtime as an image, to be built"
            ),
            Example("assay run specs/train.yaml --set 'columns=\"usd,gbp\"'", "one value that holds a comma"),
        ),
        description=(
            "The process meets the project's code and not Assay's own. A failure is recorded as a failure, Ctrl-C as an "
            "interruption. Settings with several values make a sweep: one run for each combination, grouped as an experiment. "
            "A specification with image: runs in a container, by podman or docker, without a network; ASSAY_CONTAINER and "
            "ASSAY_CONTAINER_OPTIONS name another engine and options of its run. docs/specs.md says how to write one."
        ),
        writes=True,
        gives="run:run runs:[run] experiment",
    ),
    Action(
        "reproduce",
        "run a run again from the store alone, compare every result, and name what differs",
        group="make",
        scope="registry",
        key="e",
        module="app.actions.reproducing",
        function="reproduce",
        arguments=(
            Argument("run", "which run; the beginning of its id is enough", completes="run"),
            Argument(
                "exchange",
                "exchange one thing on purpose: data, code, config, seed or runtime (may be repeated)",
                ("--with",),
                arity="many",
                metavar="ASPECT=VALUE",
            ),
            Argument(
                "against",
                "find out what makes this run's results differ from another's",
                ("--against",),
                completes="run",
                metavar="RUN",
            ),
        ),
        examples=(
            Example("assay reproduce 7c1e", "in a fresh folder; exit code 1 where a result differs"),
            Example("assay reproduce 7c1e --with seed=8", "does the seed matter?"),
            Example("assay reproduce 7c1e --with data=har-features@2", "the same training, on other data"),
            Example("assay reproduce 7c1e --with runtime=.venv", "with another Python interpreter"),
            Example("assay reproduce 7c1e --with runtime=image:localhost/training", "in a container"),
            Example("assay reproduce 7c1e --against 9d20", "what of all that differs makes the results differ"),
        ),
        description=(
            "Results are compared byte for byte or, where the specification stated a tolerance before the run, within that. "
            "Where one differs, the culprit is found by fresh runs that differ in one thing alone: data, code, config, "
            "seed, runtime, nondeterminism (the run does not agree with itself) or something unrecorded. The result is "
            "recorded as evidence. A reproduction makes no new versions."
        ),
        writes=True,
        gives="run:run of equal compared tolerance swapped against differing culprits trials runtime event:event",
    ),
    Action(
        "check run",
        "run the declared data checks on a table, and record each verdict",
        group="make",
        scope="registry",
        key="c",
        module="app.actions.quality",
        function="run",
        arguments=(
            Argument("ref", "the table", completes="artifact", metavar="REF"),
            Argument(
                "mapping",
                "mappings that the data's owner has approved",
                ("--mapping",),
                completes="artifact",
                metavar="REF",
            ),
            Argument("columns", "judge these columns alone, with commas between", ("--columns",), metavar="NAMES"),
        ),
        examples=(
            Example("assay check run ecb-rates --mapping mappings --columns USD,TRY", "exit code 1 where one stops"),
        ),
        description=(
            "checks.yaml declares them. A finding flags, sets aside or blocks; it never drops a row and never fills a gap. "
            "A redenomination blocks until a mapping explains it that the data's owner has approved."
        ),
        writes=True,
        gives="ref checks stopped",
    ),
    Action(
        "monitor",
        "the monitors, each with what it saw last",
        group="watch",
        scope="monitoring",
        key="m",
        module="app.actions.monitoring",
        function="list_monitors",
        arguments=(Argument("project", "only this project", ("--project",), completes="project"),),
        examples=(Example("assay monitor --at 2008-09-16", "as it stood at the end of that day"),),
        at=True,
        gives="at monitors",
    ),
    Action(
        "monitor run",
        "score each new day with the live model, and let every monitor look at it",
        group="watch",
        scope="monitoring",
        key="w",
        module="app.actions.monitoring",
        function="run",
        arguments=(
            UNTIL,
            Argument("stop_at_alert", "stop after the first day that raises one", ("--stop-at-alert",), kind="flag"),
        ),
        examples=(Example("assay monitor run --until 2009-06-30", "every day up to then, each look an event"),),
        writes=True,
        gives="days last_day declared refused alerts told",
    ),
    Action(
        "drift",
        "compare two tables, column by column",
        group="watch",
        scope="monitoring",
        key="d",
        module="app.actions.drift",
        function="drift",
        arguments=(
            Argument("reference", "the table that is expected", completes="artifact", metavar="REF"),
            Argument("current", "the table that is looked at", completes="artifact", metavar="CUR"),
            Argument("features", "only these columns, with commas between", ("--features",), metavar="NAMES"),
            Argument(
                "profiles", "by the tables' profiles: one pass each, in little memory", ("--profiles",), kind="flag"
            ),
        ),
        examples=(
            Example(
                "assay drift har-features@1 har-features@3 --features rv22",
                "its distances, beside what their recipes take for drift",
            ),
        ),
        at=True,
        gives="reference current drifted share threshold columns definitions caution",
    ),
    Action(
        "retrain",
        "train a new version on newer data: because of an alert, or as the rules call for",
        group="watch",
        scope="monitoring",
        key="t",
        module="app.actions.retraining",
        function="retrain",
        arguments=(
            Argument(
                "because",
                "the alert that led to it; without one the rules of retraining.yaml decide",
                arity="optional",
                completes="alert",
                metavar="ALERT",
            ),
            Argument("first", "the first day of the training window", ("--first",), metavar="DAY"),
            Argument(
                "last",
                "the last day of the training window, and of the data",
                ("--last",),
                metavar="DAY",
            ),
        ),
        examples=(
            Example(
                "assay retrain feature-drift-2008-09-17 --first 2005-10-03 --last 2008-09-30",
                "linked to the alert as its cause",
            ),
            Example("assay retrain", "what the rules call for now; the agent does it by the clock"),
        ),
        description=(
            "Rules look at alerts: of several monitors at once, or of a value beyond a limit. A cool-down and a budget hold "
            "them back. What they train starts as a canary, and reaches production by its gates and approvals alone."
        ),
        writes=True,
        gives="model because seq rule reason canary",
    ),
    Action(
        "canary start",
        "let a version score a slice of the accounts beside the champion",
        group="decide",
        scope="rollouts",
        key="n",
        module="app.actions.canaries",
        function="start",
        arguments=(
            Argument("ref", "the version", completes="model"),
            Argument("fraction", "the share of the accounts", ("--slice",), kind="number", metavar="SHARE"),
            Argument("alpha", "the chance to be wrong, in each direction", ("--alpha",), kind="number"),
            Argument("minimum_days", "no promotion before", ("--minimum-days",), kind="integer", metavar="DAYS"),
            Argument("maximum_days", "inconclusive after", ("--maximum-days",), kind="integer", metavar="DAYS"),
            Argument(
                "first_day", "its first day; the feed's next where none is given", ("--first-day",), metavar="DAY"
            ),
            Argument("shadow", "score the slice beside the champion, and serve nobody", ("--shadow",), kind="flag"),
        ),
        examples=(
            Example("assay canary start fx-vol@2", "with the slice, error rates and days that rollout.yaml declares"),
        ),
        description=(
            "Both models score the slice's accounts each day. The slice is served by the candidate (`assay route ACCOUNT` says "
            "by which version); with --shadow nobody is. Gates, in order: prediction ratio, data quality and parity, latency "
            "and cost, evidence from the paired losses, value-at-risk exceptions, shortest and longest time."
        ),
        writes=True,
        gives="deployment:deployment event:event",
    ),
    Action(
        "canary run",
        "evaluate each new day of a canary, up to its verdict",
        group="decide",
        scope="rollouts",
        key="e",
        module="app.actions.canaries",
        function="run",
        arguments=(UNTIL, DEPLOYMENT),
        examples=(Example("assay canary run", "until the gates decide, or the feed ends"),),
        writes=True,
        gives="deployment:deployment days last",
    ),
    Action(
        "canary promote",
        "put a canary's version in the champion's place",
        group="decide",
        scope="rollouts",
        key="p",
        module="app.actions.canaries",
        function="promote",
        arguments=(DEPLOYMENT,),
        examples=(
            Example(
                "assay canary promote", "after a verdict to promote, and with the approvals that the policy demands"
            ),
        ),
        writes=True,
        confirms="promote",
        gives="deployment:deployment events:[event]",
    ),
    Action(
        "canary judge",
        "judge a file of metrics as Kayenta does, by Mann-Whitney intervals and effect sizes",
        group="decide",
        scope="rollouts",
        key="v",
        module="app.actions.canaries",
        function="judge",
        arguments=(Argument("file", "metrics as JSON; docs/monitoring.md says how", kind="path", metavar="FILE"),),
        examples=(
            Example("assay canary judge metrics.json", "score, groups, each metric; exit code 1 unless it passes"),
        ),
        description="Nothing is recorded. A canary whose plan says gate: kayenta is judged by it on its last day.",
        gives="rule score verdict reason groups metrics cases agreeing",
    ),
)
