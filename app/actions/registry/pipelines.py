"""The actions of pipelines and of what happens by the clock."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

AGENT = (
    Action(
        "agent",
        "do what is due by the clock: triggers, monitors, escalation; until Ctrl-C, or once",
        group="watch",
        scope="monitoring",
        key="A",
        module="app.agent.command",
        function="agent",
        arguments=(
            Argument("once", "do one round and end, as cron wants it", ("--once",), kind="flag"),
            Argument("status", "do nothing: say who leads, and when the agent last ran", ("--status",), kind="flag"),
            Argument(
                "every",
                "seconds from one round's beginning to the next's",
                ("--every",),
                kind="number",
                default=60.0,
                metavar="SECONDS",
            ),
            Argument("only", "only this duty (may be repeated)", ("--only",), arity="many", metavar="DUTY"),
        ),
        examples=(
            Example("assay agent", "in the foreground, a round each minute"),
            Example("assay --as svc-agent agent --once", "one round, for cron: nothing that is done is done twice"),
            Example("assay agent --status", "who leads this ledger, and what the last round did"),
        ),
        description=(
            "One agent leads a ledger: a second one says which, and ends (exit code 2; with --once, 0). A duty that "
            "fails is told in a line, and the others are done all the same. Under a simulated clock it is always the "
            "moment of the last event. Exit code 1 of --once: a duty failed."
        ),
        writes=True,
        gives="rounds work leader last",
    ),
)
