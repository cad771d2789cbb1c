"""Two tables against each other, row by row, where they are small enough to be held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import InputError

if TYPE_CHECKING:
    from app.profiling.profile import Profile
    from app.profiling.sources import Source

MOST_CELLS = 20_000_000
"""Cells of a table up to which rows are compared; of larger ones the profiles are."""

_SHOWN = 20
_JOIN = "\x1f"


class Rows(NamedTuple):
    """Rows that came, went and changed, by key; ``columns`` counts the changes by column.

    Without a key (``key`` empty) rows are compared as wholes, and none counts as changed. ``examples`` holds some changes.
    """

    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    examples: list[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {**self._asdict(), "key": list(self.key)}


def small_enough(*profiles: Profile) -> bool:
    """Whether the rows of these can be held and compared."""
    return all(each.rows * len(each.columns) <= MOST_CELLS for each in profiles)


def choose(was: Profile, now: Profile, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns that make a row's key: those wanted, else the first column where no value of it occurs twice.

    Raises:
        InputError: one of the tables has no such column.
    """
    for name in wanted:
        if name not in was.columns or name not in now.columns:
            known = ", ".join(name for name in was.columns if name in now.columns)
            raise InputError(f"--key {name}: both tables have the columns {known or '(none)'}")
    if wanted:
        return tuple(wanted)
    first = next(iter(now.columns), None)
    if first is None or first not in was.columns:
        return ()
    for each in (was, now):
        column = each.columns[first]
        # Beyond a thousand the count is an estimate; whether it is a key is then seen when rows are read.
        if column.nulls or (column.distinct.exact and column.distinct.count < column.rows):
            return ()
    return (first,)


def compare(was: Source, now: Source, columns: Sequence[str], key: tuple[str, ...]) -> Rows:
    """Compare the rows of two tables in the columns that both have.

    Args:
        was, now: the tables.
        columns: what is compared, the key's columns among them.
        key: the columns that name a row; where a key occurs twice, rows are compared as wholes.

    Raises:
        InputError: a table cannot be read.
    """
    before, after = (_rows(each, columns) for each in (was, now))
    if key:
        places = [columns.index(name) for name in key]
        keyed = [_keyed(rows, places) for rows in (before, after)]
        if keyed[0] is not None and keyed[1] is not None:
            return _by_key(key, keyed[0], keyed[1], columns)
    gone, come = Counter(before), Counter(after)
    return Rows((), (come - gone).total(), (gone - come).total(), 0, {}, [])


def _rows(source: Source, columns: Sequence[str]) -> list[str]:
    """Each row as one text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from app.profiling import cells, sources

    found: list[str] = []
    absent = pa.array(cells.ABSENT)
    for batch in sources.batches(source):
        texts = []
        for name in columns:
            array = batch.columns.get(name)
            if array is None:
                array = pa.nulls(batch.rows)
            array = cells.as_text(array)
            if batch.spelled:
                array = pc.utf8_trim_whitespace(array)
                array = pc.if_else(pc.is_in(array, value_set=absent), "", array)
            texts.append(pc.fill_null(array, ""))
        found += pc.binary_join_element_wise(*texts, _JOIN).to_pylist()
    return found


def _keyed(rows: list[str], places: Sequence[int]) -> dict[str, str] | None:
    """Rows by key; ``None`` where a key occurs twice."""
    if list(places) == [0]:
        keyed = {row.partition(_JOIN)[0]: row for row in rows}
    else:
        keyed = {_JOIN.join(row.split(_JOIN)[place] for place in places): row for row in rows}
    return keyed if len(keyed) == len(rows) else None


def _by_key(key: tuple[str, ...], before: dict[str, str], after: dict[str, str], columns: Sequence[str]) -> Rows:
    changed = [name for name, row in before.items() if name in after and after[name] != row]
    counts: Counter[str] = Counter()
    examples: list[dict[str, Any]] = []
    for name in changed:
        one, other = before[name].split(_JOIN), after[name].split(_JOIN)
        moved = [n for n, (was, now) in enumerate(zip(one, other, strict=True)) if was != now]
        counts.update(columns[n] for n in moved)
        for n in moved[: max(0, _SHOWN - len(examples))]:
            shown = name.replace(_JOIN, ", ")
            examples.append({"key": shown, "column": columns[n], "was": one[n], "now": other[n]})
    added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
    return Rows(key, added, removed, len(changed), dict(counts.most_common()), examples)
