"""The panel: one row per fixing day, oldest first, one column per currency, in units of the currency per euro."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Panel:
    """Fixings of several currencies.

    ``days`` are ISO dates, ascending; ``rates`` has shape (days, currencies), complete and positive.
    """

    days: tuple[str, ...]
    currencies: tuple[str, ...]
    rates: np.ndarray

    def until(self, day: str) -> Panel:
        """The rows that were known on ``day``."""
        stop = int(np.searchsorted(np.array(self.days), day, side="right"))
        return Panel(self.days[:stop], self.currencies, self.rates[:stop])

    def window(self, first: str, last: str) -> slice:
        """Where the days from ``first`` to ``last`` (both included) stand."""
        days = np.array(self.days)
        return slice(int(np.searchsorted(days, first)), int(np.searchsorted(days, last, side="right")))


def read(path: Path) -> Panel:
    """Read a panel's CSV: ``date`` and one column per currency.

    Raises:
        ValueError: a row is out of order, incomplete or not positive.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        lines = csv.reader(stream)
        header = next(lines)
        rows = list(lines)
    days = tuple(row[0] for row in rows)
    rates = np.array([[float(text) for text in row[1:]] for row in rows]).reshape(len(rows), len(header) - 1)
    if any(later <= earlier for earlier, later in itertools.pairwise(days)):
        raise ValueError(f"{path.name}: the days do not ascend")
    if not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"{path.name}: a rate is missing, infinite or not positive")
    return Panel(days, tuple(header[1:]), rates)
