"""What was counted or read for one moment, carried on to the next: the log is only ever added to, so that what lies
between two moments is all that has to be read anew."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.projections.view import View

FAR = 20_000
"""Events between two moments from which on everything is counted anew, which an index does well."""

SERIES = 8
"""Series that are kept."""

Name = tuple[str, str | None, str]
"""Kind, project and name."""


class Tally:
    """Of one ledger's file. Workers share it, so it answers one at a time."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._at = -1
        self._names: Counter[Name] = Counter()
        self._runs = 0
        self._series: dict[tuple[str, str | None], tuple[int, list[tuple[Any, ...]]]] = {}

    def versions(self, view: View) -> dict[Name, int]:
        """How many versions each name has as of the view."""
        with self._guard:
            self._count(view)
            return dict(self._names)

    def runs(self, view: View) -> int:
        """How many runs have begun as of the view."""
        with self._guard:
            self._count(view)
            return self._runs

    def _count(self, view: View) -> None:
        if abs(view.at - self._at) > FAR or self._at < 0:
            rows = view.rows(
                "SELECT kind, project, name, count(*) FROM artifacts WHERE seq <= :at GROUP BY kind, project, name"
            )
            self._names = Counter({(kind, project, name): count for kind, project, name, count in rows})
            self._runs = int(view.row("SELECT count(*) FROM runs WHERE seq <= :at")[0])
        elif view.at != self._at:
            low, high = sorted((self._at, view.at))
            span = {"low": low, "high": high}
            sql = "SELECT kind, project, name FROM artifacts WHERE seq > :low AND seq <= :high"
            passed = Counter((kind, project, name) for kind, project, name in view.rows(sql, span))
            runs = int(view.row("SELECT count(*) FROM runs WHERE seq > :low AND seq <= :high", span)[0])
            if view.at > self._at:
                self._names += passed
                self._runs += runs
            else:
                self._names -= passed
                self._runs -= runs
        self._at = view.at

    def observed(self, view: View, project: str | None, monitor: str) -> list[tuple[Any, ...]]:
        """A monitor's observations as of the view, oldest first: seq, day, value, threshold, breached, subject, kind."""
        with self._guard:
            upto, rows = self._series.pop((monitor, project), (-1, []))
            if view.at > upto:
                sql = (
                    "SELECT seq, coalesce(day, substr(at, 1, 10)), value, threshold, breached, subject, kind "
                    "FROM observations WHERE monitor = :monitor AND project IS :project AND seq > :upto AND seq <= :at "
                    "ORDER BY seq"
                )
                rows += view.rows(sql, {"monitor": monitor, "project": project, "upto": upto})
                upto = view.at
            self._series[monitor, project] = (upto, rows)
            while len(self._series) > SERIES:
                del self._series[next(iter(self._series))]
            return rows[: bisect_right(rows, view.at, key=lambda row: row[0])]
