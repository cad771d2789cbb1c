"""The people of the demo: invented, with demo keys, each in the role that the story needs."""

from __future__ import annotations

from typing import NamedTuple


class Member(NamedTuple):
    """Somebody in the story. ``automation`` marks an identity that no person stands behind."""

    name: str
    title: str
    team: str
    roles: tuple[str, ...] = ()
    automation: bool = False


ADMINISTRATOR = Member("ivy", "platform administrator", "platform", ("administrator",))
SPONSOR = Member("noor", "head of portfolio management", "portfolio", ("leadership",))
DATA_OWNER = Member("dora", "owner of the market data", "data", ("data-owner",))
ENGINEER = Member("ada", "machine learning engineer", "quant", ("ml-engineer",))
MODEL_OWNER = Member("hugo", "owner of the hedging model", "portfolio", ("model-owner",))
RISK = Member("grace", "risk officer", "risk", ("risk",))
VALIDATOR = Member("vera", "model validator", "validation", ("model-validation",))
MONITOR = Member("svc:monitor", "runs the monitors", "platform", ("monitoring",), automation=True)
TRAINER = Member("svc:trainer", "trains when the declared rule says so", "platform", ("training",), automation=True)
DEPLOYER = Member("svc:deployer", "carries out deployments", "platform", ("deployment",), automation=True)

ENROLLED = (SPONSOR, DATA_OWNER, ENGINEER, MODEL_OWNER, RISK, VALIDATOR, MONITOR, TRAINER, DEPLOYER)
"""Everybody whom the administrator enrols, in order."""

PERSONA = VALIDATOR
"""Whom the user plays: the one whose signature the last request waits for."""

APPROVERS = ("risk", "model-validation")
"""The roles that a request for production asks."""
