"""Inference records as days: what the ledger says of them, and each day as monitors look at it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from app.actions import events
from app.monitoring import daylog, series
from app.monitoring.daylog import DayLog, Part
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.serving import Serving
    from app.monitoring.series import Series
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View

LOGGED = "inference.logged"


class LoggedDays:
    """The days of a model's inference records; stands where a service that scores days would. A context manager."""

    TOLD = ("latency", "cost", "error", "open", "missing", "rows")
    """What records tell of a day besides predictions and features."""

    def __init__(self, context: Context, serving: Serving) -> None:
        """Find the records of the served model; nothing is read yet."""
        self._log = log(context, serving.model)
        self.days = self._log.days
        self._names: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def after(self, day: str, until: str | None = None) -> list[str]:
        """The days that come after ``day``, up to and with ``until``; all of them where ``None``."""
        stop = len(self.days) if until is None else bisect_right(self.days, until)
        return self.days[bisect_right(self.days, day) : stop]

    def load(self, model: Artifact) -> str:
        """Its answers are in the records already."""
        return model.ref

    def values(self, day: str, model: str) -> dict[str, Any]:
        """A day as monitors look at it (``daylog.DayLog.series``), NaN where it has no records.

        The first day that is asked for says which series there are; a feature that comes later is no part of them.
        """
        found: dict[str, Any] = self._log.series(day) if day in self.days else {}
        if not self._names:
            self._names = {name: len(value) if isinstance(value, list) else 1 for name, value in found.items()}
        names = self._names or dict.fromkeys(self.TOLD[:3], daylog.POINTS) | dict.fromkeys(self.TOLD[3:], 1)
        absent = {name: [float("nan")] * count if count > 1 else float("nan") for name, count in names.items()}
        found = {name: found.get(name, missing) for name, missing in absent.items()}
        place = bisect_left(self.days, day)
        earlier = self.days[place - 1] if place > 0 else day
        return found | {"age": float((date.fromisoformat(day) - date.fromisoformat(earlier)).days)}

    def reference(self, context: Context, name: str) -> Series:
        """What monitors are calibrated on: the days of a span, ``2026-01-01..2026-03-31``.

        Raises:
            InputError: it is no span, or holds no day with records.
        """
        first, _, last = name.partition("..")
        days = [each for each in self.days if first <= each <= last]
        if not days:
            raise InputError(f"the reference {name} holds no day with records; write it as FIRST..LAST, two days")
        found = series.Series()
        for each in days:
            found.append(each, self.values(each, ""))
        return found


def log(context: Context, model: str) -> DayLog:
    """The inference records of a model (``model/project/name``), as the ledger tells of them."""
    _, project, name = model.split("/", 2)
    root = context.workspace.root / ".assay" / daylog.FOLDER / project / name
    return DayLog(root, recorded(context.ledger.view(), model))


def recorded(view: View, model: str) -> dict[str, tuple[str, list[Part]]]:
    """Per day the digest of its records and their files, in the order in which they were logged."""
    found: dict[str, tuple[str, list[Part]]] = {}
    for each in events.matching(view, types=[LOGGED], subject=model):
        value = each.event.value
        if each.event.subject != model:
            continue
        parts = [Part(part["name"], part["kind"], part["rows"], part["sha256"]) for part in value["files"]]
        found[value["day"]] = (value["sha256"], [*found.get(value["day"], ("", []))[1], *parts])
    return found
