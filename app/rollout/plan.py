"""A canary's plan: everything that is fixed before its first day, so that no later look can bend it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from app.rollout.eprocess import Bet
from app.rollout.slices import Method
from ledger.errors import InputError


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
        ratio_limit: of the prediction-ratio gate. parity_limit: of the parity gate, ``None`` to leave it out.
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
    clip: float = 1.0
    prior_days: float = 20.0
    most_bet: float = 0.9

    def __post_init__(self) -> None:
        if not self.salt:
            raise InputError("a canary's plan needs a salt")
        if self.method not in ("hash", "capped", "stratified"):
            raise InputError(f"accounts are chosen by hash, capped or stratified, not {self.method!r}")
        fractions = self.slices
        if not fractions or not all(0 < each <= 1 for each in fractions) or sorted(set(fractions)) != list(fractions):
            raise InputError(
                f"a canary's slices must be ascending fractions above 0 and at most 1, not {list(fractions)}"
            )
        for name in ("alpha_promote", "alpha_roll_back"):
            if not 0 < getattr(self, name) < 0.5:
                raise InputError(f"{name} must lie between 0 and 0.5, not {getattr(self, name)!r}")
        if not 1 <= self.minimum_days <= self.maximum_days:
            raise InputError(
                f"a canary needs 1 ≤ minimum ≤ maximum days, not {self.minimum_days} and {self.maximum_days}"
            )
        if self.arms < 1 or self.widen_after < 1:
            raise InputError("a canary needs one arm and one day before widening at least")
        if not (math.isfinite(self.ratio_limit) and self.ratio_limit > 0):
            raise InputError(f"the prediction-ratio gate needs a limit above 0, not {self.ratio_limit!r}")
        if self.parity_limit is not None and not 0 <= self.parity_limit < 1:
            raise InputError(
                f"the parity gate needs a limit from 0 to below 1, not {self.parity_limit!r}: it could never stop"
            )
        self.bet  # noqa: B018 - refuses what could not be bet with

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

    def document(self) -> dict[str, Any]:
        """As JSON-able data, in the form that ``read`` takes."""
        return asdict(self) | {"slices": list(self.slices)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """A plan from plain data.

        Raises:
            InputError: a key is unknown or missing, or a value is out of range.
        """
        known = [each.name for each in fields(cls)]
        for key in data:
            if key not in known:
                raise InputError(f"a canary's plan has no {key!r}; known are {', '.join(known)}")
        try:
            return cls(**{**data, "slices": tuple(data["slices"])})
        except (KeyError, TypeError) as error:
            raise InputError(f"a canary's plan is incomplete or malformed: {error}") from None
