"""The desk: people's part in alerts, told, acknowledged by the model's owner, and resolved once a successor took over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import alerts as alert_actions
from app.demo import cast
from app.demo.stage import PROJECT, Stage
from ledger.events.alerts import AlertResolved
from ledger.ledger import Entry
from ledger.projections import alerts, deployments, monitors

if TYPE_CHECKING:
    from app.actions.retrainrules import Due
    from app.actions.watching import Seen, Watch
    from ledger.projections.alerts import Alert
    from ledger.projections.view import View


class Desk:
    """Who looks at alerts, and what they say of them."""

    def __init__(self, stage: Stage, watch: Watch) -> None:
        self._stage = stage
        self._watch = watch

    def tell(self, seen: Seen) -> None:
        """Say which alerts a day has raised."""
        for name in seen.raised:
            alert = alerts.get(self._stage.view, name)
            assert alert is not None
            self._stage.say(f"{seen.day}: {alert.severity} from {alert.monitor}: {alert.message}")

    def acknowledge(self, due: Due | None, *, attended: bool) -> None:
        """The model's owner acknowledges what is raised.

        Args:
            due: what the retraining rules say of the day, where anything lasts.
            attended: whether people take the retraining in hand.
        """
        for alert in alerts.listed(self._stage.view, state="raised"):
            if alert.injected:
                continue
            note = _opinion(alert, due, attended=attended)
            self._stage.at(alert.day or self._stage.today, "17:20:00")
            alert_actions.acknowledge(self._stage.as_(cast.MODEL_OWNER), alert=alert.alert, note=note)
            self._stage.say(f"{cast.MODEL_OWNER.name} acknowledged {alert.monitor}: {note}")

    def resolve(self) -> None:
        """Once a successor has taken over, what alarmed about its predecessor is over; what is still breached stays open."""
        view = self._stage.view
        successions = [each for each in deployments.listed(view) if each.strategy == "canary" and each.status == "ok"]
        if not successions:
            return
        ended = max(successions, key=lambda each: each.ended_seq or 0)
        lasting = [
            each
            for each in alerts.listed(view)
            if each.state != "resolved" and each.seq < (ended.ended_seq or 0) and not each.injected
        ]
        if not lasting:
            return
        then = self._stage.ledger.view(ended.ended_seq)
        past = [each for each in lasting if not _is_breached(then, each.monitor)]
        action, owner = "a successor took over", cast.MODEL_OWNER.name
        resolved = [
            Entry(AlertResolved(each.alert, action, ended.ref), None, owner, PROJECT, cause=ended.ended_seq)
            for each in past
        ]
        if resolved:
            self._stage.record_many(resolved)


def _opinion(alert: Alert, due: Due | None, *, attended: bool) -> str:
    if due is None or due.alert is None:
        return "seen; it counts once drift and bias come together, and we change nothing yet"
    if not due.rule:
        return f"seen; {due.reason}"
    if attended:
        return (
            "the rule calls for a retraining; the last one was too early to prove anything: we train at the month's end"
        )
    return "the rule calls for a retraining; what it trains has to prove itself as a canary first"


def _is_breached(view: View, monitor: str) -> bool:
    """Whether a monitor's last look, as of a view, was beyond its threshold."""
    seen = monitors.observations(view, monitor, project=PROJECT)
    return bool(seen) and seen[-1].breached
