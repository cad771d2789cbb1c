"""The actions on the work: artifacts and runs, decisions and deployments."""

from __future__ import annotations

from app.actions.registry.types import COUNT, Action, Argument, Example

PROJECT = Argument("project", "only this project", ("--project",), completes="project")
OF_PROJECT = Argument("project", "the project; assay.toml's where none is named", ("--project",), completes="project")
KINDS = ("dataset", "feature_view", "model", "code", "config", "runtime", "document", "policy")
KIND = Argument("kind", "only this kind", ("--kind",), choices=KINDS)

ELSEWHERE = (
    Argument("yes", "sign without asking again", ("-y", "--yes"), kind="flag"),
    Argument(
        "key_file",
        "sign with this Ed25519 key (PEM or OpenSSH), or with the ssh-agent's key whose .pub file it is",
        ("--with",),
        kind="path",
        metavar="FILE",
    ),
    Argument(
        "statement_only",
        "sign nothing: print the exact statement, to be signed on another machine",
        ("--statement-only",),
        kind="flag",
    ),
    Argument(
        "output",
        "write the statement to this file, and the very bytes to sign to FILE.pae",
        ("-o", "--output"),
        kind="path",
        metavar="FILE",
    ),
    Argument(
        "signed",
        "record this envelope, which was signed on another machine",
        ("--signed",),
        kind="path",
        metavar="FILE",
    ),
)

MAKE = (
    Action(
        "runs",
        "the runs, with status, inputs, outputs and metrics",
        group="make",
        scope="registry",
        key="R",
        module="app.actions.runs",
        function="list_runs",
        arguments=(
            PROJECT,
            Argument("job", "only runs of this job", ("--job",)),
            Argument("experiment", "only the runs of this experiment", ("--experiment",), metavar="NAME"),
            COUNT,
        ),
        examples=(Example("assay runs --job train", "the training runs"),),
        description="Stale is a run whose data or code has a newer version by now: its metrics are those of older ones.",
        at=True,
        gives="at total runs:[run] stale",
    ),
    Action(
        "runs show",
        "one run: code, config, seed, runtime, inputs, outputs, metrics",
        group="make",
        scope="registry",
        key="o",
        module="app.actions.runs",
        function="show_run",
        arguments=(Argument("run", "which run; the beginning of its id is enough", completes="run"),),
        examples=(Example("assay runs show 7c1e", "the run whose id begins so"),),
        at=True,
        gives="at run:run history:[event]",
    ),
    Action(
        "runs compare",
        "runs side by side, what differs first: parameters, inputs, metrics, outputs",
        group="make",
        scope="registry",
        key="n",
        module="app.actions.comparing",
        function="compare",
        arguments=(
            Argument("runs", "which runs", arity="many", completes="run", metavar="RUN"),
            Argument("experiment", "all runs of this experiment", ("--experiment",), metavar="NAME"),
            Argument("differing", "leave out what is the same in all", ("--differing",), kind="flag"),
        ),
        examples=(
            Example("assay runs compare 7c1e 9d20", "what differs between the two, then what does not"),
            Example("assay runs compare --experiment train-1f0c --differing", "a sweep, setting by setting"),
        ),
        at=True,
        gives="at runs:[run] rows stale",
    ),
    Action(
        "runs sign",
        "vouch for a run of your own by your key; a policy may demand it",
        group="make",
        scope="registry",
        key="V",
        module="app.actions.requests",
        function="sign_run",
        arguments=(Argument("run", "which run; the beginning of its id is enough", completes="run"),),
        examples=(Example("assay --as ada runs sign 7c1e", "over the bytes of the event in which it ended"),),
        writes=True,
        gives="run sha256 event:event",
    ),
)

DECIDE = (
    Action(
        "request",
        "ask that a version be approved for a stage",
        group="decide",
        scope="approvals",
        key="n",
        module="app.actions.approvals",
        function="request",
        arguments=(
            Argument("ref", "which version", completes="model"),
            Argument("to", "the stage", ("--to",), default="prod", metavar="STAGE"),
            Argument(
                "evidence",
                "what approvers are to see: a registered version (may be repeated)",
                ("--evidence",),
                arity="many",
                completes="artifact",
                metavar="REF",
            ),
            Argument(
                "roles",
                "a role that may decide (may be repeated); by default all but the trainer's",
                ("--role",),
                arity="many",
                metavar="ROLE",
            ),
            Argument("note", "a word to the approvers", ("--note",), metavar="TEXT"),
        ),
        examples=(
            Example(
                "assay request fx-vol@3 --to prod --evidence validation@3", "with the validation report as evidence"
            ),
        ),
        description="The version and its evidence are frozen by digest: whatever is signed is signed over these bytes.",
        writes=True,
        gives="request:request event:event",
    ),
    Action(
        "approve",
        "sign an approval of a request, with your own key",
        group="decide",
        scope="approvals",
        key="a",
        module="app.actions.approvals",
        function="approve",
        arguments=(
            Argument("request", "the request's number", completes="request", metavar="N"),
            Argument("role", "in which role, where you hold several that count", ("--role",)),
            Argument("reason", "why", ("--reason",), default="", metavar="TEXT"),
            *ELSEWHERE,
        ),
        examples=(
            Example("assay approve 42", "show the exact bytes, ask, sign"),
            Example("assay --as mia approve 42 --role model_owner --yes", "as mia, in that role"),
            Example("assay approve 42 --statement-only -o 42.json", "to be signed by `assay sign 42.json` elsewhere"),
            Example("assay approve 42 --signed 42.dsse.json", "record what was signed there"),
        ),
        writes=True,
        gives="decision:signed request:request event:event",
    ),
    Action(
        "reject",
        "sign a rejection of a request, with your own key and a reason",
        group="decide",
        scope="approvals",
        key="r",
        module="app.actions.approvals",
        function="reject",
        arguments=(
            Argument("request", "the request's number", completes="request", metavar="N"),
            Argument("reason", "why; the requester reads it", ("--reason",), default="", metavar="TEXT"),
            Argument("role", "in which role, where you hold several that count", ("--role",)),
            *ELSEWHERE,
        ),
        examples=(Example("assay reject 42 --reason 'the bias report is stale'", "ends the request"),),
        writes=True,
        gives="decision:signed request:request event:event",
    ),
    Action(
        "deploy",
        "put a version into an environment, all at once",
        group="decide",
        scope="rollouts",
        key="d",
        module="app.actions.deployments",
        function="deploy",
        arguments=(
            Argument("ref", "which version", completes="model"),
            Argument("to", "the environment", ("--to",), required=True, metavar="ENVIRONMENT"),
            Argument(
                "strategy",
                "blue_green stands ready beside what is live, until `assay switch`",
                ("--strategy",),
                choices=("direct", "blue_green"),
                default="direct",
            ),
        ),
        examples=(
            Example("assay deploy fx-vol@3 --to staging", "no approval needed"),
            Example("assay deploy fx-vol@3 --to prod", "refused, naming what is missing, until it is approved"),
        ),
        writes=True,
        confirms="deploy",
        gives="deployment:deployment events:[event]",
    ),
    Action(
        "switch",
        "let the version that stands ready take over from the one that is live",
        group="decide",
        scope="rollouts",
        key="w",
        module="app.actions.deployments",
        function="switch",
        arguments=(
            Argument(
                "deployment",
                "which deployment, where several stand ready",
                arity="optional",
                completes="deployment",
            ),
        ),
        examples=(Example("assay switch", "all accounts at once; `assay rollback` goes back as quickly"),),
        writes=True,
        confirms="switch",
        gives="deployment:deployment events:[event]",
    ),
)
