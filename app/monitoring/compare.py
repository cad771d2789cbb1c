"""Two batches compared column by column, exactly: what the usual recipes say, each with its definition.

These are tests for *independent* rows. Rows of one day, or of neighbouring days, are not: on such data the recipes alarm
always, and a monitor with calibrated thresholds (``drift``) is what holds. The report says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.monitoring import statistics
from app.monitoring.columns import Column

Q = 0.05
SHARE = 0.5
DEFINITIONS = {
    "ks": "sup |F_ref − F_cur|; p-value of Kolmogorov's limit law, for independent rows",
    "psi": "Σ (a − e) ln(a / e) over 10 reference deciles, shares floored at 1e-4",
    "psi_threshold": "max(0.10, χ²(B−1; .99) (1/N + 1/M))",
    "wasserstein": "∫|F_ref − F_cur| / max(deviation of the reference, 0.001)",
    "jensen_shannon": "distance, natural logarithm; pooled Sturges bins for numbers",
    "chi_square": "contingency test of the two rows of counts",
    "drifted": f"p-value below q = {Q} after Benjamini-Hochberg over the columns",
}


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column's comparison. ``measures`` by name; ``probability`` of its test; ``findings`` in words."""

    column: str
    kind: str
    reference_rows: int
    current_rows: int
    measures: Mapping[str, float] = field(default_factory=dict)
    probability: float | None = None
    adjusted: float | None = None
    drifted: bool | None = None
    findings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON-able data; ``drifted`` is null where it could not be told."""
        return {
            "column": self.column,
            "kind": self.kind,
            "reference_rows": self.reference_rows,
            "current_rows": self.current_rows,
            "measures": dict(self.measures),
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
    found = [_column(each, current.get(name)) for name, each in reference.items()]
    found += [
        ColumnDrift(name, "new", 0, len(each), findings=("the column is new",))
        for name, each in current.items()
        if name not in reference
    ]
    tested = [place for place, each in enumerate(found) if each.probability is not None]
    judged = statistics.benjamini_hochberg([found[place].probability or 0.0 for place in tested], Q)
    for place, rejected, adjusted in zip(tested, judged.rejected, judged.adjusted, strict=True):
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
        samples.append(np.sort(values[np.isfinite(values)]))
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
    bins = statistics.sturges_edges(np.concatenate([left, right]))
    histograms = np.histogram(left, bins)[0], np.histogram(right, bins)[0]
    measures = {
        "ks": distance,
        "psi": statistics.psi(statistics.shares(left, edges), statistics.shares(right, edges)),
        "psi_threshold": statistics.psi_threshold(len(left), len(right), len(edges) + 1),
        "wasserstein": statistics.wasserstein_scaled(left, right),
        "jensen_shannon": statistics.jensen_shannon(histograms[0], histograms[1]),
    }
    probability = statistics.ks_probability(distance, len(left), len(right))
    finite = {name: value for name, value in measures.items() if np.isfinite(value)}
    return replace(base, measures=finite, probability=probability)


def _words(base: ColumnDrift, reference: tuple[str | None, ...], current: tuple[str | None, ...]) -> ColumnDrift:
    counts = [Counter(word for word in words if word is not None) for words in (reference, current)]
    findings = []
    for what, count, words in zip(("reference", "current"), counts, (reference, current), strict=True):
        missing = len(words) - count.total()
        if missing:
            findings.append(f"{what}: {missing} of {len(words)} values are missing")
        if not count:
            findings.append(f"{what}: no values")
    unseen = sorted(set(counts[1]) - set(counts[0]))
    if unseen:
        findings.append(f"{len(unseen)} new categories, such as {unseen[0]!r}")
    base = replace(base, findings=tuple(findings))
    if not all(counts):
        return base
    names = sorted(set(counts[0]) | set(counts[1]))
    rows = [[count[name] for name in names] for count in counts]
    found = statistics.chi_square(rows[0], rows[1])
    measures = {"chi_square": found.statistic, "jensen_shannon": statistics.jensen_shannon(rows[0], rows[1])}
    return replace(base, measures=measures, probability=found.probability)
