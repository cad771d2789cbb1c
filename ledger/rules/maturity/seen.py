"""What of many events the ledger holds at all: asked once, before a long past is judged in which there was nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from ledger.projections.view import View
from ledger.rules.maturity import plain
from ledger.rules.maturity.rows import CHECKED, COMPLETED, REGISTERED, STARTED

_ENVELOPE = ("actor", "actor_kind", "subject", "project")
_FACTS = {
    STARTED: ("runs", ("run", "job", "job_type", *_ENVELOPE)),
    REGISTERED: ("artifacts", ("kind", "name", "version", "sha256", "size", "run", *_ENVELOPE)),
}
"""Types whose members are a row's facts, but for those that have a column or are the envelope's."""


class Seen:
    """Answers about the events as of a view, each question asked once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[Hashable, Any] = {}

    def any_like(self, type_: str, where: Mapping[str, Any], kind: str = "") -> bool:
        """Whether some event of a type may fit conditions, for a version of a kind; true where that is not easily told."""
        if type_ in _FACTS and not all(self._says(type_, name) for name, each in where.items() if each == "$present"):
            return False
        if type_ == STARTED and "$image" in where.values() and not self._has_image():
            return False
        if type_ == COMPLETED and kind and where.get("outputs") == "$includes_subject":
            return self._made_by_runs(kind)
        kinds = plain.kinds(where)
        if type_ == CHECKED and kinds is not None:
            passed = where.get("passed")
            return any(each in kinds and passed in (None, bool(ok)) for each, ok in self._checked())
        return True

    def _says(self, type_: str, name: str) -> bool:
        """Whether some event of a type may say something under a name."""
        table, elsewhere = _FACTS[type_]
        if name in elsewhere or not name.isidentifier():
            return True
        sql = f"SELECT 1 FROM {table} WHERE instr(facts, :member) AND seq <= :at LIMIT 1"
        member = f'"{name}":'
        return bool(self._once(("says", type_, name), lambda: self._view.row(sql, {"member": member}) is not None))

    def _has_image(self) -> bool:
        """Whether an image that runs can be in is registered."""
        sql = "SELECT 1 FROM artifacts WHERE kind = 'runtime' AND name = 'container' AND seq <= :at LIMIT 1"
        return bool(self._once("image", lambda: self._view.row(sql) is not None))

    def _made_by_runs(self, kind: str) -> bool:
        """Whether a version of a kind is the output of some run."""
        sql = "SELECT 1 FROM edges WHERE target >= :low AND target < :high AND role = 'output' AND seq <= :at LIMIT 1"
        bound = {"low": f"{kind}/", "high": f"{kind}0"}
        return bool(self._once(("made", kind), lambda: self._view.row(sql, bound) is not None))

    def _checked(self) -> list[tuple[str, int]]:
        """The kinds of checks that were executed, with how they ended."""
        sql = "SELECT DISTINCT kind, passed FROM checks WHERE seq <= :at"
        found: list[tuple[str, int]] = self._once("checked", lambda: self._view.rows(sql))
        return found

    def _once(self, name: Hashable, find: Callable[[], Any]) -> Any:
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]
