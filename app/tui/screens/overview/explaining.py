"""What the first screen shows whole, above itself: long lists, the guide, the doctor's findings, the agent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from app.tui.draw.picture import Line
from app.tui.draw.sections import Section
from app.tui.messages import Opened
from app.tui.screens.judged import Judged
from app.tui.screens.overview.draw import agent as agents
from app.tui.screens.overview.draw import guide as guided
from app.tui.screens.overview.draw import overview as draw
from app.tui.screens.overview.queries.agent import Agent
from app.tui.screens.overview.queries.guide import Guide, Item, Symptom
from app.tui.screens.overview.queries.overview import Overview
from app.tui.screens.overview.whole import Told, WholeScreen


class Explaining(Judged):
    """Knows the page, the guide and the agent, and opens any of them whole."""

    def __init__(self) -> None:
        super().__init__()
        self._data: Overview | None = None
        self._guide: Guide | None = None
        self._agent: Agent | None = None

    def sections(self) -> Sequence[Section]:
        """All that is listed, every row of it."""
        raise NotImplementedError

    def opens(self, value: Hashable | None) -> None:
        """Open what a row stands for."""
        raise NotImplementedError

    def _whole(self, title: str) -> None:
        """A section whole, every row of it."""
        section = next((each for each in self.sections() if each.title == title), None)
        if section is not None:
            self._push(title.partition(",")[0].capitalize(), [section])

    def _explain(self, kind: str, value: str | None = None) -> None:
        """The guide, the doctor's findings or the agent whole, each row in words."""
        found, data = self._guide, self._data
        running = self._agent
        if kind == "agent" and running is not None and data is not None:
            whole = agents.whole(running, data, self.glyphs, past=not self.dashboard.moment.live)
            chosen = f"duty/{value.rpartition('/')[2]}" if value and "/failed/" in value else value
            self._push("The agent", whole, chosen, lambda row, cells: agents.told(running, row, cells))
        elif kind == "guide" and found is not None:
            page, _, name = str(value or "").partition("/")
            first = next((f"guide/{each.id}" for each in found.items if each.page == name), value)
            self._push(
                f"The guide for {found.project}", guided.items(found, self.glyphs), first if page else None, self._told
            )
        elif kind == "doctor" and found is not None:
            self._push(f"The doctor on {found.project}", guided.symptoms(found, self.glyphs), value, self._told)

    def _push(
        self, title: str, sections: Sequence[Section], choose: str | None = None, told: Told | None = None
    ) -> None:
        def chosen(value: Hashable | None) -> None:
            kind, _, rest = str(value or "").partition("/")
            if kind not in ("guide", "doctor"):
                self.opens(None if kind in ("agent", "duty", "all") else value)
                return
            seq = self._seq(kind, rest)
            if seq is not None:
                self.app.post_message(Opened(f"event/{seq}"))

        self.app.push_screen(WholeScreen(title, sections, choose=choose, told=told), chosen)

    def _seq(self, kind: str, rest: str) -> int | None:
        """The event that shows an item of the guide, or a finding of the doctor."""
        one = self._one(kind, rest)
        return None if one is None else one.seq

    def _one(self, kind: str, rest: str) -> Item | Symptom | None:
        if self._guide is None:
            return None
        if kind == "guide":
            return next((each for each in self._guide.items if each.id == rest), None)
        return self._guide.symptoms[int(rest)] if int(rest) < len(self._guide.symptoms) else None

    def _told(self, value: Hashable, cells: int) -> tuple[Line, ...]:
        one = self._one(*str(value).split("/", 1))
        if one is None:
            return ()
        return guided.item(one, cells, self.glyphs) if isinstance(one, Item) else guided.symptom(one, cells)

    def action_guide(self) -> None:
        """The guide whole."""
        if not self.barred("guide"):
            self._explain("guide")

    def action_doctor(self) -> None:
        """What the doctor found."""
        if not self.barred("doctor"):
            self._explain("doctor")

    def action_agent(self) -> None:
        """The agent whole."""
        self._explain("agent")

    def action_projects(self) -> None:
        """Every project."""
        if self._data is not None:
            self._whole(draw.projects(self._data, self.glyphs).title)
