"""Finding among names while one types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nlargest
from typing import TypeVar

Named = TypeVar("Named")


def score(query: str, text: str) -> float:
    """How well ``query`` names ``text``; 0 where it does not.

    All its words must occur, else its letters in their order. Whole words, beginnings and short texts score higher.
    """
    query, text = query.lower(), text.lower()
    if not query.strip():
        return 1.0
    total = 0.0
    for word in query.split():
        at = text.find(word)
        if at < 0:
            return _scattered(query.replace(" ", ""), text)
        starts = at == 0 or not text[at - 1].isalnum()
        total += 10.0 * len(word) + (8.0 if starts else 0.0) - min(at, 40) / 20
    return total + 20.0 / (10 + len(text))


def _scattered(letters: str, text: str) -> float:
    """The letters in their order, the closer together the better; below every match by words."""
    at, first, total = -1, None, 0.0
    for letter in letters:
        found = text.find(letter, at + 1)
        if found < 0:
            return 0.0
        first = found if first is None else first
        total += 1.0 if found == at + 1 else 0.2
        at = found
    return total / (1 + (at - (first or 0)) / 10)


def best(query: str, items: Iterable[Named], text: Callable[[Named], str], most: int) -> list[Named]:
    """The items that ``query`` names best, best first, in their own order where equal."""
    scored = ((score(query, text(item)), -n, item) for n, item in enumerate(items))
    return [item for _, _, item in nlargest(most, (each for each in scored if each[0] > 0), key=lambda each: each[:2])]
