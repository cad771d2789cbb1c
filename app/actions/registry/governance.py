"""The actions of governance: requests and what becomes of them, policies, exceptions, criteria, delegations."""

from __future__ import annotations

from app.actions.registry.types import COUNT, Action, Argument, Example

PROJECT = Argument("project", "only this project", ("--project",), completes="project")
OF_PROJECT = Argument("project", "the project; assay.toml's where none is named", ("--project",), completes="project")
EVERY = Argument("every", "those that are over too", ("--all",), kind="flag")
POLICY = Argument(
    "file", "the policy's file; policy.yaml where none is named", arity="optional", kind="path", default="policy.yaml"
)
YES = Argument("yes", "sign without asking again", ("-y", "--yes"), kind="flag")

ELSEWHERE = (
    YES,
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

REQUESTS = (
    Action(
        "approvals",
        "the requests, who decided what, and what each still needs",
        group="decide",
        scope="everywhere",
        key="5",
        module="app.actions.approvals",
        function="approvals",
        arguments=(Argument("every", "closed ones too", ("--all",), kind="flag"), PROJECT, COUNT),
        examples=(
            Example("assay approvals", "what waits for a signature"),
            Example("assay approvals --all -n 0 --json", "every request with its decisions"),
        ),
        at=True,
        gives="at total requests:[request]",
    ),
    Action(
        "approvals changes",
        "ask for changes instead of approving: signed, and it ends the request",
        group="decide",
        scope="approvals",
        key="b",
        module="app.actions.approvals",
        function="ask_changes",
        arguments=(
            Argument("request", "the request's number", completes="request", metavar="N"),
            Argument("comment", "which changes; the requester reads it", ("--comment",), default="", metavar="TEXT"),
            Argument("role", "in which role, where you hold several that count", ("--role",)),
            *ELSEWHERE,
        ),
        examples=(Example("assay approvals changes 42 --comment 'show the figures of 2008'", "then a new request"),),
        description="What was asked about is frozen by digest, so that changes are a new version and a new request.",
        writes=True,
        gives="decision:signed request:request event:event",
    ),
    Action(
        "approvals withdraw",
        "take back a request of yours; its approvals count no more",
        group="decide",
        scope="approvals",
        key="i",
        module="app.actions.requests",
        function="withdraw",
        arguments=(
            Argument("request", "the request's number", completes="request", metavar="N"),
            Argument("reason", "why", ("--reason",), metavar="TEXT"),
        ),
        examples=(Example("assay approvals withdraw 42 --reason 'a better version is coming'", "your own request"),),
        writes=True,
        gives="request:request event:event",
    ),
    Action(
        "approvals revoke",
        "revoke an approval by its event; from then on it counts no more",
        group="decide",
        scope="approvals",
        key="v",
        module="app.actions.requests",
        function="revoke",
        arguments=(
            Argument("approval", "the approval's event", completes="event", metavar="SEQ"),
            Argument("reason", "why; it is part of what is signed", ("--reason",), default="", metavar="TEXT"),
        ),
        examples=(Example("assay approvals revoke 45 --reason 'the report was wrong'", "your own approval"),),
        description="By who gave it, who is accountable for the version's model, or an administrator; signed.",
        writes=True,
        confirms="revoke_approval",
        gives="request:request event:event",
    ),
)

POLICIES = (
    Action(
        "policy check",
        "read a policy: what is wrong with it, by file and line, alone and with your people",
        group="decide",
        scope="approvals",
        key="e",
        module="app.actions.policies",
        function="check",
        arguments=(POLICY, OF_PROJECT),
        examples=(Example("assay policy check policy.yaml", "exit code 1 where it could never be satisfied"),),
        gives="file policy ok findings digest",
    ),
    Action(
        "policy try",
        "replay the past under a policy: what it would have stopped, and why",
        group="decide",
        scope="approvals",
        key="t",
        module="app.actions.trying",
        function="try_policy",
        arguments=(POLICY, OF_PROJECT),
        examples=(Example("assay policy try policy.yaml", "exit code 1 where it would have stopped anything"),),
        description="Every promotion and deployment is judged as of its own moment. Nothing is recorded.",
        at=True,
        gives="at policy digest judged stopped",
    ),
    Action(
        "policy adopt",
        "put a policy in force from the next event on; signed by the actor",
        group="decide",
        scope="approvals",
        key="B",
        module="app.actions.policies",
        function="adopt",
        arguments=(
            POLICY,
            OF_PROJECT,
            Argument("everywhere", "for every project without one of its own", ("--everywhere",), kind="flag"),
            Argument("reason", "why; it is part of what is signed", ("--reason",), default="", metavar="TEXT"),
            YES,
        ),
        examples=(
            Example("assay --as ivy policy adopt policy.yaml", "shows what is signed, asks, and signs"),
            Example("assay --as ivy policy adopt policy.yaml --yes --reason 'as the board decided'", "without asking"),
        ),
        description="One that can never be satisfied, or contradicts itself, is refused with its line and the reason.",
        writes=True,
        gives="policy events:[event]",
    ),
    Action(
        "policy show",
        "the policy in force, or one that was adopted",
        group="decide",
        scope="approvals",
        key="A",
        module="app.actions.policies",
        function="show",
        arguments=(
            Argument("ref", "one that was adopted: models@2; the one in force otherwise", arity="optional"),
            OF_PROJECT,
        ),
        examples=(
            Example("assay policy show", "what is demanded today"),
            Example("assay policy show --at 2008-10-01", "what was demanded on that day"),
        ),
        at=True,
        gives="at policy document",
    ),
    Action(
        "policy list",
        "every policy that was adopted, and which are in force",
        group="decide",
        scope="approvals",
        key="Y",
        module="app.actions.policies",
        function="list_policies",
        arguments=(PROJECT,),
        examples=(Example("assay policy list", "oldest first"),),
        at=True,
        gives="at policies",
    ),
    Action(
        "policy diff",
        "what differs between two policies: files, adopted ones, or the current one",
        group="decide",
        scope="approvals",
        key="m",
        module="app.actions.policies",
        function="diff",
        arguments=(
            Argument("old", "a file, models@2, or current"),
            Argument("new", "a file, models@2, or current", arity="optional", default="policy.yaml"),
        ),
        examples=(Example("assay policy diff current policy.yaml", "exit code 1 where anything differs"),),
        at=True,
        gives="changes",
    ),
    Action(
        "policy schema",
        "print the JSON Schema of policies, for an editor",
        group="decide",
        scope="approvals",
        key="z",
        module="app.actions.policies",
        function="schema",
        examples=(Example("assay policy schema > policy.schema.json", "also in docs/"),),
        gives="schema",
    ),
)

EXCEPTIONS = (
    Action(
        "exception record",
        "break the glass: let a version pass without what the policy demands, for a while",
        group="decide",
        scope="approvals",
        key="E",
        module="app.actions.exceptions",
        function="record",
        arguments=(
            Argument("ref", "which version", completes="model"),
            Argument("to", "the stage", ("--to",), default="prod", metavar="STAGE"),
            Argument("reason", "why; everybody reads it", ("--reason",), default="", metavar="TEXT"),
            Argument("until", "for how long: 4h, 2d, or until a moment", ("--for",), default="24h", metavar="TIME"),
        ),
        examples=(
            Example("assay --as hugo exception record fx-vol@3 --reason 'the feed is down' --for 4h", "signed by hugo"),
        ),
        description=(
            "Only where the policy lets the actor. It is shown on every page until somebody closes it, and expires by "
            "itself; an expired one that nobody closed bars the next."
        ),
        writes=True,
        gives="exception:exception event:event",
    ),
    Action(
        "exception close",
        "close an exception with what came of it",
        group="decide",
        scope="approvals",
        key="C",
        module="app.actions.exceptions",
        function="close",
        arguments=(
            Argument("exception", "its name"),
            Argument("outcome", "what came of it", ("--outcome",), default="", metavar="TEXT"),
            Argument("note", "more", ("--note",), metavar="TEXT"),
        ),
        examples=(Example("assay exception close fx-vol-3-prod --outcome 'approved afterwards'", "it waives no more"),),
        writes=True,
        gives="exception:exception event:event",
    ),
    Action(
        "exception list",
        "exceptions that nobody has closed; exit code 1 where one has expired",
        group="decide",
        scope="approvals",
        key="Z",
        module="app.actions.exceptions",
        function="list_exceptions",
        arguments=(EVERY, PROJECT),
        examples=(Example("assay exception list", "open ones"), Example("assay exception list --all", "all")),
        at=True,
        gives="at exceptions:[exception]",
    ),
)

CRITERIA = (
    Action(
        "criteria set",
        "set acceptance criteria, for runs that start from now on",
        group="decide",
        scope="approvals",
        key="Q",
        module="app.actions.criteria",
        function="set_criteria",
        arguments=(
            Argument("ref", "of which model, under any version", completes="model"),
            Argument("bounds", "a metric, <= or >=, a number: 'mae <= 2.5'", arity="some", metavar="BOUND"),
            Argument("note", "why these", ("--note",), metavar="TEXT"),
        ),
        examples=(Example("assay criteria set fx-vol 'mae <= 2.5' 'bias <= 0.1'", "before the run that they judge"),),
        description="A gate holds a run against the criteria that the chain shows to be older than the run's start.",
        writes=True,
        gives="criteria event:event",
    ),
    Action(
        "criteria list",
        "the acceptance criteria that were set, and which are in force",
        group="decide",
        scope="approvals",
        key="J",
        module="app.actions.criteria",
        function="list_criteria",
        arguments=(Argument("ref", "only of this model", arity="optional", completes="model"), PROJECT),
        examples=(Example("assay criteria list fx-vol", "oldest first"),),
        at=True,
        gives="at criteria",
    ),
)

DELEGATIONS = (
    Action(
        "delegate",
        "let somebody act in one of your roles until a moment; signed by you",
        group="people",
        scope="approvals",
        key="d",
        module="app.actions.delegation",
        function="delegate",
        arguments=(
            Argument("to", "who may act for you", completes="person"),
            Argument("role", "in which of your roles; the only one where you hold one", ("--role",)),
            Argument(
                "until", "for how long: 36h, 2d, or until a day or moment", ("--until",), required=True, metavar="TIME"
            ),
            OF_PROJECT,
        ),
        examples=(Example("assay --as grace delegate jon --role risk --until 5d", "while grace is away"),),
        description="Whoever acts for somebody takes their seat: the two count once. Circles are refused.",
        writes=True,
        gives="delegation event:event",
    ),
    Action(
        "delegate end",
        "end a delegation before its time",
        group="people",
        scope="approvals",
        key="O",
        module="app.actions.delegation",
        function="end",
        arguments=(Argument("delegation", "its name"), Argument("reason", "why", ("--reason",), metavar="TEXT")),
        examples=(Example("assay --as grace delegate end grace-jon-risk", "grace is back"),),
        writes=True,
        gives="delegation event:event",
    ),
    Action(
        "delegate list",
        "who acts for whom in which role, until when",
        group="people",
        scope="approvals",
        key="M",
        module="app.actions.delegation",
        function="list_delegations",
        arguments=(EVERY, PROJECT),
        examples=(Example("assay delegate list", "those that hold"),),
        at=True,
        gives="at delegations",
    ),
)
