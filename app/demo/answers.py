"""The answers: what the declared retraining rules call for is trained and put on trial; where people attend, three at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.actions import events, retrainrules
from app.actions.retraining import TRIGGERED, made_by, once, retrained, triggered
from app.actions.rolling import STRATEGIES, begin
from app.demo import beats, cast
from app.demo.script import AUTOMATIC_DAYS, years_later
from app.demo.stage import Stage
from ledger.projections import alerts, deployments, runs

if TYPE_CHECKING:
    from app.actions.retrainrules import Due
    from app.actions.serving import Scoring, Serving
    from ledger.projections.artifacts import Artifact
    from ledger.store.journal import Recorded

FAULTS = (
    (("serving.scale=0.8",), "whose forecasts are in another unit"),
    (("serving.lag=5",), "that is served features five days old"),
)
"""The faulty builds that the demo puts on trial beside a good one: what is set otherwise in their training, and in words."""


class Answers:
    """What follows from a rule that holds. Found in the record; done where it is not."""

    def __init__(self, stage: Stage, serving: Serving, scoring: Scoring) -> None:
        self._stage = stage
        self._serving = serving
        self._scoring = scoring
        self._rules = retrainrules.declared(stage.as_(cast.TRAINER))

    def due(self, day: str) -> Due | None:
        """What the rules say of a day; ``None`` where no alert lasts."""
        if all(each.state == "resolved" for each in alerts.listed(self._stage.view)):
            return None
        self._stage.at(day, "17:20:00")
        return retrainrules.due(self._stage.as_(cast.TRAINER), self._rules)

    def attended(self, before: int | None = None) -> bool:
        """Whether people take a retraining in hand: an automatic candidate for the live version's place has failed before."""
        view = self._stage.view if before is None else self._stage.ledger.view(before)
        live = deployments.live(view, self._serving.model, self._serving.environment)
        return live is not None and any(
            each.plan.get("champion") == live.subject and each.status == "inconclusive"
            for each in deployments.listed(view)
        )

    def give(self, day: str, due: Due | None) -> None:
        """Carry out what is due on a day, or was due and is not done."""
        if due is not None and due.rule and due.alert is not None:
            self._stage.at(day, "17:25:00")
            because = f"alert/{due.alert.alert}"
            trainer = self._stage.as_(cast.TRAINER)
            triggered(trainer, cause=due.alert.seq, reason=due.cause, because=because, rule=due.rule)
            self._stage.say(f"{day}: the rule {due.rule} calls for a retraining, because of {due.alert.alert}")
        pending = self.pending()
        following = next(iter(self._scoring.after(day)), None)
        if pending is None or following is None:
            return
        attended = self.attended(pending.seq)
        if not attended or following[:7] != day[:7]:
            self._carry_out(pending, day, following, attended=attended)

    def pending(self) -> Recorded | None:
        """The last retraining that a rule called for, where not all that it leads to is on trial."""
        begun = [each for each in events.matching(self._stage.view, types=[TRIGGERED]) if each.event.value.get("rule")]
        if not begun:
            return None
        last = begun[-1]
        made = made_by(self._stage.view, last.seq)
        wanted = 1 + len(self._faults(last.seq))
        started = {each.subject for each in deployments.listed(self._stage.view)}
        return None if len(made) >= wanted and started.issuperset(made) else last

    def _faults(self, trigger: int) -> Sequence[tuple[Sequence[str], str]]:
        """The faulty builds that are tried with a retraining: once in the story, where people attend."""
        before = deployments.listed(self._stage.ledger.view(trigger))
        tried = any(each.strategy == "shadow" for each in before)
        return FAULTS if self.attended(trigger) and not tried else ()

    def _carry_out(self, trigger: Recorded, day: str, following: str, *, attended: bool) -> None:
        self._stage.at(day, "18:00:00")
        who = cast.ENGINEER if attended else cast.TRAINER
        since = self._scoring.after(years_later(day, -self._rules.years))[0]
        reason, faults = str(trigger.event.value["cause"]), self._faults(trigger.seq)
        window = [f"window.first={since}", f"window.last={day}"]
        settings, known = self._as_the_champion(), made_by(self._stage.view, trigger.seq)
        hand = self._stage.as_(who)
        beats.panel(self._stage, hand, cause=trigger.seq, reason=reason, until=day)
        ref = retrained(hand, trigger=trigger.seq, reason=reason, first=since, last=day, settings=settings)
        if ref not in known:
            self._stage.say(f"{who.name} retrained on {since} to {day}: {ref}")
        changes = {"arms": 1 + len(faults), **({} if attended else {"maximum_days": AUTOMATIC_DAYS})}
        for fault, words in faults:
            made = once(
                hand, "specs/train.yaml", [*window, *settings, *fault], trigger=reason, cause=trigger.seq
            ).outputs[0][0]
            if made not in known:
                self._stage.say(f"a fault is planted: {made}, {words}")
        for each in reversed(made_by(self._stage.view, trigger.seq)):
            self.start(beats.version(self._stage, each), following, changes, shadow=each != ref)

    def start(
        self, candidate: Artifact, first_day: str, changes: Mapping[str, object] | None = None, *, shadow: bool = False
    ) -> None:
        """Put a version on trial, where it is not yet: a canary serves its slice, a shadow nobody."""
        if any(each.subject == candidate.ref for each in deployments.listed(self._stage.view)):
            return
        self._stage.at(first_day, "07:30:00")
        context = self._stage.as_(cast.DEPLOYER)
        begin(
            context,
            self._serving,
            self._scoring,
            candidate,
            first_day=first_day,
            changes=changes,
            cause=candidate.seq,
            shadow=shadow,
        )
        started = trials_of(self._stage)[-1]
        realised, plan = started.plan["realised"], started.plan
        share = f"α = {plan['alpha_promote']:g}" + (f"/{plan['arms']}" if plan["arms"] > 1 else "")
        self._stage.say(
            f"{first_day}: {candidate.ref} starts {'in shadow beside' if shadow else 'as a canary on'} "
            f"{realised['accounts']} of the (synthetic) accounts, {realised['size_share']:.0%} of what is managed; "
            f"{share}, {plan['maximum_days']} days at most"
        )

    def _as_the_champion(self) -> list[str]:
        """What else a retraining's configuration says: its correlation is made as that of the live version was."""
        live = deployments.live(self._stage.view, self._serving.model, self._serving.environment)
        assert live is not None
        run = runs.get(self._stage.view, beats.version(self._stage, live.subject).run or "")
        if run is None or run.config is None:
            return []
        method = json.loads(self._stage.ledger.objects.read(run.config))["correlation"]["method"]
        return [f"correlation.method={method}"]


def trials_of(stage: Stage) -> list[deployments.Deployment]:
    """The canaries and shadows of the record, in the order in which they were started."""
    return [each for each in deployments.listed(stage.view) if each.strategy in STRATEGIES]
