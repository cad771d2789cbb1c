"""Rules over alerts that call for a retraining: drift *and* performance, or a red Basel zone; with a cool-down and a budget.

The workspace's ``retraining.yaml`` declares them. A rule leads to a training and, where declared, to a canary; it puts nothing
into production: that needs the canary's gates and the approvals of the policy, as everything does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.actions import events
from ledger.errors import InputError
from ledger.projections import alerts, deployments, monitors

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.fields import Fields
    from ledger.projections.alerts import Alert
    from ledger.projections.view import View

FILE = "retraining.yaml"
TRIGGERED = "retraining.triggered"
_KEYS = ("rules", "cool_down", "runs", "within", "years", "canary")


@dataclass(frozen=True, slots=True)
class Rule:
    """What calls for a retraining: open alerts of all ``monitors`` at once, or a monitor's value of ``at_least`` so much.

    ``where`` is the place of its declaration, for errors.
    """

    name: str
    monitors: tuple[str, ...]
    at_least: float | None = None
    where: str = FILE


@dataclass(frozen=True, slots=True)
class Rules:
    """What ``retraining.yaml`` declares.

    ``cool_down``: days between two retrainings; ``runs`` of them ``within`` so many days at most; ``years``: how long the
    training window is; ``canary``: whether the new version starts as one.
    """

    rules: tuple[Rule, ...]
    cool_down: int
    runs: int
    within: int
    years: int
    canary: bool


class Due(NamedTuple):
    """A rule that holds, and the alert that made it hold; or why nothing is due, where ``rule`` is empty."""

    rule: str
    alert: Alert | None
    cause: str
    reason: str


def declared(context: Context) -> Rules:
    """The workspace's rules.

    Raises:
        InputError: there is no such file, or it is malformed.
    """
    from app.pipelines import yamltext
    from app.pipelines.fields import Fields

    hint = "it declares what calls for a retraining (see docs/monitoring.md)"
    fields = Fields(
        yamltext.read(context.workspace.root / FILE, "declaration of retrainings", FILE, hint), (), "retraining"
    )
    fields.only(_KEYS)
    return Rules(
        tuple(_rule(each) for each in fields.tables("rules", "a rule")),
        fields.whole("cool_down"),
        fields.whole("runs", 1),
        fields.whole("within", 1),
        fields.whole("years", 1),
        fields.flag("canary"),
    )


def _rule(item: Fields) -> Rule:
    """A rule over several monitors' alerts, or over one monitor's value."""
    if "all" in item.value:
        item.only(("rule", "all"))
        return Rule(item.text("rule"), item.words("all"), where=item.where("all"))
    if not {"monitor", "at_least"} & set(item.value):
        raise item.error("", "a rule is {rule, all: [monitor, …]} or {rule, monitor, at_least}")
    item.only(("rule", "monitor", "at_least"))
    return Rule(item.text("rule"), (item.text("monitor"),), item.number("at_least"), item.where("monitor"))


def due(context: Context, rules: Rules) -> Due:
    """What the rules call for now. Drills call for nothing, an answered alert or a candidate on trial for nothing more."""
    view = context.ledger.view()
    past = events.matching(view, types=[TRIGGERED])
    answered = {each.event.value["ref"] for each in past}
    for rule in rules.rules:
        found = _holds(view, rule)
        if found is None or f"alert/{found.alert}" in answered:
            continue
        trial = next((each for each in deployments.listed(view) if each.status == "under way"), None)
        if trial is not None:
            return Due("", found, "", f"{rule.name} holds, but {trial.ref} is under way, and may be the answer")
        kinds = {each.monitor: each.kind for each in monitors.listed(view)}
        barred = _barred(rules, [each.event.at[:10] for each in past], context.ledger.now()[:10])
        if barred:
            return Due("", found, "", f"{rule.name} holds, but {barred}")
        return Due(rule.name, found, kinds.get(found.monitor, found.monitor), "")
    return Due("", None, "", "no rule holds")


def _holds(view: View, rule: Rule) -> Alert | None:
    """The newest alert by which a rule holds, or ``None``."""
    known = {each.monitor for each in monitors.listed(view)}
    absent = [each for each in rule.monitors if each not in known]
    if absent:
        raise InputError(f"{rule.where}: rule {rule.name} asks for the monitor {absent[0]}, which is not declared")
    if rule.at_least is not None:
        seen = monitors.observations(view, rule.monitors[0])
        if not seen or seen[-1].value is None or seen[-1].value < rule.at_least:
            return None
    lasting = {each.monitor: each for each in alerts.listed(view) if each.state != "resolved" and not each.injected}
    if not all(each in lasting for each in rule.monitors):
        return None
    return max((lasting[each] for each in rule.monitors), key=lambda each: each.seq)


def _barred(rules: Rules, past: list[str], today: str) -> str:
    """Why no retraining may start on a day: too soon after the last one, or too many already."""
    if past and today < (date.fromisoformat(past[-1]) + timedelta(rules.cool_down)).isoformat():
        return f"the last retraining was on {past[-1]}, and {rules.cool_down} days are to pass"
    since = (date.fromisoformat(today) - timedelta(rules.within)).isoformat()
    recent = [each for each in past if each > since]
    if len(recent) >= rules.runs:
        return f"the budget is spent: {len(recent)} of {rules.runs} in {rules.within} days"
    return ""
