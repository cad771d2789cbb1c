"""One event: one canonical JSON object of at most 65,535 bytes with exactly ten members.

Every member but ``value`` sorts before it and needs no escaping, so the envelope is a fixed byte prefix that can be
rebuilt from the indexed columns and the hash of the event before, and compared in one step.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ledger.format import canonical, names, times
from ledger.format.errors import FormatError

MAX_BYTES = 65_535
"""What a u16 length prefix can say (C2SP tlog-tiles, entry bundles)."""

ZERO_PREV = "0" * 64
"""``prev`` of event 0."""

VERSION = 1
MEMBERS = ("actor", "at", "cause", "prev", "project", "seq", "subject", "type", "v", "value")

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Event(NamedTuple):
    """An event as its members say it; ``prev`` in hex, ``at`` as text, ``value`` a JSON object."""

    seq: int
    type: str
    subject: str
    project: str | None
    actor: str
    at: str
    cause: int | None
    prev: str
    value: dict[str, Any]


def prefix(
    seq: int,
    type: str,  # noqa: A002  (the member's name)
    subject: str,
    project: str | None,
    actor: str,
    at: str,
    cause: int | None,
    prev: str,
) -> bytes:
    """Return an event's bytes up to and including ``"value":``, unchecked: what is malformed matches no valid event."""
    shown_cause = "null" if cause is None else cause
    shown_project = "null" if project is None else f'"{project}"'
    return (
        f'{{"actor":"{actor}","at":"{at}","cause":{shown_cause},"prev":"{prev}","project":{shown_project},'
        f'"seq":{seq},"subject":"{subject}","type":"{type}","v":1,"value":'
    ).encode("utf-8", "surrogatepass")


def encode(event: Event, value: bytes | None = None) -> bytes:
    """Return the event's canonical bytes.

    :param value: the bytes of ``event.value``, where :func:`encode_value` made them before.
    :raises FormatError: naming the member that is malformed, or the size if it is beyond ``MAX_BYTES``.
    """
    _check(event)
    if value is None:
        value = canonical.encode(event.value, within=1)
    # All members but the last are the arguments of prefix, in its order.
    body = b"%b%b}" % (prefix(*event[:-1]), value)
    if len(body) > MAX_BYTES:
        raise FormatError(
            f"event {event.seq}: {len(body):,} bytes, more than {MAX_BYTES:,}; put what is large into the object store"
        )
    return body


def decode(body: bytes) -> Event:
    """Return the event whose canonical bytes ``body`` is.

    :raises FormatError: naming what is wrong: over-long, not canonical, a member too many or too few, or malformed.
    """
    if len(body) > MAX_BYTES:
        raise FormatError(f"event: {len(body):,} bytes, more than {MAX_BYTES:,}")
    members = canonical.decode(body)
    if not isinstance(members, dict):
        raise FormatError("event: not a JSON object")
    if members.keys() != _MEMBER_SET:
        wrong = [f"no member {name!r}" for name in MEMBERS if name not in members]
        wrong += [f"unknown member {name!r}" for name in members if name not in _MEMBER_SET]
        raise FormatError(f"event: {', '.join(wrong)}"[:500])
    version = members.pop("v")
    if type(version) is not int or version != VERSION:
        raise FormatError(f"event: v is {version!r}, want {VERSION}")
    event = Event(**members)
    _check(event)
    return event


def encode_value(value: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the canonical bytes of an event's value, and the value as every reader will find it in them.

    :raises FormatError: it is no object, or has no canonical form.
    """
    import orjson

    if not isinstance(value, dict):
        raise FormatError("event: value is not an object")
    data = canonical.encode(value, within=1)
    return data, orjson.loads(data)


def said(body: bytes) -> dict[str, Any]:
    """Return the value in the bytes that ``encode`` returned: what was handed in, as every reader will find it."""
    import orjson

    value: dict[str, Any] = orjson.loads(body)["value"]
    return value


_MEMBER_SET = frozenset(MEMBERS)


def _check(event: Event) -> None:
    """Refuse an event with a malformed member."""
    seq, cause = event.seq, event.cause
    if not _is_position(seq):
        raise FormatError(f"event: seq is {seq!r}, want an integer from 0 to 2^53-1")
    if cause is not None and not (_is_position(cause) and cause < seq):
        raise FormatError(f"event {seq}: cause is {cause!r}, want null or the seq of an earlier event")
    if not isinstance(event.prev, str) or not _HASH.fullmatch(event.prev):
        raise FormatError(f"event {seq}: prev is {ascii(event.prev)[:80]}, want 64 lower-case hex digits")
    if not isinstance(event.value, dict):
        raise FormatError(f"event {seq}: value is not an object")
    try:
        names.check_name(event.actor, "actor")
        names.check_name(event.subject, "subject")
        names.check_name(event.type, "type")
        if event.project is not None:
            names.check_name(event.project, "project")
        times.parse_time(event.at)
    except FormatError as error:
        raise FormatError(f"event {seq}: {error}") from error


def _is_position(value: object) -> bool:
    return type(value) is int and 0 <= value <= canonical.MAX_SAFE
