"""Which screens there are. To add one: a module, a style sheet beside it, a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.tui.screens.page import Page


class Entry(NamedTuple):
    """A screen: its number, its letter after ``g``, its name, what it answers, and where its class is."""

    key: str
    letter: str
    name: str
    answers: str
    module: str
    page: str

    def make(self) -> Page:
        """Import and make it; done when it is first shown."""
        made: Page = getattr(import_module(self.module), self.page)()
        return made


CATALOGUE = (
    Entry("1", "o", "Overview", "what is wrong, what waits for me, how it stands", "app.tui.screens.overview", "OverviewPage"),
    Entry("2", "m", "Maturity", "where each project stands, why, the next step", "app.tui.screens.maturity", "MaturityPage"),
    Entry("3", "l", "Lineage", "what this came from, what depends on it", "app.tui.screens.lineage", "LineagePage"),
    Entry("4", "r", "Registry", "versions and runs, and what differs", "app.tui.screens.registry", "RegistryPage"),
    Entry("5", "a", "Approvals", "what needs my signature, on which evidence", "app.tui.screens.approvals", "ApprovalsPage"),
    Entry("6", "c", "Rollouts", "each rollout's gates, and the decision to come", "app.tui.screens.rollouts", "RolloutsPage"),
    Entry("7", "w", "Monitoring", "alerts, and the series behind them", "app.tui.screens.monitoring", "MonitoringPage"),
    Entry("8", "k", "Risks", "risks, who owns them, targets and the plan", "app.tui.screens.risks", "RisksPage"),
    Entry("9", "e", "Audit", "the log, and whether it is intact", "app.tui.screens.audit", "AuditPage"),
)  # fmt: skip

BY_KEY = {entry.key: entry for entry in CATALOGUE}
