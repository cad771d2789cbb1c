"""What is wrong, what waits for me, where things stand, where to go next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal

from app.tui.draw.sections import Section, narrow
from app.tui.keys import Key
from app.tui.messages import Opened
from app.tui.screens.overview.draw import glance
from app.tui.screens.overview.draw import overview as draw
from app.tui.screens.overview.explaining import Explaining
from app.tui.screens.overview.queries import agent, guide, overview
from app.tui.screens.overview.queries.agent import Agent
from app.tui.screens.overview.queries.guide import Guide
from app.tui.screens.overview.queries.overview import Overview
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ledger.projections.view import View

AGENT_SECONDS = 2.0
"""How often it is looked up whether the agent runs: it does not always append when it does something."""
ROWS, FEW = 6, 3
"""Rows of a section that are listed at once, and where the terminal is short."""
REFERENCES = ("alert", "request", "deployment", "event", "project")
"""What a row's value begins with where it is a reference."""


class OverviewPage(Explaining):
    """The first screen."""

    NAME = "Overview"
    KEYS = (
        Key("enter", "open", "open what the cursor stands on, where it is shown best", "open", "⏎"),
        Key("s", "sign", "go to the request that waits for you", "sign"),
        Key("e", "guide", "the guide whole: every step, checkpoint and line of readiness, with what to do", "guide"),
        Key("d", "doctor", "what the doctor found, with the commands that mend it", "doctor"),
        Key("a", "agent", "the agent: whether it runs, what it did last, what failed", "agent"),
        Key("l,right", "pane(1)", "to where things stand", "pane", "h l"),
        Key("h,left", "pane(-1)", "to what needs a look"),
        Key("p", "projects", "every project", "projects"),
        Key("v", "verify", "go to the audit and verify the chain", "verify"),
    )

    def body(self) -> ComposeResult:
        """The answers in a line each; below what needs a look on the left, where things stand on the right."""
        yield Paper(id="glance", classes="pane")
        with Horizontal(id="lists"):
            yield Lister(id="matters", classes="pane")
            yield Lister(id="stands", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#glance").border_title = "At a glance"
        self.matters.border_title = "What needs a look"
        self.query_one("#stands").border_title = "Where it stands"
        self._before: Overview | None = None
        self._weighing = False
        self._listed: dict[str | None, tuple[list[Section], list[Section] | None]] = {}
        self.matters.focus()
        self.set_interval(AGENT_SECONDS, self._look)

    @property
    def matters(self) -> Lister:
        """What needs a look; where there is little room, where things stand below it."""
        return self.query_one("#matters", Lister)

    @property
    def here(self) -> Lister:
        """The list that the cursor is in."""
        stands = self.query_one("#stands", Lister)
        return stands if stands.has_focus else self.matters

    def load(self) -> None:
        """The page at once; the guide, which weighs more evidence, when it comes."""
        self.ask_both("page", self._query, self._show)
        self._weighing = True
        self._look()
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
        self._draw()
        self.rekey()

    def _look(self) -> None:
        """Look for the agent, while the screen is in view."""
        if self.dashboard.current is self and self.is_mounted:
            self.work("agent", partial(agent.load, self.dashboard.gateway.path), self._looked)

    def _looked(self, found: Agent) -> None:
        if self._agent is None or found.known or self._agent.known:
            self._agent = found
            self._draw()

    @property
    def _verified(self) -> draw.Verified:
        known, now = self.dashboard.standing, self.dashboard.verdict
        if now is not None:
            return (*now, draw.NOW)
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

    def on_resize(self) -> None:
        """Another size, other panes."""
        super().on_resize()
        if self.is_mounted:
            self._draw()

    def narrow(self) -> None:
        """A filter looks through all rows, not only those that are listed at once."""
        super().narrow()
        self._draw()

    def _draw(self) -> None:
        data, before = self._data, self._before
        if data is None:
            return
        self._glance(data)
        matters, stands = self._matters(data), self._stands(data)
        if before is not None:
            then = draw.sections(before, self.glyphs, self.dashboard.me)
            self._list(self.matters, matters, then)
        else:
            below = stands if self.has_class("-narrow") else []
            shown = [each for each in matters if each.rows or each.title != draw.OTHERS]
            self._list(self.matters, self._cut([*shown, *below]))
        self._list(self.query_one("#stands", Lister), self._cut(stands))

    def _list(self, lister: Lister, found: list[Section], before: list[Section] | None = None) -> None:
        """Show what is new in a list; where the cursor is elsewhere, it waits on the first row."""
        if self._listed.get(lister.id) == (found, before):
            return
        self._listed[lister.id] = (found, before)
        first = next((row.value for each in found for row in each.rows if row.value is not None), None)
        lister.show(found, None if lister.has_focus else first, before)

    def _glance(self, data: Overview) -> None:
        paper, past = self.query_one("#glance", Paper), not self.dashboard.moment.live
        lines = glance.SHORT if self.has_class("-short") else glance.LINES
        paper.show(
            lambda cells, _: glance.glance(
                data, cells, self.glyphs, verified=self._verified, me=self.dashboard.me, consulted=self._guide,
                late=self._weighing, agent=self._agent, past=past, lines=lines,
                suspicion=self.dashboard.suspicion,
            )
        )  # fmt: skip

    def _matters(self, data: Overview) -> list[Section]:
        found = draw.sections(data, self.glyphs, self.dashboard.me)
        if self._before is None and self._guide is not None and self._guide.symptoms:
            found.insert(1 + bool(data.exceptions), draw.doctor(self._guide, self.glyphs))
        return found

    def sections(self) -> list[Section]:
        """All that is listed, every row of it."""
        return [] if self._data is None else [*self._matters(self._data), *self._stands(self._data)]

    def _stands(self, data: Overview) -> list[Section]:
        return draw.stands(
            data, self._verified, self.glyphs, consulted=self._guide, late=self._weighing, agent=self._agent,
            past=not self.dashboard.moment.live,
        )  # fmt: skip

    def _cut(self, found: Sequence[Section]) -> list[Section]:
        """With few rows each, and a row that stands for the rest; whole where a filter looks through them."""
        if self.filter:
            return [each for each in found if narrow(each, self.narrowed).rows] or list(found[:1])
        return draw.capped(found, FEW if self.has_class("-short") else ROWS)

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        value = str(self.here.value or "")
        kind, _, rest = value.partition("/")
        if kind in ("guide", "doctor"):
            seq = self._seq(kind, rest)
            return "" if seq is None else f"event/{seq}"
        return value if kind in REFERENCES else ""

    def why_not(self, action: str) -> str:
        """Signing needs something that waits for the one who looks; the guide, that it was weighed."""
        data = getattr(self, "_data", None)
        if action == "sign" and data is not None and not any(each.mine for each in data.waiting):
            return "no request waits for your signature"
        if action in ("guide", "doctor") and data is not None and self._guide is None:
            return "still being weighed" if self._weighing else "no event names a project yet"
        return ""

    def action_pane(self, steps: int) -> None:
        """The list to the right or to the left."""
        stands = self.query_one("#stands", Lister)
        (stands if steps > 0 and stands.display and not self.has_class("-narrow") else self.matters).focus()

    def action_open(self) -> None:
        """Open the row under the cursor."""
        self.here.choose()

    def on_lister_chosen(self, event: Lister.Chosen) -> None:
        """Open what was chosen where it is shown best."""
        self.opens(event.value)

    def opens(self, value: Hashable | None) -> None:
        """Open what a row stands for: a reference where it is shown best, what has no screen above this one."""
        kind, _, rest = str(value or "").partition("/")
        if kind in REFERENCES:
            self.app.post_message(Opened(str(value), "2" if kind == "project" else ""))
        elif kind == "all":
            self._whole(rest)
        elif kind in ("guide", "doctor", "agent"):
            self._explain(kind, str(value))
        elif kind == "key":
            self.app.call_later(self._go, rest)
        elif kind in ("proof", "recorded"):
            self.app.call_later(self.dashboard.action_screen, "9" if kind == "proof" else "4")

    async def _go(self, key: str) -> None:
        """What one of the suggested keys does."""
        if key == "?":
            self.dashboard.action_help()
        elif key.isdecimal():
            await self.dashboard.action_screen(key)
        else:
            await self.run_action({"s": "sign", "v": "verify"}[key])

    def action_sign(self) -> None:
        """To the first request that waits for the one who looks."""
        if self._data is None or self.barred("sign"):
            return
        request = next(each for each in self._data.waiting if each.mine)
        self.app.post_message(Opened(f"request/{request.seq}"))
