"""How well teams deliver: lead time, frequency, failure rate and time to restore, as of any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, say, table
from ledger.errors import InputError
from ledger.projections import delivery as projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.delivery import Delivery

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def delivery(context: Context, *, team: str | None = None, to: str = "prod", days: int = 90) -> Answer:
    """Each team's four measures in the days before the view's last event."""
    if not 1 <= days <= 36_500:
        raise InputError(f"--days {days}: between 1 and 36500")
    found = projection.measured(context.view, environment=to, days=days, team=team)
    rows = [
        (
            each.team,
            f"{each.per_week:.2g}",
            duration(each.lead),
            _share(each.failures, each.changes),
            duration(each.restore),
            _share(each.pipelines_ok, each.pipelines),
        )
        for each in found
    ]
    head = ("team", "live a week", "lead time", "taken back", "time to restore", "pipelines ok")
    none = f"nothing was deployed to {to}, and no pipeline ended, in {days} days"
    lines: list[str] = [say(Mark("title", f"delivery to {to}"), f"  in the {days} days before event {context.view.at}")]
    lines += table(rows, head, indent="  ") or [say("  ", Mark("dim", none))]
    document = {"at": context.view.at, "environment": to, "days": days, "teams": [_document(each) for each in found]}
    return Answer(document, lines)


def duration(seconds: float | None) -> str | None:
    """A length of time as people say it: ``3.5 d``, ``40 min``."""
    if seconds is None:
        return None
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _share(part: int, whole: int) -> str | None:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else None


def _document(found: Delivery) -> dict[str, Any]:
    return found._asdict()
