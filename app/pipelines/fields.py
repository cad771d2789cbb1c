"""The members of a mapping that people wrote, checked one by one; every error names the file and the line."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

from app.pipelines.yamltext import Document, Place
from app.workspace import nearest
from ledger.errors import InputError


class Fields:
    """A mapping in a document.

    Args:
        document: what was read.
        place: where the mapping stands in it; the whole of it where nothing is said.
        what: what it is, in words, for errors: ``a canary``.

    Raises:
        InputError: there is no mapping.
    """

    def __init__(self, document: Document, place: Place = (), what: str = "it") -> None:
        value = document.value
        for key in place:
            value = value[key]
        self._document, self._place, self._what = document, place, what
        if not isinstance(value, dict):
            is_ = "nothing" if value is None else repr(value)
            raise self.error("", f"{what} must be a mapping, key: value, not {is_:.60}")
        self.value: dict[str, Any] = value

    def error(self, key: str, message: str) -> InputError:
        """An error about a member, or about the mapping where ``key`` is empty."""
        return InputError(f"{self.where(key)}: {message}")

    def where(self, key: str = "") -> str:
        """The file and the line of a member, or of the mapping where ``key`` is empty."""
        return self._document.where((*self._place, key) if key else self._place)

    def only(self, needed: Collection[str], optional: Collection[str] = ()) -> None:
        """Refuse keys that are not known, and the lack of those that are needed.

        Raises:
            InputError: the first of them.
        """
        known = [*needed, *optional]
        for key in self.value:
            if key not in known:
                hint = nearest(key, known) or f"; known are {', '.join(known)}"
                raise self.error(key, f"{self._what} has no {key!r}{hint}")
        for key in needed:
            if key not in self.value:
                raise self.error("", f"{self._what} lacks {key!r}: add {key}:")

    def text(self, key: str) -> str:
        """A member that is a text and not empty.

        Raises:
            InputError: it is none.
        """
        value = self.value.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(key, f"{key} must be a text, not {value!r:.60}")
        return value

    def whole(self, key: str, least: int = 0, most: int = 100_000) -> int:
        """A member that is a whole number.

        Raises:
            InputError: it is none, or out of range.
        """
        value = self.value.get(key)
        if type(value) is not int or not least <= value <= most:
            raise self.error(key, f"{key} must be a whole number from {least} to {most}, not {value!r:.60}")
        return value

    def number(self, key: str) -> float:
        """A member that is a finite number.

        Raises:
            InputError: it is none.
        """
        value = self.value.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(key, f"{key} must be a number, not {value!r:.60}")
        return float(value)

    def flag(self, key: str) -> bool:
        """A member that is true or false.

        Raises:
            InputError: it is neither.
        """
        value = self.value.get(key)
        if not isinstance(value, bool):
            raise self.error(key, f"{key} is true or false, not {value!r:.60}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A member that is a list of at least one text.

        Raises:
            InputError: it is none.
        """
        value = self.value.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            raise self.error(key, f"{key} must be a list of at least one name, not {value!r:.60}")
        return tuple(value)

    def table(self, key: str) -> Fields:
        """A member that is a mapping itself.

        Raises:
            InputError: it is none.
        """
        if not isinstance(self.value.get(key), dict):
            raise self.error(key, f"{key} must be a mapping, key: value, not {self.value.get(key)!r:.60}")
        return Fields(self._document, (*self._place, key), key)

    def tables(self, key: str, what: str) -> Iterator[Fields]:
        """A member that is a list of at least one mapping, each of which is ``what``.

        Raises:
            InputError: it is none.
        """
        value = self.value.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, f"{key} must be a list of at least one, not {value!r:.60}")
        return (Fields(self._document, (*self._place, key, n), what) for n in range(len(value)))
