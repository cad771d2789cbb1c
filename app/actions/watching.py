"""Watching the live model: each new day is scored, looked at by every monitor, and recorded with what it raised."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from app.actions.alerts import silences
from app.actions.serving import Scoring, Serving, whole
from app.monitoring import declaration, monitor
from app.monitoring import series as series_
from app.monitoring.observation import Observation
from app.monitoring.onsets import Alarm
from app.pipelines import yamltext
from ledger.errors import InputError, Refused
from ledger.events.alerts import AlertRaised, AlertResolved
from ledger.events.monitors import MonitorConfigured, MonitorObserved, MonitorRefused
from ledger.format.event import decode
from ledger.ledger import Entry
from ledger.projections import alerts, artifacts, deployments, monitors

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.logged import LoggedDays
    from app.monitoring.declaration import Declaration
    from app.monitoring.monitor import Monitor
    from app.monitoring.observation import Verdict
    from ledger.projections.view import View
    from ledger.store.journal import Recorded

CLOSE = "17:00:00.000000Z"
"""When a day's looks are recorded under a simulated clock: after the fixing is published."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One day of watching: what each monitor saw, and the alerts that began on it."""

    day: str
    observations: dict[str, Observation]
    raised: tuple[str, ...]
    recorded: tuple[Recorded, ...]


class Watch:
    """The monitors of the live model, with the windows that they look at. Begins where the record ends."""

    def __init__(self, context: Context, serving: Serving, scoring: Scoring | LoggedDays) -> None:
        """Calibrate what is declared and fill the windows from the days before; nothing is recorded yet.

        Raises:
            InputError: no version is live, or what is declared or the reference cannot be used.
        """
        self._context = context
        self._serving = serving
        self._scoring = scoring
        self._project = context.workspace.project(None)
        view = context.ledger.view()
        live = deployments.live(view, serving.model, serving.environment)
        if live is None:
            raise InputError(
                f"no version of {serving.model} is live in {serving.environment}; `assay deploy` puts one there"
            )
        self._live_since = (live.ended_at or live.at)[:10]
        self._model = _require(artifacts.get(view, live.subject))
        scoring.load(self._model)
        self._reference = scoring.reference(context, serving.reference)
        self.refused: dict[str, str] = {}
        self._monitors = self._configured(context)
        self._alarms = {name: self._fresh(name) for name in self._monitors}
        self._records = self._recorded(context)
        self._last_day = ""
        self._recall()
        self._fill()

    @property
    def model(self) -> artifacts.Artifact:
        """The live version."""
        return self._model

    @property
    def last_day(self) -> str:
        """The last day that was looked at, or an empty text."""
        return self._last_day

    @property
    def live_since(self) -> str:
        """The day on which the live version went live."""
        return self._live_since

    @property
    def names(self) -> tuple[str, ...]:
        """The monitors that were accepted."""
        return tuple(self._monitors)

    def named(self, kind: str) -> str | None:
        """The first accepted monitor of a kind, by name."""
        return next((name for name, each in self._monitors.items() if each.declaration.kind == kind), None)

    def days(self, until: str | None = None) -> list[str]:
        """The days that are to be looked at: since the model is live, after the last one, until a day."""
        found = self._scoring.after(self._last_day, until)
        return found[bisect_left(found, self._live_since) :]

    def declare(self) -> list[Recorded]:
        """Record the monitors: those accepted with their thresholds, those refused with the reason. Done once per setting."""
        known = {(each.monitor, each.subject): each for each in monitors.listed(self._context.ledger.view())}
        entries = []
        for item, made in self._settings:
            fact = self._configuration(item, made)
            before = known.get((item.monitor, item.subject))
            if before is None or before.facts != {
                k: v for k, v in fact.to_value().items() if k not in ("monitor", "kind")
            }:
                entries.append(Entry(fact, item.subject, self._context.actor, self._project))
        return self._context.ledger.record_many(entries) if entries else []

    def switch(self, model: artifacts.Artifact, day: str) -> None:
        """Watch the version that took the live one's place on ``day``: with its own forecasts, and the alarms as they are."""
        self._scoring.load(model)
        self._model = model
        self._live_since = day
        self._fill()

    def leap(self, day: str) -> None:
        """Go on after ``day``: what lies between was watched by nobody, and nothing is recorded of it.

        The windows are filled from the days before; an alarm that so long a time would have ended is over.
        """
        for name in self._alarms:
            self._renew(name, self._last_day, day)
        self._last_day = max(self._last_day, day)
        self._fill()

    def look(self, day: str) -> Seen:
        """Look at one day and record it: every observation, and the alerts that begin or end with it, in one transaction."""
        self._take(day)
        observed = {name: each.observe(self._series.arrays()) for name, each in self._monitors.items()}
        moment = f"{day}T{CLOSE}"
        entries = [self._observation(name, day, seen, moment) for name, seen in observed.items()]
        raised = []
        for name, seen in observed.items():
            self._alarms[name], change = self._alarms[name].step(seen.verdict)
            if change == "raised":
                entries.append(self._alert(name, day, seen, moment))
                raised.append(f"{name}-{day}")
            elif change == "cleared":
                entries += self._cleared(name, moment)
        recorded = self._context.ledger.record_many(entries)
        self._last_day = day
        return Seen(day, observed, tuple(raised), tuple(recorded))

    def idle(self, today: str) -> list[Recorded]:
        """Look at freshness on a day on which no data came: once a day, as long as it lasts.

        Other monitors wait for data; that none comes is this one's to see.
        """
        names = [name for name, each in self._monitors.items() if each.declaration.kind == "freshness"]
        newest = self._scoring.days[-1] if self._scoring.days else ""
        if not newest or today <= max(newest, self._last_day) or self._last_day < newest:
            return []
        waited = float((date.fromisoformat(today) - date.fromisoformat(newest)).days)
        entries: list[Entry] = []
        for name in names:
            each = self._monitors[name]
            if each.declaration.options.get("series") != "age" or waited <= each.threshold:
                continue
            if any(o.day == today for o in monitors.observations(self._context.ledger.view(), name)):
                continue
            detail = {"age": waited, "newest": newest, "reason": f"the newest data are of {newest}"}
            seen = Observation(name, "freshness", waited, each.threshold, "breached", 0, detail)
            entries.append(self._observation(name, today, seen, ""))
            self._alarms[name], change = self._alarms[name].step("breached")
            if change == "raised":
                entries.append(self._alert(name, today, seen, ""))
        return self._context.ledger.record_many(entries) if entries else []

    def _configured(self, context: Context) -> dict[str, Monitor]:
        path = context.workspace.inside(self._serving.monitors)
        hint = "it declares the monitors (see the demo's)"
        document = yamltext.read(path, "declaration of monitors", path.name, hint)
        self._settings: list[tuple[Declaration, Monitor | str]] = []
        for each in declaration.read(document.value, path.name, document.where):
            item = replace(each, subject=whole(each.subject, self._project))
            try:
                made: Monitor | str = monitor.configure(item, self._reference.arrays())
            except Refused as error:
                made = str(error)
                self.refused[item.monitor] = made
            self._settings.append((item, made))
        return {item.monitor: made for item, made in self._settings if not isinstance(made, str)}

    def _recall(self) -> None:
        """Bring the alarms to where the recorded looks left them; the events say more than their projection."""
        rows = self._context.ledger.view().rows(
            "SELECT body FROM events WHERE type = :type AND subject >= :low AND subject < :high AND seq <= :at "
            "ORDER BY seq",
            {"type": MonitorObserved.TYPE, "low": f"{self._model.base}@", "high": f"{self._model.base}@\uffff"},
        )
        looked: dict[str, str] = {}
        for (body,) in rows:
            seen = decode(body).value
            name, day = seen["monitor"], seen.get("day")
            if day is None or name not in self._monitors or "detail" not in seen:
                continue
            self._renew(name, looked.get(name, day), day)
            looked[name] = day
            verdict: Verdict = "breached" if seen["breached"] else seen["detail"].get("verdict", "inconclusive")
            self._alarms[name], _ = self._alarms[name].step(verdict)
            self._last_day = max(self._last_day, day)

    def _fresh(self, name: str) -> Alarm:
        rule = self._monitors[name].declaration
        return Alarm(rule.clear_after, raise_after=rule.raise_after)

    def _renew(self, name: str, since: str, day: str) -> None:
        """Begin a monitor's alarm anew where nobody looked between two days for as long as quiet days end it."""
        days = self._scoring.days
        if bisect_left(days, day) - bisect_left(days, since) > self._monitors[name].declaration.clear_after:
            self._alarms[name] = self._fresh(name)

    def _fill(self) -> None:
        """Fill the windows with what the live version says of the days before it went live, and of those looked at since."""
        days = self._scoring.days
        live, seen = bisect_left(days, self._live_since), bisect_right(days, self._last_day)
        self._series = series_.Series(self._reference.units)
        # No monitor looks further back than its window; twice as much leaves room for labels that stay open.
        most = 2 * max((each.declaration.window for each in self._monitors.values()), default=0)
        stop = max(live, seen)
        for day in days[max(live - self._serving.warm_up, stop - max(most, self._serving.warm_up), 0) : stop]:
            self._take(day)

    def _take(self, day: str) -> None:
        """Add a day to the windows, as the source has it, with what was logged of its answers where monitors ask for it."""
        values = self._scoring.values(day, self._model.ref)
        if self._records is not None:
            values = {**self._records.values(day, self._model.ref), **values}
        self._series.append(day, values)

    def _recorded(self, context: Context) -> LoggedDays | None:
        """The inference records, where a monitor looks at what only they tell; ``None`` where none does."""
        from app.actions.logged import LoggedDays

        if isinstance(self._scoring, LoggedDays):
            return None
        asked = {str(each.declaration.options.get("series")) for each in self._monitors.values()}
        return LoggedDays(context, self._serving) if asked & set(LoggedDays.TOLD) else None

    @property
    def reference(self) -> series_.Series:
        """What monitors are calibrated on."""
        return self._reference

    @property
    def series(self) -> series_.Series:
        """The windows as they are: what monitors looked at last."""
        return self._series

    @property
    def monitors(self) -> dict[str, Monitor]:
        """The monitors that were accepted, by name."""
        return dict(self._monitors)

    def _configuration(self, item: Declaration, made: Monitor | str) -> MonitorConfigured | MonitorRefused:
        if isinstance(made, str):
            return MonitorRefused(monitor=item.monitor, kind=item.kind, threshold=item.document(), reason=made)
        rule = made.document()
        return MonitorConfigured(
            monitor=item.monitor,
            kind=item.kind,
            threshold=rule,
            route=item.route,
            rule=str(rule.get("rule", item.kind)),
            severity=item.severity,
            window=item.window,
            escalation={"within": item.acknowledge_within, "to": item.escalate_to} if item.escalate_to else {},
        )

    def _observation(self, name: str, day: str, seen: Observation, moment: str) -> Entry:
        detail: dict[str, Any] = {"verdict": seen.verdict, "inputs": seen.inputs, **_plain(seen.detail)}
        fact = MonitorObserved(
            monitor=name,
            kind=seen.kind,
            value=seen.value,
            breached=seen.breached,
            threshold=seen.threshold,
            day=day,
            n=seen.n,
            detail=detail,
        )
        return Entry(fact, self._model.ref, self._context.actor, self._project, at=moment or None)

    def _alert(self, name: str, day: str, seen: Observation, moment: str) -> Entry:
        rule = self._monitors[name].declaration
        quiet_until = silences(self._context.ledger.view(), self._project).get(name, "")
        fact = AlertRaised(
            alert=f"{name}-{day}",
            monitor=name,
            severity=rule.severity,
            message=words(seen),
            value=seen.value,
            threshold=seen.threshold,
            day=day,
            series=watched(rule, seen),
            before=before(self._context.ledger.view(), self._model),
            silenced=quiet_until >= day,
        )
        return Entry(fact, self._model.ref, self._context.actor, self._project, at=moment or None)

    def _cleared(self, name: str, moment: str) -> list[Entry]:
        """An alert ends by itself once its monitor has been quiet for as many days as its declaration says."""
        lasting = [
            each
            for each in alerts.listed(self._context.ledger.view())
            if each.monitor == name and each.state != "resolved" and not each.injected
        ]
        quiet = self._monitors[name].declaration.clear_after
        return [
            Entry(
                AlertResolved(alert=each.alert, action=f"{quiet} quiet days in a row"),
                None,
                self._context.actor,
                self._project,
                cause=each.seq,
                at=moment,
            )
            for each in lasting
        ]


def source(context: Context, serving: Serving) -> Scoring | LoggedDays:
    """Where days come from, as declared: the service that scores them, or the inference records that were logged."""
    from app.actions.logged import LoggedDays
    from app.actions.serving import SERVE_LOG

    return LoggedDays(context, serving) if serving.source == SERVE_LOG else Scoring(context, serving)


def words(seen: Observation) -> str:
    """What a monitor saw, as an alert says it."""
    detail = seen.detail
    if seen.kind == "drift":
        return f"{len(detail['fired'])} of {detail['armed']} armed features drifted: {', '.join(detail['fired'])}"
    if seen.kind == "performance":
        return f"mean log error of {seen.value:.4f}, above {seen.threshold:.4f}: the forecasts are too low"
    if seen.kind in ("basel", "business"):
        return f"{detail['exceptions']} exceptions of the value-at-risk in {detail['days']} days: {detail['zone']} zone"
    return f"{seen.kind} of {seen.value:.4g} against {seen.threshold:.4g}"


def watched(rule: Declaration, seen: Observation) -> list[str]:
    """The series that an alert is about: of a drift those that fired, else what the monitor declares."""
    if seen.kind == "drift":
        return list(seen.detail.get("fired", ()))
    named = rule.options.get("series", rule.options.get("pairs", ()))
    return [named] if isinstance(named, str) else [str(each) for each in named]


def before(view: View, model: artifacts.Artifact) -> list[dict[str, Any]]:
    """What came before an alert and may explain it: the last deployment of the model, and the newest data."""
    found: list[dict[str, Any]] = []
    ended = [
        each
        for each in deployments.listed(view, project=model.project)
        if each.subject.rpartition("@")[0] == model.base and each.ended_seq is not None
    ]
    if ended:
        last = max(ended, key=lambda each: each.ended_seq or 0)
        found.append({"what": "deployment", "ref": last.ref, "seq": last.ended_seq, "at": last.ended_at})
    data = artifacts.versions(view, kind="dataset", project=model.project)
    if data:
        newest = max(data, key=lambda each: each.seq)
        found.append({"what": "data version", "ref": newest.ref, "seq": newest.seq, "at": newest.at})
    return found


def _plain(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Detail as it goes into an event: floats to nine significant digits, which keeps events small."""
    return {key: _rounded(value) for key, value in detail.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def _require(artifact: artifacts.Artifact | None) -> artifacts.Artifact:
    if artifact is None:
        raise InputError("the live deployment names a version that is not registered; run `assay verify`")
    return artifact
