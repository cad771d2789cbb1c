"""Each rollout's traffic, gates and evidence towards the decision to come."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.tui.draw.clip import titled
from app.tui.draw.glyphs import Glyphs
from app.tui.draw.picture import Line
from app.tui.draw.refs import short
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.keys import Key, doing
from app.tui.messages import Opened
from app.tui.screens.page import PAST, Page
from app.tui.screens.rollouts.draw import rollout as draw
from app.tui.screens.rollouts.queries import rollouts
from app.tui.screens.rollouts.queries.rollouts import Board, Course, Rollout
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

ROLLOUTS = (
    Column("", least=6, most=14), Column("", least=16), Column("", least=4, rank=3), Column("", "right", least=4, rank=1),
    Column("", "right", least=10, rank=2),
)  # fmt: skip


class RolloutsPage(Page):
    """The list and what stands left; curves and verdicts right."""

    NAME = "Rollouts"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key("enter,l", "lineage", "the lineage of what is rolled out", "lineage", "⏎"),
        Key("c", "turn", "the next curve: the evidence, old and new, what was saved, each guard-rail", "curve"),
        doing("canary run", "evaluate"),
        doing("canary promote", "promote"),
        doing("canary start", "start"),
        doing("rollback", "roll back"),
        doing("drill rollback", "drill"),
        doing("deploy", "deploy"),
        Key("v", "event", "the event of the last verdict, in the audit", "event"),
        Key("J", "scroll(3)", "the verdicts further down"),
        Key("K", "scroll(-3)", "the verdicts further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._course: Course | None = None
        self._wanted: str | None = None
        self._which = draw.EVIDENCE

    def body(self) -> ComposeResult:
        """List; standing, curves, verdicts."""
        with Vertical(id="left"):
            yield Lister(id="rollouts", classes="pane")
            yield Paper(id="standing", classes="pane")
        with Vertical(id="right"):
            yield Paper(id="curves", classes="pane")
            yield Paper(id="verdicts", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        self.query_one("#rollouts").border_title = "Rollouts"
        self.query_one("#verdicts").border_title = "Verdicts"

    def open(self, ref: str) -> None:
        """Put the cursor on a rollout."""
        self._wanted = ref
        self.load()

    def load(self) -> None:
        """The list as of the playhead."""
        if self.is_mounted:
            self.ask_both("board", rollouts.board, self._show)

    def _show(self, board: Board, before: Board | None) -> None:
        self._board = board
        choose, self._wanted = self._wanted, None
        self.query_one(Lister).show(
            sections(board, self.glyphs), choose, None if before is None else sections(before, self.glyphs)
        )
        if not board.rollouts:
            self._draw(None)

    @property
    def chosen(self) -> Rollout | None:
        """What the cursor stands on."""
        value = self.query_one(Lister).value
        return next((each for each in self._board.rollouts if each.ref == value), None) if self._board else None

    def on_lister_moved(self) -> None:
        """Another rollout is under the cursor: it is asked for whole."""
        if self.chosen is not None:
            self.ask("course", partial(rollouts.course, deployment=self.chosen.deployment), self._draw)

    def _draw(self, course: Course | None) -> None:
        self._course = course
        panes = {name: self.query_one(f"#{name}", Paper) for name in ("standing", "curves", "verdicts")}
        panes["standing"].border_title = titled(course.rollout.deployment) if course else "Rollout"
        panes["curves"].set_class(course is None or not draw.views(course), "-off")
        if course is None:
            panes["standing"].show(lambda *_: ((("  `deploy` or `canary start` begins one", "muted"),),))
            panes["verdicts"].show(lambda *_: ())
        else:
            panes["standing"].show(lambda cells, _: draw.standing(course, cells, self.glyphs))
            panes["verdicts"].show(lambda cells, _: draw.verdicts(course, cells, self.glyphs))
            self._entitle(course)
            panes["curves"].show(lambda cells, rows: self._curves(course, cells, rows))
        self.rekey()

    def _curves(self, course: Course, cells: int, rows: int) -> tuple[Line, ...]:
        picture = draw.curves(course, self._which, cells - 1, rows - 1, self.glyphs)
        return (draw.legend(course, self._which, self.glyphs), *picture)

    def _entitle(self, course: Course) -> None:
        """Title of the curve shown, which is the first again where this rollout has no such guard-rail."""
        views = draw.views(course) or (draw.EVIDENCE,)
        self._which = self._which if self._which in views else views[0]
        paper = self.query_one("#curves", Paper)
        paper.border_title = titled(draw.entitled(self._which))
        paper.border_subtitle = f"{views.index(self._which) + 1} of {len(views)}, c turns"

    def given(self, name: str) -> dict[str, str]:
        """The rollout under the cursor."""
        chosen = self.chosen
        if chosen is None or name in ("canary start", "deploy"):
            return {}
        return {"deployment": chosen.deployment}

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        return self.chosen.ref if self.chosen else ""

    def why_not(self, action: str) -> str:
        """Evaluating and promoting need a rollout under way; the past is only looked at."""
        chosen = self.chosen
        if action.startswith("do(") and not self.dashboard.moment.live:
            return PAST
        if action in ("do('rollback')", "do('drill rollback')"):
            return self._irrevocable()
        if action in ("do('canary run')", "do('canary promote')") and (chosen is None or chosen.status != "under way"):
            return "the cursor stands on no rollout that is under way"
        if action == "event" and (self._course is None or not self._course.verdicts):
            return "its gates were not evaluated"
        if action == "turn" and (self._course is None or not draw.views(self._course)):
            return "nothing was measured day by day"
        if action == "lineage" and chosen is None:
            return "nothing was ever deployed here"
        return ""

    def _irrevocable(self) -> str:
        """Why there is nothing to go back from."""
        alive = [each for each in self._board.rollouts if each.status in ("live", "under way")] if self._board else []
        if not alive:
            return "nothing is live or under way, so there is nothing to roll back"
        if self.chosen is not None and self.chosen not in alive:
            return f"this deployment is over ({self.chosen.status}); put the cursor on what is live or under way"
        return ""

    def action_turn(self) -> None:
        """The next curve."""
        if not self.barred("turn") and self._course is not None:
            views = draw.views(self._course)
            self._which = views[(views.index(self._which) + 1) % len(views)]
            self._entitle(self._course)
            self.query_one("#curves", Paper).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll the verdicts."""
        self.query_one("#verdicts", Paper).scroll_relative(y=rows, animate=False)

    def on_lister_chosen(self) -> None:
        """A second click: the lineage."""
        self.action_lineage()

    def action_lineage(self) -> None:
        """The rollout in its lineage."""
        if not self.barred("lineage") and self.chosen is not None:
            self.app.post_message(Opened(self.chosen.ref, "3"))

    def action_event(self) -> None:
        """The event of the last verdict."""
        if not self.barred("event") and self._course is not None:
            self.app.post_message(Opened(f"event/{self._course.verdicts[-1].seq}"))


def sections(board: Board, glyphs: Glyphs) -> list[Section]:
    """The list: what is under way, what serves, what is over."""

    def rows(*statuses: str) -> tuple[Row, ...]:
        return tuple(_row(each, glyphs) for each in board.rollouts if each.status in statuses)

    over = tuple(_row(each, glyphs) for each in board.rollouts if each.status not in ("under way", "live"))
    parts = (("UNDER WAY", rows("under way")), ("LIVE", rows("live")), ("OVER", over))
    shown = [Section(title, ROLLOUTS, found) for title, found in parts if found]
    return shown or [Section("ROLLOUTS", ROLLOUTS, empty="nothing was ever deployed here")]


def _row(each: Rollout, glyphs: Glyphs) -> Row:
    sign, style = draw.sign(each.status, glyphs)
    said = each.decision if each.status == "under way" and each.decision else each.status
    traffic = f"{each.slice:.0%}" if each.status in ("under way", "live") else ""
    cells = (
        (f"{sign} {said}", style),
        (short(each.subject), ""),
        (each.environment, "muted"),
        (traffic, "strong"),
        (each.since, "muted"),
    )
    return Row(cells, each.ref)
