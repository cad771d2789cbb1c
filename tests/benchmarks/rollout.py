"""Routes per second, from a batch and one by one, beside bare SHA-256 digests of the same keys."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from app.rollout.router import Router, Table, write
from tests.benchmarks import harness

ACCOUNTS = 200_000


def main(argv: Sequence[str]) -> int:
    """Measure, and print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks rollout")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(argv)
    accounts = [f"M{n:07}" for n in range(given.accounts)]
    keys = [f"salt:{account}".encode() for account in accounts]
    model = "model/p/m"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.json"
        write(Table(model, "prod", 1, f"{model}@1", candidate=f"{model}@2", salt="salt", fraction=0.1), path)
        router = Router(path)

        def one_by_one() -> None:
            for account in accounts:
                router.route(account)

        def bare() -> None:
            for key in keys:
                sha256(key).digest()

        found = harness.alternate(
            {
                "batch": harness.timed(lambda: router.route_many(accounts)),
                "single": harness.timed(one_by_one),
                "bare": harness.timed(bare),
            },
            rounds=given.rounds,
        )
    figures = []
    for name, what, bar in (("batch", "from a batch", 1 / 2), ("single", "one by one", 1 / 3)):
        rate = given.accounts / found[name].median
        figures.append(
            harness.Figure(
                f"routes per second {what} ÷ bare SHA-256",
                found["bare"].over(found[name]),
                f"{rate:,.0f} a second against {given.accounts / found['bare'].median:,.0f}",
                f"{given.accounts:,} accounts, a tenth of them in the slice",
                bar=bar,
                at_least=True,
            )
        )
    return harness.report("Routing", figures)
