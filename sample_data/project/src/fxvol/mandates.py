"""Synthetic mandates: the accounts whose currencies are hedged. Nobody's portfolio; the file says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fxvol import har


def make(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Draw mandates from a seeded generator.

    Outputs: ``mandates``, JSON. Config: ``currencies``, ``accounts`` (how many), ``concentration`` (of the Dirichlet
    distribution that the weights come from), ``median_aum`` in EUR and ``log_deviation`` of the log-normal sizes.
    """
    currencies = list(config["currencies"])
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.full(len(currencies), float(config["concentration"])), int(config["accounts"]))
    sizes = float(config["median_aum"]) * np.exp(
        float(config["log_deviation"]) * generator.standard_normal(len(weights))
    )
    har.dump(
        {
            "synthetic": True,
            "note": "Synthetic mandates, drawn from a seeded generator; they are nobody's portfolios.",
            "seed": seed,
            "currencies": currencies,
            "accounts": [
                {"id": f"M{number:04d}", "aum_eur": round(float(size)), "weights": own}
                for number, (size, own) in enumerate(zip(sizes, weights.tolist(), strict=True), start=1)
            ],
        },
        outputs["mandates"],
    )
    return {"accounts": float(len(weights)), "aum_eur": float(np.round(sizes).sum())}
