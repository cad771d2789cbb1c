"""The actions on maturity: levels, claims, the guide and the doctor."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

PROJECT = Argument("project", "in this project", ("--project",), completes="project")
TRACK = Argument("track", "which", choices=("data", "model", "code"))
VERIFY = Argument("verify", "verify the chain now, rather than go by what was recorded", ("--verify",), kind="flag")

LEVELS = (
    Action(
        "maturity",
        "where Data, Model and Code stand, why, since when, and the cheapest next step",
        group="look",
        scope="everywhere",
        key="2",
        module="app.actions.maturity",
        function="maturity",
        arguments=(
            Argument("projects", "these alone; one is shown in detail", arity="many", completes="project"),
            Argument("why", "one criterion: what it demands, what proves it", ("--why",), metavar="CRITERION"),
            Argument("history", "the levels week by week", ("--history",), kind="flag"),
            Argument("weeks", "how many weeks of history", ("--weeks",), kind="integer", default=52),
            Argument("every", "every criterion, those that are held too", ("--all",), kind="flag"),
            VERIFY,
        ),
        examples=(
            Example("assay maturity", "every project side by side, or the only one in detail"),
            Example("assay maturity fx-hedging --all", "every criterion of one project"),
            Example("assay maturity --why D1.1", "what proves this criterion, and when that lapses"),
            Example("assay maturity --history --verify", "the last year, on a chain that is verified first"),
        ),
        description="Levels are derived from the events, never typed in; docs/maturity.md says how.",
        at=True,
        gives="at time model trouble projects:[project_standing] teams:[team_standing]",
    ),
    Action(
        "maturity adopt",
        "register the maturity model in force as a policy, by its digest",
        group="decide",
        scope="maturity",
        key="A",
        module="app.actions.maturity",
        function="adopt",
        arguments=(PROJECT,),
        examples=(Example("assay maturity adopt", "then it can be approved, and every answer names it"),),
        writes=True,
        gives="ref sha256 source event:event",
    ),
)

ASSESSMENTS = (
    Action(
        "assess",
        "record what you claim of a level; it is shown beside the proof",
        group="decide",
        scope="maturity",
        key="c",
        module="app.actions.assessments",
        function="claim",
        arguments=(
            TRACK,
            Argument("level", "L0 to L4"),
            PROJECT,
            Argument("note", "why", ("--note",), metavar="TEXT"),
        ),
        examples=(
            Example("assay assess data L2 --note 'since the panel is checked'", "the derived level is said too"),
        ),
        writes=True,
        gives="claimed derived event:event",
    ),
    Action(
        "assess map",
        "freeze the levels as a document and ask DS, Eng and Ops to sign it",
        group="decide",
        scope="maturity",
        key="m",
        module="app.actions.assessments",
        function="freeze",
        arguments=(PROJECT, VERIFY),
        examples=(Example("assay assess map", "then each function signs its request"),),
        writes=True,
        gives="map requests events:[event]",
    ),
    Action(
        "assess review",
        "record that a governance review was held",
        group="decide",
        scope="maturity",
        key="v",
        module="app.actions.assessments",
        function="review",
        arguments=(
            Argument(
                "participants",
                "who took part (may be repeated)",
                ("--participant",),
                arity="many",
                completes="person",
                required=True,
                metavar="NAME",
            ),
            Argument("decisions", "what was decided (may be repeated)", ("--decision",), arity="many", metavar="TEXT"),
            Argument("track", "which track, or all", ("--track",), default="all"),
            PROJECT,
            Argument("everywhere", "of every project", ("--everywhere",), kind="flag"),
        ),
        examples=(
            Example(
                "assay assess review --participant ada --participant jon --decision 'L2 stands'", "levels compared"
            ),
        ),
        writes=True,
        gives="event:event",
    ),
)

GUIDE = (
    Action(
        "guide",
        "prerequisites, the eight steps, checkpoints and readiness, each with its live state",
        group="look",
        scope="maturity",
        key="b",
        module="app.actions.guide",
        function="guide",
        arguments=(
            PROJECT,
            Argument(
                "page", "one page alone", ("--page",), choices=("prerequisites", "steps", "checkpoints", "readiness")
            ),
            VERIFY,
        ),
        examples=(
            Example("assay guide", "from the first page to the last"),
            Example("assay guide --page readiness", "the eight lines that confirm production"),
        ),
        at=True,
        gives="at project pages items:[guide_item]",
    ),
    Action(
        "doctor",
        "the eight symptoms: the cause that the ledger shows, and the command that mends it",
        group="look",
        scope="maturity",
        key="d",
        module="app.actions.doctor",
        function="doctor",
        arguments=(PROJECT,),
        examples=(Example("assay doctor", "exit code 1 where something is found"),),
        at=True,
        gives="at project symptoms:[symptom]",
    ),
)
