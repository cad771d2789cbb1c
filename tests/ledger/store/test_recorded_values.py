"""What is folded at the append is what a later reader folds, however the value was spelled in Python."""

from __future__ import annotations

from pathlib import Path

import ledger
from ledger.events.monitors import MonitorConfigured
from ledger.format.event import decode


def test_an_integral_float_is_folded_as_it_is_recorded(tmp_path: Path) -> None:
    """RFC 8785 spells 250.0 as ``250``; a projection that kept ``250.0`` would differ from its rebuilding."""
    path = tmp_path / "ledger.db"
    with ledger.create(path, origin="example.com/values", keys=tmp_path / "keys") as book:
        fact = MonitorConfigured(monitor="m", kind="latency", threshold=250.0, route="desk", window=(21.0, -0.0))
        recorded = book.record(fact, subject="monitor/p/m", project="p", actor="ada")
        assert recorded.event == decode(recorded.body)
        assert repr(recorded.event.value["threshold"]) == "250"
    assert ledger.verify(path).findings == []
