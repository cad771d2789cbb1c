"""What is wrong, what waits for me, where things stand, where to go next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from app.tui.draw.overview import Verified, doctor, sections, standing
from app.tui.keys import Key
from app.tui.messages import Opened
from app.tui.queries import guide, overview
from app.tui.queries.guide import Guide
from app.tui.queries.overview import Overview
from app.tui.screens.judged import Judged
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from ledger.projections.view import View


class OverviewPage(Judged):
    """The first screen."""

    NAME = "Overview"
    KEYS = (
        Key("enter,l,right", "open", "open what the cursor stands on, where it is shown best", "open", "⏎"),
        Key("s", "sign", "go to the request that waits for you", "sign"),
        Key("v", "verify", "go to the audit and verify the chain", "verify"),
    )

    def body(self) -> ComposeResult:
        """What needs a look on the left, where things stand on the right."""
        yield Lister(id="matters", classes="pane")
        yield Paper(id="stands", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#matters").border_title = "What needs a look"
        self.query_one("#stands").border_title = "Where it stands"
        self._data: Overview | None = None
        self._before: Overview | None = None
        self._guide: Guide | None = None
        self._weighing = False

    def load(self) -> None:
        """The page at once; the guide, which weighs more evidence, when it comes."""
        self.ask_both("page", self._query, self._show)
        self._weighing = True
        if self.much and self._guide is not None:
            self.surely("page", self._weigh)
        else:
            self._weigh()

    def _weigh(self) -> None:
        """Ask for the guide's state; where there is much evidence, once the playhead rests."""
        weighed = partial(guide.load, verified=self.dashboard.verdict, project=self.dashboard.project)
        self.judge("guide", weighed, self._consulted)

    def _consulted(self, found: Guide | None) -> None:
        self._guide, self._weighing = found, False
        if self._data is not None:
            self._draw()

    @property
    def _verified(self) -> Verified:
        known, now = self.dashboard.standing, self.dashboard.verdict
        if now is not None and not now[1]:
            return (now[0], False, "just now")
        return known.verified if known else None

    def _show(self, data: Overview, before: Overview | None) -> None:
        self._data, self._before = data, before
        self._draw()
        self._count(data)

    def reload(self) -> None:
        """Where another screen is in view, what waits is counted all the same, once the playhead rests."""
        super().reload()
        if self._stale and self.is_mounted:
            self.surely("page", lambda: self.ask("page", self._query, self._count))

    @property
    def _query(self) -> Callable[[View], Overview]:
        return partial(overview.load, me=self.dashboard.me, tally=self.dashboard.gateway.tally)

    def _count(self, data: Overview) -> None:
        """Say at the screens' names what waits there."""
        mine = sum(each.mine for each in data.waiting)
        raised = sum(each.state == "raised" for each in data.troubles)
        self.dashboard.waiting = (("5", mine), ("7", raised))
        if self.dashboard.current is not None:
            self.dashboard.current.reframe()

    def _draw(self) -> None:
        data, before, me = self._data, self._before, self.dashboard.me
        if data is None:
            return
        then = None if before is None else sections(before, self.glyphs, me)
        found = sections(data, self.glyphs, me)
        if before is None and self._guide is not None and self._guide.symptoms:
            found.insert(1, doctor(self._guide, self.glyphs))
        self.query_one(Lister).show(found, before=then)
        told, late = self._guide, self._weighing
        self.query_one("#stands", Paper).show(
            lambda cells, _: standing(data, self._verified, cells, self.glyphs, told, late)
        )

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        return str(self.query_one(Lister).value or "")

    def why_not(self, action: str) -> str:
        """Signing needs something that waits for the one who looks."""
        data = getattr(self, "_data", None)
        if action == "sign" and data is not None and not any(each.mine for each in data.waiting):
            return "no request waits for your signature"
        return ""

    def action_open(self) -> None:
        """Open the row under the cursor."""
        self.query_one(Lister).choose()

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """Open what was chosen where it is shown best."""
        self.app.post_message(Opened(str(event.value)))

    def action_sign(self) -> None:
        """To the first request that waits for the one who looks."""
        if self._data is None or self.barred("sign"):
            return
        request = next(each for each in self._data.waiting if each.mine)
        self.app.post_message(Opened(f"request/{request.seq}"))

    async def action_verify(self) -> None:
        """To the audit, verifying."""
        await self.dashboard.action_screen("9")
        await self.dashboard.page("9").run_action("verify")
