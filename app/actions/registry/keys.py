"""The actions on people and keys: who is enrolled, with which keys, and which key is the ledger's."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

NAME = Argument("name", "whose", completes="person")
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

PEOPLE = (
    Action(
        "people list",
        "who is enrolled, with their roles and keys",
        group="people",
        scope="everywhere",
        key="W",
        module="app.actions.people",
        function="list_people",
        arguments=(Argument("project", "the roles in this project", ("--project",), completes="project"),),
        examples=(Example("assay people list", "everybody, in the order they were enrolled"),),
        at=True,
        gives="at people:[person]",
    ),
    Action(
        "people add",
        "enrol somebody's key and give them roles; an administrator signs",
        group="people",
        scope="everywhere",
        key="N",
        module="app.actions.people",
        function="add",
        arguments=(
            Argument("name", "who: a short name without spaces"),
            Argument("roles", "a role in the project (may be repeated)", ("--role",), arity="many", metavar="ROLE"),
            Argument("project", "the project of the roles", ("--project",), completes="project"),
            Argument(
                "public",
                "their public key (base64, an ssh-ed25519 line, or a file), where they keep the secret elsewhere",
                ("--key",),
                metavar="KEY",
            ),
            Argument("title", "what they do, such as 'Head of risk'", ("--title",)),
            Argument("team", "their team", ("--team",)),
            Argument("automation", "an automation identity, not a person", ("--automation",), kind="flag"),
        ),
        examples=(
            Example(
                "assay --as ada people add jon --role risk_officer --project fx-hedging", "make a key for jon here"
            ),
            Example("assay people add mia --key mia.pub --role model_owner", "enrol the key that mia keeps elsewhere"),
        ),
        description=(
            "Whoever is enrolled already is given the roles alone. Roles are free words; the rules of approval name "
            "those that count."
        ),
        writes=True,
        gives="person:person events:[event]",
    ),
    Action(
        "people adopt",
        "keep somebody's own Ed25519 key here, as it is: an OpenSSH key, or PEM",
        group="people",
        scope="everywhere",
        key="ctrl+k",
        module="app.actions.keys",
        function="adopt",
        arguments=(NAME, Argument("file", "the secret key's file", kind="path", metavar="FILE")),
        examples=(Example("assay people adopt ada ~/.ssh/id_ed25519", "then `assay people add ada` enrols it"),),
        description="The file is copied as it is, passphrase and all. Nothing is recorded.",
        gives="name key folder",
    ),
    Action(
        "people rotate",
        "enrol another key of somebody and revoke those before; an administrator signs",
        group="people",
        scope="everywhere",
        key="K",
        module="app.actions.keys",
        function="rotate",
        arguments=(
            NAME,
            Argument(
                "public",
                "the new public key (base64, an ssh-ed25519 line, or a file), where they keep the secret elsewhere",
                ("--key",),
                metavar="KEY",
            ),
            REASON,
        ),
        examples=(
            Example("assay --as ada people rotate jon", "with a new key, made here"),
            Example("assay --as ada people rotate jon --key jon.pub --reason 'new laptop'", "with the one in jon.pub"),
        ),
        description="Both events are recorded at once. What was signed with the old key stays valid: it counted then.",
        writes=True,
        gives="person:person events:[event]",
    ),
    Action(
        "people revoke",
        "revoke a key of somebody; an administrator signs",
        group="people",
        scope="everywhere",
        key="X",
        module="app.actions.keys",
        function="revoke",
        arguments=(
            NAME,
            Argument("key", "which, where there are several", ("--key",), metavar="KEY"),
            REASON,
        ),
        examples=(Example("assay --as ada people revoke jon --reason 'left the firm'", "from the next event on"),),
        writes=True,
        gives="person:person events:[event]",
    ),
)

KEYS = (
    Action(
        "key show",
        "print the ledger's verifier key, which checks all that leaves it",
        group="people",
        scope="audit",
        key="y",
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
