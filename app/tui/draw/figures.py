"""Which of a version's figures say most of it."""

from __future__ import annotations

from collections.abc import Iterable

TELLING = (
    "r_squared", "r2", "accuracy", "auc", "f1", "score", "sharpe", "error", "loss", "qlike", "mae", "rmse", "mse", "mape",
    "brier", "bias", "precision", "recall", "coverage",
)  # fmt: skip
"""Words by which figures are known that say how good something is; the first say most."""


def ranked(names: Iterable[str]) -> list[str]:
    """The names, those first that say how good something is, else by the alphabet."""

    def rank(name: str) -> tuple[int, str]:
        lowered = name.casefold()
        return next((place for place, word in enumerate(TELLING) if word in lowered), len(TELLING)), name

    return sorted(names, key=rank)
