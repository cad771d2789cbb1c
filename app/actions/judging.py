"""Kayenta's judge on a file of metrics: a canary's configuration as Spinnaker writes it, or published cases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.actions.answers import Answer, Mark, number, say, state, table
from app.rollout import kayenta
from ledger.errors import InputError

_STATES = {"Pass": "good", "High": "bad", "Low": "bad", "NodataFailMetric": "bad", "Error": "bad", "Nodata": "warn"}
_CLASSIFIERS = {"MannWhitneyClassifier": kayenta.classify, "MeanInequalityClassifier": kayenta.mean_inequality}


def judged(path: Path) -> Answer:
    """What the judge says of a file's metrics.

    Args:
        path: JSON: ``metrics``, each with ``name``, ``control`` and ``experiment`` (null is missing), ``groups`` and Kayenta's
            ``direction``, ``nanStrategy``, ``critical``, ``mustHaveData``, ``effectSize`` and ``outliers``; ``groupWeights``
            and ``scoreThresholds``. Or ``cases`` of a classifier's test-suite, which are classified one by one.

    Raises:
        InputError: the file cannot be read, or is of another form.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from None
    try:
        if isinstance(data, Mapping) and "cases" in data:
            return _cases(data["cases"])
        return _judgement(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} lacks what the judge needs, or has it in another form: {error!r}") from None


def _judgement(data: Mapping[str, Any]) -> Answer:
    metrics = [
        kayenta.Metric(
            str(each["name"]),
            _points(each["control"]),
            _points(each["experiment"]),
            tuple(each.get("groups", ("all",))),
            _setting(each),
            bool(each.get("muted", False)),
        )
        for each in data["metrics"]
    ]
    limits = data.get("scoreThresholds", {})
    found = kayenta.judge(
        metrics,
        weights={name: float(weight) for name, weight in data.get("groupWeights", {}).items()},
        pass_at=float(limits.get("pass", 95.0)),
        marginal_at=float(limits.get("marginal", 75.0)),
    )
    rows = [_row(name, each) for name, each in found.metrics.items()]
    word = {"Pass": "good", "Marginal": "warn", "Fail": "bad"}[found.verdict]
    lines: list[str] = [
        say(state(word, found.verdict), f"  {number(found.score)} of 100", f"  {found.reason}" * bool(found.reason))
    ]
    lines += table(rows, ("", "metric", "effect", "interval", ""), indent="  ")
    return Answer(found.document(), lines, 0 if found.verdict == "Pass" else 1)


def _cases(cases: list[Mapping[str, Any]]) -> Answer:
    """Published cases, each with what was expected of it, where that is said."""
    rows, documents, wrong = [], [], 0
    for case in cases:
        classifier = _CLASSIFIERS[case.get("classifier", "MannWhitneyClassifier")]
        found = classifier(_points(case["control"]), _points(case["experiment"]), _setting(case))
        expected = case.get("expected_classification")
        agrees = expected in (None, found.label) and case.get("expected_critical", found.critical) == found.critical
        wrong += not agrees
        rows.append((*_row(str(case.get("name", "")), found), "" if agrees else Mark("bad", f"expected {expected}")))
        documents.append({"name": case.get("name"), "expected": expected, "agrees": agrees, **found.document()})
    lines = table(rows, ("", "case", "effect", "interval", "", ""))
    lines.append(say(f"{len(cases) - wrong} of {len(cases)} cases are as expected"))
    return Answer({"cases": documents, "agreeing": len(cases) - wrong}, lines, int(bool(wrong)))


def _row(name: str, found: kayenta.Classification) -> tuple[Any, ...]:
    interval = None if found.interval is None else f"{number(found.interval[0])} to {number(found.interval[1])}"
    return state(_STATES[found.label], found.label), name, found.document()["deviation"], interval, found.reason


def _points(values: Any) -> list[float]:
    return [float("nan") if each is None else float(each) for each in values]


def _setting(each: Mapping[str, Any]) -> kayenta.Setting:
    """A metric's setting in Kayenta's words, or in those of a case of its test-suite."""
    effect = each.get("effectSize", {})
    measure = str(effect.get("measure", each.get("effectSizeMeasure", "meanRatio")))
    usual = 0.5 if measure == "cles" else 1.0
    allowed = each.get("effectSizeThresholds") or (
        effect.get("allowedDecrease", usual),
        effect.get("allowedIncrease", usual),
    )
    critical = each.get("criticalThresholds") or (
        effect.get("criticalDecrease", usual),
        effect.get("criticalIncrease", usual),
    )
    outliers = each.get("outliers", {})
    return kayenta.Setting(
        direction=str(each.get("direction", "either")),
        nan_strategy=str(each.get("nanStrategy", "remove")),
        critical=bool(each.get("critical", each.get("isCriticalMetric", False))),
        must_have_data=bool(each.get("mustHaveData", each.get("isDataRequired", False))),
        measure=measure,
        allowed=(float(allowed[0]), float(allowed[1])),
        critical_at=(float(critical[0]), float(critical[1])),
        tolerance=float(each.get("tolerance", kayenta.TOLERANCE)),
        confidence=float(each.get("confLevel", kayenta.CONFIDENCE)),
        outliers=float(outliers.get("outlierFactor", 3.0)) if outliers.get("strategy") == "remove" else None,
    )
