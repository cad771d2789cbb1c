"""The evidence that maturity is judged by, kept from one question to the next.

It is read once and grows with the ledger. As of an earlier moment there are two answers. The exact one makes all look-ups
anew, from the evidence up to that event. The quick one looks the moment up in what was judged over all time: of the last
event of its instant it says the same, but for when a criterion will lapse, which it does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.rules.maturity.standing import Evaluation, Verification

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from ledger.projections.view import View
    from ledger.rules.maturity.index import Index
    from ledger.rules.maturity.model import Criterion, Model
    from ledger.rules.maturity.standing import Moment, State
    from ledger.rules.maturity.verdicts import Judged

MOMENTS = 2
"""Earlier moments whose evaluations are kept."""

Verified = tuple[int, bool] | None
"""What a verification in this session said: how many events, and whether they are intact."""


class Hindsight(Evaluation):
    """What is known at an earlier moment, judged by look-ups in an evaluation of all that came later, too."""

    def __init__(self, index: Index, whole: Evaluation) -> None:
        super().__init__(index, whole.model, whole.verification)
        self._whole = whole

    def judged(self, project: str, criterion: Criterion) -> Judged:
        """A criterion over all time."""
        return self._whole.judged(project, criterion)

    def recent(self, project: str, criterion: Criterion, since: int) -> Judged:
        """The same: what was judged over all time is at hand for every moment."""
        return self._whole.judged(project, criterion)

    def state(self, project: str, criterion: Criterion, moment: Moment, *, detail: bool = True) -> State:
        """A criterion at the moment; when it lapses would be known by what came later, and is left out."""
        return super().state(project, criterion, moment, detail=detail)._replace(lapses=None)


class Kept:
    """The evidence of one ledger's file, and what was judged by it. One thread uses it at a time."""

    def __init__(self) -> None:
        self._index: Index | None = None
        self._file: object = None
        self._evaluations: dict[object, Evaluation] = {}
        self._earlier: dict[int, Index] = {}

    def ground(self, context: Context, verified: Verified, *, exact: bool = True) -> tuple[Ground, bool]:
        """The evidence as of the context's moment, and whether all that is judged by it is exact.

        A verification in this session, found intact, counts as one in hand.
        """
        from app.actions import evaluating

        whole = self._taken_in(context)

        def evidence(view: View, _: Moment) -> Index:
            return whole if view.at >= whole.last else self._until(view.at)

        found = evaluating.ground(context, evidence=evidence)
        known = found.evaluation
        in_hand = Verification(verified[0], False) if verified is not None and verified[1] else known.verification
        if known.index is whole or exact:
            return found._replace(evaluation=self._evaluation(known.index, known.model, in_hand)), True
        judged = self._evaluation(whole, known.model, in_hand)
        return found._replace(evaluation=Hindsight(known.index, judged)), _ends_instant(found.view)

    def _taken_in(self, context: Context) -> Index:
        """All evidence until now."""
        from ledger.rules.maturity.index import Index

        stamp = context.ledger_path.stat()
        file = (stamp.st_dev, stamp.st_ino)
        now = context.ledger.view()
        if self._index is None or self._file != file or self._index.last > now.at:
            self._index, self._file = Index(), file
        if self._index.last < now.at:
            self._evaluations.clear()
            self._earlier.clear()
            self._index.extend(now)
        return self._index

    def _until(self, seq: int) -> Index:
        assert self._index is not None
        found = self._earlier.pop(seq, None) or self._index.until(seq)
        self._earlier[seq] = found
        for gone in list(self._earlier)[:-MOMENTS]:
            del self._earlier[gone]
        return found

    def _evaluation(self, index: Index, model: Model, verification: Verification | None) -> Evaluation:
        key = (index.last, model.digest, verification)
        found = self._evaluations.pop(key, None)
        if found is None or found.index is not index:
            found = Evaluation(index, model, verification)
        self._evaluations[key] = found
        earlier = [each for each in self._evaluations if self._evaluations[each].index is not self._index]
        for gone in earlier[:-MOMENTS]:
            del self._evaluations[gone]
        return found


def _ends_instant(view: View) -> bool:
    """Whether the next event has another time than the view's last."""
    rows = view.rows("SELECT at FROM events WHERE seq BETWEEN :at AND :at + 1 ORDER BY seq")
    return len(rows) < 2 or bool(rows[0][0] != rows[1][0])
