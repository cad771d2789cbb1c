"""The guide's pages: ten prerequisites, eight steps, eight checkpoints, eight lines of readiness."""

from __future__ import annotations

from typing import NamedTuple

from app.guide import failures
from app.guide.judges import (
    Judge,
    approved,
    both,
    charter,
    criteria,
    delivered,
    drilled,
    functions,
    levels,
    owned_risks,
    promoted,
    recorded,
    reproduced,
    scales,
    signed_map,
    standards,
)


class Item(NamedTuple):
    """One item: how it is judged, what the guide advises where it is not met, and how its common failure is detected."""

    id: str
    page: str
    title: str
    judge: Judge
    advice: str
    failure: str = ""
    detect: Judge | None = None


_STAGED = recorded(
    "deployment.started", "deployment to staging", "assay deploy REF --to staging", environment="staging"
)
_CONCLUDED = recorded("experiment.concluded", "experiment concluded", "assay experiment conclude NAME")
_PIPELINES = recorded("pipeline.completed", "pipeline", "assay pipeline run PIPELINE")
_OBSERVED = recorded("monitor.observed", "observation", "assay monitor run")

_PAGE = "prerequisites"
PREREQUISITES = (
    Item(
        "P1",
        _PAGE,
        "sponsorship and ownership across data science, engineering and operations",
        both(charter, functions, criteria("D0.2", "M0.2", "C0.2")),
        "name a sponsor, and owners for each object",
    ),
    Item(
        "P2",
        _PAGE,
        "documented governance policies, lineage and versioning practice",
        criteria("C0.3", "D2.3"),
        "adopt a policy, and make data by recorded runs",
    ),
    Item(
        "P3",
        _PAGE,
        "versioned data, and a plan for feature stores",
        criteria("D1.2", "D2.4"),
        "register versions; define feature views",
    ),
    Item(
        "P4",
        _PAGE,
        "containerised training and configuration-driven pipelines",
        criteria("C2.1", "C1.2"),
        "name an image and a configuration in the specification",
    ),
    Item(
        "P5",
        _PAGE,
        "registries, experiment tracking, CI/CD for ML, and monitoring",
        both(criteria("M0.1", "M1.2"), _PIPELINES, _OBSERVED),
        "use the registry, runs, pipelines and monitors; import from what there is",
    ),
    Item(
        "P6",
        _PAGE,
        "baseline metrics and acceptance criteria for deployment",
        criteria("M1.3"),
        "set the criteria before the run that they judge",
    ),
    Item(
        "P7",
        _PAGE,
        "staging for validation, experiments and A/B",
        both(_STAGED, _CONCLUDED),
        "deploy to staging first; compare champion and challenger",
    ),
    Item(
        "P8",
        _PAGE,
        "canary capability and a rollback procedure",
        criteria("M3.2", "M3.4"),
        "start deployments as canaries, and drill the way back",
    ),
    Item(
        "P9",
        _PAGE,
        "data-quality checks, drift detection and governance controls",
        criteria("D2.1", "D3.3", "M3.1"),
        "declare checks and monitors; promote through gates",
    ),
    Item(
        "P10",
        _PAGE,
        "documented data sources, transformations and quality standards",
        both(criteria("D0.3", "D1.3"), standards),
        "attach the documents, by digest",
    ),
)

_PAGE = "steps"
STEPS = (
    Item(
        "S1",
        _PAGE,
        "assess maturity by object",
        signed_map,
        "reopen the workshops and complete the map",
        "skipping it",
        failures.skipped,
    ),
    Item(
        "S2",
        _PAGE,
        "prioritise risks and map them to capabilities",
        owned_risks,
        "give each risk a capability and an owner",
        "scope creep from risks without capabilities",
        failures.unmapped,
    ),
    Item(
        "S3",
        _PAGE,
        "define targets and success criteria",
        criteria("D1.4", "M1.5", "C1.5"),
        "set targets by criteria, and have leadership sign",
        "vague criteria",
        failures.vague,
    ),
    Item(
        "S4",
        _PAGE,
        "automate training and track performance centrally",
        both(reproduced, criteria("M2.1", "M1.2")),
        "debug the container's configuration, and retrain with corrected parameters",
        "unconnected runs, fragmented metrics",
        failures.unconnected,
    ),
    Item(
        "S5",
        _PAGE,
        "CI/CD for machine learning",
        criteria("C2.4", "D3.5"),
        "close the gaps in tests and permissions",
        "manual hand-offs, missing tests",
        failures.by_hand,
    ),
    Item(
        "S6",
        _PAGE,
        "canary and monitoring",
        criteria("M3.2", "M3.4", "M3.6"),
        "adjust thresholds, better the signals, refine the rollback",
        "no monitoring, no real traffic",
        failures.unwatched,
    ),
    Item(
        "S7",
        _PAGE,
        "governance and versioning",
        criteria("M2.2", "M0.4", "M1.1"),
        "add the logging or the approvals that are missing",
        "untracked deployments",
        failures.untracked,
    ),
    Item(
        "S8",
        _PAGE,
        "scale by automated, repeatable pipelines",
        criteria("C4.1", "C4.2"),
        "standardise configurations and automate environments",
        "ramping up without plans",
        failures.unplanned,
    ),
)

_PAGE = "checkpoints"
CHECKPOINTS = (
    Item(
        "C1",
        _PAGE,
        "maturity mapping completed",
        both(signed_map, criteria("D0.2", "M0.2", "C0.2")),
        "reopen the workshops and complete the map",
    ),
    Item(
        "C2", _PAGE, "versioning in place", criteria("D1.1", "M1.1", "C0.1"), "turn versioning on, or link a registry"
    ),
    Item(
        "C3",
        _PAGE,
        "automated training and evaluation",
        reproduced,
        "debug the container's configuration, and retrain with corrected parameters",
    ),
    Item("C4", _PAGE, "CI/CD for ML deployments", promoted, "close the gaps in tests and permissions"),
    Item(
        "C5",
        _PAGE,
        "canary and rollback",
        criteria("M3.2", "M3.4"),
        "adjust thresholds, better the signals, refine the rollback",
    ),
    Item("C6", _PAGE, "production monitoring", drilled, "tune the alert rules, and enrich the data"),
    Item("C7", _PAGE, "governance and auditability", approved, "add the logging or the approvals that are missing"),
    Item("C8", _PAGE, "scalability of pipelines", scales, "standardise configurations and automate environments"),
)

_PAGE = "readiness"
READINESS = (
    Item("R1", _PAGE, "all three objects have documented levels and owners", levels, "complete L0 of each track"),
    Item(
        "R2",
        _PAGE,
        "data versioning and lineage under central governance",
        criteria("D1.1", "D1.2", "D2.3", "C0.3"),
        "register data, make it by runs, adopt a policy",
    ),
    Item(
        "R3",
        _PAGE,
        "containerised training reproduces results from configurable parameters",
        criteria("C2.1", "C1.2", "M2.1"),
        "name an image; reproduce the run behind each live version",
    ),
    Item(
        "R4",
        _PAGE,
        "CI/CD automates data checks, training, packaging and deployment",
        criteria("C3.1", "C3.2"),
        "use the template with all standard steps",
    ),
    Item(
        "R5",
        _PAGE,
        "canaries are in use and rollback is tested",
        criteria("M3.2", "M3.4"),
        "start as canary, and drill the way back",
    ),
    Item(
        "R6",
        _PAGE,
        "monitoring covers drift, data quality, bias, latency and business impact",
        criteria("M3.5", "M3.6"),
        "declare the monitors that are missing",
    ),
    Item(
        "R7",
        _PAGE,
        "audit logs, approvals and registries give traceability",
        criteria("C0.4", "M2.2", "M0.1"),
        "verify the ledger, and record approvals",
    ),
    Item(
        "R8",
        _PAGE,
        "end-to-end pipelines scale across teams and environments, with measured improvement",
        both(criteria("C4.1", "C4.2"), delivered),
        "share the template, and measure delivery per team",
    ),
)

ITEMS = (*PREREQUISITES, *STEPS, *CHECKPOINTS, *READINESS)
PAGES = ("prerequisites", "steps", "checkpoints", "readiness")
