"""A canary's plan: everything that is fixed before its first day, so that no later look can bend it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, Self

from app.rollout.eprocess import Bet
from app.rollout.kayenta import LEAST_POINTS
from app.rollout.slices import Method
from app.workspace import nearest
from ledger.errors import InputError


class PlanError(InputError):
    """What is wrong with a plan, and with which of its keys; none where it is about the whole."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Plan:
    """What was declared.

    Attributes:
        salt, method: how accounts are chosen (see ``slices``).
        slices: the fractions that it may widen through, ascending; the first is where it starts.
        widen_after: days with open gates before the next slice.
        alpha_promote, alpha_roll_back: the chance to be wrong in each direction, whenever one looks.
        arms: how many candidates run at once; they share the error, each getting its part.
        minimum_days: no promotion before; maximum_days: inconclusive after.
        gate: what weighs the losses: ``paired``, the e-process, which may be looked at every day; or ``kayenta``, Kayenta's
            judge, which looks once, on the last day.
        ratio_limit: of the prediction-ratio gate. quality_limit, parity_limit: the share of feature values that may be
            missing, or unlike the feature view's; ``None`` leaves the gate out.
        latency_limit, cost_limit: the largest ratio of the 95 % points, candidate's to champion's; ``None`` leaves it out.
        alpha_exceptions: the chance to roll back wrongly for value-at-risk exceptions; ``None`` leaves the gate out.
        exception_rate: the share of days on which the value-at-risk may be exceeded.
        shadow_variance, shadow_days: of the daily loss differences before the start.
        clip, prior_days, most_bet: see ``eprocess.Bet``.
    """

    salt: str
    slices: tuple[float, ...]
    minimum_days: int
    maximum_days: int
    shadow_variance: float
    shadow_days: int
    alpha_promote: float = 0.05
    alpha_roll_back: float = 0.05
    arms: int = 1
    method: Method = "hash"
    widen_after: int = 20
    ratio_limit: float = 0.1
    parity_limit: float | None = 0.0
    quality_limit: float | None = None
    latency_limit: float | None = None
    cost_limit: float | None = None
    alpha_exceptions: float | None = None
    exception_rate: float = 0.01
    gate: Literal["paired", "kayenta"] = "paired"
    clip: float = 1.0
    prior_days: float = 20.0
    most_bet: float = 0.9

    def __post_init__(self) -> None:
        if not self.salt:
            raise PlanError("salt", "a canary's plan needs a salt")
        if self.method not in ("hash", "capped", "stratified"):
            raise PlanError("method", f"accounts are chosen by hash, capped or stratified, not {self.method!r}")
        fractions = self.slices
        if not fractions or not all(0 < each <= 1 for each in fractions) or sorted(set(fractions)) != list(fractions):
            raise PlanError(
                "slices",
                f"a canary's slices must be ascending fractions above 0 and at most 1, not {list(fractions)}",
            )
        for name in ("alpha_promote", "alpha_roll_back"):
            if not 0 < getattr(self, name) < 0.5:
                raise PlanError(name, f"{name} must lie between 0 and 0.5, not {getattr(self, name)!r}")
        if not 1 <= self.minimum_days <= self.maximum_days:
            raise PlanError(
                "minimum_days",
                f"a canary needs 1 ≤ minimum ≤ maximum days, not {self.minimum_days} and {self.maximum_days}",
            )
        if self.arms < 1 or self.widen_after < 1:
            what = "a canary needs one arm and one day before widening at least"
            raise PlanError("arms" if self.arms < 1 else "widen_after", what)
        if not (math.isfinite(self.ratio_limit) and self.ratio_limit > 0):
            raise PlanError("ratio_limit", f"the prediction-ratio gate needs a limit above 0, not {self.ratio_limit!r}")
        if self.parity_limit is not None and not 0 <= self.parity_limit < 1:
            raise PlanError(
                "parity_limit",
                f"the parity gate needs a limit from 0 to below 1, not {self.parity_limit!r}: it could never stop",
            )
        self._check_gates()
        self.bet  # noqa: B018 - refuses what could not be bet with

    def _check_gates(self) -> None:
        """Refuse limits that a gate could never stop at, or never open at."""
        if self.gate not in ("paired", "kayenta"):
            raise PlanError("gate", f"losses are weighed by the gate paired or kayenta, not by {self.gate!r}")
        if self.gate == "kayenta" and self.maximum_days < LEAST_POINTS:
            what = f"Kayenta's judge needs {LEAST_POINTS} days; this canary has {self.maximum_days} at most"
            raise PlanError("maximum_days", what)
        if self.quality_limit is not None and not 0 <= self.quality_limit < 1:
            raise PlanError(
                "quality_limit",
                f"the data-quality gate needs a limit from 0 to below 1, not {self.quality_limit!r}: it could never stop",
            )
        for name in ("latency_limit", "cost_limit"):
            limit = getattr(self, name)
            if limit is not None and not (math.isfinite(limit) and limit >= 1):
                raise PlanError(name, f"{name} is the largest ratio to the champion's, 1 or more, not {limit!r}")
        alpha = self.alpha_exceptions
        if alpha is not None and not 0 < alpha < 0.5:
            raise PlanError("alpha_exceptions", f"alpha_exceptions must lie between 0 and 0.5, not {alpha!r}")

    @property
    def bet(self) -> Bet:
        """How evidence is gathered."""
        return Bet(self.shadow_variance, self.clip, self.prior_days, self.most_bet)

    @property
    def promote_at(self) -> float:
        """The evidence that promotes: arms / α."""
        return self.arms / self.alpha_promote

    @property
    def roll_back_at(self) -> float:
        """The evidence that rolls back: arms / α."""
        return self.arms / self.alpha_roll_back

    @property
    def exceptions_at(self) -> float | None:
        """The evidence of too many exceptions that rolls back, or ``None`` where that gate is left out."""
        return None if self.alpha_exceptions is None else self.arms / self.alpha_exceptions

    def document(self) -> dict[str, Any]:
        """As JSON-able data, in the form that ``read`` takes."""
        return asdict(self) | {"slices": list(self.slices)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """A plan from plain data.

        Raises:
            PlanError: a key is unknown or missing, or a value is of another type or out of range; it names the key.
        """
        known = {each.name: str(each.type) for each in fields(cls)}
        for key, value in data.items():
            if key not in known:
                raise PlanError(key, f"a canary's plan has no {key!r}{nearest(key, list(known))}")
            _require_type(key, value, known[key])
        for each in fields(cls):
            if each.default is MISSING and each.name not in data:
                raise PlanError("", f"a canary's plan is incomplete: add {each.name}:")
        return cls(**{**data, "slices": tuple(data["slices"])})


def _require_type(key: str, value: Any, kind: str) -> None:
    """A setting is what its field says: a whole number, a finite number or none, fractions, or a word."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "int":
        right, said = type(value) is int, "a whole number"
    elif kind.startswith("float"):
        right, said = number or (value is None and "None" in kind), "a finite number"
    elif kind.startswith("tuple"):
        numbers = isinstance(value, list | tuple) and all(type(each) in (int, float) for each in value)
        right, said = numbers, "a list of numbers"
    else:
        right, said = isinstance(value, str), "a word"
    if not right:
        raise PlanError(key, f"{key} must be {said}, not {value!r:.60}")
