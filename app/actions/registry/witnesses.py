"""The actions of witnesses: being one, and asking one."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

NAME = Argument("name", "which witness, where there are several here", ("--name",), metavar="NAME")
OUTPUT = Argument("output", "write it to this file", ("-o", "--output"), kind="path", metavar="FILE")

WITNESS = (
    Action(
        "witness init",
        "make a witness's identity, to vouch for other people's ledgers",
        group="prove",
        scope="audit",
        key="i",
        module="app.actions.witnesses",
        function="init",
        arguments=(Argument("name", "its name, such as witness.example.com/ada"),),
        examples=(Example("assay witness init witness.example.com/ada", "prints the verifier key to hand out"),),
        gives="name key",
    ),
    Action(
        "witness trust",
        "make a witness watch a ledger, by its verifier key",
        group="prove",
        scope="audit",
        key="t",
        module="app.actions.witnesses",
        function="trust",
        arguments=(
            Argument("keys", "the ledger's verifier key, or a file that holds it", arity="some", metavar="VKEY"),
            NAME,
        ),
        examples=(Example("assay witness trust ledger.vkey", "`assay key show` prints a ledger's key"),),
        gives="name logs:[watched]",
    ),
    Action(
        "witness cosign",
        "cosign another ledger's checkpoint, if it continues the last one that was seen",
        group="prove",
        scope="audit",
        key="s",
        module="app.actions.witnesses",
        function="cosign",
        arguments=(
            Argument("request", "the file that `assay witness request` wrote there", kind="path", metavar="REQUEST"),
            NAME,
            OUTPUT,
        ),
        examples=(Example("assay witness cosign request.txt -o cosigned.txt", "a file in, a file out"),),
        description=(
            "What it saw is on the disk before the cosignature is handed out, and never goes back. Where the ledger "
            "signed two histories, the proof is kept: `assay verify FILE --key VKEY` shows it to anyone."
        ),
        gives="name origin size root note",
    ),
    Action(
        "witness show",
        "the witnesses here, their keys, and what each saw last",
        group="prove",
        scope="audit",
        key="w",
        module="app.actions.witnesses",
        function="show",
        arguments=(Argument("name", "only this one", arity="optional"),),
        examples=(Example("assay witness show", "every witness whose key lies here"),),
        gives="witnesses:[witness]",
    ),
    Action(
        "witness request",
        "ask a witness to vouch for this ledger's newest checkpoint: a file for them",
        group="prove",
        scope="audit",
        key="e",
        module="app.actions.witnesses",
        function="request",
        arguments=(
            Argument("witness", "which, where several have vouched: a name or a verifier key", ("--witness",)),
            Argument(
                "old",
                "how many events the witness saw last; as recorded here where not given",
                ("--old",),
                kind="integer",
                metavar="N",
            ),
            OUTPUT,
        ),
        examples=(Example("assay witness request -o request.txt", "a C2SP add-checkpoint request"),),
        gives="origin old checkpoint request",
    ),
    Action(
        "witness add",
        "take in a checkpoint that a witness cosigned, and record that it vouched",
        group="prove",
        scope="audit",
        key="A",
        module="app.actions.witnesses",
        function="add",
        arguments=(
            Argument("file", "the cosigned checkpoint", kind="path", metavar="FILE"),
            Argument(
                "keys",
                "the witness's verifier key, or a file that holds it; not needed twice (may be repeated)",
                ("--key",),
                arity="many",
                metavar="VKEY",
            ),
            Argument(
                "policy", "a C2SP tlog-policy file that names witnesses", ("--policy",), kind="path", metavar="FILE"
            ),
        ),
        examples=(Example("assay witness add cosigned.txt --key witness.vkey", "stored beside the ledger's own"),),
        writes=True,
        gives="size witnesses note events:[event]",
    ),
)
