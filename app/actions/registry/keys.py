"""The actions on keys: signing what was prepared elsewhere, and which key is the ledger's."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

REASON = Argument("reason", "why; it is part of what is signed", ("--reason",), default="", metavar="TEXT")

SIGNING = (
    Action(
        "sign",
        "sign a statement that was prepared on another machine; needs a key, and no ledger",
        group="decide",
        scope="approvals",
        key="s",
        module="app.actions.signing",
        function="sign",
        arguments=(
            Argument("statement", "the file that --statement-only wrote", kind="path", metavar="STATEMENT"),
            Argument(
                "output", "write the signed envelope to this file", ("-o", "--output"), kind="path", metavar="FILE"
            ),
            Argument(
                "key_file",
                "sign with this Ed25519 key (PEM or OpenSSH), or with the ssh-agent's key whose .pub file it is",
                ("--with",),
                kind="path",
                metavar="FILE",
            ),
            Argument("yes", "sign without asking again", ("-y", "--yes"), kind="flag"),
        ),
        examples=(
            Example("assay sign 42.json -o 42.dsse.json", "with the signer's key that lies here"),
            Example("assay sign 42.json --with ~/.ssh/id_ed25519 > 42.dsse.json", "with an OpenSSH key"),
        ),
        gives="signer verdict subject request origin fingerprint envelope",
    ),
)

KEYS = (
    Action(
        "key show",
        "print the ledger's verifier key, which checks all that leaves it",
        group="people",
        scope="audit",
        key="z",
        module="app.actions.keys",
        function="show",
        arguments=(Argument("output", "write it to this file", ("-o", "--output"), kind="path", metavar="FILE"),),
        examples=(Example("assay key show -o ledger.vkey", "hand it to whoever shall verify, by another way"),),
        gives="origin key keys:[ledger_key]",
    ),
    Action(
        "key rotate",
        "give the ledger a new key for its checkpoints; an administrator signs",
        group="people",
        scope="audit",
        key="R",
        module="app.actions.keys",
        function="rotate_ledger",
        arguments=(REASON,),
        examples=(Example("assay --as ada key rotate --reason 'yearly'", "checkpoints before it stay valid"),),
        writes=True,
        gives="origin key event:event",
    ),
)

SUCCESSION = (
    Action(
        "continue",
        "let a restored copy go on under a name and a key of its own; an administrator signs",
        group="prove",
        scope="audit",
        key="O",
        module="app.actions.keys",
        function="go_on",
        arguments=(
            Argument("new_origin", "the copy's new global name", ("--new-origin",), required=True, metavar="NAME"),
            REASON,
        ),
        examples=(
            Example(
                "assay --as ada continue --new-origin example.com/ml-ledger-2", "after an older backup was restored"
            ),
        ),
        description=(
            "A ledger's key never signs two histories. Where a backup is restored that is older than what was signed, "
            "restore a newer one; if there is none, this records where the copy parted from the log that was lost."
        ),
        writes=True,
        gives="origin key size root event:event",
    ),
)
