"""Counts that are carried from one moment to the next are what counting anew gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import ledger
from app.tui.queries import tally
from app.tui.queries.tally import Tally
from app.tui.screens.monitoring.queries import monitoring
from app.tui.screens.overview.queries import overview
from app.tui.screens.registry.queries import registry
from tests.benchmarks import lifelike

SIZE = 900


@pytest.mark.parametrize("far", [40, 20_000])
def test_carried_on_and_back_as_counted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: int) -> None:
    monkeypatch.setattr(tally, "FAR", far)
    path = tmp_path / "ledger.db"
    lifelike.write(path, SIZE)
    chance, kept = random.Random(7), Tally()
    with ledger.open(path, read_only=True) as book:
        for at in [SIZE - 1, SIZE - 2, 0, *(chance.randrange(SIZE) for _ in range(12)), SIZE - 1]:
            view = book.view(at)
            assert overview.load(view, "jon", kept) == overview.load(view, "jon")
            assert registry.board(view, kept) == registry.board(view)
            for monitor in ("rv1", "coverage"):
                series = monitoring.series(view, "fx-hedging", monitor, kept)
                assert series == monitoring.series(view, "fx-hedging", monitor)
