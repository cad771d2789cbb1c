"""Policies as data: what a transition demands, who may act, with a digest that decisions can name."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ledger.format import canonical, hashes
from ledger.projections import View, policies


class Approvals(NamedTuple):
    """So many people have approved, in one of these roles (any that counts where none is named), no longer ago than so."""

    quorum: int
    roles: tuple[str, ...] = ()
    within: int | None = None


class Checks(NamedTuple):
    """The newest execution of each check of these kinds, or of this name, has passed, and there is one at least.

    ``on`` is what was checked: the ``version``, its ``inputs`` (each of them), or the ``model`` under any version.
    """

    kinds: tuple[str, ...] = ()
    name: str = ""
    within: int | None = None
    on: str = "version"


class CriteriaMet(NamedTuple):
    """The acceptance criteria that were set before the run that is judged by them are met."""


class Documents(NamedTuple):
    """A document of this kind is attached to the version or, where it says so, to the model."""

    kind: str


class Owned(NamedTuple):
    """Somebody has this RACI role for the version or its model."""

    role: str


class Reproduced(NamedTuple):
    """The run that made the version was repeated with equal results, no longer ago than so."""

    within: int | None = None


class All(NamedTuple):
    """Every part holds."""

    of: tuple[Any, ...]


class AtLeast(NamedTuple):
    """So many of the parts hold; one of them is any-of."""

    least: int
    of: tuple[Any, ...]


Condition = Approvals | Checks | CriteriaMet | Documents | Owned | Reproduced | All | AtLeast


class Automatic(NamedTuple):
    """Which automation identities may approve, and what must hold when they do."""

    identities: tuple[str, ...]
    when: Condition


class Waivable(NamedTuple):
    """Who may make an exception, and for how many seconds at most."""

    roles: tuple[str, ...]
    at_most: int


class Rule(NamedTuple):
    """What one transition demands. Times are in seconds; ``place`` is where it stands in the policy's document.

    Where the slice of accounts is at most ``unapproved_slice``, a shadow or canary may start before the rest holds: its
    evidence is what the approvers are shown. ``peers_may_sign``: a role that an author holds counts. ``one_request``: all
    approvals are on the same request, so over the same evidence. ``every_author``: those who registered version and code
    are authors besides who ran the run.
    """

    to: tuple[str, ...]
    came_from: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    require: Condition | None = None
    unapproved_slice: float = 0.0
    author_may_sign: bool = False
    requester_may_sign: bool = False
    peers_may_sign: bool = False
    runs_signed: bool = False
    sla: int | None = None
    expires: int | None = None
    notify: tuple[str, ...] = ()
    automation: Automatic | None = None
    exceptions: Waivable | None = None
    one_request: bool = True
    every_author: bool = True
    place: tuple[str | int, ...] = ()


class Policy(NamedTuple):
    """A policy. ``version`` and ``seq`` are those of its adoption; ``document`` is what was adopted."""

    name: str
    version: int
    rules: tuple[Rule, ...]
    document: dict[str, Any]
    access: dict[str, tuple[str, ...]] = {}  # noqa: RUF012  (never changed)
    grants_signed: bool = False
    title: str = ""
    ref: str = ""
    seq: int | None = None

    def digest(self) -> str:
        """The digest of the policy's canonical JSON."""
        return hashes.digest(canonical.encode(self.document))

    def for_transition(self, environment: str, kind: str, tier: str) -> tuple[Rule, ...]:
        """The rules on versions of a kind and tier that go to an environment; all of them must be satisfied."""
        return tuple(
            rule
            for rule in self.rules
            if environment in rule.to
            and (not rule.kinds or kind in rule.kinds)
            and (not rule.tiers or tier in rule.tiers)
        )

    def words(self, environment: str = "prod") -> str:
        """What the policy demands of a transition, in a sentence."""
        if self.ref:
            found = [rule for rule in self.rules if environment in rule.to]
            return "; and ".join(rule_words(rule) for rule in found) or f"it asks nothing before {environment}"
        return (
            "two approvals by roles other than the trainer's before prod; "
            "neither the trainer nor the requester may sign"
        )


_DEFAULT_RULE = Rule(
    to=("prod",),
    require=Approvals(2),
    unapproved_slice=0.1,
    one_request=False,
    every_author=False,
)

DEFAULT = Policy(
    name="two-approvals",
    version=1,
    rules=(_DEFAULT_RULE,),
    document={"name": "two-approvals", "version": 1, "environment": "prod", "approvals": 2, "unapproved_slice": 0.1},
)
"""The policy of a ledger that has adopted none."""


def in_force(view: View, project: str | None) -> Policy:
    """The policy in force in a project for the event after the view: what it adopted, what the ledger did, or the default."""
    adopted = policies.adopted(view, project)
    if adopted is None:
        return DEFAULT
    return _read(adopted.text, adopted.policy, adopted.seq)


def of_adoption(adoption: policies.Adoption) -> Policy:
    """The policy that was adopted."""
    return _read(adoption.text, adoption.policy, adoption.seq)


@lru_cache(maxsize=64)
def _read(text: str, ref: str, seq: int) -> Policy:
    import json

    from ledger.rules import grammar

    version = ref.rpartition("@")[2]
    try:
        parsed = grammar.parse(json.loads(text))
    except grammar.PolicyError:
        # Only a forged log holds one: what cannot be read allows nothing.
        return Policy(ref, 0, (), {}, dict.fromkeys(ACTS, ("nobody",)), ref=ref, seq=seq)
    return parsed._replace(ref=ref, seq=seq, version=int(version) if version.isdecimal() else 0)


ALERT = "alert"
"""The transition by whose name a policy sets the time within which alerts are acknowledged; nothing goes there."""

ACTS: dict[str, tuple[str, ...]] = {
    "register": ("artifact.registered", "document.attached"),
    "retire": ("artifact.retired",),
    "run": ("run.started",),
    "watch": ("monitor.configured", "check.configured"),
    "criteria": ("criteria.set",),
    "request": ("approval.requested",),
    "promote": ("promotion.recorded", "alias.moved"),
    "deploy": ("deployment.started", "deployment.step", "deployment.completed"),
    "roll_back": ("deployment.rolled_back",),
    "own": ("owner.assigned",),
    "grant": ("access.granted", "access.revoked"),
    "adopt": ("policy.adopted", "sla.set"),
}
"""What a policy may keep to roles, and the event types that each act records."""


def duration(seconds: int) -> str:
    """A time in words: ``2 days``, ``36 hours``."""
    for size, name in ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def condition_words(condition: Condition) -> str:
    """A condition in words."""
    if isinstance(condition, Approvals):
        by = f" by {' or '.join(condition.roles)}" if condition.roles else ""
        return f"{condition.quorum} approval{'' if condition.quorum == 1 else 's'}{by}{_age(condition.within)}"
    if isinstance(condition, Checks):
        what = f"the check {condition.name}" if condition.name else f"checks ({' or '.join(condition.kinds)})"
        on = {"version": "", "inputs": " of every input", "model": " of the model"}[condition.on]
        return f"{what}{on} passed{_age(condition.within)}"
    if isinstance(condition, CriteriaMet):
        return "the acceptance criteria set beforehand are met"
    if isinstance(condition, Documents):
        return f"a {condition.kind.replace('_', ' ')} is attached"
    if isinstance(condition, Owned):
        return f"somebody is {condition.role} for it"
    if isinstance(condition, Reproduced):
        return f"its run was reproduced{_age(condition.within)}"
    parts = [condition_words(each) for each in condition.of]
    if isinstance(condition, All):
        return " and ".join(f"({each})" if " or " in each and len(parts) > 1 else each for each in parts)
    if condition.least == 1:
        return " or ".join(parts)
    return f"{condition.least} of these: {', '.join(parts)}"


def rule_words(rule: Rule) -> str:
    """A rule in a sentence."""
    if rule.to == (ALERT,) and rule.require is None and rule.sla is not None:
        return f"an alert is acknowledged within {duration(rule.sla)}"
    said = [condition_words(rule.require)] if rule.require is not None else []
    if rule.came_from:
        said.append(f"it stood in {' or '.join(rule.came_from)}")
    if rule.runs_signed:
        said.append("its run is signed")
    signs = rule.require is not None and "approval" in condition_words(rule.require)
    may_not = (("an author", not rule.author_may_sign), ("the requester", not rule.requester_may_sign))
    barred = [who for who, bars in may_not if signs and bars]
    tail = f"; {' nor '.join(barred)} may not sign" if len(barred) == 1 else ""
    tail = f"; neither {' nor '.join(barred)} may sign" if len(barred) == 2 else tail
    for name, seconds in (("an answer is due within", rule.sla), ("a request expires after", rule.expires)):
        tail += f"; {name} {duration(seconds)}" if seconds is not None else ""
    of = f" of {' and '.join(rule.tiers)}" if rule.tiers else ""
    return f"{' and '.join(said) or 'registration'} before {' or '.join(rule.to)}{of}{tail}"


def _age(within: int | None) -> str:
    return "" if within is None else f", in the last {duration(within)}"
