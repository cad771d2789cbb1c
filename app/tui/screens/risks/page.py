"""Risks by area and capability with their owners; targets, their criteria, and the plan that leads to them."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from app.tui.draw.glyphs import Glyphs
from app.tui.draw.sections import Row, Section
from app.tui.draw.tables import Column
from app.tui.keys import Key, doing
from app.tui.messages import Opened
from app.tui.screens.judged import Judged
from app.tui.screens.page import PAST
from app.tui.screens.risks.draw import risks as draw
from app.tui.screens.risks.queries import risks
from app.tui.screens.risks.queries.risks import Aim, Danger, Register
from app.tui.widgets.lister import Lister
from app.tui.widgets.paper import Paper

ROWS = (Column("", least=12, most=12), Column("", least=20), Column("", least=10, rank=2), Column("", least=6, rank=1))


class RisksPage(Judged):
    """Matrix and list left; what the cursor stands on and the plan right."""

    NAME = "Risks"
    CSS_PATH = "page.tcss"
    KEYS = (
        Key("enter,l", "event", "the event that recorded it, in the audit", "event", "⏎"),
        doing("risk add", "risk"),
        doing("risk close", "close"),
        doing("target set", "target"),
        doing("target sign", "sign"),
        Key("J", "scroll(3)", "the details and the plan further down"),
        Key("K", "scroll(-3)", "the details and the plan further up"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._register: Register | None = None
        self._wanted = ""

    def body(self) -> ComposeResult:
        """Matrix and list; details and plan."""
        with Vertical(id="left"):
            yield Paper(id="matrix", classes="pane")
            yield Lister(id="risks", classes="pane")
        with Vertical(id="right"):
            yield Paper(id="detail", classes="pane")
            yield Paper(id="plan", classes="pane")

    def on_mount(self) -> None:
        """Titles."""
        super().on_mount()
        for name, title in (
            ("matrix", "Risks by capability"),
            ("risks", "Register"),
            ("detail", "Risk"),
            ("plan", "Plan"),
        ):
            self.query_one(f"#{name}").border_title = title

    @property
    def chosen(self) -> Danger | Aim | None:
        """What the cursor stands on."""
        value, found = self.query_one(Lister).value, self._register
        if found is None:
            return None
        entries: tuple[Danger | Aim, ...] = (*found.risks, *found.targets)
        return next((each for each in entries if each.ref == value), None)

    @property
    def subject(self) -> str:
        """What the cursor stands on."""
        return self.chosen.ref if self.chosen else ""

    def open(self, ref: str) -> None:
        """Put the cursor on a risk, or on the first of a project."""
        self._wanted = ref
        self.load()

    def load(self) -> None:
        """The register as of the playhead, and where two moments are compared as of the earlier one too."""
        if self.is_mounted:
            self._ask(exact=not self.much)

    def _ask(self, *, exact: bool) -> None:
        moment = self.dashboard.moment
        query = partial(risks.load, verified=self.dashboard.verdict, exact=exact)

        def shown(found: Register) -> None:
            if moment.since is None:
                self._show(found, None)
            else:
                self.judge("register", query, lambda before: self._show(found, before), at=moment.since)
            if not found.sure:
                self.surely("register", lambda: self._ask(exact=True))

        self.judge("register", query, shown)

    def _show(self, found: Register, before: Register | None) -> None:
        self._register = found
        wanted, self._wanted = self._wanted, ""
        if wanted.startswith("project/"):
            home = wanted.partition("/")[2]
            entries: tuple[Danger | Aim, ...] = (*found.risks, *found.targets)
            wanted = next((each.ref for each in entries if each.project == home), "")
        then = None if before is None else sections(before, self.glyphs)
        self.query_one(Lister).show(sections(found, self.glyphs), wanted or None, then)
        self.query_one("#plan", Paper).show(lambda cells, _: draw.plan(found.plan, cells, self.glyphs))
        self._detail()

    def on_lister_moved(self) -> None:
        """Another risk or target is under the cursor."""
        self._detail()
        self.rekey()

    def _detail(self) -> None:
        found, chosen = self._register, self.chosen
        if found is None:
            return
        matrix, detail = self.query_one("#matrix", Paper), self.query_one("#detail", Paper)
        matrix.show(lambda cells, _: draw.matrix(found, cells, self.glyphs, chosen.ref if chosen else ""))
        detail.border_title = "Target" if isinstance(chosen, Aim) else "Risk"
        if isinstance(chosen, Danger):
            detail.show(lambda cells, _: draw.risk(chosen, cells, self.glyphs))
        elif isinstance(chosen, Aim):
            detail.show(lambda cells, _: draw.target(chosen, cells, self.glyphs, dict(found.needs)))
        else:
            detail.show(lambda *_: ((("  no risk is recorded and no target is set", "muted"),),))

    def given(self, name: str) -> dict[str, str]:
        """The risk or the target under the cursor."""
        chosen = self.chosen
        if isinstance(chosen, Danger) and name == "risk close":
            return {"risk": chosen.name, "project": chosen.project}
        if isinstance(chosen, Aim) and name in ("target sign", "target set"):
            return {"track": chosen.track, "project": chosen.project}
        return {}

    def why_not(self, action: str) -> str:
        """The past is only looked at; what is closed is a risk that stands, what is signed a target that is not."""
        chosen = self.chosen
        if action.startswith("do(") and not self.dashboard.moment.live:
            return PAST
        if action == "do('risk close')" and (not isinstance(chosen, Danger) or chosen.closed):
            return "the cursor stands on no risk that stands"
        if action == "do('target sign')" and (not isinstance(chosen, Aim) or chosen.signer):
            return "the cursor stands on no target that waits for its signature"
        if action == "event" and chosen is None:
            return "no risk is recorded and no target is set"
        return ""

    def on_lister_chosen(self) -> None:
        """A second click: the event."""
        self.action_event()

    def action_event(self) -> None:
        """The event that recorded it."""
        if not self.barred("event") and self.chosen is not None:
            self.app.post_message(Opened(f"event/{self.chosen.seq}"))

    def action_scroll(self, rows: int) -> None:
        """Scroll the details and the plan."""
        for name in ("#detail", "#plan"):
            self.query_one(name, Paper).scroll_relative(y=rows, animate=False)


def sections(found: Register, glyphs: Glyphs) -> list[Section]:
    """The list: risks that stand, targets, risks that are over."""
    alive = tuple(_risk(each, glyphs) for each in found.risks if not each.closed)
    over = tuple(_risk(each, glyphs) for each in found.risks if each.closed)
    aims = tuple(_target(each, glyphs) for each in found.targets)
    shown = [
        Section("RISKS", ROWS, alive, empty="none is recorded"),
        Section("TARGETS", ROWS, aims, empty="none is set"),
    ]
    return [*shown, Section("CLOSED", ROWS, over)] if over else shown


def _risk(each: Danger, glyphs: Glyphs) -> Row:
    style = "muted" if each.closed else draw.grave(each.priority)
    sign = glyphs.ok if each.closed else draw.sign(each.priority, glyphs)
    word = "closed" if each.closed else draw.word(each.priority)
    cells = (
        (f"{sign} {each.priority} {word}", style),
        (each.title or each.name, "warn" if each.flags else ""),
        (each.capability or "unmapped", "muted" if each.capability else "warn"),
        (each.owner or "nobody", "muted" if each.owner else "warn"),
    )
    return Row(cells, each.ref)


def _target(each: Aim, glyphs: Glyphs) -> Row:
    sign, style = (glyphs.bad, "bad") if each.late else (glyphs.ok, "ok") if not each.open else (glyphs.other, "info")
    cells = (
        (f"{sign} L{each.level}", style),
        (f"{each.project} {each.track.upper()} by {each.due}", ""),
        ("signed" if each.signer else "not signed", "ok" if each.signer else "wait"),
        (each.owner or "nobody", "muted"),
    )
    return Row(cells, each.ref)
