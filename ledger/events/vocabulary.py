"""What every event type shares: a frozen struct for its value, a subject, and one plain sentence.

A fact is the ``value`` of an event, typed. The envelope (who, when, about what) is ``ledger.format.event.Event``.
A type grows by optional fields only; a reader ignores fields that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import msgspec

from ledger.errors import InputError
from ledger.format.event import Event

VOCABULARY: dict[str, type[Fact]] = {}

_FactType = TypeVar("_FactType", bound="type[Fact]")


class Artifact(msgspec.Struct, frozen=True):
    """An artifact version that a fact names: its reference and the digest of its bytes."""

    ref: str
    sha256: str


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all event values."""

    TYPE: ClassVar[str] = ""

    def about(self, project: str | None) -> str | None:
        """The event's subject where the value alone settles it, else ``None``: the writer must name one."""
        return None

    def sentence(self, event: Event) -> str:
        """One plain sentence that says what happened. Free text in it is not yet escaped for a terminal."""
        raise TypeError(f"{type(self).__name__} has no sentence")

    def to_value(self) -> dict[str, Any]:
        """The value as plain JSON data, ready for the canonical encoder."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value


def event_type(name: str) -> Callable[[_FactType], _FactType]:
    """Class decorator: enter a fact into the vocabulary under its event type's name."""

    def enter(cls: _FactType) -> _FactType:
        if name in VOCABULARY:
            raise ValueError(f"event type {name} is defined twice")
        cls.TYPE = name
        VOCABULARY[name] = cls
        return cls

    return enter


def typed(type_name: str, value: Mapping[str, Any]) -> Fact | None:
    """The fact that a stored value holds, or ``None`` where the type is not in this vocabulary.

    Raises:
        InputError: the value lacks a field of its type, or one has the wrong type.
    """
    cls = VOCABULARY.get(type_name)
    if cls is None:
        return None
    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        raise InputError(f"a {type_name} event cannot hold this value: {error}") from None


def sentence(event: Event) -> str:
    """One plain sentence for any event, of known type or not."""
    try:
        fact = typed(event.type, event.value)
    except InputError:
        fact = None
    if fact is None:
        return f"{event.actor} recorded {event.type} about {event.subject}"
    return fact.sentence(event)


def short(digest: str) -> str:
    """The first eight hex digits of a digest, for sentences."""
    return digest.removeprefix("sha256:")[:8]
