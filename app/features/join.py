"""Point-in-time joins: for each label, the features that were known at its time, and nothing that came to be known later.

A row of features counts at a time *t* where its event time and the moment at which it became known both lie at or before *t*.
Of those, the one with the latest event time is taken, and of several versions of that the one created last. It must not be
older than the view's ``ttl``: serving would refuse it, so training does not see it either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from app.features.definition.tables import Table

Ints = npt.NDArray[np.int64]

UNKNOWN = -1
STALE = -2


@dataclass(frozen=True, slots=True)
class Joined:
    """Where labels find their features.

    Attributes:
        places: per label the row of the features' table, ``UNKNOWN`` where none was known, ``STALE`` where it was too old.
        unknown, stale: how many labels there are of each.
    """

    places: Ints
    unknown: int
    stale: int


def places(
    left: Ints, times: Ints, right: Ints, event: Ints, known: Ints, created: Ints | None = None, ttl: int | None = None
) -> Joined:
    """Find, for every label, the row of features that was known at its time.

    Args:
        left: entity of each label, as a number from 0 on, shape (n,).
        times: time of each label, in any unit that the others are in, shape (n,).
        right: entity of each row of features, shape (m,).
        event: its event time.
        known: when it became known, never before its event time.
        created: which of two rows with one event time is the later version; the later in the table where ``None``.
        ttl: how old, by event time, a row may be; ``None`` is any age.
    """
    found = np.full(len(left), UNKNOWN, dtype=np.int64)
    if len(left) and len(right):
        found = _latest(left, times, right, event, known, created)
    unknown = int((found < 0).sum())
    if ttl is not None and unknown < len(found):
        old = (found >= 0) & (times - event[np.maximum(found, 0)] > ttl)
        found[old] = STALE
    return Joined(found, unknown, int((found == STALE).sum()))


def _latest(left: Ints, times: Ints, right: Ints, event: Ints, known: Ints, created: Ints | None) -> Ints:
    # Rows by entity, then by when they became known. What is best so far is a running maximum of the rank by event time:
    # the entity's number stands above the rank, so that it begins anew with each entity.
    size = len(right)
    by_rank = np.lexsort((event,) if created is None else (created, event))
    rank = np.empty(size, dtype=np.int64)
    rank[by_rank] = np.arange(size)
    order = np.lexsort((rank, known, right))
    entities = right[order]
    best = by_rank[np.maximum.accumulate(entities * size + rank[order]) % size]
    # Entity and time as one number: times count by their place among the times at which anything became known.
    moments = np.sort(known)
    span = size + 1
    there = entities * span + np.searchsorted(moments, known[order], side="right")
    wanted = left * span + np.searchsorted(moments, times, side="right")
    place = np.searchsorted(there, wanted, side="right") - 1
    sound = (place >= 0) & (entities[place] == left)
    return np.where(sound, best[place], UNKNOWN)


def table(labels: Sequence[tuple[Any, ...]], times: Sequence[int], features: Table, ttl: int | None) -> Joined:
    """Join labels to a table of features.

    Args:
        labels: the entity of each, as the key's values in the view's order.
        times: when each is asked for, microseconds since 1970.
        features: as ``definition.tables.read`` gives it.
        ttl: in microseconds.
    """
    columns, rows = features.columns, features.rows
    numbers: dict[tuple[Any, ...], int] = {}
    left = [numbers.setdefault(key, len(numbers)) for key in labels]
    right = [numbers.setdefault(row[: columns.keys], len(numbers)) for row in rows]
    created = _ints([row[columns.keys + 1] for row in rows]) if columns.created else None
    event = _ints([row[columns.keys] for row in rows])
    return places(_ints(left), _ints(times), _ints(right), event, _ints(features.known), created, ttl)


def frame(
    labels: pd.DataFrame,
    features: pd.DataFrame,
    *,
    on: Sequence[str],
    time: str,
    event_time: str,
    created: str | None = None,
    delay: pd.Timedelta | None = None,
    ttl: pd.Timedelta | None = None,
) -> pd.DataFrame:
    """The same for training code that has pandas frames: the labels with the features' columns added, in the labels' order.

    Args:
        labels: with the columns ``on`` and ``time``, and any others, which are kept.
        features: with the columns ``on``, ``event_time``, ``created`` where there is one, and the features.
        on: the entity's keys.
        time: the labels' time.
        event_time: when the features are about.
        created: when a row became known.
        delay: how long after its event time it does, where there is no ``created``.
        ttl: how old a feature may be.

    Raises:
        InputError: a column is absent, or holds times without a zone, or both frames have a column of one name.
    """
    for of, wanted in ((labels, (*on, time)), (features, (*on, event_time, *([created] if created else [])))):
        for name in wanted:
            if name not in of.columns:
                raise InputError(f"there is no column {name!r}; there are {', '.join(map(str, of.columns))}")
    taken = [name for name in features.columns if name not in on]
    for name in taken:
        if name in labels.columns:
            raise InputError(f"labels and features both have a column {name!r}; rename one")
    left, right = _codes(labels, features, on)
    event, times = _moments(features, event_time), _moments(labels, time)
    made = _moments(features, created) if created else None
    known = np.maximum(event, made) if made is not None else event + (_micros(delay) if delay is not None else 0)
    rows = _last(left, times, right, known, _best(right, event, known, made))
    if ttl is not None and len(event):
        rows[times - event[rows] > _micros(ttl)] = UNKNOWN
    found = labels.copy(deep=False)
    for name in taken:
        found[name] = _taken(features[name], rows)
    return found


def _best(right: Ints, event: Ints, known: Ints, created: Ints | None) -> tuple[Ints | None, Ints | None]:
    """The rows in the order in which they became known, and for each the best of its entity so far; ``None``: as they are."""
    import pandas as pd

    if created is None:
        # Known in the order of their event times: the last one known is the best.
        if (event[1:] >= event[:-1]).all():
            return None, None
        order = np.argsort(event, kind="stable")
        return order, order
    by_rank = np.lexsort((created, event))
    rank = np.empty(len(event), dtype=np.int64)
    rank[by_rank] = np.arange(len(event))
    order = np.lexsort((rank, known))
    so_far = pd.Series(rank[order]).groupby(right[order]).cummax()
    return order, by_rank[so_far.to_numpy()]


def _last(left: Ints, times: Ints, right: Ints, known: Ints, best: tuple[Ints | None, Ints | None]) -> Ints:
    """Per label the best row of its entity that was known at its time, or ``UNKNOWN``."""
    import pandas as pd

    order, row = best
    asked = None if (times[1:] >= times[:-1]).all() else np.argsort(times, kind="stable")
    one = pd.DataFrame({"time": _in(times, asked), "entity": _in(left, asked)})
    other = pd.DataFrame({"time": _in(known, order), "entity": _in(right, order)})
    other["row"] = (np.arange(len(known)) if row is None else row).astype(np.float64)
    joined = pd.merge_asof(one, other, on="time", by="entity")["row"].to_numpy()
    found = np.where(np.isnan(joined), UNKNOWN, joined).astype(np.int64)
    if asked is None:
        return found
    back = np.empty_like(found)
    back[asked] = found
    return back


def _in(items: Ints, order: Ints | None) -> Ints:
    """Items in an order; as they are, where it is ``None``."""
    return items if order is None else items[order]


def _codes(labels: pd.DataFrame, features: pd.DataFrame, on: Sequence[str]) -> tuple[Ints, Ints]:
    """Entities as numbers that both frames share."""
    import pandas as pd

    # Whole numbers serve as they are; not so pandas' own types, which may lack a value.
    if len(on) == 1 and all(getattr(each[on[0]].to_numpy(), "dtype", None) == np.int64 for each in (labels, features)):
        return labels[on[0]].to_numpy(np.int64), features[on[0]].to_numpy(np.int64)
    total = np.zeros(len(labels) + len(features), dtype=np.int64)
    for name in on:
        codes, names = pd.factorize(pd.concat([labels[name], features[name]], ignore_index=True))
        total = total * (len(names) + 1) + codes + 1
    if len(on) > 1:
        total = np.unique(total, return_inverse=True)[1].astype(np.int64)
    return total[: len(labels)], total[len(labels) :]


def _moments(frame_: pd.DataFrame, name: str) -> Ints:
    """A column of times as microseconds since 1970."""
    import pandas as pd

    column = frame_[name]
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        raise InputError(f"column {name!r} must hold times with a zone; pandas.to_datetime(…, utc=True) makes them")
    if column.isna().any():
        raise InputError(f"column {name!r} holds a row without a time")
    found: Ints = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    return found


def _taken(column: pd.Series[Any], rows: Ints) -> Any:
    """A column's values by row, missing where the row is -1."""
    from pandas.api.extensions import take

    return take(column.array, rows, allow_fill=True)


def _micros(span: pd.Timedelta) -> int:
    return int(span.total_seconds() * 1_000_000)


def _ints(items: Sequence[int]) -> Ints:
    return np.array(items, dtype=np.int64)


def values(joined: Joined, features: Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Per label, the normal values of some features; all null where there is no row.

    Args:
        joined: where the labels find their rows.
        features: the table that they were joined to.
        names: which features.
    """
    columns: Mapping[str, int] = {name: n for n, name in enumerate(features.columns.names)}
    chosen = [columns[name] for name in names]
    nothing = (None,) * len(chosen)
    return [
        nothing if place < 0 else tuple([features.rows[place][n] for n in chosen]) for place in joined.places.tolist()
    ]
