"""The actions on people: who is enrolled, with which keys and roles, who answers for what, who may do what."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

NAME = Argument("name", "whose", completes="person")
REASON = Argument("reason", "why; it is part of what is signed", ("--reason",), default="", metavar="TEXT")
WHERE = Argument(
    "project",
    "the project of the roles; all for the whole ledger, team/NAME for a team (as member)",
    ("--project",),
    completes="project",
)
ROLES = Argument("roles", "a role (may be repeated)", ("--role",), arity="many", metavar="ROLE")

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
        confirms="revoke_key",
        gives="person:person events:[event]",
    ),
)

STANDING = (
    Action(
        "people show",
        "one person, automation or team: roles, keys, what they are and did",
        group="people",
        scope="approvals",
        key="w",
        module="app.actions.standing",
        function="show",
        arguments=(Argument("name", "who; team/NAME for a team", completes="person"),),
        examples=(Example("assay people show grace", "a person"), Example("assay people show team/risk", "a team")),
        at=True,
        gives="at person:person history:[event]",
    ),
    Action(
        "people grant",
        "give somebody, or a team, roles in a project; signed by the actor",
        group="people",
        scope="approvals",
        key="R",
        module="app.actions.standing",
        function="grant",
        arguments=(Argument("name", "who; team/NAME for a team", completes="person"), ROLES, WHERE),
        examples=(
            Example("assay --as ivy people grant grace --role risk", "a role in the project"),
            Example("assay --as ivy people grant grace --role member --project team/risk", "into a team"),
            Example("assay --as ivy people grant team/risk --role risk", "a role to all who are in a team"),
        ),
        description="Roles are free words; the policy in force says which of them may do what.",
        writes=True,
        gives="person:person events:[event]",
    ),
    Action(
        "people take",
        "take roles from somebody, or out of a team; what they did in them stays",
        group="people",
        scope="approvals",
        key="U",
        module="app.actions.standing",
        function="take",
        arguments=(
            Argument("name", "whose; team/NAME for a team", completes="person"),
            ROLES,
            WHERE,
            Argument("reason", "why", ("--reason",), metavar="TEXT"),
        ),
        examples=(Example("assay --as ivy people take grace --role risk --reason 'moved on'", "from now on"),),
        writes=True,
        gives="person:person events:[event]",
    ),
    Action(
        "people raci",
        "who is responsible, accountable, consulted, informed for something",
        group="people",
        scope="approvals",
        key="o",
        module="app.actions.standing",
        function="raci",
        arguments=(
            Argument("subject", "an artifact, with its version or without, or a project", completes="ref"),
            Argument("responsible", "who is responsible from now on", ("--responsible",), completes="person"),
            Argument("accountable", "who is accountable from now on", ("--accountable",), completes="person"),
            Argument("consulted", "who is consulted from now on", ("--consulted",), completes="person"),
            Argument("informed", "who is informed from now on", ("--informed",), completes="person"),
        ),
        examples=(
            Example("assay people raci fx-vol", "who is what for the model"),
            Example("assay people raci fx-vol --accountable hugo --responsible ada", "say who is"),
        ),
        description="Requests that wait too long are escalated along it: the responsible, the accountable, administrators.",
        writes=True,
        at=True,
        gives="at subject raci events:[event]",
    ),
    Action(
        "people can",
        "who may do what at that moment, by the policy then in force, and why",
        group="people",
        scope="approvals",
        key="p",
        module="app.actions.standing",
        function="can",
        arguments=(
            Argument("name", "only them, with reasons", arity="optional", completes="person"),
            Argument("project", "in this project", ("--project",), completes="project"),
        ),
        examples=(
            Example("assay people can", "everybody"),
            Example("assay people can grace --at 2008-10-01", "what grace could have done on that day, and why"),
        ),
        at=True,
        gives="at project policy digest people",
    ),
    Action(
        "people charter",
        "stand for a project as its sponsor: attach the charter, and sign it",
        group="people",
        scope="approvals",
        key="H",
        module="app.actions.standing",
        function="charter",
        arguments=(
            Argument("file", "the charter", kind="path"),
            Argument("project", "the project", ("--project",), completes="project"),
            Argument("title", "its title", ("--title",), metavar="TEXT"),
        ),
        examples=(Example("assay --as hugo people charter charter.md", "signed with hugo's key"),),
        writes=True,
        gives="project charter events:[event]",
    ),
)
