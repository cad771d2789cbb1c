"""Deciding on requests: which of them, in which role, why, the statements, and what was signed. A screen with a sign panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app.tui import signing
from app.tui.draw.statement import ALONE
from app.tui.messages import Failed
from app.tui.screens.approvals.signpanel import SignPanel
from app.tui.screens.page import PAST, Page, in_one_line
from app.tui.signing import Drafted, Signed
from app.tui.widgets.lister import Lister

if TYPE_CHECKING:
    from app.tui.screens.approvals.queries.approvals import Item


class Plan(NamedTuple):
    """A decision on several requests before anything is drafted: each with the role, those left out with the reason."""

    verdict: str
    items: tuple[Item, ...]
    roles: dict[tuple[str, ...], str]
    left_out: tuple[tuple[str, str], ...]
    reason: str = ""


class Proposing(Page):
    """Takes a decision from a key to a signature; each step may be left, and nothing is signed then."""

    @property
    def chosen(self) -> tuple[Item, ...]:
        """The requests that a decision is on: the marked ones, else the one under the cursor."""
        raise NotImplementedError

    def unmark(self) -> None:
        """What was decided is marked no more."""
        raise NotImplementedError

    def look_at(self, request: int) -> None:
        """Show a request that is being decided on."""
        raise NotImplementedError

    def barred_from(self, item: Item) -> str:
        """Why the one who looks cannot decide on a request; empty where they can."""
        if item.state != "open":
            return f"request {item.seq:,} is {item.state} already"
        if self.dashboard.signing.signs(item.seq):
            return (
                f"you have signed a decision on request {item.seq:,} already; it is not appended yet, u takes it back"
            )
        return item.why_not

    def undecidable(self) -> str:
        """Why nothing can be decided now; empty where something can."""
        if not self.chosen:
            return "there is no request"
        if not self.dashboard.moment.live:
            return PAST
        reasons = [self.barred_from(item) for item in self.chosen]
        return "" if len(reasons) > 1 else reasons[0]

    def action_approve(self) -> None:
        """Draft approvals and show their bytes."""
        if not self.barred("approve"):
            self._propose("approve")

    def action_reject(self) -> None:
        """Ask for the reason, then draft rejections and show their bytes."""
        if not self.barred("reject"):
            self._propose("reject")

    def _propose(self, verdict: str) -> None:
        items = tuple(item for item in self.chosen if not self.barred_from(item))
        left_out = tuple((item.name, why) for item in self.chosen if (why := self.barred_from(item)))
        self._say_left_out(Plan(verdict, items, {}, left_out), self._ask_roles)

    def _say_left_out(self, plan: Plan, then: Callable[[Plan], None]) -> None:
        """Say what cannot be signed before anything else; go on with the others."""
        if not plan.left_out:
            then(plan)
            return
        from app.tui.screens.approvals.leftout import LeftOutScreen

        box = LeftOutScreen(plan.verdict, plan.left_out, len(plan.items))
        self.app.push_screen(box, lambda go_on: then(plan._replace(left_out=())) if go_on else None)

    def _ask_roles(self, plan: Plan) -> None:
        """In which role, where there are several: once for all requests on which the same roles count."""
        unknown = [item for item in plan.items if len(item.my_roles) > 1 and item.my_roles not in plan.roles]
        if not unknown:
            self._ask_reason(plan)
            return
        from app.tui.screens.prompt import Choice, ChoiceScreen

        roles = unknown[0].my_roles
        alike = [item for item in unknown if item.my_roles == roles]
        about = alike[0].subject if len(alike) == 1 else f"{len(alike)} requests"
        choices = [Choice(str(n), role) for n, role in enumerate(roles, start=1)]

        def chose(key: str | None) -> None:
            if key:
                self._ask_roles(plan._replace(roles={**plan.roles, roles: roles[int(key) - 1]}))

        asked = ChoiceScreen("In which role?", f"to {plan.verdict} {about}", [*choices, Choice("escape", "leave")])
        self.app.push_screen(asked, chose)

    def _ask_reason(self, plan: Plan) -> None:
        if plan.verdict == "approve":
            self._draft(plan)
            return
        from app.tui.screens.prompt import PromptScreen

        many = len(plan.items)
        whose = "The requester reads it" if many == 1 else f"It stands in all {many} statements, the requesters read it"
        prompt = PromptScreen(
            "Reject" if many == 1 else f"Reject {many}", f"why? {whose}; it is signed with your decision",
            check=lambda text: "" if text.strip() else "a rejection needs a reason",
        )  # fmt: skip
        self.app.push_screen(prompt, lambda why: self._draft(plan._replace(reason=why)) if why else None)

    def _draft(self, plan: Plan) -> None:
        """Make the statements on a worker; what the rules refuse by now is left out, and said."""

        def job() -> tuple[list[Drafted], list[tuple[str, str]]]:
            drafts: list[Drafted] = []
            refused: list[tuple[str, str]] = []
            with self.dashboard.acting() as context:
                for item in plan.items:
                    role = item.my_roles[0] if len(item.my_roles) == 1 else plan.roles[item.my_roles]
                    try:
                        drafts.append(signing.draft(context, item.seq, plan.verdict, role, plan.reason))
                    except Exception as error:
                        if len(plan.items) == 1:
                            raise
                        refused.append((item.name, in_one_line(error)))
            return drafts, refused

        self.work("draft", job, partial(self._drafted, plan))

    def _drafted(self, plan: Plan, found: tuple[list[Drafted], list[tuple[str, str]]]) -> None:
        drafts, refused = found
        numbers = {each.request for each in drafts}
        left = plan._replace(items=tuple(each for each in plan.items if each.seq in numbers), left_out=tuple(refused))
        self._say_left_out(left, lambda _: self._show_statements(drafts))

    def _show_statements(self, drafts: list[Drafted]) -> None:
        if drafts:
            self.look_at(drafts[0].request)
            self.query_one(SignPanel).propose(drafts)
            self.reframe()

    def on_sign_panel_stepped(self, event: SignPanel.Stepped) -> None:
        """Another statement is in view: the request that it decides on is shown above it."""
        if self.query_one(SignPanel).proposing:
            self.look_at(event.request)

    def on_sign_panel_confirmed(self, event: SignPanel.Confirmed) -> None:
        """Sign what was shown, each statement by itself; they wait before they are appended."""
        drafts = event.drafts

        def job() -> tuple[Signed, ...]:
            with self.dashboard.acting() as context:
                return signing.sign(context, drafts)

        self.work("sign", job, partial(self._signed, drafts))

    def _signed(self, drafts: tuple[Drafted, ...], signed: tuple[Signed, ...]) -> None:
        panel = self.query_one(SignPanel)
        if panel.drafts is not drafts or not panel.proposing:
            return
        panel.close()
        self.dashboard.signing.hold(signed)
        self.unmark()
        self.query_one(Lister).focus()
        self.reframe()

    def on_failed(self, message: Failed) -> None:
        """A failure while something is proposed is said where one looks."""
        panel = self.query_one(SignPanel)
        if panel.proposing and panel.busy:
            panel.refuse(message.text)
        super().on_failed(message)

    def reframe(self) -> None:
        """The frame; what is proposed, how long signed decisions still wait, or what of them was not recorded."""
        super().reframe()
        if not self.is_mounted:
            return
        panel, held = self.query_one(SignPanel), self.dashboard.signing
        if not panel.proposing:
            if held.pending is not None:
                panel.wait(held.pending)
            elif held.unrecorded:
                panel.tell(held.unrecorded)
            elif panel.open:
                panel.close()
        self.set_class(panel.proposing, "-signing")
        self.set_class(panel.proposing and self.query_one("#body").size.height < ALONE, "-alone")

    def leave(self) -> bool:
        """Close what is proposed, nothing was signed; or what was told, it has been read."""
        panel = self.query_one(SignPanel)
        if panel.proposing:
            panel.close()
            self.notice("nothing was signed")
        elif self.dashboard.signing.unrecorded and self.dashboard.signing.pending is None:
            self.dashboard.signing.unrecorded = ()
        else:
            return False
        self.query_one(Lister).focus()
        self.reframe()
        return True

    def on_resize(self) -> None:
        """Another height: the panel may stand alone now, or no more."""
        super().on_resize()
        self.reframe()
