"""A declared monitor made ready: calibrated, or refused with a reason; then it observes, window by window."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import numpy.typing as npt

from app.monitoring.declaration import KINDS, Declaration
from app.monitoring.observation import Observation


class Monitor(Protocol):
    """What every kind of calibrated monitor offers."""

    @property
    def declaration(self) -> Declaration:
        """What was declared."""

    @property
    def threshold(self) -> float:
        """What an observation's value is held against."""

    def document(self) -> dict[str, Any]:
        """Rule, thresholds, and the digest of what they were calibrated on, as JSON-able data."""

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the last days of the series that the monitor watches.

        Raises:
            InputError: a series that it watches is not given.
        """


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> Monitor:
    """Calibrate a declared monitor.

    Args:
        declaration: as ``declaration.read`` gives it.
        reference: named series over the reference's days, of shape (days,) or (days, units).

    Raises:
        InputError: the declaration is malformed, or the reference lacks a series.
        Refused: the monitor could never fire, or there is too little to calibrate it on.
    """
    module = import_module(f"app.monitoring.{KINDS[declaration.kind]}")
    return cast(Monitor, module.configure(declaration, reference))
