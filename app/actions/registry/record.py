"""The actions on the record itself: starting one, looking at it, proving it."""

from __future__ import annotations

from app.actions.registry.types import COUNT, Action, Argument, Example

PROJECT = Argument("project", "only this project", ("--project",), completes="project")
KINDS = ("dataset", "feature_view", "model", "code", "config", "runtime", "document")

START = (
    Action(
        "init",
        "make a workspace here, with a ledger of its own",
        group="start",
        scope="everywhere",
        key="ctrl+n",
        module="app.actions.workspaces",
        function="init",
        arguments=(
            Argument(
                "directory", "the folder; made where it is not there", arity="optional", kind="path", metavar="DIR"
            ),
            Argument("origin", "the ledger's global name, such as example.com/ml-ledger", ("--origin",)),
            Argument("project", "the first project's name; the folder's name where none is given", ("--project",)),
            Argument(
                "clock",
                "simulated: events carry the moments that their writers hand in",
                ("--clock",),
                choices=("system", "simulated"),
                default="system",
            ),
        ),
        examples=(
            Example("assay init --origin example.com/ml-ledger", "make the workspace in this folder"),
            Example("assay --as ada init hedging --project fx-hedging", "in ./hedging, with ada as its administrator"),
        ),
        description=(
            "Writes assay.toml and .assay/ledger.db, whose first event names the ledger, its key and its first "
            "administrator: --as NAME, ASSAY_ACTOR, the user configuration's, or the login name. A key is made for "
            "whoever has none; its passphrase is asked for, or read from the file that ASSAY_PASSPHRASE_FILE names."
        ),
        writes=True,
        gives="workspace ledger origin key administrator project clock",
    ),
    Action(
        "overview",
        "what waits for somebody, what is wrong, what is live",
        group="start",
        scope="everywhere",
        key="1",
        module="app.actions.overview",
        function="overview",
        examples=(
            Example("assay overview", "the whole workspace on one page"),
            Example("assay overview --at 2008-10-01", "the same, as it stood at the end of that day"),
        ),
        at=True,
        gives=(
            "at ledger:standing requests:[request] exceptions:[exception] alerts:[alert] live:[deployment] "
            "running:[run] counts newest:[event] agent"
        ),
    ),
    Action(
        "whoami",
        "who acts here, and why; which keys and roles they hold",
        group="start",
        scope="everywhere",
        key="I",
        module="app.actions.people",
        function="whoami",
        examples=(
            Example("assay whoami", "the actor of the next command"),
            Example("assay --as ada whoami", "ada's keys and roles"),
        ),
        at=True,
        gives="name why demo at ledger person:person key_here roles:[role]",
    ),
    Action(
        "completion",
        "print the line that lets your shell complete commands and references",
        group="start",
        scope="everywhere",
        key="ctrl+t",
        module="app.actions.workspaces",
        function="completion",
        arguments=(Argument("shell", "the shell", choices=("bash", "zsh", "fish")),),
        examples=(
            Example('eval "$(assay completion bash)"', "in ~/.bashrc"),
            Example("assay completion fish > ~/.config/fish/completions/assay.fish", "once, for fish"),
        ),
        gives="shell code",
    ),
)

LOOK = (
    Action(
        "log",
        "the events, newest last, one plain sentence each",
        group="look",
        scope="everywhere",
        key="9",
        module="app.actions.events",
        function="log",
        arguments=(
            COUNT,
            Argument(
                "types",
                "only this type, or all that begin so: approval. (may be repeated)",
                ("--type",),
                arity="many",
                completes="event_type",
                metavar="TYPE",
            ),
            Argument(
                "subject", "only what is about this, or begins so", ("--subject",), completes="ref", metavar="REF"
            ),
            Argument("by", "only what this actor recorded", ("--actor",), completes="person", metavar="NAME"),
            PROJECT,
            Argument(
                "where",
                "only what fits: type:approval actor:ada,bo -subject:model/ at>2008-09-15 seq<900 words",
                ("--where",),
                metavar="FILTER",
            ),
        ),
        examples=(
            Example("assay log -n 20", "the last twenty"),
            Example(
                "assay log --type approval. --json", "every approval's request and verdict among the newest, as JSON"
            ),
            Example("assay log --subject model/ --at 2008-10-01", "what had been done with models by then"),
            Example(
                "assay log --where 'type:alert,approval -actor:ada'",
                "a filter as the dashboard's f takes it: all terms must hold, commas are or, a minus turns a term round",
            ),
        ),
        at=True,
        gives="at events:[event]",
    ),
    Action(
        "show",
        "one thing and its history: a version, run, event, person, request, alert, deployment",
        group="look",
        scope="everywhere",
        key="enter",
        module="app.actions.show",
        function="show",
        arguments=(Argument("ref", "what: fx-vol@champion, run/7c1e, seq:42, alert/…, person/ada", completes="ref"),),
        examples=(
            Example("assay show fx-vol@champion", "the version that the alias points to"),
            Example("assay show seq:0 --json", "an event, with its exact bytes and hash"),
        ),
        at=True,
        gives="what ref at history:[event]",
    ),
    Action(
        "lineage",
        "what something came from, and what depends on it",
        group="look",
        scope="everywhere",
        key="3",
        module="app.actions.lineage",
        function="lineage",
        arguments=(
            Argument("ref", "whose lineage; REF#COLUMN for one column's", completes="ref"),
            Argument("up", "only what it came from", ("--up",), kind="flag"),
            Argument("down", "only what depends on it", ("--down",), kind="flag"),
            Argument("depth", "at most this many steps away", ("--depth",), kind="integer", metavar="N"),
            Argument("since", "mark what has come to it after this event or moment", ("--since",), metavar="SEQ|TIME"),
            Argument("impact", "what breaks if it is withdrawn: live, waiting, owners", ("--impact",), kind="flag"),
            Argument("mermaid", "print it as a Mermaid flowchart", ("--mermaid",), kind="flag"),
            Argument("dot", "print it as a Graphviz digraph", ("--dot",), kind="flag"),
        ),
        examples=(
            Example("assay lineage fx-vol@champion --up", "from the champion back to the file it came from"),
            Example("assay lineage ecb-rates --impact", "what breaks if this dataset is withdrawn"),
            Example("assay lineage fx-panel#USD --up", "the columns that this column was computed from"),
            Example("assay lineage ecb-rates --since 2008-09-01 --at 2008-10-01", "what came to it in between"),
            Example("assay lineage fx-vol@champion --dot > lineage.dot", "to be drawn by Graphviz"),
        ),
        at=True,
        gives="at focus nodes:[node] edges:[edge] unknown since appeared diagram",
    ),
    Action(
        "orphans",
        "versions that came from nothing, went into nothing, and that no run used",
        group="look",
        scope="lineage",
        key="o",
        module="app.actions.lineage",
        function="orphans",
        arguments=(
            Argument("kind", "only this kind", ("--kind",), choices=KINDS),
            PROJECT,
        ),
        examples=(Example("assay orphans --kind dataset", "data that nobody uses"),),
        at=True,
        gives="at orphans",
    ),
)

PROVE = (
    Action(
        "verify",
        "check every event, link, tree node, column, signature and rule of a ledger",
        group="prove",
        scope="audit",
        key="v",
        module="app.actions.proofs",
        function="verify",
        arguments=(
            Argument(
                "path",
                "a ledger's file, a workspace, a bundle, or a proof file; this workspace where none is named",
                arity="optional",
                kind="path",
            ),
            Argument("strict", "also hold every body against its canonical form", ("--strict",), kind="flag"),
            Argument(
                "checkpoints",
                "a signed checkpoint kept elsewhere, which the ledger must continue (may be repeated)",
                ("--checkpoint",),
                kind="path",
                arity="many",
                metavar="FILE",
            ),
            Argument(
                "since",
                "a checkpoint of the last verification: take what it covers as verified, and look at what is new",
                ("--since",),
                kind="path",
                metavar="CHECKPOINT",
            ),
            Argument(
                "keys",
                "the ledger's verifier key as known from elsewhere, or a file that holds it (may be repeated)",
                ("--key",),
                arity="many",
                metavar="VKEY",
            ),
            Argument(
                "policy",
                "a C2SP tlog-policy file: whose cosignatures a checkpoint must have",
                ("--policy",),
                kind="path",
                metavar="FILE",
            ),
            Argument(
                "misbehaviour",
                "where the ledger's key signed two histories, write the proof to this file",
                ("--misbehaviour",),
                kind="path",
                metavar="FILE",
            ),
            Argument("record", "append the result, as self-attested evidence", ("--record",), kind="flag"),
        ),
        examples=(
            Example("assay verify", "this workspace's ledger; exit code 1 where something is found"),
            Example("assay verify copy.db --checkpoint kept.txt", "a copy, against a checkpoint kept elsewhere"),
            Example(
                "assay verify --since yesterday.checkpoint", "what came after it; the rest is said to be unchecked"
            ),
            Example("assay verify event-42.tlog-proof --key ledger.vkey", "a proof, with nothing but the ledger's key"),
            Example("assay verify --json", "the findings, with their events, for a program"),
        ),
        writes=True,
        gives="ok size root head origin checked findings:[finding] complete incomplete unchecked",
    ),
    Action(
        "checkpoint",
        "sign the tree's root, and print the signed note",
        group="prove",
        scope="audit",
        key="c",
        module="app.actions.proofs",
        function="checkpoint",
        arguments=(Argument("output", "write it to this file", ("-o", "--output"), kind="path", metavar="FILE"),),
        examples=(
            Example("assay checkpoint", "print it; keep it elsewhere, and it detects a later rewrite"),
            Example("assay checkpoint -o today.checkpoint", "into a file"),
        ),
        writes=True,
        gives="origin size root note",
    ),
    Action(
        "rebuild",
        "make every projection anew from the events",
        group="prove",
        scope="audit",
        key="B",
        module="app.actions.proofs",
        function="rebuild",
        examples=(Example("assay rebuild", "also upgrades a ledger of an older schema, after a verified copy"),),
        writes=True,
        gives="events",
    ),
)
