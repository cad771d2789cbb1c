"""Evidence that may be looked at every day: an e-process on the paired difference of two models' losses.

Both models score the same accounts; the unit of evidence is the day. With d the mean over accounts of the champion's loss less
the candidate's, x = clip(d, ±c), and E ← E·(1 + λx) with a bet λ that depends on the past alone. If the candidate is no better,
E is a non-negative supermartingale that starts at 1, and the chance that it *ever* reaches 1/α is at most α (Ville 1939;
Waudby-Smith & Ramdas 2024; Choe & Ramdas 2024): stopping when one likes costs nothing. A second process with −x tests the
other direction. What is tested is the mean of the clipped difference, so c is fixed before the start.

The losses must be one-day-ahead: with overlapping horizons the differences are no martingale, and the guarantee is void.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ledger.errors import InputError


@dataclass(frozen=True, slots=True)
class Bet:
    """How bets are placed: fixed before the first day.

    ``clip``: bound of a day's difference. ``prior_variance``: second moment expected before anything is seen, from the shadow
    period, with the weight of ``prior_days`` days. ``most``: the largest bet.
    """

    prior_variance: float
    clip: float = 1.0
    prior_days: float = 20.0
    most: float = 0.9

    def __post_init__(self) -> None:
        if not (math.isfinite(self.prior_variance) and self.prior_variance > 0):
            raise InputError(f"the shadow period's variance must be positive, not {self.prior_variance!r}")
        if not (self.clip > 0 and self.most > 0 and self.most * self.clip < 1 and self.prior_days > 0):
            raise InputError("a bet needs clip > 0, prior_days > 0 and 0 < most < 1 / clip: wealth must stay positive")


@dataclass(frozen=True, slots=True)
class EProcess:
    """Two processes on one stream of days: ``promote`` grows where the candidate is better, ``roll_back`` where it is worse."""

    bet: Bet
    days: int = 0
    total: float = 0.0
    squares: float = 0.0
    promote: float = 1.0
    roll_back: float = 1.0

    @property
    def stakes(self) -> tuple[float, float]:
        """The next day's bets, towards promotion and towards rollback: running mean over running second moment.

        Both start with the weight of ``prior_days`` days, the mean from zero: without it, the first day alone would set a bet.
        """
        weight = self.bet.prior_days + self.days
        mean = self.total / weight
        moment = (self.bet.prior_variance * self.bet.prior_days + self.squares) / weight
        wish = mean / moment
        return min(max(wish, 0.0), self.bet.most), min(max(-wish, 0.0), self.bet.most)

    def step(self, difference: float) -> EProcess:
        """After one more day. ``difference``: champion's mean loss less the candidate's; positive where it is better.

        Raises:
            InputError: the difference is not finite; a missing day is no evidence, and is not to be stepped.
        """
        if not math.isfinite(difference):
            raise InputError("a day without a finite loss difference is missing evidence, not evidence")
        x = min(max(difference, -self.bet.clip), self.bet.clip)
        up, down = self.stakes
        return replace(
            self,
            days=self.days + 1,
            total=self.total + x,
            squares=self.squares + x * x,
            promote=self.promote * (1 + up * x),
            roll_back=self.roll_back * (1 - down * x),
        )


def shadow_variance(differences: Sequence[float], clip: float = 1.0) -> float:
    """The variance of a shadow period's clipped daily differences: what ``Bet`` starts from.

    Raises:
        InputError: there are fewer than twenty days, one is not finite, or they do not vary.
    """
    days = np.asarray(differences, dtype=np.float64)
    if len(days) < 20 or not np.isfinite(days).all():
        raise InputError(f"a shadow period needs twenty days without gaps; there are {int(np.isfinite(days).sum())}")
    found = float(np.clip(days, -clip, clip).var())
    if found <= 0:
        raise InputError("the two models' losses never differ: they are one model, and there is nothing to test")
    return found
