"""Which screens there are. To add one: a folder beside these, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.tui.screens.page import Page


class Entry(NamedTuple):
    """A screen: its number, its letter after ``g``, its name, what it answers. Its folder bears its name."""

    key: str
    letter: str
    name: str
    answers: str

    def make(self) -> Page:
        """Import and make it; done when it is first shown."""
        made: Page = getattr(import_module(f"app.tui.screens.{self.name.lower()}.page"), f"{self.name}Page")()
        return made


CATALOGUE = (
    Entry("1", "o", "Overview", "what is wrong, what waits for me, how it stands"),
    Entry("2", "m", "Maturity", "where each project stands, why, the next step"),
    Entry("3", "l", "Lineage", "what this came from, what depends on it"),
    Entry("4", "r", "Registry", "versions and runs, and what differs"),
    Entry("5", "a", "Approvals", "what needs my signature, on which evidence"),
    Entry("6", "c", "Rollouts", "each rollout's gates, and the decision to come"),
    Entry("7", "w", "Monitoring", "alerts, and the series behind them"),
    Entry("8", "k", "Risks", "risks, who owns them, targets and the plan"),
    Entry("9", "e", "Audit", "the log, and whether it is intact"),
)

BY_KEY = {entry.key: entry for entry in CATALOGUE}
