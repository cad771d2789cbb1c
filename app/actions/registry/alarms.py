"""The actions on alerts: seen, resolved, silenced."""

from __future__ import annotations

from app.actions.registry.types import COUNT, Action, Argument, Example

PROJECT = Argument("project", "only this project", ("--project",), completes="project")

ALERTS = (
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
            COUNT,
        ),
        examples=(Example("assay alerts --state raised", "those that nobody has seen yet"),),
        at=True,
        gives="at total alerts:[alert]",
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
    Action(
        "alerts resolve",
        "say what ended an alert",
        group="watch",
        scope="monitoring",
        key="s",
        module="app.actions.alerts",
        function="resolve",
        arguments=(
            Argument("alert", "which alert; the beginning of its name is enough", completes="alert"),
            Argument("action", "what was done about it", ("--action",), required=True, metavar="TEXT"),
            Argument("ref", "what ended it, such as a deployment or a run", ("--ref",), completes="ref", metavar="REF"),
        ),
        examples=(
            Example(
                "assay alerts resolve drift-2008-03-25 --action 'looked into; the inputs are right'",
                "a recorded decision",
            ),
        ),
        writes=True,
        gives="alert:alert event:event",
    ),
    Action(
        "alerts silence",
        "record a monitor's alerts, and send none, up to a day",
        group="watch",
        scope="monitoring",
        key="z",
        module="app.actions.alerts",
        function="silence",
        arguments=(
            Argument("monitor", "which monitor", completes="monitor"),
            Argument("until", "the last day of silence", ("--until",), required=True, metavar="DAY"),
            Argument("reason", "why", ("--reason",), required=True, metavar="TEXT"),
        ),
        examples=(
            Example(
                "assay alerts silence feature-drift --until 2026-12-24 --reason 'the index is being rebased'",
                "it still looks, and what it raises is still recorded",
            ),
        ),
        writes=True,
        gives="monitor until reason event:event",
    ),
)
