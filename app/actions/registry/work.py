"""The actions on the work: artifacts and runs, decisions and deployments, alerts."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

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
        "artifact register",
        "store a file or folder, and record it as a version, by digest",
        group="make",
        scope="registry",
        key="a",
        module="app.actions.artifacts",
        function="register",
        arguments=(
            Argument("path", "the file or folder", kind="path"),
            Argument("kind", "what it is", ("--kind",), choices=KINDS, required=True),
            Argument("name", "its name; the file's without its ending where none is given", ("--name",)),
            OF_PROJECT,
            Argument("source_system", "where it came from, such as ECB", ("--source",), metavar="SYSTEM"),
            Argument("uri", "its address there", ("--uri",)),
            Argument("media_type", "its media type, such as text/csv", ("--media-type",), metavar="TYPE"),
            Argument("alias", "also point this alias to the new version", ("--alias",)),
        ),
        examples=(
            Example(
                "assay artifact register rates.csv --kind dataset --name ecb-rates", "the next version of ecb-rates"
            ),
            Example(
                "assay artifact register model/ --kind model --name fx-vol --alias challenger",
                "a folder, by its manifest",
            ),
        ),
        description="The same bytes under the same name are not registered twice: the version that has them is named.",
        writes=True,
        gives="artifact:artifact registered events:[event]",
    ),
    Action(
        "artifact list",
        "the registered versions, with stage and aliases",
        group="make",
        scope="everywhere",
        key="4",
        module="app.actions.artifacts",
        function="list_artifacts",
        arguments=(KIND, PROJECT, Argument("name", "only this name", ("--name",))),
        examples=(
            Example("assay artifact list --kind model", "every version of every model"),
            Example("assay artifact list --at 2008-03-03 --json", "what was registered by then"),
        ),
        at=True,
        gives="at artifacts:[artifact]",
    ),
    Action(
        "artifact show",
        "one version: digest, origin, stage, aliases, documents, history",
        group="make",
        scope="registry",
        key="s",
        module="app.actions.artifacts",
        function="show_artifact",
        arguments=(Argument("ref", "which version: fx-vol@3, fx-vol@champion", completes="artifact"),),
        examples=(Example("assay artifact show fx-vol@champion", "the champion"),),
        at=True,
        gives="at artifact:artifact history:[event]",
    ),
    Action(
        "artifact restore",
        "write a version's verified bytes to a path",
        group="make",
        scope="registry",
        key="x",
        module="app.actions.artifacts",
        function="restore",
        arguments=(
            Argument("ref", "which version", completes="artifact"),
            Argument(
                "output", "where to; must not exist yet", ("-o", "--output"), kind="path", required=True, metavar="PATH"
            ),
        ),
        examples=(Example("assay artifact restore fx-vol@3 -o model.json", "version 3, byte for byte, or an error"),),
        at=True,
        gives="ref sha256 path",
    ),
    Action(
        "artifact check",
        "hash stored objects again: bit rot and replacement are found",
        group="make",
        scope="registry",
        key="v",
        module="app.actions.artifacts",
        function="check",
        arguments=(
            Argument(
                "refs",
                "only these versions; all where none is named",
                arity="many",
                completes="artifact",
                metavar="REF",
            ),
        ),
        examples=(
            Example("assay artifact check", "every registered version"),
            Example("assay artifact check fx-vol@3", "this one"),
        ),
        at=True,
        gives="at ok checked findings:[damage]",
    ),
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
            Argument(
                "count",
                "at most this many, the newest; 0 for all",
                ("-n", "--count"),
                kind="integer",
                default=50,
                metavar="N",
            ),
        ),
        examples=(Example("assay runs --job train", "the training runs"),),
        at=True,
        gives="at runs:[run]",
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
        "approvals",
        "the requests, who decided what, and what each still needs",
        group="decide",
        scope="everywhere",
        key="5",
        module="app.actions.approvals",
        function="approvals",
        arguments=(Argument("every", "closed ones too", ("--all",), kind="flag"), PROJECT),
        examples=(
            Example("assay approvals", "what waits for a signature"),
            Example("assay approvals --all --json", "every request with its decisions"),
        ),
        at=True,
        gives="at requests:[request]",
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
        "gate",
        "what is missing before a version may go to a stage",
        group="decide",
        scope="approvals",
        key="c",
        module="app.actions.approvals",
        function="gate",
        arguments=(
            Argument("ref", "which version", completes="model"),
            Argument("to", "the stage", ("--to",), required=True, metavar="STAGE"),
        ),
        examples=(Example("assay gate fx-vol@3 --to prod", "a checklist; exit code 1 where something is missing"),),
        description="A dry run of the rule that guards the ledger; nothing is recorded.",
        at=True,
        gives="at ref to allowed conditions:[condition]",
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
        ),
        examples=(
            Example("assay deploy fx-vol@3 --to staging", "no approval needed"),
            Example("assay deploy fx-vol@3 --to prod", "refused, naming what is missing, until it is approved"),
        ),
        writes=True,
        gives="deployment:deployment events:[event]",
    ),
)

WATCH = (
    Action(
        "alerts",
        "the alerts, with their state",
        group="watch",
        scope="everywhere",
        key="7",
        module="app.actions.alerts",
        function="list_alerts",
        arguments=(
            Argument("state", "only in this state", ("--state",), choices=("raised", "acknowledged", "resolved")),
            PROJECT,
        ),
        examples=(Example("assay alerts --state raised", "those that nobody has seen yet"),),
        at=True,
        gives="at alerts:[alert]",
    ),
    Action(
        "alerts ack",
        "say that you have seen an alert, and what you will do",
        group="watch",
        scope="monitoring",
        key="a",
        module="app.actions.alerts",
        function="acknowledge",
        arguments=(
            Argument("alert", "which alert; the beginning of its name is enough", completes="alert"),
            Argument("note", "what you will do", ("--note",), metavar="TEXT"),
        ),
        examples=(
            Example("assay alerts ack drift-2008-03-25 --note 'watching; no retraining yet'", "it is no longer raised"),
        ),
        writes=True,
        gives="alert:alert event:event",
    ),
)
