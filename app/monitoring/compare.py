"""Two batches compared column by column, exactly: what the usual recipes say, each with its definition.

These are tests for *independent* rows. Rows of one day, or of neighbouring days, are not: on such data the recipes alarm
always, and a monitor with calibrated thresholds (``drift``) is what holds. The report says so.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.monitoring import statistics
from app.monitoring.columns import Column

Q = 0.05
SHARE = 0.5
_MANY = 50_000
"""Columns with more cells than that are compared in threads: sorting lets others run meanwhile."""
DEFINITIONS = {
    "ks": "sup |F_ref − F_cur|; p-value of Kolmogorov's limit law, for independent rows",
    "psi": "Σ (a − e) ln(a / e), natural logarithm, over 10 reference deciles, shares floored at 1e-4",
    "psi_threshold": "max(0.10, χ²(B−1; .99) (1/N + 1/M))",
    "wasserstein": "∫|F_ref − F_cur| / max(deviation of the reference, 0.001)",
    "jensen_shannon": "distance √(½KL(p,m) + ½KL(q,m)), natural logarithm; pooled Sturges bins for numbers",
    "chi_square": "contingency test of the two rows of counts, for independent rows",
    "bins": "how many bins, or categories, a measure was taken over",
    "drifted": f"p-value below q = {Q} after Benjamini-Hochberg over the columns",
}


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column's comparison. ``measures`` by name, ``bins`` of those that have some; ``findings`` in words.

    ``probability`` is of its test; ``error`` bounds how far a measure from profiles may be off.
    """

    column: str
    kind: str
    reference_rows: int
    current_rows: int
    measures: Mapping[str, float] = field(default_factory=dict)
    probability: float | None = None
    adjusted: float | None = None
    drifted: bool | None = None
    findings: tuple[str, ...] = ()
    bins: Mapping[str, int] = field(default_factory=dict)
    error: float = 0.0

    def document(self) -> dict[str, Any]:
        """As JSON-able data; ``drifted`` is null where it could not be told."""
        return {
            "column": self.column,
            "kind": self.kind,
            "reference_rows": self.reference_rows,
            "current_rows": self.current_rows,
            "measures": dict(self.measures),
            "bins": dict(self.bins),
            "error": self.error,
            "probability": self.probability,
            "adjusted": self.adjusted,
            "drifted": self.drifted,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All columns. ``drifted``: whether half of those that could be compared drifted; ``None`` where none could."""

    columns: tuple[ColumnDrift, ...]
    share: float | None
    drifted: bool | None

    def document(self) -> dict[str, Any]:
        """As JSON-able data, with the definitions of all that is in it."""
        return {
            "drifted": self.drifted,
            "share": self.share,
            "threshold": SHARE,
            "columns": [each.document() for each in self.columns],
            "definitions": DEFINITIONS,
            "caution": "for independent rows; rows of one day or of neighbouring days depend on each other",
        }


def compare(reference: Mapping[str, Column], current: Mapping[str, Column]) -> Comparison:
    """Compare every column of the reference with the current batch's; columns that are new are findings too."""
    names = list(reference)
    pairs = [(reference[name], current.get(name)) for name in names]
    if max((len(each) for each, _ in pairs), default=0) > _MANY:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            found = list(pool.map(lambda pair: _column(*pair), pairs))
    else:
        found = [_column(*pair) for pair in pairs]
    found += [
        ColumnDrift(name, "new", 0, len(each), findings=("the column is new",))
        for name, each in current.items()
        if name not in reference
    ]
    return judged(found)


def judged(found: Sequence[ColumnDrift]) -> Comparison:
    """The verdict over columns: which drifted, by their p-values after Benjamini-Hochberg, and whether the table did."""
    found = list(found)
    tested = [place for place, each in enumerate(found) if each.probability is not None]
    outcome = statistics.benjamini_hochberg([found[place].probability or 0.0 for place in tested], Q)
    for place, rejected, adjusted in zip(tested, outcome.rejected, outcome.adjusted, strict=True):
        found[place] = replace(found[place], adjusted=adjusted, drifted=rejected)
    told = [each.drifted for each in found if each.drifted is not None]
    share = sum(told) / len(told) if told else None
    return Comparison(tuple(found), share, None if share is None else share >= SHARE)


def _column(reference: Column, current: Column | None) -> ColumnDrift:
    kind = "numbers" if reference.numbers is not None else "words"
    if current is None:
        return ColumnDrift(reference.name, kind, len(reference), 0, findings=("the column is missing",))
    base = ColumnDrift(reference.name, kind, len(reference), len(current))
    if reference.numbers is not None and current.numbers is not None:
        return _numbers(base, reference.numbers, current.numbers)
    if reference.words is not None and current.words is not None:
        return _words(base, reference.words, current.words)
    changed = "numbers to words" if reference.numbers is not None else "words to numbers"
    return replace(base, findings=(f"the type changed from {changed}",))


def _numbers(base: ColumnDrift, reference: np.ndarray, current: np.ndarray) -> ColumnDrift:
    findings = []
    samples = []
    for what, values in (("reference", reference), ("current", current)):
        missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
        if missing:
            findings.append(f"{what}: {missing} of {len(values)} values are missing")
        if infinite:
            findings.append(f"{what}: {infinite} values are infinite")
        samples.append(np.sort(values[np.isfinite(values)] if missing or infinite else values))
        if len(samples[-1]) == 0:
            findings.append(f"{what}: no values")
        elif len(samples[-1]) == 1:
            findings.append(f"{what}: one value only")
        elif samples[-1][0] == samples[-1][-1]:
            findings.append(f"{what}: constant")
    base = replace(base, findings=tuple(findings))
    left, right = samples
    if min(len(left), len(right)) < 2:
        return base
    if not np.isfinite(float(max(left[-1], right[-1])) - float(min(left[0], right[0]))):
        return replace(base, findings=(*base.findings, "the values span more than a number can hold"))
    edges = statistics.decile_edges(left)
    distance = statistics.ks(left, right)
    bins = statistics.sturges_edges(left, right)
    histograms = statistics.histogram(left, bins), statistics.histogram(right, bins)
    measures = {
        "ks": distance,
        "psi": statistics.psi(statistics.shares(left, edges), statistics.shares(right, edges)),
        "psi_threshold": statistics.psi_threshold(len(left), len(right), len(edges) + 1),
        "wasserstein": statistics.wasserstein_scaled(left, right),
        "jensen_shannon": statistics.jensen_shannon(histograms[0], histograms[1]),
    }
    probability = statistics.ks_probability(distance, len(left), len(right))
    finite = {name: value for name, value in measures.items() if np.isfinite(value)}
    counts = {"psi": len(edges) + 1, "jensen_shannon": len(bins) - 1}
    return replace(base, measures=finite, probability=probability, bins=counts)


def _words(base: ColumnDrift, reference: tuple[str | None, ...], current: tuple[str | None, ...]) -> ColumnDrift:
    counts = [Counter(word for word in words if word is not None) for words in (reference, current)]
    return categories(base, counts[0], counts[1], (len(reference), len(current)))


def categories(base: ColumnDrift, reference: Mapping[str, int], current: Mapping[str, int], rows: Any) -> ColumnDrift:
    """Two columns of words, by the counts of each; ``rows`` are all their cells, the missing ones included."""
    counts = [Counter(reference), Counter(current)]
    findings = []
    for what, count, cells in zip(("reference", "current"), counts, rows, strict=True):
        missing = cells - count.total()
        if missing:
            findings.append(f"{what}: {missing} of {cells} values are missing")
        if not count:
            findings.append(f"{what}: no values")
    unseen = sorted(set(counts[1]) - set(counts[0]))
    if unseen:
        findings.append(f"{len(unseen)} new categories, such as {unseen[0]!r}")
    base = replace(base, findings=tuple(findings))
    if not all(counts):
        return base
    names = sorted(set(counts[0]) | set(counts[1]))
    table = [[count[name] for name in names] for count in counts]
    found = statistics.chi_square(table[0], table[1])
    measures = {"chi_square": found.statistic, "jensen_shannon": statistics.jensen_shannon(table[0], table[1])}
    counted = {"chi_square": len(names), "jensen_shannon": len(names)}
    return replace(base, measures=measures, probability=found.probability, bins=counted)
