"""What a dataset's registration says of it: columns, rows, span, and its profile, which is stored beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.actions.answers import Cell, Mark, counted, say, table
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.profiling.profile import Profile
    from ledger.projections.artifacts import Artifact
    from ledger.store.objects import Objects, Stored

_COLUMNS = 12
_ELSEWHERE = ("schema", "columns_in_all")


def facts(
    context: Context, stored: Stored, kind: str, name: str, media_type: str | None
) -> tuple[dict[str, Any], list[str]]:
    """What is recorded with a version beside its digest, and what is told of it.

    Only datasets are taken for tables. What looks like one and is none is registered all the same: its bytes are what counts.
    """
    from app.profiling import registration

    if kind != "dataset" or stored.directory or not registration.may_be_table(name, media_type):
        return {}, []

    def told(rows: int) -> None:
        context.progress(rows, None, f"{name}: {rows:,} rows")

    try:
        described, found = registration.facts(context.ledger.objects, stored.digest, name, told)
    except InputError as error:
        return {}, [say(Mark("dim", f"no profile: {error}"))]
    span = f", {found.span[0]} to {found.span[1]}" if found.span else ""
    size = f"{counted(found.rows, 'row')}, {counted(len(found.columns), 'column')}{span}"
    return described, [say(Mark("dim", size))]


def kept(objects: Objects, artifact: Artifact) -> Profile | None:
    """The profile that was stored when a version was registered; ``None`` where none was, or it is not there."""
    from app.profiling.profile import Profile

    digest = (artifact.facts.get("summary") or {}).get("profile")
    if not isinstance(digest, str) or not objects.has(digest):
        return None
    return Profile.decoded(objects.read(digest))


def shown(summary: Mapping[str, Any]) -> list[str]:
    """A summary as lines: its plain members under each other, the columns as a table."""
    plain = [(key, _short(summary[key])) for key in sorted(summary) if key not in _ELSEWHERE]
    lines = table(plain, indent="    ")
    schema = summary.get("schema")
    if isinstance(schema, list) and all(isinstance(each, Mapping) for each in schema):
        rows: list[tuple[Cell, ...]] = [
            (
                str(each.get("name")),
                _cell(each.get("kind")),
                _cell(each.get("nulls")),
                _cell(each.get("distinct")),
                "about" if each.get("estimated") else "",
                _cell(each.get("first", each.get("min"))),
                _cell(each.get("last", each.get("max"))),
            )
            for each in schema[:_COLUMNS]
        ]
        lines += table(rows, ("column", "kind", "missing", "distinct", "", "least", "most"), indent="    ")
        rest = max(len(schema), _whole(summary.get("columns_in_all"))) - _COLUMNS
        if rest > 0:
            lines.append(say(Mark("dim", f"    and {counted(rest, 'more column')}")))
    return lines


def _whole(item: Any) -> int:
    return item if isinstance(item, int) else 0


def _cell(item: Any) -> Cell:
    return item if isinstance(item, int | float | str) or item is None else str(item)


def _short(item: Any) -> str | int | float:
    if isinstance(item, int | float | str):
        return item
    import json

    text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= 90 else f"{text[:89]}…"
