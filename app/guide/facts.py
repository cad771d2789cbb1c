"""What items are judged by: the evidence of one project as of a moment, and the criteria of the shipped model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ledger.errors import Missing
from ledger.rules.maturity import lineage, reading, sets, verdicts
from ledger.rules.maturity.moments import DAY, EVER, PLAIN, Window, covered
from ledger.rules.maturity.pieces import Evidence, name_of
from ledger.rules.maturity.spans import BEGIN, contains
from ledger.rules.maturity.standing import Evaluation, Moment, State

FUNCTIONS = ("data-science", "engineering", "operations")
"""The roles that sign a maturity map."""
MAP = "maturity-map"


class Found(NamedTuple):
    """What was found of an item: whether it is met, in words, and by which events; ``fix`` is what to do where it is not."""

    met: bool
    text: str
    evidence: tuple[int, ...] = ()
    fix: str = ""


class Facts:
    """One project's evidence as of a moment.

    Args:
        evaluation: the evidence; what its workspace's own model says of criteria is left aside here.
        project: whose.
        moment: as of when.
        waits_for: what the request of a number still lacks; empty once it is decided.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        project: str,
        moment: Moment,
        waits_for: Callable[[int], tuple[Missing, ...]],
    ) -> None:
        self.waits_for = waits_for
        self.index = evaluation.index
        self.project = project
        self.moment = moment
        shipped = reading.shipped()
        same = evaluation.model.digest == shipped.digest
        self.evaluation = evaluation if same else Evaluation(self.index, shipped, evaluation.verification)

    def criterion(self, id_: str) -> State:
        """A criterion of the shipped model."""
        found = self.evaluation.model.criterion(id_)
        assert found is not None, id_
        return self.evaluation.state(self.project, found, self.moment)

    def all_of(self, *ids: str) -> Found:
        """Met if every one of these criteria is held; else the first that is not says why."""
        from ledger.rules.maturity.standing import advice

        states = [self.criterion(each) for each in ids]
        for each in states:
            if each.state != "held":
                return Found(False, _lack(each), _against(each), advice(each))
        seqs = sorted({seq for each in states for seq in each.seqs})
        return Found(True, "; ".join(each.criterion.need for each in states), tuple(seqs))

    def events(self, type_: str, *, days: int | None = None, shared: bool = False, **fields: Any) -> list[Evidence]:
        """The project's events of a type, oldest first, narrowed to the last ``days`` and to fields of the value."""
        since = BEGIN if days is None else self.moment.t - days * DAY
        kind = fields.get("kind")
        kinds = (kind,) if isinstance(kind, str) else None
        found = self.index.told(type_, self.project, kinds, shared=shared, earliest=since)
        return [each for each in found if all(each.value.get(key) == item for key, item in fields.items())]

    def live(self) -> list[str]:
        """The versions of the project's models that serve in production."""
        return self.members("prod_models")

    def members(self, of: str, window: Window = EVER) -> list[str]:
        """The versions in a set at the moment."""
        t = self.moment.t
        found = sets.members(self.index, of, self.project, window, self.evaluation.model.tiers, since=t)
        return [each.version for each in found if each.event is None and contains(each.spans, self.moment.t)]

    def about(self, subject: str, type_: str) -> list[Evidence]:
        """The events of a type whose subject has this name, whichever version."""
        return self.index.named(type_, name_of(subject))

    def newest_each(self, type_: str, *, days: int | None = None) -> Iterator[Evidence]:
        """The project's events of a type that no later one supersedes."""
        return (each for each in self.events(type_, days=days) if self.index.next_of(each) is None)

    def repeated(self, *, days: int | None = None) -> list[Evidence]:
        """The newest repetition of each run, oldest first; those in which something was exchanged on purpose are none."""
        return [each for each in self.newest_each("run.reproduced", days=days) if not each.value.get("swapped")]

    def fresh(self, item: Evidence, window: Window) -> bool:
        """Whether an event still counts by a window, in its subject's calendar."""
        spells = lineage.spells(self.index, item.subject, self.project) or PLAIN
        return contains(covered(item.t, window, spells, self.evaluation.model.tiers), self.moment.t)


def _lack(state: State) -> str:
    criterion = state.criterion
    if state.state == "inapplicable":
        return f"nothing to judge yet for: {criterion.need} ({criterion.id})"
    word = "lapsed" if state.state == "lapsed" else "missing"
    lacking = [verdicts.label(each) for each in state.shown.lacking]
    which = f": {', '.join(lacking[:3])}{'…' if len(lacking) > 3 else ''}" if lacking else ""
    against = (
        f"; against it: event {', '.join(str(each.seq) for each in state.shown.against[:3])}"
        if state.shown.against
        else ""
    )
    return f"{word}: {criterion.need} ({criterion.id}){which}{against}"


def _against(state: State) -> tuple[int, ...]:
    """The events that speak against it, and those elements without evidence that are events themselves."""
    events = [each.event.seq for each in state.shown.lacking if each.event is not None]
    return tuple(sorted({*events, *(each.seq for each in state.shown.against)}))
